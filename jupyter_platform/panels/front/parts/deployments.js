/** The table of the deployments: what each is doing, and what can be done with it. */

import { button, make } from './elements.js';

const CLASS = 'jp-PlatformRuns';
/** Milliseconds between two looks at what has changed, while the table can be seen. */
const LOOK_MS = 2000;
const MARKS = {
  queued: '○',
  starting: '◔',
  running: '▶',
  stopping: '◑',
  down: '▲',
  error: '▲',
  failed: '✕',
  complete: '✓',
  finished: '✓',
  stopped: '■',
  cancelled: '■'
};
const COLUMNS = [
  'Name',
  'State',
  'Image or recipe',
  'GPUs',
  'Created (UTC)',
  'Actions'
];

/** Address of the Jupyter server, as the page around a panel tells it. */
function baseUrl() {
  const config = document.getElementById('jupyter-config-data')?.textContent;
  return config ? (JSON.parse(config).baseUrl ?? '/') : '/';
}

/** One deployment: its line, and beneath it all that is known where one asked for that. */
class Run {
  constructor(act) {
    this._act = act;
    this._told = '';
    this._isAsking = false;
    this.line = make('tr', { class: `${CLASS}-line` });
    this.details = make('tr', { class: `${CLASS}-details` });
  }

  draw(row, isChosen) {
    const told = JSON.stringify([row, isChosen, this._isAsking]);
    if (told === this._told) {
      return;
    }
    this._told = told;
    const focused = this.line.contains(document.activeElement)
      ? document.activeElement.dataset.act
      : null;
    this._row = row;
    this._isChosen = isChosen;
    this.line.dataset.id = row.id;
    this.line.dataset.state = row.state;
    this.line.classList.toggle('jp-mod-selected', isChosen);
    const cells = [
      this._name(),
      this._state(),
      row.image,
      row.gpus,
      row.created,
      this._actions()
    ];
    this.line.replaceChildren(
      ...cells.map((cell, at) =>
        make(
          at === 0 ? 'th' : 'td',
          {
            scope: at === 0 ? 'row' : null,
            'data-label': COLUMNS[at]
          },
          ...[cell].flat()
        )
      )
    );
    this.details.hidden = !isChosen;
    this.details.replaceChildren(
      make('td', { colspan: COLUMNS.length }, ...(isChosen ? this._info() : []))
    );
    if (focused) {
      this.focus(focused);
    }
  }

  focus(act = 'info') {
    const places = [...this.line.querySelectorAll('[data-act]')];
    const place = places.find(item => item.dataset.act === act) ?? places[0];
    place?.focus();
  }

  _name() {
    const { title, item } = this._row;
    return [
      make('span', { class: `${CLASS}-title` }, title),
      make('span', { class: `${CLASS}-quiet` }, item)
    ];
  }

  _state() {
    const { state, sentence, fraction } = this._row;
    const mark = make(
      'span',
      { 'aria-hidden': 'true' },
      `${MARKS[state] ?? '●'} `
    );
    return [
      make(
        'span',
        { class: `${CLASS}-state`, 'data-state': state },
        mark,
        state
      ),
      sentence ? make('span', { class: `${CLASS}-quiet` }, sentence) : '',
      fraction === null
        ? ''
        : make('progress', {
            max: 1,
            value: fraction,
            'aria-label': `Progress of ${this._row.title}`
          })
    ];
  }

  _actions() {
    const { title, can, quick, job } = this._row;
    if (this._isAsking) {
      return [
        make(
          'span',
          {},
          can.purge ? 'Delete what is left?' : 'Delete it for good?'
        ),
        this._button('Delete', 'delete', { class: 'jp-mod-warn' }),
        this._button('Keep', 'keep')
      ];
    }
    const open = quick
      ? make(
          'a',
          {
            href: baseUrl() + quick.path,
            target: '_blank',
            rel: 'noopener',
            'data-act': 'open',
            'aria-label': `Open ${title}`
          },
          'Open ↗'
        )
      : '';
    const view = job
      ? make(
          'a',
          {
            href: `${baseUrl()}lab?job=${job}`,
            'data-jupyter-platform-job': job,
            'data-act': 'open'
          },
          'Open'
        )
      : '';
    return [
      open,
      view,
      can.use ? this._button('Use', 'use') : '',
      this._button('Info', 'info', { 'aria-expanded': String(this._isChosen) }),
      can.stop ? this._button('Stop', 'stop') : '',
      can.start ? this._button('Start', 'start') : '',
      can.remove ? this._button('Delete', 'ask') : ''
    ];
  }

  _button(text, act, properties = {}) {
    return make(
      'button',
      {
        type: 'button',
        'data-act': act,
        'aria-label': `${text} ${this._row.title}`,
        ...properties,
        onclick: () => this._do(act)
      },
      text
    );
  }

