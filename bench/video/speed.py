#!/usr/bin/env python3
"""Frames a second of `peel video` at 1080p: without an encoder, with ProRes 4444 and with VP9, beside backgroundremover
and rembg on the same clip and machine.

usage: bench/video/speed.py [--peel build/peel] [--clip CLIP] [--frames 120] [--rounds 3] [--peers PYTHON] [--out FOLDER]

Without --clip a film of 1920 x 1080 at 25 frames/s is made: the lemur of PyMatting's test pictures (../shared/images) over
a panned beach, as H.264. --peers names the Python of an environment with backgroundremover and rembg[cpu,cli] from pip;
without it Peel is measured alone.

  peel, no encoder   -o /dev/null: decoding, network, refining, steadying and composing to frames with alpha
  peel, ProRes       -o out.mov
  peel, VP9          -o out.webm
  backgroundremover  -i clip -tv (transparent .mov), its default u2net
  rembg              `rembg b` over raw frames that ffmpeg pipes in, as its manual shows, with u2netp and u2net

A round runs every contender once, in turn; the medians of the rounds count. Peers get a clip of --peer-frames frames,
as they take long. Writes OUT/video-speed.json and .md. CPU seconds are those of the whole process tree.
"""
import argparse
import json
import os
import pathlib
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
LEMUR = ROOT.parent / "shared/images/objects/lemur"
WIDTH, HEIGHT, RATE = 1920, 1080, 25
sys.path.insert(0, str(ROOT / "bench"))

import measure  # noqa: E402

TEXT = {
    "part_of": "video", "title": "Frames a second", "command": "bench/run.sh video",
    "about": "A film of 1920 x 1080 at 25 frames/s, H.264: the lemur of PyMatting's test pictures to and fro over a panned "
             "beach. Every contender once in each of three rounds, in turn; medians. Peers get the first frames of the same "
             "film. Processor time is that of ffmpeg too."}


