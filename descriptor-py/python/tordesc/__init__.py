"""Reads every document of the Tor network."""

from ._tordesc import TordescError, __version__, parse

__all__ = ["TordescError", "__version__", "parse"]
