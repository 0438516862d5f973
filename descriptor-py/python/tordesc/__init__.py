"""Reads every document of the Tor network."""

from collections.abc import Sequence

from . import _errors, _tordesc
from ._errors import *
from ._tordesc import *
from ._tordesc import __version__

Sequence.register(_tordesc.Entries)

__all__ = [*_errors.__all__, *_tordesc.__all__]
