/** Opens what the platform's own links open, where somebody follows them: in JupyterLab. */

function render({ model, el }) {
  el.hidden = true;
  const heard = ({ words, id }) => {
    if (document.hidden) {
      return; // another page that shows the same panel is being looked at
    }
    const link = document.createElement('a');
    link.href = '#';
    Object.assign(link.dataset, words);
    el.append(link);
    let isFollowed = false;
    // Comes last; where nobody followed it, the page stays where it is.
    const ended = event => {
      isFollowed = event.defaultPrevented;
      event.preventDefault();
    };
    window.addEventListener('click', ended, { once: true });
    link.dispatchEvent(
      new MouseEvent('click', { bubbles: true, cancelable: true })
    );
    link.remove();
    model.send({ id, isFollowed });
  };
  model.on('msg:custom', heard);
  return () => model.off('msg:custom', heard);
}

export default { render };
