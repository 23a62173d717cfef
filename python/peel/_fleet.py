"""The pipelines of peel.ray: from folders and Parquet files to folders, resumed by Peel's manifest."""

from __future__ import annotations

import json
import posixpath
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable, Dict, Iterator, List, Optional, Set, Tuple

from . import _peel
from ._errors import Error, InvalidArgument
from ._ledger import start_ledger
from ._needs import need
from ._options import whole
from ._places import (Place, Unfinished, as_filesystem, exists, files_below, lasting_place, place_of, read_tail,
                      size_and_time, write)
from ._record import Made, Part, Record, escaped, settings_of
from ._work import SKIPPED, Row, failure_of
from .arrow import _Pictures, schema
from .ray import Cut, Summary, _mapped

_EXTENSIONS = {"png": "png", "jpg": "jpg", "jpeg": "jpg", "webp": "webp", "tif": "tif", "tiff": "tif",
               "avif": "avif"}
_ACTOR_OPTIONS = ("actors", "num_cpus", "batch_size", "ray_options")
_GUARD_OPTIONS = ("jobs", "isolate", "timeout")


class _Known:
    """What the manifest says, small enough to be handed to every actor: 24 bytes an output."""

    def __init__(self, made: Dict[bytes, Made]) -> None:
        import numpy

        rows = sorted((_peel.hash64(name), *(value or (0, 0))) for name, value in made.items())
        table = numpy.array(rows, numpy.uint64).reshape(-1, 3)
        self._names, self._content, self._settings = (table[:, i].copy() for i in range(3))

    def get(self, name: bytes) -> Optional[Tuple[int, int]]:
        """Hashes of content and settings; (0, 0): its making was interrupted; None: not known."""
        import numpy

        key = numpy.uint64(_peel.hash64(name))
        at = int(numpy.searchsorted(self._names, key))
        if at == len(self._names) or self._names[at] != key:
            return None
        return int(self._content[at]), int(self._settings[at])


class FolderCut(Cut):
    """Reads, cuts out and writes: rows with `output` come in, and go out without pictures."""

    def __init__(self, *, pipeline: Dict[str, Any], **options: Any) -> None:
        super().__init__(**options)
        self._to: Place = pipeline["to"]
        self._part = Part(self._to, pipeline["run"], uuid.uuid4().hex[:12])
        self._settings: int = pipeline["settings"]
        self._known: _Known = self._books.kept() or _Known({})
        self._resume: bool = pipeline["resume"]

    def __call__(self, batch: Any) -> Any:
        """A batch's rows: id, output, status, error, width, height, subject, device, ms, content, size."""
        pa = need("pyarrow", "arrow")
        outputs: List[str] = batch.column("output").to_pylist()
        keys = [escaped(name) for name in outputs]
        untrue = {key for key in keys if self._will_change(key)}
        contents: Dict[int, int] = {}
        made: Dict[bytes, Made] = {}
        rows: List[Optional[Row]] = [None] * len(outputs)
        sizes: List[Optional[int]] = [None] * len(outputs)
        pictures = _Pictures(batch, self._filesystem)

        def read(jobs: int, only: Any) -> Iterator[Tuple[int, Any]]:
            for number, data in pictures.read(jobs, only):
                if not isinstance(data, Row):
                    contents[number] = content = _peel.hash64(data)
                    key = keys[number]
                    known = self._known.get(key)
                    if known == (content, self._settings) and self._resume and exists(
                            self._to.below(outputs[number])):
                        data = Row(None, SKIPPED)
                    elif known not in (None, (0, 0)) and key not in untrue:
                        untrue.add(key)
                        self._part.begin([key])
                yield number, data

        def keep(number: int, row: Row) -> Row:
            try:
                write(self._to.below(outputs[number]), row.data)
            except Error as error:
                return failure_of(error)
            made[keys[number]] = (contents[number], self._settings)
            sizes[number] = len(row.data or b"")
            return row._replace(data=None)

        self._part.begin(sorted(untrue))
        with ThreadPoolExecutor(2, thread_name_prefix="peel-write") as writers:
            writing = {}
            for number, row in self._rows(pictures, read):
                if row.data is None:
                    rows[number] = row
                else:
                    writing[number] = writers.submit(keep, number, row)
                    del row  # the writer's alone
                    _await_some(writing, rows, 2 * self._runner.jobs)
            _await_some(writing, rows, 0)
        self._part.finish(made)
        all_rows = [Row(None, "failed", "was lost") if row is None else row for row in rows]
        return pa.table({
            "id": batch.column("id"), "output": batch.column("output"),
            "status": pa.array([row.status for row in all_rows], pa.string()),
            "error": pa.array([row.error for row in all_rows], pa.string()),
            "width": pa.array([row.width for row in all_rows], pa.int32()),
            "height": pa.array([row.height for row in all_rows], pa.int32()),
            "subject": pa.array([row.subject for row in all_rows], pa.bool_()),
            "device": pa.array([row.device for row in all_rows], pa.string()),
            "ms": pa.array([row.ms for row in all_rows], pa.float64()),
            "content": pa.array([contents.get(number) for number in range(len(outputs))], pa.uint64()),
            "output_bytes": pa.array(sizes, pa.int64())})

    def _will_change(self, key: bytes) -> bool:
        known = self._known.get(key)
        return known is not None and known != (0, 0) and (not self._resume or known[1] != self._settings)


