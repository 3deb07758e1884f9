import type { TranslationBundle } from '@jupyterlab/translation';
import { useEffect, useMemo } from 'react';

import type { IReplay, IJob } from '../../wire';
import { formatCount, formatValue } from '../../format';
import { LOOK_MS, Replays, isOf, lastFrame } from '../../models/replays';
import type { IReplays } from '../../models/replays';
import { isEnded } from '../../wire';
import { useView } from '../observed';
import { useViewContext } from '../view-context';

/** Milliseconds that a frame stays while an episode runs. */
const FRAME_MS = 40;
const PLOT_WIDTH = 320;
const PLOT_HEIGHT = 160;

interface IEpisodesPageProps {
  job: IJob;
  /** Whether it is to be seen. */
  active: boolean;
}

/** What an agent did: its best and its latest episode, to be gone through. */
export function EpisodesPage({ job, active }: IEpisodesPageProps): JSX.Element {
  const { model, trans } = useViewContext();
  const replays = useMemo(
    () => new Replays(model.api, job.id),
    [model.api, job.id]
  );
  useEffect(() => () => replays.dispose(), [replays]);
  const ended = isEnded(job.state);
  useEffect(() => {
    if (!active) {
      return undefined;
    }
    void replays.refresh();
    const timer = ended
      ? undefined
      : window.setInterval(() => void replays.refresh(), LOOK_MS);
    return () => window.clearInterval(timer);
  }, [replays, active, ended]);
  const view = useView(replays);
  useEffect(() => {
    if (!view.playing || !active) {
      return undefined;
    }
    const timer = window.setInterval(() => replays.tick(), FRAME_MS);
    return () => window.clearInterval(timer);
  }, [replays, view.playing, active]);
  return (
    <div className="jp-Platform-episodes">
      <Chooser {...{ replays, view }} />
      {view.shown ? (
        <Episode replays={replays} view={view} replay={view.shown} />
      ) : (
        <p className="jp-Platform-quiet" role="status">
          {view.error ??
            (view.known?.length === 0
              ? ended
                ? trans.__('No episode was kept.')
                : trans.__('No episode has come to its end yet.')
              : trans.__('Reading the episode…'))}
        </p>
      )}
    </div>
  );
}

interface IPartProps {
  replays: Replays;
  view: IReplays;
}

function Chooser({ replays, view }: IPartProps): JSX.Element | null {
  const { trans } = useViewContext();
  const known = view.known ?? [];
  if (!known.length) {
    return null;
  }
  const agents = new Set(known.map(({ rank }) => rank)).size;
  return (
    <div
      className="jp-Platform-episodeChoice"
      role="group"
      aria-label={trans.__('Episode')}
    >
      {known.map(item => (
        <button
          key={`${item.kind} ${item.rank}`}
          type="button"
          className="jp-Platform-button"
          aria-pressed={isOf(item, view.chosen)}
          onClick={() =>
            void replays.choose({ kind: item.kind, rank: item.rank })
          }
        >
          {item.kind === 'best'
            ? trans.__('Best episode')
            : trans.__('Latest episode')}
          {agents > 1 ? ` · ${trans.__('agent %1', item.rank)}` : ''}
          {` · ${formatValue(item.reward)}`}
        </button>
      ))}
    </div>
  );
}

function Episode({
  replays,
  view,
  replay
}: IPartProps & { replay: IReplay }): JSX.Element {
  const { trans } = useViewContext();
  const { frame, playing } = view;
  const last = lastFrame(replay);
  const action = replay.steps[frame] ?? 0;
  const place = trans.__(
    'after %1 of %2 actions',
    formatCount(action),
    formatCount(replay.actions)
  );
  return (
    <figure className="jp-Platform-episode">
      {replay.images.length ? (
        <img
          src={`data:image/jpeg;base64,${replay.images[frame] ?? ''}`}
          alt={place}
        />
      ) : (
        <Observations replay={replay} frame={frame} />
      )}
      {replay.problem ? (
        <p className="jp-Platform-quiet">
          {trans.__('There are no pictures: %1', replay.problem)}
        </p>
      ) : null}
      <div className="jp-Platform-scrubber">
        <button
          type="button"
          className="jp-Platform-button"
          onClick={() => replays.play(!playing)}
        >
          {playing ? trans.__('Pause') : trans.__('Play')}
        </button>
        <input
          type="range"
          min={0}
          max={last}
          value={frame}
          aria-label={trans.__('Place in the episode')}
          aria-valuetext={place}
          onChange={event => {
            replays.play(false);
            replays.seek(Number(event.target.value));
          }}
        />
        <output>{place}</output>
      </div>
      <figcaption>{caption(replay, trans)}</figcaption>
    </figure>
  );
}

function caption(replay: IReplay, trans: TranslationBundle): string {
  const parts = [
    trans.__('episode %1', formatCount(replay.episode)),
    trans.__('return %1', formatValue(replay.reward)),
    trans.__('seed %1', replay.seed)
  ];
  if (replay.epoch !== null) {
    parts.push(trans.__('weights of iteration %1', formatCount(replay.epoch)));
  }
  return parts.join(' · ');
}

/** The numbers that the agent saw, one line each, where the environment cannot be drawn. */
function Observations({
  replay,
  frame
}: {
  replay: IReplay;
  frame: number;
}): JSX.Element {
  const { trans } = useViewContext();
  const lines = useMemo(
    () => linesOf(replay.observations, PLOT_WIDTH, PLOT_HEIGHT),
    [replay.observations]
  );
  const at = (frame / Math.max(replay.observations.length - 1, 1)) * PLOT_WIDTH;
  return (
    <svg
      viewBox={`0 0 ${PLOT_WIDTH} ${PLOT_HEIGHT}`}
      role="img"
      aria-label={trans.__('What the agent saw: %1', valuesAt(replay, frame))}
    >
      {lines.map((points, index) => (
        <polyline key={index} points={points} data-line={index % 8} />
      ))}
      <line x1={at} x2={at} y1={0} y2={PLOT_HEIGHT} />
    </svg>
  );
}

function valuesAt({ observations }: IReplay, frame: number): string {
  return (observations[frame] ?? []).map(formatValue).join(', ');
}

/**
 * Lines through rows of numbers, each scaled to the whole height.
 *
 * @param rows - one row a step
 * @returns the points of each column, as SVG has them
 */
export function linesOf(
  rows: readonly (readonly number[])[],
  width: number,
  height: number
): string[] {
  const columns = rows[0]?.length ?? 0;
  const across = width / Math.max(rows.length - 1, 1);
  return Array.from({ length: columns }, (_, column) => {
    const values = rows.map(row => row[column]);
    const low = Math.min(...values);
    const span = Math.max(...values) - low || 1;
    return values
      .map((value, step) => {
        const y = height - ((value - low) / span) * height;
        return `${(step * across).toFixed(1)},${y.toFixed(1)}`;
      })
      .join(' ');
  });
}
