import type { TranslationBundle } from '@jupyterlab/translation';
import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';

import { formatBytes, formatCount, formatUtc } from '../../format';
import { CommandIDs } from '../../tokens';
import { isEnded } from '../../wire';
import type { IDataset, IDatasetFacts, IJob, Json, Part } from '../../wire';
import { CopyButton } from '../copy-button';
import { run, useViewContext } from '../view-context';
import { RelativeTime } from '../times';

/** What was put together for the job, where it runs, and when. */
export function Facts({ job }: { job: IJob }): JSX.Element {
  const { trans } = useViewContext();
  return (
    <aside
      className="jp-Platform-facts"
      aria-label={trans.__('Facts about the job')}
    >
      <dl>
        {job.networks.length > 0 ? (
          <Fact name={trans.__('network')}>
            <NetworkLinks names={job.networks} />
            {job.tag ? ` : ${job.tag}` : null}
          </Fact>
        ) : null}
        {job.dataset === null ? null : (
          <Fact
            name={
              job.category === 'RL' ? trans.__('pool') : trans.__('dataset')
            }
          >
            <DatasetFact job={job} name={job.dataset} />
          </Fact>
        )}
        <Fact name={trans.__('host')}>{placeOf(job, trans)}</Fact>
        <Placement job={job} />
        <Times job={job} />
        {job.attempts.length > 1 ? (
          <Fact name={trans.__('attempts')}>{job.attempts.length}</Fact>
        ) : null}
        {job.priority === 0 ? null : (
          <Fact name={trans.__('priority')}>{job.priority}</Fact>
        )}
        <Fact name={trans.__('owner')}>{job.owner}</Fact>
        <Fact name={trans.__('id')}>
          <code>{job.id}</code>{' '}
          <CopyButton text={job.id} label={trans.__('Copy job id')} />
        </Fact>
      </dl>
      {job.warnings.map(warning => (
        <p className="jp-Platform-warning" key={warning}>
          <span aria-hidden>▲</span> {warning}
        </p>
      ))}
    </aside>
  );
}

/** The names of networks, each of which opens its page. */
function NetworkLinks({ names }: { names: readonly string[] }): JSX.Element {
  const { commands, trans } = useViewContext();
  const command = CommandIDs.openNetwork;
  const known = commands.hasCommand(command);
  return (
    <>
      {names.map((network, at) => (
        <span key={`${network} ${at}`}>
          {at > 0 ? ', ' : null}
          {known ? (
            <button
              type="button"
              className="jp-Platform-link"
              title={trans.__('Open the page of %1', network)}
              onClick={() => run(commands, command, { network })}
            >
              {network}
            </button>
          ) : (
            network
          )}
        </span>
      ))}
    </>
  );
}

function Fact({
  name,
  children
}: {
  name: string;
  children: ReactNode;
}): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** Where the processes of a job run, and what was asked for about the hosts. */
function Placement({ job }: { job: IJob }): JSX.Element {
  const { trans } = useViewContext();
  const { target_count, targets, target_filter, force_free, hosts } = job;
  return (
    <>
      {target_count > 1 ? (
        <Fact name={trans.__('processes')}>
          {target_count}
          {hosts.map((host, rank) => (
            <span className="jp-Platform-range" key={rank}>
              {trans.__('rank %1 on %2', rank, host)}
            </span>
          ))}
        </Fact>
      ) : null}
      {targets.length > 0 ? (
        <Fact name={trans.__('targets')}>{targets.join(', ')}</Fact>
      ) : null}
      {target_filter === null ? null : (
        <Fact name={trans.__('filter')}>
          <code>{target_filter}</code>
        </Fact>
      )}
      {force_free ? (
        <Fact name={trans.__('force free')}>
          {trans.__('hosts of its own')}
        </Fact>
      ) : null}
    </>
  );
}

/** Where a job runs and what it takes there. */
function placeOf({ host, request }: IJob, trans: TranslationBundle): string {
  const parts = [
    trans._n('%1 CPU', '%1 CPUs', request.cpus),
    formatBytes(request.memory)
  ];
  if (request.gpus) {
    parts.push(trans._n('%1 GPU', '%1 GPUs', request.gpus));
  }
  return [...(host ? [host] : []), ...parts].join(' · ');
}

