"""Documents as a DataFrame of Dask: `tordesc.dask.read`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import dask.dataframe as dd
import pandas as pd

import tordesc

from .distributed import PARTITION_BYTES, partitions

__all__ = ["read"]


def read(
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    type: Any,
    *,
    columns: Sequence[str] | None = None,
    where: Mapping[str, Any] | None = None,
    entries: bool = False,
    geoip: Any = None,
    on_error: str = "raise",
    partition_bytes: int = PARTITION_BYTES,
) -> dd.DataFrame:
    """Reads documents, or their entries, as a DataFrame: each partition of `tordesc.distributed.partitions` by a task.

    The other arguments are those of `tordesc.read`, but what cannot be read is raised. Columns that are not used are not
    read. They have Arrow's types, so that whole numbers stay whole where values are missing.
    """
    options = {"where": where, "entries": entries, "geoip": geoip, "on_error": on_error}
    empty = _read([], type=type, columns=columns, **options)
    divided = partitions(paths, partition_bytes=partition_bytes)
    names = list(empty.columns)
    frame: dd.DataFrame = dd.from_map(
        _read, divided or [[]], columns=names, meta=empty, label="tordesc", type=type, **options
    )
    return frame


def _read(paths: Sequence[str], *, type: Any, columns: Any, **options: Any) -> pd.DataFrame:
    """The rows of some files."""
    sources = list(paths) or b""
    table = tordesc.read(sources, type, columns=columns, threads=1, **options)
    return table.to_arrow().to_pandas(types_mapper=pd.ArrowDtype)
