"""The machine and its files."""

import os
import shutil
import sys
import tarfile


def is_windows():
    """Whether this is Windows."""
    return sys.platform == "win32"


def is_available(command, cached=True):
    """Whether a program is in PATH."""
    return shutil.which(command.split()[0]) is not None


def is_tarfile(path):
    """Whether a file is a tarball, compressed or not."""
    return os.path.isfile(path) and tarfile.is_tarfile(path)
