"""new_session: rembg's way to a model."""

from __future__ import annotations

import os
import warnings
from typing import Any

from .._errors import NotFound
from .sessions import sessions
from .sessions.base import BaseSession, PeelSession

DEFAULT_MODEL = "bria-rmbg"
EMBEDDED_MODEL = "peel"

_told = False


def new_session(model_name: str = "", *args: Any, sess_opts: Any = None,
                **kwargs: Any) -> BaseSession:
    """A session for a model by its name in rembg, or "peel" for the embedded one.

    sess_opts: ONNX Runtime's SessionOptions or None; its intra_op_num_threads counts, as does
    OMP_NUM_THREADS. providers: a list of ONNX Runtime's names; those that cannot be had are told by a
    RuntimeWarning. ValueError for unknown names, peel.NotFound for a model that is not here.
    """
    if not model_name:
        return _default_session(*args, sess_opts=sess_opts, **kwargs)
    if model_name == EMBEDDED_MODEL:
        return PeelSession(model_name, sess_opts, *args, **kwargs)
    session_class = sessions.get(model_name)
    if session_class is None:
        import difflib

        near = difflib.get_close_matches(model_name, [*sessions, EMBEDDED_MODEL])
        raise ValueError(f"No session class found for model '{model_name}'"
                         + (f"; did you mean {' or '.join(near)}?" if near else ""))
    return session_class(model_name, sess_opts, *args, **kwargs)


def _default_session(*args: Any, sess_opts: Any = None, **kwargs: Any) -> BaseSession:
    global _told
    try:
        return sessions[DEFAULT_MODEL](DEFAULT_MODEL, sess_opts, *args, **kwargs)
    except NotFound:
        pass
    if not _told:
        _told = True
        warnings.warn(
            f"rembg's default model {DEFAULT_MODEL} is not on this machine; Peel's embedded model is "
            "used. Name a model with new_session(...) to settle it; put "
            f"{DEFAULT_MODEL}.onnx into {os.path.join(BaseSession.rembg_home(), 'models', DEFAULT_MODEL)} "
            "for rembg's", RuntimeWarning, stacklevel=4)
    return PeelSession(EMBEDDED_MODEL, sess_opts, *args, **kwargs)
