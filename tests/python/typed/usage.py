"""How users call peel, with the types that mypy and pyright must find; never run. test_typed.py."""
from __future__ import annotations

import io
import pathlib
from typing import Any, Iterator, List, Optional, Union

import numpy as np
import peel
from numpy.typing import NDArray
from peel import rembg
from PIL import Image
from typing_extensions import assert_type

Pixels = NDArray[Any]
Matte = NDArray[np.uint8]


def cuts(array: NDArray[Any], image: Image.Image, session: peel.Session) -> None:
    assert_type(peel.cut(array), Pixels)
    assert_type(peel.cut(image, background="white"), Image.Image)
    assert_type(peel.cut(b"png"), bytes)
    assert_type(peel.cut(bytearray(b"png"), format="webp", lossless=True), bytes)
    assert_type(peel.cut("photo.jpg", crop=True, max_size=100), bytes)
    assert_type(peel.cut(pathlib.Path("photo.jpg"), model="u2net"), bytes)
    assert_type(peel.cut(io.BytesIO(b"png"), background=(1, 2, 3)), bytes)
    with open("photo.jpg", "rb") as file:
        assert_type(peel.cut(file, quality=80, session=session), bytes)
    assert_type(peel.cut(Image.open("photo.jpg")), Image.Image)
    assert_type(peel.matte(array, edges="matting"), Matte)
    assert_type(peel.matte(image), Image.Image)
    assert_type(peel.matte("photo.jpg"), bytes)
    assert_type(session.cut(array, bgr=True, cancel=peel.Cancel()), Pixels)
    assert_type(session.matte(b"png", max_pixels=10), bytes)
    assert_type(session.run(array, mask=True), peel.Cutout)
    session.cut(array, out=array, trimap=image, progress=lambda stage, share: None)
    peel.Session(b"onnx", family="u2net", jobs=2, memory_limit=1 << 30, runtime={"gpu": 1})
    assert_type(peel.probe("photo.jpg").width, int)
    assert_type(session.run(array).has_subject, bool)
    assert_type(peel.models()[0].path, Optional[str])


async def awaits(array: NDArray[Any], image: Image.Image, session: peel.Session) -> None:
    assert_type(await peel.cut_async(array), Pixels)
    assert_type(await peel.matte_async(image), Image.Image)
    assert_type(await session.cut_async(b"png", compat="rembg"), bytes)
    assert_type(await session.matte_async("photo.jpg"), bytes)


class Upload:
    async def read(self) -> bytes:
        return b""


async def uploads(upload: Upload) -> None:
    assert_type(await peel.cut_async(upload), bytes)
    peel.cut(upload)  # E: to be awaited


def batches(arrays: List[NDArray[np.uint8]], images: Iterator[Image.Image], paths: List[str]) -> None:
    with peel.BackgroundRemover("u2net", background="blur", threads=2) as remover:
        assert_type(remover(arrays[0]), Pixels)
        assert_type(remover.process(b"png"), bytes)
        assert_type(remover.matte(next(images)), Image.Image)
        assert_type(remover.process_batch(arrays), Iterator[Pixels])
        assert_type(remover.process_batch(images, workers=2), Iterator[Image.Image])
        assert_type(remover.process_batch(paths, errors="return"),
                    Iterator[Union[bytes, Exception]])


def drop_in(array: NDArray[Any], image: Image.Image) -> None:
    session = rembg.new_session("u2net", providers=["CPUExecutionProvider"])
    assert_type(rembg.remove(b"png", session=session), bytes)
    assert_type(rembg.remove(image, alpha_matting=True), Image.Image)
    assert_type(rembg.remove(array, only_mask=True), Pixels)
    assert_type(rembg.remove(image, force_return_bytes=True), bytes)


def mistakes(array: NDArray[Any]) -> None:
    peel.cut(array, backgruond="white")  # E: no such option
    peel.cut(array, quality="high")  # E: a number
    peel.cut(5)  # E: no picture
    peel.matte(array, background="white")  # E: not of a matte
    peel.cut(array, crop="yes")  # E: a truth or a number
    peel.Session(threads="two")  # E: a number
    peel.BackgroundRemover(max_size=1.5)  # E: a whole number


def straightened(array: NDArray[Any], session: peel.Session) -> None:
    page = peel.rectify("page.jpg", enhance="bw", ratio="a4")
    assert_type(page, peel.Rectified)
    assert_type(peel.rectify(array, all=True), List[peel.Rectified])
    assert_type(page.confidence, float)
    assert_type(page.corners, Optional[NDArray[np.float64]])
    peel.cut(array, rectify=True, session=session)
