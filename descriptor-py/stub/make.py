"""Makes the stubs: what is written by hand, then the classes of the schema and the functions of the statistics.

Prints them; with `--write`, puts them where they belong.
"""

from __future__ import annotations

import sys
from pathlib import Path

import tordesc

HERE = Path(__file__).parent
STUBS = HERE.parent / "python" / "tordesc"

STATISTIC = '''def {name}(
    paths: _Source,
    *,
    table: Literal[{tables}] = {first},
    now: _Time | None = None,
    since: _Day | None = None,
    until: _Day | None = None,
    profile: Literal[2013, 2020] = {profile},
    choices: Iterable[str] = (),
    geoip: _Paths | None = None,
    asn: _Paths | None = None,
    threads: int | None = None,
    on_error: Literal["collect", "raise"] = "collect",
    progress: _Progress | None = None,
) -> Table:
    """{about}"""
'''


def native() -> str:
    """The stub of the native module."""
    head = "# Made by stub/make.py out of stub/head.pyi and the schema.\n\n" + (HERE / "head.pyi").read_text()
    return f"{head}\n{names(tordesc._tordesc.__all__)}\n{tordesc.schema(format='pyi').rstrip()}\n"


def statistics() -> str:
    """The stub of `tordesc.stats`."""
    head = "# Made by stub/make.py out of stub/stats_head.pyi and the registry.\n\n"
    functions = ""
    for name, about, profiles, tables in tordesc._tordesc._statistics():
        quoted = [f'"{table}"' for table in tables]
        function: dict[str, object] = {"name": name.replace("-", "_"), "about": about, "first": quoted[0], "profile": profiles[0], "tables": ", ".join(quoted)}
        functions += STATISTIC.format(**function)
    return f"{head}{(HERE / 'stats_head.pyi').read_text()}{functions}\n{names(tordesc.stats.__all__)}"


def names(all: list[str]) -> str:
    """A list of what a module exports."""
    lines = ",\n".join(f'    "{name}"' for name in sorted(all))
    return f"__all__ = [\n{lines},\n]\n"


MADE = {"_tordesc.pyi": native, "stats.pyi": statistics}

if __name__ == "__main__":
    for stub, make in MADE.items():
        if "--write" in sys.argv:
            (STUBS / stub).write_text(make())
        else:
            print(make(), end="")
