"""Cuts out the pictures of a Parquet file with Daft: daft_cut.py SRC.parquet DST. DST becomes a folder of
Parquet files."""
import sys

import daft
import peel.arrow
import pyarrow as pa

OPTIONS = {"max_size": 1024, "isolate": True, "timeout": 120}
RESULT = daft.DataType.struct({"bytes": daft.DataType.binary(), "status": daft.DataType.string(),
                               "error": daft.DataType.string()})


@daft.func.batch(return_dtype=RESULT, batch_size=16)
def cut(ids: daft.Series, pictures: daft.Series):
    batch = pa.table({"id": ids.to_arrow(), "bytes": pictures.to_arrow()})
    done = peel.arrow.cut(batch, **OPTIONS).combine_chunks()
    names = ["bytes", "status", "error"]
    return daft.Series.from_arrow(pa.StructArray.from_arrays(
        [done.column(name).chunk(0) for name in names], names))


def main(src, dst):
    photos = daft.read_parquet(src)
    done = photos.with_column("cut", cut(photos["id"], photos["bytes"]))
    done.select("id", *(done["cut"][name].alias(name) for name in ("bytes", "status", "error"))
                ).write_parquet(dst, write_mode="overwrite")


if __name__ == "__main__":
    main(*sys.argv[1:])
