from pyspark.sql import SparkSession

import tordesc
from pyspark_tordesc.stats import partial


def relays(spark: SparkSession, paths: list[str], now: str) -> tordesc.Table:
    counted = partial(spark, paths, only=["servers"])
    return tordesc.stats.finish(counted, now=now)["networksize"]
