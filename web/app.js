// Puts the page together: intake → queue → viewer, and the tools around them.

import {$, make} from './dom.js';
import {watchStage} from './gestures.js';
import {takePictures} from './intake.js';
import {listen, singleKeys} from './keys.js';
import {alarm, say, toast} from './notices.js';
import {reframes, SUFFIX} from './options.js';
import {Panel} from './panel.js';
import {masked, Pyramid, whiteLike} from './pictures.js';
import {Queue} from './queue.js';
import {askCorners} from './rectify.js';
import {about, apiKey, cut, findCorners, rectify} from './service.js';
import {Sketcher} from './sketch.js';
import {Strip} from './strip.js';
import {Viewer} from './viewer.js';
import {makeZip} from './zip.js';

const chosen = (name) => document.querySelector(`input[name=${name}]:checked`).value;
const panel = new Panel($('panel'));
const queue = new Queue(() => panel.options);
const viewer = new Viewer($('stage'));
const strip = new Strip($('queue'), queue);
const sketcher = new Sketcher();
let server = {};

// What is shown
// Of the current picture alone bitmaps are kept: each has four bytes a pixel.
const shown = {item: null, before: null, after: null, result: null, cut: null, matte: null, turn: 0};

function forget(...names) {
  for (const name of names) {
    shown[name]?.close();
    shown[name] = null;
  }
}

async function showItem(item) {
  if (shown.item === item) return showResult(item);
  forget('before', 'after', 'cut');
  Object.assign(shown, {item, result: null, matte: null});
  leaveBrush();
  const turn = ++shown.turn;
  $('work').hidden = !item;
  $('welcome').hidden = Boolean(item);
  // What had the focus may be gone.
  if (document.activeElement.closest('[hidden]')) $('main').focus({preventScroll: true});
  viewer.show({});
  tell(item);
  if (!item) return;
  const before = await Pyramid.of(item.original ?? item.file).catch(() => null);
  if (turn !== shown.turn) return before?.close();
  shown.before = before;
  view();
  await showResult(item);
}

async function showResult(item) {
  if (item !== shown.item || !item.result) return;
  // With the brush in hand this is what is looked at: the result can wait.
  await showCut(item);
  if (item !== shown.item) return;
  const {result} = item;
  if (shown.result !== result) {
    const isFirst = !shown.result;
    shown.result = result;
    const after = await Pyramid.of(result.blob).catch(() => null);
    if (shown.result !== result) return after?.close();
    forget('after');
    shown.after = after;
    if (!after) toast('This browser cannot show this format. It can be downloaded all the same.');
    view();
    if (isFirst) viewer.reveal();
    if (!shown.before) await askForOriginal(item);
  }
  await showCut(item);
}

// A file that the browser cannot read, as the server reads it: everything is subject.
async function askForOriginal(item) {
  if (!item.baseMatte || item.original) return;
  const {blob} = await cut([['image', item.file], ['format', 'png'], ['matte', await whiteLike(item.baseMatte)]],
                           {}).catch(() => ({}));
  item.original = blob;
  if (!blob || item !== shown.item) return;
  shown.before = await Pyramid.of(blob).catch(() => null);
  view();
}

// For the brush: what is kept now.
async function showCut(item) {
  if (viewer.mode !== 'brush' || !item.seen || shown.matte === item.seen || !shown.before) return;
  const {seen} = item;
  shown.matte = seen;
  const made = await masked(shown.before, seen);
  if (shown.matte !== seen) return made.close();
  forget('cut');
  shown.cut = made;
  view();
}

function view() {
  const {before, after, cut: kept, result} = shown;
  const framed = Boolean(result?.framed);
  viewer.show({before, after, cut: kept, framed});
  offerBrush();
  const compare = document.querySelector('[name=mode][value=compare]');
  compare.disabled = framed;
  compare.parentElement.title = framed ? 'The result is cropped: original and result do not lie over each other' : '';
  setMode();
}

// Strokes need the picture to draw on, and a matte to change.
function offerBrush() { $('brush').disabled = !(shown.item?.baseMatte && shown.before); }

function setMode() {
  if (viewer.mode === 'brush') return;
  const mode = chosen('mode');
  viewer.setMode(mode === 'compare' && shown.result?.framed ? 'after' : mode);
}

