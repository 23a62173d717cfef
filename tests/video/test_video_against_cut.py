"""A film's frames get the mattes that `peel cut` gives the same pictures."""
import subprocess

import numpy as np
import pytest
from PIL import Image
from video_support import SHARED, ffmpeg

PICTURE = SHARED / "images/objects/cat_1080p.jpg"


def alpha(path):
    return np.asarray(Image.open(path).convert("RGBA"), np.float64)[..., 3]


@pytest.mark.skipif(not PICTURE.exists(), reason="no ../shared/images/objects")
@pytest.mark.parametrize("pixels", ["gbrp", "yuv444p10le", "yuv420p"])
def test_mattes_are_those_of_cut(program, pixels, tmp_path):
    film = tmp_path / "cat.mkv"
    film, frame = tmp_path / "cat.mkv", tmp_path / "frame.png"
    ffmpeg("-loop", "1", "-i", PICTURE, "-frames:v", "2", "-c:v", "ffv1", "-pix_fmt", pixels, film)
    ffmpeg("-i", film, "-frames:v", "1", "-pix_fmt", "rgb24", frame)
    for command in (["video", film, "--steady", "off", "-o", tmp_path / "frames"], ["cut", frame, "-o", tmp_path / "cut.png"],
                    ["cut", frame, "--edges", "off", "-o", tmp_path / "off.png"]):
        subprocess.run([program, *command, "-q"], check=True)
    of_film, of_cut = alpha(tmp_path / "frames/000001.png"), alpha(tmp_path / "cut.png")
    assert np.abs(of_film - of_cut).mean() < 0.5 and np.abs(of_film - of_cut).max() < 128
    # The measure tells mattes apart.
    assert np.abs(alpha(tmp_path / "off.png") - of_cut).mean() > 0.5
