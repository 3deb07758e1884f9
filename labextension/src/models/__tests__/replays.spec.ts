import { beforeEach, describe, expect, it } from 'vitest';

import type { IReplay } from '../../wire';
import { linesOf } from '../../widgets/jobview/episodes-page';
import { Replays, lastFrame } from '../replays';
import { FakeApi } from './fakes';

function replay(changes: Partial<IReplay> = {}): IReplay {
  return {
    kind: 'best',
    episode: 1,
    reward: 10,
    actions: 4,
    seed: 3,
    epoch: null,
    rank: 0,
    steps: [0, 2, 4],
    frames: 3,
    problem: null,
    images: ['a', 'b', 'c'],
    observations: [],
    ...changes
  };
}

describe('Replays', () => {
  let api: FakeApi;
  let replays: Replays;

  beforeEach(async () => {
    api = new FakeApi();
    api.replays.mockResolvedValue([replay(), replay({ kind: 'latest' })]);
    api.replay.mockImplementation((_, kind) =>
      Promise.resolve(replay({ kind }))
    );
    replays = new Replays(api, 'a1');
    await replays.refresh();
  });

  it('should show the best episode first', () => {
    expect(replays.view.known).toHaveLength(2);
    expect(replays.view.shown?.kind).toBe('best');
  });

  it('should run to the end, and from the beginning again', () => {
    replays.play(true);
    replays.tick();
    replays.tick();
    expect(replays.view.frame).toBe(2);
    replays.tick();
    expect(replays.view.playing).toBe(false);
    replays.play(true);
    expect(replays.view).toMatchObject({ frame: 0, playing: true });
  });

  it('should go to a frame that there is', () => {
    replays.seek(99);
    expect(replays.view.frame).toBe(2);
    replays.seek(-1);
    expect(replays.view.frame).toBe(0);
  });

  it('should read an episode again only when another was played', async () => {
    await replays.refresh();
    expect(api.replay).toHaveBeenCalledTimes(1);
    api.replays.mockResolvedValue([replay({ episode: 7 })]);
    await replays.refresh();
    expect(api.replay).toHaveBeenCalledTimes(2);
  });

  it('should leave an episode alone while it runs', async () => {
    replays.play(true);
    api.replays.mockResolvedValue([replay({ episode: 7 })]);
    await replays.refresh();
    expect(api.replay).toHaveBeenCalledTimes(1);
  });

  it('should show what was chosen last, however late the other comes', async () => {
    const late: ((value: IReplay) => void)[] = [];
    api.replay.mockImplementation(
      () => new Promise(resolve => late.push(resolve))
    );
    const first = replays.choose({ kind: 'latest', rank: 0 });
    const second = replays.choose({ kind: 'best', rank: 1 });
    late[1](replay({ rank: 1 }));
    late[0](replay({ kind: 'latest' }));
    await Promise.all([first, second]);
    expect(replays.view.shown?.rank).toBe(1);
  });

  it('should say why there is nothing to see', async () => {
    api.replays.mockRejectedValue(new Error('host n1 is not up'));
    await replays.refresh();
    expect(replays.view.error).toBe('host n1 is not up');
  });
});

describe('lastFrame', () => {
  it('should be 0 where there is nothing', () => {
    expect(lastFrame(null)).toBe(0);
    expect(lastFrame(replay())).toBe(2);
  });
});

describe('linesOf', () => {
  it('should draw each number over the whole height', () => {
    const lines = linesOf(
      [
        [0, 5],
        [1, 5],
        [2, 5]
      ],
      100,
      10
    );
    expect(lines).toEqual([
      '0.0,10.0 50.0,5.0 100.0,0.0',
      '0.0,10.0 50.0,10.0 100.0,10.0'
    ]);
  });
});
