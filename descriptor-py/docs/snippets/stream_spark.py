from pyspark.sql import SparkSession
from pyspark.sql.streaming.query import StreamingQuery


def keep_up(spark: SparkSession, recent: str, parquet: str) -> StreamingQuery:
    relays = (
        spark.readStream.format("tordesc")
        .option("type", "server-descriptor")
        .option("columns", "published,fingerprint,nickname,observed_bandwidth")
        .option("maxFilesPerTrigger", 100)
        .load(recent)
    )
    return (
        relays.writeStream.format("parquet")
        .option("path", parquet)
        .option("checkpointLocation", f"{parquet}.checkpoint")
        .trigger(availableNow=True)  # reads what is there and stops; processingTime="1 hour" goes on
        .start()
    )