def _await_some(writing: Dict[int, Any], rows: List[Optional[Row]], most: int) -> None:
    while len(writing) > most:
        number = next(iter(writing))
        rows[number] = writing.pop(number).result()


class ParquetCut(Cut):
    """A row group of a Parquet file into a file: rows name row groups, and say what came of them."""

    def __init__(self, *, pipeline: Dict[str, Any], **options: Any) -> None:
        super().__init__(**options)
        self._pipeline = pipeline
        self._part = Part(pipeline["to"], pipeline["run"], uuid.uuid4().hex[:12])

    def __call__(self, batch: Any) -> Any:
        """A row a row group: id, output, content, rows, done, failed, first_error, error."""
        pa = need("pyarrow", "arrow")
        found: Dict[str, List[Any]] = {name: [] for name in ("rows", "done", "failed", "first_error", "error")}
        for uri, group, output, content in zip(*(batch.column(name).to_pylist()
                                                 for name in ("uri", "group", "output", "content"))):
            told: Dict[str, Any] = {"rows": 0, "done": 0, "failed": 0, "first_error": None, "error": None}
            try:
                self._convert(uri, group, output, content, told)
            except Exception as error:
                told["error"] = failure_of(error).error
            for name, value in told.items():
                found[name].append(value)
        types = {"first_error": pa.string(), "error": pa.string()}
        return pa.table({
            **{name: batch.column(name) for name in ("id", "output", "content")},
            **{name: pa.array(values, types.get(name, pa.int64())) for name, values in found.items()}})

    def _convert(self, uri: str, group: int, output: str, content: int, told: Dict[str, Any]) -> None:
        pa, parquet = need("pyarrow", "arrow"), need("pyarrow.parquet", "arrow")
        to: Place = self._pipeline["to"]
        settings: int = self._pipeline["settings"]
        key = escaped(output)
        source = place_of(uri, self._filesystem)
        with parquet.ParquetFile(source.path, filesystem=source.filesystem) as file:
            result = schema(file.schema_arrow)
            self._part.begin([key])
            unfinished = Unfinished(to.below(output))
            try:
                writer = parquet.ParquetWriter(unfinished.stream, result)
                for piece in file.iter_batches(self._pipeline["batch_size"], row_groups=[group]):
                    done = super().__call__(pa.Table.from_batches([piece]))
                    writer.write_table(done)
                    count_rows(done, told)
                writer.close()
                unfinished.commit()
            except BaseException:
                unfinished.abandon()
                raise
        self._part.finish({key: (content, settings)})


def count_rows(table: Any, told: Dict[str, Any]) -> None:
    """Adds what came of them."""
    for status, error in zip(table.column("status").to_pylist(), table.column("error").to_pylist()):
        told["rows"] += 1
        told["done" if status == "done" else "failed"] += 1
        if status != "done" and told["first_error"] is None:
            told["first_error"] = error


