"""Trains the student; goes on where it stopped.

    python -m training.train

The run's folder receives last.pt every few minutes (everything needed to resume), beside it
carried.pt (the same in a third of the space, to go on from on another machine; see README.md),
stage_N.pt at the end of each stage, log.csv and log.png. A run killed at any moment loses what
came after last.pt. A loss that is not a number stops the run with status 1 and leaves the batch
in bad_batch.pt.
"""

import argparse
import concurrent.futures
import copy
import math
import pathlib
import sys
import time

import torch

from training import checkpoint as checkpoint_lib
from training import config as config_lib
from training import guide as guide_lib
from training import imitate
from training import inherit
from training import log as log_lib
from training import losses
from training import model as model_lib
from training import samples as samples_lib
from training import store as store_lib
from training import validate as validate_lib

# Layers that the teacher does not have, or has at another resolution.
_NEW = ("enc1", "head_entry", "join", "look", "draw", "out", "judge")
_REFRESH = 100  # steps after which the store is looked through anew


class NotANumber(RuntimeError):
    """The loss became NaN or infinite."""


def rate_factor(step: int, stage: dict, warmup: int) -> float:
    """Learning rate at `step` of a stage, as a share of the stage's own."""
    rise = min(1.0, (step + 1) / max(1, min(warmup, stage["steps"] // 4)))
    fall = 0.5 + 0.5 * math.cos(math.pi * step / stage["steps"])
    return rise * (stage["rate_end"] + (1 - stage["rate_end"]) * fall)


class Trainer:
    """State of a run: network, averaged weights, optimiser and position."""

    def __init__(self, config: config_lib.Config):
        torch.manual_seed(config.seed)
        self.config = config
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        # On a CPU each thread takes its share of the batch through the whole step:
        # unlike threads inside one operation, they need not wait for each other
        # ninety times a pass when the machine is busy.
        self.shares = config.train.threads if self.device.type == "cpu" else 1
        if self.device.type == "cpu":
            torch.set_num_threads(1)
        else:
            torch.backends.cudnn.benchmark = True
        self.guide = None
        self.teacher = next(iter(config.teachers.values()))["path"]
        if any(w.guide > 0 or w.answer > 0 for w in map(self._weights, config.stages)):
            self.guide = guide_lib.Guide(self.teacher, config.model.last).to(self.device)
        self.pool = concurrent.futures.ThreadPoolExecutor(self.shares)
        self.folder = pathlib.Path(config.paths.run)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.store = store_lib.Store.open(
            config.paths.store, {name: one["trust"] for name, one in config.teachers.items()})
        net = model_lib.PeelNet(**vars(config.model))
        self.net = net.to(self.device, memory_format=torch.channels_last)
        self.stage, self.step, self.total, self.seconds = 0, 0, 0, 0.0
        self.optimiser = self._new_optimiser()
        found = [path for path in (self.folder / "last.pt", pathlib.Path(config.paths.carried))
                 if path.exists()]
        if found:
            self._restore(checkpoint_lib.widen(checkpoint_lib.load(found[0], config)))
            print(f"{found[0]}: going on at step {self.total}", flush=True)
        else:
            inherit.inherit(net, self.teacher)
            self.ema = {k: v.detach().clone() for k, v in net.state_dict().items()}

    def _new_optimiser(self) -> torch.optim.Optimizer:
        named = list(self.net.named_parameters())
        stages, options = self.config.stages, self.config.train
        stage = stages[self.stage] if self.stage < len(stages) else {}
        new = [p for name, p in named if name.split(".")[0] in _NEW]
        body = [p for name, p in named if name.split(".")[0] not in _NEW]
        return torch.optim.AdamW([{"params": body, "new": False}, {"params": new, "new": True}],
                                 weight_decay=options.weight_decay,
                                 eps=stage.get("eps", options.eps))

    def _restore(self, state: dict) -> None:
        self.net.load_state_dict(state["net"])
        self.ema = {k: v.to(self.device) for k, v in state["ema"].items()}
        self.stage, self.step, self.total, self.seconds = state["position"]
        if self.stage < len(self.config.stages):
            self.optimiser.load_state_dict(state["optimiser"])

    def save(self, name: str = "last.pt") -> None:
        state = dict(net=self.net.state_dict(), ema=self.ema,
                     optimiser=self.optimiser.state_dict(),
                     position=(self.stage, self.step, self.total, self.seconds))
        checkpoint_lib.save(self.folder / name, self.config, **state)
        checkpoint_lib.save(self.folder / "carried.pt", self.config,
                            **checkpoint_lib.narrow(state))
        self.saved = time.monotonic()

    def run(self) -> None:
        while self.stage < len(self.config.stages):
            self._run_stage(self.config.stages[self.stage])
            self.save(f"stage_{self.stage}.pt")
            self.stage, self.step = self.stage + 1, 0
            self.optimiser = self._new_optimiser()
            self.save()
        log_lib.plot(self.folder)

    def _weights(self, stage: dict) -> config_lib.Config:
        """Of the loss's terms, in this stage."""
        return config_lib.Config(**{**vars(self.config.loss), **stage.get("loss", {})})

    def validate(self) -> dict[str, float]:
        """Scores of the averaged weights (see validate.py), as columns of the log."""
        averaged = copy.deepcopy(self.net).requires_grad_(False)
        averaged.load_state_dict(self.ema)
        scores = validate_lib.validate(averaged, self.store, self.config.samples, self.device)
        return {f"val_{name}": value for name, value in scores.items()}

    def _freeze(self, parts: list[str]) -> None:
        """Only the other parts of the network learn; no gradient goes further back."""
        for name, parameter in self.net.named_parameters():
            parameter.requires_grad_(name.split(".")[0] not in parts)

    def _run_stage(self, stage: dict) -> None:
        self._freeze(stage.get("frozen", []))
        weights = self._weights(stage)
        options, log = self.config.train, log_lib.Log(self.folder)
        imitation = (imitate.Imitation(self.teacher, self.device)
                     if stage["name"] == "imitate" else None)
        started = logged = time.monotonic()
        before, self.saved = self.seconds, started
        for batch in self._batches(stage):
            rate = self._set_rate(stage)
            terms = self._update(batch, imitation, stage["name"] != "body", weights)
            self.step += 1
            self.total += 1
            now = time.monotonic()
            self.seconds = before + now - started
            if self.step % options.log_every == 0:
                speed = stage["batch"] * options.log_every / (now - logged)
                logged = now
                log.add(step=self.total, stage=self.stage, rate=rate, seconds=self.seconds,
                        pictures_per_second=speed, **{k: float(v) for k, v in terms.items()})
                print(f"stage {self.stage} step {self.step}/{stage['steps']}: "
                      f"loss {float(terms['total']):.4f}, {speed:.2f} pictures/s", flush=True)
            if options.validate_every and self.step % options.validate_every == 0:
                scores = self.validate()
                log.add(step=self.total, stage=self.stage, seconds=self.seconds, **scores)
                checkpoint_lib.save(self.folder / f"step_{self.total}.pt", self.config,
                                    ema=self.ema)
                print("  ".join(f"{name} {value:.4f}" for name, value in scores.items()),
                      flush=True)
            if time.monotonic() - self.saved >= 60 * options.save_minutes:
                self.save()

    def _batches(self, stage: dict):
        """The stage's remaining batches; samples depend on their number and on the store.

        What a `prepare` that runs beside has added is drawn from after at most _REFRESH steps.
        """
        first = self.step
        while first < stage["steps"]:
            steps = min(_REFRESH, stage["steps"] - first)
            pools = samples_lib.make_pools(self.store, "train",
                                           vars(self.config.samples.weights))
            samples = samples_lib.Samples(
                self.store, pools, self.config.samples, self.config.seed + self.stage,
                stage["size"], first * stage["batch"], steps * stage["batch"])
            yield from torch.utils.data.DataLoader(
                samples, batch_size=stage["batch"], num_workers=self.config.train.workers,
                pin_memory=self.device.type == "cuda")
            first += steps

    def _set_rate(self, stage: dict) -> float:
        rate = stage["rate"] * rate_factor(self.step, stage, self.config.train.warmup)
        times = stage.get("new_rate", self.config.train.new_rate)
        for group in self.optimiser.param_groups:
            group["lr"] = rate * times if group["new"] else rate
        return rate

    def _share(self, batch: dict, imitation, head: bool, weights,
               parts: int) -> dict[str, torch.Tensor]:
        """Forward and backward of one share; gradients add up in the network."""
        with torch.autocast(self.device.type, torch.bfloat16, self.config.train.bf16,
                            cache_enabled=False):
            if imitation is not None:
                terms = imitation(self.net, batch)
            else:
                *outputs, features = self.net(batch["image"], sides=True, head=head)
                guide, answer = (
                    self.guide(batch["image"], features, outputs[0], batch["plain"],
                               weights.edge)
                    if weights.guide > 0 or weights.answer > 0
                    else (torch.zeros(()), torch.zeros(())))
        if imitation is None:
            terms = losses.student_loss(*outputs, guide, answer, batch, weights)
        (terms["total"] / parts).backward()
        return {name: term.detach() / parts for name, term in terms.items()}

    def _parts(self, batch: dict) -> list[dict]:
        """The batch in equal parts: one on a GPU; on a CPU of `micro` pictures or fewer, so many
        for each thread."""
        count = len(batch["image"])
        parts = 1
        if self.device.type == "cpu":
            parts = self.shares * -(-count // (self.shares * self.config.train.micro))
        while count % parts:
            parts += 1
        return [{k: v[i::parts] for k, v in batch.items()} for i in range(parts)]

    def _update(self, batch: dict, imitation, head: bool, weights) -> dict[str, torch.Tensor]:
        batch = samples_lib.to_network(batch, self.device)
        self.optimiser.zero_grad(set_to_none=True)
        parts = self._parts(batch)
        done = list(self.pool.map(
            lambda part: self._share(part, imitation, head, weights, len(parts)), parts))
        terms = {name: sum(one[name] for one in done) for name in done[0]}
        if not torch.isfinite(terms["total"]):
            torch.save(batch, self.folder / "bad_batch.pt")
            raise NotANumber(f"loss is {float(terms['total'])} at step "
                             f"{self.step} of stage {self.stage}; "
                             f"see {self.folder / 'bad_batch.pt'}")
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), self.config.train.clip)
        self.optimiser.step()
        decay = min(self.config.train.ema, (1 + self.total) / (10 + self.total))
        with torch.no_grad():
            now = self.net.state_dict()
            torch._foreach_lerp_([self.ema[name] for name in now], list(now.values()), 1 - decay)
        return terms


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--config", default="training/config.yaml", type=pathlib.Path)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    args = parser.parse_args()
    try:
        config = config_lib.load(args.config, args.set)
        Trainer(config).run()
    except (checkpoint_lib.CheckpointError, config_lib.ConfigError,
            inherit.InheritError, NotANumber) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
