#!/usr/bin/env python3
"""What a stroke of the page's brush takes, from the hand that lets go to the new cut-out on the stage.

usage: bench/serve/brush.py PEEL PHOTO.jpg OUTPUT_FOLDER [--strokes N]

The page in headless Chromium over a service of its own, by real drags. Chromium itself times the stroke
(the page measures it), the request and what the service says of its stages. Both share the machine's
processors, as on a desktop. Needs selenium, Chromium and its driver, like tests/web.
"""
import argparse
import json
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "bench"), str(ROOT / "tests" / "web")]
import browser  # noqa: E402
import measure  # noqa: E402

# Starts and ends of strokes on the stage, in fractions of it: across the picture, each elsewhere.
STROKES = [((.3 + .05 * i, .35 + .03 * (i % 4)), (.34 + .05 * i, .42 + .03 * (i % 4))) for i in range(8)]
SIZES = [(1632, 1224), (4000, 3000)]


def serve(peel, port):
    process = subprocess.Popen([peel, "serve", "--port", str(port), "--log", "off"],
                               env={**os.environ, "PEEL_CONFIG": "off"}, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    for _ in range(3000):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return process
        except OSError:
            time.sleep(.01)
    raise RuntimeError("the service does not start")


def entries(page):
    """The strokes that the page has measured, and the requests for them: milliseconds."""
    return page.value("""(() => ({
      strokes: performance.getEntriesByName('stroke').map((e) => e.duration),
      requests: performance.getEntriesByType('resource').filter((e) => e.name.endsWith('/v1/cut')).map((e) => ({
        start: e.startTime, ms: e.responseEnd - e.startTime,
        stages: Object.fromEntries(e.serverTiming.map((s) => [s.name, s.duration])),
      }))}))()""")


def measured(driver, port, photo, folder, count):
    """[{shown, request, server, stages}] of so many strokes; the first one of a picture is left out."""
    page = browser.Page(driver, f"http://127.0.0.1:{port}", folder)
    page.choose(photo)
    page.wait_done()
    page.take_brush()
    page.js("document.getElementById('brush-size').value = 40")
    time.sleep(2)
    done = []
    for turn in range(count + 1):
        page.click(f"[name=paint][value={'remove' if turn % 2 else 'keep'}]")
        before = len(entries(page)["requests"])
        page.drag(*STROKES[turn % len(STROKES)])
        page.wait(f"performance.getEntriesByName('stroke').length === {turn + 1}", "the stroke's matte")
        told = entries(page)
        request = told["requests"][before]
        done.append({"shown": told["strokes"][turn], "request": request["ms"],
                     "server": sum(request["stages"].values()), "stages": request["stages"]})
        page.wait_done()
        time.sleep(1.5)  # the whole picture's matte comes once the hand rests
        page.wait_done()
    return done[1:]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("peel", "photo", "output"):
        parser.add_argument(name)
    parser.add_argument("--strokes", type=int, default=10)
    args = parser.parse_args()
    from PIL import Image
    out = pathlib.Path(args.output)
    out.mkdir(parents=True, exist_ok=True)
    record = {"machine": measure.machine(), "date": time.strftime("%Y-%m-%d"), "strokes": {}}
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        (scratch / "downloads").mkdir()
        driver, service = browser.start(), serve(args.peel, 7321)
        try:
            image = Image.open(args.photo).convert("RGB")
            for size in SIZES:
                photo = scratch / f"{size[0]}.jpg"
                image.resize(size, Image.Resampling.LANCZOS).save(photo, quality=92)
                label = f"{size[0] * size[1] / 1e6:.0f} megapixels"
                record["strokes"][label] = measured(driver, 7321, photo, scratch / "downloads", args.strokes)
                driver.save_screenshot(str(out / f"serve-brush-{size[0]}.png"))
        finally:
            driver.quit()
            service.terminate()
            service.wait()
    (out / "serve-brush.json").write_text(json.dumps(record, indent=1))
    middle = lambda strokes, what: statistics.median(s[what] for s in strokes)
    lines = ["| a stroke, median ms | to the stage | its request | the service's part |", "|---|---|---|---|"]
    for label, strokes in record["strokes"].items():
        lines.append(f"| {label} | {middle(strokes, 'shown'):.0f} | {middle(strokes, 'request'):.0f} | "
                     f"{middle(strokes, 'server'):.0f} |")
    text = "\n".join(lines) + "\n"
    (out / "serve-brush.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
