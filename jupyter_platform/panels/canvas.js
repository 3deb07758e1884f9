/** A field to draw on; what is drawn is brought to the size of a network's samples. */

const SIDE = 224;
const OVERSAMPLED = 8;
/** Milliseconds between two pictures that are sent while somebody draws. */
const PAUSE = 120;

/** Where in a sample the drawing lies: all of a tiny one, a box with a margin in others. */
function target(height, width) {
  const least = Math.min(height, width);
  return least < 16 ? least : (least * 20) / 28;
}

function bounds(strokes) {
  const points = strokes.flat();
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

function trace(context, strokes, place) {
  for (const stroke of strokes) {
    context.beginPath();
    stroke.forEach((point, at) => {
      const [x, y] = place(point);
      if (at === 0) {
        context.moveTo(x, y);
      }
      context.lineTo(x, y);
    });
    context.stroke();
  }
}

function prepare(canvas, width) {
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.fillStyle = '#000';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.strokeStyle = '#fff';
  context.lineCap = context.lineJoin = 'round';
  context.lineWidth = width;
  return context;
}

/** Return the drawing as height × width bytes, row by row. */
function sample(strokes, height, width) {
  const bytes = new Uint8Array(height * width);
  const sums = new Float64Array(height * width);
  if (strokes.length === 0) {
    return bytes;
  }
  const fine = document.createElement('canvas');
  [fine.width, fine.height] = [width * OVERSAMPLED, height * OVERSAMPLED];
  const thick = 0.11 * Math.min(fine.width, fine.height);
  const context = prepare(fine, thick);
  const [x0, y0, x1, y1] = bounds(strokes);
  const size = target(height, width) * OVERSAMPLED - thick;
  const scale = size / Math.max(x1 - x0, y1 - y0, SIDE / 4);
  const middle = [(x0 + x1) / 2, (y0 + y1) / 2];
  trace(context, strokes, ([x, y]) => [
    fine.width / 2 + (x - middle[0]) * scale,
    fine.height / 2 + (y - middle[1]) * scale
  ]);
  const { data } = context.getImageData(0, 0, fine.width, fine.height);
  for (let row = 0; row < fine.height; row++) {
    for (let column = 0; column < fine.width; column++) {
      const at =
        Math.floor(row / OVERSAMPLED) * width +
        Math.floor(column / OVERSAMPLED);
      sums[at] += data[4 * (row * fine.width + column)];
    }
  }
  return bytes.map((_, at) => Math.round(sums[at] / OVERSAMPLED ** 2));
}

function render({ model, el }) {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = SIDE;
  canvas.className = 'jp-PlatformPanel-canvas';
  canvas.setAttribute('role', 'img');
  canvas.setAttribute('aria-label', model.get('label'));
  el.append(canvas);
  let strokes = [];
  let timer = 0;

  const show = () =>
    trace(prepare(canvas, 0.07 * SIDE), strokes, point => point);
  const send = () => {
    timer = 0;
    const bytes = sample(strokes, model.get('height'), model.get('width'));
    model.set('pixels', new DataView(bytes.buffer));
    model.save_changes();
  };
  const later = () => {
    timer ||= window.setTimeout(send, PAUSE);
  };
  const where = event => {
    const box = canvas.getBoundingClientRect();
    return [
      ((event.clientX - box.left) * SIDE) / box.width,
      ((event.clientY - box.top) * SIDE) / box.height
    ];
  };
  canvas.addEventListener('pointerdown', event => {
    canvas.setPointerCapture(event.pointerId);
    strokes.push([where(event)]);
    show();
    later();
  });
  canvas.addEventListener('pointermove', event => {
    if (canvas.hasPointerCapture(event.pointerId)) {
      strokes.at(-1).push(where(event));
      show();
      later();
    }
  });
  const clear = () => {
    strokes = [];
    show();
    send();
  };
  model.on('change:cleared', clear);
  show();
  return () => {
    model.off('change:cleared', clear);
    window.clearTimeout(timer);
  };
}

export default { render };