class _Run:
    """What both pipelines share: the options, the manifest, the report."""

    def __init__(self, dst: Any, options: Dict[str, Any]) -> None:
        self.options = options
        self.filesystem = as_filesystem(options.pop("filesystem", None))
        self.to = lasting_place(place_of(dst, as_filesystem(options.pop("dst_filesystem", None))))
        self.resume = bool(options.pop("resume", True))
        self.report_path = options.pop("report", None)
        self.progress: Optional[Callable[[Summary], object]] = options.pop("progress", None)
        if self.progress is not None and not callable(self.progress):
            raise TypeError(f"progress is a function of a Summary, not {self.progress!r}")
        self.actor_options = {name: options.pop(name) for name in _ACTOR_OPTIONS if name in options}
        self.guard_options = {name: options.pop(name) for name in _GUARD_OPTIONS if name in options}
        for name in ("ledger", "pipeline"):
            if name in options:
                raise TypeError(f"a pipeline takes no {name}")
        self.settings = settings_of("cut", options)
        self.record = Record(self.to)
        self.record.load()
        self.name = uuid.uuid4().hex[:8]
        self.start = time.monotonic()

    def dataset(self, kind: Any, table: Any, rows: int, batch_size: int, pipeline: Dict[str, Any],
                known: Any = None) -> Any:
        """What comes of a table's rows, a block for each batch: what is lost with an actor is one batch."""
        data = need("ray.data", "ray")
        ledger = start_ledger()
        if known is not None:
            need("ray", "ray").get(ledger.keep.remote(known))
        blocks = [table.slice(at, rows) for at in range(0, table.num_rows, rows)]
        pipeline.update(to=self.to, run=self.name, settings=self.settings, resume=self.resume)
        own = {name: value for name, value in self.actor_options.items() if name != "batch_size"}
        return _mapped(kind, data.from_arrow(blocks), own.pop("actors", None), own.pop("num_cpus", None),
                       batch_size, own.pop("ray_options", None),
                       {"filesystem": self.filesystem, "pipeline": pipeline, "ledger": ledger, **self.guard_options,
                        **self.options})

    def go(self, dataset: Any, summary: Summary, take: Callable[[Dict[str, Any]], Dict[str, Any]]) -> Summary:
        """Takes the rows as they come; the manifest is gathered at the end, and before any error leaves."""
        fresh: Dict[bytes, Made] = {}
        report = None if self.report_path is None else open(self.report_path, "w", encoding="utf-8")
        whole = False
        try:
            batches = () if dataset is None else dataset.iter_batches(batch_size=None, batch_format="pyarrow",
                                                                      prefetch_batches=0)
            for batch in batches:
                for row in batch.to_pylist():
                    line = take(row)
                    if line["status"] == "done":
                        fresh[escaped(row["output"])] = (row["content"], self.settings)
                    if report is not None:
                        report.write(json.dumps(line, ensure_ascii=False) + "\n")
                summary.seconds = time.monotonic() - self.start
                if self.progress is not None:
                    self.progress(summary)
            whole = True
        finally:
            if report is not None:
                report.close()
            self.record.compact(fresh, self.name if whole else "")
        summary.seconds = time.monotonic() - self.start
        return summary


def run_folder(src: Any, dst: Any, options: Dict[str, Any]) -> Summary:
    """peel.ray.cut_folder."""
    recursive = bool(options.pop("recursive", True))
    run = _Run(dst, options)
    source = lasting_place(place_of(src, run.filesystem))
    run.filesystem = source.filesystem
    mask = bool(options.get("mask"))
    sizes = pictures_of(source, run.to, recursive, run.record.made)
    jobs, clashes = plan_names(list(sizes), options.get("format", "png"), mask, run.record.made)
    batch_size = batch_size_for(len(jobs), run.actor_options.get("batch_size"))
    jobs = large_first(jobs, sizes, batch_size)
    pa = need("pyarrow", "arrow")
    summary = Summary(len(jobs) + len(clashes))
    for name in clashes:
        summary.fail(name, "two pictures would have one result, and nothing tells them apart")
    dataset = None
    if jobs:
        table = pa.table({"id": [name for name, _ in jobs],
                          "uri": [source.below(name).path for name, _ in jobs],
                          "output": [output for _, output in jobs]})
        dataset = run.dataset(FolderCut, table, batch_size, batch_size, {}, _Known(run.record.made))

    def take(row: Dict[str, Any]) -> Dict[str, Any]:
        if row["status"] == "failed":
            summary.fail(row["id"], row["error"])
        elif row["status"] == SKIPPED:
            summary.skipped += 1
        else:
            summary.done += 1
        return {"input": row["id"], **{name: value for name, value in row.items() if name not in ("id", "content")}}

    return run.go(dataset, summary, take)


def batch_size_for(pictures: int, asked: Optional[int]) -> int:
    """What was asked for; else small, so that little is lost with an actor, unless they are so many that
    the driver would be busy with batches (docs/internals/scale.md)."""
    if asked is not None:
        return whole("batch_size", asked, 1, 1 << 20)
    return 16 if pictures <= 50_000 else 64


def large_first(jobs: List[Tuple[str, str]], sizes: Dict[str, int], batch_size: int) -> List[Tuple[str, str]]:
    """In each batch: a large picture that comes last would keep one processor busy and the others waiting."""
    return [job for at in range(0, len(jobs), batch_size)
            for job in sorted(jobs[at:at + batch_size], key=lambda job: -sizes[job[0]])]