def make_clip(path, count):
    """The lemur goes to and fro over a beach that goes by. Frames are made one by one."""
    import numpy as np
    from PIL import Image

    lemur = Image.open(LEMUR / "lemur_foreground.png").convert("RGB")
    lemur.putalpha(Image.open(LEMUR / "lemur_alpha.png").convert("L"))
    lemur = lemur.resize((1670, 1080), Image.Resampling.LANCZOS)
    beach = Image.open(LEMUR / "beach.png").convert("RGB").resize((2600, 1682), Image.Resampling.LANCZOS)
    command = ["ffmpeg", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{WIDTH}x{HEIGHT}", "-r", str(RATE),
               "-i", "-", "-f", "lavfi", "-i", f"sine=duration={count / RATE}", "-c:v", "libx264", "-preset", "fast", "-crf",
               "18", "-pix_fmt", "yuv420p", "-c:a", "aac", str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as film:
        for i in range(count):
            left = round(330 + 300 * np.sin(2 * np.pi * i / 100))
            frame = beach.crop((i % 600, 300, i % 600 + WIDTH, 300 + HEIGHT)).convert("RGBA")
            frame.alpha_composite(lemur, (max(0, left - 200), 0))
            film.stdin.write(np.asarray(frame.convert("RGB")).tobytes())
    if film.returncode != 0:
        sys.exit("ffmpeg could not make the clip")


def timed(command, **how):
    """Wall and CPU seconds of a process with its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **how)
    wall = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stderr[-2000:]}")
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stderr


def peel(program, clip, *given):
    wall, cpu, told = timed([program, "video", clip, "-v", *given])
    stages = dict(re.findall(r" (decode|network|matte|compose|encode) (\d+)", told))
    return wall, cpu, {name: int(value) for name, value in stages.items()}


def rembg(tools, clip, model, scratch):
    """Frames go through ffmpeg's pipe into `rembg b`, which writes PNG files."""
    out = scratch / f"rembg-{model}"
    out.mkdir(exist_ok=True)
    line = (f"ffmpeg -v error -i {clip} -f rawvideo -pix_fmt rgb24 - | "
            f"{tools / 'rembg'} b -m {model} {WIDTH} {HEIGHT} -o {out}/frame-%05u.png")
    return (*timed(["bash", "-o", "pipefail", "-c", line])[:2], {})


def background_remover(tools, clip, scratch):
    return (*timed([tools / "backgroundremover", "-i", clip, "-tv", "-o", scratch / "peer.mov"])[:2], {})


def peers(tools, clip, scratch, frames):
    """Those that are there with a model; neither fetches one here."""
    found = {}
    weights = pathlib.Path(os.environ.get("U2NET_HOME", pathlib.Path.home() / ".u2net"))
    if not (tools / "backgroundremover").exists():
        print(f"backgroundremover is left out: it is not in {tools}", file=sys.stderr)
    elif not (pathlib.Path.home() / ".u2net/u2net.pth").exists():
        print("backgroundremover is left out: its weights are not in ~/.u2net", file=sys.stderr)
    else:
        found["backgroundremover (u2net)"] = frames, lambda: background_remover(tools, clip, scratch)
    for model in ("u2netp", "u2net"):
        if (tools / "rembg").exists() and (weights / f"{model}.onnx").exists():
            found[f"rembg b ({model})"] = frames, lambda model=model: rembg(tools, clip, model, scratch)
        else:
            print(f"rembg b with {model} is left out: no {tools}/rembg or no {weights}/{model}.onnx", file=sys.stderr)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--peel", default=ROOT / "build/peel")
    parser.add_argument("--clip")
    parser.add_argument("--frames", type=int, default=120)
    parser.add_argument("--peer-frames", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers")
    parser.add_argument("--out", default=str(ROOT / "out/bench"))
    given = parser.parse_args()
    rows = {}
    with tempfile.TemporaryDirectory() as folder:
        scratch = pathlib.Path(folder)
        clip, short = pathlib.Path(given.clip or scratch / "clip.mp4"), scratch / "short.mp4"
        if not given.clip:
            make_clip(clip, given.frames)
        subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", clip, "-frames:v", str(given.peer_frames), "-c:v", "libx264",
                        "-crf", "18", "-an", short], check=True)
        counted = json.loads(subprocess.run(
            ["ffprobe", "-v", "error", "-count_packets", "-select_streams", "v:0", "-of", "json", "-show_streams", clip],
            capture_output=True, check=True).stdout)["streams"][0]["nb_read_packets"]
        contenders = {
            "peel, no encoder": (int(counted), lambda: peel(given.peel, clip, "-o", "/dev/null")),
            "peel, ProRes 4444": (int(counted), lambda: peel(given.peel, clip, "-o", scratch / "out.mov")),
            "peel, VP9": (int(counted), lambda: peel(given.peel, clip, "-o", scratch / "out.webm"))}
        if given.peers:
            contenders.update(peers(pathlib.Path(given.peers).parent, short, scratch, given.peer_frames))
        for _ in range(given.rounds):
            for name, (frames, run) in contenders.items():
                wall, cpu, stages = run()
                rows.setdefault(name, []).append({"frames": frames, "wall_s": wall, "cpu_s": cpu, "stages_ms": stages})
    measure.write(given.out, "video-speed", {"rows": rows, "load": os.getloadavg(), "text": TEXT}, table(rows))


def table(rows):
    lines = ["| 1920 x 1080 | frames/s | least to most | processor ms a frame |",
             "|---|---|---|---|"]
    for name, runs in rows.items():
        rates = sorted(r["frames"] / r["wall_s"] for r in runs)
        cpu = statistics.median(1000 * r["cpu_s"] / r["frames"] for r in runs)
        lines.append(f"| {name} | {statistics.median(rates):.2f} | {rates[0]:.2f} to {rates[-1]:.2f} | {cpu:.0f} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
