import { useEffect, useMemo, useRef } from 'react';

import { formatCount, formatValue } from '../../format';
import { toPicture } from '../../models/evaluation';
import type { IExample, IPicture } from '../../models/evaluation';
import type { Json } from '../../wire';
import { useViewContext } from '../view-context';

/** Numbers of an input that are shown where it is no picture. */
const SHOWN = 8;

interface IExamplesProps {
  examples: readonly IExample[];
  /** Names of the classes; empty for a regression. */
  classes: readonly string[];
}

/** Samples with the truth and what the network made of them. */
export function Examples({ examples, classes }: IExamplesProps): JSX.Element {
  const { trans } = useViewContext();
  return (
    <section aria-label={trans.__('Sample predictions')}>
      <h2>{trans.__('Samples')}</h2>
      <ul className="jp-Platform-examples">
        {examples.map(example => (
          <Example key={example.index} {...{ example, classes }} />
        ))}
      </ul>
    </section>
  );
}

function Example({
  example,
  classes
}: {
  example: IExample;
  classes: readonly string[];
}): JSX.Element {
  const { trans } = useViewContext();
  const { index, input, truth, prediction, probability } = example;
  const name = (value: Json): string =>
    typeof value !== 'number'
      ? valuesText(value)
      : probability === null
        ? formatValue(value)
        : (classes[value] ?? String(value));
  const count = classes.length;
  const [wanted, restored] = useMemo(() => {
    // Numbers of classes are as bright in one mask as in another.
    const range = count > 1 ? ([0, count - 1] as const) : undefined;
    return [toPicture(truth, range), toPicture(prediction, range)];
  }, [truth, prediction, count]);
  const wrong = probability !== null && truth !== prediction;
  return (
    <li data-wrong={wrong || undefined}>
      <Sample value={input} label={trans.__('sample %1', index)} />
      {wanted ? (
        <Picture
          picture={wanted}
          label={trans.__('what was wanted of sample %1', index)}
        />
      ) : truth === null ? null : (
        <span className="jp-Platform-truth">
          {trans.__('true %1', name(truth))}
        </span>
      )}
      {restored ? (
        <Picture
          picture={restored}
          label={trans.__('what the network made of sample %1', index)}
        />
      ) : null}
      <span hidden={restored !== null}>
        {wrong ? '✗ ' : probability === null ? '' : '✓ '}
        {prediction === null
          ? trans.__('gave no finite number')
          : trans.__('said %1', name(prediction))}
        {probability === null ? null : (
          <span className="jp-Platform-quiet">
            {' '}
            {`${Math.floor(probability * 1000) / 10} %`}
          </span>
        )}
      </span>
      <span className="jp-Platform-quiet">#{formatCount(index)}</span>
    </li>
  );
}

interface ISampleProps {
  value: Json;
  /** What it is, for those who do not see it. */
  label: string;
}

/** A sample: a picture where it is one, else its first numbers. */
export function Sample({ value, label }: ISampleProps): JSX.Element {
  const picture = useMemo(() => toPicture(value), [value]);
  return picture ? (
    <Picture picture={picture} label={label} />
  ) : (
    <span className="jp-Platform-quiet">{valuesText(value)}</span>
  );
}

/** The first numbers of a sample that is no picture. */
function valuesText(values: Json): string {
  if (!Array.isArray(values)) {
    return values === null ? '' : JSON.stringify(values);
  }
  const numbers = (values as readonly unknown[]).flat(8) as number[];
  const text = numbers.slice(0, SHOWN).map(formatValue).join(', ');
  return numbers.length > SHOWN ? `${text}, …` : text;
}

function Picture({
  picture,
  label
}: {
  picture: IPicture;
  label: string;
}): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { width, height, pixels } = picture;
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    context?.putImageData(new ImageData(pixels, width, height), 0, 0);
  }, [width, height, pixels]);
  return (
    <canvas
      ref={canvas}
      width={width}
      height={height}
      role="img"
      aria-label={label}
    />
  );
}
