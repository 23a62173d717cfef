"""Which rows were at hand when a worker was lost, kept where it outlives workers."""

from __future__ import annotations

from typing import Any, Dict, List, Sequence, Set

from ._needs import need

# Of workers lost with a row at hand, the first of which it may have shared with others of its batch:
# a picture that takes its worker along has then had two tries with nothing beside it.
MOST_DEATHS = 3


class Ledger:
    """An actor of a run. Keys are of rows in batches: a batch that is tried again has the same."""

    def __init__(self) -> None:
        self._known: Any = None
        self._at_hand: Set[str] = set()
        self._deaths: Dict[str, int] = {}

    def keep(self, known: Any) -> None:
        """What workers ask for when they start: arguments of their own would go with a node."""
        self._known = known

    def kept(self) -> Any:
        """It; None where this actor had to be started again."""
        return self._known

    def begin(self, keys: List[str]) -> Dict[str, int]:
        """A batch is begun. Those still at hand were so when a worker was lost: they are counted, and to be
        tried alone, as all are that are in the answer."""
        suspects = {}
        for key in keys:
            if key in self._at_hand:
                self._deaths[key] = self._deaths.get(key, 0) + 1
            if key in self._deaths:
                self._at_hand.discard(key)
                suspects[key] = self._deaths[key]
            else:
                self._at_hand.add(key)
        return suspects

    def begin_alone(self, key: str) -> None:
        """One row is begun with nothing beside it."""
        self._at_hand.add(key)

    def end(self, keys: List[str]) -> None:
        """What came of them is known."""
        self._at_hand.difference_update(keys)


class Bookkeeper:
    """A worker's way to the ledger. Where that is lost too, rows are tried once more and no less."""

    def __init__(self, actor: Any) -> None:
        self._actor = actor

    def kept(self) -> Any:
        """As Ledger.kept."""
        return self._ask("kept")

    def begin(self, keys: Sequence[str]) -> Dict[str, int]:
        """As Ledger.begin; nothing is suspected without a ledger."""
        return self._ask("begin", list(keys)) or {}

    def begin_alone(self, key: str) -> None:
        """As Ledger.begin_alone."""
        self._ask("begin_alone", key)

    def end(self, keys: Sequence[str]) -> None:
        """As Ledger.end."""
        self._ask("end", list(keys))

    def _ask(self, method: str, *arguments: Any) -> Any:
        if self._actor is None:
            return None
        ray = need("ray", "ray")
        try:
            return ray.get(getattr(self._actor, method).remote(*arguments), timeout=60)
        except (ray.exceptions.RayActorError, ray.exceptions.GetTimeoutError):
            return None


def start_ledger() -> Any:
    """The actor, beside the driver and without a share of a processor."""
    ray = need("ray", "ray")
    if not ray.is_initialized():
        ray.init()
    here = ray.get_runtime_context().get_node_id()
    place = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(here, soft=True)
    return ray.remote(Ledger).options(num_cpus=0, max_restarts=-1, max_task_retries=-1,
                                      scheduling_strategy=place).remote()
