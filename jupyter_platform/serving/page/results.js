/**
 * Answers of a model, each shown as what it is.
 */

import { copyButton, element, medium, preview } from './elements.js';

const MOST_BARS = 10;
const MOST_ROWS = 200;
const SIGNATURES = [
  ['iVBORw0KGgo', 'image/png'],
  ['/9j/', 'image/jpeg'],
  ['R0lGOD', 'image/gif'],
  ['UklGR', 'audio/wav'],
  ['SUQz', 'audio/mpeg'],
  ['AAAA', 'video/mp4']
];
const WHOLE_BASE64 = /^[A-Za-z0-9+/\s]{64,}={0,2}$/;

/**
 * Show the body of an answer.
 *
 * @param response - What `fetch` gave.
 * @param fields - What the module tells of its answer; null where it tells nothing.
 */
export async function answer(response, fields) {
  const type = (response.headers.get('content-type') ?? '').split(';')[0];
  if (type !== 'application/json') {
    return preview(await response.blob(), type, `answer${ending(type)}`);
  }
  const text = await response.text();
  const told = JSON.parse(text);
  const isWrapped = told && Object.keys(told).join() === 'status,predictions';
  const value = isWrapped ? told.predictions : told;
  const media = new Map(
    (fields ?? []).filter(item => item.media).map(item => [item.name, item.media])
  );
  const pretty = JSON.stringify(told, null, 2);
  const raw = element(
    'details',
    {},
    element('summary', {}, 'The answer as JSON'),
    element('pre', { tabindex: '0' }, pretty),
    copyButton(() => pretty)
  );
  return element('div', {}, ...shown(value, media), raw);
}

function ending(type) {
  const known = {
    'application/zip': '.zip',
    'application/pdf': '.pdf',
    'text/plain': '.txt',
    'text/csv': '.csv'
  };
  return known[type] ?? '';
}

function shown(value, media) {
  if (value === null || typeof value !== 'object') {
    return [single(value, null)];
  }
  if (Array.isArray(value)) {
    return [rows(value)];
  }
  const rest = { ...value };
  const parts = [];
  if (isChart(value.labels, value.probabilities)) {
    parts.push(chart(value.labels, value.probabilities));
    delete rest.labels;
    delete rest.probabilities;
  } else if (isChart(value.classes, value.probabilities?.[0])) {
    parts.push(chart(value.classes, value.probabilities[0]));
  }
  const plain = [];
  for (const [name, item] of Object.entries(rest)) {
    const type = mediaType(item, media.get(name));
    if (type) {
      const url = item.startsWith('data:')
        ? item
        : `data:${type};base64,${item.replace(/\s/g, '')}`;
      parts.push(element('h2', {}, name), medium(url, type, name));
    } else if (isTable(item)) {
      parts.push(element('h2', {}, name), rows(item));
    } else {
      plain.push([name, item]);
    }
  }
  if (plain.length) {
    parts.push(pairs(plain));
  }
  return parts;
}

function isChart(labels, shares) {
  return (
    Array.isArray(labels) &&
    Array.isArray(shares) &&
    labels.length === shares.length &&
    shares.length > 0 &&
    shares.every(item => typeof item === 'number')
  );
}

function chart(labels, shares) {
  const order = shares.map((_, number) => number).sort((a, b) => shares[b] - shares[a]);
  const bars = order.slice(0, MOST_BARS).map(number => {
    const width = `${Math.max(0, Math.min(1, shares[number])) * 100}%`;
    const bar = element('span', { class: 'bar', 'aria-hidden': 'true' });
    bar.style.width = width;
    return element(
      'li',
      {},
      bar,
      element('span', {}, String(labels[number])),
      element('span', {}, `${(shares[number] * 100).toFixed(1)} %`)
    );
  });
  const left = shares.length - bars.length;
  const list = element('ol', { class: 'chart', 'aria-label': 'Probabilities' }, ...bars);
  return left > 0
    ? element('div', {}, list, element('p', { class: 'quiet' }, `and ${left} less likely`))
    : list;
}

function mediaType(item, told) {
  if (typeof item !== 'string') {
    return null;
  }
  const own = /^data:((?:image|audio|video)\/[\w.+-]+);base64,/.exec(item);
  if (own) {
    return own[1];
  }
  if (!WHOLE_BASE64.test(item.slice(0, 4096))) {
    return null;
  }
  const signed = SIGNATURES.find(([start]) => item.startsWith(start))?.[1];
  if (told) {
    return signed?.startsWith(told)
      ? signed
      : { image: 'image/png', audio: 'audio/wav', video: 'video/mp4' }[told];
  }
  return signed && signed !== 'video/mp4' ? signed : null;
}

function isTable(item) {
  return (
    Array.isArray(item) &&
    item.length > 0 &&
    item.every(row => row && typeof row === 'object' && !Array.isArray(row))
  );
}

function rows(list) {
  if (!isTable(list)) {
    return single(list, null);
  }
  const columns = [...new Set(list.flatMap(row => Object.keys(row)))];
  const head = element('tr', {}, ...columns.map(name => element('th', { scope: 'col' }, name)));
  const body = list
    .slice(0, MOST_ROWS)
    .map(row =>
      element('tr', {}, ...columns.map(name => element('td', {}, single(row[name], name))))
    );
  const table = element('table', {}, element('thead', {}, head), element('tbody', {}, ...body));
  const left = list.length - body.length;
  return element(
    'div',
    { class: 'scroll', tabindex: '0' },
    table,
    left > 0 ? element('p', { class: 'quiet' }, `and ${left} rows more`) : null
  );
}

function pairs(items) {
  const body = items.map(([name, value]) =>
    element('tr', {}, element('th', { scope: 'row' }, name), element('td', {}, single(value, name)))
  );
  return element('table', {}, element('tbody', {}, ...body));
}

function single(value) {
  if (value === null || value === undefined) {
    return element('span', { class: 'quiet' }, '—');
  }
  if (typeof value === 'object') {
    const text = JSON.stringify(value);
    return text.length < 200
      ? element('code', {}, text)
      : element('pre', { tabindex: '0' }, JSON.stringify(value, null, 1));
  }
  const text = String(value);
  return text.length > 400 ? element('pre', { tabindex: '0' }, text) : element('span', {}, text);
}
