import duckdb

import tordesc

relays = tordesc.read("consensuses-2026-03.tar.xz", "network-status-consensus-3", entries=True)
print(
    duckdb.sql("""
        select flag, count(*) as relays, round(avg(bandwidth)) as bandwidth
        from (select unnest(flags) as flag, bandwidth from relays)
        group by flag order by relays desc, flag
    """)
)
