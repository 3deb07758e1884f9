import type { TranslationBundle } from '@jupyterlab/translation';
import { caretDownIcon, caretUpIcon } from '@jupyterlab/ui-components';
import { useMemo, useState } from 'react';

import { formatCount, formatDuration, formatValue } from '../../format';
import { readEvaluation, sortClasses } from '../../models/evaluation';
import type {
  ClassColumn,
  IClassScore,
  IEvaluation
} from '../../models/evaluation';
import type { IJob } from '../../wire';
import { useSurroundings } from '../surroundings';
import { Confusion } from './confusion';
import { Examples } from './examples';

/** How well a network does: the score first, then where it is wrong. */
export function EvaluationPage({ job }: { job: IJob }): JSX.Element | null {
  const { trans } = useSurroundings();
  const evaluation = useMemo(() => readEvaluation(job), [job]);
  if (!evaluation) {
    return null;
  }
  const { perClass, confusion, examples, classes } = evaluation;
  return (
    <div className="jp-Platform-evaluation">
      <Score evaluation={evaluation} />
      <p className="jp-Platform-quiet">{circumstances(evaluation, trans)}</p>
      {confusion.length ? (
        <Confusion confusion={confusion} classes={classes} />
      ) : null}
      {perClass.length ? <ClassTable rows={perClass} /> : null}
      {examples.length ? (
        <Examples examples={examples} classes={classes} />
      ) : null}
    </div>
  );
}

function Score({ evaluation }: { evaluation: IEvaluation }): JSX.Element {
  const { trans } = useSurroundings();
  const { accuracy, topK, errors } = evaluation;
  if (accuracy !== null) {
    return (
      <dl className="jp-Platform-scores">
        <div className="jp-mod-main">
          <dt>{trans.__('accuracy')}</dt>
          <dd>{accuracy.toFixed(4)}</dd>
        </div>
        {topK
          .filter(([k]) => k > 1)
          .map(([k, share]) => (
            <div key={k}>
              <dt>{trans.__('top %1', k)}</dt>
              <dd>{share.toFixed(4)}</dd>
            </div>
          ))}
      </dl>
    );
  }
  return (
    <dl className="jp-Platform-scores">
      {errors.map(([name, value], at) => (
        <div key={name} className={at === 0 ? 'jp-mod-main' : undefined}>
          <dt>{errorLabel(name, trans)}</dt>
          <dd>{formatValue(value)}</dd>
        </div>
      ))}
    </dl>
  );
}

function errorLabel(name: string, trans: TranslationBundle): string {
  const labels: { readonly [name: string]: string } = {
    r2: 'R²',
    mae: trans.__('mean absolute error'),
    rmse: trans.__('root mean squared error'),
    mse: trans.__('mean squared error'),
    median_ae: trans.__('median absolute error'),
    max_error: trans.__('largest error')
  };
  return labels[name] ?? name;
}

function circumstances(
  { samples, loss, criterion, msPerSample, seconds }: IEvaluation,
  trans: TranslationBundle
): string {
  const parts = [
    samples !== null && trans.__('%1 samples', formatCount(samples)),
    loss !== null &&
      trans.__('loss %1 (%2)', formatValue(loss), criterion ?? ''),
    msPerSample !== null &&
      trans.__('forward pass %1 ms a sample', formatValue(msPerSample)),
    seconds !== null &&
      trans.__(
        'took %1',
        seconds < 10
          ? trans.__('%1 s', formatValue(seconds))
          : formatDuration(seconds, trans)
      )
  ];
  return parts.filter(Boolean).join(' · ');
}

const COLUMNS: readonly ClassColumn[] = [
  'name',
  'precision',
  'recall',
  'f1',
  'support'
];

/** The score of each class, the worst first. */
function ClassTable({ rows }: { rows: readonly IClassScore[] }): JSX.Element {
  const { trans } = useSurroundings();
  const [column, setColumn] = useState<ClassColumn>('f1');
  const [descending, setDescending] = useState(false);
  const sorted = useMemo(
    () => sortClasses(rows, column, descending),
    [rows, column, descending]
  );
  const labels: { readonly [name in ClassColumn]: string } = {
    name: trans.__('class'),
    precision: trans.__('precision'),
    recall: trans.__('recall'),
    f1: 'F1',
    support: trans.__('samples')
  };
  const sortBy = (name: ClassColumn): void => {
    setDescending(name === column && !descending);
    setColumn(name);
  };
  const Caret = descending ? caretDownIcon : caretUpIcon;
  return (
    <section aria-label={trans.__('Scores of each class')}>
      <h2>{trans.__('Classes')}</h2>
      <div className="jp-Platform-scroll" tabIndex={0}>
        <table className="jp-Platform-table">
          <thead>
            <tr>
              {COLUMNS.map(name => (
                <th
                  key={name}
                  scope="col"
                  aria-sort={
                    name !== column
                      ? undefined
                      : descending
                        ? 'descending'
                        : 'ascending'
                  }
                >
                  <button type="button" onClick={() => sortBy(name)}>
                    {labels[name]}
                    {name === column ? (
                      <Caret.react tag="span" width="12px" height="12px" />
                    ) : null}
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {sorted.map((row, at) => (
              <tr key={`${row.name} ${at}`}>
                <th scope="row">{row.name}</th>
                <td className="jp-Platform-number">
                  {row.precision.toFixed(3)}
                </td>
                <td className="jp-Platform-number">{row.recall.toFixed(3)}</td>
                <td className="jp-Platform-number">{row.f1.toFixed(3)}</td>
                <td className="jp-Platform-number">
                  {formatCount(row.support)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
