"""What is given in the wrong form is refused at once, and the error says what is wanted."""

from __future__ import annotations

import datetime as dt
import errno
import io
import ipaddress
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tordesc
from conftest import ROOT, SERVER

#: The module without its types, to be used as it must not be.
untyped: Any = tordesc


@pytest.fixture()
def plain(tmp_path: Path) -> Path:
    path = tmp_path / "plain"
    path.write_bytes(SERVER)
    return path


@pytest.mark.parametrize("read", [untyped.parse, lambda source: untyped.read(source, "server-descriptor")])
def test_texts_and_names_as_bytes_are_no_sources(plain: Path, read: Callable[[Any], Any]) -> None:
    with plain.open(encoding="latin-1") as file, pytest.raises(TypeError, match="open as text"):
        read(file)
    with pytest.raises(TypeError, match="open as text"):
        read(io.StringIO("router a"))
    with pytest.raises(TypeError, match="given as bytes"):
        read(SERVER.decode("latin-1"))
    with pytest.raises(TypeError, match="os.fsdecode"):
        read(os.fsencode(plain))


def test_what_is_not_there_is_told_at_once(tmp_path: Path) -> None:
    wrong: list[Any] = [tmp_path / "none", str(tmp_path / "none*"), [tmp_path / "no[ne]"]]
    for missing in wrong:
        with pytest.raises(FileNotFoundError, match="no such file") as error:
            tordesc.parse(missing)
        assert isinstance(error.value, tordesc.ReadError) and error.value.errno == errno.ENOENT
        assert error.value.filename == error.value.source is not None


