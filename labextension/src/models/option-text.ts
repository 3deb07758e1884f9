import type { IJobSubmission, Json } from '../wire';

/** Options by name, in the order in which they were given. */
export type Options = ReadonlyMap<string, Json>;

/** The value of an option as people write it. */
export function valueText(value: Json): string {
  if (Array.isArray(value)) {
    return (value as readonly Json[]).map(valueText).join(',');
  }
  return typeof value === 'object' && value !== null
    ? JSON.stringify(value)
    : value === null
      ? ''
      : String(value);
}

/** One option as `key=value`, quoted as shells do where it needs that. */
export function optionWord(key: string, value: Json): string {
  const text = valueText(value);
  return `${key}=${text && quote(text)}`;
}

/** Options as lines of `key=value`. */
export function toLines(options: Options): string {
  return [...options].map(([key, value]) => optionWord(key, value)).join('\n');
}

/**
 * Options as they were read out of a text, with the type of values that were not touched.
 *
 * @param read - what the platform read
 * @param known - options whose values stay as they are where the text says the same
 */
export function withKnownValues(
  read: { readonly [key: string]: string },
  known: Options
): Options {
  return new Map(
    Object.entries(read).map(([key, text]) => {
      const before = known.get(key);
      const same = before !== undefined && valueText(before) === text;
      return [key, same ? before : text];
    })
  );
}

/**
 * The submission as a line for a notebook.
 *
 * @param search - of a sweep, how it chooses its values
 */
export function magicLine(
  submission: IJobSubmission,
  search?: { method: string; trials?: number | string } | null
): string {
  const { method, trials } = search ?? {};
  const flags = method && method !== 'grid' ? ['--search', method] : [];
  const drawn = trials === undefined ? [] : ['--trials', String(trials)];
  const all = [...words(submission), ...flags, ...drawn];
  return ['%submit', ...all.map(quote)].join(' ');
}

/** The submission as a line for a terminal. */
export function terminalLine(submission: IJobSubmission): string {
  return ['jupyter platform submit', ...words(submission).map(quote)].join(' ');
}

/** Quote a word as shells do, where it needs that. */
function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word)
    ? word
    : `'${word.replace(/'/g, "'\\''")}'`;
}

function words(submission: IJobSubmission): string[] {
  const { type, networks, dataset, name, options, request, priority } =
    submission;
  const { target_count, targets, target_filter, force_free } = submission;
  const flags: [string, Json | undefined][] = [
    ['--name', name],
    ['--cpus', request?.cpus],
    ['--memory', request?.memory],
    ['--gpus', request?.gpus],
    ['--priority', priority || undefined],
    ['--count', target_count],
    ['--targets', targets],
    ['--filter', target_filter]
  ];
  return [
    type,
    ...(networks?.length ? [networks.join(',')] : []),
    ...(dataset ? [dataset] : []),
    ...Object.entries(options ?? {}).map(
      ([key, value]) => `${key}=${valueText(value)}`
    ),
    ...flags.flatMap(([flag, value]) =>
      value === undefined || value === null || value === ''
        ? []
        : [flag, valueText(value)]
    ),
    ...(force_free ? ['--force-free'] : [])
  ];
}
