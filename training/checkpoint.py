"""Checkpoints: everything needed to go on, tied to the configuration's fingerprint."""

import pathlib

import torch
from torch import nn

from training import config as config_lib
from training import inherit

# A checkpoint fits any configuration that describes the same network.
_SECTIONS = ("model",)


class CheckpointError(ValueError):
    """The checkpoint is missing, broken or of another configuration."""


def save(path: pathlib.Path, config: config_lib.Config, **state) -> None:
    """Writes atomically, so that a killed run leaves the previous file whole."""
    state["fingerprint"] = config_lib.fingerprint(config, _SECTIONS)
    partial = path.with_suffix(".part")
    torch.save(state, partial)
    partial.replace(path)


def load(path: pathlib.Path, config: config_lib.Config) -> dict:
    """Returns the saved state; refuses one made with another `model` section."""
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise CheckpointError(f"{path}: no such checkpoint") from None
    except Exception as error:  # torch raises many kinds for a broken file.
        raise CheckpointError(f"{path}: not a readable checkpoint ({error})") from error
    wanted = config_lib.fingerprint(config, _SECTIONS)
    if not isinstance(state, dict) or state.get("fingerprint") != wanted:
        raise CheckpointError(
            f"{path}: made with another configuration of the network "
            f"({state.get('fingerprint') if isinstance(state, dict) else '?'}, "
            f"this one is {wanted})")
    return state


def load_weights(paths: pathlib.Path | list[pathlib.Path], config: config_lib.Config,
                 net: nn.Module, shares: list[float] | None = None) -> None:
    """Puts the averaged (EMA) weights of a checkpoint, or the mean of several, into `net`.

    `shares`: how much of each the mean has; equal ones by default. An exported model (.onnx)
    counts as a checkpoint; what it lacks, `net` keeps. The mean of checkpoints that descend from
    one another is often better than each ("model soup", Wortsman et al. 2022).
    """
    paths = paths if isinstance(paths, list) else [paths]
    shares = shares or [1.0] * len(paths)
    if len(shares) != len(paths) or sum(shares) <= 0:
        raise CheckpointError(f"{len(shares)} shares for {len(paths)} checkpoints: one for each, "
                              f"and together more than nothing")
    weights = []
    for path in paths:
        if path.suffix == ".onnx":
            inherit.resume_exported(net, path)
            weights.append({k: v.clone() for k, v in net.state_dict().items()})
        else:
            weights.append(load(path, config)["ema"])
    net.load_state_dict({name: sum(share / sum(shares) * one[name]
                                   for share, one in zip(shares, weights))
                         for name in weights[0]})
