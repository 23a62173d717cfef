"""Peel on a Ray cluster: actors for Ray Data, and pipelines for folders, Parquet and object stores.

    import peel.ray, ray
    peel.ray.cut_folder("s3://in/photos", "s3://out/cut", max_size=2048)      # goes on where it was stopped
    dataset = peel.ray.cut(ray.data.read_parquet("photos.parquet"))           # columns as of peel.arrow.cut

Every picture ends as one row, whatever becomes of workers and machines: lost batches are done again, and a
picture that takes its process along ends as a row that says so. docs/fleet.md has the guide.
"""

from __future__ import annotations

import inspect
import uuid
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple, Union

from ._errors import InvalidArgument
from ._ledger import MOST_DEATHS, Bookkeeper, start_ledger
from ._needs import need
from ._options import whole
from ._runner import runner_for
from ._scan import scan_fields
from ._work import Row, failure
from .arrow import _Pictures
from .arrow import scan as _scan_batch

__all__ = ["Cut", "Rectify", "Scan", "Summary", "cut", "cut_folder", "cut_parquet", "rectify", "scan"]

Actors = Union[int, Tuple[int, int], None]


class Cut:
    """A class for ray.data.Dataset.map_batches, with batch_format="pyarrow"; peel.ray.cut applies it.

    Takes the options of peel.arrow.cut, and a ledger (peel.ray.cut makes one) that counts which rows were
    at hand when an actor was lost. The model is loaded once, pictures are worked on in a process beside the
    actor (isolate), as many at a time as the actor has processors (jobs).
    """

    kind = "cut"

    def __init__(self, *, filesystem: Any = None, jobs: Optional[int] = None, isolate: bool = True,
                 timeout: Optional[float] = None, ledger: Any = None, **options: Any) -> None:
        jobs = _own_processors() if jobs is None else jobs
        options.setdefault("threads", jobs)
        self._filesystem = filesystem
        self._runner = runner_for(self.kind, jobs, isolate, timeout, options)
        self._books = Bookkeeper(ledger)

    def __call__(self, batch: Any) -> Any:
        """A batch's rows."""
        pictures = _Pictures(batch, self._filesystem)
        rows: List[Row] = [failure("was lost")] * pictures.count
        for number, row in self._rows(pictures, pictures.read):
            rows[number] = row
        return pictures.give_rows(self.kind, rows)

    def _rows(self, pictures: Any, read: Any) -> Iterator[Tuple[int, Row]]:
        """All rows; what was at hand when a worker was lost is done alone, at the end."""
        jobs = self._runner.jobs
        keys = _keys_of(pictures.ids())
        suspects = self._books.begin(keys)
        together = [number for number, key in enumerate(keys) if key not in suspects]
        yield from self._runner.run(read(jobs, together))
        self._books.end([keys[number] for number in together])
        for number, key in enumerate(keys):
            if key not in suspects:
                continue
            if suspects[key] >= MOST_DEATHS:
                yield number, failure(f"its worker was lost each of the {suspects[key]} times that it was at "
                                      "hand; it is given up")
                continue
            self._books.begin_alone(key)
            yield from self._runner.run(read(jobs, [number]))
            self._books.end([key])


class Rectify(Cut):
    """The same for peel.arrow.rectify."""

    kind = "rectify"


class Scan:
    """The same for peel.arrow.scan, whose options it takes. The program ends with its batch's timeout, and
    decodes what is delicate in helper processes."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("jobs", _own_processors())
        self._options = options

    def __call__(self, batch: Any) -> Any:
        """A batch's rows."""
        return _scan_batch(batch, **self._options)


def cut(dataset: Any, *, actors: Actors = None, num_cpus: Optional[float] = None, batch_size: int = 16,
        ray_options: Optional[Dict[str, Any]] = None, **options: Any) -> Any:
    """A ray.data.Dataset with what peel.arrow.cut gives for the rows of one; lazy, as Ray's are.

    actors: how many, or (at least, at most); default: as the cluster has room for. num_cpus: processors of
    each, which it uses for as many pictures at a time; default: those of the smallest node, up to 4.
    ray_options: more for map_batches (num_gpus, memory, …). The rest as for peel.ray.Cut.
    """
    return _mapped(Cut, dataset, actors, num_cpus, batch_size, ray_options, options)


def rectify(dataset: Any, *, actors: Actors = None, num_cpus: Optional[float] = None, batch_size: int = 16,
            ray_options: Optional[Dict[str, Any]] = None, **options: Any) -> Any:
    """The same for peel.arrow.rectify."""
    return _mapped(Rectify, dataset, actors, num_cpus, batch_size, ray_options, options)


def scan(dataset: Any, *, actors: Actors = None, num_cpus: Optional[float] = None, batch_size: int = 64,
         ray_options: Optional[Dict[str, Any]] = None, **options: Any) -> Any:
    """The same for peel.arrow.scan, which runs the program `peel` on every node."""
    return _mapped(Scan, dataset, actors, num_cpus, batch_size, ray_options, options)


