/** The cards of the items that were found. */

import { button, icon, make } from './elements.js';
import { CLASS } from './narrowing.js';

const CARD = { height: 150, gap: 12, narrowest: 264, columns: 4 };
/** Lists up to this long are in the page as a whole; of longer ones, what is in sight. */
const ALL_DRAWN = 200;
/** Rows that are drawn above and below what is in sight. */
const SPARE_ROWS = 2;

/** The cards; of a long list only those in sight are in the page. */
export class Cards {
  constructor(model) {
    this._model = model;
    this._items = new Map();
    this._drawn = new Map();
    this._asked = new Set();
    this._current = 0;
    this._frame = 0;
    this.element = make('ul', {
      class: `${CLASS}-cards`,
      'aria-label': 'Items',
      onkeydown: event => this._walk(event),
      onclick: event => this._open(event)
    });
    this._later = () => {
      this._frame ||= requestAnimationFrame(() => {
        this._frame = 0;
        this.draw();
      });
    };
    this._observer = new ResizeObserver(this._later);
    this._observer.observe(this.element);
    // Whatever scrolls, a tab of JupyterLab, a notebook or a page, is heard on its way down.
    document.addEventListener('scroll', this._later, {
      capture: true,
      passive: true
    });
  }

  dispose() {
    this._observer.disconnect();
    cancelAnimationFrame(this._frame);
    document.removeEventListener('scroll', this._later, { capture: true });
  }

  /** Show what was found anew. */
  show() {
    const { items } = this._model.get('answer');
    this._items = new Map((items ?? []).map((item, at) => [at, item]));
    this._asked = new Set();
    this._drawn.forEach(card => card.remove());
    this._drawn.clear();
    this._current = 0;
    this.draw();
  }

  /** Take over a further page of what was found. */
  add({ serial, offset, items }) {
    if (serial === this._model.get('answer').serial) {
      items.forEach((item, at) => {
        this._items.set(offset + at, item);
        this._drawn.get(offset + at)?.remove();
        this._drawn.delete(offset + at);
      });
      this.draw();
    }
  }

  draw() {
    const place = this._place();
    const height = Math.ceil(this._total() / place.columns) * place.pitch;
    this.element.style.height = `${Math.max(0, height - CARD.gap)}px`;
    const [from, to] = this._range(place);
    for (const [at, card] of this._drawn) {
      if (at < from || at >= to) {
        card.remove();
        this._drawn.delete(at);
      }
    }
    for (let at = from; at < to; at++) {
      this._put(at, place);
    }
    this._need(from, to);
  }

  _total() {
    return this._model.get('answer').total ?? 0;
  }

  _place() {
    const { clientWidth } = this.element;
    const fitting = Math.floor(
      (clientWidth + CARD.gap) / (CARD.narrowest + CARD.gap)
    );
    const columns = Math.max(1, Math.min(CARD.columns, fitting));
    const width = (clientWidth - CARD.gap * (columns - 1)) / columns;
    return { columns, width, pitch: CARD.height + CARD.gap };
  }

  _range({ columns, pitch }) {
    const total = this._total();
    if (total <= ALL_DRAWN) {
      return [0, total];
    }
    const { top } = this.element.getBoundingClientRect();
    const first = Math.floor(-top / pitch) - SPARE_ROWS;
    const last = Math.ceil((window.innerHeight - top) / pitch) + SPARE_ROWS;
    return [first, last].map(row =>
      Math.max(0, Math.min(total, row * columns))
    );
  }

  _put(at, { columns, width, pitch }) {
    let card = this._drawn.get(at);
    if (!card) {
      card = this._card(at);
      this._drawn.set(at, card);
      // In their order, which is that of the tab key and of screen readers.
      this.element.insertBefore(card, this._after(at));
    }
    const column = at % columns;
    card.style.width = `${width}px`;
    card.style.left = `${column * (width + CARD.gap)}px`;
    card.style.top = `${Math.floor(at / columns) * pitch}px`;
  }

  _after(at) {
    const last = this.element.lastElementChild;
    if (!last || Number(last.dataset.at) < at) {
      return null;
    }
    return [...this.element.children].find(
      ({ dataset }) => Number(dataset.at) > at
    );
  }

  _need(from, to) {
    for (let at = from; at < to; at++) {
      const { page_size: size, serial } = this._model.get('answer');
      const page = Math.floor(at / size);
      if (!this._items.has(at) && !this._asked.has(page)) {
        this._asked.add(page);
        this._model.send({ kind: 'page', serial, offset: page * size });
      }
    }
  }

  _card(at) {
    const item = this._items.get(at);
    const place = {
      class: `${CLASS}-card`,
      'data-at': at,
      'aria-setsize': this._total(),
      'aria-posinset': at + 1
    };
    if (!item) {
      return make('li', { ...place, 'aria-busy': 'true' }, '…');
    }
    const title = make(
      'h3',
      {},
      button(item.title, {
        tabindex: at === this._current ? 0 : -1,
        'data-name': item.name
      })
    );
    return make(
      'li',
      { ...place, 'data-jupyter-platform-item': item.name },
      make('div', { class: `${CLASS}-head` }, icon(item.kind), title),
      make('p', { class: `${CLASS}-text` }, item.summary),
      make(
        'p',
        { class: `${CLASS}-marks` },
        ...item.marks.map(mark => make('span', {}, mark))
      ),
      make(
        'p',
        { class: `${CLASS}-foot` },
        make(
          'span',
          {
            class: `${CLASS}-runs`,
            'data-runs': item.runs,
            title: item.reason
          },
          item.runs_text
        ),
        item.metric
          ? make('span', { title: item.metric_text }, item.metric)
          : null,
        item.problem
          ? make('span', { class: `${CLASS}-problem` }, item.problem)
          : null
      )
    );
  }

  _open({ target }) {
    const card = target.closest('[data-jupyter-platform-item]');
    if (card) {
      this._focus(Number(card.dataset.at));
      this._model.send({
        kind: 'open',
        name: card.dataset.jupyterPlatformItem
      });
    }
  }

  _walk(event) {
    const { columns } = this._place();
    const at = Number(event.target.closest('li')?.dataset.at ?? 0);
    const target = {
      ArrowRight: at + 1,
      ArrowLeft: at - 1,
      ArrowDown: at + columns,
      ArrowUp: at - columns,
      Home: 0,
      End: this._total() - 1
    }[event.key];
    if (target === undefined || event.ctrlKey || event.metaKey) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    this._focus(Math.max(0, Math.min(this._total() - 1, target)));
  }

  /** Move the focus to a card, which may not be drawn yet. */
  _focus(at) {
    const place = this._place();
    this._drawn
      .get(this._current)
      ?.querySelector('button')
      ?.setAttribute('tabindex', '-1');
    this._current = at;
    this._put(at, place);
    const inside = this._drawn.get(at).querySelector('button');
    inside?.setAttribute('tabindex', '0');
    inside?.focus();
  }

  /** Come back to the card that was opened. */
  focus() {
    if (this._items.has(this._current)) {
      this._focus(this._current);
    }
  }
}
