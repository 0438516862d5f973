import matplotlib.pyplot as plt

import tordesc

relays = tordesc.read(
    "consensuses-2026-03.tar.xz", tordesc.Consensus, entries=True, columns=["valid_after", "flags"]
).to_pandas()
counts = relays.explode("flags").groupby(["valid_after", "flags"]).size().unstack(fill_value=0)
plot = counts[["Running", "Stable", "Guard", "HSDir", "Exit"]].plot(ylim=0, ylabel="relays", figsize=(8, 4))
plot.legend(ncols=5, loc="lower center")
plt.savefig("relays.svg")
