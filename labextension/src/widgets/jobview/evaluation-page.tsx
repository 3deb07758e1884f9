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
import { useViewContext } from '../view-context';
import { Agreement } from './agreement';
import { Confusion } from './confusion';
import { Examples } from './examples';
import { ResultWarnings } from './result';

/** How well a network does: the score first, then where it is wrong. */
export function EvaluationPage({ job }: { job: IJob }): JSX.Element | null {
  const { model, trans } = useViewContext();
  const evaluation = useMemo(() => readEvaluation(job), [job]);
  if (!evaluation) {
    return null;
  }
  const { perClass, confusion, pairs, examples, classes, outputs } = evaluation;
  return (
    <div className="jp-Platform-evaluation">
      <Score evaluation={evaluation} />
      <ResultWarnings warnings={evaluation.warnings} />
      <p className="jp-Platform-quiet">{circumstances(evaluation, trans)}</p>
      {outputs === null ? null : (
        <p>
          <a href={model.api.fileUrl(job.id, outputs)} download={outputs}>
            {trans.__('Download what the network gave for each sample')}
          </a>
        </p>
      )}
      {confusion.length ? (
        <Confusion
          {...{ confusion, classes }}
          isPixels={perClass.some(({ iou }) => iou !== null)}
        />
      ) : null}
      {pairs.length ? <Agreement pairs={pairs} /> : null}
      {perClass.length ? <ClassTable rows={perClass} /> : null}
      {examples.length ? (
        <Examples examples={examples} classes={classes} />
      ) : null}
    </div>
  );
}

/** Every score, under the name that the platform gives it. */
function Score({ evaluation }: { evaluation: IEvaluation }): JSX.Element {
  return (
    <dl className="jp-Platform-scores">
      {evaluation.scores.map(({ name, label, value }, at) => (
        <div key={name} className={at === 0 ? 'jp-mod-main' : undefined}>
          <dt>{label}</dt>
          <dd>{scoreText(value)}</dd>
        </div>
      ))}
    </dl>
  );
}

/** A share with four decimals, as results are quoted; anything else as measured values are. */
function scoreText(value: number | null): string {
  const isShare = value !== null && value <= 1 && (value === 0 || value > 1e-3);
  return isShare ? value.toFixed(4) : formatValue(value);
}

function circumstances(
  {
    measuredOn,
    samples,
    criterion,
    msPerSample,
    seconds,
    positive
  }: IEvaluation,
  trans: TranslationBundle
): string {
  const parts = [
    positive !== null && trans.__('scores of %1', positive),
    measuredOn !== null
      ? trans.__('measured on %1', measuredOn)
      : samples !== null && trans.__('%1 samples', formatCount(samples)),
    criterion !== null && trans.__('criterion %1', criterion),
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
  'iou',
  'precision',
  'recall',
  'specificity',
  'f1',
  'mcc',
  'support'
];

/** A score of a class; one of pixels that does not occur has none. */
function classScoreText(row: IClassScore, name: ClassColumn): string {
  const value = row[name];
  return name === 'support'
    ? formatCount(row.support)
    : typeof value === 'number'
      ? value.toFixed(3)
      : '–';
}

/** The score of each class, the worst first. */
function ClassTable({ rows }: { rows: readonly IClassScore[] }): JSX.Element {
  const { trans } = useViewContext();
  const [column, setColumn] = useState<ClassColumn>('f1');
  const [descending, setDescending] = useState(false);
  const sorted = useMemo(
    () => sortClasses(rows, column, descending),
    [rows, column, descending]
  );
  const isPixels = rows.some(row => row.iou !== null);
  const labels: { readonly [name in ClassColumn]: string } = {
    name: trans.__('class'),
    iou: 'IoU',
    precision: trans.__('precision'),
    recall: trans.__('recall'),
    specificity: trans.__('specificity'),
    f1: 'F1',
    mcc: 'MCC',
    support: isPixels ? trans.__('pixels') : trans.__('samples')
  };
  const columns = COLUMNS.filter(name => rows.some(row => row[name] !== null));
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
              {columns.map(name => (
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
                {columns.slice(1).map(name => (
                  <td key={name} className="jp-Platform-number">
                    {classScoreText(row, name)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
