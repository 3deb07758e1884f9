/** What narrows the list of items: words, filters, and searches that were saved. */

import { button, make } from './elements.js';

export const CLASS = 'jp-PlatformItems';
/** Values of a filter that are shown before one asks for the others. */
const FIRST_VALUES = 8;
const SORTS = [
  ['name', 'Name'],
  ['updated', 'Newest'],
  ['relevance', 'Relevance']
];

function picked(filters) {
  return Object.entries(filters ?? {}).flatMap(([field, values]) =>
    values.map(value => [field, value])
  );
}

/** The search field, the order, and searches that were saved. */
export class Tools {
  constructor(model, change) {
    this._model = model;
    this._change = change;
    this._search = make('input', {
      type: 'search',
      placeholder: 'Search items',
      'aria-label': 'Search items',
      oninput: () => change({ text: this._search.value })
    });
    this._sort = make(
      'select',
      {
        'aria-label': 'Order',
        onchange: () => change({ sort: this._sort.value })
      },
      ...SORTS.map(([value, text]) => make('option', { value }, text))
    );
    this._saved = make('select', {
      'aria-label': 'Saved searches',
      onchange: () => this._recall()
    });
    this._save = button('Save search', { onclick: () => this._name() });
    this._forget = button('Forget', {
      title: 'Forget the chosen saved search',
      onclick: () => this._send('forget', this._chosen())
    });
    this._naming = make(
      'form',
      {
        hidden: true,
        class: `${CLASS}-naming`,
        onsubmit: event => this._keep(event)
      },
      make('input', { 'aria-label': 'Name of the search', required: true }),
      make('button', { type: 'submit' }, 'Save')
    );
    this.element = make(
      'div',
      { class: `${CLASS}-tools` },
      this._search,
      this._sort,
      this._saved,
      this._save,
      this._forget,
      this._naming
    );
    this.draw();
    this.drawSearches();
  }

  draw() {
    const { text, sort } = this._model.get('query');
    if (document.activeElement !== this._search) {
      this._search.value = text;
    }
    this._sort.value = sort;
  }

  drawSearches() {
    const chosen = this._chosen();
    const searches = this._model.get('searches');
    this._save.hidden = searches === null;
    const names = (searches ?? []).map(({ name }) => name);
    this._saved.replaceChildren(
      make('option', { value: '' }, 'Saved searches'),
      ...names.map(name => make('option', { value: name }, name))
    );
    this._saved.value = names.includes(chosen) ? chosen : '';
    this._saved.hidden = names.length === 0;
    this._forget.hidden = this._saved.value === '';
  }

  _chosen() {
    return this._saved.value;
  }

  _recall() {
    const saved = (this._model.get('searches') ?? []).find(({ name }) => name === this._chosen());
    this._forget.hidden = !saved;
    if (saved) {
      this._change(saved.query);
    }
  }

  _name() {
    this._naming.hidden = !this._naming.hidden;
    this._naming.querySelector('input').focus();
  }

  _keep(event) {
    event.preventDefault();
    const field = this._naming.querySelector('input');
    this._send('save', field.value.trim());
    field.value = '';
    this._naming.hidden = true;
  }

  _send(kind, name) {
    this._model.send({ kind, name });
  }
}

/** The values by which one filters, with how many items each would leave. */
export class Facets {
  constructor(model, toggle) {
    this._model = model;
    this._toggle = toggle;
    this._fields = new Map();
    this.element = make('div', { class: `${CLASS}-facets` });
    this.draw();
  }

  draw() {
    for (const facet of this._model.get('answer').facets ?? []) {
      this._field(facet.field, facet.label).draw(
        facet.values,
        this._model.get('query').filters[facet.field] ?? []
      );
    }
  }

  _field(name, label) {
    if (!this._fields.has(name)) {
      const field = new Facet(name, label, this._toggle);
      this._fields.set(name, field);
      this.element.append(field.element);
    }
    return this._fields.get(name);
  }
}

class Facet {
  constructor(name, label, toggle) {
    this._name = name;
    this._toggle = toggle;
    this._lines = new Map();
    this._isOpen = false;
    this._find = make('input', {
      type: 'search',
      placeholder: `Find in ${label.toLowerCase()}`,
      'aria-label': `Find in ${label.toLowerCase()}`,
      hidden: true,
      oninput: () => this._show()
    });
    this._more = button('', {
      class: `${CLASS}-more`,
      hidden: true,
      onclick: () => {
        this._isOpen = !this._isOpen;
        this._show();
      }
    });
    this._list = make('div');
    this.element = make(
      'fieldset',
      {},
      make('legend', {}, label),
      this._find,
      this._list,
      this._more
    );
  }

