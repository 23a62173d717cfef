"""Checkpoints: everything needed to go on, tied to the configuration's fingerprint."""

import pathlib

import torch
from torch import nn

from training import config as config_lib

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


def load_weights(path: pathlib.Path, config: config_lib.Config, net: nn.Module) -> None:
    """Puts the averaged (EMA) weights of a checkpoint into `net`."""
    net.load_state_dict({k: v.float() for k, v in load(path, config)["ema"].items()})


def narrow(state: dict) -> dict:
    """A checkpoint small enough for the repository: weights in fp16, of the optimiser only the
    slow moment, in bfloat16; the momentum is there again after ten steps."""
    moments = {key: {"step": one["step"], "exp_avg_sq": one["exp_avg_sq"].bfloat16()}
               for key, one in state["optimiser"]["state"].items()}
    return {**state,
            "net": {k: v.half() for k, v in state["net"].items()},
            "ema": {k: v.half() for k, v in state["ema"].items()},
            "optimiser": {**state["optimiser"], "state": moments}}


def widen(state: dict) -> dict:
    """What `narrow` was given, but for its rounding and the momentum; else `state` itself."""
    def whole(one: dict) -> dict:
        slow = one["exp_avg_sq"].float()
        return {"step": one["step"], "exp_avg": one.get("exp_avg", torch.zeros_like(slow)),
                "exp_avg_sq": slow}

    optimiser = state["optimiser"]
    return {**state,
            "net": {k: v.float() for k, v in state["net"].items()},
            "ema": {k: v.float() for k, v in state["ema"].items()},
            "optimiser": {**optimiser, "state": {key: whole(one) for key, one in
                                                 optimiser["state"].items()}}}
