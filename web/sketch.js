// What strokes make of a matte, solved no larger than it is looked at. Of a large picture that is a small part
// of the work, so that the answer comes while the hand is still there; the whole follows when it rests.

import {fileAt, greyAt} from './pictures.js';
import {sizeOf} from './png.js';
import {matteOf} from './service.js';

const SIZES = [5e5, 1e6, 2e6];  // pixels

export class Sketcher {
  #ready = {};  // of one picture and size: its file and matte
  #control = null;

  // Made ready while the hand looks for its next stroke. `before`: the picture's Pyramid; `shown`: how many
  // pixels of the screen one of the picture is.
  async prepare(item, before, shown) {
    const {file, baseMatte} = item;
    const {width, height} = before;
    const area = SIZES.find((size) => size >= width * height * shown * shown) ?? SIZES.at(-1);
    const scale = Math.min(1, Math.sqrt(area / (width * height)));
    const ready = this.#ready;
    if (ready.file !== file || ready.baseMatte !== baseMatte || ready.scale !== scale) {
      this.#ready = {file, baseMatte, scale, made: this.#make(item, before, scale)};
    }
    return this.#ready.made;
  }

  async #make({file, baseMatte}, before, scale) {
    const {width, height} = await sizeOf(baseMatte);
    if (scale === 1) return {image: file, matte: baseMatte, width, height, scale};
    const size = [Math.round(width * scale), Math.round(height * scale)];
    const [image, matte] = await Promise.all([fileAt(before, ...size, file.type), greyAt(baseMatte, ...size)]);
    return {image, matte, width: size[0], height: size[1], scale};
  }

  // The matte with these strokes, and whether it has the picture's own size. Null where it was stopped, by
  // other strokes or by stop().
  async draw(item, before, shown) {
    this.stop();
    const {signal} = this.#control = new AbortController();
    const {strokes} = item;
    if (!strokes.version) return {matte: item.baseMatte, isWhole: true};
    try {
      const {image, matte, width, height, scale} = await this.prepare(item, before, shown);
      if (signal.aborted) return null;
      const hints = await strokes.hints(width, height, scale);
      const blob = await matteOf([['image', image], ['matte', matte], ['hints', hints]], signal);
      return signal.aborted ? null : {matte: blob, isWhole: scale === 1};
    } catch (error) {
      if (signal.aborted) return null;
      throw error;
    }
  }

  stop() {
    this.#control?.abort();
    this.#control = null;
  }
}
