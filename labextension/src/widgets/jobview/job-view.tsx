import type { TranslationBundle } from '@jupyterlab/translation';
import { useRef, useState } from 'react';

import { jobIcon } from '../../icons';
import { readEvaluation } from '../../models/evaluation';
import { JobDetails } from '../../models/job-details';
import { executedName } from '../../models/executed';
import { readMade } from '../../models/made';
import { CommandIDs } from '../../tokens';
import { isEnded } from '../../wire';
import type { IJob } from '../../wire';
import { useConnection } from '../live';
import { useOnScreen, useView } from '../observed';
import { PageWidget } from '../page-widget';
import { run, useViewContext } from '../view-context';
import type { IViewContext } from '../view-context';
import { AttemptsPage } from './attempts';
import { CurvesPage } from './curves-page';
import { EpisodesPage } from './episodes-page';
import { EvaluationPage } from './evaluation-page';
import { ExecutedPage } from './executed-page';
import { Facts } from './facts';
import { Failure } from './failure';
import { FilesPage } from './files-page';
import { Head } from './head';
import { LogPage } from './log-page';
import { MadePage } from './made-page';
import { OptionsPage } from './options';
import { ResultPage } from './result';
import { Tabs } from './tabs';
import type { ITab } from './tabs';

/** What a job view is told when it is made. */
export interface IJobViewOptions {
  /** Id of the job. */
  job: string;
  /** What it is called until the platform has answered. */
  name?: string;
  /** Take no more room than a notebook gives. */
  compact?: boolean;
}

/** Everything about one job, in a tab or in the output of a cell. */
export class JobView extends PageWidget {
  constructor(
    context: IViewContext,
    private readonly _options: IJobViewOptions
  ) {
    super(context, 'jobView', jobIcon);
    this._details = new JobDetails(context.model, _options.job);
    this._details.changed.connect(() => this._label());
    this.toggleClass('jp-mod-compact', Boolean(_options.compact));
    this._label();
  }

  /** Id of the job that is shown. */
  get job(): string {
    return this._details.id;
  }

  /** What is known of the job. */
  get details(): JobDetails {
    return this._details;
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this._details.dispose();
      super.dispose();
    }
  }

  protected override content(): JSX.Element {
    return (
      <JobPage
        details={this._details}
        compact={Boolean(this._options.compact)}
        name={this._options.name}
      />
    );
  }

  private _label(): void {
    const { job } = this._details.view;
    const name = job?.name ?? this._options.name ?? this._options.job;
    this.title.label = name.length > 40 ? `${name.slice(0, 39)}…` : name;
    this.title.caption = job ? `${job.type} ${name}` : name;
  }

  private readonly _details: JobDetails;
}

interface IJobPageProps {
  details: JobDetails;
  compact: boolean;
  /** What the job was called when it was referred to. */
  name?: string;
}

/** The view of a job, or the reason why there is none. */
export function JobPage({
  details,
  compact,
  name
}: IJobPageProps): JSX.Element {
  const element = useRef<HTMLDivElement>(null);
  const active = useOnScreen(element);
  const view = useView(details);
  const { trans } = useViewContext();
  const { job, gone, error } = view;
  return (
    <div ref={element} className="jp-Platform-jobPage">
      {gone ? (
        <Gone name={job?.name ?? name ?? details.id} />
      ) : job ? (
        <JobContent {...{ job, active, compact }} />
      ) : (
        <Absent error={error} onRetry={() => void details.refresh()} />
      )}
      <p className="jp-Platform-visuallyHidden" aria-live="polite">
        {gone ? trans.__('The job is gone.') : ''}
      </p>
    </div>
  );
}

function Gone({ name }: { name: string }): JSX.Element {
  const { commands, trans } = useViewContext();
  return (
    <div className="jp-Platform-calm">
      <p>
        {trans.__(
          'The job “%1” is not here: it was deleted, or belongs to another platform.',
          name
        )}
      </p>
      <p className="jp-Platform-quiet">
        {trans.__(
          'Weights that it made are kept under its id, as a tag of the network.'
        )}
      </p>
      <button
        type="button"
        className="jp-Platform-link"
        onClick={() => run(commands, CommandIDs.showSidebar)}
      >
        {trans.__('Show the jobs that there are')}
      </button>
    </div>
  );
}

function Absent({
  error,
  onRetry
}: {
  error: string | null;
  onRetry: () => void;
}): JSX.Element {
  const { model, trans } = useViewContext();
  const { message } = useConnection(model);
  return (
    <div className="jp-Platform-calm" role="status">
      <p>{error ?? message ?? trans.__('Reading the job…')}</p>
      {error === null ? null : (
        <button
          type="button"
          className="jp-Platform-link"
          onClick={() => {
            model.reconnect();
            onRetry();
          }}
        >
          {trans.__('Try again')}
        </button>
      )}
    </div>
  );
}

