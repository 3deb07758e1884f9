import { ServerConnection } from '@jupyterlab/services';
import { describe, expect, it } from 'vitest';

import { PlatformApi, PlatformError } from '../request';

function server(answer: Response | Error): {
  asked: Request[];
  api: PlatformApi;
} {
  const asked: Request[] = [];
  const settings = ServerConnection.makeSettings({
    baseUrl: 'http://localhost/user/ada/',
    wsUrl: 'ws://localhost/user/ada/',
    fetch: (input, init) => {
      asked.push(new Request(input, init));
      return answer instanceof Error
        ? Promise.reject(answer)
        : Promise.resolve(answer);
    }
  });
  return { asked, api: new PlatformApi(settings) };
}

async function rejection(promise: Promise<unknown>): Promise<PlatformError> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason
  );
  expect(error).toBeInstanceOf(PlatformError);
  return error as PlatformError;
}

describe('PlatformApi', () => {
  it('should ask below the base URL of the server', async () => {
    const { asked, api } = server(Response.json({ version: '1.2.3' }));

    const answer = await api.status();

    expect(answer.version).toBe('1.2.3');
    expect(new URL(asked[0].url).pathname).toBe(
      '/user/ada/jupyter-platform/api/status'
    );
  });

  it('should join states and leave out what was not asked for', async () => {
    const { asked, api } = server(Response.json({ items: [], total: 0 }));

    await api.jobs({ state: ['failed', 'stopped'], search: '', limit: 50 });

    const { searchParams } = new URL(asked[0].url);
    expect(Object.fromEntries(searchParams)).toEqual({
      state: 'failed,stopped',
      limit: '50'
    });
  });

  it('should leave out datasets whose description is broken', async () => {
    const broken = { name: 'bad', descriptor: null, problem: 'No YAML.' };
    const fine = { name: 'fine', descriptor: { name: 'fine' } };

    const found = await server(Response.json([broken, fine])).api.datasets();
    const error = await rejection(
      server(Response.json(broken)).api.dataset('bad')
    );

    expect(found.map(({ name }) => name)).toEqual(['fine']);
    expect(error.message).toBe('No YAML.');
  });

  it('should quote names in addresses', async () => {
    const { asked, api } = server(Response.json({}));

    await api.network('a/../b?c');

    expect(new URL(asked[0].url).pathname).toBe(
      '/user/ada/jupyter-platform/api/networks/a%2F..%2Fb%3Fc'
    );
  });

  it('should send a submission as JSON', async () => {
    const { asked, api } = server(Response.json({}, { status: 201 }));

    await api.submit({ type: 'LEARN', networks: ['lenet-digits'] });

    expect(asked[0].method).toBe('POST');
    expect(asked[0].headers.get('Content-Type')).toBe('application/json');
    expect(asked[0].headers.get('Idempotency-Key')).toMatch(/^[-0-9a-f]{36}$/);
    expect(await asked[0].json()).toEqual({
      type: 'LEARN',
      networks: ['lenet-digits']
    });
  });

  it('should reject with the sentence and the fields of the platform', async () => {
    const errors = [
      {
        field: 'learning_rte',
        value: 1,
        message: 'Unknown option learning_rte.',
        accepted: null,
        nearest: 'learning_rate'
      }
    ];
    const body = {
      message: 'Unknown option.',
      code: 'invalid_options',
      errors
    };
    const { api } = server(Response.json(body, { status: 422 }));

    const error = await rejection(
      api.submit({ type: 'LEARN', networks: ['x'] })
    );

    expect(error.message).toBe('Unknown option.');
    expect(error.code).toBe('invalid_options');
    expect(error.status).toBe(422);
    expect(error.errors[0].nearest).toBe('learning_rate');
  });

  it('should say what to do when only this half is installed', async () => {
    const { api } = server(new Response('<html>', { status: 404 }));

    const error = await rejection(api.status());

    expect(error.code).toBe('not_installed');
    expect(error.message).toContain('jupyter server extension enable');
  });

  it('should say so when the server is gone', async () => {
    const { api } = server(new TypeError('Failed to fetch'));

    const error = await rejection(api.status());

    expect(error.code).toBe('network');
  });

  it('should pass on that the asker gave up', async () => {
    const { api } = server(new TypeError('aborted'));
    const abort = new AbortController();
    abort.abort();

    const answer = api.jobs({}, abort.signal);

    await expect(answer).rejects.toHaveProperty('name', 'AbortError');
  });

  it('should accept an answer without content', async () => {
    const { api } = server(new Response(null, { status: 204 }));

    await expect(api.deleteJob('x')).resolves.toBeUndefined();
  });
});
