import duckdb

import tordesc


def mean_bandwidth(paths: str, geoip: str) -> list[tuple[str, str | None, float]]:
    relays = tordesc.read(paths, "server-descriptor", geoip=geoip)  # (1)!
    database = duckdb.connect()
    database.execute("set TimeZone = 'UTC'")
    return database.execute("""
        select strftime(published, '%Y-%m') as month, country,
               sum(least(average_bandwidth, burst_bandwidth, observed_bandwidth)) / count(*) as mean
        from relays group by all order by all
    """).fetchall()
