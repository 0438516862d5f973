"""Descriptors from directory authorities and mirrors, downloaded."""

import io
import random
import socket
import sys
import threading
import time
import urllib.request as urllib

from .. import (
    USER_AGENT,
    DirPort,
    DownloadFailed,
    DownloadTimeout,
    Flag,
    ORPort,
    ProtocolError,
    client,
    directory,
    prereq,
)
from ..util import log, tor_tools
from ..util.enum import Enum
from ..util.str_tools import _to_unicode
from . import Compression as _Known
from . import DocumentHandler, networkstatus, parse_file
from ._compression import _Compression

#: Names of compressions as they were before `stem.descriptor.Compression`; both are accepted.
Compression = Enum(("PLAINTEXT", "identity"), ("GZIP", "gzip"), ("ZSTD", "x-zstd"), ("LZMA", "x-tor-lzma"))

#: How many descriptors may be asked for at a time: proxies allow no longer URLs.
MAX_FINGERPRINTS = 96
MAX_MICRODESCRIPTOR_HASHES = 90

#: Authorities that answer very slowly, or do not vote.
DIR_PORT_BLACKLIST = ("tor26", "Serge")

DETACHED_SIGNATURE_TYPE = "detached-signature"

SINGLETON_DOWNLOADER = None


def get_instance():
    """The `DescriptorDownloader` that the functions of this module use."""
    global SINGLETON_DOWNLOADER
    if SINGLETON_DOWNLOADER is None:
        SINGLETON_DOWNLOADER = DescriptorDownloader()
    return SINGLETON_DOWNLOADER


def their_server_descriptor(**query_args):
    """The server descriptor of the relay that is asked."""
    return get_instance().their_server_descriptor(**query_args)


def get_server_descriptors(fingerprints=None, **query_args):
    """Server descriptors: those of the given relays, or all."""
    return get_instance().get_server_descriptors(fingerprints, **query_args)


def get_extrainfo_descriptors(fingerprints=None, **query_args):
    """Extra-info descriptors: those of the given relays, or all."""
    return get_instance().get_extrainfo_descriptors(fingerprints, **query_args)


def get_microdescriptors(hashes, **query_args):
    """Microdescriptors by their digests, in base64."""
    return get_instance().get_microdescriptors(hashes, **query_args)


def get_consensus(authority_v3ident=None, microdescriptor=False, **query_args):
    """The consensus."""
    return get_instance().get_consensus(authority_v3ident, microdescriptor, **query_args)


def get_bandwidth_file(**query_args):
    """The bandwidth file for the next consensus."""
    return get_instance().get_bandwidth_file(**query_args)


def get_detached_signatures(**query_args):
    """The signatures on the next consensus; there from minute 55 to 60."""
    return get_instance().get_detached_signatures(**query_args)


