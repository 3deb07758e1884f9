import { useMemo, useState } from 'react';

import { applicableOptions, STRATEGY } from '../../models/applicable';
import type { IFormView } from '../../models/form-view';
import type { IOptionProperty, IStrategy } from '../../wire';
import { SearchField } from '../search-field';
import { useViewContext } from '../view-context';
import type { IFormContext } from './field';
import { OptionField } from './option-field';
import { ENVIRONMENT, useSuggestions } from './suggestions';

type NamedOption = readonly [string, IOptionProperty];

interface IOptionFieldsProps extends IFormContext {
  view: IFormView;
}

/** The options that people change most, and all others by what they are about. */
export function OptionFields(props: IOptionFieldsProps): JSX.Element | null {
  const { view } = props;
  const options = useMemo(
    () => applicableOptions(view).filter(([name]) => name !== STRATEGY),
    [view]
  );
  const common = options.filter(([, { common }]) => common);
  const others = options.filter(([, { common }]) => !common);
  return view.schema ? (
    <>
      <FieldList {...props} options={common} />
      {others.length ? <AllOptions {...props} options={others} /> : null}
    </>
  ) : null;
}

/** The way of learning or judging, which decides what else is asked for. */
export function StrategyField({
  form,
  view,
  errors
}: IOptionFieldsProps): JSX.Element | null {
  const option = applicableOptions(view).find(([name]) => name === STRATEGY);
  if (!option) {
    return null;
  }
  const [name, property] = withStrategies(option, view);
  return (
    <OptionField
      {...{ form, errors, name, property }}
      value={view.entries.options.get(name)}
      check={view.check}
    />
  );
}

interface IOptionListProps extends IOptionFieldsProps {
  options: readonly NamedOption[];
}

/** The options in their groups, of which a search leaves those that it finds. */
function AllOptions(props: IOptionListProps): JSX.Element {
  const { view, errors, options } = props;
  const { trans } = useViewContext();
  const [search, setSearch] = useState('');
  const found = options.filter(option => isFound(option, search));
  const given = options.some(([name]) => view.entries.options.has(name));
  const wrong = options.some(([name]) => errors.has(`option.${name}`));
  return (
    <details open={given || wrong || undefined}>
      <summary>{trans.__('All options')}</summary>
      <div className="jp-Platform-tools">
        <SearchField
          text={search}
          label={trans.__('Search options')}
          onChange={setSearch}
        />
        <span className="jp-Platform-quiet" role="status">
          {search.trim() ? countText(found.length, options.length, trans) : ''}
        </span>
      </div>
      {grouped(found).map(([group, members]) => (
        <OptionGroup
          key={group}
          {...props}
          title={group}
          options={members}
          isSearched={search.trim() !== ''}
        />
      ))}
    </details>
  );
}

function countText(
  found: number,
  all: number,
  trans: ReturnType<typeof useViewContext>['trans']
): string {
  return found
    ? trans.__('%1 of %2', found, all)
    : trans.__('No option has these words in its name or help.');
}

interface IOptionGroupProps extends IOptionListProps {
  title: string;
  isSearched: boolean;
}

/** Options about one thing; open while one of them is set, wrong, or found. */
function OptionGroup(props: IOptionGroupProps): JSX.Element {
  const { view, errors, options, title, isSearched } = props;
  const { trans } = useViewContext();
  const names = options.map(([name]) => name);
  const given = names.filter(name => view.entries.options.has(name)).length;
  const wrong = names.some(name => errors.has(`option.${name}`));
  const [isOpen, setOpen] = useState(given > 0);
  const isForced = isSearched || wrong;
  return (
    <details
      className="jp-Platform-optionGroup"
      open={isOpen || isForced}
      onToggle={event => {
        if (!isForced) {
          setOpen(event.currentTarget.open);
        }
      }}
    >
      <summary>
        {title}{' '}
        <span className="jp-Platform-quiet">
          {given
            ? trans.__('%1 options, %2 set', options.length, given)
            : trans._n('one option', '%1 options', options.length)}
        </span>
      </summary>
      <FieldList {...props} />
    </details>
  );
}

function FieldList({
  form,
  view,
  errors,
  options
}: IOptionListProps): JSX.Element {
  const { entries, check } = view;
  const suggestions = useSuggestions(
    view,
    options.some(([name]) => name === ENVIRONMENT)
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
          suggestions={suggestions[name]}
        />
      ))}
    </div>
  );
}

/** Whether each word stands in what is known of an option. */
export function isFound(
  [name, { description, group, dianne }]: NamedOption,
  search: string
): boolean {
  const known = [name, name.replace(/_/g, ' '), description, group];
  const all = [...known, ...(dianne ?? [])].join('\n').toLowerCase();
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return words.every(word => all.includes(word));
}

function grouped(
  options: readonly NamedOption[]
): [string, readonly NamedOption[]][] {
  const groups = new Map<string, NamedOption[]>();
  for (const option of options) {
    const { group } = option[1];
    groups.set(group, [...(groups.get(group) ?? []), option]);
  }
  return [...groups];
}

/** The option that names the strategy offers those that there are. */
function withStrategies(
  [name, property]: NamedOption,
  { strategies, entries }: IFormView
): NamedOption {
  const offered = (strategies ?? []).filter(({ types }: IStrategy) =>
    types.includes(entries.type)
  );
  if (name !== STRATEGY || offered.length === 0) {
    return [name, property];
  }
  return [name, { ...property, enum: offered.map(item => item.name) }];
}