function Times({ job }: { job: IJob }): JSX.Element {
  const { trans } = useViewContext();
  const remaining = isEnded(job.state) ? null : job.progress?.remaining_s;
  return (
    <>
      <Fact name={trans.__('submitted')}>
        <RelativeTime iso={job.submitted_at} />
      </Fact>
      {job.started_at ? (
        <Fact name={trans.__('started')}>
          <RelativeTime iso={job.started_at} />
        </Fact>
      ) : null}
      {job.finished_at ? (
        <Fact name={trans.__('ended')}>
          <RelativeTime iso={job.finished_at} />
        </Fact>
      ) : null}
      {typeof remaining === 'number' ? (
        <Fact name={trans.__('ends about')}>
          <EndTime seconds={remaining} />
        </Fact>
      ) : null}
    </>
  );
}

function EndTime({ seconds }: { seconds: number }): JSX.Element {
  const end = new Date(Date.now() + seconds * 1000);
  const far = seconds > 20 * 3600;
  const clock = {
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23'
  } as const;
  const text = far
    ? end.toLocaleString(undefined, {
        month: 'short',
        day: 'numeric',
        ...clock
      })
    : end.toLocaleTimeString(undefined, clock);
  return (
    <time dateTime={end.toISOString()} title={formatUtc(end.toISOString())}>
      {text}
    </time>
  );
}

const PARTS: readonly (readonly [Part, string])[] = [
  ['train', 'train_set'],
  ['validation', 'validation_set'],
  ['test', 'test_set']
];

function DatasetFact({ job, name }: { job: IJob; name: string }): JSX.Element {
  const { model, trans } = useViewContext();
  const [dataset, setDataset] = useState<IDataset | null>(null);
  useEffect(() => {
    let here = true;
    model.api.dataset(name).then(
      found => here && setDataset(found),
      // Without it the ranges that were not given are left out, which misleads nobody.
      () => undefined
    );
    return () => {
      here = false;
    };
  }, [model, name]);
  const ranges = rangesOf(job, dataset, trans);
  return (
    <>
      {name}
      {ranges.map(range => (
        <span className="jp-Platform-range" key={range}>
          {range}
        </span>
      ))}
    </>
  );
}

/** The ranges of samples that a job works on, such as `train 0–1,437`. */
export function rangesOf(
  { type, options }: Pick<IJob, 'type' | 'options'>,
  dataset: IDataset | null,
  trans: TranslationBundle
): string[] {
  const words: { readonly [part in Part]: string } = {
    train: trans.__('train'),
    validation: trans.__('validation'),
    test: trans.__('test')
  };
  const { part: chosen } = options;
  const judged = PARTS.some(([part]) => part === chosen) ? chosen : 'test';
  const used: readonly (readonly [Part, string])[] =
    type === 'EVALUATE'
      ? [[judged as Part, 'test_set']]
      : PARTS.filter(([part]) => part !== 'test');
  return used.flatMap(([part, option]) => {
    const given = rangeText(options[option] ?? null, trans);
    const stated = dataset?.descriptor.splits?.[part] ?? null;
    const range = given ?? partText(dataset?.facts?.parts[part], trans);
    const text = range ?? rangeText(stated, trans);
    return text === null ? [] : [`${words[part]} ${text}`];
  });
}

/** The samples of a part, as `0–1,437`, or how many were drawn. */
function partText(
  part: IDatasetFacts['parts'][string] | undefined,
  trans: TranslationBundle
): string | null {
  if (!part) {
    return null;
  }
  return part.size === part.stop - part.start
    ? rangeText([part.start, part.stop], trans)
    : trans._n('%1 sample', '%1 samples', part.size);
}

function rangeText(
  range: Json | [number, number],
  trans: TranslationBundle
): string | null {
  if (!Array.isArray(range)) {
    return null;
  }
  const numbers = range as readonly number[];
  return numbers.length === 2
    ? `${formatCount(numbers[0])}–${formatCount(numbers[1])}`
    : trans.__('%1 samples', formatCount(numbers.length));
}