class Query:
    """A request for documents, which a thread makes at once.

    `run` waits for the answer and gives the descriptors, or raises; to iterate over the query does the same and raises
    nothing. `error` is what went wrong. Asks an authority where no `endpoints` are given, and again where that fails.
    """

    def __init__(
        self,
        resource,
        descriptor_type=None,
        endpoints=None,
        compression=(Compression.GZIP,),
        retries=2,
        fall_back_to_authority=False,
        timeout=None,
        start=True,
        block=False,
        validate=False,
        document_handler=DocumentHandler.ENTRIES,
        **kwargs,
    ):
        if not resource.startswith("/"):
            raise ValueError(f"Resources should start with a '/': {resource}")
        if resource.endswith(".z"):
            resource, compression = resource[:-2], Compression.GZIP
        self.resource, self.compression = resource, _compressions(compression)
        self.descriptor_type = descriptor_type or _guess_descriptor_type(resource)
        self.endpoints = [_endpoint(endpoint) for endpoint in endpoints or ()]
        self.retries, self.fall_back_to_authority, self.timeout = retries, fall_back_to_authority, timeout
        self.validate, self.document_handler, self.kwargs = validate, document_handler, kwargs
        self.content = self.error = self.download_url = self.start_time = self.runtime = self.reply_headers = None
        self.is_done = False
        self._thread = None
        self._lock = threading.RLock()
        if start:
            self.start()
        if block:
            self.run(True)

    def start(self):
        """Begins, unless that has been done."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._download, name="Descriptor query", daemon=True)
                self._thread.start()

    def run(self, suppress=False):
        """The descriptors, as a list, when they are there. Raises what went wrong, unless it is to be suppressed."""
        return list(self._run(suppress))

    def __iter__(self):
        yield from self._run(True)

    def _run(self, suppress):
        with self._lock:
            self.start()
            self._thread.join()
        if self.error is None:
            try:
                yield from self._parse()
            except ValueError as exc:
                self.error = exc
        if self.error and not suppress:
            raise self.error

    def _parse(self):
        content = io.BytesIO(self.content)
        # They have no @type, so that their name here is made up.
        if self.descriptor_type.startswith(DETACHED_SIGNATURE_TYPE):
            return networkstatus._parse_file_detached_sigs(content, validate=self.validate)
        return parse_file(
            content, self.descriptor_type, validate=self.validate, document_handler=self.document_handler, **self.kwargs
        )

    def _pick_endpoint(self, use_authority=False):
        if self.endpoints and not use_authority:
            return random.choice(self.endpoints)
        authority = random.choice(_authorities())
        return DirPort(authority.address, authority.dir_port)

    def _download(self):
        left, timeout = self.retries, self.timeout
        while True:
            self.start_time = time.time()
            try:
                self.content, self.reply_headers = self._ask(
                    self._pick_endpoint(not left and self.fall_back_to_authority), timeout
                )
                self.runtime = time.time() - self.start_time
                break
            except Exception as exc:
                log.debug(
                    f"Unable to download descriptors from '{self.download_url}' ({left} retries remaining): {exc}"
                )
                if timeout is not None:
                    timeout -= time.time() - self.start_time
                if left <= 0 or (timeout is not None and timeout <= 0):
                    self.error = exc
                    break
                left -= 1
        self.is_done = True

    def _ask(self, endpoint, timeout):
        if isinstance(endpoint, ORPort):
            return _download_from_orport(endpoint, self.compression, self.resource)
        self.download_url = f"http://{endpoint.address}:{endpoint.port}/{self.resource.lstrip('/')}"
        return _download_from_dirport(self.download_url, self.compression, timeout)


def _compressions(given):
    # What is wanted and can be unpacked here; without any, plain text.
    missing = {
        name
        for name, is_available in (
            (Compression.ZSTD, prereq.is_zstd_available),
            (Compression.LZMA, prereq.is_lzma_available),
        )
        if not is_available()
    }
    found = []
    for one in [given] if isinstance(given, (str, _Compression)) else given or ():
        if isinstance(one, _Compression):
            found.append(one)
        elif one not in list(Compression):
            raise ValueError(f"'{one}' ({type(one).__name__}) is not a recognized type of compression")
        elif one not in missing:
            found.append(next(known for known in _Known if known.encoding == one))
    return found or [_Known.PLAINTEXT]


def _endpoint(given):
    if isinstance(given, (ORPort, DirPort)):
        return given
    if isinstance(given, tuple) and len(given) == 2:
        return DirPort(*given)
    raise ValueError(
        f"Endpoints must be an stem.ORPort, stem.DirPort, or two value tuple. '{given}' is a {type(given).__name__}."
    )


def _authorities():
    return [
        authority
        for authority in directory.Authority.from_cache().values()
        if authority.nickname not in DIR_PORT_BLACKLIST
    ]


class DescriptorDownloader:
    """Makes queries; the arguments are what all of them have in common. With `use_mirrors` it asks relays, not authorities alone."""

    def __init__(self, use_mirrors=False, **default_args):
        self._default_args, self._endpoints = default_args, None
        if use_mirrors:
            try:
                self.use_directory_mirrors()
            except Exception as exc:
                log.debug(f"Unable to retrieve directory mirrors: {exc}")

    def use_directory_mirrors(self):
        """Asks mirrors from now on, besides authorities; gives the consensus that tells them."""
        consensus = self.get_consensus(document_handler=DocumentHandler.DOCUMENT).run()[0]
        mirrors = {(authority.address, authority.dir_port) for authority in _authorities()}
        mirrors |= {
            (relay.address, relay.dir_port)
            for relay in consensus.routers.values()
            if Flag.V2DIR in relay.flags and relay.dir_port
        }
        self._endpoints = list(mirrors)
        return consensus

    def their_server_descriptor(self, **query_args):
        """The server descriptor of the relay that is asked."""
        return self.query("/tor/server/authority", **query_args)

    def get_server_descriptors(self, fingerprints=None, **query_args):
        """Server descriptors: those of the given relays, or all; ValueError if more are given than a URL can hold."""
        return self._by_fingerprint("/tor/server/", "descriptors", fingerprints, query_args)

    def get_extrainfo_descriptors(self, fingerprints=None, **query_args):
        """Extra-info descriptors: those of the given relays, or all; ValueError if more are given than a URL can hold."""
        return self._by_fingerprint("/tor/extra/", "descriptors", fingerprints, query_args)

    def get_key_certificates(self, authority_v3idents=None, **query_args):
        """Certificates: those of the given authorities, or all; ValueError if more are given than a URL can hold."""
        return self._by_fingerprint("/tor/keys/", "key certificates", authority_v3idents, query_args)

    def _by_fingerprint(self, place, what, fingerprints, query_args):
        fingerprints = [fingerprints] if isinstance(fingerprints, str) else fingerprints
        if not fingerprints:
            return self.query(f"{place}all", **query_args)
        if len(fingerprints) > MAX_FINGERPRINTS:
            raise ValueError(f"Unable to request more than {MAX_FINGERPRINTS} {what} at a time by their fingerprints")
        return self.query(f"{place}fp/{'+'.join(fingerprints)}", **query_args)

    def get_microdescriptors(self, hashes, **query_args):
        """Microdescriptors by their digests, in base64; ValueError if more are given than a URL can hold."""
        hashes = [hashes] if isinstance(hashes, str) else hashes
        if len(hashes) > MAX_MICRODESCRIPTOR_HASHES:
            raise ValueError(
                f"Unable to request more than {MAX_MICRODESCRIPTOR_HASHES} microdescriptors at a time by their hashes"
            )
        return self.query(f"/tor/micro/d/{'-'.join(hashes)}", **query_args)

    def get_consensus(self, authority_v3ident=None, microdescriptor=False, **query_args):
        """The consensus. Its signatures are checked if it is to be validated and given as a document."""
        resource = "/tor/status-vote/current/consensus" + "-microdesc" * microdescriptor
        query = self.query(f"{resource}/{authority_v3ident}" if authority_v3ident else resource, **query_args)
        if query.validate and query.document_handler == DocumentHandler.DOCUMENT and prereq.is_crypto_available():
            query.run()[0].validate_signatures(self.get_key_certificates(**query_args).run())
        return query

    def get_vote(self, authority, **query_args):
        """The vote of an authority."""
        query_args.setdefault("endpoints", [(authority.address, authority.dir_port)])
        return self.query("/tor/status-vote/current/authority", **query_args)

    def get_bandwidth_file(self, **query_args):
        """The bandwidth file for the next consensus."""
        return self.query("/tor/status-vote/next/bandwidth", **query_args)

    def get_detached_signatures(self, **query_args):
        """The signatures on the next consensus; there from minute 55 to 60."""
        return self.query("/tor/status-vote/next/consensus-signatures", **query_args)

    def query(self, resource, **query_args):
        """What is at a place, such as `/tor/server/all`."""
        return Query(resource, **{"endpoints": self._endpoints, **self._default_args, **query_args})


def _accepted(compression):
    return ", ".join(one.encoding for one in compression)


def _download_from_orport(endpoint, compression, resource):
    # The answer has the form of HTTP.
    with client.Relay.connect(endpoint.address, endpoint.port, endpoint.link_protocols or [3]) as relay:
        with relay.create_circuit() as circuit:
            request = f"GET {resource} HTTP/1.0\r\nAccept-Encoding: {_accepted(compression)}\r\nUser-Agent: {USER_AGENT}\r\n\r\n"
            answer = circuit.directory(request, stream_id=1)
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *lines = _to_unicode(head).split("\r\n")
    if not status.startswith("HTTP/1.0 2"):
        raise ProtocolError(f"Response should begin with HTTP success, but was '{status}'")
    headers = {}
    for line in lines:
        name, colon, value = line.partition(": ")
        if not colon:
            raise ProtocolError(f"'{line}' is not a HTTP header")
        headers[name] = value
    return _decompress(body, headers.get("Content-Encoding")), headers


def _download_from_dirport(url, compression, timeout):
    request = urllib.Request(url, headers={"Accept-Encoding": _accepted(compression), "User-Agent": USER_AGENT})
    try:
        response = urllib.urlopen(request, timeout=timeout)
    except socket.timeout as exc:
        raise DownloadTimeout(url, exc, sys.exc_info()[2], timeout) from exc
    except Exception as exc:
        raise DownloadFailed(url, exc, sys.exc_info()[2]) from exc
    return _decompress(response.read(), response.headers.get("Content-Encoding")), response.headers


def _decompress(data, encoding):
    encoding = "gzip" if encoding == "deflate" else encoding
    for known in _Known:
        if known.encoding == encoding:
            return known.decompress(data)
    raise ValueError(f"'{encoding}' isn't a recognized type of encoding")


_PLACES = {
    "/tor/server/": "server-descriptor",
    "/tor/extra/": "extra-info",
    "/tor/micro/": "microdescriptor",
    "/tor/keys/": "dir-key-certificate-3",
}

_STATUSES = {
    "consensus": "network-status-consensus-3",
    "authority": "network-status-consensus-3",
    "consensus-microdesc": "network-status-microdesc-consensus-3",
    "consensus-signatures": DETACHED_SIGNATURE_TYPE,
    "bandwidth": "bandwidth-file",
}


def _guess_descriptor_type(resource):
    kind = next((kind for place, kind in _PLACES.items() if resource.startswith(place)), None)
    if resource.startswith("/tor/status-vote/"):
        name = resource.split("/")[-1]
        kind = "network-status-consensus-3" if tor_tools.is_valid_fingerprint(name) else _STATUSES.get(name)
    if kind is None:
        raise ValueError(f"Unable to determine the descriptor type for '{resource}'")
    return f"{kind} 1.0"


def get_authorities():
    """The authorities by nickname."""
    return directory.Authority.from_cache()


Directory = directory.Directory
DirectoryAuthority = directory.Authority
FallbackDirectory = directory.Fallback
