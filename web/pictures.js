// Pictures as the viewer draws them: at full size, with halves of it ready for when it is zoomed out.

import {palettePng, sizeOf} from './png.js';

export class Pyramid {
  constructor(levels) {
    this.levels = levels;
    this.width = levels[0].width;
    this.height = levels[0].height;
  }

  // From a Blob, upright as its EXIF data says, or a bitmap, which is then its own. Rejects where the
  // browser cannot read it.
  static async of(source) {
    const levels = [source instanceof Blob ? await createImageBitmap(source) : source];
    for (let last = levels[0]; Math.max(last.width, last.height) > 1024; levels.push(last)) {
      last = await createImageBitmap(last, {resizeWidth: Math.ceil(last.width / 2),
                                            resizeHeight: Math.ceil(last.height / 2), resizeQuality: 'high'});
    }
    return new Pyramid(levels);
  }

  // The smallest one that is not smaller than what is shown: `scale` screen pixels a pixel.
  level(scale) {
    let i = 0;
    while (i + 1 < this.levels.length && scale * 2 ** (i + 1) <= 1) ++i;
    return this.levels[i];
  }

  close() { for (const level of this.levels) level.close(); }
}

// `before` where the matte is white, clear where it is black; not larger than the matte, and its longer side
// at most `longer`.
export async function masked(before, matteBlob, longer = 2048) {
  const matte = await createImageBitmap(matteBlob);
  const scale = Math.min(1, longer / Math.max(before.width, before.height), matte.width / before.width);
  const width = Math.max(1, Math.round(before.width * scale));
  const height = Math.max(1, Math.round(before.height * scale));
  const context = new OffscreenCanvas(width, height).getContext('2d', {willReadFrequently: true});
  context.drawImage(matte, 0, 0, width, height);
  matte.close();
  const mask = context.getImageData(0, 0, width, height);
  const pixels = new Uint32Array(mask.data.buffer);
  for (let i = 0; i < pixels.length; ++i) pixels[i] = pixels[i] << 24;
  context.putImageData(mask, 0, 0);
  context.globalCompositeOperation = 'source-in';
  context.drawImage(before.level(scale), 0, 0, width, height);
  return Pyramid.of(context.canvas.transferToImageBitmap());
}

// The picture as a file of this size. A JPEG stays one; what may be transparent becomes a WebP.
export function fileAt(picture, width, height, type) {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d');
  context.imageSmoothingQuality = 'high';
  context.drawImage(picture.level(width / picture.width), 0, 0, width, height);
  return canvas.convertToBlob({type: type === 'image/jpeg' ? type : 'image/webp', quality: .92});
}

// A matte as a PNG of this size.
export async function greyAt(matte, width, height) {
  const bitmap = await createImageBitmap(matte, {resizeWidth: width, resizeHeight: height, resizeQuality: 'high'});
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext('2d').drawImage(bitmap, 0, 0);
  bitmap.close();
  return canvas.convertToBlob({type: 'image/png'});
}

// A white picture as large as this PNG.
export async function whiteLike(png) {
  const {width, height} = await sizeOf(png);
  return palettePng(width, height, new Uint8Array(width * height), [[255, 255, 255, 255]]);
}

// A square preview on a canvas, all of the picture in it.
export async function thumbnail(canvas, blob) {
  const bitmap = await createImageBitmap(blob);
  const side = canvas.width;
  const scale = side / Math.max(bitmap.width, bitmap.height);
  const [w, h] = [bitmap.width * scale, bitmap.height * scale];
  const context = canvas.getContext('2d');
  context.imageSmoothingQuality = 'high';
  context.clearRect(0, 0, side, side);
  context.drawImage(bitmap, (side - w) / 2, (side - h) / 2, w, h);
  bitmap.close();
}
