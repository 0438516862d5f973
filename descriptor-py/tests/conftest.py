"""What the tests read: the sample data and the golden files of this repository."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

SERVER = b"""@type server-descriptor 1.0
router toy 192.0.2.7 9001 0 9030
platform Tor 0.2.2.35 on caf\xe9
published 2012-01-01 04:03:19
bandwidth 51200 51300 53470
uptime 48
family toy other
reject *:25
accept *:*
"""


@pytest.fixture(scope="session")
def data() -> Path:
    """The sample data."""
    return ROOT / "examples" / "data"


@pytest.fixture(scope="session")
def golden() -> Path:
    """Documents with all that must be read out of them."""
    return ROOT / "descriptor-core" / "tests" / "golden"
