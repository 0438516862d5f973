import polars as pl

import tordesc


def mean_bandwidth(paths: str, geoip: str) -> pl.DataFrame:
    bandwidths = ["average_bandwidth", "burst_bandwidth", "observed_bandwidth"]
    relays = tordesc.read(
        paths, "server-descriptor", columns=["published", "country", *bandwidths], geoip=geoip
    )
    return (
        pl.DataFrame(relays)
        .group_by(month=pl.col("published").dt.strftime("%Y-%m"), country="country")
        .agg(sum=pl.min_horizontal(bandwidths).sum(), count=pl.len())
        .select("month", "country", mean=pl.col("sum") / pl.col("count"))
        .sort("month", "country")
    )
