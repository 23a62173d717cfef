// The four corners of a page, card or screen, dragged or moved by keys, with a preview of what comes out.

import {$, make} from './dom.js';
import {isConvex, flatSize, straighten} from './homography.js';

const NAMES = ['Top left', 'Top right', 'Bottom right', 'Bottom left'];
const ARROWS = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]};
const LONGER = 720;  // of the preview's source, pixels

// Asks for the corners of a picture (a Pyramid). `found`: a promise of {corners, reason} to begin with, unless
// they were touched before it came. Resolves with [[x, y] …] in the picture's pixels, clockwise from the
// corner that becomes the top left, or null.
export function askCorners(picture, found) {
  const dialog = $('rectify');
  const table = $('table');
  const canvas = table.querySelector('canvas');
  const scale = Math.min(1, LONGER / Math.max(picture.width, picture.height));
  canvas.width = Math.round(picture.width * scale);
  canvas.height = Math.round(picture.height * scale);
  const context = canvas.getContext('2d', {willReadFrequently: true});
  context.drawImage(picture.level(scale), 0, 0, canvas.width, canvas.height);
  const source = context.getImageData(0, 0, canvas.width, canvas.height);
  const [w, h] = [canvas.width, canvas.height];
  const corners = [[.1, .1], [.9, .1], [.9, .9], [.1, .9]].map(([x, y]) => [x * w, y * h]);

  let touched = false, told = 'Looking for the page …';

  const handles = NAMES.map((_, i) => {
    const button = make('button', {type: 'button', className: 'corner'});
    const put = (x, y) => {
      touched = true;
      corners[i] = [Math.min(Math.max(x, 0), w), Math.min(Math.max(y, 0), h)];
      update();
    };
    button.addEventListener('pointerdown', (e) => {
      touched = true;
      button.setPointerCapture(e.pointerId);
      e.preventDefault();
      button.focus();
    });
    button.addEventListener('pointermove', (e) => {
      if (!button.hasPointerCapture(e.pointerId)) return;
      const box = canvas.getBoundingClientRect();
      put((e.clientX - box.left) / box.width * w, (e.clientY - box.top) / box.height * h);
    });
    button.addEventListener('keydown', (e) => {
      if (!ARROWS[e.key]) return;
      e.preventDefault();
      const step = e.shiftKey ? 10 : 1;
      put(corners[i][0] + ARROWS[e.key][0] * step, corners[i][1] + ARROWS[e.key][1] * step);
    });
    return button;
  });

  function update() {
    const good = isConvex(corners);
    handles.forEach((button, i) => {
      const [x, y] = corners[i];
      button.style.left = `${x / w * 100}%`;
      button.style.top = `${y / h * 100}%`;
      button.setAttribute('aria-label', `${NAMES[i]}: ${Math.round(x / scale)}, ${Math.round(y / scale)}`);
    });
    const svg = table.querySelector('svg');
    svg.setAttribute('viewBox', `0 0 ${w} ${h}`);
    svg.firstElementChild.setAttribute('points', corners.join(' '));
    $('rectify-go').disabled = !good;
    const size = flatSize(corners).map((side) => Math.round(side / scale));
    $('rectify-note').textContent = good ?
      `About ${size[0]} × ${size[1]} pixels. ${touched ? '' : told}`.trim() : 'These corners cross. Put each one on its own corner of the page.';
    straighten(source, corners, 420, $('flat'));
  }

  table.append(...handles);
  dialog.showModal();
  update();
  handles[0].focus();
  table.ariaBusy = 'true';
  found.then(({corners: at, reason}) => {
    if (!handles[0].isConnected) return;
    table.ariaBusy = 'false';
    if (touched) return;
    told = at ? 'Found by itself: correct it where it is wrong.' : `Nothing was found: ${reason}. Put the corners on the page's.`;
    at?.forEach(([x, y], i) => { corners[i] = [x * scale, y * scale]; });
    update();
  });
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      for (const button of handles) button.remove();
      resolve(dialog.returnValue === 'go' ? corners.map(([x, y]) => [x / scale, y / scale]) : null);
      dialog.returnValue = '';
    }, {once: true});
  });
}
