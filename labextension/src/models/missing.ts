import type { TranslationBundle } from '@jupyterlab/translation';

import type { IFieldError } from '../wire';
import { needsNoSamples, rolesOf, sourcesOf, takesCode } from './applicable';
import type { IChoices } from './applicable';

/** What every job of this kind needs and nobody has entered yet. */
export function missingOf(
  choices: IChoices,
  trans: TranslationBundle
): IFieldError[] {
  return takesCode(choices)
    ? missingCode(choices, trans)
    : missingNetworks(choices, trans);
}

function missing(field: string, message: string): IFieldError {
  return { field, message, value: null, accepted: null, nearest: null };
}

function missingCode(
  { entries }: IChoices,
  trans: TranslationBundle
): IFieldError[] {
  const named = ['script', 'module', 'cell'].some(name =>
    Boolean(entries.options.get(name))
  );
  return named
    ? []
    : [missing('script', trans.__('Name a script or a notebook.'))];
}

function missingNetworks(
  choices: IChoices,
  trans: TranslationBundle
): IFieldError[] {
  const { dataset, networks, options } = choices.entries;
  const found: IFieldError[] = [];
  const count = rolesOf(choices)?.length ?? networks.length;
  for (let position = 0; position < Math.max(count, 1); position++) {
    if (!networks[position]?.trim()) {
      found.push(
        missing(`networks.${position}`, trans.__('Choose a network.'))
      );
    }
  }
  const named = [dataset, options.get('environment'), options.get('pool')];
  if (sourcesOf(choices).includes('dataset')) {
    if (!dataset.trim() && !needsNoSamples(choices)) {
      found.push(missing('dataset', trans.__('Choose a dataset.')));
    }
  } else if (!named.some(Boolean)) {
    found.push(missing('environment', trans.__('Name an environment.')));
  }
  return found;
}
