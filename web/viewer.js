// Original and result over each other at full size. Two canvases of the stage's size are drawn when the
// view changes; the slider between them moves by transforms alone, which costs no drawing at all.

import {make} from './dom.js';

const still = matchMedia('(prefers-reduced-motion: reduce)');
const clamp = (v, low, high) => Math.min(Math.max(v, low), Math.max(low, high));
// 0 for a moment where the window is being moved between screens.
const ratio = () => devicePixelRatio || 1;
const CHECK = 12;  // a square of the checkerboard, CSS pixels

export class Viewer extends EventTarget {
  before = null;  // Pyramids, or null
  after = null;
  cut = null;     // what the brush shows
  mode = 'compare';
  split = .5;     // of the visible part of the picture, from its left
  painter = null; // {strokes, radius()}: what a pointer draws with, in mode 'brush'
  #scale = 1;     // CSS pixels a pixel of the picture
  #x = 0;         // of the picture's corner in the stage
  #y = 0;
  #fits = true;
  #frame = 0;
  #motion = 0;

  constructor(stage) {
    super();
    this.stage = stage;
    const at = (id) => stage.querySelector(id);
    [this.afterCanvas, this.beforeCanvas, this.paintCanvas] = ['#after', '#before', '#paint'].map(at);
    [this.curtain, this.handle] = ['#curtain', '#handle'].map(at);
    new ResizeObserver(() => this.#resize()).observe(stage);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.redraw());
    this.#resize();
  }

  // The picture whose pixels the view counts in.
  get base() {
    if (!this.before || !this.after) return this.before ?? this.after;
    return this.framed && this.mode !== 'before' && this.mode !== 'brush' ? this.after : this.before;
  }
  get scale() { return this.#scale; }
  get canCompare() { return Boolean(this.before && this.after && !this.framed); }

  // `framed`: the result is another part of the picture. Keeps the view where the size stays the same.
  show({before, after, cut, framed = false}) {
    const old = this.base;
    Object.assign(this, {before, after, cut, framed});
    const same = old && this.base && old.width === this.base.width && old.height === this.base.height;
    if (!same) this.#fits = true;
    if (this.#fits) this.#fit();
    this.redraw();
  }

  setMode(mode) {
    const old = this.base;
    this.mode = mode;
    if (old !== this.base) this.#fit();
    this.redraw();
  }

  // Draws the curtain aside from the whole original to the middle.
  reveal() {
    cancelAnimationFrame(this.#motion);
    if (still.matches) return this.setSplit(.5);
    const begun = performance.now();
    const step = (now) => {
      const t = clamp((now - begun) / 900, 0, 1);
      this.setSplit(1 - .5 * (1 - (1 - t) ** 3));
      if (t < 1) this.#motion = requestAnimationFrame(step);
    };
    this.setSplit(1);
    this.#motion = requestAnimationFrame(step);
  }

  setSplit(split) {
    this.split = clamp(split, 0, 1);
    const [left, right] = this.#span();
    const at = left + this.split * (right - left);
    const comparing = this.mode === 'compare' && this.canCompare;
    this.handle.hidden = !comparing;
    const before = this.mode === 'before' || (!this.after && this.mode !== 'brush');
    const edge = comparing ? at : before && this.before ? this.width : 0;
    this.curtain.style.transform = `translateX(${edge - this.width}px)`;
    this.beforeCanvas.style.transform = `translateX(${this.width - edge}px)`;
    this.handle.style.transform = `translateX(${at}px)`;
    const percent = Math.round(this.split * 100);
    this.handle.setAttribute('aria-valuenow', percent);
    this.handle.setAttribute('aria-valuetext', `${percent} % original`);
  }
  splitAt(x) {
    cancelAnimationFrame(this.#motion);
    const [left, right] = this.#span();
    this.setSplit((x - left) / (right - left || 1));
  }

  // The picture's visible part, from left to right.
  #span() {
    const width = this.base ? this.base.width * this.#scale : this.width;
    return [clamp(this.#x, 0, this.width), clamp(this.#x + width, 0, this.width)];
  }

  toPicture(x, y) { return [(x - this.#x) / this.#scale, (y - this.#y) / this.#scale]; }

  fit() { this.#glide(this.#fitted(), () => { this.#fits = true; this.#fit(); this.redraw(); }); }
  oneToOne() { this.zoomTo(1 / ratio()); }
  zoomTo(scale, x = this.width / 2, y = this.height / 2) { this.#glide(scale, null, x, y); }
  zoomBy(factor, x = this.width / 2, y = this.height / 2) {
    if (!this.base) return;
    const scale = this.#bounded(this.#scale * factor);
    const [u, v] = this.toPicture(x, y);
    this.#scale = scale;
    this.#fits = Math.abs(scale - this.#fitted()) < 1e-6;
    this.#place(x - u * scale, y - v * scale);
  }
  panBy(dx, dy) { this.#place(this.#x + dx, this.#y + dy); }
  get canPan() {
    return Boolean(this.base) && (this.base.width * this.#scale > this.width + 1 ||
                                  this.base.height * this.#scale > this.height + 1);
  }

  #bounded(scale) { return clamp(scale, Math.min(this.#fitted(), 1 / ratio()) / 2, 24); }
  #fitted() {
    if (!this.base) return 1;
    return Math.min((this.width - 24) / this.base.width, (this.height - 24) / this.base.height, 4);
  }
  #fit() {
    if (!this.base || !this.width) return;
    this.#scale = this.#fitted();
    this.#place(0, 0);
  }
  // A picture smaller than the stage is in its middle; of a larger one no edge comes far in.
  #place(x, y) {
    if (!this.base) return;
    const put = (at, size, room) =>
      size <= room ? (room - size) / 2 : clamp(at, room - size - room / 3, room / 3);
    this.#x = put(x, this.base.width * this.#scale, this.width);
    this.#y = put(y, this.base.height * this.#scale, this.height);
    this.redraw();
    this.dispatchEvent(new Event('view'));
  }

  #glide(target, done, x, y) {
    cancelAnimationFrame(this.#motion);
    const from = this.#scale, to = this.#bounded(target), begun = performance.now();
    const step = (now) => {
      const t = still.matches ? 1 : clamp((now - begun) / 180, 0, 1);
      this.zoomBy(from * (to / from) ** (1 - (1 - t) ** 3) / this.#scale, x, y);
      if (t < 1) this.#motion = requestAnimationFrame(step);
      else done?.();
    };
    step(begun);
  }

  #resize() {
    this.width = this.stage.clientWidth;
    this.height = this.stage.clientHeight;
    for (const canvas of [this.afterCanvas, this.beforeCanvas, this.paintCanvas]) {
      canvas.width = Math.round(this.width * ratio());
      canvas.height = Math.round(this.height * ratio());
    }
    if (this.#fits) this.#fit();
    else this.#place(this.#x, this.#y);
    this.#draw();
  }

  redraw() {
    if (!this.#frame) this.#frame = requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const base = this.base;
    const after = this.afterCanvas.getContext('2d'), before = this.beforeCanvas.getContext('2d');
    for (const context of [after, before]) {
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.clearRect(0, 0, context.canvas.width, context.canvas.height);
      if (base) this.#checks(context, base);
    }
    if (base && this.mode === 'brush' && this.before) {
      this.#picture(after, this.before, base, .3);
      if (this.cut) this.#picture(after, this.cut, base);
    } else if (base) {
      if (this.after && !(this.framed && base === this.before)) this.#picture(after, this.after, base);
      if (this.before && !(this.framed && base === this.after)) this.#picture(before, this.before, base);
    }
    this.drawStrokes();
    this.setSplit(this.split);
    this.stage.classList.toggle('painting', this.mode === 'brush');
  }

  drawStrokes(last = false) {
    const context = this.paintCanvas.getContext('2d');
    if (!last) {
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.clearRect(0, 0, context.canvas.width, context.canvas.height);
    }
    if (this.mode !== 'brush' || !this.painter) return;
    const dpr = ratio(), scale = this.#scale * dpr;
    context.setTransform(scale, 0, 0, scale, this.#x * dpr, this.#y * dpr);
    this.painter.strokes.draw(context, last);
  }

  // The picture's place on a canvas: whole device pixels, so that nothing shines through at its edges.
  #box(base) {
    const dpr = ratio(), [x, y] = [Math.round(this.#x * dpr), Math.round(this.#y * dpr)];
    const end = (at, size) => Math.round((at + size * this.#scale) * dpr);
    return [x, y, end(this.#x, base.width) - x, end(this.#y, base.height) - y];
  }

  #picture(context, picture, base, alpha = 1) {
    const box = this.#box(base);
    const scale = box[2] / picture.width;
    context.globalAlpha = alpha;
    context.imageSmoothingEnabled = scale < 3;
    context.imageSmoothingQuality = scale < 1 ? 'medium' : 'low';
    context.drawImage(picture.level(scale), ...box);
    context.globalAlpha = 1;
  }

  #checks(context, base) {
    const style = getComputedStyle(this.stage);
    const side = Math.max(1, Math.round(CHECK * ratio()));
    const tile = make('canvas', {width: 2 * side, height: 2 * side});
    const ink = tile.getContext('2d');
    ink.fillStyle = style.getPropertyValue('--check-a');
    ink.fillRect(0, 0, 2 * side, 2 * side);
    ink.fillStyle = style.getPropertyValue('--check-b');
    ink.fillRect(0, 0, side, side);
    ink.fillRect(side, side, side, side);
    const [x, y, w, h] = this.#box(base);
    context.save();
    context.translate(x, y);
    context.fillStyle = context.createPattern(tile, 'repeat');
    context.fillRect(0, 0, w, h);
    context.restore();
  }
}
