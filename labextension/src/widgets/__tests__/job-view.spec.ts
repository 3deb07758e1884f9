import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import {
  aJob,
  aProgress,
  aSnapshot,
  anEndedJob,
  somePoints
} from '../../models/__tests__/records';
import { PlatformError } from '../../request';
import type { IJob } from '../../wire';
import { JobView } from '../jobview/job-view';
import { Stage, find, textsOf } from './stage';

vi.mock('../jobview/plot', () => ({
  // There is no canvas to draw on here: the browser tests look at it.
  CurvePlot: class {
    update(): void {}
    setHidden(): void {}
    resize(): void {}
    dispose(): void {}
  }
}));

let stage: Stage;

beforeEach(() => {
  stage = new Stage();
});

afterEach(() => {
  stage.clear();
  vi.restoreAllMocks();
});

async function open(job: IJob): Promise<HTMLElement> {
  stage.serve(job);
  const { node } = stage.show(new JobView(stage, { job: job.id }));
  await vi.waitFor(() => find(node, '.jp-Platform-jobHead'));
  return node;
}

function actions(node: HTMLElement): string[] {
  return textsOf(node, '.jp-Platform-jobActions button');
}

/** The button of the menu with everything else: it has no text. */
const MORE = '';

describe('JobView', () => {
  it('should offer what can be done in each state, and nothing else', async () => {
    const running = await open(aJob({ progress: aProgress() }));
    expect(actions(running)).toEqual(['Stop', 'Resubmit', MORE]);

    const waiting = await open(aJob({ id: 'j2', state: 'queued' }));
    expect(actions(waiting)).toEqual(['Cancel', 'Resubmit', MORE]);

    const stopping = await open(aJob({ id: 'j3', target: 'stop' }));
    expect(actions(stopping)).toEqual(['Resubmit', MORE]);

    const ended = await open(anEndedJob({ id: 'j4' }));
    expect(actions(ended)).toEqual([
      'Evaluate',
      'Try it',
      'Deploy',
      'Continue',
      'Resubmit',
      MORE
    ]);
  });

  it('should tell which hosts its processes run on, and which were asked for', async () => {
    const node = await open(
      aJob({
        target_count: 2,
        targets: ['node1', 'node2'],
        target_filter: '(memory>=16GB)',
        force_free: true,
        hosts: ['node1', 'node2']
      })
    );

    const facts = find(node, '.jp-Platform-facts').textContent ?? '';
    for (const told of [
      'rank 0 on node1',
      'rank 1 on node2',
      'targetsnode1, node2',
      '(memory>=16GB)',
      'hosts of its own'
    ]) {
      expect(facts).toContain(told);
    }
  });

  it('should say how a running job is doing', async () => {
    const node = await open(aJob({ progress: aProgress() }));

    expect(find(node, '.jp-Platform-jobSentence').textContent).toBe(
      '10 % · it 100/1,000 · loss 0.500 · 10.0 it/s · 1 min left'
    );
    expect(find(node, '[role=progressbar]').getAttribute('aria-valuenow')).toBe(
      '10'
    );
  });

  it('should show why a job waits, as the whole sentence', async () => {
    const reason = 'needs 2 GPUs on one host; likely at 14:20';
    const node = await open(aJob({ state: 'queued', reason }));

    expect(find(node, '.jp-Platform-jobSentence').textContent).toBe(reason);
  });

  it('should show a name as text, whatever it holds', async () => {
    const name = `<img src=x onerror=alert(1)> 🙂 ${'x'.repeat(280)}`;
    const node = await open(aJob({ name }));

    expect(find(node, 'h1').textContent).toBe(name);
    expect(node.querySelector('img')).toBeNull();
  });

  it('should run the commands of the job', async () => {
    const node = await open(anEndedJob());

    find(node, 'button', 'Resubmit').click();

    await vi.waitFor(() =>
      expect(stage.executed).toContainEqual([
        'jupyter-platform:submit',
        { from: 'j1', as: 'again' }
      ])
    );
  });

  it('should open an evaluation on its scores', async () => {
    const result = {
      accuracy: 0.9875,
      top_k: { '1': 0.9875, '3': 1 },
      confusion: [
        [7, 0],
        [1, 12]
      ],
      classes: ['cat', 'dog'],
      per_class: [
        { class: 'cat', precision: 0.9, recall: 1, f1: 0.95, support: 7 },
        { class: 'dog', precision: 1, recall: 0.5, f1: 0.6, support: 13 }
      ],
      examples: []
    };
    const scores = [
      { name: 'accuracy', label: 'accuracy', value: 0.9875 },
      { name: 'top_k.3', label: 'top 3', value: 1 },
      { name: 'brier_score', label: 'brier score', value: 0.0417 }
    ];
    const job = anEndedJob({ type: 'EVALUATE', result, scores });
    const node = await open(job);

    expect(textsOf(node, '.jp-Platform-scores dt')).toEqual([
      'accuracy',
      'top 3',
      'brier score'
    ]);
    expect(find(node, '[role=tab][aria-selected=true]').textContent).toBe(
      'Evaluation'
    );
    expect(find(node, '.jp-Platform-scores .jp-mod-main dd').textContent).toBe(
      '0.9875'
    );
    expect(textsOf(node, '.jp-Platform-matrix th')).toEqual(
      expect.arrayContaining(['predicted', 'true'])
    );
    const rows = '.jp-Platform-table tbody th';
    expect(textsOf(node, rows)).toEqual(['dog', 'cat']);

    find(node, 'th button', 'F1').click();
    await vi.waitFor(() => expect(textsOf(node, rows)).toEqual(['cat', 'dog']));
    expect(
      find(node, '.jp-Platform-matrix tbody tr:last-of-type td').title
    ).toContain('true dog, predicted cat: 1 samples');
  });

  it('should show the samples and the text that networks made', async () => {
    const values = [[1.5, -2]];
    const points = { kind: 'values', values };
    const node = await open(
      anEndedJob({ type: 'LEARN', result: { loss: 0.5, samples: points } })
    );
    find(node, '[role=tab]', 'Samples').click();
    await vi.waitFor(() =>
      expect(textsOf(node, '.jp-Platform-examples li')).toEqual(['1.50, -2.00'])
    );
    find(node, '[role=tab]', 'Result').click();
    await vi.waitFor(() =>
      expect(textsOf(node, '.jp-Platform-table tbody th')).toEqual(['loss'])
    );

    const text = { kind: 'text', start: 'to be', text: ' or not' };
    const other = await open(
      anEndedJob({ id: 'j2', type: 'LEARN', result: { samples: text } })
    );
    find(other, '[role=tab]', 'Samples').click();
    await vi.waitFor(() =>
      expect(find(other, '.jp-Platform-madeText').textContent).toBe(
        'to be or not'
      )
    );
  });

  it('should tell what each of several agents came to', async () => {
    const agents = [
      { agent: 0, episodes: 4, actions: 90, mean_return: 22.5, epoch: 100 },
      { agent: 1, episodes: 0, actions: 0, mean_return: null, epoch: null }
    ];
    const result = { episodes: 4, best: { reward: 30, agent: 0 }, agents };
    const node = await open(anEndedJob({ type: 'ACT', result }));
    find(node, '[role=tab]', 'Result').click();

    await vi.waitFor(() => find(node, 'section[aria-label=Agents]'));
    const cells = '[aria-label=Agents] tbody tr';
    expect(textsOf(node, `${cells}:first-child :is(th, td)`)).toEqual([
      '0',
      '4',
      '90',
      '22.5',
      '–',
      '100'
    ]);
    expect(textsOf(node, `${cells}:last-child td`)).toContain('–');
    expect(textsOf(node, '.jp-Platform-table th')).toContain('best episode');
  });

  it('should offer no page of samples where none can be shown', async () => {
    for (const samples of [null, { kind: 'values', values: [] }, [1], 'x']) {
      const node = await open(
        anEndedJob({ type: 'LEARN', result: { loss: 1, samples } })
      );
      expect(textsOf(node, '[role=tab]')).not.toContain('Samples');
      stage.clear();
      stage = new Stage();
    }
  });

  it('should say what the curves come to, and what is missing in them', async () => {
    stage.api.metrics.mockResolvedValue({
      series: { loss: somePoints([3, null, 1e300, 1], { nonfinite: 2 }) }
    });
    vi.stubGlobal(
      'ResizeObserver',
      class {
        constructor(private readonly _tell: () => void) {}
        observe(): void {
          this._tell();
        }
        disconnect(): void {}
      }
    );
    vi.spyOn(HTMLElement.prototype, 'clientWidth', 'get').mockReturnValue(600);
    const node = await open(aJob());

    await vi.waitFor(() => {
      const words = find(node, '.jp-Platform-plot figcaption p').textContent;
      expect(words).toContain('last 1.00, best 1.00 at 3');
      expect(words).toContain('2 points are no numbers');
      expect(words).toContain('1.0e+300');
    });
    vi.unstubAllGlobals();
  });

  it('should show an error with its traceback', async () => {
    const error = {
      type: 'ValueError',
      message: 'labels out of range',
      traceback: 'Traceback …',
      log_tail: 'last line'
    };
    const node = await open(anEndedJob({ state: 'failed', error }));

    const told = find(node, '.jp-Platform-failure').textContent;
    expect(told).toContain('ValueError labels out of range');
    expect(told).toContain('Traceback …');
    expect(told).toContain('Copy error');
  });

  it('should show the log of each process of a gang', async () => {
    const chunk = { offset: 0, next_offset: 7, size: 7, complete: true };
    vi.spyOn(stage.api, 'log').mockImplementation((_id, _at, _n, _s, rank) =>
      Promise.resolve({ ...chunk, text: `I am ${rank ?? 0}\n` })
    );
    const node = await open(anEndedJob({ target_count: 2 }));
    find(node, '[role=tab]', 'Log').click();
    await vi.waitFor(() => find(node, '[role=log]', 'I am 0'));

    const chosen = find(node, '.jp-Platform-logRank select');
    expect(textsOf(chosen, 'option')).toEqual(['rank 0', 'rank 1']);
    (chosen as HTMLSelectElement).value = '1';
    chosen.dispatchEvent(new Event('change', { bubbles: true }));

    await vi.waitFor(() => find(node, '[role=log]', 'I am 1'));
  });

  it('should let a job of one process choose none', async () => {
    const node = await open(anEndedJob());
    find(node, '[role=tab]', 'Log').click();

    await vi.waitFor(() => find(node, '[role=log]'));
    expect(node.querySelector('.jp-Platform-logRank')).toBeNull();
  });

  it('should change to another page by the arrow keys', async () => {
    const node = await open(anEndedJob());
    const row = find(node, '[role=tablist]');

    row.dispatchEvent(
      new KeyboardEvent('keydown', { key: 'End', bubbles: true })
    );

    await vi.waitFor(() =>
      expect(find(node, '[role=tab][aria-selected=true]').textContent).toBe(
        'Attempts'
      )
    );
    expect(document.activeElement?.textContent).toBe('Attempts');
  });

  it('should say calmly that a job was deleted in another tab', async () => {
    const node = await open(anEndedJob());
    stage.api.socket.accept();
    stage.api.socket.send(aSnapshot([]));

    stage.api.socket.send({
      type: 'job_deleted',
      event: 'e-1',
      job_deleted: 'j1'
    });

    await vi.waitFor(() =>
      expect(find(node, '.jp-Platform-calm').textContent).toContain(
        '“lenet-digits” is not here'
      )
    );
    expect(node.querySelector('.jp-Platform-jobHead')).toBeNull();
  });

  it('should say why it cannot be read, and try again', async () => {
    const refused = new PlatformError('The platform is starting.', 'x', 503);
    const read = vi.spyOn(stage.api, 'job').mockRejectedValue(refused);
    const { node } = stage.show(new JobView(stage, { job: 'j1' }));
    await vi.waitFor(() =>
      expect(node.textContent).toContain('The platform is starting.')
    );

    stage.serve(anEndedJob());
    find(node, 'button', 'Try again').click();

    await vi.waitFor(() => find(node, '.jp-Platform-jobHead'));
    expect(read).toHaveBeenCalled();
  });
});
