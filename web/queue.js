// The pictures and what is done for each of them: a few requests at a time, each one only when what
// the server gave before no longer fits.

import {Strokes} from './brush.js';
import {cut, ServiceError} from './service.js';
import {lookFields, matteFields, reframes, textOf} from './options.js';
import {sizeOf} from './png.js';

const MOST_TRIES = 6;  // of one picture while the server is busy
const REST = 800;      // milliseconds without a stroke until the whole is asked for

let ids = 0;

class Item {
  id = ++ids;
  strokes = new Strokes();
  // 'waiting', 'sending', 'working', 'done', 'failed', 'paused' (until `retryAt`), 'stopped'
  state = 'waiting';
  progress = 0;
  error = null;
  tries = 0;
  result = null;     // {blob, width, height, model, device, took, hasSubject, framed, asked}
  baseMatte = null;  // the network's, and for which options
  matteFor = '';
  matte = null;      // with the strokes, and for which strokes
  matteStrokes = 0;
  seen = null;       // what the brush shows: the last matte that came, sketched or whole
  original = null;   // the picture as PNG where the browser cannot read the file

  constructor(file) { this.file = file; }
  get name() { return this.file.name || 'picture'; }
  get left() { return Math.max(0, Math.ceil((this.retryAt - Date.now()) / 1000)); }
  get isBusy() { return this.state === 'sending' || this.state === 'working'; }
}

export class Queue extends EventTarget {
  items = [];
  current = null;
  limits = {};        // about's max_bytes
  #running = new Map();  // item → AbortController
  #timers = new Map();

  // `options()`: what the panel asks for now.
  constructor(options, most = 2) {
    super();
    this.options = options;
    this.most = most;
  }

