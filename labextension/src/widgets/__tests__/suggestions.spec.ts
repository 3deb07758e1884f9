import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { aSchema, anOption } from '../../models/__tests__/catalogue';
import { SubmitView } from '../submit/submit-view';
import { Stage, find } from './stage';

const OPTION = anOption();

let stage: Stage;

beforeEach(() => {
  stage = new Stage();
  const { api } = stage;
  vi.spyOn(api, 'networks').mockResolvedValue([]);
  vi.spyOn(api, 'datasets').mockResolvedValue([]);
  vi.spyOn(api, 'pools').mockResolvedValue([
    {
      name: 'cart',
      environment: 'CartPole-v1',
      episodes: 12,
      rows: 300,
      episodes_ever: 12,
      capacity: 1000,
      bytes: 1,
      created_at: '2026-11-22T05:00:00Z',
      facts: null
    }
  ]);
  vi.spyOn(api, 'optionSchema').mockResolvedValue(
    aSchema({ environment: OPTION, pool: OPTION })
  );
});

afterEach(() => {
  stage.clear();
  vi.restoreAllMocks();
});

/** What a field offers: value and label. */
function offered(node: HTMLElement, option: string): [string, string][] {
  const list = `[data-control="option.${option}"] datalist option`;
  return [...node.querySelectorAll<HTMLOptionElement>(list)].map(item => [
    item.value,
    item.label
  ]);
}

it('should offer pools and environments where agents are asked for them', async () => {
  vi.spyOn(stage.api, 'environments').mockResolvedValue([
    {
      id: 'CartPole-v1',
      entry: 'gymnasium',
      max_episode_steps: 500,
      reward_threshold: 475
    },
    {
      id: 'mine/Endless-v0',
      entry: 'mine',
      max_episode_steps: null,
      reward_threshold: null
    }
  ]);

  const { node } = stage.show(new SubmitView(stage, { type: 'ACT' }));

  await vi.waitFor(() => {
    expect(offered(node, 'pool')).toEqual([
      ['cart', 'cart · CartPole-v1 · 12 episodes']
    ]);
    expect(offered(node, 'environment')).toEqual([
      ['CartPole-v1', 'CartPole-v1 · up to 500 actions · solved from 475'],
      ['mine/Endless-v0', 'mine/Endless-v0']
    ]);
  });
});

it('should take any name where nobody tells what there is', async () => {
  vi.spyOn(stage.api, 'environments').mockRejectedValue(new Error('none'));

  const { node } = stage.show(new SubmitView(stage, { type: 'ACT' }));

  await vi.waitFor(() => find(node, '[data-control="option.environment"]'));
  expect(offered(node, 'environment')).toEqual([]);
});
