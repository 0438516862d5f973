from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Callable

import pytest
import tordesc

SERVER = b"""@type server-descriptor 1.0
router toy 192.0.2.7 9001 0 9030
platform Tor 0.2.2.35 on caf\xe9
published 2012-01-01 04:03:19
bandwidth 51200 51300 53470
uptime 48
family toy other
reject *:25
accept *:*
"""


def test_version() -> None:
    assert tordesc.__version__.count(".") == 2


def test_a_document_is_a_dict_of_its_columns() -> None:
    [it] = tordesc.parse(SERVER)
    assert it["type"] == "server-descriptor"
    assert it["offset"] == SERVER.index(b"router")
    assert it["nickname"] == "toy"
    assert it["or_port"] == 9001
    assert it["address"] == ipaddress.IPv4Address("192.0.2.7")
    assert it["published"] == dt.datetime(2012, 1, 1, 4, 3, 19, tzinfo=dt.timezone.utc)
    assert it["fingerprint"] is None
    assert it["tunnelled_dir_server"] is False
    assert len(it["exit_policy"]) == 2


def test_text_keeps_its_bytes() -> None:
    [it] = tordesc.parse(SERVER)
    assert it["platform"].encode("utf-8", "surrogateescape").endswith(b"caf\xe9")


def test_digests_are_there_where_the_document_is_signed() -> None:
    [unsigned] = tordesc.parse(SERVER)
    [signed] = tordesc.parse(SERVER + b"router-signature\n-----BEGIN SIGNATURE-----\nAAAA\n-----END SIGNATURE-----\n")
    assert unsigned["digest"] == {}
    assert len(signed["digest"]["sha1"]) == 40
    assert len(signed["digest"]["sha256"]) == 43


def test_what_is_wrong_is_an_issue_and_the_rest_is_read() -> None:
    [it] = tordesc.parse(SERVER.replace(b"51200", b"many"))
    assert it["issues"] == ["bandwidth: average bandwidth cannot be read"]
    assert it["average_bandwidth"] is None
    assert it["uptime"] == 48


@pytest.mark.parametrize(
    ("data", "types"),
    [
        (b"", []),
        (SERVER * 3, ["server-descriptor"] * 3),
        (b"rubbish\n" + SERVER, [None, "server-descriptor"]),
    ],
)
def test_many_documents(data: bytes, types: list[str | None]) -> None:
    assert [it["type"] for it in tordesc.parse(data)] == types


def test_a_type_may_be_told() -> None:
    assert tordesc.parse(b"odd\n", type="server-descriptor")[0]["type"] == "server-descriptor"
    with pytest.raises(tordesc.TordescError, match="unheard-of"):
        tordesc.parse(b"", type="unheard-of")


@pytest.mark.parametrize("call", [lambda: tordesc.parse("text"), lambda: tordesc.parse(b"", "x")])  # type: ignore[arg-type,call-arg]
def test_wrong_arguments(call: Callable[[], object]) -> None:
    with pytest.raises(TypeError):
        call()
