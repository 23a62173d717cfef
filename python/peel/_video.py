"""peel.video and its companions."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterator, NamedTuple, Optional, Tuple, cast

from . import _peel
from ._errors import InvalidArgument
from ._options import background_text, choose, positive, whole
from ._session import Session, session_for

if TYPE_CHECKING:
    from ._types import ArrayOut, Background, MatteOut, Path

_EDGES = {name: number for name, number in _peel.edges().items() if name != "matting"}
_STEADY = _peel.steady_modes()


class Video(NamedTuple):
    """What became of a film."""

    frames: int
    seconds: float  # how long it plays
    width: int
    height: int
    bytes: int
    format: str  # "webm", "mov" …
    codec: str  # "vp9", "prores" …
    has_alpha: bool
    has_audio: bool
    has_subject: bool  # False: no frame has one
    subject_score: float  # the best of all frames, 0 to 1
    coverage: float  # the mean share of the frames that is subject, 0 to 1
    warning: str  # "" if there is nothing to say


def video(input: Path, output: Path, *, model: Optional[Path] = None,
          session: Optional[Session] = None, format: Optional[str] = None,
          codec: Optional[str] = None, quality: Optional[int] = None, mask: bool = False,
          side_by_side: bool = False, background: Optional[Background] = None,
          steady: str = "auto", edges: str = "auto", max_size: Optional[int] = None,
          start: Any = None, end: Any = None, fps: Any = None, audio: bool = True,
          tone_map: bool = False, memory_limit: Optional[int] = None,
          progress: Optional[Callable[[int, Optional[int], float, Optional[float]], object]] = None,
          cancel: Optional[_peel.Cancel] = None) -> Video:
    """Cuts out a film, from a file to a file, and says what became of it.

    output's extension decides the format: .webm (VP9 with alpha), .mov (ProRes 4444), .mp4 (opaque),
    .mkv, .gif, .webp, or a folder for PNG frames. It appears when it is whole and has been read back;
    after an error nothing is left of it. ffmpeg reads and writes films, and has to be installed.

    Options:
      format         webm, mov, mp4, mkv, gif, webp or png, whatever output is called
      codec          vp9, prores, h264, hevc, av1, ffv1, qtrle …: instead of the format's usual one
      quality        the codec's own scale
      mask           only the matte, as a grey film
      side_by_side   the colours left and the matte right, in one opaque film
      background     for an opaque film: a CSS colour, (r, g, b), "blur", "blur:RADIUS", or the path of
                     a picture or a film
      steady         auto, off or strong: how mattes are smoothed in time
      edges          auto, off or refine: how to bring mattes to full resolution
      max_size       scale the result down to this longer side
      start, end     seconds; end is not included
      fps            a constant rate: a number, or "30000/1001"
      audio          keep the sound where the format takes any
      tone_map       turn HDR into BT.709
      memory_limit   bytes that frames in progress may take together; default a gigabyte
      progress       a function of frames done, of how many (or None), frames a second and the seconds
                     left (or None); an exception it raises stops the call
      cancel         a peel.Cancel that stops the call from another thread

    Errors are those of peel.cut; peel.NotFound also says that ffmpeg is missing.
    """
    options = _options(steady=steady, edges=edges, max_size=max_size, start=start, end=end, fps=fps,
                       tone_map=tone_map, memory_limit=memory_limit)
    if mask and side_by_side:
        raise InvalidArgument("mask and side_by_side exclude each other")
    options.content = 1 if mask else 2 if side_by_side else 0
    options.format = format
    options.codec = codec
    if quality is not None:
        options.quality = whole("quality", quality, 0, 100)
    options.background = background_text(background)
    options.no_audio = int(not audio)
    if progress is not None:
        if not callable(progress):
            raise TypeError(f"progress is a function of four values, not {progress!r}")
        options.progress = progress
    engine = _chosen(model, session)._engine
    return Video(*_peel.cut_video(engine, os.fspath(input), os.fspath(output), options, cancel))


def video_frames(input: Path, *, model: Optional[Path] = None, session: Optional[Session] = None,
                 steady: str = "auto", edges: str = "auto", max_size: Optional[int] = None,
                 start: Any = None, end: Any = None, fps: Any = None, tone_map: bool = False,
                 memory_limit: Optional[int] = None, cancel: Optional[_peel.Cancel] = None
                 ) -> Iterator[Tuple[ArrayOut, MatteOut, float]]:
    """Yields the frames of a film with their mattes, in order: RGB (H x W x 3, uint8), the matte
    (H x W, uint8, 255 is subject) and the frame's time in seconds. The arrays are the caller's own.

    Takes these options of peel.video. Frames are read ahead, a few at a time; leaving the loop ends
    the reading.
    """
    options = _options(steady=steady, edges=edges, max_size=max_size, start=start, end=end, fps=fps,
                       tone_map=tone_map, memory_limit=memory_limit)
    engine = _chosen(model, session)._engine
    frames = _peel.VideoFrames(engine, os.fspath(input), options, cancel)
    return _iterate(frames)


def probe_video(path: Path) -> Dict[str, Any]:
    """Reads the headers of a film: container, streams, duration, rate, rotation, colour, HDR, when and
    where it was taken. The keys are those of `peel video --info`."""
    return cast(Dict[str, Any], json.loads(_peel.probe_video(os.fspath(path))))


def _iterate(frames: _peel.VideoFrames) -> Iterator[Tuple[ArrayOut, MatteOut, float]]:
    try:
        while True:
            frame = frames.next()
            if frame is None:
                return
            yield cast("Tuple[ArrayOut, MatteOut, float]", frame)
    finally:
        frames.close()


def _options(*, steady: str, edges: str, max_size: Optional[int], start: Any, end: Any, fps: Any,
             tone_map: bool, memory_limit: Optional[int]) -> _peel.VideoOptions:
    o = _peel.VideoOptions()
    o.steady = choose("steady", steady, _STEADY)
    o.edges = choose("edges", edges, _EDGES)
    if max_size is not None:
        o.max_size = whole("max_size", max_size, 1, (1 << 31) - 1)
    if start is not None and start != 0:
        o.start = positive("start", start)
    if end is not None:
        o.end = positive("end", end)
    if fps is not None:
        o.fps = fps if isinstance(fps, str) else f"{positive('fps', fps):.6f}"
    o.tone_map = int(bool(tone_map))
    if memory_limit is not None:
        o.memory_limit = whole("memory_limit", memory_limit, 1, (1 << 63) - 1)
    return o


def _chosen(model: Any, session: Optional[Session]) -> Session:
    if session is None:
        return session_for(model)
    if model is not None:
        raise InvalidArgument("give a model or a session, which has one already")
    return session
