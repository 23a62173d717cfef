"""Tables of pictures: an Arrow RecordBatch in, one with a row for each of its rows out.

    import peel.arrow
    done = peel.arrow.cut(batch, max_size=1024)

This is what Ray Data, Spark, Dask, Daft, DuckDB or plain pyarrow call for their blocks (docs/fleet.md). A
batch has a column `id`, and `bytes` (encoded pictures), `uri` (paths, file://…, s3://… or anything else that
pyarrow.fs reads) or both: where `bytes` is null, `uri` counts. Other columns are passed through. A picture
that cannot be done is a row whose status is "failed" and whose error says why; nothing is raised but for
wrong usage. The model is loaded once in a process.
"""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple, TypeVar

from ._errors import InvalidArgument
from ._needs import need
from ._places import as_filesystem, place_of, read
from ._runner import check_timeout, in_threads, runner_for, whole_jobs
from ._work import Row, failure, failure_of

__all__ = ["cut", "rectify", "scan", "schema"]

_MOST_BYTES = (1 << 31) - 1  # in a column with 32-bit offsets

Batch = TypeVar("Batch")  # a pyarrow.RecordBatch or pyarrow.Table: what comes in comes out


def cut(batch: Batch, *, filesystem: Any = None, jobs: Optional[int] = None, isolate: bool = False,
        timeout: Optional[float] = None, **options: Any) -> Batch:
    """Cuts out the pictures of a batch (a pyarrow.RecordBatch or Table).

    Gives `id`, the other columns as they came, and:
      bytes          the encoded result; null where there is none
      width, height  int32, pixels of the result
      subject        bool: whether the model sees a subject
      status         "done" or "failed"
      error          what is wrong with the picture, in Peel's words; else null
      device         what the network ran on
      ms             float64, milliseconds from decoding to encoding

    Options:
      filesystem     of pyarrow.fs or fsspec: `uri` holds paths in it
      jobs           pictures at the same time; default: one a processor of this process
      isolate        work in a process beside this one, which goes on for later batches: a picture that
                     crashes it or never ends is tried once more alone and becomes a row that says so
      timeout        with isolate, the seconds that one picture may take (300)
      model, device, precision, threads, strict, family, backend, runtime, memory_limit
                     those of peel.Session
      format, quality, lossless, mask, background, edges, crop, max_size, work_size, compat, keep_metadata,
      max_pixels, rectify
                     those of peel.cut

    peel.InvalidArgument and TypeError for a batch without the columns and options that make no sense.
    """
    return _run("cut", batch, filesystem, jobs, isolate, timeout, options)


def rectify(batch: Batch, *, filesystem: Any = None, jobs: Optional[int] = None, isolate: bool = False,
            timeout: Optional[float] = None, **options: Any) -> Batch:
    """Straightens the pictures of a batch, as peel.rectify does, in the manner of `cut`.

    Gives its columns but `subject`, and: confidence (float64, 0 to 1), kind, turn (int32, degrees clockwise)
    and corners (8 float64: x and y in pixels of the upright picture, clockwise from the result's top left).
    Where nothing is certain enough the status is "abstained" and the error says why. Options beside those of
    `cut` for tables: kind, focal_px, ratio, size, dpi, enhance, turn, margin, cutout, filter, draw, format,
    quality, lossless, background, edges, max_size, keep_metadata, max_pixels.
    """
    return _run("rectify", batch, filesystem, jobs, isolate, timeout, options)


def scan(batch: Batch, *, filesystem: Any = None, phases: str = "1,2,3", program: Optional[str] = None,
         jobs: Optional[int] = None, timeout: Optional[float] = None) -> Batch:
    """Describes and judges the pictures of a batch: what `peel scan` finds, a column for each of its
    library's (docs/scan.md) but path, mtime and what only a whole library has. Width, height and error are
    among them; `bytes` is not given back.

    It is the program `peel` that scans, which therefore has to be installed: `program`, or the one in PATH.
    phases: "1": headers; "1,2": quality and colours too; "1,2,3": objects, faces, scene. timeout: seconds
    for the whole batch (300 and 10 a picture).
    """
    from ._scan import scan_batch

    pictures = _Pictures(batch, filesystem)
    if timeout is not None:
        check_timeout(timeout)
    jobs = whole_jobs(jobs)
    found = scan_batch(pictures.read(jobs), pictures.count, phases, program, jobs, timeout)
    result: Batch = pictures.give(found)
    return result


def schema(batch_schema: Any, kind: str = "cut", *, phases: str = "1,2,3") -> Any:
    """The schema of what `cut`, `rectify` or `scan` (kind) gives for batches of a schema: engines want to
    know it beforehand."""
    pa = need("pyarrow", "arrow")
    _check_columns(batch_schema)
    if kind == "scan":
        from ._scan import scan_fields

        own = scan_fields(pa, phases)
    elif kind in ("cut", "rectify"):
        own = _fields(pa, kind, batch_schema)
    else:
        raise InvalidArgument(f"kind is cut, rectify or scan, not {kind!r}")
    return pa.schema([*_kept(batch_schema, [name for name, _ in own]),
                      *(pa.field(name, type) for name, type in own)], batch_schema.metadata)


def _run(kind: str, batch: Batch, filesystem: Any, jobs: Optional[int], isolate: bool,
         timeout: Optional[float], options: Dict[str, Any]) -> Batch:
    runner = runner_for(kind, jobs, isolate, timeout, options)
    pictures = _Pictures(batch, filesystem)
    rows: List[Optional[Row]] = [None] * pictures.count
    for number, row in runner.run(pictures.read(runner.jobs)):
        rows[number] = row
    result: Batch = pictures.give_rows(kind, [failure("was lost") if row is None else row for row in rows])
    return result