def test_files_besides_the_sources_are_named(plain: Path, tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere" / "file"
    original = (ROOT / "descriptor-core" / "tests" / "sanitize" / "server-descriptor").read_bytes()
    calls: list[Callable[[], object]] = [
        lambda: tordesc.sanitize(original, nowhere),
        lambda: tordesc.parse(plain, history=nowhere),
        lambda: tordesc.read(plain, "server-descriptor", history=nowhere),
        lambda: tordesc.read(plain, "server-descriptor", geoip=nowhere),
    ]
    for call in calls:
        with pytest.raises(tordesc.TordescError, match=str(nowhere.parent)):
            call()
    garbled = tmp_path / "history"
    garbled.write_text("router a\n")
    with pytest.raises(tordesc.ReadError, match=f"{garbled}: not a history file"):
        tordesc.parse(plain, history=garbled)


@pytest.mark.parametrize(
    "call",
    [
        lambda: untyped.parse(SERVER, threads=-1),
        lambda: untyped.read(SERVER, "server-descriptor", threads=-1),
        lambda: untyped.scan(SERVER, "server-descriptor", rows=-1),
        lambda: untyped.stats.servers(SERVER, threads=-1),
        lambda: next(untyped.parse(SERVER)).exit_policy.can_exit_to(None, 70000),
        lambda: untyped.download("/x", endpoints=[("127.0.0.1", 70000)]),
        lambda: untyped.Archive(retries=-1),
    ],
)
def test_numbers_out_of_range_are_values(call: Callable[[], Any]) -> None:
    with pytest.raises(ValueError, match="not (-1|70000)"):
        call()


def test_types_are_suggested() -> None:
    for name, meant in [
        ("vote", "network-status-vote-3"),
        ("consensus", "network-status-consensus-3"),
        ("server-descriptors", "server-descriptor"),
    ]:
        with pytest.raises(tordesc.UsageError, match=f"did you mean {meant}?"):
            tordesc.parse(b"", types=name)
    several = SERVER + SERVER.replace(b"@type ", b"@type bridge-")
    by_name, by_class = (list(untyped.parse(several, types=it)) for it in ["ServerDescriptor", tordesc.ServerDescriptor])
    assert by_name == by_class and len(by_name) == 2


def test_columns_are_suggested(data: Path) -> None:
    with pytest.raises(tordesc.UsageError, match="entries=True"):
        tordesc.read(data, tordesc.Consensus, columns=["flags"])
    with pytest.raises(tordesc.UsageError, match="entries=True"):
        tordesc.read(data, tordesc.Consensus, where={"flags": "Exit"})
    assert tordesc.read(SERVER, "server-descriptor", columns="uptime").column_names == ["uptime"]
    for wrong in [7, [7]]:
        with pytest.raises(TypeError, match="names"):
            untyped.read(SERVER, "server-descriptor", columns=wrong)


EXTRA = b"@type extra-info 1.0\nextra-info a " + b"A" * 40 + b"\npublished 2012-01-01 04:03:19\n"


def count(where: dict[str, Any], kind: str = "server-descriptor", text: bytes = SERVER) -> int:
    return len(tordesc.read(text, kind, where=where))


def test_names_and_networks_are_found() -> None:
    text = EXTRA + b"dirreq-v3-ips cn=8,us=16\n"
    assert count({"dirreq_v3_ips": "cn"}, "extra-info", text) == 1
    assert count({"dirreq_v3_ips": ["de", "us"]}, "extra-info", text) == 1
    assert count({"dirreq_v3_ips": {"all": ["de", "us"]}}, "extra-info", text) == 0
    assert count({"dirreq_v3_ips": "16"}, "extra-info", text) == 0
    for network, found in [("192.0.0.0/8", 1), ("192.0.2.0/29", 1), ("192.0.2.0/30", 0), ("::/0", 0), ("0.0.0.0/0", 1)]:
        assert count({"address": network}) == found
        assert count({"address": ipaddress.ip_network(network)}) == found
        assert count({"address": [ipaddress.ip_network(network), "1.2.3.4"]}) == found
    assert count({"address": ipaddress.ip_address("192.0.2.7")}) == 1
    assert count({"average_bandwidth": 51200, "nickname": {"toy", "boy"}}) == 1


@pytest.mark.parametrize(
    ("column", "asked"),
    [
        ("average_bandwidth", slice(1, 5)),
        ("average_bandwidth", ">=1000"),
        ("average_bandwidth", True),
        ("average_bandwidth", (1, "many")),
        ("nickname", None),
        ("nickname", 7),
        ("nickname", b"toy"),
        ("nickname", [b"toy"]),
        ("fingerprint", b"\0" * 20),
        ("fingerprint", "nobody"),
        ("address", "somewhere"),
        ("address", 7),
        ("published", "2012-01-01"),
        ("published", (7, None)),
        ("published", ("yesterday", None)),
        ("hibernating", "yes"),
    ],
)
def test_filters_that_make_no_sense_are_refused(column: str, asked: Any) -> None:
    with pytest.raises(TypeError, match=f"column {column} holds .*: it can be asked for .*, not for ") as error:
        count({column: asked})
    assert isinstance(error.value, tordesc.FilterError) and isinstance(error.value, tordesc.UsageError)


def test_columns_of_tables_alone_choose_no_rows() -> None:
    for column in ["source", "type", "offset", "digest_sha1"]:
        with pytest.raises(tordesc.UsageError, match=f"column {column} is not of the document"):
            count({column: "a"})


def test_one_document_is_sanitized_at_a_time() -> None:
    original = (ROOT / "descriptor-core" / "tests" / "sanitize" / "server-descriptor").read_bytes()
    with pytest.raises(tordesc.UsageError, match="several documents"):
        tordesc.sanitize(original * 2)


def test_a_time_of_a_status_may_be_text_or_date() -> None:
    status = (ROOT / "descriptor-core" / "tests" / "sanitize" / "network-status").read_bytes()
    status = re.sub(rb"^published .*\n", b"", status, flags=re.MULTILINE)
    status = b"@type bridge-network-status 1.0\n" + status
    [parsed] = tordesc.parse(status, types=tordesc.BridgeNetworkStatus)
    authority = parsed.fingerprint
    paths = set()
    times: list[str | dt.date] = ["2020-02-03 04:05:06", dt.datetime(2020, 2, 3, 4, 5, 6)]
    for published in [*times, "2020-02-03", dt.date(2020, 2, 3)]:
        paths.add(tordesc.sanitize(status, authority=authority, published=published).path)
    assert len(paths) == 2 and all("20200203" in path for path in paths)
    with pytest.raises(tordesc.UsageError, match="not a time"):
        tordesc.sanitize(status, authority=authority, published="noon")
