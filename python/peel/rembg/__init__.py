"""A drop-in for the package rembg: ``from peel.rembg import remove, new_session``.

Names, keywords, return types and pixels are those of rembg 2.0.86; the work is Peel's. Models are
looked for where rembg keeps them, and nothing is ever downloaded. Where neither a session nor a model
is named, rembg's default model is used if it is on this machine, else Peel's embedded one, which a
RuntimeWarning says.
"""

from .bg import remove
from .session_factory import new_session

__version__ = "2.0.86"  # of the rembg whose behaviour this follows

__all__ = ["new_session", "remove"]
