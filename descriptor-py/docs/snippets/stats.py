import tordesc

# Of how many relays each authority and the consensus know what weight, on each day.
weights = tordesc.stats.total_weight(["consensuses-2026-03.tar.xz", "votes-2026-03.tar.xz"], now="2026-05-01")
print(weights.schema)
print(weights.to_polars())
