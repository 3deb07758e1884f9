import { DEFAULT_TRIALS, METHODS } from '../../models/sweep-entries';
import type { ISweepEntries } from '../../models/sweep-entries';
import type { IFormView } from '../../models/form-view';
import { useViewContext } from '../view-context';
import { Field } from './field';
import type { IFormContext } from './field';

interface ISweepPartProps extends IFormContext {
  view: IFormView;
  sweep: ISweepEntries;
}

/** How many jobs the listed values make, and how they are chosen. */
export function SweepPart({
  form,
  errors,
  view,
  sweep
}: ISweepPartProps): JSX.Element {
  const { trans } = useViewContext();
  const { method, jobs } = sweep;
  const context = { form, errors };
  const labels = {
    grid: trans.__('grid: every combination'),
    random: trans.__('random: drawn'),
    hyperband: trans.__('hyperband: drawn, the worst are stopped early')
  };
  return (
    <section aria-label={trans.__('Sweep')}>
      <p role="status">
        {jobs === null
          ? trans.__('Makes a sweep of several jobs.')
          : trans._n('Makes one job.', 'Makes %1 jobs.', jobs)}
      </p>
      <div className="jp-Platform-fields jp-mod-options">
        <Field {...context} control="search" label={trans.__('Search')}>
          {({ id, isInvalid, describedBy }) => (
            <div className="jp-Platform-select">
              <select
                id={id}
                value={method}
                aria-invalid={isInvalid}
                aria-describedby={describedBy}
                onChange={event => form.change({ search: event.target.value })}
              >
                {METHODS.map(item => (
                  <option key={item} value={item}>
                    {labels[item]}
                  </option>
                ))}
              </select>
            </div>
          )}
        </Field>
        {method === 'grid' ? null : (
          <Field {...context} control="trials" label={trans.__('Trials')}>
            {({ id, isInvalid, describedBy }) => (
              <input
                id={id}
                type="text"
                inputMode="numeric"
                value={view.entries.trials}
                placeholder={String(DEFAULT_TRIALS)}
                aria-invalid={isInvalid}
                aria-describedby={describedBy}
                onChange={event => form.change({ trials: event.target.value })}
              />
            )}
          </Field>
        )}
      </div>
    </section>
  );
}
