import { ellipsesIcon, refreshIcon, stopIcon } from '@jupyterlab/ui-components';
import type { LabIcon } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import {
  formatDuration,
  formatFollowed,
  formatPercent,
  formatSteps,
  formatValue,
  fraction
} from '../../format';
import { continueIcon, evaluateIcon, tryIcon } from '../../icons';
import { MarketCommandIDs } from '../../market-commands';
import { deploymentIcon } from '../../market-icons';
import { canBeTried, hasWeights } from '../../models/next-jobs';
import { CommandIDs } from '../../tokens';
import { isEnded, isWaiting } from '../../wire';
import type { IJob } from '../../wire';
import { openJobMenu } from '../job-menu';
import { outcomeOf } from '../job-row';
import { ProgressBar } from '../meters';
import { StateBadge, shownState } from '../state';
import { run, useViewContext } from '../view-context';

/** What the job is, how it is doing, and what can be done with it. */
export function Head({ job }: { job: IJob }): JSX.Element {
  const { trans } = useViewContext();
  const share = fraction(job.progress);
  const active = !isEnded(job.state) && !isWaiting(job.state);
  return (
    <header className="jp-Platform-jobHead">
      <div className="jp-Platform-jobTitle">
        <h1 title={job.name}>{job.name}</h1>
        <span className="jp-Platform-badge">{job.type}</span>
        {job.category ? (
          <span className="jp-Platform-badge">{job.category}</span>
        ) : null}
        <StateBadge state={shownState(job)} trans={trans} />
      </div>
      <Actions job={job} />
      <p className="jp-Platform-jobSentence">{statusSentence(job, trans)}</p>
      {active ? (
        <ProgressBar
          share={share}
          label={trans.__('Progress of %1', job.name)}
        />
      ) : null}
    </header>
  );
}

/** How a job is doing, in a line. */
export function statusSentence(job: IJob, trans: TranslationBundle): string {
  if (isWaiting(job.state)) {
    return job.reason ?? trans.__('waits for its turn');
  }
  return isEnded(job.state)
    ? endedSentence(job, trans)
    : activeSentence(job, trans);
}

function activeSentence(job: IJob, trans: TranslationBundle): string {
  const { progress, reason } = job;
  const parts: string[] = [];
  const share = fraction(progress);
  if (share !== null) {
    parts.push(formatPercent(share));
  }
  if (progress) {
    parts.push(formatSteps(progress));
    const followed = formatFollowed(progress, trans);
    if (followed !== null) {
      parts.push(followed);
    }
    if (progress.rate) {
      parts.push(`${formatValue(progress.rate)} ${progress.unit}/s`);
    }
    if (progress.remaining_s !== null) {
      const left = formatDuration(progress.remaining_s, trans);
      parts.push(trans.__('%1 left', left));
    }
  }
  if (reason && (job.state !== 'running' || parts.length === 0)) {
    parts.unshift(reason);
  }
  return parts.join(' · ') || trans.__('is being prepared');
}

function endedSentence(job: IJob, trans: TranslationBundle): string {
  // Why it failed stands below, in whole.
  const told = job.state === 'failed' && job.error !== null;
  const parts = told ? [] : [outcomeOf(job, trans)];
  if (job.progress && job.type === 'LEARN') {
    parts.push(formatSteps(job.progress));
  }
  if (job.started_at && job.finished_at) {
    const seconds =
      (Date.parse(job.finished_at) - Date.parse(job.started_at)) / 1000;
    parts.push(
      seconds < 1
        ? trans.__('took less than a second')
        : trans.__('took %1', formatDuration(seconds, trans))
    );
  }
  return parts.join(' · ');
}

interface IAction {
  icon: LabIcon;
  label: string;
  command: string;
  args: ReadonlyPartialJSONObject;
}

/** What is done most with a job in its state, in the order of every menu, where the rest is. */
export function actionsOf(job: IJob, trans: TranslationBundle): IAction[] {
  const args = { job: job.id };
  const ended = isEnded(job.state);
  const found: IAction[] = [];
  if (!ended && job.target === 'run') {
    found.push({
      icon: stopIcon,
      label: isWaiting(job.state) ? trans.__('Cancel') : trans.__('Stop'),
      command: CommandIDs.stopJob,
      args
    });
  }
  if (hasWeights(job)) {
    found.push({
      icon: evaluateIcon,
      label: trans.__('Evaluate'),
      command: CommandIDs.evaluateJob,
      args
    });
    if (canBeTried(job)) {
      found.push({
        icon: tryIcon,
        label: trans.__('Try it'),
        command: CommandIDs.tryJob,
        args
      });
      found.push({
        icon: deploymentIcon,
        label: trans.__('Deploy'),
        command: MarketCommandIDs.deployJob,
        args
      });
    }
    found.push({
      icon: continueIcon,
      label: trans.__('Continue'),
      command: CommandIDs.continueJob,
      args
    });
  }
  found.push({
    icon: refreshIcon,
    label: trans.__('Resubmit'),
    command: CommandIDs.resubmitJob,
    args
  });
  return found;
}

function Actions({ job }: { job: IJob }): JSX.Element {
  const { commands, trans } = useViewContext();
  return (
    <div
      className="jp-Platform-jobActions"
      role="group"
      aria-label={trans.__('Actions')}
    >
      {actionsOf(job, trans).map(({ icon: Icon, label, command, args }) => (
        <button
          key={label}
          type="button"
          className="jp-Platform-button"
          title={commands.caption(command, args) || label}
          onClick={() => run(commands, command, args)}
        >
          <Icon.react tag="span" width="14px" height="14px" />
          <span>{label}</span>
        </button>
      ))}
      <button
        type="button"
        className="jp-Platform-button"
        aria-haspopup="menu"
        aria-label={trans.__('More actions')}
        title={trans.__('Download, rename, note, delete and more')}
        onClick={event => {
          const box = event.currentTarget.getBoundingClientRect();
          openJobMenu(commands, job.id, { x: box.left, y: box.bottom });
        }}
      >
        <ellipsesIcon.react tag="span" width="14px" height="14px" />
      </button>
    </div>
  );
}
