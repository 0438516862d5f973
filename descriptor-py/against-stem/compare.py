"""Reads the same files with stem and with tordesc.stem, and compares every attribute, text and digest.

compare.py STEM FOLDER…: STEM is the folder that stem's package is in. Files whose type neither `@type` nor a folder of
the corpus tells are left out. What differs must stand in MOVING-FROM-STEM.md.
"""

import datetime
import os
import re
import sys
from pathlib import Path

DOCUMENT = Path(__file__).resolve().parent.parent / "MOVING-FROM-STEM.md"

#: What folders of the corpus have in them.
FOLDERS = {
    "bridge-extra-info": "bridge-extra-info 1.3",
    "bridge-server-descriptor": "bridge-server-descriptor 1.2",
    "bandwidth-file": "bandwidth-file 1.0",
    "bridge-network-status": "bridge-network-status 1.2",
    "consensus": "network-status-consensus-3 1.0",
    "consensus-microdesc": "network-status-microdesc-consensus-3 1.0",
    "dir-key-certificate": "dir-key-certificate-3 1.0",
    "exit-list": "tordnsel 1.0",
    "extra-info": "extra-info 1.0",
    "microdescriptor": "microdescriptor 1.0",
    "network-status-2": "network-status-2 1.0",
    "server-descriptor": "server-descriptor 1.0",
    "vote": "network-status-vote-3 1.0",
}
#: Attributes of stem that its tables do not tell.
MORE = {
    "NetworkStatusDocumentV3": ("directory_authorities", "routers"),
    "NetworkStatusDocumentV2": ("routers",),
    "BridgeNetworkStatusDocument": ("published", "routers"),
    "DirectoryAuthority": ("key_certificate", "fingerprint"),
    "TorDNSEL": ("fingerprint", "published", "last_status", "exit_addresses"),
}


def plain(value):
    """A value of either package as text that both have."""
    cls = type(value).__name__
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, set):
        return sorted(map(plain, value))
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if cls in MORE or cls == "KeyCertificate" or cls.startswith("RouterStatusEntry"):
        return told(value)
    if cls in ("DocumentSignature", "RecentStats", "RelayFailures"):
        return {name: plain(one) for name, one in sorted({**class_values(value), **vars(value)}.items())}
    if isinstance(value, (str, bytes, int, float, type(None), datetime.datetime)):
        return value
    return str(value)


def class_values(value):
    return {name: one for name, one in vars(type(value)).items() if not name.startswith("_") and not callable(one)}


def told(descriptor):
    """Everything that a descriptor tells."""
    names = ATTRIBUTES[type(descriptor).__name__]
    values = {name: plain(getattr(descriptor, name, "no such attribute")) for name in names}
    values["str"] = str(descriptor)
    values["unrecognized"] = descriptor.get_unrecognized_lines()
    digest = getattr(descriptor, "digest", None)
    if callable(digest):
        try:
            values["digest"] = digest()
        except ValueError as error:
            values["digest"] = type(error).__name__
    return values


def read(parse_file, path, kind, handler):
    """All descriptors of a file, or the error that ends it."""
    found = []
    try:
        with open(path, "rb") as file:
            for descriptor in parse_file(file, kind, document_handler=handler):
                found.append((type(descriptor).__name__, told(descriptor)))
    except Exception as error:
        found.append(("error", {"type": type(error).__name__, "message": str(error)[:200]}))
    return found


def remember(cls):
    """The attributes of a class of stem, and of those that are made of it."""
    names = [name for name in cls.ATTRIBUTES if not name.startswith("_") and "." not in name]
    ATTRIBUTES[cls.__name__] = sorted({*names, *MORE.get(cls.__name__, ())})
    for one in cls.__subclasses__():
        remember(one)


def main(where, folders):
    sys.path.insert(0, where)
    import stem.descriptor
    import stem.descriptor.hidden_service
    import tordesc.stem.descriptor

    remember(stem.descriptor.Descriptor)
    count = values = differ = 0
    seen = {}
    for folder in folders:
        for root, _, names in sorted(os.walk(folder)):
            for name in sorted(names):
                path = os.path.join(root, name)
                with open(path, "rb") as file:
                    is_told = file.read(6) == b"@type "
                kind = None if is_told else FOLDERS.get(os.path.basename(root))
                if not is_told and kind is None:
                    continue
                for handler in ("ENTRIES", "DOCUMENT"):
                    theirs = read(stem.descriptor.parse_file, path, kind, handler)
                    ours = read(tordesc.stem.descriptor.parse_file, path, kind, handler)
                    if len(ours) != len(theirs):
                        differ += 1
                        note(
                            seen,
                            f"{len(theirs)} descriptors in stem, {len(ours)} here",
                            path,
                            theirs[-1],
                            ours[-1] if ours else None,
                        )
                    for one, other in zip(theirs, ours):
                        count += 1
                        if one[0] != other[0]:
                            differ += 1
                            note(seen, f"{one[0]} in stem, {other[0]} here", path, one[1], other[1])
                            continue
                        for key, value in one[1].items():
                            values += 1
                            if value != other[1].get(key):
                                differ += 1
                                note(seen, f"{one[0]}.{key}", path, value, other[1].get(key))
    for what, (times, path, one, other) in sorted(seen.items()):
        print(f"{times:6} {what} ({path})\n         stem: {str(one)[:300]!r}\n         here: {str(other)[:300]!r}")
    known = set(re.findall(r"^\| `(\w+\.\w+)` \|", DOCUMENT.read_text(), re.MULTILINE))
    print(
        f"stem's values: {count} descriptors, {values} values, {differ} differ, {len(seen.keys() - known)} not listed"
    )
    return 1 if not count or seen.keys() - known else 0


def note(seen, what, path, one, other):
    times, *first = seen.get(what, (0, os.path.basename(path), one, other))
    seen[what] = (times + 1, *first)


ATTRIBUTES: dict = {}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
