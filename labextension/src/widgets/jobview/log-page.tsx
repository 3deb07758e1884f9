import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { RefObject } from 'react';

import { formatBytes } from '../../format';
import { LogSearch } from '../../models/log-search';
import { LogWindow, POLL_MS, shownText } from '../../models/log-window';
import type { ILogLine } from '../../models/log-window';
import { isWaiting } from '../../wire';
import type { IJob } from '../../wire';
import { useDisposable, useView } from '../observed';
import { useViewContext } from '../view-context';
import { LogTools } from './log-tools';

/** Pixels of one line. */
const LINE = 17;
/** Lines that are drawn above and below what is seen. */
const MARGIN = 30;
/** Pixels from an end at which more is read. */
const NEAR = 400;

interface ILogPageProps {
  job: IJob;
  /** False while nobody sees it: nothing is read then. */
  active: boolean;
}

/** What the job printed, each of its processes for itself. */
export function LogPage(props: ILogPageProps): JSX.Element {
  const { trans } = useViewContext();
  const [rank, setRank] = useState(0);
  const { target_count: ranks } = props.job;
  if (ranks === 1) {
    return <Log {...props} />;
  }
  return (
    <>
      <label className="jp-Platform-logRank">
        {trans.__('Process')}
        <select
          value={rank}
          onChange={event => setRank(Number(event.target.value))}
        >
          {Array.from({ length: ranks }, (_, number) => (
            <option key={number} value={number}>
              {trans.__('rank %1', number)}
            </option>
          ))}
        </select>
      </label>
      <Log key={rank} {...props} rank={rank} />
    </>
  );
}

/** One log: live, searchable, and only as much of it as is looked at. */
function Log({
  job,
  active,
  rank
}: ILogPageProps & { rank?: number }): JSX.Element {
  const { model, trans } = useViewContext();
  const log = useDisposable(() => new LogWindow(model.api, job.id, rank));
  const search = useDisposable(() => new LogSearch(model.api, job.id, rank));
  const view = useView(log);
  const found = useView(search);
  const [following, setFollowing] = useState(true);
  const box = useRef<HTMLDivElement>(null);
  usePolling(log, search, active && following, view.complete);
  const current = found.current === null ? null : found.matches[found.current];
  const { top, height, onScroll } = useScrolling(
    { box, log, lines: view.lines, following, setFollowing },
    current ?? null
  );
  const empty = view.size === 0;
  return (
    <div className="jp-Platform-log">
      <LogTools
        search={search}
        found={found}
        following={following}
        complete={view.complete}
        onFollow={wanted => {
          setFollowing(wanted);
          if (wanted && log.hasLater) {
            void log.toEnd();
          }
        }}
        onMove={() => setFollowing(false)}
      />
      {view.error ? (
        <p className="jp-Platform-warning" role="alert">
          <span aria-hidden>▲</span> {view.error}
        </p>
      ) : null}
      {empty ? (
        <p className="jp-Platform-hint">
          {isWaiting(job.state)
            ? trans.__('The log begins when the job runs.')
            : trans.__('The job has printed nothing.')}
        </p>
      ) : null}
      <div
        ref={box}
        className="jp-Platform-logBox"
        hidden={empty}
        tabIndex={0}
        role="log"
        aria-live="off"
        aria-label={trans.__('Log')}
        onScroll={onScroll}
      >
        <Lines
          {...{ lines: view.lines, top, height, current }}
          text={found.text}
        />
      </div>
      {view.size ? (
        <p className="jp-Platform-quiet">
          {log.hasEarlier || log.hasLater
            ? trans.__(
                '%1 of %2 are here; scrolling reads on',
                formatBytes(view.end - view.start),
                formatBytes(view.size)
              )
            : formatBytes(view.size)}
        </p>
      ) : null}
    </div>
  );
}

interface ILinesProps {
  lines: readonly ILogLine[];
  top: number;
  height: number;
  text: string;
  current: number | null | undefined;
}

/** The lines that are in sight, in a space as high as all of them. */
function Lines({
  lines,
  top,
  height,
  text,
  current
}: ILinesProps): JSX.Element {
  const first = Math.max(0, Math.floor(top / LINE) - MARGIN);
  const last = Math.ceil((top + height) / LINE) + MARGIN;
  return (
    <div style={{ height: lines.length * LINE }}>
      <div style={{ transform: `translateY(${first * LINE}px)` }}>
        {lines.slice(first, last).map(line => (
          <Line
            key={line.offset}
            {...{ line, text }}
            isCurrent={line.offset === current}
          />
        ))}
      </div>
    </div>
  );
}

