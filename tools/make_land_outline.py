#!/usr/bin/env python3
"""Writes src/library/report/land_outline.cc: the outlines of the continents and larger islands, for the
map in the report of a photo library.

    npm pack world-atlas@2 && tar xzf world-atlas-*.tgz
    tools/make_land_outline.py package/land-110m.json

The source is Natural Earth's "land" at 1:110 million (naturalearthdata.com, public domain), as the npm
package world-atlas has it in TopoJSON."""
import json
import math
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TOLERANCE = 0.35  # degrees that a point may lie off the line before it is kept
LEAST_AREA = 1.2  # square degrees at the equator of the smallest island


def rings(atlas):
    scale, move = atlas["transform"]["scale"], atlas["transform"]["translate"]
    arcs = []
    for arc in atlas["arcs"]:
        x = y = 0
        points = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            points.append((x * scale[0] + move[0], y * scale[1] + move[1]))
        arcs.append(points)
    for geometry in atlas["objects"]["land"]["geometries"]:
        polygons = geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]
        for polygon in polygons:
            for ring in polygon:
                points = []
                for number in ring:
                    part = arcs[number] if number >= 0 else arcs[~number][::-1]
                    points += part[1 if points else 0:]
                yield points


def area(ring):
    middle = math.radians(sum(y for _, y in ring) / len(ring))
    double = sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, ring[1:] + ring[:1]))
    return abs(double) / 2 * math.cos(middle)


def simplified(points):
    """Douglas and Peucker's, east and west counted as the latitude has them."""
    if len(points) < 3:
        return points
    (x0, y0), (x1, y1) = points[0], points[-1]
    shrink = math.cos(math.radians((y0 + y1) / 2))
    dx, dy = (x1 - x0) * shrink, y1 - y0
    length = math.hypot(dx, dy)

    def off(point):
        px, py = (point[0] - x0) * shrink, point[1] - y0
        return abs(px * dy - py * dx) / length if length > 1e-9 else math.hypot(px, py)

    far = max(range(1, len(points) - 1), key=lambda i: off(points[i]))
    if off(points[far]) <= TOLERANCE:
        return [points[0], points[-1]]
    return simplified(points[:far + 1])[:-1] + simplified(points[far:])


def main():
    atlas = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
    values, count = [], 0
    for ring in rings(atlas):
        if area(ring) < LEAST_AREA:
            continue
        # A closed ring has no ends to begin with: it is halved first.
        half = len(ring) // 2
        kept = simplified(ring[:half + 1])[:-1] + simplified(ring[half:])
        kept = [(round(x * 10), round(y * 10)) for x, y in kept]
        kept = [p for i, p in enumerate(kept) if i == 0 or p != kept[i - 1]]
        if len(kept) < 4:
            continue
        values += [len(kept)] + [v for point in kept for v in point]
        count += len(kept)
    lines, line = [], "   "
    for value in values:
        word = f" {value},"
        if len(line) + len(word) > 100:
            lines.append(line)
            line = "   "
        line += word
    lines.append(line)
    text = "\n".join(lines)
    (ROOT / "src/library/report/land_outline.cc").write_text(f"""// Made by tools/make_land_outline.py of Natural Earth's land at 1:110 million (public domain).
#include "src/library/report/land_outline.h"

namespace peel::library {{
namespace {{

// clang-format off
constexpr int16_t kOutline[] = {{
{text}
}};
// clang-format on

}}  // namespace

std::span<const int16_t> LandOutline() {{ return kOutline; }}

}}  // namespace peel::library
""", encoding="utf-8")
    print(f"{count} points, {len(values)} numbers")


if __name__ == "__main__":
    main()
