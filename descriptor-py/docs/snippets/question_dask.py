import dask.dataframe as dd

import tordesc.dask


def mean_bandwidth(paths: str, geoip: str) -> dd.DataFrame:
    bandwidths = ["average_bandwidth", "burst_bandwidth", "observed_bandwidth"]
    relays = tordesc.dask.read(
        paths, "server-descriptor", columns=["published", "country", *bandwidths], geoip=geoip
    )
    relays["month"] = relays["published"].dt.strftime("%Y-%m")
    relays["advertised"] = relays[bandwidths].min(axis=1)
    each = relays.groupby(["month", "country"], dropna=False)["advertised"]
    means: dd.DataFrame = (each.sum() / each.count()).rename("mean").reset_index()
    return means
