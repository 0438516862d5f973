"""Descriptors out of tarballs."""

import os
import tarfile

import tordesc


def members(archive, parse, options):
    """The descriptors of an open tarball."""
    for member in archive:
        if not member.isfile() or member.size == 0:
            continue
        with archive.extractfile(member) as file:
            for descriptor in parse(file, *options):
                descriptor._set_archive_path(member.name)
                yield descriptor


def tarball(path, parse, options, classes):
    """The descriptors of the tarball at a path."""
    descriptor_type, validate, document_handler, normalize_newlines, kwargs = options
    whole = os.path.abspath(path)
    if descriptor_type is not None or normalize_newlines:
        with tarfile.open(path) as archive:
            for descriptor in members(archive, parse, options):
                descriptor._set_path(whole)
                yield descriptor
        return
    # Core unpacks it faster, and reads ahead.
    reader = tordesc.parse(path)
    for native in reader:
        cls = classes.get(native.type)
        if cls is None:
            raise TypeError(f"Unrecognized metrics descriptor format. type: '{native.type}'")
        member = native.source.partition("!")[2]
        for descriptor in cls._from(native, validate, document_handler, **kwargs):
            descriptor._path, descriptor._archive_path = whole, member
            yield descriptor
    for error in reader.errors:
        raise TypeError(f"Unable to determine the descriptor's type: {error}")
