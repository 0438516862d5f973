import tordesc

# What weight each bandwidth authority and the consensus give to guards, exits and other relays, by day.
weights = tordesc.stats.total_weight(["consensuses-2026-03.tar.xz", "votes-2026-03.tar.xz"], now="2026-05-01")
print(weights.schema)
print(weights.to_polars())