// The veil over the stage, the bar at its foot and the line below say how the current picture fares.
function tell(item) {
  const veil = $('veil'), busy = $('busy');
  busy.hidden = !item?.isBusy;
  if (item?.state === 'sending') busy.value = item.progress;
  else busy.removeAttribute('value');
  $('stage').ariaBusy = Boolean(item?.isBusy);
  const trouble = item && ['failed', 'paused', 'stopped'].includes(item.state);
  veil.hidden = !trouble;
  if (trouble) veil.replaceChildren(card(item));
  $('download').disabled = !item?.result;
  offerBrush();
  const r = item?.result;
  $('facts').textContent = !item ? '' : item.isBusy ?
    (item.state === 'sending' ? `Sending ${item.name} …` : r ? 'Updating …' : `Cutting out ${item.name} …`) :
    !r ? '' : [`${r.width} × ${r.height}`, size(r.blob.size), `${(r.took / 1000).toFixed(2)} s`,
               r.hasSubject ? '' : 'no subject found: paint it with the brush'].filter(Boolean).join('  ·  ');
}

const size = (bytes) => bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} KB` : `${(bytes / 1e6).toFixed(1)} MB`;

function card(item) {
  const {error, state} = item;
  const wantsKey = error?.status === 401;
  const button = (text, className, onclick) => make('button', {className, onclick}, text);
  const title = {paused: `Again in ${item.left} s`, stopped: 'Stopped'}[state] ??
    (wantsKey ? 'A key is needed' : 'That did not work');
  const row = make('div', {className: 'row'},
    button(state === 'paused' ? 'Try now' : 'Try again', wantsKey ? 'quiet' : 'act', () => queue.retry(item)));
  if (wantsKey) row.prepend(button('Enter key', 'act', openSettings));
  if (state === 'paused') row.append(button('Stop', 'quiet', () => queue.cancel(item)));
  return make('div', {}, make('h2', {className: state === 'failed' ? 'bad' : ''}, title),
              make('p', {}, error?.message ?? ''), row);
}

queue.addEventListener('select', ({item}) => showItem(item));
queue.addEventListener('replaced', ({item}) => {
  if (item === shown.item) shown.item = null;
  showItem(item);
});
queue.addEventListener('list', () => { $('download-all').hidden = queue.items.length < 2; });
queue.addEventListener('change', ({item}) => {
  if (item.state === 'done' && item.told !== item.result) {
    item.told = item.result;
    say(`${item.name} is done${item.result.hasSubject ? '' : ', but no subject was found'}.`);
  }
  if (item.state === 'failed') alarm(`${item.name}: ${item.error.message}`);
  if (item.state === 'paused') say(`${item.name}: ${item.error.message} It is tried again by itself.`);
  if (item !== queue.current) return;
  tell(item);
  if (item.state === 'done') showResult(item);
});
// Seconds that are counted down.
setInterval(() => {
  for (const item of queue.items.filter(({state}) => state === 'paused')) {
    strip.update(item);
    if (item === queue.current) $('veil').querySelector('h2').textContent = `Again in ${item.left} s`;
  }
}, 500);
panel.addEventListener('change', () => queue.current && queue.refresh(queue.current));

// Pictures in
takePictures({choose: [$('choose'), $('add')], camera: $('camera')}, (files) => {
  const items = queue.add(files);
  if (queue.items.length > items.length) queue.select(items[0]);
  toast(items.length === 1 ? `${items[0].name} added` : `${items.length} pictures added`);
});
$('try').addEventListener('click', async () => {
  const blob = await (await fetch('sample.webp')).blob();
  queue.add([new File([blob], 'cactus.webp', {type: 'image/webp'})]);
});

// Pictures out
const outName = (item) =>
  `${item.name.replace(/\.[^.]*$/, '')}.cut.${SUFFIX[item.result.blob.type] ?? panel.options.format}`;

function save(blob, name) {
  const link = make('a', {href: URL.createObjectURL(blob), download: name});
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

async function download() {
  const item = queue.current;
  if (!item?.result) return;
  const [fresh] = await queue.settle([item]);
  if (fresh) save(fresh.result.blob, outName(fresh));
}

async function downloadAll() {
  const button = $('download-all');
  button.disabled = true;
  button.textContent = 'Finishing …';
  try {
    const fresh = await queue.settle([...queue.items]);
    const left = queue.items.length - fresh.length;
    if (fresh.length) save(await makeZip(fresh.map((item) => ({name: outName(item), blob: item.result.blob}))), 'peel.zip');
    if (left) toast(left === 1 ? 'One picture failed and is not in the archive.' : `${left} pictures failed and are not in the archive.`);
  } catch (error) {
    toast(error.message);
  }
  button.disabled = false;
  button.textContent = 'All as zip';
}
$('download').addEventListener('click', download);
$('download-all').addEventListener('click', downloadAll);

// View and brush
$('modes').addEventListener('change', () => { leaveBrush(); setMode(); });
const zoom = {in: () => viewer.zoomTo(viewer.scale * 1.5), out: () => viewer.zoomTo(viewer.scale / 1.5),
              fit: () => viewer.fit(), one: () => viewer.oneToOne()};
for (const name in zoom) $(`zoom-${name}`).addEventListener('click', zoom[name]);
viewer.addEventListener('view', () => { $('zoom-now').value = `${Math.round(viewer.scale * devicePixelRatio * 100)}%`; });

const {resizeRing} = watchStage(viewer, $('ring'));
const noStrokes = {done: [], draw() {}};
viewer.painter = {
  get strokes() { return queue.current?.strokes ?? noStrokes; },
  tool: () => chosen('paint'),
  radius: () => +$('brush-size').value / 2,
};

function enterBrush() {
  if ($('brush').disabled) return false;
  viewer.setMode('brush');
  brushIs(true);
  showCut(queue.current);
  prepareSketch();
  $('stage').focus({preventScroll: true});
  say('Brush. Paint what to keep or remove; arrow keys move the brush, Space puts it down.');
}
function prepareSketch() {
  if (viewer.mode !== 'brush' || !shown.item?.baseMatte || !shown.before) return;
  sketcher.prepare(shown.item, shown.before, viewer.scale * devicePixelRatio).catch(() => {});
}
let viewed = 0;
viewer.addEventListener('view', () => {
  clearTimeout(viewed);
  viewed = setTimeout(prepareSketch, 200);
});
function leaveBrush() {
  if (viewer.mode !== 'brush') return false;
  viewer.mode = '';
  brushIs(false);
  $('ring').hidden = true;
  sketcher.stop();
  if (shown.item) queue.refresh(shown.item);
  setMode();
}
function brushIs(on) {
  $('paints').hidden = !on;
  $('brush').setAttribute('aria-pressed', on);
  history();
}
function history() {
  const {done = [], undone = []} = queue.current?.strokes ?? {};
  $('undo').disabled = !done.length;
  $('redo').disabled = !undone.length;
}
// The matte comes back twice: sketched at once, whole when the hand rests.
async function painted() {
  const start = performance.now();
  const item = queue.current;
  history();
  viewer.drawStrokes();
  queue.hold(item);
  $('busy').removeAttribute('value');
  $('busy').hidden = false;
  try {
    const sketch = await sketcher.draw(item, shown.before, viewer.scale * devicePixelRatio);
    if (sketch) {
      queue.sketched(item, sketch);
      await showCut(item);
      performance.measure('stroke', {start});
    } else if (viewer.mode !== 'brush' || item !== queue.current) {
      queue.later(item);
    } else {
      return;  // a later stroke's
    }
  } catch {
    queue.refresh(item);  // which tells what is the matter
  }
  if (item === queue.current) tell(item);
}
const step = (way) => () => viewer.mode === 'brush' && viewer.painter.strokes[way]() ? painted() : false;
viewer.addEventListener('painting', () => queue.hold(queue.current));
viewer.addEventListener('painted', painted);
$('undo').addEventListener('click', step('undo'));
$('redo').addEventListener('click', step('redo'));
$('brush').addEventListener('click', () => viewer.mode === 'brush' ? leaveBrush() : enterBrush());
$('brush-done').addEventListener('click', () => { leaveBrush(); $('brush').focus(); });
$('brush-size').addEventListener('input', resizeRing);

async function straighten() {
  const item = queue.current;
  if (!server.rectify || !shown.before || !item) return false;
  const looking = new AbortController();
  const found = findCorners(item.original ?? item.file, looking.signal)
    .catch((error) => ({corners: null, reason: error.message.replace(/\.$/, '')}));
  const corners = await askCorners(shown.before, found);
  looking.abort();
  if (!corners) return;
  try {
    const blob = await rectify(item.original ?? item.file, corners);
    queue.replace(item, new File([blob], item.name.replace(/(\.[^.]*)?$/, '.png'), {type: blob.type}));
  } catch (error) {
    toast(error.message);
  }
}
$('straighten').addEventListener('click', straighten);

// Settings, keys, server
function look(name) {
  if (name) document.documentElement.dataset.look = name;
  else delete document.documentElement.dataset.look;
  viewer.redraw();
}
function openSettings() {
  $('key').value = apiKey.get();
  $('single-keys').checked = singleKeys.on;
  $('settings').showModal();
}
$('open-settings').addEventListener('click', openSettings);
$('single-keys').addEventListener('change', (e) => { singleKeys.on = e.target.checked; });
$('settings').addEventListener('change', ({target}) => {
  if (target.name !== 'look') return;
  localStorage.setItem('peel.look', target.value);
  look(target.value);
});
$('settings').addEventListener('close', () => {
  const key = $('key').value.trim();
  if (key === apiKey.get()) return;
  apiKey.set(key);
  greet();
  for (const item of queue.items) if (item.error?.status === 401) queue.retry(item);
});
$('open-keys').addEventListener('click', () => $('keys').showModal());

const tool = (value) => () => {
  if (viewer.mode !== 'brush') return false;
  document.querySelector(`[name=paint][value=${value}]`).checked = true;
};
const mode = (value) => () => {
  if (!queue.current) return false;
  const input = document.querySelector(`[name=mode][value=${value}]`);
  if (input.disabled) return false;
  input.checked = true;
  leaveBrush();
  setMode();
};
const grow = (factor) => () => {
  $('brush-size').value = $('brush-size').value * factor;
  resizeRing();
};
const go = (by) => () => {
  const next = queue.items[queue.items.indexOf(queue.current) + by];
  if (!next) return false;
  queue.select(next);
};
listen([
  ['o', 'Choose pictures', () => $('files').click()],
  ['Ctrl v', 'Paste a picture'],
  ['n', 'Next picture', go(1)],
  ['p', 'Previous picture', go(-1)],
  ['Delete', 'Remove this picture', () => queue.current ? queue.remove(queue.current) : false],
  ['c', 'Compare', mode('compare')],
  ['x', 'Original', mode('before')],
  ['y', 'Result', mode('after')],
  ['+', 'Larger', zoom.in],
  ['-', 'Smaller', zoom.out],
  ['0', 'Fit', zoom.fit],
  ['1', 'A pixel a pixel', zoom.one],
  ['b', 'Brush', () => viewer.mode === 'brush' ? leaveBrush() : enterBrush()],
  ['k', 'Brush: keep', tool('keep')],
  ['r', 'Brush: remove', tool('remove')],
  ['e', 'Brush: erase strokes', tool('erase')],
  ['[', 'Brush: smaller', grow(1 / 1.25)],
  [']', 'Brush: larger', grow(1.25)],
  ['Ctrl z', 'Undo a stroke', step('undo')],
  ['Ctrl Shift z', 'Redo it', step('redo')],
  ['Escape', 'Leave the brush', leaveBrush],
  ['d', 'Download', download],
  ['Shift d', 'Download all', () => $('download-all').hidden ? false : downloadAll()],
  ['?', 'These shortcuts', () => $('keys').showModal()],
], $('key-list'));

async function greet() {
  try {
    server = await about();
  } catch (error) {
    $('engine').textContent = '';
    if (error.status === 401) toast('This server asks for an API key: enter it in the settings.');
    return;
  }
  queue.limits = server;
  panel.offer(server);
  $('engine').textContent = [server.model, server.device].filter(Boolean).join(' · ');
  $('straighten').hidden = !server.rectify;
  const limits = [server.max_bytes && `${Math.round(server.max_bytes / 1e6)} MB`,
                  server.max_pixels && `${Math.round(server.max_pixels / 1e6)} megapixels`].filter(Boolean);
  $('server-facts').textContent = `Peel ${server.version}, model ${server.model} on ${server.device}.` +
    (limits.length ? ` Pictures up to ${limits.join(' and ')}.` : '');
}
const saved = localStorage.getItem('peel.look') ?? '';
document.querySelector(`[name=look][value="${saved}"]`).checked = true;
look(saved);
greet();
