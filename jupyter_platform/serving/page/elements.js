/**
 * Elements of the page; all text goes in as text, never as markup.
 */

/**
 * Make an element.
 *
 * @param name - Its tag.
 * @param attributes - Its attributes; those that are null are left out.
 * @param children - Elements or text; null is left out.
 */
export function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) {
      made.setAttribute(key, String(value));
    }
  }
  made.append(...children.filter(child => child !== null && child !== undefined));
  return made;
}

/**
 * Show a file: a picture, sound or video as such, text as text, all else as a link to save it.
 *
 * @param content - A `Blob`.
 * @param type - Its MIME type.
 * @param name - What it is called.
 */
export function preview(content, type, name) {
  const url = URL.createObjectURL(content);
  return medium(url, type, name) ?? saved(content, url, type, name);
}

/** Show what lies at an address, where it is a picture, sound or video; else null. */
export function medium(url, type, name) {
  if (type.startsWith('image/')) {
    const image = element('img', { alt: name, src: url });
    image.addEventListener('load', () => image.classList.toggle('small', image.naturalWidth < 96));
    return image;
  }
  if (type.startsWith('audio/')) {
    return element('audio', { controls: '', src: url, 'aria-label': name });
  }
  if (type.startsWith('video/')) {
    return element('video', { controls: '', src: url, 'aria-label': name });
  }
  return null;
}

function saved(content, url, type, name) {
  const size =
    content.size < 10_000 ? `${content.size} bytes` : `${(content.size / 1e6).toFixed(2)} MB`;
  const link = element('a', { href: url, download: name }, `Save ${name}`);
  const whole = element('p', {}, link, ` (${type || 'unknown type'}, ${size})`);
  if (!type.startsWith('text/') || content.size > 200_000) {
    return whole;
  }
  const shown = element('pre', { tabindex: '0' });
  void content.text().then(text => (shown.textContent = text));
  return element('div', {}, shown, whole);
}

/**
 * Make a row of tabs that is worked with the arrow keys.
 *
 * @param list - The element with the role `tablist`.
 * @param names - What the tabs are called.
 * @param panel - The element that they are about.
 * @param choose - Called with the number of the tab that is chosen.
 */
export function tabs(list, names, panel, choose) {
  const made = names.map((name, number) =>
    element(
      'button',
      { type: 'button', role: 'tab', id: `${list.id}-${number}`, 'aria-controls': panel.id },
      name
    )
  );
  const select = number => {
    made.forEach((tab, other) => {
      tab.setAttribute('aria-selected', String(other === number));
      tab.tabIndex = other === number ? 0 : -1;
    });
    panel.setAttribute('aria-labelledby', made[number].id);
    choose(number);
  };
  made.forEach((tab, number) => tab.addEventListener('click', () => select(number)));
  list.onkeydown = event => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step) {
      const next = (made.indexOf(document.activeElement) + step + made.length) % made.length;
      made[next].focus();
      select(next);
    }
  };
  list.replaceChildren(...made);
  list.hidden = made.length < 2;
  panel.setAttribute('role', 'tabpanel');
  select(0);
}

/** Make a button that copies a text. */
export function copyButton(read) {
  const button = element('button', { type: 'button' }, 'Copy');
  button.addEventListener('click', () => {
    void navigator.clipboard.writeText(read()).then(() => {
      button.textContent = 'Copied';
      setTimeout(() => (button.textContent = 'Copy'), 1500);
    });
  });
  return button;
}
