"""The configuration: one YAML file, checked, with a fingerprint for checkpoints."""

import hashlib
import json
import pathlib
import types
from typing import Any

import yaml

Config = types.SimpleNamespace

# Every key that a configuration has; None: a plain value or list.
_KEYS = {
    "seed": None,
    "paths": {"data", "store", "run", "carried"},
    "teachers": None,
    "data": {"size", "terms"},
    "model": {"wide", "mid", "last", "fine"},
    "samples": {"composite", "empty", "crop", "close", "fringe", "small", "sharpen", "weights"},
    "loss": {"edge", "bce", "iou", "laplacian", "deep", "subject", "guide", "answer"},
    "stages": None,
    "train": {"new_rate", "warmup", "weight_decay", "eps", "clip", "ema", "bf16", "threads",
              "micro", "workers", "log_every", "save_minutes", "validate_every"},
}

# Where things lie does not change what the model becomes.
_NOT_IN_FINGERPRINT = ("paths", "teachers")


class ConfigError(ValueError):
    """The configuration file cannot be used; the message says why."""


def _namespace(value: Any) -> Any:
    if isinstance(value, dict):
        return Config(**{key: _namespace(item) for key, item in value.items()})
    return value


def _check(tree: dict, path: pathlib.Path) -> None:
    """Raises where a key is missing or unknown."""
    expected = [("", set(_KEYS), set(tree))]
    for section, keys in _KEYS.items():
        if keys is not None:
            have = tree.get(section)
            expected.append((section + ".", keys, set(have) if isinstance(have, dict) else set()))
    for prefix, wanted, have in expected:
        for word, names in (("unknown", have - wanted), ("missing", wanted - have)):
            if names:
                raise ConfigError(f"{path}: {word}: " + ", ".join(
                    sorted(prefix + str(name) for name in names)))


def _override(tree: dict, assignment: str) -> None:
    key, _, text = assignment.partition("=")
    rest = key.split(".")
    at = tree
    for part in rest[:-1]:
        at = at.get(part)
        if not isinstance(at, dict):
            raise ConfigError(f"--set {assignment}: there is no section {part!r}")
    if rest[-1] not in at:
        raise ConfigError(f"--set {assignment}: there is no key {key!r}")
    at[rest[-1]] = yaml.safe_load(text)


def load(path: pathlib.Path, overrides: list[str] = ()) -> Config:
    """Reads `path`, applies KEY=VALUE overrides; attributes follow the sections.

    Lists (and the mappings inside them) stay plain Python values.
    """
    with open(path, encoding="utf-8") as handle:
        tree = yaml.safe_load(handle)
    if not isinstance(tree, dict):
        raise ConfigError(f"{path}: not a mapping")
    _check(tree, path)
    for assignment in overrides:
        _override(tree, assignment)
    config = _namespace({**tree, "teachers": None})
    config.teachers = tree["teachers"]
    config.tree = tree
    return config


def fingerprint(config: Config, sections: tuple[str, ...]) -> str:
    """A short hash of the named sections; equal hashes mean the same recipe."""
    kept = {key: config.tree[key] for key in sections if key not in _NOT_IN_FINGERPRINT}
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()[:16]
