import type { TranslationBundle } from '@jupyterlab/translation';

import { valueText } from '../../models/option-text';
import type { IJobCheck, IOptionProperty, Json } from '../../wire';
import { useViewContext } from '../view-context';
import { Field } from './field';
import type { IControlProps, IFormContext } from './field';

interface IOptionFieldProps extends IFormContext {
  name: string;
  property: IOptionProperty;
  /** What was given; undefined for nothing. */
  value: Json | undefined;
  /** What the platform would take; null while that is not known. */
  check: IJobCheck | null;
  /** Values to offer. */
  suggestions?: readonly ISuggestion[];
}

/** A value that an option may get. */
export interface ISuggestion {
  readonly value: string;
  /** What it is, in a few words. */
  readonly label?: string;
}

/** One option, as its schema describes it. */
export function OptionField(props: IOptionFieldProps): JSX.Element {
  const { form, errors, name, property } = props;
  const { trans } = useViewContext();
  return (
    <Field
      form={form}
      errors={errors}
      control={`option.${name}`}
      label={name}
      help={helpOf(property, trans)}
    >
      {control =>
        property.enum ? (
          <Choice {...props} control={control} />
        ) : property.type === 'boolean' ? (
          <Flag {...props} control={control} />
        ) : (
          <Text {...props} control={control} />
        )
      }
    </Field>
  );
}

/** What an option does, in which unit, and what holds without it. */
export function helpOf(
  { description, unit, default: usual, default_text: text }: IOptionProperty,
  trans: TranslationBundle
): string {
  const standard = text ?? (usual === null ? null : valueText(usual ?? null));
  return [
    description,
    unit && trans.__('Unit: %1.', unit),
    standard && trans.__('Default: %1.', standard)
  ]
    .filter(Boolean)
    .join(' ');
}

type ControlOf = IOptionFieldProps & { control: IControlProps };

function standardOf({ name, property, check }: IOptionFieldProps): string {
  const resolved = check?.options[name];
  return resolved === undefined || resolved === null
    ? (property.default_text ?? valueText(property.default ?? null))
    : valueText(resolved);
}

function Choice(props: ControlOf): JSX.Element {
  const { form, name, property, value, control } = props;
  const { trans } = useViewContext();
  const choices = (property.enum ?? [])
    .filter(item => item !== null)
    .map(valueText);
  const text = value === undefined ? '' : valueText(value);
  // What was given in another case, or is wrong, is shown as it is.
  const odd = text !== '' && !choices.includes(text);
  return (
    <div className="jp-Platform-select">
      <select
        id={control.id}
        value={text}
        aria-invalid={control.isInvalid}
        aria-describedby={control.describedBy}
        onChange={event => form.setOption(name, event.target.value)}
      >
        <option value="">
          {trans.__('default: %1', standardOf({ ...props, value: undefined }))}
        </option>
        {odd ? <option value={text}>{text}</option> : null}
        {choices.map(choice => (
          <option key={choice} value={choice}>
            {choice}
          </option>
        ))}
      </select>
    </div>
  );
}

function Flag(props: ControlOf): JSX.Element {
  const { form, name, value, control, property } = props;
  const standard = property.default === true;
  const isOn = value === undefined ? standard : valueText(value) === 'true';
  return (
    <input
      id={control.id}
      type="checkbox"
      checked={isOn}
      aria-invalid={control.isInvalid}
      aria-describedby={control.describedBy}
      onChange={event => {
        const { checked } = event.target;
        form.setOption(name, checked === standard ? undefined : checked);
      }}
    />
  );
}

function Text(props: ControlOf): JSX.Element {
  const { form, name, property, value, control, suggestions } = props;
  const listId = `${control.id}-list`;
  const number = property.type === 'integer' || property.type === 'number';
  return (
    <>
      <input
        id={control.id}
        type="text"
        inputMode={number ? 'decimal' : undefined}
        spellCheck={false}
        value={value === undefined ? '' : valueText(value)}
        placeholder={standardOf(props)}
        list={suggestions?.length ? listId : undefined}
        aria-invalid={control.isInvalid}
        aria-describedby={control.describedBy}
        onChange={event => form.setOption(name, event.target.value)}
      />
      {suggestions?.length ? (
        <datalist id={listId}>
          {suggestions.map(({ value, label }) => (
            <option key={value} value={value} label={label} />
          ))}
        </datalist>
      ) : null}
    </>
  );
}