def pictures_of(source: Place, to: Place, recursive: bool, made: Dict[bytes, Made]) -> Dict[str, int]:
    """A folder's pictures by their names below it, sorted, and their bytes."""
    root, there = source.path.rstrip("/"), to.path.rstrip("/")
    found = files_below(source, recursive)
    names = [name for name in found if _peel.has_picture_extension(name)]
    here = False
    if to.filesystem == source.filesystem:
        here = there == root
        if there.startswith(root + "/"):
            names = [name for name in names if not f"{root}/{name}".startswith(there + "/")]
    stems = {posixpath.splitext(name)[0] for name in names} | set(names)
    return {name: found[name][0] for name in sorted(names) if not _is_own(name, stems, made if here else {})}


def _is_own(name: str, stems: Set[str], made: Dict[bytes, Made]) -> bool:
    stem, kind = posixpath.splitext(posixpath.splitext(name)[0])
    return kind in (".cut", ".mask", ".rect") and (stem in stems or escaped(name) in made)


def plan_names(names: List[str], format: str, mask: bool,
               made: Dict[bytes, Made]) -> Tuple[List[Tuple[str, str]], List[str]]:
    """Each picture's result, as the program names them: IMG.cut.png; of several that would be called so the
    first by name is, the others keep their extension. A name that an earlier run has given stays. Then the
    pictures that nothing tells apart."""
    end = f".{'mask' if mask else 'cut'}.{_EXTENSIONS.get(str(format).lower(), 'png')}"
    sources = set(names)
    longs = [name for name in names if escaped(name + end) in made]
    taken = {name + end for name in longs}
    planned = {name: name + end for name in longs}
    later = []
    for name in names:
        short = posixpath.splitext(name)[0] + end
        if name in planned:
            continue
        if short in taken or short in sources:
            later.append(name)
        else:
            planned[name] = short
            taken.add(short)
    clashes = []
    for name in later:
        if name + end in taken or name + end in sources:
            clashes.append(name)
        else:
            planned[name] = name + end
            taken.add(name + end)
    return [(name, planned[name]) for name in names if name in planned], clashes


def run_parquet(src: Any, dst: Any, options: Dict[str, Any]) -> Summary:
    """peel.ray.cut_parquet."""
    run = _Run(dst, options)
    source = lasting_place(place_of(src, run.filesystem))
    batch_size = whole("batch_size", run.actor_options.get("batch_size", 16), 1, 1 << 20)
    pa, parquet = need("pyarrow", "arrow"), need("pyarrow.parquet", "arrow")
    if source.path.endswith(".parquet"):
        files = {posixpath.basename(source.path): source}
    else:
        files = {name: source.below(name) for name in sorted(files_below(source, True)) if name.endswith(".parquet")}
    if not files:
        raise InvalidArgument(f"{source.path}: no file in this folder is called *.parquet")
    summary = Summary(0)
    units: List[Tuple[str, str, int, str, int]] = []
    for name, place in files.items():
        try:
            content = _content_of(place)
            with parquet.ParquetFile(place.path, filesystem=place.filesystem) as file:
                schema(file.schema_arrow)
                counts = [file.metadata.row_group(i).num_rows for i in range(file.metadata.num_row_groups)]
        except (Error, OSError, ValueError) as error:
            summary.fail(name, str(failure_of(error).error))
            summary.total += 1
            continue
        for group, count in enumerate(counts):
            output = f"{name[:-len('.parquet')]}-{group:05d}.parquet"
            summary.total += count
            made = run.record.made.get(escaped(output))
            if run.resume and made == (content, run.settings) and exists(run.to.below(output)):
                summary.skipped += count
            else:
                units.append((f"{name} {group}", place.path, group, output, content))
    dataset = None
    if units:
        columns = dict(zip(("id", "uri", "group", "output", "content"), zip(*units)))
        types = {"group": pa.int32(), "content": pa.uint64()}
        table = pa.table({name: pa.array(list(values), types.get(name, pa.string()))
                          for name, values in columns.items()})
        run.filesystem = source.filesystem
        dataset = run.dataset(ParquetCut, table, 1, 1, {"batch_size": batch_size})

    def take(row: Dict[str, Any]) -> Dict[str, Any]:
        if row["error"] is not None:
            summary.fail(row["id"], row["error"])
            return {"input": row["id"], "status": "failed", "error": row["error"]}
        summary.done += row["done"]
        if row["failed"]:
            summary.fail(row["id"], row["first_error"], row["failed"])
        return {"input": row["id"], "output": row["output"], "status": "done", "rows": row["rows"],
                "failed": row["failed"], "first_error": row["first_error"]}

    return run.go(dataset, summary, take)


def _content_of(place: Place) -> int:
    """A hash of a Parquet file's size, time and footer, which describes all that is in it."""
    size, changed = size_and_time(place)
    tail = read_tail(place, 8)
    footer = read_tail(place, 8 + int.from_bytes(tail[:4], "little")) if tail[4:] == b"PAR1" else tail
    return _peel.hash64(f"{size} {changed} ".encode() + footer)
