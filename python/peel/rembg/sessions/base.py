"""The base of all sessions: where models lie, and running one."""

from __future__ import annotations

import os
import warnings
from typing import Any, Dict, List, Optional

from ..._errors import Unsupported
from ..._options import make_options
from ..._session import Session

# ONNX Runtime's names for what Peel calls a device.
_DEVICES = {"CPUExecutionProvider": "cpu", "CUDAExecutionProvider": "cuda",
            "TensorrtExecutionProvider": "tensorrt",
            "OpenVINOExecutionProvider": "openvino"}


def _expanded(path: str) -> str:
    return os.path.expanduser(path)


class BaseSession:
    """What every session of rembg has; sessions of one's own override predict."""

    model_name: str = ""

    def __init__(self, model_name: str, sess_opts: Any = None, *args: Any, **kwargs: Any) -> None:
        self.model_name: str = model_name

    def predict(self, img: Any, *args: Any, **kwargs: Any) -> List[Any]:
        """The masks of a PIL image, as PIL images of mode L and its size."""
        raise NotImplementedError

    @classmethod
    def name(cls, *args: Any, **kwargs: Any) -> str:
        """The model's name."""
        raise NotImplementedError

    @classmethod
    def is_local(cls, *args: Any, **kwargs: Any) -> bool:
        """Whether pictures stay on this machine."""
        return True

    @classmethod
    def requires_credentials(cls, *args: Any, **kwargs: Any) -> bool:
        """Whether a session needs more than a name."""
        return False

    @classmethod
    def has_usage_cost(cls, *args: Any, **kwargs: Any) -> bool:
        """Whether every picture is billed."""
        return False

    @classmethod
    def legacy_home(cls, *args: Any, **kwargs: Any) -> str:
        """The flat folder of old versions."""
        base = os.environ.get("XDG_DATA_HOME", "~")
        return _expanded(os.environ.get("U2NET_HOME", os.path.join(base, ".u2net")))

    @classmethod
    def rembg_home(cls, *args: Any, **kwargs: Any) -> str:
        """The folder of rembg's data: U2NET_HOME, REMBG_HOME, $XDG_DATA_HOME/rembg or ~/.rembg."""
        if os.environ.get("U2NET_HOME"):
            return cls.legacy_home(*args, **kwargs)
        data = os.environ.get("XDG_DATA_HOME")
        default = os.path.join(data, "rembg") if data else os.path.join("~", ".rembg")
        return _expanded(os.environ.get("REMBG_HOME", default))

    @classmethod
    def u2net_home(cls, *args: Any, **kwargs: Any) -> str:
        """The old name of rembg_home."""
        return cls.rembg_home(*args, **kwargs)

    @classmethod
    def model_dir(cls, *args: Any, **kwargs: Any) -> str:
        """The folder of this model's files."""
        return os.path.join(cls.rembg_home(*args, **kwargs), "models", cls.name(*args, **kwargs))

    @classmethod
    def resolve_existing(cls, fname: str, *args: Any, **kwargs: Any) -> Optional[str]:
        """The path of a file of this model that is here, in the new layout or the old; else None."""
        for folder in (cls.model_dir(*args, **kwargs), cls.legacy_home(*args, **kwargs)):
            path = os.path.join(folder, fname)
            if os.path.exists(path):
                return path
        return None

    @classmethod
    def validate_model_path(cls, *args: Any, **kwargs: Any) -> str:
        """model_path as an absolute path. ValueError unless it lies in one of rembg's folders:
        services pass it on from strangers."""
        model_path = kwargs.get("model_path")
        if model_path is None:
            raise ValueError("model_path is required")
        path = os.path.abspath(_expanded(model_path))
        roots = [os.path.abspath(cls.rembg_home(*args, **kwargs)),
                 os.path.abspath(cls.legacy_home(*args, **kwargs))]
        if not any(path == root or path.startswith(root + os.sep) for root in roots):
            raise ValueError(f"model_path must be within the models directory: {roots[0]}")
        return path

    @classmethod
    def download_models(cls, *args: Any, **kwargs: Any) -> str:
        """The path of the model's file. Peel downloads nothing here: peel.NotFound says where the
        file belongs."""
        raise NotImplementedError


class _InnerSession:
    """What code for rembg asks of ONNX Runtime's session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get_providers(self) -> List[str]:
        """ONNX Runtime's name for the device in use."""
        names = {device: provider for provider, device in _DEVICES.items()}
        used = [names[self._session.device]]
        return used if used == ["CPUExecutionProvider"] else used + ["CPUExecutionProvider"]


