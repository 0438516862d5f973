"""Makes the stub of the native module: what is written by hand, then the classes of the schema.

Prints it; with `--write`, puts it where it belongs.
"""

from __future__ import annotations

import sys
from pathlib import Path

import tordesc

HERE = Path(__file__).parent
STUB = HERE.parent / "python" / "tordesc" / "_tordesc.pyi"


def stub() -> str:
    """The text of the stub."""
    head = "# Made by stub/make.py out of stub/head.pyi and the schema.\n\n" + (HERE / "head.pyi").read_text()
    names = ",\n".join(f"    {name!r}" for name in sorted(tordesc._tordesc.__all__)).replace("'", '"')
    return f"{head}\n__all__ = [\n{names},\n]\n\n{tordesc.schema(format='pyi').rstrip()}\n"


if __name__ == "__main__":
    if "--write" in sys.argv:
        STUB.write_text(stub())
    else:
        print(stub(), end="")