  /** Lines stay where they are, so that the focus does too. */
  draw(values, chosen) {
    const counts = new Map(values.map(({ value, count }) => [value, count]));
    values.forEach(({ value, text }) => this._add(value, text));
    chosen.forEach(value => this._add(value, value));
    for (const [value, line] of this._lines) {
      const count = counts.get(value) ?? 0;
      line.box.checked = chosen.includes(value);
      line.count.textContent = count.toLocaleString('en');
      line.isOffered = count > 0 || line.box.checked;
    }
    this._show();
  }

  _add(value, text) {
    if (this._lines.has(value)) {
      return;
    }
    const box = make('input', {
      type: 'checkbox',
      onchange: () => this._toggle(this._name, value)
    });
    const count = make('span', { class: `${CLASS}-count` });
    const element = make('label', {}, box, make('span', {}, text), count);
    this._lines.set(value, { box, count, element, text, isOffered: true });
    this._list.append(element);
  }

  _show() {
    const wanted = this._find.value.trim().toLowerCase();
    let shown = 0;
    let offered = 0;
    for (const line of this._lines.values()) {
      const fits = line.isOffered && line.text.toLowerCase().includes(wanted);
      offered += line.isOffered ? 1 : 0;
      const isFew = shown < FIRST_VALUES || this._isOpen || wanted !== '';
      line.element.hidden = !fits || !(isFew || line.box.checked);
      shown += line.element.hidden ? 0 : 1;
    }
    const isLong = offered > FIRST_VALUES;
    this._find.hidden = !isLong;
    this._more.hidden = !isLong || wanted !== '';
    this._more.textContent = this._isOpen ? 'Fewer' : `All ${offered}`;
    this._more.setAttribute('aria-expanded', String(this._isOpen));
    this.element.hidden = offered === 0;
  }
}

/** How many items there are, and what narrows them, each with a button that takes it away. */
export class Summary {
  constructor(model, { change, toggle, drawer }) {
    this._model = model;
    this._change = change;
    this._toggle = toggle;
    this._total = make('p', { role: 'status' });
    this._filters = button('Filters', {
      class: `${CLASS}-drawerButton`,
      'aria-expanded': 'false',
      onclick: () => {
        const isOpen = drawer();
        this._filters.setAttribute('aria-expanded', String(isOpen));
      }
    });
    this._chips = make('div', { class: `${CLASS}-chips` });
    this.element = make(
      'div',
      { class: `${CLASS}-summary` },
      this._filters,
      this._total,
      this._chips
    );
    this.draw();
  }

  draw() {
    const { total, message } = this._model.get('answer');
    const { filters, groups } = this._model.get('query');
    const number = Number(total ?? 0).toLocaleString('en');
    this._total.textContent =
      message ||
      (total === undefined
        ? 'Reading the marketplace…'
        : `${number} ${total === 1 ? 'result' : 'results'}`);
    const chosen = picked(filters);
    const narrowing = chosen.length + groups.length;
    this._filters.textContent = narrowing
      ? `Filters (${narrowing})`
      : 'Filters';
    this._chips.replaceChildren(
      ...groups.map((group, at) => this._group(group, at)),
      ...chosen.map(([field, value]) =>
        this._chip(this._word(field, value), () => this._toggle(field, value))
      ),
      ...(chosen.length ? [this._adding()] : []),
      ...(narrowing ? [this._clearing()] : [])
    );
  }

  _group(group, at) {
    const words = picked(group).map(([field, value]) =>
      this._word(field, value)
    );
    return make(
      'span',
      { class: `${CLASS}-group` },
      this._chip(words.join(' + '), () =>
        this._change({
          groups: this._model.get('query').groups.filter((_, to) => to !== at)
        })
      ),
      'or'
    );
  }

  /** What people see of a value. */
  _word(field, value) {
    const { facets } = this._model.get('answer');
    const facet = facets?.find(item => item.field === field);
    return facet?.values.find(item => item.value === value)?.text ?? value;
  }

  _chip(text, act) {
    const cross = make('span', { 'aria-hidden': 'true' }, ' ✕');
    return button(
      `Remove ${text}`,
      { class: `${CLASS}-chip`, onclick: act },
      text,
      cross
    );
  }

  _adding() {
    return button('Or…', {
      title:
        'Keep these filters as a group and choose others: items of any group are shown',
      onclick: () => {
        const { filters, groups } = this._model.get('query');
        this._change({ filters: {}, groups: [...groups, filters] });
      }
    });
  }

  _clearing() {
    return button('Clear', {
      title: 'Take all filters away',
      onclick: () => this._change({ filters: {}, groups: [] })
    });
  }
}
