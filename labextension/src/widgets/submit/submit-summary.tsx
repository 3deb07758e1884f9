import { sourcesOf, takesCode } from '../../models/applicable';
import { magicLine } from '../../models/option-text';
import type { IFormView } from '../../models/form-view';
import type { SubmitForm } from '../../models/submit-form';
import { CommandLine } from '../jobview/options';
import { useViewContext } from '../view-context';
import type { ErrorsByControl } from './field';
import { SweepPart } from './sweep-part';

interface ISubmitSummaryProps {
  form: SubmitForm;
  view: IFormView;
  errors: ErrorsByControl;
}

/** What would happen, how to say it in a notebook, and the button. */
export function SubmitSummary({
  form,
  view,
  errors
}: ISubmitSummaryProps): JSX.Element {
  const { trans } = useViewContext();
  const { check, message, submitting } = view;
  const ready = form.isFilledIn;
  const { sweep } = form;
  return (
    <footer className="jp-Platform-submitSummary">
      {message === null ? null : (
        <p className="jp-Platform-error" role="alert">
          <span aria-hidden>✗</span> {message}
        </p>
      )}
      {sweep ? <SweepPart {...{ form, errors, view, sweep }} /> : null}
      <p role="status" aria-busy={view.checking}>
        {check
          ? check.when
          : errors.size
            ? trans._n(
                'One entry is not accepted yet.',
                '%1 entries are not accepted yet.',
                errors.size
              )
            : ready
              ? trans.__('Asking when it would start…')
              : takesCode(view)
                ? trans.__('Name a script or a module.')
                : sourcesOf(view).includes('dataset')
                  ? trans.__('Choose a network and a dataset.')
                  : trans.__('Choose a network and an environment.')}
      </p>
      <Warnings check={check} />
      <DianneDefaults {...{ form, check }} />
      {ready ? (
        <CommandLine
          title={trans.__('The same in a notebook')}
          line={magicLine(form.submission, sweep)}
        />
      ) : null}
      <div className="jp-Platform-actions">
        <button
          type="submit"
          className="jp-Platform-button jp-mod-filled"
          disabled={submitting}
          title={trans.__('Ctrl+Enter')}
        >
          {submitting ? trans.__('Submitting…') : trans.__('Submit')}
        </button>
      </div>
    </footer>
  );
}

/** The way to DIANNE's own defaults, of a line in its words that leaves some to the platform. */
function DianneDefaults({
  form,
  check
}: {
  form: SubmitForm;
  check: IFormView['check'];
}): JSX.Element | null {
  const { trans } = useViewContext();
  return Object.keys(check?.dianne_defaults ?? {}).length ? (
    <button
      type="button"
      className="jp-Platform-button"
      title={trans.__('Set the options that are named above')}
      onClick={() => form.takeDianneDefaults()}
    >
      {trans.__('Take DIANNE’s defaults')}
    </button>
  ) : null;
}

function Warnings({ check }: { check: IFormView['check'] }): JSX.Element {
  return (
    <>
      {(check?.warnings ?? []).map(warning => (
        <p className="jp-Platform-warning" key={warning}>
          <span aria-hidden>▲</span> {warning}
        </p>
      ))}
    </>
  );
}
