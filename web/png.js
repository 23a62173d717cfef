// PNG pictures of up to four colours, two bits a pixel. The browser's own encoder waits for an idle
// moment before it begins, up to a second, which a brush cannot.

import {crc32} from './zip.js';

// `indices`: one of `palette` a pixel; `palette`: [[red, green, blue, alpha] …]. Resolves with a Blob.
export async function palettePng(width, height, indices, palette) {
  const stride = 1 + Math.ceil(width / 4);  // 0: no filter
  const rows = new Uint8Array(stride * height);
  for (let y = 0, i = 0; y < height; ++y) {
    for (let x = 0, row = y * stride + 1; x < width; ++x, ++i) {
      if (indices[i]) rows[row + (x >> 2)] |= indices[i] << (6 - 2 * (x & 3));
    }
  }
  const packed = new Blob([rows]).stream().pipeThrough(new CompressionStream('deflate'));
  const head = new DataView(new ArrayBuffer(13));
  head.setUint32(0, width);
  head.setUint32(4, height);
  head.setUint16(8, 0x0203);  // bits, kind: palette
  return new Blob([
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10),
    chunk('IHDR', new Uint8Array(head.buffer)),
    chunk('PLTE', Uint8Array.from(palette.flatMap((colour) => colour.slice(0, 3)))),
    chunk('tRNS', Uint8Array.from(palette, (colour) => colour[3])),
    chunk('IDAT', new Uint8Array(await new Response(packed).arrayBuffer())),
    chunk('IEND', new Uint8Array()),
  ], {type: 'image/png'});
}

function chunk(name, data) {
  const bytes = new Uint8Array(12 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  bytes.set(new TextEncoder().encode(name), 4);
  bytes.set(data, 8);
  view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)));
  return bytes;
}

// Width and height, as the head of a PNG says.
export async function sizeOf(png) {
  const head = new DataView(await png.slice(16, 24).arrayBuffer());
  return {width: head.getUint32(0), height: head.getUint32(4)};
}
