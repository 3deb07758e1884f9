import type { TranslationBundle } from '@jupyterlab/translation';

import type { IPool, IDataset, INetwork } from '../../wire';
import { formatCount } from '../../format';
import { namedTags } from '../../models/tags';
import type { IChoice } from './combobox';

/** Networks to choose from, those that take samples of the chosen dataset first. */
export function networkChoices(
  networks: readonly INetwork[] | null,
  dataset: IDataset | undefined,
  trans: TranslationBundle
): IChoice[] | null {
  const choices = networks?.map(network => {
    const { description, facts } = network;
    const tags = namedTags(network.tags);
    const fits = doFit(network, dataset);
    const shape = facts?.input_shape ?? description.input_shape;
    const detail = [
      shape && shapeText(shape),
      facts &&
        facts.parameters > 0 &&
        trans.__('%1 parameters', formatCount(facts.parameters)),
      description.task,
      tags.length > 0 && trans._n('%1 tag', '%1 tags', tags.length),
      fits === false && trans.__('does not fit %1', dataset?.descriptor.name)
    ];
    return {
      name: description.name,
      title: description.title || description.summary,
      detail: detail.filter(Boolean).join(' · '),
      fits: fits !== false
    };
  });
  return choices ? fittingFirst(choices) : null;
}

/** Datasets to choose from, those that the chosen network takes first. */
export function datasetChoices(
  datasets: readonly IDataset[] | null,
  network: INetwork | undefined,
  trans: TranslationBundle
): IChoice[] | null {
  const choices = datasets?.map(dataset => {
    const { descriptor, facts } = dataset;
    const fits = network ? doFit(network, dataset) : null;
    const detail = [
      stateText(dataset, trans),
      facts && trans.__('%1 samples', formatCount(facts.size)),
      facts && shapeText(facts.shape),
      facts &&
        (facts.task === 'classification'
          ? trans.__('%1 classes', facts.outputs)
          : trans._n('%1 target', '%1 targets', facts.outputs)),
      fits === false && trans.__('does not fit %1', network?.description.name)
    ];
    return {
      name: descriptor.name,
      title: descriptor.title || descriptor.summary,
      detail: detail.filter(Boolean).join(' · '),
      fits: fits !== false
    };
  });
  return choices ? fittingFirst(choices) : null;
}

/** Why its numbers are not known; nothing where they are. */
function stateText(
  { state, reading }: IDataset,
  trans: TranslationBundle
): string {
  switch (state) {
    case 'ready':
      return reading ? trans.__('being read') : '';
    case 'not downloaded':
      return trans.__('not downloaded');
    case 'downloading':
      return trans.__('downloading');
    default:
      return trans.__('broken');
  }
}

/** Pools of experience to learn from. */
export function poolChoices(
  pools: readonly IPool[] | null,
  trans: TranslationBundle
): IChoice[] | null {
  return (
    pools?.map(({ name, environment, episodes }) => ({
      name,
      title: environment,
      detail: trans._n('%1 episode', '%1 episodes', episodes)
    })) ?? null
  );
}

function fittingFirst(
  choices: readonly (IChoice & { fits: boolean })[]
): IChoice[] {
  return [
    ...choices.filter(({ fits }) => fits),
    ...choices.filter(({ fits }) => !fits)
  ];
}

/** Whether a network takes the samples of a dataset; null where that is not known. */
export function doFit(
  { description, facts }: INetwork,
  dataset: IDataset | undefined
): boolean | null {
  const data = dataset?.facts;
  const shape = facts?.input_shape ?? description.input_shape;
  if (!data) {
    return null;
  }
  if (description.task && description.task !== data.task) {
    return false;
  }
  return shape ? shape.join() === data.shape.join() : null;
}

function shapeText(shape: readonly number[]): string {
  return shape.join('×');
}
