import type { IJobError } from '../../wire';
import { CopyButton } from '../copy-button';
import { useViewContext } from '../view-context';

/** What went wrong, all of which can be copied. */
export function Failure({ error }: { error: IJobError }): JSX.Element {
  const { trans } = useViewContext();
  const { type, message, traceback, log_tail: tail } = error;
  const parts = [`${type}: ${message}`, traceback, tail];
  return (
    <section
      className="jp-Platform-failure"
      aria-label={trans.__('Why the job failed')}
    >
      <p>
        <strong>{type}</strong> {message}
      </p>
      {traceback ? (
        <details open={traceback.length < 4_000}>
          <summary>{trans.__('Traceback')}</summary>
          <pre tabIndex={0}>{traceback}</pre>
        </details>
      ) : null}
      {tail ? (
        <details>
          <summary>{trans.__('Last lines of the log')}</summary>
          <pre tabIndex={0}>{tail}</pre>
        </details>
      ) : null}
      <CopyButton
        text={parts.filter(Boolean).join('\n\n')}
        label={trans.__('Copy error')}
        isWide
      />
    </section>
  );
}
