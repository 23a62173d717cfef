"""Short films with known alpha and motion: cut-out subjects that move before moving backgrounds.

Subjects are the alphamatting.com pictures with their alphas and PyMatting's lemur; backgrounds are films, and photographs
that a camera pans over. The composite is made in floats, gets sensor noise, and is handed over as 4:2:0 of 8 bits.
"""
import pathlib
import subprocess

import numpy as np
from PIL import Image

WIDTH, HEIGHT, FRAMES = 960, 540, 24
# How fast subjects and cameras move: as who sits before a camera on a stand, walks about, or runs.
PACES = [("still", 0.08), ("moving", 0.35), ("fast", 1.0)]
SHARED = pathlib.Path(__file__).resolve().parent.parent.parent.parent / "shared"
FILMS = ["sample_12_5fps_720p_1s.mp4", "bt709_full_range.mp4", "bbb_800x640_768kbps_30fps_vp9.mp4", "avi__sample.avi",
         "video_with_failing_audio.mp4", "smpte-2997.mp4"]
PHOTOS = ["camera/Nikon_D70.jpg", "objects/lemur/beach.png", "camera/HMD_Nokia_8.3_5G.jpg", "camera/42_IndexError.jpg"]


def blurred(array, radius):
    """Box mean over 2 radius + 1 pixels along both axes."""
    for axis in (0, 1):
        padded = np.pad(array, [(radius + 1, radius) if a == axis else (0, 0) for a in range(array.ndim)], mode="edge")
        sums = np.cumsum(padded, axis, np.float64)
        size = array.shape[axis]
        array = (np.take(sums, range(2 * radius + 1, 2 * radius + 1 + size), axis) - np.take(sums, range(size), axis)) / (2 * radius + 1)
    return array


def own_colours(image, alpha):
    """The subject's colours where it is mixed with what was behind it (after Forte, "Approximate Fast Foreground Colour
    Estimation", 2021): means of the opaque surroundings, ever narrower."""
    weight = np.where(alpha > 0.98, 1.0, 1e-6)[..., None]
    colours = image
    for radius in (64, 16, 4):
        mean = blurred(image * weight, radius) / blurred(weight, radius)
        near = np.clip(blurred(weight, radius) * 4, 0, 1)
        colours = mean if radius == 64 else near * mean + (1 - near) * colours
    return alpha[..., None] ** 2 * image + (1 - alpha[..., None] ** 2) * colours


def subjects():
    names = sorted(p.stem for p in (SHARED / "data/matting/alphas").glob("*.png"))
    for name in names:
        yield name, SHARED / f"data/matting/images/{name}.png", SHARED / f"data/matting/alphas/{name}.png"
    lemur = SHARED / "images/objects/lemur"
    yield "lemur", lemur / "lemur.png", lemur / "lemur_alpha.png"


def film_frames(path):
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-vf",
               f"scale={WIDTH}:{HEIGHT}:force_original_aspect_ratio=increase,crop={WIDTH}:{HEIGHT}", "-frames:v", str(FRAMES),
               "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    raw = subprocess.run(command, capture_output=True, check=True).stdout
    frames = np.frombuffer(raw, np.uint8).reshape(-1, HEIGHT, WIDTH, 3)
    order = [i % (2 * len(frames)) for i in range(FRAMES)]  # there and back where it is short
    return [frames[i if i < len(frames) else 2 * len(frames) - 1 - i] / np.float32(255) for i in order]


def warped(image, matrix, size=(WIDTH, HEIGHT)):
    """matrix: from places in the result to places in the image."""
    planes = [Image.fromarray(np.float32(image[..., c])) for c in range(image.shape[2])]
    moved = [p.transform(size, Image.Transform.AFFINE, tuple(matrix[:2].reshape(-1)), Image.Resampling.BICUBIC) for p in planes]
    return np.stack([np.asarray(p) for p in moved], 2)


