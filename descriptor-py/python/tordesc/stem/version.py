"""Versions of tor."""

import functools
import re
import subprocess

_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)(?:\.(\d+))?(?:-(\S*))?((?: \(\S*\))*)", re.ASCII)
_COMMIT = re.compile(r"git-([0-9a-f]{16})")


@functools.total_ordering
class Version:
    """A version of tor, such as `0.4.8.12` or `0.2.2.23-alpha (git-7dcd105be34a4f44)`."""

    def __init__(self, version_str):
        match = _VERSION.fullmatch(version_str)
        if match is None:
            raise ValueError(f"'{version_str}' isn't a properly formatted tor version")
        major, minor, micro, patch, status, extra = match.groups()
        self.version_str = version_str
        self.major, self.minor, self.micro = int(major), int(minor), int(micro)
        self.patch = None if patch is None else int(patch)
        self.status = status
        self.all_extra = [word[1:-1] for word in extra.split()]
        self.extra = self.all_extra[0] if self.all_extra else None
        commits = (_COMMIT.fullmatch(word) for word in self.all_extra)
        self.git_commit = next((commit[1] for commit in commits if commit), None)

    @property
    def _key(self):
        return self.major, self.minor, self.micro, self.patch or 0, self.status or ""

    def __str__(self):
        return self.version_str

    def __repr__(self):
        return f"<Version {self.version_str}>"

    def __hash__(self):
        return hash(self._key)

    def __eq__(self, other):
        return isinstance(other, Version) and self._key == other._key

    def __lt__(self, other):
        return self._key < other._key if isinstance(other, Version) else NotImplemented


@functools.cache
def get_system_tor_version(tor_cmd="tor"):
    """The version of a tor that is installed; OSError if there is none, or it does not tell it."""
    try:
        told = subprocess.run([tor_cmd, "--version"], capture_output=True, check=True, text=True).stdout
    except FileNotFoundError:
        raise OSError(f"Unable to check tor's version, there is no program '{tor_cmd}'") from None
    except (OSError, subprocess.CalledProcessError) as exc:
        raise OSError(f"Unable to check tor's version: {exc}") from exc
    match = re.search(r"Tor version (\S+(?: \(\S*\))*?)\.?$", told, re.MULTILINE)
    if match is None:
        raise OSError(f"'{tor_cmd} --version' didn't tell tor's version: {told}")
    return Version(match[1])


#: The version of a text. One object serves all relays that run it.
get = functools.lru_cache(maxsize=4096)(Version)