  _do(act) {
    if (act === 'ask' || act === 'keep') {
      this._isAsking = act === 'ask';
      this.draw(this._row, this._isChosen);
      this.focus(act === 'ask' ? 'keep' : 'ask');
      return;
    }
    this._isAsking = false;
    this._act(act, this._row.id);
    this.draw(this._row, this._isChosen);
  }

  _info() {
    const { info, endpoints, error, log, warnings } = this._row;
    const pairs = info.flatMap(([name, text]) => [
      make('dt', {}, name),
      make('dd', {}, text, name === 'UUID' ? this._copy(text) : '')
    ]);
    return [
      error ? make('p', { role: 'alert' }, error) : '',
      ...warnings.map(text => make('p', {}, `▲ ${text}`)),
      make('dl', {}, ...pairs),
      endpoints.length
        ? make(
            'ul',
            { 'aria-label': 'Endpoints' },
            ...endpoints.map(end => this._endpoint(end))
          )
        : '',
      log ? make('pre', { tabindex: 0, 'aria-label': 'Log' }, log) : ''
    ];
  }

  _copy(text) {
    return button('Copy', {
      'aria-label': 'Copy the UUID',
      onclick: event => {
        void navigator.clipboard?.writeText(text);
        event.target.textContent = 'Copied';
      }
    });
  }

  /** A service that does not answer has no link. */
  _endpoint({ service, path, alive, since }) {
    const label = alive ? `${service} ↗` : `${service}: does not answer yet`;
    const shown = alive
      ? make(
          'a',
          { href: baseUrl() + path, target: '_blank', rel: 'noopener' },
          label
        )
      : label;
    return make('li', {}, shown, alive && since ? ` since ${since} UTC` : '');
  }
}

function render({ model, el }) {
  const runs = new Map();
  const act = (kind, id) => {
    if (kind === 'info') {
      model.set('chosen', model.get('chosen') === id ? '' : id);
      model.save_changes();
    } else {
      model.send({ kind, id });
    }
  };
  const tabs = make('div', {
    class: `${CLASS}-tabs`,
    role: 'group',
    'aria-label': 'Kinds'
  });
  const body = make('tbody');
  const advice = make('p', { role: 'status' });
  const head = make(
    'tr',
    {},
    ...COLUMNS.map(name => make('th', { scope: 'col' }, name))
  );
  const table = make('table', {}, make('thead', {}, head), body);
  const root = make('div', { class: CLASS }, tabs, advice, table);
  el.append(root);

  const drawTabs = () => {
    const chosen = model.get('table');
    const kinds = model.get('tables');
    if (tabs.children.length !== kinds.length) {
      tabs.replaceChildren(
        ...kinds.map(({ name }) =>
          button('', {
            'data-table': name,
            onclick: () => {
              model.set('table', name);
              model.save_changes();
            }
          })
        )
      );
    }
    kinds.forEach(({ name, label, count }, at) => {
      const tab = tabs.children[at];
      tab.textContent = `${label} ${count}`;
      tab.setAttribute('aria-pressed', String(name === chosen));
    });
  };
  const draw = () => {
    drawTabs();
    const rows = model
      .get('rows')
      .filter(row => row.table === model.get('table'));
    const ids = new Set(rows.map(row => row.id));
    for (const [id, run] of runs) {
      if (!ids.has(id)) {
        run.line.remove();
        run.details.remove();
        runs.delete(id);
      }
    }
    let before = null;
    for (const row of rows) {
      const run = runs.get(row.id) ?? new Run(act);
      runs.set(row.id, run);
      run.draw(row, row.id === model.get('chosen'));
      // Moving a line would take the focus out of it.
      const place = before ? before.nextSibling : body.firstChild;
      if (place !== run.line) {
        body.insertBefore(run.line, place);
        body.insertBefore(run.details, run.line.nextSibling);
      }
      before = run.details;
    }
    table.hidden = rows.length === 0;
    advice.textContent =
      model.get('message') ||
      (rows.length ? '' : (model.get('advice')[model.get('table')] ?? ''));
  };
  const point = () => {
    const run = runs.get(model.get('chosen'));
    run?.line.scrollIntoView({ block: 'nearest' });
    run?.focus();
  };
  const names = ['rows', 'table', 'tables', 'chosen', 'message'];
  names.forEach(name => model.on(`change:${name}`, draw));
  model.on('change:pointed', point);
  const look = () => {
    if (!document.hidden && root.checkVisibility()) {
      model.send({ kind: 'look' });
    }
  };
  const timer = window.setInterval(look, LOOK_MS);
  draw();
  return () => {
    window.clearInterval(timer);
    names.forEach(name => model.off(`change:${name}`, draw));
    model.off('change:pointed', point);
  };
}

export default { render };
