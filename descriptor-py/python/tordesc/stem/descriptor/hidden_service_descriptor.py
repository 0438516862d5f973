"""Another name of `hidden_service`, which stem had before and still knows."""

from .hidden_service import *
from .hidden_service import CHECKSUM_CONSTANT as CHECKSUM_CONSTANT
from .hidden_service import X25519_AVAILABLE as X25519_AVAILABLE
from .hidden_service import __all__ as __all__
