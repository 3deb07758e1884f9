/**
 * The trainings of a model, looked at again while one runs.
 */

import { element } from './elements.js';

const LOOK_MS = 1000;

/**
 * Make the list.
 *
 * @param url - Where the service tells them.
 */
export function trainings(url) {
  const list = element('div', { 'aria-live': 'polite' });
  const whole = element(
    'section',
    { 'aria-label': 'Trainings' },
    element('h2', {}, 'Trainings'),
    list
  );
  let timer = null;

  async function refresh() {
    clearTimeout(timer);
    const found = await (await fetch(url)).json();
    list.replaceChildren(
      ...(found.length ? found.reverse().map(row) : [element('p', { class: 'quiet' }, 'None yet.')])
    );
    if (found.some(item => item.status === 'running')) {
      timer = setTimeout(() => whole.isConnected && void refresh(), LOOK_MS);
    }
  }

  function row(training) {
    const isRunning = training.status === 'running';
    const button = element('button', { type: 'button' }, isRunning ? 'Cancel' : 'Remove');
    button.addEventListener('click', async () => {
      button.disabled = true;
      await fetch(new URL(training.uuid, url), { method: 'DELETE' });
      await refresh();
    });
    const outcome =
      training.message ?? (training.result ? JSON.stringify(training.result.output) : '');
    return element(
      'div',
      { class: 'field' },
      element(
        'div',
        { class: 'row' },
        element('strong', {}, training.status),
        element('span', { class: 'quiet' }, training.date.split('.')[0]),
        button
      ),
      element('p', { class: 'help' }, JSON.stringify(training.args)),
      outcome ? element('p', { class: training.status === 'error' ? 'wrong' : '' }, outcome) : null
    );
  }

  void refresh();
  return { element: whole, refresh };
}
