import type { IJob, Json } from '../wire';

/** One row of the table of classes. */
export interface IClassScore {
  readonly name: string;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  readonly support: number;
  /** Share of the samples of other classes that are not taken for it; older jobs have none. */
  readonly specificity: number | null;
  /** Matthews correlation coefficient; older jobs have none. */
  readonly mcc: number | null;
  /** Intersection over union; only of classes of pixels, and null of those that do not occur. */
  readonly iou: number | null;
}

/** One sample with what the network made of it. */
export interface IExample {
  /** Index in the dataset. */
  readonly index: number;
  /** Nested lists of numbers; null where the sample is too large to be kept. */
  readonly input: Json;
  readonly truth: Json;
  readonly prediction: Json;
  /** Of the predicted class; null for a regression. */
  readonly probability: number | null;
}

/** What an EVALUATE job found. */
export interface IEvaluation {
  /** All of them, the leading one first. */
  readonly scores: IJob['scores'];
  /** Name of the class that a binary evaluation is about. */
  readonly positive: string | null;
  /** File that holds what the network gave for each sample; null where none is kept. */
  readonly outputs: string | null;
  readonly classes: readonly string[];
  /** Samples by true, then by predicted class. */
  readonly confusion: readonly (readonly number[])[];
  readonly perClass: readonly IClassScore[];
  /** True and predicted number of some samples of a regression. */
  readonly pairs: readonly (readonly [number, number])[];
  readonly examples: readonly IExample[];
  /** What to know about the scores, as sentences. */
  readonly warnings: readonly string[];
  readonly samples: number | null;
  /** By which samples it was judged, such as `test, 360 samples`; older jobs do not tell. */
  readonly measuredOn: string | null;
  readonly criterion: string | null;
  readonly msPerSample: number | null;
  readonly seconds: number | null;
}

/** Read what an EVALUATE job found; null when it has no result that tells anything. */
export function readEvaluation({
  type,
  result,
  scores
}: Pick<IJob, 'type' | 'result' | 'scores'>): IEvaluation | null {
  if (type !== 'EVALUATE' || !result) {
    return null;
  }
  if (scores.length === 0 && readWarnings(result).length === 0) {
    return null;
  }
  const perClass = listOf(result.per_class).map(readClass);
  const names = listOf(result.classes).map(name =>
    typeof name === 'string' ? name : JSON.stringify(name)
  );
  const classes = names.length ? names : perClass.map(({ name }) => name);
  return {
    scores,
    positive: textOf(result.positive),
    outputs: fileOf(result.outputs),
    classes,
    confusion: listOf(result.confusion).map(row => listOf(row).map(countOf)),
    perClass,
    pairs: listOf(result.pairs).flatMap(readPair),
    examples: listOf(result.examples).map(readExample),
    warnings: readWarnings(result),
    samples: numberOf(result.samples),
    measuredOn: textOf(result.measured_on),
    criterion: textOf(result.criterion),
    msPerSample: numberOf(result.forward_ms_per_sample),
    seconds: numberOf(result.evaluation_time_s)
  };
}

/** What to know about the numbers of a result, as sentences. */
export function readWarnings(result: IJob['result']): readonly string[] {
  return listOf(result?.warnings).filter(text => typeof text === 'string');
}

function readPair(pair: Json): (readonly [number, number])[] {
  const [truth, prediction] = listOf(pair).map(numberOf);
  return typeof truth === 'number' && typeof prediction === 'number'
    ? [[truth, prediction]]
    : [];
}

function readClass(row: Json): IClassScore {
  const fields = recordOf(row);
  return {
    name: typeof fields.class === 'string' ? fields.class : '',
    precision: countOf(fields.precision),
    recall: countOf(fields.recall),
    f1: countOf(fields.f1),
    support: countOf(fields.support),
    specificity: numberOf(fields.specificity),
    mcc: numberOf(fields.mcc),
    iou: numberOf(fields.iou)
  };
}

function readExample(example: Json): IExample {
  const fields = recordOf(example);
  return {
    index: countOf(fields.index),
    input: fields.input ?? null,
    truth: fields.truth ?? null,
    prediction: fields.prediction ?? null,
    probability: numberOf(fields.probability)
  };
}

