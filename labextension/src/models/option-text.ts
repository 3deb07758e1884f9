import type { IJobSubmission, Json } from '../wire';

/** Options by name, in the order in which they were given. */
export type Options = ReadonlyMap<string, Json>;

/** A word that is no option. */
export interface IBadWord {
  readonly word: string;
  /** The key, when it stands twice. */
  readonly twice: string | null;
}

/** What was read out of a text of options. */
export interface IParsedOptions {
  readonly options: Options;
  readonly bad: readonly IBadWord[];
}

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

/** One option as `key=value`, in quotes where it holds spaces. */
export function optionWord(key: string, value: Json): string {
  const text = valueText(value);
  const mark = text.includes('"') ? "'" : '"';
  return `${key}=${/[\s"']/.test(text) ? mark + text + mark : text}`;
}

/** Options as lines of `key=value`. */
export function toLines(options: Options): string {
  return [...options].map(([key, value]) => optionWord(key, value)).join('\n');
}

const WORD = /^([^\s=]+)=("[^"]*"|'[^']*'|[^\s"']\S*|(?=\s|$))\s*/;

/**
 * Read `key=value` words, separated by any white space, values with spaces in quotes.
 *
 * @param text - what was typed or pasted
 * @param known - options whose values stay as they are where the text says the same
 */
export function parseLines(
  text: string,
  known: Options = new Map()
): IParsedOptions {
  const options = new Map<string, Json>();
  const bad: IBadWord[] = [];
  let rest = text.trim();
  while (rest) {
    const match = WORD.exec(rest);
    if (!match) {
      const word = rest.split(/\s/, 1)[0];
      bad.push({ word, twice: null });
      rest = rest.slice(word.length).trimStart();
      continue;
    }
    const [whole, key, quoted] = match;
    const value = quoted.replace(/^(["'])([^]*)\1$/, '$2');
    if (options.has(key)) {
      bad.push({ word: whole.trim(), twice: key });
    }
    const before = known.get(key);
    const same = before !== undefined && valueText(before) === value;
    options.set(key, same ? before : value);
    rest = rest.slice(whole.length);
  }
  return { options, bad };
}

/** The submission as a line for a notebook. */
export function magicLine(submission: IJobSubmission): string {
  return ['%submit', ...words(submission).map(quote)].join(' ');
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
  const flags: [string, Json | undefined][] = [
    ['--name', name],
    ['--cpus', request?.cpus],
    ['--memory', request?.memory],
    ['--gpus', request?.gpus],
    ['--priority', priority || undefined]
  ];
  return [
    type,
    networks.join(','),
    ...(dataset ? [dataset] : []),
    ...Object.entries(options ?? {}).map(
      ([key, value]) => `${key}=${valueText(value)}`
    ),
    ...flags.flatMap(([flag, value]) =>
      value === undefined || value === null || value === ''
        ? []
        : [flag, valueText(value)]
    )
  ];
}
