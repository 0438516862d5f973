"""Reads every document of the Tor network."""

from collections.abc import Sequence as _Sequence

from . import _tordesc
from . import stats as stats
from .stats import plot as plot
from ._errors import *
from ._tordesc import *
from ._tordesc import __version__ as __version__

_Sequence.register(_tordesc.Entries)
