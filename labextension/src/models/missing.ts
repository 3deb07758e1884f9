import type { TranslationBundle } from '@jupyterlab/translation';

import type { IFieldError } from '../wire';
import { rolesOf, sourcesOf } from './applicable';
import type { IChoices } from './applicable';

/** What every job of this kind needs and nobody has entered yet. */
export function missingOf(
  choices: IChoices,
  trans: TranslationBundle
): IFieldError[] {
  const { dataset, networks, options } = choices.entries;
  const found: IFieldError[] = [];
  const miss = (field: string, message: string): void => {
    const rest = { value: null, accepted: null, nearest: null };
    found.push({ field, message, ...rest });
  };
  const count = rolesOf(choices)?.length ?? networks.length;
  for (let position = 0; position < Math.max(count, 1); position++) {
    if (!networks[position]?.trim()) {
      miss(`networks.${position}`, trans.__('Choose a network.'));
    }
  }
  const named = [dataset, options.get('environment'), options.get('pool')];
  if (sourcesOf(choices).includes('dataset')) {
    if (!dataset.trim()) {
      miss('dataset', trans.__('Choose a dataset.'));
    }
  } else if (!named.some(Boolean)) {
    miss('environment', trans.__('Name an environment.'));
  }
  return found;
}
