import type {
  IDataset,
  INetwork,
  IOptionProperty,
  Json,
  SourceKind
} from '../wire';
import { kindOf } from './kinds';
import { valueText } from './option-text';
import type { IFormView } from './form-view';

/** What decides which options and networks a submission has. */
export type IChoices = Pick<
  IFormView,
  | 'entries'
  | 'schema'
  | 'networks'
  | 'datasets'
  | 'strategies'
  | 'check'
  | 'kinds'
>;

/** The option that names the way of learning. */
export const STRATEGY = 'strategy';

/** The value that an option has or would get; null where only the platform knows. */
export function resolvedOption(choices: IChoices, name: string): Json {
  const { entries, check } = choices;
  const given = entries.options.get(name);
  if (given !== undefined) {
    return given;
  }
  if (check && name in check.options && !(name in check.given)) {
    return check.options[name];
  }
  return defaultOf(choices, name);
}

/** The default of an option, in the order of the platform: the data, the network, itself. */
function defaultOf(choices: IChoices, name: string): Json {
  const ofDataset = chosenDataset(choices)?.descriptor.adapters[name];
  const ofNetwork = firstNetwork(choices)?.description.defaults[name];
  const standard = choices.schema?.properties[name]?.default;
  return ofDataset ?? ofNetwork ?? standard ?? null;
}

/** The options that mean something beside the others, in the order of the schema. */
export function applicableOptions(
  choices: IChoices
): [string, IOptionProperty][] {
  return Object.entries(choices.schema?.properties ?? {}).filter(
    ([, { when }]) =>
      Object.entries(when ?? {}).every(([other, values]) =>
        holds(resolvedOption(choices, other), values)
      )
  );
}

/** Whether a value, which may be written in another case, is one of some. */
function holds(value: Json, values: readonly Json[]): boolean {
  const text = valueText(value).toLowerCase();
  return values.some(item => valueText(item).toLowerCase() === text);
}

/**
 * What each network of the submission is for.
 *
 * @returns null where the platform does not tell
 */
export function rolesOf(choices: IChoices): readonly string[] | null {
  const { entries, strategies } = choices;
  const name = valueText(resolvedOption(choices, STRATEGY)).toLowerCase();
  const found = strategies?.find(
    item => item.name === name && item.types.includes(entries.type)
  );
  return found?.roles ?? null;
}

/** Whether this kind of job runs code of one's own, and works on no network. */
export function takesCode({
  entries,
  kinds
}: Pick<IChoices, 'entries' | 'kinds'>): boolean {
  return kindOf(kinds, entries.type)?.takes === 'code';
}

/** Whether a job of this kind may name a dataset. */
export function kindTakesDatasets({
  entries,
  kinds
}: Pick<IChoices, 'entries' | 'kinds'>): boolean {
  const samples = kindOf(kinds, entries.type)?.samples ?? 'strategy';
  return samples === 'strategy' || samples === 'optional';
}

/** Whether a job of this kind does without samples where none are named. */
export function needsNoSamples({
  entries,
  kinds
}: Pick<IChoices, 'entries' | 'kinds'>): boolean {
  return kindOf(kinds, entries.type)?.samples === 'optional';
}

/** Where the samples of the submission can come from. */
export function sourcesOf(choices: IChoices): readonly SourceKind[] {
  const { entries, kinds, strategies } = choices;
  switch (kindOf(kinds, entries.type)?.samples) {
    case 'none':
      return [];
    case 'optional':
      return ['dataset'];
    case 'environment':
      // The pool that it writes to is an option of its own.
      return ['environment'];
  }
  const name = valueText(resolvedOption(choices, STRATEGY)).toLowerCase();
  const found = strategies?.find(
    item => item.name === name && item.types.includes(entries.type)
  );
  return found?.learns_from ?? ['dataset'];
}

/** The names of networks that are sent: one for each role, where those are known. */
export function networksToSend(choices: IChoices): readonly string[] {
  const { networks } = choices.entries;
  if (takesCode(choices)) {
    return [];
  }
  const roles = rolesOf(choices);
  return roles ? networks.slice(0, Math.max(roles.length, 1)) : networks;
}

/** The record of the dataset that was named. */
function chosenDataset({
  entries,
  datasets
}: Pick<IChoices, 'entries' | 'datasets'>): IDataset | undefined {
  return datasets?.find(
    ({ descriptor }) => descriptor.name === entries.dataset.trim()
  );
}

/** The record of the network that was named first. */
export function firstNetwork({
  entries,
  networks
}: Pick<IChoices, 'entries' | 'networks'>): INetwork | undefined {
  return networks?.find(
    ({ description }) => description.name === entries.networks[0].trim()
  );
}
