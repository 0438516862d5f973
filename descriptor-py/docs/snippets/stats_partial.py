from pathlib import Path

import tordesc


def count(archive: Path, now: str) -> dict[str, tordesc.Table]:
    partials = [tordesc.stats.partial(tarball, only=["servers", "total-weight"]) for tarball in archive.iterdir()]
    return tordesc.stats.finish(tordesc.stats.merge(partials), now=now)
