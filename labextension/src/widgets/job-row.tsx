import {
  closeIcon as crossIcon,
  ellipsesIcon,
  refreshIcon as retryIcon,
  stopIcon as squareIcon
} from '@jupyterlab/ui-components';
import type { LabIcon } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { memo } from 'react';

import {
  followedSeries,
  formatDuration,
  formatFollowed,
  formatHeadline,
  formatPercent,
  formatSteps,
  formatValue,
  fraction
} from '../format';
import type { ILabel } from '../models/labels';
import { CommandIDs } from '../tokens';
import { isEnded, isWaiting } from '../wire';
import type { IPrimaryMetric, IJob } from '../wire';
import { openJobMenu } from './job-menu';
import { ProgressBar, Sparkline } from './meters';
import { useKindLabel } from './live';
import { StateBadge, shownState, stateLabel } from './state';
import { run, useViewContext } from './view-context';
import { RelativeTime } from './times';

interface IJobRowProps {
  job: IJob;
  /** What is shown of its name beside others; the whole of it when absent. */
  label?: ILabel;
  /** Whether the tab key stops here. */
  current: boolean;
  trend?: readonly number[];
}

/** One job: what it is, how it is doing, and what can be done with it. */
export const JobRow = memo(function JobRow({
  job,
  label,
  current,
  trend
}: IJobRowProps): JSX.Element {
  const { commands, model, trans } = useViewContext();
  const running = !isEnded(job.state) && !isWaiting(job.state);
  return (
    <li
      className="jp-Platform-job"
      data-job={job.id}
      data-state={job.state}
      onContextMenu={event => {
        event.preventDefault();
        event.stopPropagation();
        openJobMenu(commands, job.id, { x: event.clientX, y: event.clientY });
      }}
    >
      <button
        className="jp-Platform-job-main"
        data-job-main={job.id}
        tabIndex={current ? 0 : -1}
        aria-label={describe(job, label, trans)}
        onClick={() => run(commands, CommandIDs.openJob, { job: job.id })}
      >
        <StateBadge state={shownState(job)} trans={trans} word={false} />
        <Name job={job} label={label} />
        <span className="jp-Platform-job-type" data-type={job.type}>
          {useKindLabel(model, job.type)}
        </span>
        {running ? <RunningTail job={job} trend={trend} /> : null}
        {isEnded(job.state) ? <EndedTail job={job} /> : null}
        {running ? <RunningDetail job={job} /> : null}
        {isWaiting(job.state) ? (
          <span className="jp-Platform-job-detail">
            {job.reason ?? trans.__('waits for its turn')}
          </span>
        ) : null}
      </button>
      <Actions job={job} current={current} />
    </li>
  );
});

/** Characters that take no more room than their ellipsis. */
const FEW = 3;

/** The name, of which in little room what tells it from others stays. */
function Name({
  job,
  label
}: Pick<IJobRowProps, 'job' | 'label'>): JSX.Element {
  const { before, own, after } = label ?? wholeName(job);
  return (
    <span className="jp-Platform-job-name" title={fullName(job, label)}>
      {before ? (
        <span className={before.length > FEW ? 'jp-mod-long' : undefined}>
          {before}
        </span>
      ) : null}
      <span className="jp-Platform-job-own">{own}</span>
      {after ? <span>{after}</span> : null}
    </span>
  );
}

/** The name with what it is shown with, where it alone would not tell. */
function fullName(job: IJob, label?: ILabel): string {
  const { before, own, after } = label ?? wholeName(job);
  return before + own + after;
}

function wholeName({ name }: IJob): ILabel {
  return { before: '', own: name, after: '' };
}

function RunningTail({
  job,
  trend
}: Pick<IJobRowProps, 'job' | 'trend'>): JSX.Element {
  const { trans } = useViewContext();
  const share = fraction(job.progress);
  return (
    <>
      <span className="jp-Platform-job-number">
        {share === null ? '' : formatPercent(share)}
      </span>
      <Sparkline
        points={trend ?? []}
        name={
          followedSeries(job.progress) === 'return'
            ? trans.__('return')
            : trans.__('loss')
        }
        trans={trans}
      />
    </>
  );
}

function RunningDetail({ job }: { job: IJob }): JSX.Element {
  const { trans } = useViewContext();
  const { progress } = job;
  const share = fraction(progress);
  return (
    <>
      <ProgressBar share={share} label={trans.__('Progress of %1', job.name)} />
      <span className="jp-Platform-job-detail">
        {runningSentence(job, trans)}
      </span>
    </>
  );
}

function runningSentence(job: IJob, trans: TranslationBundle): string {
  const { progress } = job;
  const state = shownState(job);
  const parts: string[] = [];
  if (state !== 'running') {
    parts.push(job.reason ?? stateLabel(state, trans));
  }
  if (progress) {
    parts.push(formatSteps(progress));
    const followed = formatFollowed(progress, trans);
    if (followed !== null) {
      parts.push(followed);
    }
    if (progress.remaining_s !== null) {
      parts.push(
        trans.__('%1 left', formatDuration(progress.remaining_s, trans))
      );
    }
  }
  return parts.join(' · ') || (job.reason ?? stateLabel(state, trans));
}

