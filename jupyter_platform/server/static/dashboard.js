/**
 * Keeps a dashboard alive without its kernel: draws the plots that the notebook left as data, and
 * replaces the texts by what the server renders now.
 */
(() => {
  'use strict';

  const SLOWEST_MS = 30000;

  /** Whether all of an element is there: the page is looked at while it comes. */
  function isComplete(element) {
    for (let node = element; node; node = node.parentNode) {
      if (node.nextSibling) {
        return true;
      }
    }
    return document.readyState !== 'loading';
  }

  /** Draw a plot once it can be seen; one in a closed box neither draws nor polls. */
  function draw(holder) {
    const data = holder.querySelector(':scope > script[type="application/json"]');
    const closed = holder.closest('details:not([open])');
    if (!data || closed || holder.offsetParent === null) {
      return;
    }
    if (!window.Bokeh || !isComplete(data)) {
      return;
    }
    let item;
    try {
      item = JSON.parse(data.textContent);
    } catch {
      return; // the page was left before all of it had come
    }
    data.remove();
    void window.Bokeh.embed.embed_item(item, holder);
  }

  function drawAll() {
    document.querySelectorAll('.jpd-plot').forEach(draw);
  }

  /** Put the content of a slot in place, unless it is there already; keep the focus. */
  function fill(slot, fresh) {
    if (slot.innerHTML === fresh.innerHTML) {
      return;
    }
    const focused = slot.contains(document.activeElement) ? document.activeElement : null;
    const address = focused && focused.getAttribute('href');
    const scrolled = [...slot.querySelectorAll('ul')].map(list => list.scrollTop);
    slot.innerHTML = fresh.innerHTML;
    slot.querySelectorAll('ul').forEach((list, index) => {
      list.scrollTop = scrolled[index] || 0;
    });
    if (address) {
      const again = [...slot.querySelectorAll('a')].find(
        link => link.getAttribute('href') === address
      );
      again?.focus();
    }
  }

  function slotsOf(root) {
    return [...root.querySelectorAll('[data-slot]')];
  }

  /** Distribute what the server rendered to the slots of the page. */
  function place(fresh, part) {
    const moved = part.hasAttribute('data-moved');
    const targets = slotsOf(document).filter(slot => !moved || !part.contains(slot));
    const missing = [];
    for (const item of slotsOf(fresh)) {
      const name = item.getAttribute('data-slot');
      const target = targets.find(slot => slot.getAttribute('data-slot') === name);
      if (target) {
        target.className = item.className;
        fill(target, item);
      } else if (moved) {
        missing.push(item);
      } else {
        // What the notebook could not render, because nothing answered then.
        part.querySelector('.jpd-warning')?.remove();
        part.append(item);
      }
    }
    if (moved) {
      const others = missing.filter(item => !item.getAttribute('data-slot').startsWith('host '));
      part.replaceChildren(...others);
      const hosts = missing.length - others.length;
      notice('hosts', hosts ? `${hosts === 1 ? 'A host has' : `${hosts} hosts have`} joined.` : '');
    }
  }

  const notices = new Map();

  /** Say something at the foot of the page, with a way to load it anew; '' takes it back. */
  function notice(about, text) {
    notices.set(about, text);
    let box = document.getElementById('jpd-notice');
    if (!box) {
      box = document.createElement('div');
      box.id = 'jpd-notice';
      box.setAttribute('role', 'status');
      document.body.append(box);
    }
    const said = [...notices.values()].filter(Boolean).join(' ');
    if (box.dataset.said !== said) {
      box.dataset.said = said;
      const link = document.createElement('a');
      link.href = window.location.href;
      link.textContent = 'Load the page again';
      box.replaceChildren(said, ' ', link);
    }
    box.hidden = !said;
  }

  async function fetchPart(part) {
    const response = await fetch(part.dataset.part, { cache: 'no-store' });
    const text = await response.text();
    if (!response.ok) {
      let message = `The server answered ${response.status}.`;
      try {
        message = JSON.parse(text).message || message;
      } catch {
        // Not our server's own answer: a proxy's page says nothing to a person.
      }
      throw new Error(message);
    }
    return new DOMParser().parseFromString(text, 'text/html').body;
  }

  /** Refresh a part for ever; more and more rarely while nothing answers. */
  function follow(part) {
    const pause = Number(part.dataset.refresh);
    let wait = pause;
    let failing = false;
    const refresh = async () => {
      if (!part.isConnected) {
        return;
      }
      if (!document.hidden) {
        try {
          place(await fetchPart(part), part);
          drawAll();
          wait = pause;
          failing = false;
          notice(part.dataset.part, '');
        } catch (error) {
          wait = Math.min(wait * 2, SLOWEST_MS);
          if (failing) {
            const reason = error instanceof TypeError ? 'The server does not answer.' : error.message;
            notice(part.dataset.part, `${reason} What is shown may be old.`);
          }
          failing = true;
        }
        part.classList.toggle('jpd-stale', failing);
      }
      window.setTimeout(refresh, wait);
    };
    if (part.hasAttribute('data-moved')) {
      const fresh = document.createElement('div');
      fresh.replaceChildren(...part.childNodes);
      place(fresh, part);
    }
    window.setTimeout(refresh, pause);
    document.addEventListener('visibilitychange', () => {
      wait = pause;
    });
  }

  const followed = new WeakSet();

  function attend() {
    for (const part of document.querySelectorAll('#rendered_cells [data-part]')) {
      // Voila shows the cells at once when all is there; before, they are data in scripts.
      if (!followed.has(part) && isComplete(part)) {
        followed.add(part);
        follow(part);
      }
    }
    drawAll();
  }

  document.addEventListener('toggle', drawAll, true);
  document.addEventListener('DOMContentLoaded', attend);
  document.getElementById('jpd-bokeh')?.addEventListener('load', drawAll);
  new MutationObserver(attend).observe(document.documentElement, {
    attributeFilter: ['style'],
    attributes: true,
    childList: true,
    subtree: true
  });
  attend();
})();