interface IJobContentProps {
  job: IJob;
  active: boolean;
  compact: boolean;
}

function JobContent({ job, active, compact }: IJobContentProps): JSX.Element {
  const { trans } = useViewContext();
  const [chosen, setChosen] = useState<string | null>(null);
  const tabs = tabsOf(job, trans);
  const current = tabs.find(tab => tab.id === chosen)?.id ?? tabs[0].id;
  return (
    <article aria-label={job.name}>
      <Head job={job} />
      <Reconnecting />
      {job.error ? <Failure error={job.error} /> : null}
      <div className="jp-Platform-jobBody">
        <Tabs
          tabs={tabs}
          current={current}
          onChoose={setChosen}
          label={trans.__('About the job')}
        >
          <Page id={current} {...{ job, active, compact }} />
        </Tabs>
        <Facts job={job} />
      </div>
    </article>
  );
}

function Reconnecting(): JSX.Element | null {
  const { model, trans } = useViewContext();
  const { phase, message } = useConnection(model);
  return phase === 'reconnecting' || phase === 'down' ? (
    <p className="jp-Platform-connection" data-phase={phase} role="status">
      {message} {trans.__('What is shown is the last that was known.')}
    </p>
  ) : null;
}

/** The pages that there are for a job, the most telling one first. */
export function tabsOf(job: IJob, trans: TranslationBundle): ITab[] {
  return job.type === 'RUN'
    ? tabsOfCode(job, trans)
    : tabsOfNetworks(job, trans);
}

/** The pages of a job that runs code of one's own. */
function tabsOfCode(job: IJob, trans: TranslationBundle): ITab[] {
  const label =
    job.category === 'CELL' ? trans.__('Output') : trans.__('Notebook');
  return [
    ...(executedName(job) === null ? [] : [{ id: 'executed', label }]),
    { id: 'log', label: trans.__('Log') },
    ...(hasCurves(job) ? [{ id: 'curves', label: trans.__('Curves') }] : []),
    { id: 'files', label: trans.__('Files') },
    { id: 'options', label: trans.__('Options') },
    { id: 'attempts', label: trans.__('Attempts') }
  ];
}

/** Whether a job has reported a point of any curve. */
function hasCurves(job: IJob): boolean {
  return Object.keys(job.progress?.values ?? {}).length > 0;
}

function tabsOfNetworks(job: IJob, trans: TranslationBundle): ITab[] {
  const curves = { id: 'curves', label: trans.__('Curves') };
  const log = { id: 'log', label: trans.__('Log') };
  const options = { id: 'options', label: trans.__('Options') };
  const attempts = { id: 'attempts', label: trans.__('Attempts') };
  if (readEvaluation(job)) {
    const evaluation = { id: 'evaluation', label: trans.__('Evaluation') };
    return [evaluation, log, options, attempts];
  }
  const result = { id: 'result', label: trans.__('Result') };
  const results = job.result && isEnded(job.state) ? [result] : [];
  if (job.type === 'ACT') {
    const episodes = { id: 'episodes', label: trans.__('Episodes') };
    return [curves, episodes, ...results, log, options, attempts];
  }
  if (job.type === 'EVALUATE') {
    return [log, ...results, options, attempts];
  }
  const made = { id: 'made', label: trans.__('Samples') };
  const samples = readMade(job) ? [made] : [];
  return [curves, ...samples, ...results, log, options, attempts];
}

function Page({
  id,
  job,
  active,
  compact
}: IJobContentProps & { id: string }): JSX.Element {
  const made = readMade(job);
  const pages: { readonly [id: string]: () => JSX.Element } = {
    curves: () => <CurvesPage {...{ job, active, compact }} />,
    episodes: () => <EpisodesPage {...{ job, active }} />,
    evaluation: () => <EvaluationPage job={job} />,
    executed: () => (
      <>
        <ExecutedPage {...{ job, active }} />
        {hasCurves(job) ? <CurvesPage {...{ job, active, compact }} /> : null}
      </>
    ),
    files: () => <FilesPage job={job} />,
    made: () => (made ? <MadePage made={made} /> : <></>),
    result: () => <ResultPage job={job} />,
    log: () => <LogPage {...{ job, active }} />,
    options: () => <OptionsPage job={job} />
  };
  return (pages[id] ?? (() => <AttemptsPage job={job} />))();
}