class _Pictures:
    """The pictures of a batch, and the way back to one."""

    def __init__(self, batch: Any, filesystem: Any = None) -> None:
        self._pa = pa = need("pyarrow", "arrow")
        if not isinstance(batch, (pa.RecordBatch, pa.Table)):
            raise TypeError(f"a batch is a pyarrow.RecordBatch or pyarrow.Table, not {type(batch).__name__}")
        _check_columns(batch.schema)
        self._batch = batch
        self._filesystem = as_filesystem(filesystem)
        self.count: int = batch.num_rows
        self.skip: Dict[int, Row] = {}  # known already: not read

    def ids(self) -> List[str]:
        """As text."""
        return [str(value) for value in self._batch.column("id").to_pylist()]

    def read(self, jobs: int, only: Optional[Sequence[int]] = None) -> Iterator[Tuple[int, Any]]:
        """(number, bytes, or the Row of what cannot be read) in order, read ahead a little."""
        names = self._batch.schema.names
        data = self._batch.column("bytes") if "bytes" in names else None
        uris = self._batch.column("uri") if "uri" in names else None

        def load(number: int) -> Any:
            try:
                value = None if data is None else data[number].as_py()
                if value is not None:
                    return value
                uri = None if uris is None else uris[number].as_py()
                if uri is None:
                    return failure("not found: the row has neither bytes nor uri")
                return read(place_of(uri, self._filesystem))
            except Exception as error:
                return failure_of(error)

        numbers = range(self.count) if only is None else only
        return in_threads(((number, number) for number in numbers), load, 2 * jobs, 2 * jobs)

    def give_rows(self, kind: str, rows: List[Row]) -> Any:
        """The batch with what came of each row."""
        pa = self._pa
        room, kept = _MOST_BYTES, []
        wide = _is_wide(pa, self._batch.schema)
        for row in rows:
            size = 0 if row.data is None else len(row.data)
            if not wide and size > room:
                row = failure("limit exceeded: the results of this batch are more than 2 GiB together, which "
                              "a column of type binary does not hold; use smaller batches, or large_binary")
                size = 0
            room -= size
            kept.append(row)
        columns = {
            "bytes": [row.data for row in kept], "width": [row.width for row in kept],
            "height": [row.height for row in kept], "subject": [row.subject for row in kept],
            "status": [row.status for row in kept], "error": [row.error for row in kept],
            "device": [row.device for row in kept], "ms": [row.ms for row in kept]}
        if kind == "rectify":
            for name in ("confidence", "kind", "turn", "corners"):
                columns[name] = [None if row.found is None else row.found[name] for row in kept]
        return self.give([(name, type, pa.array(columns[name], type))
                          for name, type in _fields(pa, kind, self._batch.schema)])

    def give(self, own: Sequence[Tuple[str, Any, Any]]) -> Any:
        """The batch with these columns (name, type, array) instead of what it has of those names."""
        pa, batch = self._pa, self._batch
        kept = _kept(batch.schema, [name for name, _, _ in own])
        arrays = [batch.column(field.name) for field in kept] + [array for _, _, array in own]
        result = pa.schema([*kept, *(pa.field(name, type) for name, type, _ in own)], batch.schema.metadata)
        make = pa.Table if isinstance(batch, pa.Table) else pa.RecordBatch
        return make.from_arrays(arrays, schema=result)


def _is_wide(pa: Any, schema: Any) -> bool:
    index = schema.get_field_index("bytes")
    return bool(index >= 0 and pa.types.is_large_binary(schema.field(index).type))


def _fields(pa: Any, kind: str, schema: Any) -> List[Tuple[str, Any]]:
    fields = [("bytes", pa.large_binary() if _is_wide(pa, schema) else pa.binary()), ("width", pa.int32()),
              ("height", pa.int32())]
    if kind == "cut":
        fields.append(("subject", pa.bool_()))
    fields += [("status", pa.string()), ("error", pa.string()), ("device", pa.string()), ("ms", pa.float64())]
    if kind == "rectify":
        fields += [("confidence", pa.float64()), ("kind", pa.string()), ("turn", pa.int32()),
                   ("corners", pa.list_(pa.float64()))]
    return fields


def _kept(schema: Any, own: Sequence[str]) -> List[Any]:
    """`id`, then the other columns that are passed through."""
    kept = [schema.field(schema.get_field_index("id"))]
    return kept + [field for field in schema if field.name not in ("id", "bytes", *own)]


def _check_columns(schema: Any) -> None:
    pa = need("pyarrow", "arrow")
    names = schema.names
    told = ", ".join(names) if names else "none"
    if "id" not in names:
        raise InvalidArgument(f"the batch has no column id (its columns: {told}), by which a row is known again")
    if "bytes" not in names and "uri" not in names:
        raise InvalidArgument(f"the batch has neither a column bytes nor a column uri (its columns: {told})")
    if len(set(names)) != len(names):
        raise InvalidArgument(f"the batch has two columns of one name (its columns: {told})")
    for name, wanted in (("bytes", ("is_binary", "is_large_binary", "is_binary_view", "is_fixed_size_binary")),
                         ("uri", ("is_string", "is_large_string", "is_string_view"))):
        if name not in names:
            continue
        type = schema.field(schema.get_field_index(name)).type
        if pa.types.is_dictionary(type):
            type = type.value_type
        if not pa.types.is_null(type) and not any(getattr(pa.types, check)(type) for check in wanted):
            kind = "binary" if name == "bytes" else "string"
            raise InvalidArgument(f"the column {name} is of type {type}; it holds "
                                  f"{'encoded pictures' if name == 'bytes' else 'paths or URIs'}: {kind}")
