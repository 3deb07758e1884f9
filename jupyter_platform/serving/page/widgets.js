/**
 * Fields of a form, one for each argument of a function.
 */

import { element, preview } from './elements.js';

const LONG = 60;
const EXAMPLES = { list: '0.1, 0.2', mapping: '{"key": 1}' };
const INPUTS = { date: 'date', datetime: 'datetime-local', time: 'time' };

/**
 * Make the field of an argument.
 *
 * @param argument - An `ArgumentDescription`.
 * @returns Its element; `read()`, which gives name and value pairs, none where nothing is given;
 * and `blame(messages)`, which shows what is wrong with it.
 */
export function field(argument) {
  const id = `argument-${argument.name}`;
  const made = widget(argument, id);
  const fault = element('p', { class: 'wrong', id: `${id}-fault`, hidden: '' });
  const described = argument.description
    ? element('p', { class: 'help', id: `${id}-help` }, argument.description)
    : null;
  const limits = hint(argument);
  made.control.setAttribute(
    'aria-describedby',
    [described && `${id}-help`, `${id}-fault`].filter(Boolean).join(' ')
  );
  const isBoolean = argument.kind === 'boolean' && !argument.choices;
  const name = [
    argument.name,
    argument.required ? element('span', { class: 'required' }, ' required') : ''
  ];
  const label = isBoolean
    ? element('label', {}, made.shown, element('span', {}, ...name))
    : element('label', { for: id }, ...name);
  const whole = element(
    'div',
    { class: `field${isBoolean ? ' is-boolean' : ''}` },
    label,
    isBoolean ? null : made.shown,
    described,
    limits ? element('p', { class: 'help' }, limits) : null,
    fault
  );
  return {
    element: whole,
    name: argument.name,
    isFile: holdsFiles(argument),
    read: () => made.read().map(value => [argument.name, value]),
    blame(messages) {
      fault.textContent = messages ? sentences(messages) : '';
      fault.hidden = !messages;
      made.control.setAttribute('aria-invalid', String(Boolean(messages)));
      return messages ? made.control : null;
    }
  };
}

/** Return whether an argument takes files. */
export function holdsFiles(argument) {
  return argument.kind === 'file' || argument.item?.kind === 'file';
}

function widget(argument, id) {
  if (holdsFiles(argument)) {
    return files(argument, id);
  }
  if (argument.choices && argument.kind === 'list') {
    return several(argument, id);
  }
  if (argument.choices) {
    return choice(argument, id);
  }
  switch (argument.kind) {
    case 'boolean':
      return checkbox(argument, id);
    case 'integer':
    case 'number':
      return number(argument, id);
    case 'mapping':
    case 'any':
      return area(argument, id);
    default:
      return line(argument, id);
  }
}

function hint(argument) {
  const { minimum, maximum, min_length: shortest, max_length: longest } = argument;
  const parts = [];
  if (minimum !== null && maximum !== null) {
    parts.push(`${minimum} to ${maximum}`);
  } else if (minimum !== null) {
    parts.push(`from ${minimum}`);
  } else if (maximum !== null) {
    parts.push(`up to ${maximum}`);
  }
  if (shortest) {
    parts.push(`at least ${shortest} long`);
  }
  if (longest !== null) {
    parts.push(`at most ${longest} long`);
  }
  return parts.join(', ');
}

function single(control, shown = control) {
  return { control, shown, read: () => (control.value === '' ? [] : [control.value]) };
}

function line(argument, id) {
  const value = text(argument.default);
  const isLong = argument.kind === 'text' && (value.length > LONG || value.includes('\n'));
  if (isLong) {
    return area(argument, id);
  }
  const control = element('input', {
    id,
    type: argument.secret ? 'password' : (INPUTS[argument.kind] ?? 'text'),
    placeholder: EXAMPLES[argument.kind] ?? '',
    autocomplete: 'off',
    value
  });
  if (argument.kind !== 'list') {
    return single(control);
  }
  return { control, shown: control, read: () => entries(control.value) };
}

