"""Descriptors as CSV."""

import csv
import io

from ._base import Descriptor


def export_csv(descriptors, included_fields=(), excluded_fields=(), header=True):
    """The CSV of descriptors of one type: all attributes by name, or those that are asked for."""
    output = io.StringIO()
    export_csv_file(output, descriptors, included_fields, excluded_fields, header)
    return output.getvalue()


def export_csv_file(output_file, descriptors, included_fields=(), excluded_fields=(), header=True):
    """Writes the CSV of descriptors of one type; ValueError if they are of several, or have no such attribute."""
    descriptors = [descriptors] if isinstance(descriptors, Descriptor) else list(descriptors)
    if not descriptors:
        return
    cls = type(descriptors[0])
    known = sorted(name for name in cls.TABLE.rows if not name.startswith("_"))
    for name in included_fields:
        if name not in known:
            raise ValueError(f"{cls.__name__} does not have a '{name}' attribute, valid fields are: {', '.join(known)}")
    names = [name for name in included_fields or known if name not in excluded_fields]
    writer = csv.writer(output_file, lineterminator="\n")
    if header:
        writer.writerow(names)
    for descriptor in descriptors:
        if type(descriptor) is not cls:
            raise ValueError(
                f"To export a descriptor CSV all of them must be of the same type: a {cls.__name__} and a {type(descriptor).__name__}"
            )
        writer.writerow([getattr(descriptor, name) for name in names])
