"""Cuts out the pictures of a Parquet file with Dask: dask_cut.py SRC.parquet DST. DST becomes a folder of
Parquet files, one for each partition.

Frames of pandas go to Arrow and back; the model is loaded once in a process."""
import sys

import dask.dataframe as dd
import pandas
import peel.arrow
import pyarrow as pa

ARROW = {"types_mapper": pandas.ArrowDtype}
OPTIONS = {"max_size": 1024, "isolate": True, "timeout": 120}


def cut(frame):
    table = pa.Table.from_pandas(frame, preserve_index=False)
    return peel.arrow.cut(table, **OPTIONS).to_pandas(**ARROW)


def main(src, dst):
    photos = dd.read_parquet(src, dtype_backend="pyarrow", split_row_groups=True)
    empty = pa.Schema.from_pandas(photos._meta, preserve_index=False).empty_table()
    meta = peel.arrow.schema(empty.schema).empty_table().to_pandas(**ARROW)
    photos.map_partitions(cut, meta=meta).to_parquet(dst, write_index=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
