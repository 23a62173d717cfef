"""Cuts out the pictures of a folder with Spark: spark_cut.py SRC DST. DST becomes a folder of Parquet files.

The model is loaded once in each Python worker of Spark, which has one picture at a time (jobs=1): Spark runs
as many workers as there are processors."""
import sys

import peel.arrow
from pyspark.sql import SparkSession
from pyspark.sql.functions import col

OPTIONS = {"max_size": 1024, "jobs": 1, "threads": 1, "isolate": True, "timeout": 120}


def cut(batches):
    for batch in batches:
        yield peel.arrow.cut(batch, **OPTIONS)


def main(src, dst):
    spark = SparkSession.builder.appName("peel").getOrCreate()
    # Arrow's batches are 10,000 rows by default: a few pictures are enough.
    spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", "16")
    photos = (spark.read.format("binaryFile").option("recursiveFileLookup", "true").load(src)
              .select(col("path").alias("id"), col("content").alias("bytes")))
    photos.repartition(2 * spark.sparkContext.defaultParallelism).mapInArrow(
        cut, "id string, bytes binary, width int, height int, subject boolean, status string, error string, "
             "device string, ms double").write.mode("overwrite").parquet(dst)
    spark.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
