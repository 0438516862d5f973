import duckdb

import tordesc

for file in tordesc.write_parquet("server-descriptors-2026-03.tar.xz", "server-descriptor", "parquet"):
    print(file)
print(
    duckdb.sql("""
        select nickname, count(*) as descriptors, max(observed_bandwidth) as best
        from 'parquet/type=server-descriptor/**/*.parquet'
        where month = 3 group by nickname order by best desc limit 3
    """)
)
