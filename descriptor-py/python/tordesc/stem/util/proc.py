"""The folder /proc of Linux."""

import os


def is_available():
    """Whether the folder is there."""
    return os.path.exists("/proc/self/stat")
