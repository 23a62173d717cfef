"""What the tests of films share: small clips made on the spot, and looks at what came out."""
import json
import os
import pathlib
import shutil
import subprocess
import sys

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(os.environ.get("PEEL_PROGRAM", ROOT / "build" / "peel"))
SHARED = ROOT.parent / "shared"
FFMPEG, FFPROBE = shutil.which("ffmpeg"), shutil.which("ffprobe")
sys.path.insert(0, str(ROOT / "tests" / "cli"))

from cli_support import ball, leftovers  # noqa: E402, F401


def ball_frames(count, width=160, height=120, empty=()):
    """A ball that moves to the right a little with every frame; `empty` ones have none."""
    wide = np.asarray(ball(width + 2 * count, height))
    ground = wide[:, :1].repeat(width, axis=1)
    return [ground if i in empty else wide[:, 2 * (count - i):2 * (count - i) + width]
            for i in range(count)]


def ffmpeg(*arguments, feed=None):
    subprocess.run([FFMPEG, "-v", "error", "-nostdin" if feed is None else "-y", "-y", *map(str, arguments)],
                   input=feed, check=True, timeout=120)


def make_clip(path, frames, fps=25, sound=False, options=("-c:v", "libx264", "-preset", "ultrafast", "-crf", "12",
                                                           "-pix_fmt", "yuv420p")):
    """A film of RGB frames; with a tone where it is to have sound."""
    height, width = frames[0].shape[:2]
    tone = (["-f", "lavfi", "-i", f"sine=frequency=440:duration={len(frames) / fps}", "-c:a", "aac"]
            if sound else [])
    ffmpeg("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", fps, "-i", "-", *tone,
           *options, path, feed=b"".join(np.ascontiguousarray(f).tobytes() for f in frames))
    return path


def probe(path):
    """ffprobe's own words."""
    done = subprocess.run([FFPROBE, "-v", "error", "-count_packets", "-of", "json", "-show_format",
                           "-show_streams", str(path)], capture_output=True, check=True, timeout=60)
    return json.loads(done.stdout)


def video_stream(path):
    return next(s for s in probe(path)["streams"] if s["codec_type"] == "video")


def times_of(path):
    """When each frame is shown, in seconds."""
    done = subprocess.run([FFPROBE, "-v", "error", "-select_streams", "v:0", "-show_entries",
                           "packet=pts_time", "-of", "csv=p=0", str(path)], capture_output=True, text=True,
                          check=True, timeout=60)
    return sorted(float(line.split(",")[0]) for line in done.stdout.split() if line[0] != "N")


def decode(path, pixels="rgba"):
    """All frames, N x H x W x C. VP9's alpha needs libvpx."""
    stream = video_stream(path)
    codec = ["-c:v", "libvpx-vp9"] if stream["codec_name"] == "vp9" else []
    done = subprocess.run([FFMPEG, "-v", "error", "-nostdin", *codec, "-i", str(path), "-fps_mode", "passthrough",
                           "-sws_flags", "bilinear+accurate_rnd+full_chroma_int", "-f", "rawvideo", "-pix_fmt", pixels, "-"], capture_output=True, check=True, timeout=120)
    channels = {"rgba": 4, "rgb24": 3, "gray": 1}[pixels]
    frames = np.frombuffer(done.stdout, np.uint8)
    return frames.reshape(-1, stream["height"], stream["width"], channels)
