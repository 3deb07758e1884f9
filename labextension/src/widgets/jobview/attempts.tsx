import type { TranslationBundle } from '@jupyterlab/translation';

import { formatCount, formatDuration } from '../../format';
import type { IAttempt, IJob } from '../../wire';
import { usePlatformState } from '../live';
import { StateBadge } from '../state';
import { useViewContext } from '../view-context';
import { RelativeTime } from '../times';

/** Every try at running the job, and what was told about it. */
export function AttemptsPage({ job }: { job: IJob }): JSX.Element {
  const { model, trans } = useViewContext();
  const { notifications } = usePlatformState(model);
  const about = notifications.filter(item => item.job === job.id);
  return (
    <>
      {job.attempts.length === 0 ? (
        <p className="jp-Platform-hint">
          {trans.__('It has not been started yet.')}
        </p>
      ) : (
        <AttemptTable attempts={job.attempts} />
      )}
      {about.length ? (
        <>
          <h2>{trans.__('What happened')}</h2>
          <ul className="jp-Platform-events">
            {about.map(({ id, time, message }) => (
              <li key={id}>
                <RelativeTime iso={time} /> {message}
              </li>
            ))}
          </ul>
        </>
      ) : null}
    </>
  );
}

function AttemptTable({
  attempts
}: {
  attempts: readonly IAttempt[];
}): JSX.Element {
  const { trans } = useViewContext();
  return (
    <table className="jp-Platform-table">
      <thead>
        <tr>
          <th scope="col">{trans.__('attempt')}</th>
          <th scope="col">{trans.__('state')}</th>
          <th scope="col">{trans.__('host')}</th>
          <th scope="col">{trans.__('started')}</th>
          <th scope="col">{trans.__('took')}</th>
          <th scope="col">{trans.__('from iteration')}</th>
        </tr>
      </thead>
      <tbody>
        {attempts.map(attempt => (
          <tr key={attempt.number}>
            <th scope="row">{attempt.number}</th>
            <td>
              <StateBadge state={attempt.state} trans={trans} />
              {attempt.error ? (
                <span className="jp-Platform-why">
                  {attempt.error.type}: {attempt.error.message}
                </span>
              ) : null}
            </td>
            <td>{attempt.host ?? '–'}</td>
            <td>
              {attempt.started_at ? (
                <RelativeTime iso={attempt.started_at} />
              ) : (
                '–'
              )}
            </td>
            <td className="jp-Platform-number">{took(attempt, trans)}</td>
            <td className="jp-Platform-number">
              {formatCount(attempt.resume_step)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function took(
  { started_at: start, finished_at: end }: IAttempt,
  trans: TranslationBundle
): string {
  return start && end
    ? formatDuration((Date.parse(end) - Date.parse(start)) / 1000, trans)
    : '–';
}
