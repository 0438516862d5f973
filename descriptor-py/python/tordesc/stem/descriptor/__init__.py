"""Reading descriptors: `parse_file` gives those of a file."""

import io
import os
import re
import tarfile

from ..util import system
from ..util.str_tools import _to_bytes, _to_unicode
from . import _archive
from ._base import CRYPTO_BLOB, Descriptor, DigestEncoding, DigestHash, DocumentHandler, TypeAnnotation
from ._compression import Compression
from ._crypto import SigningKey, create_signing_key
from . import (  # isort: skip
    bandwidth_file,
    certificate,
    extrainfo_descriptor,
    hidden_service,
    microdescriptor,
    networkstatus,
    router_status_entry,
    server_descriptor,
    tordnsel,
)

__all__ = [
    "CRYPTO_BLOB",
    "Compression",
    "Descriptor",
    "DigestEncoding",
    "DigestHash",
    "DocumentHandler",
    "SigningKey",
    "TypeAnnotation",
    "bandwidth_file",
    "certificate",
    "collector",
    "create_signing_key",
    "export",
    "extrainfo_descriptor",
    "hidden_service",
    "microdescriptor",
    "networkstatus",
    "parse_file",
    "reader",
    "remote",
    "router_status_entry",
    "server_descriptor",
    "tordnsel",
]

_TYPE = re.compile(r"(?:@type )?(\S+) (\d+)\.(\d+)").fullmatch

#: The class of each type in CollecTor's archive.
_CLASSES = {
    **{
        cls.TYPE_ANNOTATION_NAME: cls
        for cls in (
            server_descriptor.RelayDescriptor,
            server_descriptor.BridgeDescriptor,
            extrainfo_descriptor.RelayExtraInfoDescriptor,
            extrainfo_descriptor.BridgeExtraInfoDescriptor,
            microdescriptor.Microdescriptor,
            networkstatus.NetworkStatusDocumentV2,
            networkstatus.KeyCertificate,
            networkstatus.BridgeNetworkStatusDocument,
            networkstatus.DetachedSignature,
            tordnsel.TorDNSEL,
            hidden_service.HiddenServiceDescriptorV2,
            hidden_service.HiddenServiceDescriptorV3,
            bandwidth_file.BandwidthFile,
        )
    },
    "network-status-consensus-3": networkstatus.NetworkStatusDocumentV3,
    "network-status-vote-3": networkstatus.NetworkStatusDocumentV3,
    "network-status-microdesc-consensus-3": networkstatus.NetworkStatusDocumentV3,
}

#: The types of the files in tor's data folder.
_NAMES = {
    "cached-descriptors": "server-descriptor",
    "cached-descriptors.new": "server-descriptor",
    "cached-extrainfo": "extra-info",
    "cached-extrainfo.new": "extra-info",
    "cached-microdescs": "microdescriptor",
    "cached-microdescs.new": "microdescriptor",
    "cached-consensus": "network-status-consensus-3",
    "cached-microdesc-consensus": "network-status-microdesc-consensus-3",
}


#: From this size on files are not read at once. In bytes.
_LARGE = 4 << 20


def parse_file(
    descriptor_file,
    descriptor_type=None,
    validate=False,
    document_handler=DocumentHandler.ENTRIES,
    normalize_newlines=None,
    **kwargs,
):
    """The descriptors of a file, one after the other.

    `descriptor_file` is a path, an open file, or a tarball, opened or by its path. `descriptor_type`, such as
    `server-descriptor 1.0`, is needed where neither `@type` nor the file's name tells it. With `validate` a ValueError
    is raised by what is malformed. `document_handler` says what to make of a status: its entries, the document, or that
    without its entries. `normalize_newlines` reads CR LF as LF. The other arguments go to the class of the descriptor.
    """
    options = descriptor_type, validate, document_handler, normalize_newlines, kwargs
    if isinstance(descriptor_file, tarfile.TarFile):
        return _archive.members(descriptor_file, _parse, options)
    if not isinstance(descriptor_file, (str, os.PathLike)):
        return _parse(descriptor_file, *options)
    descriptor_file = os.fspath(descriptor_file)
    if system.is_tarfile(descriptor_file):
        return _archive.tarball(descriptor_file, _parse, options, _CLASSES)
    return _parse_path(descriptor_file, options)


def _parse_path(path, options):
    descriptor_type, validate, document_handler, normalize_newlines, kwargs = options
    with open(path, "rb") as file:
        if os.path.getsize(path) < _LARGE or normalize_newlines or system.is_windows() or set(path) & set("*?["):
            yield from _parse(file, *options)
            return
        first = file.readline()
    # Core reads on while descriptors are taken, and keeps what is taken alone.
    kind = _kind(first, path, descriptor_type)
    yield from _placed(_CLASSES[kind]._read_all(path, validate, document_handler, kind, **kwargs), path)


def _parse(file, descriptor_type, validate, document_handler, normalize_newlines, kwargs):
    try:
        file.tell()
    except OSError as exc:
        raise OSError("File object isn't seekable; read it, and give the bytes to Descriptor.from_str()") from exc
    content = _to_bytes(file.read())
    path = getattr(file, "name", None)
    path = path if isinstance(path, str) else None
    first = io.BytesIO(content).readline()
    kind = _kind(first, path, descriptor_type)
    if normalize_newlines is None:
        # Windows writes CR LF into what it believes to be text.
        normalize_newlines = system.is_windows() and not descriptor_type and not first.startswith(b"@type")
    if normalize_newlines:
        content = content.replace(b"\r\n", b"\n")
    yield from _placed(_CLASSES[kind]._read_all(content, validate, document_handler, kind, **kwargs), path)


def _placed(found, path):
    # Descriptors with the path that they are from.
    if path is None:
        return found
    return _with_path(found, os.path.abspath(path))


def _with_path(found, path):
    for descriptor in found:
        descriptor._path = path
        yield descriptor


def _kind(first, path, descriptor_type):
    # What a file has: by what the caller says, by its first line, or by its name.
    first = _to_unicode(first.strip())
    match = _TYPE(first) if first.startswith("@type ") else None
    if descriptor_type is not None:
        match = None if descriptor_type.startswith("@") else _TYPE(descriptor_type)
        if match is None:
            raise ValueError("The descriptor_type must be of the form '<type> <major_version>.<minor_version>'")
    if match:
        kind, major, minor = match.groups()
        if kind not in _CLASSES or major != "1":
            raise TypeError(f"Unrecognized metrics descriptor format. type: '{kind}', version: '{major}.{minor}'")
        return kind
    name = "<undefined>" if path is None else os.path.basename(path)
    if name not in _NAMES:
        raise TypeError(f"Unable to determine the descriptor's type. filename: '{name}', first line: '{first}'")
    return _NAMES[name]
