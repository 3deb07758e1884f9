/** The cards of the marketplace, with the search and the filters that choose them. */

import { Cards } from './cards.js';
import { make } from './elements.js';
import { CLASS, Facets, Summary, Tools } from './narrowing.js';

function render({ model, el }) {
  const change = part => {
    model.set('query', { ...model.get('query'), ...part });
    model.save_changes();
  };
  const toggle = (field, value) => {
    const { filters } = model.get('query');
    const values = filters[field] ?? [];
    const kept = values.includes(value)
      ? values.filter(item => item !== value)
      : [...values, value];
    const others = Object.fromEntries(
      Object.entries(filters).filter(([name]) => name !== field)
    );
    change({ filters: kept.length ? { ...others, [field]: kept } : others });
  };
  const tools = new Tools(model, change);
  const facets = new Facets(model, toggle);
  const drawer = () => root.classList.toggle('jp-mod-filtering');
  const summary = new Summary(model, { change, toggle, drawer });
  const cards = new Cards(model);
  const root = make(
    'div',
    { class: CLASS },
    tools.element,
    facets.element,
    make('div', { class: `${CLASS}-found` }, summary.element, cards.element)
  );
  el.append(root);
  const asked = () => {
    tools.draw();
    facets.draw();
    summary.draw();
  };
  const answered = () => {
    facets.draw();
    summary.draw();
    cards.show();
  };
  const searches = () => tools.drawSearches();
  const returned = () => cards.focus();
  const heard = message => message.kind === 'page' && cards.add(message);
  const listeners = [
    ['change:query', asked],
    ['change:answer', answered],
    ['change:searches', searches],
    ['change:returned', returned],
    ['msg:custom', heard]
  ];
  listeners.forEach(([name, act]) => model.on(name, act));
  answered();
  return () => {
    listeners.forEach(([name, act]) => model.off(name, act));
    cards.dispose();
  };
}

export default { render };