/** Look again and again at a log that may grow, and search what is new. */
function usePolling(
  log: LogWindow,
  search: LogSearch,
  live: boolean,
  complete: boolean
): void {
  useEffect(() => {
    if (!live) {
      return undefined;
    }
    let timer = 0;
    const poll = async (): Promise<void> => {
      timer = 0;
      if (!document.hidden) {
        await log.later();
        await search.extend();
      }
      if (!log.isDisposed && !stopped && !log.view.complete) {
        timer = window.setTimeout(() => void poll(), POLL_MS);
      }
    };
    let stopped = false;
    void poll();
    return () => {
      stopped = true;
      window.clearTimeout(timer);
    };
  }, [log, search, live, complete]);
}

interface IScrolled {
  box: RefObject<HTMLDivElement>;
  log: LogWindow;
  lines: readonly ILogLine[];
  following: boolean;
  setFollowing: (following: boolean) => void;
}

interface IScrolling {
  top: number;
  height: number;
  onScroll: () => void;
}

/** Keep in sight what is looked at while lines come at either end. */
function useScrolling(
  { box, log, lines, following, setFollowing }: IScrolled,
  current: number | null
): IScrolling {
  const [top, setTop] = useState(0);
  const height = box.current?.clientHeight || 400;
  const start = lines[0]?.offset ?? 0;
  const before = useRef(lines);
  useLayoutEffect(() => {
    const { current: element } = box;
    const old = before.current;
    before.current = lines;
    if (!element) {
      return;
    }
    if (following) {
      element.scrollTop = element.scrollHeight;
    } else if (old.length && old[0].offset !== start) {
      element.scrollTop += shift(old, lines) * LINE;
    }
    setTop(element.scrollTop);
  }, [box, lines, following, start]);
  useEffect(() => {
    if (current === null) {
      return;
    }
    void log.toOffset(current).then(() => {
      const at = log.view.lines.findIndex(line => line.offset >= current);
      const { current: element } = box;
      if (element && at >= 0) {
        // After the lines have been laid out.
        window.requestAnimationFrame(() => {
          element.scrollTop = Math.max(0, at * LINE - element.clientHeight / 2);
        });
      }
    });
  }, [box, log, current]);
  const onScroll = (): void => {
    const { current: element } = box;
    if (element) {
      const rest =
        element.scrollHeight - element.clientHeight - element.scrollTop;
      setTop(element.scrollTop);
      const atEnd = rest < 1 && !log.hasLater;
      if (following ? rest > 3 * LINE : atEnd) {
        setFollowing(!following);
      }
      readOn(log, element.scrollTop, rest);
    }
  };
  return { top, height, onScroll };
}

/** Read more where an end of what is here comes near. */
function readOn(log: LogWindow, above: number, below: number): void {
  if (log.isReading) {
    return;
  }
  if (above < NEAR && log.hasEarlier) {
    void log.earlier();
  } else if (below < NEAR && log.hasLater) {
    void log.later();
  }
}

/** How many lines came above what was there; negative where some went. */
function shift(old: readonly ILogLine[], lines: readonly ILogLine[]): number {
  const first = old[0].offset;
  const now = lines.findIndex(line => line.offset >= first);
  if (now > 0) {
    return now;
  }
  const start = lines[0]?.offset ?? 0;
  const gone = old.findIndex(line => line.offset >= start);
  return gone > 0 ? -gone : 0;
}

interface ILineProps {
  line: ILogLine;
  /** What is searched for; empty for nothing. */
  text: string;
  isCurrent: boolean;
}

function Line({ line, text, isCurrent }: ILineProps): JSX.Element {
  const shown = shownText(line.text);
  const at = text ? shown.toLowerCase().indexOf(text.toLowerCase()) : -1;
  return (
    <div
      className="jp-Platform-logLine"
      data-current={isCurrent || undefined}
      style={{ height: LINE }}
    >
      {at < 0 ? (
        shown || ' '
      ) : (
        <>
          {shown.slice(0, at)}
          <mark>{shown.slice(at, at + text.length)}</mark>
          {shown.slice(at + text.length)}
        </>
      )}
    </div>
  );
}
