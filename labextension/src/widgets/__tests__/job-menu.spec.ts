import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { aJob, aSnapshot, anEndedJob } from '../../models/__tests__/records';
import type { IJob } from '../../wire';
import { openJobMenu } from '../job-menu';
import { Stage, find, textsOf } from './stage';

let stage: Stage;

beforeEach(() => {
  stage = new Stage();
  stage.model.connect();
});

afterEach(() => {
  stage.clear();
});

function entriesFor(job: IJob): string[] {
  document.querySelector('.lm-Menu')?.remove();
  stage.api.socket.send(aSnapshot([job]));
  openJobMenu(stage.commands, job.id, { x: 0, y: 0 });
  return textsOf(find(document, '.lm-Menu'), '.lm-Menu-itemLabel');
}

describe('openJobMenu()', () => {
  it('should hold what can be done with the job now', () => {
    expect(entriesFor(aJob())).toContain('Stop…');
    expect(entriesFor(aJob({ state: 'queued' }))).toContain('Cancel…');
    expect(entriesFor(anEndedJob())).toContain('Delete…');
    expect(entriesFor(anEndedJob())).not.toContain('Stop…');
  });

  it('should offer what weights are good for where a job has left some', () => {
    const next = ['Evaluate…', 'Continue…'];

    expect(entriesFor(anEndedJob())).toEqual(expect.arrayContaining(next));
    for (const job of [aJob(), anEndedJob({ type: 'EVALUATE' })]) {
      expect(entriesFor(job)).not.toEqual(expect.arrayContaining(next));
      expect(entriesFor(job)).toContain('Resubmit…');
    }
  });
});
