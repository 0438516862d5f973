"""Messages go to Python's own logging, under the name `stem`."""

import logging

_LOGGER = logging.getLogger("stem")
_LOGGER.addHandler(logging.NullHandler())

#: What is below DEBUG: more than anybody reads.
TRACE = 5
logging.addLevelName(TRACE, "TRACE")


def get_logger():
    """The logger."""
    return _LOGGER


def trace(msg):
    """A message of the lowest level."""
    _LOGGER.log(TRACE, msg)


def debug(msg):
    """A message for who looks for a fault."""
    _LOGGER.debug(msg)


def info(msg):
    """A message about what happens."""
    _LOGGER.info(msg)


def notice(msg):
    """A message that is worth a look."""
    _LOGGER.info(msg)


def warn(msg):
    """A message about something that may be wrong."""
    _LOGGER.warning(msg)


def error(msg):
    """A message about something that is wrong."""
    _LOGGER.error(msg)
