import { ServerConnection } from '@jupyterlab/services';
import { describe, expect, it } from 'vitest';

import { request } from '../request';

function server(answer: Response): {
  asked: Request[];
  settings: ServerConnection.ISettings;
} {
  const asked: Request[] = [];
  const settings = ServerConnection.makeSettings({
    baseUrl: 'http://localhost/user/ada/',
    fetch: (input, init) => {
      asked.push(new Request(input, init));
      return Promise.resolve(answer);
    }
  });
  return { asked, settings };
}

describe('request', () => {
  it('should ask below the base URL of the server', async () => {
    const { asked, settings } = server(Response.json({ version: '1.2.3' }));

    const answer = await request('version', {}, settings);

    expect(answer).toEqual({ version: '1.2.3' });
    expect(new URL(asked[0].url).pathname).toBe(
      '/user/ada/jupyter-platform/api/version'
    );
  });

  it('should reject with the sentence of the platform', async () => {
    const body = { message: 'No job is called x.', code: 'not_found' };
    const { settings } = server(Response.json(body, { status: 404 }));

    await expect(request('jobs/x', {}, settings)).rejects.toThrow(
      'No job is called x.'
    );
  });

  it('should accept an answer without content', async () => {
    const { settings } = server(new Response(null, { status: 204 }));

    await expect(
      request('jobs/x', { method: 'DELETE' }, settings)
    ).resolves.toBeUndefined();
  });
});
