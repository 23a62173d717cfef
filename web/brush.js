// Strokes that say what is certainly subject and what is certainly background, in pixels of the picture.

import {palettePng} from './png.js';

const COLOURS = {keep: '#0f0', remove: '#f00', erase: '#000'};

export class Strokes {
  done = [];    // [{tool: 'keep' | 'remove' | 'erase', radius, points: [x, y, …]}]
  undone = [];
  version = 0;  // another one for every set of strokes that has been seen

  begin(tool, radius, x, y) {
    this.done.push({tool, radius, points: [x, y]});
    this.undone = [];
  }
  extend(x, y) {
    const {points, radius} = this.done.at(-1);
    const far = Math.hypot(x - points.at(-2), y - points.at(-1)) > radius / 8;
    if (far) points.push(x, y);
    return far;
  }
  end() { this.version = ++Strokes.versions; }
  // The stroke begun last was none (a second finger came).
  drop() { this.done.pop(); }
  undo() { return this.#move(this.done, this.undone); }
  redo() { return this.#move(this.undone, this.done); }

  #move(from, to) {
    if (!from.length) return false;
    to.push(from.pop());
    this.version = this.done.length ? ++Strokes.versions : 0;
    return true;
  }

  // All of them, or from the last one alone what came last, with the context's transform.
  draw(context, last = false) {
    for (const stroke of last ? this.done.slice(-1) : this.done) {
      const points = last ? stroke.points.slice(-4) : stroke.points;
      context.globalCompositeOperation = stroke.tool === 'erase' ? 'destination-out' : 'source-over';
      context.strokeStyle = COLOURS[stroke.tool];
      context.lineWidth = 2 * stroke.radius;
      context.lineCap = context.lineJoin = 'round';
      context.beginPath();
      context.moveTo(points[0], points[1]);
      if (points.length === 2) context.lineTo(points[0] + .01, points[1]);
      for (let i = 2; i < points.length; i += 2) context.lineTo(points[i], points[i + 1]);
      context.stroke();
    }
    context.globalCompositeOperation = 'source-over';
  }

  // The picture that the server calls hints: green is subject, red is background, the rest is clear. Its
  // size, and how many of its pixels one of the picture is.
  hints(width, height, scale = 1) {
    const context = new OffscreenCanvas(width, height).getContext('2d', {willReadFrequently: true});
    context.scale(scale, scale);
    this.draw(context);
    const pixels = new Uint32Array(context.getImageData(0, 0, width, height).data.buffer);
    const indices = new Uint8Array(width * height);
    for (let i = 0; i < indices.length; ++i) {
      const pixel = pixels[i];  // alpha, blue, green, red, from the top
      if (pixel >>> 31) indices[i] = (pixel >> 8 & 255) > (pixel & 255) ? 1 : 2;
    }
    return palettePng(width, height, indices, [[0, 0, 0, 0], [0, 255, 0, 255], [255, 0, 0, 255]]);
  }
}
Strokes.versions = 0;
