"""What programs written for stem 1.8.2 need to read descriptors: `from stem…` becomes `from tordesc.stem…`.

Names, arguments, defaults and attributes are stem's. The values are read by `tordesc`, and each when it is asked for.
"""

import traceback

from .util.enum import Enum

__all__ = [
    "ControllerError",
    "DirPort",
    "DownloadFailed",
    "DownloadTimeout",
    "Endpoint",
    "Flag",
    "ORPort",
    "OperationFailed",
    "ProtocolError",
    "SocketClosed",
    "SocketError",
]

#: The version of stem whose names these are.
__version__ = "1.8.2"

#: What directories are told about who asks.
USER_AGENT = "tordesc.stem"

Flag = Enum(
    ("AUTHORITY", "Authority"),
    ("BADEXIT", "BadExit"),
    ("BADDIRECTORY", "BadDirectory"),
    ("EXIT", "Exit"),
    ("FAST", "Fast"),
    ("GUARD", "Guard"),
    ("HSDIR", "HSDir"),
    ("NAMED", "Named"),
    ("NOEDCONSENSUS", "NoEdConsensus"),
    ("RUNNING", "Running"),
    ("STABLE", "Stable"),
    ("STALEDESC", "StaleDesc"),
    ("UNNAMED", "Unnamed"),
    ("V2DIR", "V2Dir"),
    ("V3DIR", "V3Dir"),
    ("VALID", "Valid"),
)


class ControllerError(Exception):
    """What all errors about other machines are."""


class ProtocolError(ControllerError):
    """An answer is not as it must be."""


class OperationFailed(ControllerError):
    """Something could not be done."""

    def __init__(self, code=None, message=None):
        super().__init__(message)
        self.code, self.message = code, message


class SocketError(ControllerError):
    """A connection failed."""


class SocketClosed(SocketError):
    """A connection was closed."""


class DownloadFailed(OSError):
    """Something could not be downloaded."""

    #: Where from.
    url: str
    #: The error, and where it was raised.
    error: BaseException
    stacktrace: object
    stacktrace_str: str

    def __init__(self, url, error, stacktrace, message=None):
        if message is None:
            message = f"Failed to download from {url} ({type(error).__name__}): {error}"
        super().__init__(message)
        self.url, self.error, self.stacktrace = url, error, stacktrace
        self.stacktrace_str = "".join(traceback.format_tb(stacktrace))


class DownloadTimeout(DownloadFailed):
    """A download took too long."""

    def __init__(self, url, error, stacktrace, timeout):
        super().__init__(
            url, error, stacktrace, f"Failed to download from {url}: {timeout:0.1f} second timeout reached"
        )


class Endpoint:
    """Where a relay listens."""

    def __init__(self, address, port):
        from .util import connection

        if not (connection.is_valid_ipv4_address(address) or connection.is_valid_ipv6_address(address)):
            raise ValueError(f"'{address}' isn't a valid IPv4 or IPv6 address")
        if not connection.is_valid_port(port):
            raise ValueError(f"'{port}' isn't a valid port")
        self.address, self.port = address, int(port)

    def _key(self):
        return type(self), self.address, self.port

    def __hash__(self):
        return hash(self._key())

    def __eq__(self, other):
        return isinstance(other, Endpoint) and self._key() == other._key()


class ORPort(Endpoint):
    """Where a relay takes circuits, and the versions of the link protocol that it speaks."""

    def __init__(self, address, port, link_protocols=None):
        super().__init__(address, port)
        self.link_protocols = link_protocols

    def _key(self):
        return *super()._key(), tuple(self.link_protocols or ())


class DirPort(Endpoint):
    """Where a relay answers requests for documents."""
