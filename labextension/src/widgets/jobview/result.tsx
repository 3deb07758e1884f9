import type { TranslationBundle } from '@jupyterlab/translation';

import { formatCount, formatValue } from '../../format';
import { readAgents } from '../../models/agents';
import { readWarnings } from '../../models/evaluation';
import type { IJob, Json } from '../../wire';
import { useViewContext } from '../view-context';
import { AgentTable } from './agent-table';
import { CommandLine } from './options';

/** Parts of a result that have a place of their own. */
const ELSEWHERE = new Set(['headline', 'samples', 'agents', 'warnings']);

/** What a job came to, number by number, and how to go on with its weights. */
export function ResultPage({ job }: { job: IJob }): JSX.Element {
  const { trans } = useViewContext();
  const rows = Object.entries(job.result ?? {}).filter(
    ([name, value]) => !ELSEWHERE.has(name) && value !== null
  );
  return (
    <>
      <ResultWarnings warnings={readWarnings(job.result)} />
      <table className="jp-Platform-table">
        <thead>
          <tr>
            <th scope="col">{trans.__('result')}</th>
            <th scope="col">{trans.__('value')}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, value]) => (
            <tr key={name}>
              <th scope="row">{resultLabel(name, job.type, trans)}</th>
              <td>{resultText(value)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <AgentTable agents={readAgents(job)} />
      {job.type === 'LEARN' ? (
        <CommandLine
          title={trans.__('The trained network, in Python')}
          line={`network = jupyter_platform.Platform().job("${job.id}").network()`}
        />
      ) : null}
    </>
  );
}

/** What to know about the numbers beside them. */
export function ResultWarnings({
  warnings
}: {
  warnings: readonly string[];
}): JSX.Element {
  return (
    <>
      {warnings.map(warning => (
        <p className="jp-Platform-warning" key={warning}>
          <span aria-hidden>▲</span> {warning}
        </p>
      ))}
    </>
  );
}

/** What a part of a result is called. */
function resultLabel(
  name: string,
  type: IJob['type'],
  trans: TranslationBundle
): string {
  const labels: { readonly [name: string]: string } = {
    best: type === 'ACT' ? trans.__('best episode') : trans.__('best weights'),
    averaged: trans.__('episodes averaged'),
    measured_on: trans.__('measured on'),
    actions_per_s: trans.__('actions per second'),
    validation: trans.__('last validation'),
    training_time_s: trans.__('training time, s'),
    evaluation_time_s: trans.__('evaluation time, s'),
    samples_per_s: trans.__('samples per second'),
    steps: trans.__('iterations'),
    weights: trans.__('weights kept')
  };
  return labels[name] ?? name.replace(/_/g, ' ');
}

function resultText(value: Json): string {
  if (typeof value === 'number') {
    return Number.isInteger(value) ? formatCount(value) : formatValue(value);
  }
  if (Array.isArray(value)) {
    return (value as readonly Json[]).map(resultText).join(', ');
  }
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value as { readonly [key: string]: Json })
      .map(([key, item]) => `${key.replace(/_/g, ' ')} ${resultText(item)}`)
      .join(' · ');
  }
  return String(value ?? '–');
}