function EndedTail({ job }: { job: IJob }): JSX.Element {
  const { trans } = useViewContext();
  const detail = endedSentence(job, trans);
  return (
    <>
      <Outcome job={job} />
      <span className="jp-Platform-job-time">
        <RelativeTime iso={job.finished_at ?? job.submitted_at} short />
      </span>
      {detail ? (
        <span className="jp-Platform-job-detail jp-mod-clamped" title={detail}>
          {detail}
        </span>
      ) : null}
    </>
  );
}

/** How a job ended otherwise than well, where that takes more than a word. */
function endedSentence(job: IJob, trans: TranslationBundle): string | null {
  if (job.state === 'failed') {
    return outcomeOf(job, trans);
  }
  if (job.state === 'finished' || !scoreOf(job)) {
    return null;
  }
  const state = stateLabel(job.state, trans);
  return job.progress
    ? trans.__('%1 at %2', state, formatSteps(job.progress))
    : state;
}

/** What a job is judged by; null where it did not come to one. */
function scoreOf({ state, headline }: IJob): IPrimaryMetric | null {
  const isMissing = state !== 'finished' && headline?.value === null;
  return state === 'failed' || isMissing ? null : headline;
}

/** The score, or the state as a word where there is none; what it measures is the tooltip. */
function Outcome({ job }: { job: IJob }): JSX.Element {
  const { trans } = useViewContext();
  const headline = scoreOf(job);
  const word = stateLabel(job.state, trans);
  return (
    <span className="jp-Platform-job-outcome" title={headline?.name ?? word}>
      {headline ? formatValue(headline.value) : word}
    </span>
  );
}

/** What a job came to, in a few words. */
export function outcomeOf(job: IJob, trans: TranslationBundle): string {
  if (job.state === 'failed' && job.error) {
    return errorWords(job.error.type, job.error.message, trans);
  }
  return job.headline
    ? formatHeadline(job.headline)
    : stateLabel(job.state, trans);
}

function errorWords(
  type: string,
  message: string,
  trans: TranslationBundle
): string {
  switch (type) {
    case 'OutOfMemory':
      return trans.__('out of memory');
    case 'HostLost':
      return trans.__('host lost');
    case 'Killed':
      return trans.__('killed');
    default:
      return message.split('\n', 1)[0] || type;
  }
}

/** The row as one sentence, for a screen reader. */
function describe(
  job: IJob,
  label: ILabel | undefined,
  trans: TranslationBundle
): string {
  const state = stateLabel(shownState(job), trans);
  const share = fraction(job.progress);
  const rest = isEnded(job.state)
    ? outcomeOf(job, trans)
    : isWaiting(job.state)
      ? job.reason
      : share !== null && formatPercent(share);
  return [fullName(job, label), job.type, state, rest]
    .filter(Boolean)
    .join(', ');
}

interface IAction {
  icon: LabIcon;
  label: string;
  command: string;
  args: ReadonlyPartialJSONObject;
}

function Actions({ job, current }: IJobRowProps): JSX.Element {
  const { commands, trans } = useViewContext();
  const tabIndex = current ? 0 : -1;
  return (
    <span className="jp-Platform-job-actions">
      {actionsOf(job, trans).map(({ icon: Icon, label, command, args }) => (
        <button
          key={command}
          className="jp-Platform-iconButton"
          title={label}
          aria-label={`${label}: ${job.name}`}
          tabIndex={tabIndex}
          onClick={() => run(commands, command, args)}
        >
          <Icon.react tag="span" width="14px" height="14px" />
        </button>
      ))}
      <button
        className="jp-Platform-iconButton"
        title={trans.__('More actions')}
        aria-label={trans.__('More actions: %1', job.name)}
        aria-haspopup="menu"
        tabIndex={tabIndex}
        onClick={event => {
          const { left, bottom } = event.currentTarget.getBoundingClientRect();
          openJobMenu(commands, job.id, { x: left, y: bottom });
        }}
      >
        <ellipsesIcon.react tag="span" width="14px" height="14px" />
      </button>
    </span>
  );
}

function actionsOf(job: IJob, trans: TranslationBundle): IAction[] {
  const args = { job: job.id };
  if (isEnded(job.state)) {
    const { resubmitJob: command } = CommandIDs;
    return job.state === 'failed'
      ? [{ icon: retryIcon, label: trans.__('Resubmit…'), command, args }]
      : [];
  }
  const { stopJob: command } = CommandIDs;
  if (isWaiting(job.state)) {
    return [{ icon: crossIcon, label: trans.__('Cancel…'), command, args }];
  }
  return shownState(job) === 'stopping'
    ? []
    : [{ icon: squareIcon, label: trans.__('Stop…'), command, args }];
}