def cut_folder(src: Any, dst: Any, **options: Any) -> Summary:
    """Cuts out the pictures of a folder on a cluster, as `peel SRC -O DST --recursive --skip-existing` does
    on one machine: the same names, the same bytes, the same manifest in DST, with which either of the two
    goes on where the other was stopped.

    src, dst: folders that every node reaches: paths on a shared disk, or what pyarrow.fs takes
    (s3://bucket/folder, gs://…, hdfs://…).

    Options beside those of peel.ray.cut:
      recursive       sub-folders too (True)
      filesystem      of pyarrow.fs or fsspec, in which src is a path
      dst_filesystem  the same of dst
      resume          leave alone what would come out the same (True)
      report          a file of this machine's, to which a line of JSON is written for each picture
      progress        a function that is called with a Summary after each batch

    Files count by their extension. Hidden ones, and Peel's own results beside pictures, do not.
    """
    from ._fleet import run_folder

    return run_folder(src, dst, options)


def cut_parquet(src: Any, dst: Any, **options: Any) -> Summary:
    """Cuts out the pictures in Parquet files on a cluster: the columns of peel.arrow.cut, a file in dst for
    each row group of src, NAME-00000.parquet and so on. A row group is done as a whole or done again.

    src: a file or a folder of them; dst: a folder. Options beside those of peel.ray.cut: filesystem (where
    src is, in which `uri` holds paths too where the table has it), dst_filesystem, resume, report,
    progress as for cut_folder; batch_size is how many pictures are in memory at a time.
    """
    from ._fleet import run_parquet

    return run_parquet(src, dst, options)


class Summary:
    """How far a run has come: numbers of pictures, and the first hundred failures as (id, error)."""

    def __init__(self, total: int) -> None:
        self.total: int = total
        self.done: int = 0
        self.skipped: int = 0
        self.failed: int = 0
        self.failures: List[Tuple[str, str]] = []
        self.seconds: float = 0.0

    def fail(self, name: str, error: str, count: int = 1) -> None:
        """Counts and keeps it."""
        self.failed += count
        if len(self.failures) < 100:
            self.failures.append((name, error))

    def __repr__(self) -> str:
        return (f"<peel.ray.Summary {self.done} done, {self.skipped} skipped, {self.failed} failed of "
                f"{self.total} in {self.seconds:.1f} s>")


def _mapped(kind: Any, dataset: Any, actors: Actors, num_cpus: Optional[float], batch_size: int,
            ray_options: Optional[Dict[str, Any]], options: Dict[str, Any]) -> Any:
    ray = need("ray", "ray")
    need("ray.data", "ray")
    if not ray.is_initialized():
        ray.init()
    processors = [node["Resources"].get("CPU", 0) for node in ray.nodes() if node["Alive"]]
    processors = [count for count in processors if count >= 1] or [1]
    if num_cpus is None:
        num_cpus = min(4, int(min(processors)))
    room = max(1, sum(int(count // num_cpus) for count in processors) if num_cpus > 0 else len(processors))
    if isinstance(actors, tuple):
        least, most = (whole("actors", number, 1, 1 << 20) for number in actors)
        if least > most:
            raise InvalidArgument(f"actors is a number or (at least, at most), not {actors!r}")
    else:
        most = room if actors is None else whole("actors", actors, 1, 1 << 20)
        least = 1 if actors is None else most
    if kind is not Scan:
        # Wrong usage is told here, not by actors that cannot start.
        own = {name: value for name, value in options.items() if name not in _NOT_OF_WORK}
        runner_for(kind.kind, options.get("jobs"), options.get("isolate", True), options.get("timeout"), own)
        if "ledger" not in options:
            options = {"ledger": start_ledger(), **options}
    else:
        inspect.signature(_scan_batch).bind(None, **options)
        scan_fields(need("pyarrow", "arrow"), options.get("phases", "1"))
    return dataset.map_batches(
        kind, batch_format="pyarrow", zero_copy_batch=True, udf_modifying_row_count=False,
        batch_size=whole("batch_size", batch_size, 1, 1 << 20), num_cpus=num_cpus,
        compute=ray.data.ActorPoolStrategy(min_size=least, max_size=most, initial_size=most),
        fn_constructor_kwargs=options, **(ray_options or {}))


_NOT_OF_WORK = ("filesystem", "jobs", "isolate", "timeout", "ledger", "pipeline")


def _own_processors() -> int:
    """Of this actor's share; at least one."""
    ray = need("ray", "ray")
    share = ray.get_runtime_context().get_assigned_resources().get("CPU", 1) if ray.is_initialized() else 1
    return max(1, int(share))


def _keys_of(ids: Sequence[str]) -> List[str]:
    """For the ledger: the row, its place and its batch, which is the same when it is tried again."""
    batch = uuid.uuid5(uuid.NAMESPACE_OID, "\0".join(ids)).hex
    return [f"{batch} {place} {one}" for place, one in enumerate(ids)]
