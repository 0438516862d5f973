"""Small parts of statuses."""

from typing import NamedTuple

from ..util import tor_tools


class PackageVersion(NamedTuple):
    """A package that the authorities vouch for."""

    name: str
    version: str
    url: str
    digests: dict


class SharedRandomnessCommitment(NamedTuple):
    """What an authority has committed to for the next shared random value."""

    version: int
    algorithm: str
    identity: str
    commit: str
    reveal: str


class DocumentDigest(NamedTuple):
    """The digest of a consensus."""

    flavor: str
    algorithm: str
    digest: str


class DocumentSignature:
    """The signature of an authority."""

    def __init__(self, method, identity, key_digest, signature, flavor=None, validate=False):
        if validate:
            for digest in (identity, key_digest):
                if not tor_tools.is_valid_fingerprint(digest):
                    raise ValueError(f"Malformed fingerprint or key digest ({digest}) in the document signature")
        self.method, self.identity, self.key_digest = method, identity, key_digest
        self.signature, self.flavor = signature, flavor

    def _key(self):
        return self.method, self.identity, self.key_digest, self.signature, self.flavor or ""

    def __hash__(self):
        return hash(self._key())

    def __eq__(self, other):
        return isinstance(other, DocumentSignature) and self._key() == other._key()

    def __lt__(self, other):
        return isinstance(other, DocumentSignature) and self._key() < other._key()

    def __le__(self, other):
        return isinstance(other, DocumentSignature) and self._key() <= other._key()


def signatures_of(told):
    """Signatures as core tells them."""
    return [
        DocumentSignature(
            one["algorithm"] or "sha1", one["identity"], one["signing_key_digest"], one["signature"], one.get("flavor")
        )
        for one in told
    ]
