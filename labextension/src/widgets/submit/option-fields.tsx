import type { IFormView } from '../../models/submit-form';
import type { INetwork, IOptionProperty } from '../../wire';
import { useSurroundings } from '../surroundings';
import type { IFormContext } from './field';
import { OptionField } from './option-field';

interface IOptionFieldsProps extends IFormContext {
  view: IFormView;
}

/** The options that people change most, and all others by what they are about. */
export function OptionFields(props: IOptionFieldsProps): JSX.Element | null {
  const { trans } = useSurroundings();
  const { schema, entries } = props.view;
  if (!schema) {
    return null;
  }
  const all = Object.entries(schema.properties);
  const common = all.filter(([, { common }]) => common);
  const groups = new Map<string, [string, IOptionProperty][]>();
  for (const [name, property] of all) {
    if (!property.common) {
      const group = groups.get(property.group) ?? [];
      groups.set(property.group, [...group, [name, property]]);
    }
  }
  const given = all.some(
    ([name, { common }]) => !common && entries.options.has(name)
  );
  const wrong = all.some(
    ([name, { common }]) => !common && props.errors.has(`option.${name}`)
  );
  return (
    <>
      <FieldList {...props} options={common} />
      {groups.size ? (
        <details open={given || wrong || undefined}>
          <summary>{trans.__('All options')}</summary>
          {[...groups].map(([group, options]) => (
            <fieldset key={group}>
              <legend>{group}</legend>
              <FieldList {...props} options={options} />
            </fieldset>
          ))}
        </details>
      ) : null}
    </>
  );
}

function FieldList({
  form,
  view,
  errors,
  options
}: IOptionFieldsProps & {
  options: readonly (readonly [string, IOptionProperty])[];
}): JSX.Element {
  const { entries, networks, check } = view;
  const network = networks?.find(
    ({ description }) => description.name === entries.network
  );
  return (
    <div className="jp-Platform-fields jp-mod-options">
      {options.map(([name, property]) => (
        <OptionField
          key={name}
          form={form}
          errors={errors}
          name={name}
          property={property}
          value={entries.options.get(name)}
          check={check}
          suggestions={name === 'tag' ? tagsOf(network) : undefined}
        />
      ))}
    </div>
  );
}

/** The weights that a network has, newest first. */
function tagsOf(network: INetwork | undefined): string[] {
  const tags = [...(network?.tags ?? [])].sort((one, other) =>
    other.updated_at.localeCompare(one.updated_at)
  );
  return tags.map(({ tag }) => tag);
}
