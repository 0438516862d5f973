from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F


def mean_bandwidth(spark: SparkSession, paths: list[str], geoip: str) -> DataFrame:
    bandwidths = ["average_bandwidth", "burst_bandwidth", "observed_bandwidth"]
    relays = (
        spark.read.format("tordesc")
        .option("type", "server-descriptor")
        .option("columns", ",".join(["published", "country", *bandwidths]))
        .option("geoip", geoip)
        .load(paths)
    )
    return (
        relays.groupBy(F.date_format("published", "yyyy-MM").alias("month"), "country")
        .agg((F.sum(F.least(*bandwidths)) / F.count("*")).alias("mean"))
        .orderBy("month", "country")
    )
