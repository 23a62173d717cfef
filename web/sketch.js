// What strokes make of a matte, solved at the size that the brush shows. Of a large picture that is a small
// part of the work, so that the answer comes while the hand is still there; the whole follows when it rests.

import {matteOf} from './service.js';
import {sizeOf} from './png.js';
import {fileAt, greyAt} from './pictures.js';

const MOST = 2e6;  // pixels

export class Sketcher {
  #ready = {};  // of one picture: its file and matte at that size
  #control = null;

  // Made ready while the hand looks for its first stroke. `before`: the picture's Pyramid.
  async prepare(item, before) {
    const {file, baseMatte} = item;
    if (this.#ready.file !== file || this.#ready.baseMatte !== baseMatte) {
      this.#ready = {file, baseMatte, made: this.#make(item, before)};
    }
    return this.#ready.made;
  }

  async #make({file, baseMatte}, before) {
    const {width, height} = await sizeOf(baseMatte);
    const scale = Math.min(1, Math.sqrt(MOST / (width * height)));
    if (scale === 1) return {image: file, matte: baseMatte, width, height, scale};
    const size = [Math.round(width * scale), Math.round(height * scale)];
    const [image, matte] = await Promise.all([fileAt(before, ...size, file.type), greyAt(baseMatte, ...size)]);
    return {image, matte, width: size[0], height: size[1], scale};
  }

  // The matte with these strokes, and whether it has the picture's own size. Null where other strokes have
  // come since.
  async draw(item, before) {
    this.stop();
    const control = this.#control = new AbortController();
    const {strokes} = item;
    if (!strokes.version) return {matte: item.baseMatte, isWhole: true};
    try {
      const {image, matte, width, height, scale} = await this.prepare(item, before);
      if (control.signal.aborted) return null;
      const hints = await strokes.hints(width, height, scale);
      const fields = [['image', image], ['matte', matte], ['hints', hints]];
      const blob = await matteOf(fields, control.signal);
      return control.signal.aborted ? null : {matte: blob, isWhole: scale === 1};
    } catch (error) {
      if (control.signal.aborted) return null;
      throw error;
    }
  }

  stop() {
    this.#control?.abort();
    this.#control = null;
  }
}