function entries(written) {
  const trimmed = written.trim();
  if (!trimmed) {
    return [];
  }
  if (trimmed.startsWith('[')) {
    try {
      const found = JSON.parse(trimmed);
      return found.map(item => (typeof item === 'object' ? JSON.stringify(item) : String(item)));
    } catch {
      return [trimmed];
    }
  }
  return trimmed.split(',').map(item => item.trim());
}

function area(argument, id) {
  return single(
    element(
      'textarea',
      { id, placeholder: EXAMPLES[argument.kind] ?? '', spellcheck: 'false' },
      text(argument.default)
    )
  );
}

function text(value) {
  if (value === null || value === undefined) {
    return '';
  }
  if (Array.isArray(value)) {
    return value.every(item => typeof item !== 'object') ? value.join(', ') : JSON.stringify(value);
  }
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function checkbox(argument, id) {
  const control = element('input', { id, type: 'checkbox' });
  control.checked = argument.default === true;
  return { control, shown: control, read: () => [String(control.checked)] };
}

function number(argument, id) {
  const { minimum, maximum } = argument;
  const whole = argument.kind === 'integer';
  const step = whole ? 1 : 'any';
  const bounds = {
    ...(minimum !== null && { min: minimum }),
    ...(maximum !== null && { max: maximum })
  };
  const control = element('input', {
    id,
    type: 'number',
    step,
    inputmode: 'decimal',
    ...bounds,
    value: text(argument.default)
  });
  const isSmall = minimum !== null && maximum !== null && maximum - minimum <= 10_000;
  if (!isSmall) {
    return single(control);
  }
  const slider = element('input', {
    type: 'range',
    'aria-label': `${argument.name}, slider`,
    step: whole ? 1 : (maximum - minimum) / 100,
    ...bounds
  });
  slider.value = control.value === '' ? String(minimum) : control.value;
  slider.addEventListener('input', () => (control.value = slider.value));
  control.addEventListener('input', () => (slider.value = control.value));
  return single(control, element('div', { class: 'range' }, slider, control));
}

function choice(argument, id) {
  const options = argument.choices.map(item =>
    element('option', { value: text(item) }, text(item))
  );
  if (argument.default === null) {
    options.unshift(element('option', { value: '' }, argument.required ? 'Choose…' : '—'));
  }
  const control = element('select', { id }, ...options);
  control.value = text(argument.default);
  return single(control);
}

function several(argument, id) {
  const chosen = new Set((argument.default ?? []).map(String));
  const options = argument.choices.map(item => {
    const option = element('option', { value: text(item) }, text(item));
    option.selected = chosen.has(String(item));
    return option;
  });
  const control = element(
    'select',
    { id, multiple: '', size: Math.min(options.length, 6) },
    ...options
  );
  return {
    control,
    shown: control,
    read: () => [...control.selectedOptions].map(item => item.value)
  };
}

function files(argument, id) {
  const isMany = argument.kind === 'list';
  const media = argument.media ?? argument.item?.media;
  const control = element('input', {
    id,
    type: 'file',
    ...(isMany && { multiple: '' }),
    ...(media && { accept: `${media}/*` })
  });
  const shown = element('div', { 'aria-live': 'polite' });
  const drop = element('div', { class: 'drop' }, control, shown);
  const show = () =>
    shown.replaceChildren(...[...control.files].map(file => preview(file, file.type, file.name)));
  control.addEventListener('change', show);
  for (const kind of ['dragover', 'dragleave', 'drop']) {
    drop.addEventListener(kind, event => {
      event.preventDefault();
      drop.classList.toggle('is-over', kind === 'dragover');
      if (kind === 'drop' && event.dataTransfer.files.length) {
        control.files = event.dataTransfer.files;
        show();
      }
    });
  }
  return { control, shown: drop, read: () => [...control.files] };
}

function sentences(messages) {
  if (Array.isArray(messages)) {
    return messages.map(sentences).join(' ');
  }
  if (messages && typeof messages === 'object') {
    return Object.entries(messages)
      .map(([key, value]) => `${key}: ${sentences(value)}`)
      .join(' ');
  }
  return String(messages);
}
