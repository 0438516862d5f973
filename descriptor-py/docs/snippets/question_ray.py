import pyarrow as pa
import pyarrow.compute as pc
import ray

import tordesc
from tordesc.distributed import partitions


@ray.remote
def sums(paths: list[str], geoip: str) -> pa.Table:
    """The sum and the number of advertised bandwidths in some files, by month and country."""
    bandwidths = ["average_bandwidth", "burst_bandwidth", "observed_bandwidth"]
    relays = tordesc.read(
        paths, "server-descriptor", columns=["published", "country", *bandwidths], geoip=geoip, threads=1
    ).to_arrow()
    advertised = pc.min_element_wise(*(relays[name] for name in bandwidths))
    month = pc.strftime(relays["published"], "%Y-%m")
    rows = pa.table({"month": month, "country": relays["country"], "advertised": advertised})
    return rows.group_by(["month", "country"]).aggregate([("advertised", "sum"), ("advertised", "count")])


def mean_bandwidth(paths: list[str], geoip: str) -> pa.Table:
    parts = ray.data.from_arrow_refs([sums.remote(part, geoip) for part in partitions(paths)])
    rows = pa.concat_tables(ray.get(parts.to_arrow_refs()))
    total = rows.group_by(["month", "country"]).aggregate(
        [("advertised_sum", "sum"), ("advertised_count", "sum")]
    )
    sums_, counts = (total[f"advertised_{name}_sum"].cast("float64") for name in ("sum", "count"))
    return total.select(["month", "country"]).append_column("mean", pc.divide(sums_, counts))
