// The perspective that takes a rectangle to four corners, and the size that a flat sheet had.

// Rows of a 3x3 matrix (h33 = 1) that takes the unit square's corners (0,0) (1,0) (1,1) (0,1) to the
// four points, in this order: Heckbert 1989, section 2.2.3. Null where three lie on a line.
export function fromUnitSquare([[x0, y0], [x1, y1], [x2, y2], [x3, y3]]) {
  const dx1 = x1 - x2, dx2 = x3 - x2, sx = x0 - x1 + x2 - x3;
  const dy1 = y1 - y2, dy2 = y3 - y2, sy = y0 - y1 + y2 - y3;
  const det = dx1 * dy2 - dx2 * dy1;
  if (Math.abs(det) < 1e-9) return null;
  const g = (sx * dy2 - dx2 * sy) / det;
  const h = (dx1 * sy - sx * dy1) / det;
  return [x1 - x0 + g * x1, x3 - x0 + h * x3, x0, y1 - y0 + g * y1, y3 - y0 + h * y3, y0, g, h, 1];
}

export function apply(m, x, y) {
  const w = m[6] * x + m[7] * y + m[8];
  return [(m[0] * x + m[1] * y + m[2]) / w, (m[3] * x + m[4] * y + m[5]) / w];
}

// Turning always the same way at each corner, so that no two sides cross.
export function isConvex(corners) {
  const turns = corners.map(([x, y], i) => {
    const [bx, by] = corners[(i + 1) % 4], [cx, cy] = corners[(i + 2) % 4];
    return Math.sign((bx - x) * (cy - by) - (by - y) * (cx - bx));
  });
  return turns.every((turn) => turn === turns[0] && turn !== 0);
}

// The longer of each pair of opposite sides: no pixel is lost.
export function flatSize([a, b, c, d]) {
  const side = ([x, y], [u, v]) => Math.hypot(u - x, v - y);
  return [Math.max(side(a, b), side(d, c)), Math.max(side(a, d), side(b, c))];
}

// What lies within the corners, straightened into a canvas whose longer side is `longer`.
// source: ImageData; corners in its pixels.
export function straighten(source, corners, longer, canvas) {
  const m = isConvex(corners) && fromUnitSquare(corners);
  if (!m) return false;
  const [w, h] = flatSize(corners);
  canvas.width = Math.max(1, Math.round(w * longer / Math.max(w, h)));
  canvas.height = Math.max(1, Math.round(h * longer / Math.max(w, h)));
  const context = canvas.getContext('2d');
  const out = context.createImageData(canvas.width, canvas.height);
  const from = new Uint32Array(source.data.buffer);
  const to = new Uint32Array(out.data.buffer);
  for (let y = 0, at = 0; y < canvas.height; ++y) {
    for (let x = 0; x < canvas.width; ++x, ++at) {
      const [u, v] = apply(m, (x + .5) / canvas.width, (y + .5) / canvas.height);
      if (u >= 0 && v >= 0 && u < source.width && v < source.height) {
        to[at] = from[(v | 0) * source.width + (u | 0)];
      }
    }
  }
  context.putImageData(out, 0, 0);
  return true;
}