class PeelSession(BaseSession):
    """A session that Peel's engine runs."""

    family: Optional[str] = None  # of the network, where its file does not tell

    def __init__(self, model_name: str, sess_opts: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(model_name, sess_opts, *args, **kwargs)
        providers = kwargs.pop("providers", None)
        devices = [_DEVICES.get(p if isinstance(p, str) else p[0], str(p))
                   for p in providers] if isinstance(providers, list) else []
        wanted = devices[0] if devices else "auto"
        known = wanted == "auto" or wanted in _DEVICES.values()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            self.engine: Session = Session(self._model(*args, **kwargs), device=wanted if known else "cpu",
                                  threads=_threads(sess_opts), family=self.family,
                                  runtime=_runtime(sess_opts, providers))
        if self.engine.warning.startswith("PEEL_CPU"):
            warnings.warn(self.engine.warning, RuntimeWarning, stacklevel=4)
        # Every accelerator asked for is spoken of, as in rembg.
        missing = [d for d in devices if d != "cpu" and d != self.engine.device]
        if missing and self.engine.device == "cpu":
            warnings.warn(f"{', '.join(missing)} was requested but the session is running on CPU"
                          + (f": {self.engine.warning}" if self.engine.warning else ""),
                          RuntimeWarning, stacklevel=4)
        self.inner_session: _InnerSession = _InnerSession(self.engine)

    def _model(self, *args: Any, **kwargs: Any) -> str:
        if self.model_name == "peel":  # embedded
            return self.model_name
        # rembg's folders first, then the engine's own, whose message says where it looked.
        found = self.resolve_existing(f"{self.model_name}.onnx", *args, **kwargs)
        return self.model_name if found is None else found

    def predict(self, img: Any, *args: Any, **kwargs: Any) -> List[Any]:
        """rembg's masks of a PIL image: stretched to the full range, at the image's size."""
        import numpy
        from PIL import Image

        pixels = numpy.asarray(img if img.mode == "RGB" else img.convert("RGB"))
        output = self.engine._engine.cut_pixels(pixels, make_options(mask=True, compat="rembg"))
        return [Image.fromarray(mask) for mask in self._masks(output.array, img.height, kwargs)]

    def _masks(self, array: Any, height: int, kwargs: Dict[str, Any]) -> List[Any]:
        return [array]

    @classmethod
    def name(cls, *args: Any, **kwargs: Any) -> str:
        """The model's name."""
        return "peel"

    @classmethod
    def download_models(cls, *args: Any, **kwargs: Any) -> str:
        """See BaseSession."""
        from ..._errors import NotFound

        name = cls.name(*args, **kwargs)
        found = cls.resolve_existing(f"{name}.onnx", *args, **kwargs)
        if found is None:
            raise NotFound(f"the model \"{name}\" is not on this machine; put {name}.onnx into "
                           f"{cls.model_dir(*args, **kwargs)}, for example with "
                           f"`peel models pull {name}`")
        return found


class CustomSession(PeelSession):
    """A model file of the user's own: model_path, within rembg's folders."""

    def _model(self, *args: Any, **kwargs: Any) -> str:
        return self.validate_model_path(*args, **kwargs)

    @classmethod
    def download_models(cls, *args: Any, **kwargs: Any) -> str:
        """See BaseSession."""
        return cls.validate_model_path(*args, **kwargs)


class ClothSession(PeelSession):
    """Clothes: three masks, or with cc= or cloth_category= upper, lower, full or attire one."""

    def _masks(self, array: Any, height: int, kwargs: Dict[str, Any]) -> List[Any]:
        # The engine stacks the masks of several classes as opaque grey, one below the other.
        upper, lower, full = (array[i * height:(i + 1) * height, :, 0].copy() for i in range(3))
        category = kwargs.get("cc") or kwargs.get("cloth_category")
        single = {"upper": upper, "lower": lower, "full": full, "attire": upper | lower | full}
        return [single[category]] if category in single else [upper, lower, full]


class MissingSession(BaseSession):
    """A session of rembg's that Peel does not have."""

    reason = ""

    def __init__(self, model_name: str, sess_opts: Any = None, *args: Any, **kwargs: Any) -> None:
        raise Unsupported(f"{model_name}: {self.reason}")


def _threads(sess_opts: Any) -> Optional[int]:
    """From SessionOptions, else OMP_NUM_THREADS, else all."""
    asked = getattr(sess_opts, "intra_op_num_threads", 0) if sess_opts is not None else 0
    if not isinstance(asked, int) or asked <= 0:
        text = os.environ.get("OMP_NUM_THREADS", "")
        asked = int(text) if text.isdigit() else 0
    return min(asked, 1024) if asked > 0 else None


def _runtime(sess_opts: Any, providers: Any) -> Optional[Dict[str, Any]]:
    """What SessionOptions and a provider's own options ask of ONNX Runtime, where it is used."""
    runtime: Dict[str, Any] = {}
    level = getattr(getattr(sess_opts, "graph_optimization_level", None), "value", None)
    if level in (0, 1, 2):
        runtime["graph"] = ("off", "basic", "extended")[level]
    if getattr(sess_opts, "enable_cpu_mem_arena", True) is False:
        runtime["arena"] = False
    if getattr(getattr(sess_opts, "execution_mode", None), "value", None) == 1:
        runtime["execution"] = "parallel"
        between = getattr(sess_opts, "inter_op_num_threads", 0)
        if isinstance(between, int) and between > 0:
            runtime["inter"] = min(between, 1024)
    for provider in providers if isinstance(providers, list) else []:
        options = provider[1] if isinstance(provider, tuple) and len(provider) > 1 else None
        if isinstance(options, dict) and "device_id" in options:
            runtime["gpu"] = options["device_id"]
        if isinstance(options, dict) and "device_type" in options:
            runtime["openvino"] = options["device_type"]
    return runtime or None