function fileOf(value: Json | undefined): string | null {
  const { file } = recordOf(value);
  return typeof file === 'string' ? file : null;
}

/** A number, or null for anything else. */
export function numberOf(value: Json | undefined): number | null {
  return typeof value === 'number' ? value : null;
}

function countOf(value: Json | undefined): number {
  return numberOf(value) ?? 0;
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}

/** An object, empty for anything else. */
export function recordOf(value: Json | undefined): {
  readonly [key: string]: Json;
} {
  const isRecord =
    typeof value === 'object' && value !== null && !Array.isArray(value);
  return isRecord ? (value as { readonly [key: string]: Json }) : {};
}

/** A column of the table of classes. */
export type ClassColumn = keyof IClassScore;

/** Sort the table of classes; what has the same value stays in its order. */
export function sortClasses(
  rows: readonly IClassScore[],
  column: ClassColumn,
  descending: boolean
): IClassScore[] {
  const sign = descending ? -1 : 1;
  return [...rows].sort((one, other) => {
    const [a, b] = [one[column], other[column]];
    return typeof a !== 'string' && typeof b !== 'string'
      ? sign * ((a ?? 0) - (b ?? 0))
      : sign * String(a).localeCompare(String(b), undefined, { numeric: true });
  });
}

/** Two classes that are taken for one another. */
export interface IConfusedPair {
  readonly truth: number;
  readonly predicted: number;
  readonly count: number;
}

/** The confusions that happen most, the most frequent first. */
export function worstConfusions(
  confusion: IEvaluation['confusion'],
  most: number
): IConfusedPair[] {
  const pairs = confusion.flatMap((row, truth) =>
    row.map((count, predicted) => ({ truth, predicted, count }))
  );
  return pairs
    .filter(({ truth, predicted, count }) => truth !== predicted && count > 0)
    .sort((one, other) => other.count - one.count)
    .slice(0, most);
}

/** A sample as a picture. */
export interface IPicture {
  readonly width: number;
  readonly height: number;
  /** Red, green, blue and opacity of each pixel, row by row. */
  readonly pixels: Uint8ClampedArray<ArrayBuffer>;
}

/**
 * Make a picture of a sample of shape (height, width), or (1 or 3, height, width).
 *
 * @returns null where the sample is no picture
 */
export function toPicture(
  input: Json,
  range?: readonly [number, number]
): IPicture | null {
  const planes = planesOf(input);
  if (!planes) {
    return null;
  }
  const [height, width] = [planes[0].length, planes[0][0].length];
  const values = planes.flat(2);
  const [low, high] = range ?? [
    values.reduce((least, value) => Math.min(least, value), Infinity),
    values.reduce((most, value) => Math.max(most, value), -Infinity)
  ];
  const scale = high > low ? 255 / (high - low) : 0;
  const pixels = new Uint8ClampedArray(4 * width * height);
  for (let at = 0; at < width * height; at++) {
    const [row, column] = [Math.floor(at / width), at % width];
    for (let colour = 0; colour < 3; colour++) {
      const plane = planes[planes.length === 3 ? colour : 0];
      pixels[4 * at + colour] = (plane[row][column] - low) * scale;
    }
    pixels[4 * at + 3] = 255;
  }
  return { width, height, pixels };
}

/** The planes of colour of a picture; null where it is none. */
function planesOf(input: Json): number[][][] | null {
  const shape = shapeOf(input);
  const [height, width] = shape.slice(-2);
  const colours = shape.length === 2 ? 1 : shape[0];
  const isPicture =
    (shape.length === 2 || shape.length === 3) &&
    (colours === 1 || colours === 3) &&
    Math.min(height, width) > 1;
  if (!isPicture) {
    return null;
  }
  return (shape.length === 2 ? [input] : input) as number[][][];
}

function shapeOf(input: Json): number[] {
  const shape: number[] = [];
  let inner: Json | undefined = input;
  while (Array.isArray(inner)) {
    const list = inner as readonly Json[];
    shape.push(list.length);
    inner = list[0];
  }
  return typeof inner === 'number' ? shape : [];
}

function textOf(value: Json | undefined): string | null {
  return typeof value === 'string' ? value : null;
}