def pan(path, pace, rng):
    with Image.open(path) as photo:
        photo = photo.convert("RGB")
        scale = 1.25 * max(WIDTH / photo.width, HEIGHT / photo.height)
        photo = np.asarray(photo.resize((round(photo.width * scale), round(photo.height * scale)), Image.Resampling.LANCZOS)) / np.float32(255)
    room = np.array([photo.shape[1] - WIDTH, photo.shape[0] - HEIGHT])
    speed = np.clip(pace * rng.uniform(-6, 6, 2), -room / FRAMES, room / FRAMES)
    start = np.where(speed < 0, -speed * FRAMES, 0) + rng.uniform(0, 1, 2) * (room - np.abs(speed) * FRAMES)
    return [warped(photo, np.array([[1, 0, x], [0, 1, y], [0, 0, 1]])) for x, y in (start + speed * t for t in range(FRAMES))]


def shift(x, y):
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], np.float64)


def turn(angle, scale):
    c, s = scale * np.cos(angle), scale * np.sin(angle)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])


def make(index, name, picture, alpha_path):
    """{name, frames: list of RGB 0..1, alphas: list 0..1, motion: matrices from a frame's pixels to the next one's}."""
    rng = np.random.default_rng(index)
    image = np.asarray(Image.open(picture).convert("RGB")) / np.float32(255)
    alpha = np.asarray(Image.open(alpha_path).convert("L")) / np.float32(255)
    rgba = np.dstack([own_colours(image, alpha), alpha]).astype(np.float32)
    # A border to fade into, but where the subject is cut off by the picture's edge, below.
    rgba = np.pad(rgba, ((40, 0), (40, 40), (0, 0)), mode="edge")
    ramp = np.ones(rgba.shape[:2], np.float32)
    ramp[:40] = 0
    ramp[:, :40] = ramp[:, -40:] = 0
    rgba[..., 3] *= ramp
    height, width = rgba.shape[:2]
    scale = 0.82 * HEIGHT / height
    pace = PACES[index // 2 % 3][1]
    speed, swing = pace * rng.uniform(-4, 4), pace * rng.uniform(4, 14)
    rate, phase = rng.uniform(0.15, 0.5), rng.uniform(0, 6)
    growth, roll = pace * rng.uniform(-0.004, 0.004), pace * rng.uniform(0.005, 0.03)
    behind = film_frames(SHARED / "data/video" / FILMS[index % len(FILMS)]) if index % 3 != 2 else \
        pan(SHARED / "images" / PHOTOS[index // 3 % len(PHOTOS)], pace, rng)
    places, frames, alphas = [], [], []
    for t in range(FRAMES):
        x = WIDTH / 2 + speed * (t - FRAMES / 2) + swing * np.sin(rate * t + phase)
        y = HEIGHT * 0.55 + 0.3 * swing * np.sin(1.7 * rate * t)
        place = shift(x, y) @ turn(roll * np.sin(rate * t), scale * (1 + growth * t)) @ shift(-width / 2, -height / 2)
        places.append(place)
        shown = warped(rgba * np.array([1, 1, 1, 1], np.float32), np.linalg.inv(place))
        a = np.clip(shown[..., 3], 0, 1)
        frame = a[..., None] * np.clip(shown[..., :3], 0, 1) + (1 - a[..., None]) * behind[t]
        frames.append(np.clip(frame + rng.normal(0, 0.008, frame.shape), 0, 1).astype(np.float32))
        alphas.append(a.astype(np.float32))
    motion = [places[t + 1] @ np.linalg.inv(places[t]) for t in range(FRAMES - 1)]
    return {"name": name, "frames": frames, "alphas": alphas, "motion": motion}


def yuv420(frame):
    """RGB 0..1 as 8-bit Y'CbCr of BT.709 and limited range."""
    r, g, b = frame[..., 0], frame[..., 1], frame[..., 2]
    luma = 0.2126 * r + 0.7152 * g + 0.0722 * b
    cb, cr = (b - luma) / 1.8556, (r - luma) / 1.5748
    halves = [c.reshape(HEIGHT // 2, 2, WIDTH // 2, 2).mean((1, 3)) for c in (cb, cr)]
    planes = [16 + 219 * luma, *(128 + 224 * c for c in halves)]
    return b"".join(np.uint8(np.clip(p + 0.5, 0, 255)).tobytes() for p in planes)
