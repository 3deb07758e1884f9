/**
 * The page of a service: a form for each function of its models, and what they answer.
 */

import { copyButton, element, tabs } from './elements.js';
import { answer } from './results.js';
import { trainings } from './trainings.js';
import { field } from './widgets.js';

const API = new URL('../', window.location.href);
const page = name => document.getElementById(name);

const theme = new URLSearchParams(window.location.search).get('theme');
if (theme === 'light' || theme === 'dark') {
  document.documentElement.dataset.theme = theme;
}

void start();

async function start() {
  const main = page('main');
  try {
    const response = await fetch(new URL('description', API));
    const told = await response.json();
    if (!response.ok) {
      throw new Error(told.message);
    }
    showAge(told.code);
    choose(told.models);
  } catch (error) {
    main.replaceChildren(
      element(
        'p',
        { class: 'wrong', role: 'alert' },
        `The service does not answer: ${error.message}`
      )
    );
  } finally {
    main.removeAttribute('aria-busy');
  }
}

function showAge(code) {
  const older = page('older');
  older.hidden = !code.changed.length;
  if (older.hidden) {
    return;
  }
  const names = code.changed.map(file => file.split('/').at(-1)).join(', ');
  const button = element('button', { type: 'button' }, 'Read it anew');
  button.addEventListener('click', async () => {
    button.disabled = true;
    const response = await fetch(new URL('restart', API), { method: 'POST' });
    const told = await response.json();
    if (response.ok) {
      window.location.reload();
      return;
    }
    older.append(element('p', { class: 'wrong', role: 'alert' }, told.message));
    button.disabled = false;
  });
  older.replaceChildren(`The API runs older code: ${names} changed since. `, button);
}

function choose(models) {
  const select = page('models');
  select.replaceChildren(
    ...models.map((model, number) => element('option', { value: number }, model.name))
  );
  select.hidden = models.length < 2;
  select.addEventListener('change', () => show(models[Number(select.value)]));
  show(models[0]);
}

function show(model) {
  const title = model.metadata.title ?? model.metadata.name ?? model.name;
  page('title').textContent = title;
  document.title = `Try ${title}`;
  page('about').textContent = model.metadata.summary ?? model.metadata.description ?? '';
  const offered = ['predict', 'train'].filter(
    name => model[name].implemented && model[name].enabled
  );
  const views = { predict: () => predictView(model), train: () => trainView(model) };
  if (!offered.length) {
    page('main').replaceChildren(element('p', {}, 'This service offers no function of the model.'));
    return;
  }
  const names = offered.map(name => ({ predict: 'Predict', train: 'Train' })[name]);
  tabs(page('functions'), names, page('main'), number =>
    page('main').replaceChildren(views[offered[number]]())
  );
}

function predictView(model) {
  const method = model.predict;
  const results = element('section', { id: 'results', 'aria-label': 'Answer' });
  const kinds = element('div', {
    id: 'kinds',
    role: 'tablist',
    'aria-label': 'Type of the answer'
  });
  const kept = new Map();
  let accept = method.accept[0];
  const view = () =>
    results.replaceChildren(
      kept.get(accept) ?? element('p', { class: 'quiet' }, `Run to get ${accept}.`)
    );
  const form = makeForm(method, 'Run', async (parts, say) => {
    const asked = accept;
    const query = parts.query;
    if (method.accept.length > 1) {
      query.append('accept', asked);
    }
    const response = await call(model, 'predict', query, parts.form);
    if (response.ok) {
      kept.set(asked, await answer(response, method.answer));
      view();
    } else {
      await say(response);
    }
  });
  tabs(kinds, method.accept, results, number => {
    accept = method.accept[number];
    view();
  });
  const snippet = element('details', {}, element('summary', {}, 'The same from a shell'));
  snippet.addEventListener('toggle', () => {
    if (snippet.open) {
      const text = curl(model, form.parts(), method.accept.length > 1 ? accept : null);
      const copy = copyButton(() => text);
      snippet.replaceChildren(
        snippet.firstElementChild,
        element('pre', { tabindex: '0' }, text),
        copy
      );
    }
  });
  return element(
    'div',
    { class: 'columns' },
    element('div', {}, form.element, snippet),
    element('div', {}, kinds, results)
  );
}

function trainView(model) {
  const list = trainings(new URL(`v2/models/${encodeURIComponent(model.name)}/train/`, API));
  const form = makeForm(model.train, 'Train', async (parts, say) => {
    const response = await call(model, 'train', parts.query, parts.form);
    await (response.ok ? list.refresh() : say(response));
  });
  return element('div', { class: 'columns' }, form.element, list.element);
}

function makeForm(method, verb, run) {
  const fields = method.arguments.map(field);
  const button = element('button', { type: 'submit', class: 'main' }, verb);
  const status = element('span', { role: 'status', class: 'quiet' });
  const fault = element('p', { class: 'wrong', role: 'alert', hidden: '' });
  const form = element(
    'form',
    { novalidate: '' },
    ...fields.map(item => item.element),
    element('div', { class: 'row' }, button, status),
    fault
  );
  const parts = () => collect(fields);
  const say = async response => {
    const told = await response.json().catch(() => ({ message: `Status ${response.status}.` }));
    const blamed =
      response.status === 422
        ? fields.map(item => item.blame(told[item.name])).filter(Boolean)
        : [];
    blamed[0]?.focus();
    const known = new Set(fields.map(item => item.name));
    const others =
      response.status === 422 && !told.message
        ? Object.entries(told).filter(([name]) => !known.has(name))
        : [];
    const text = told.message ?? others.map(([name, messages]) => `${name}: ${messages}`).join(' ');
    fault.textContent = text;
    fault.hidden = !text;
  };
  form.addEventListener('submit', async event => {
    event.preventDefault();
    fields.forEach(item => item.blame(null));
    fault.hidden = true;
    button.disabled = true;
    const began = performance.now();
    const tick = setInterval(() => (status.textContent = `Running… ${seconds(began)} s`), 500);
    try {
      await run(parts(), say);
      status.textContent = `Took ${seconds(began)} s`;
    } catch (error) {
      fault.textContent = `The service does not answer: ${error.message}`;
      fault.hidden = false;
      status.textContent = '';
    } finally {
      clearInterval(tick);
      button.disabled = false;
    }
  });
  return { element: form, parts };
}

function seconds(began) {
  return ((performance.now() - began) / 1000).toFixed(1);
}

function collect(fields) {
  const query = new URLSearchParams();
  const form = new FormData();
  let isForm = false;
  for (const item of fields) {
    for (const [name, value] of item.read()) {
      if (item.isFile) {
        form.append(name, value);
        isForm = true;
      } else {
        query.append(name, value);
      }
    }
  }
  return { query, form: isForm ? form : null };
}

function call(model, method, query, form) {
  return fetch(address(model, method, query), { method: 'POST', body: form });
}

function address(model, method, query) {
  const url = new URL(`v2/models/${encodeURIComponent(model.name)}/${method}/`, API);
  url.search = query.toString();
  return url;
}

function curl(model, { query, form }, accept) {
  const quoted = text => `'${text.replaceAll("'", "'\\''")}'`;
  const lines = [`curl -X POST ${quoted(address(model, 'predict', query).href)}`];
  if (accept) {
    lines.push(`-H ${quoted(`accept: ${accept}`)}`);
  }
  for (const [name, file] of form ?? []) {
    lines.push(`-F ${quoted(`${name}=@${file.name};type=${file.type}`)}`);
  }
  return lines.join(' \\\n  ');
}
