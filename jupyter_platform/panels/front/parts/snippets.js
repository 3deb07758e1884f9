/** Code that calls an API, each with a button that copies it. */

import { button, make } from './elements.js';

function render({ model, el }) {
  const root = make('div', { class: 'jp-PlatformSnippets' });
  el.append(root);
  const config = document.getElementById('jupyter-config-data')?.textContent;
  const base = config ? (JSON.parse(config).baseUrl ?? '/') : '/';
  const here = new URL(base, window.location.href).href;
  const draw = () => {
    const snippets = Object.entries(model.get('snippets'));
    root.replaceChildren(
      ...snippets.map(([language, text]) => {
        const code = text.replaceAll(model.get('stand_in'), here);
        const shown = make(
          'pre',
          { tabindex: 0, 'aria-label': language },
          code
        );
        const copy = button('Copy', {
          'aria-label': `Copy ${language}`,
          onclick: async () => {
            await navigator.clipboard.writeText(code);
            copy.textContent = 'Copied';
          }
        });
        return make(
          'figure',
          {},
          make('figcaption', {}, language, copy),
          shown
        );
      })
    );
  };
  model.on('change:snippets', draw);
  draw();
  return () => model.off('change:snippets', draw);
}

export default { render };
