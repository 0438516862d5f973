"""A made-up archive of server descriptors, and a made-up database of countries, for questions with a known answer."""

from __future__ import annotations

import io
import random
import tarfile
from collections import defaultdict
from pathlib import Path

#: Ranges of addresses and their countries. 203.0.113.0/24 is in none.
GEOIP = """# made up
3221225984,3221226111,DE
3221226112,3221226239,US
3325256704,3325256959,FR
"""

DESCRIPTOR = """@type server-descriptor 1.0
router toy{number} {address} 9001 0 9030
published {month}-{day:02} 04:03:{number:02}
bandwidth {bandwidths}
reject *:*
router-signature
-----BEGIN SIGNATURE-----
AAAA
-----END SIGNATURE-----
"""

#: Month, country and mean advertised bandwidth.
Answer = list[tuple[str, str | None, float]]


def make(folder: Path, months: tuple[str, ...] = ("2023-12", "2024-01", "2024-02"), count: int = 400) -> Answer:
    """Writes a tarball a month, plain files of one more, and `geoip`; returns the mean advertised bandwidth by month and
    country, computed beside with whole numbers and one division."""
    chance = random.Random(7)
    nets = {"de": "192.0.2.{}", "us": "192.0.2.{}", "fr": "198.51.100.{}", None: "203.0.113.{}"}
    known = defaultdict(list)

    def one(month: str) -> bytes:
        country = chance.choice(list(nets))
        low, high = {"de": (0, 127), "us": (128, 255)}.get(country or "", (0, 255))
        address = nets[country].format(chance.randint(low, high))
        bandwidths = [chance.randint(1, 1 << 40) for _ in range(3)]
        known[month, country].append(min(bandwidths))
        day, number = chance.randint(1, 28), chance.randint(0, 59)
        text = DESCRIPTOR.format(
            number=number, address=address, month=month, day=day, bandwidths=" ".join(map(str, bandwidths))
        )
        return text.encode()

    (folder / "geoip").write_text(GEOIP)
    for size, month in enumerate(months, 1):
        with tarfile.open(folder / f"server-descriptors-{month}.tar.xz", "w:xz") as tar:
            for number in range(count * size):
                data = one(month)
                member = tarfile.TarInfo(f"server-descriptors-{month}/{number}")
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))
    recent = folder / "recent"
    recent.mkdir()
    for hour in range(4):
        (recent / f"2024-03-01-0{hour}-05-00-server-descriptors").write_bytes(
            b"".join(one("2024-03") for _ in range(count // 4))
        )
    means = [(month, country, sum(each) / len(each)) for (month, country), each in known.items()]
    return sorted(means, key=order)


def order(row: tuple[str, str | None, float]) -> tuple[str, str]:
    return (row[0], row[1] or "")
