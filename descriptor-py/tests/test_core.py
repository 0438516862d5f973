"""What else core does: the schema, sanitizing, other archives, directories; and that the stub is fresh."""

from __future__ import annotations

import gzip
import hashlib
import inspect
import ipaddress
import json
import re
import subprocess
import sys
import threading
from base64 import b64encode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import tordesc
from conftest import ROOT, SERVER
from typing_extensions import assert_type

STUB = ROOT / "descriptor-py" / "stub" / "make.py"


def test_version() -> None:
    assert tordesc.__version__.count(".") == 2


def test_the_stub_is_fresh() -> None:
    made = subprocess.run([sys.executable, STUB], capture_output=True, text=True, check=True).stdout
    stubs = [Path(tordesc.__file__).with_name(name) for name in ["_tordesc.pyi", "stats.pyi"]]
    assert made == "".join(stub.read_text() for stub in stubs), "python descriptor-py/stub/make.py --write"


def test_no_field_name_is_written_in_the_binding() -> None:
    names = {column for it in tordesc.schema().values() for field in it["fields"] for column in [field["name"]]}
    # Words that the binding needs for what every document has, or that are words of the language.
    names -= {"type", "source", "offset", "address", "port", "path", "published", "line", "entries", "time", "version"}
    source = "\n".join(path.read_text() for path in (ROOT / "descriptor-py" / "src").glob("*.rs"))
    quoted = set(re.findall(r'"([a-z0-9_]+)"', source))
    assert not {name for name in names & quoted if "_" in name}


def test_every_type_has_a_class_with_all_its_columns() -> None:
    for name, table in tordesc.schema().items():
        [document] = tordesc.parse(b"@type unheard 1.0\n"[:0] + b"x\n", type=name) or [None]
        columns = [column["name"] for field in table["fields"] for column in field["columns"]]
        cls = type(document)
        assert issubclass(cls, tordesc.Descriptor) and getattr(tordesc, cls.__name__) is cls
        for column in columns:
            attribute = inspect.getattr_static(cls, column)
            assert attribute.__doc__.strip() and attribute.__name__ == column, (name, column)
        assert document.to_dict().keys() == {"type", "source", "offset", *columns}


def test_types_are_told_to_type_checkers(data: Path) -> None:
    reader = tordesc.parse(data, types=tordesc.Consensus)
    assert_type(reader, tordesc.Reader[tordesc.Consensus])
    for consensus in reader:
        assert_type(consensus, tordesc.Consensus)
        for entry in consensus:
            assert_type(entry, tordesc.RouterStatus)
    assert_type(consensus.digest(encoding="bytes"), bytes | None)
    tordesc.read(data, [tordesc.Consensus, "network-status-consensus-3"], columns="valid_after")


def test_the_schema_is_told_in_three_forms() -> None:
    one = tordesc.schema("server-descriptor")
    assert one["name"] == "server-descriptor" and one["fields"][0]["keywords"] == ["router"]
    assert "| `uptime` |" in tordesc.schema(tordesc.ServerDescriptor, format="markdown")
    assert "class ServerDescriptor(Descriptor):" in tordesc.schema(format="pyi")
    assert len(tordesc.schema()) > 20
    with pytest.raises(tordesc.UsageError):
        tordesc.schema(format="xml")  # type: ignore[call-overload]


@pytest.fixture(scope="module")
def original() -> bytes:
    return (ROOT / "descriptor-core" / "tests" / "sanitize" / "server-descriptor").read_bytes()


def test_bridges_are_sanitized(original: bytes) -> None:
    done = tordesc.sanitize(original)
    document = done.document
    assert isinstance(document, tordesc.BridgeServerDescriptor)
    assert document.annotations == {"type": "bridge-server-descriptor 1.2"}
    assert str(document.address) == "127.0.0.1" and done.refused == []
    digest = document.digest()
    assert digest is not None and done.path.endswith(digest.lower())
    [parsed] = tordesc.parse(original)
    assert tordesc.sanitize(parsed).document == document
    year, month = document.published.strftime("%Y"), document.published.strftime("%m")
    secrets = f"{year}-{month}," + "ab" * 83 + "\n"
    keyed = tordesc.sanitize(original, secrets).document
    assert isinstance(keyed, tordesc.BridgeServerDescriptor) and str(keyed.address).startswith("10.")