  add(files) {
    const items = files.map((file) => new Item(file));
    this.items.push(...items);
    for (const item of items) {
      if (this.limits.max_bytes && item.file.size > this.limits.max_bytes) {
        this.#fail(item, new ServiceError(413, 'too_large', `This file has ${mega(item.file.size)} MB; ` +
          `the server takes up to ${mega(this.limits.max_bytes)} MB. Save it smaller and add it again.`));
      }
    }
    this.#tell('list');
    if (items.length && !this.current) this.select(items[0]);
    this.#pump();
    return items;
  }

  select(item) {
    this.current = item;
    this.#tell('select', item);
    if (item) this.refresh(item);
  }

  remove(item) {
    this.#halt(item);
    const at = this.items.indexOf(item);
    this.items.splice(at, 1);
    this.#tell('list');
    this.#tell('removed', item);
    if (this.current === item) this.select(this.items[Math.min(at, this.items.length - 1)] ?? null);
  }

  // Stops what is being done for it; what it has stays.
  cancel(item) {
    this.#halt(item);
    this.#set(item, item.result ? 'done' : 'stopped');
    this.#pump();
  }

  retry(item) {
    this.#halt(item);
    item.tries = 0;
    this.#set(item, 'waiting');
    this.#pump();
  }

  // Another picture in the place of this one (straightened).
  replace(item, file) {
    this.#halt(item);
    Object.assign(item, {file, strokes: new Strokes(), result: null, baseMatte: null, matte: null,
                         matteFor: '', seen: null, original: null});
    this.#tell('replaced', item);
    this.retry(item);
  }

  // Asks for it anew where the options or strokes have changed since.
  refresh(item) {
    if (!item.result && item.state !== 'done') return item.isBusy && this.#stale(item) && this.retry(item);
    if (this.#asked(item) === item.result?.asked) {
      if (['sending', 'working', 'waiting', 'paused'].includes(item.state)) this.cancel(item);
      return;
    }
    if (!item.isBusy || this.#running.get(item)?.asked !== this.#asked(item)) this.retry(item);
  }

  // A hand is at work on its strokes: what is under way would be of others.
  hold(item) {
    if (item.result && (item.isBusy || item.state === 'waiting')) this.cancel(item);
    else this.#wait(item);
  }

  // The strokes' matte as the brush shows it; the whole once the hand rests.
  sketched(item, {matte, isWhole}) {
    item.seen = matte;
    if (isWhole) Object.assign(item, {matte, matteStrokes: item.strokes.version});
    this.#wait(item, REST);
  }
  // Put away before its matte came.
  later(item) { if (this.items.includes(item)) this.#wait(item, REST); }
  #wait(item, milliseconds) {
    clearTimeout(this.#timers.get(item));
    if (milliseconds) this.#timers.set(item, setTimeout(() => this.refresh(item), milliseconds));
  }

  isFresh(item) { return item.state === 'done' && item.result?.asked === this.#asked(item); }

  // Resolves when each of them is up to date or has failed.
  async settle(items) {
    for (const item of items) this.refresh(item);
    for (const item of items) {
      while (['waiting', 'sending', 'working', 'paused'].includes(item.state) && this.items.includes(item)) {
        await new Promise((go) => this.addEventListener('change', go, {once: true}));
      }
    }
    return items.filter((item) => item.result && this.isFresh(item));
  }

  #asked(item) {
    return this.#wishes(this.options()) + item.strokes.version;
  }
  #wishes(o) { return textOf([...matteFields(o), ...lookFields(o)]); }
  #stale(item) { return this.#running.get(item)?.asked !== this.#asked(item); }

  #halt(item) {
    this.#running.get(item)?.abort();
    this.#running.delete(item);
    clearTimeout(this.#timers.get(item));
  }

  #set(item, state, more = {}) {
    Object.assign(item, {state, error: null, ...more});
    this.#tell('change', item);
  }
  #tell(type, item) { this.dispatchEvent(Object.assign(new Event(type), {item})); }
  #fail(item, error) { this.#set(item, 'failed', {error}); }

  // The one that is looked at comes first.
  #pump() {
    while (this.#running.size < this.most) {
      const waiting = this.items.filter((item) => item.state === 'waiting');
      const next = waiting.includes(this.current) ? this.current : waiting[0];
      if (!next) return;
      this.#run(next);
    }
  }

  async #run(item) {
    const control = new AbortController();
    const o = this.options();
    control.asked = this.#asked(item);
    this.#running.set(item, control);
    this.#set(item, 'sending', {progress: 0});
    try {
      const {fields, wantsMatte, matteFor, version} = await this.#request(item, o);
      const upload = (part) => {
        if (control.signal.aborted) return;
        this.#set(item, part < 1 ? 'sending' : 'working', {progress: part});
      };
      const answer = await cut(fields, {wantsMatte, signal: control.signal, upload});
      if (control.signal.aborted) return;
      item.result = {...answer, asked: this.#wishes(o) + version, framed: reframes(o)};
      if (wantsMatte) {
        if (!version) Object.assign(item, {baseMatte: answer.matte, matteFor});
        Object.assign(item, {matte: answer.matte, matteStrokes: version, seen: answer.matte});
      }
      item.tries = 0;
      this.#running.delete(item);
      this.#set(item, 'done');
    } catch (error) {
      if (control.signal.aborted) return;
      this.#running.delete(item);
      if (error.passes && ++item.tries < MOST_TRIES) this.#pause(item, error);
      else this.#fail(item, error);
    }
    // Strokes wait for the network's matte.
    if (item.state === 'done' && item.matteStrokes !== item.strokes.version) this.refresh(item);
    this.#pump();
  }

  // The fields to send. Strokes need the network's matte first; what is known is not asked for again.
  async #request(item, o) {
    const matteFor = textOf(matteFields(o));
    const known = item.baseMatte && item.matteFor === matteFor;
    const fields = [['image', item.file], ...lookFields(o)];
    const version = known ? item.strokes.version : 0;
    if (known && !version) Object.assign(item, {matte: item.baseMatte, matteStrokes: 0, seen: item.baseMatte});
    if (known && item.matteStrokes === version) {
      fields.push(['matte', item.matte]);
      return {fields, wantsMatte: false, version};
    }
    if (!known) {
      fields.push(...matteFields(o));
    } else {
      fields.push(['matte', item.baseMatte]);
      const {width, height} = await sizeOf(item.baseMatte);
      fields.push(['hints', await item.strokes.hints(width, height)]);
    }
    return {fields, wantsMatte: true, matteFor, version};
  }

  #pause(item, error) {
    const seconds = error.retryAfter || 2 ** item.tries;
    this.#set(item, 'paused', {error, retryAt: Date.now() + seconds * 1000});
    this.#timers.set(item, setTimeout(() => {
      this.#set(item, 'waiting');
      this.#pump();
    }, seconds * 1000));
  }
}

const mega = (bytes) => (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);
