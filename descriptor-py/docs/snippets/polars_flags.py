import polars as pl

import tordesc

guards = tordesc.read(
    "consensuses-2026-03.tar.xz",
    "network-status-consensus-3",
    entries=True,
    columns=["valid_after", "nickname", "bandwidth"],
    where={"flags": "Guard", "valid_after": ("2026-03-30", "2026-03-31")},
)
print(pl.DataFrame(guards).group_by("nickname").agg(pl.col("bandwidth").mean()).sort("bandwidth"))
