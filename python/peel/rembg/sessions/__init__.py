"""rembg's sessions by name, and a module for each as rembg has them.

``from peel.rembg.sessions.u2net import U2netSession`` works as it does with rembg; the classes differ in
nothing but the name and the family of their model, so they are made here.
"""

from __future__ import annotations

import sys
import types
from typing import Dict, List, Type

from .base import (BaseSession, ClothSession, CustomSession, MissingSession, PeelSession)

# In rembg's order: model, module, class, base, family for files whose name does not tell.
_TABLE = (
    ("birefnet-general", "birefnet_general", "BiRefNetSessionGeneral", PeelSession, None),
    ("birefnet-general-lite", "birefnet_general_lite", "BiRefNetSessionGeneralLite", PeelSession,
     None),
    ("birefnet-general-fp16", "birefnet_general_fp16", "BiRefNetSessionGeneralFP16", PeelSession,
     None),
    ("birefnet-portrait", "birefnet_portrait", "BiRefNetSessionPortrait", PeelSession, None),
    ("birefnet-dis", "birefnet_dis", "BiRefNetSessionDIS", PeelSession, None),
    ("birefnet-hrsod", "birefnet_hrsod", "BiRefNetSessionHRSOD", PeelSession, None),
    ("birefnet-cod", "birefnet_cod", "BiRefNetSessionCOD", PeelSession, None),
    ("birefnet-massive", "birefnet_massive", "BiRefNetSessionMassive", PeelSession, None),
    ("isnet-anime", "dis_anime", "DisSession", PeelSession, None),
    ("dis_custom", "dis_custom", "DisCustomSession", CustomSession, "isnet"),
    ("isnet-general-use", "dis_general_use", "DisSession", PeelSession, None),
    ("sam", "sam", "SamSession", MissingSession,
     "Segment Anything models need prompts and are not supported; use another model"),
    ("silueta", "silueta", "SiluetaSession", PeelSession, None),
    ("u2net_cloth_seg", "u2net_cloth_seg", "Unet2ClothSession", ClothSession, None),
    ("u2net_custom", "u2net_custom", "U2netCustomSession", CustomSession, "u2net"),
    ("u2net_human_seg", "u2net_human_seg", "U2netHumanSegSession", PeelSession, None),
    ("u2net", "u2net", "U2netSession", PeelSession, None),
    ("u2netp", "u2netp", "U2netpSession", PeelSession, None),
    ("bria-rmbg", "bria_rmbg", "BriaRmBgSession", PeelSession, None),
    ("ben_custom", "ben_custom", "BenCustomSession", CustomSession, "isnet"),
    ("withoutbg", "withoutbg", "WithoutBgSession", MissingSession,
     "this sends pictures to a service on the network, which Peel does not do"),
    ("atlascloud", "atlascloud", "AtlasCloudSession", MissingSession,
     "this sends pictures to a service on the network, which Peel does not do"),
)
_REMOTE = ("withoutbg", "atlascloud")

sessions: Dict[str, Type[BaseSession]] = {}


def _make(model: str, module: str, name: str, base: Type[BaseSession], extra: object) -> None:
    members = {
        "__doc__": f"The session of {model}.",
        "name": classmethod(lambda cls, *args, **kwargs: model),
    }
    if base is MissingSession:
        members["reason"] = extra
    elif extra is not None:
        members["family"] = extra
    if model in _REMOTE:
        members["is_local"] = classmethod(lambda cls, *args, **kwargs: False)
        members["requires_credentials"] = classmethod(lambda cls, *args, **kwargs: True)
        members["has_usage_cost"] = classmethod(lambda cls, *args, **kwargs: True)
    made = type(name, (base,), members)
    full = f"{__name__}.{module}"
    made.__module__ = full
    holder = types.ModuleType(full, f"The session of {model}.")
    setattr(holder, name, made)
    setattr(holder, "BaseSession", BaseSession)
    sys.modules[full] = holder
    globals()[module] = holder
    sessions[model] = made


for _row in _TABLE:
    _make(*_row)

sessions_names: List[str] = list(sessions)
sessions_class: List[Type[BaseSession]] = list(sessions.values())
sessions_names_no_credentials: List[str] = [
    n for n, c in sessions.items() if not c.requires_credentials()]
sessions_names_downloadable: List[str] = [n for n, c in sessions.items() if c.is_local()]
