import { useId } from 'react';
import type { ReactNode } from 'react';

import { controlOf } from '../../models/entries';
import type { SubmitForm } from '../../models/submit-form';
import type { IFieldError } from '../../wire';
import { useViewContext } from '../view-context';

/** Errors by the control that they belong to. */
export type ErrorsByControl = ReadonlyMap<string, readonly IFieldError[]>;

/** What all fields of the form are given. */
export interface IFormContext {
  readonly form: SubmitForm;
  readonly errors: ErrorsByControl;
}

/** What a control is given by the field around it. */
export interface IControlProps {
  id: string;
  isInvalid: boolean;
  describedBy: string;
}

interface IFieldProps extends IFormContext {
  /** Name of the control, to which errors are brought. */
  control: string;
  label: string;
  help?: string;
  children: (props: IControlProps) => ReactNode;
}

/** A control with its label, its help, and what is wrong with it. */
export function Field({
  form,
  errors,
  control,
  label,
  help,
  children
}: IFieldProps): JSX.Element {
  const id = useId();
  const wrong = errors.get(control) ?? [];
  return (
    <div
      className="jp-Platform-field"
      data-control={control}
      data-invalid={wrong.length > 0 || undefined}
    >
      <label htmlFor={id}>{label}</label>
      {children({
        id,
        isInvalid: wrong.length > 0,
        describedBy: `${id}-help ${id}-errors`
      })}
      <div id={`${id}-errors`}>
        <Errors form={form} errors={wrong} />
      </div>
      {help ? (
        <p id={`${id}-help`} className="jp-Platform-quiet">
          {help}
        </p>
      ) : null}
    </div>
  );
}

/** What is wrong, each with the way out of it where there is one. */
export function Errors({
  form,
  errors
}: {
  form: SubmitForm;
  errors: readonly IFieldError[];
}): JSX.Element {
  const { trans } = useViewContext();
  return (
    <>
      {errors.map(error => (
        <p className="jp-Platform-error" role="alert" key={error.message}>
          <span aria-hidden>✗</span> {error.message}{' '}
          {error.nearest ? (
            <button
              type="button"
              className="jp-Platform-link"
              onClick={() => fix(form, error)}
            >
              {trans.__('Use %1', error.nearest)}
            </button>
          ) : null}
        </p>
      ))}
    </>
  );
}

/** Take the known name that is nearest to an unknown one. */
function fix(form: SubmitForm, error: IFieldError): void {
  const { field, nearest } = error;
  if (nearest === null) {
    return;
  }
  const control = controlOf(error, [], form.view.entries.networks);
  if (control.startsWith('network.')) {
    form.setNetwork(Number(control.slice('network.'.length)), nearest);
  } else if (field === 'dataset') {
    form.change({ dataset: nearest });
  } else {
    form.renameOption(field.replace(/^options\./, ''), nearest);
  }
}