def test_what_may_not_be_published_is_refused(original: bytes) -> None:
    with pytest.raises(tordesc.SanitizeError) as error:
        tordesc.sanitize(original.replace(b"\nuptime ", b"\nnew-thing ", 1))
    assert (error.value.keyword, error.value.reason) == ("new-thing", "no-rule") and error.value.line
    with pytest.raises(tordesc.SanitizeError, match="no secret"):
        tordesc.sanitize(original, b"")
    for wrong in [{"rules": "mine"}, {"secrets": b"rubbish\n"}]:
        with pytest.raises(tordesc.UsageError):
            tordesc.sanitize(original, **wrong)  # type: ignore[arg-type]
    with pytest.raises(tordesc.UsageError, match="microdescriptor is not sanitized"):
        tordesc.sanitize(b"onion-key\n")


def test_a_status_needs_its_authority() -> None:
    status = (ROOT / "descriptor-core" / "tests" / "sanitize" / "network-status").read_bytes()
    status = b"@type bridge-network-status 1.0\n" + status
    with pytest.raises(tordesc.UsageError, match="authority"):
        tordesc.sanitize(status)
    [parsed] = tordesc.parse(status)
    done = tordesc.sanitize(parsed, authority=parsed.fingerprint)
    with pytest.raises(tordesc.SanitizeError, match="not the authority"):
        tordesc.sanitize(status, authority="0" * 40)
    assert isinstance(done.document, tordesc.BridgeNetworkStatus) and done.path.startswith("20")


DESCRIPTORS = SERVER * 3
PACKED = gzip.compress(DESCRIPTORS)
INDEX = {
    "index_created": "2024-01-01 00:00",
    "path": "http://127.0.0.1",
    "directories": [
        {
            "path": "recent",
            "files": [
                {
                    "path": name,
                    "size": len(PACKED),
                    "last_modified": "2024-01-01 00:00",
                    "types": ["server-descriptor 1.0"],
                    "first_published": "2012-01-01 04:03",
                    "sha256": b64encode(hashlib.sha256(data).digest()).decode(),
                }
                for name, data in [("good", PACKED), ("bad", b"other")]
            ],
        }
    ],
}


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    """A server on the loopback that has an archive and a directory."""
    answers = {
        "/index/index.json.gz": gzip.compress(json.dumps(INDEX).encode()),
        "/recent/good": PACKED,
        "/recent/bad": PACKED,
        "/tor/server/all": DESCRIPTORS,
    }

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = answers.get(self.path)
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()


def test_files_of_another_archive_are_fetched_and_checked(server: int) -> None:
    archive = tordesc.Archive(f"http://127.0.0.1:{server}", timeout=10, retries=0)
    good, bad = archive.files()
    assert (good.path, good.size, good.types) == ("recent/good", len(PACKED), ["server-descriptor 1.0"])
    assert good.first_published is not None and good.first_published.year == 2012 and good.last_published is None
    assert good.sha256 == hashlib.sha256(PACKED).hexdigest().upper()
    assert len(list(tordesc.parse(archive.fetch(good)))) == 3
    with pytest.raises(tordesc.NetworkError, match="another digest"):
        archive.fetch(bad)
    assert [it.path for it in tordesc.read_index(json.dumps(INDEX).encode())] == ["recent/good", "recent/bad"]
    with pytest.raises(tordesc.UsageError):
        tordesc.read_index(b"{")


def test_directories_are_asked_one_after_the_other(server: int) -> None:
    nobody, somebody = ("127.0.0.1", 9), ("127.0.0.1", server)
    found = tordesc.download("/tor/server/all", endpoints=[nobody, somebody], timeout=10, retries=0)
    assert len(list(tordesc.parse(found))) == 3
    by_address = [(ipaddress.ip_address("127.0.0.1"), server)]
    assert tordesc.download("/tor/server/all", endpoints=by_address, retries=0) == found
    assert tordesc.download(f"http://127.0.0.1:{server}/tor/server/all", retries=0) == DESCRIPTORS
    with pytest.raises(tordesc.NetworkError, match="not there"):
        tordesc.download("/tor/extra/all", endpoints=[somebody], retries=0)
    with pytest.raises(tordesc.NetworkError) as error:
        tordesc.download("/tor/extra/all", endpoints=[nobody], retries=0)
    assert error.value.transient and isinstance(error.value, OSError)
    with pytest.raises(tordesc.NetworkError, match="nobody to ask"):
        tordesc.download("/tor/extra/all", endpoints=[])


def test_the_authorities_are_known() -> None:
    authorities = tordesc.authorities()
    assert len(authorities) > 5 and all(len(it.v3ident) == 40 and it.dir_port for it in authorities)
