"""Documents as objects: attributes, identity, pickles, how they look."""

from __future__ import annotations

import datetime as dt
import gc
import ipaddress
import itertools
import json
import pickle
import subprocess
import sys
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import tordesc
from conftest import SERVER


def one(data: bytes = SERVER, **options: Any) -> Any:
    [document] = tordesc.parse(data, **options)
    return document


def test_values_are_what_python_has_for_them() -> None:
    it = one()
    assert type(it) is tordesc.ServerDescriptor
    assert it.platform is not None
    assert (it.nickname, it.or_port, it.uptime) == ("toy", 9001, 48)
    assert it.address == ipaddress.IPv4Address("192.0.2.7")
    assert it.published == dt.datetime(2012, 1, 1, 4, 3, 19, tzinfo=dt.timezone.utc)
    assert (it.fingerprint, it.tunnelled_dir_server) == (None, False)
    assert it.family == ["toy", "other"]
    assert it.platform.encode("utf-8", "surrogateescape").endswith(b"caf\xe9")


def test_what_is_about_a_document() -> None:
    it = one()
    assert (it.type, it.source, it.offset) == ("server-descriptor", None, SERVER.index(b"router"))
    assert it.annotations == {"type": "server-descriptor 1.0"}
    assert bytes(it) == it.raw == SERVER[it.offset :]
    assert it.document is it
    assert it.to_dict()["nickname"] == "toy"
    assert it.to_dict()["exit_policy"] == ["reject *:25", "accept *:*"]


def test_unknown_lines_and_issues_are_told() -> None:
    it = one(SERVER.replace(b"uptime 48", b"new-thing 7").replace(b"51200", b"many"))
    assert it.unknown == ["new-thing 7"]
    [issue] = it.issues
    assert str(issue) == "bandwidth: average bandwidth cannot be read"
    assert (issue.keyword, issue.line, issue.column) == ("bandwidth", 4, 1)
    assert SERVER[issue.offset :].startswith(b"bandwidth")
    assert (it.average_bandwidth, it.uptime) == (None, None)


def test_digests_are_there_where_the_document_is_signed() -> None:
    signed = one(SERVER + b"router-signature\n-----BEGIN SIGNATURE-----\nAAAA\n-----END SIGNATURE-----\n")
    assert one().digest() is None
    assert signed.digest() == signed.digest("sha1", "hex") == signed.digest("sha1", "bytes").hex().upper()
    assert len(signed.digest("sha256")) == 43
    for wrong in [("md5", None), ("sha1", "octal")]:
        with pytest.raises(ValueError):
            signed.digest(*wrong)


def test_attributes_explain_themselves_and_cannot_be_set() -> None:
    attribute: Any = vars(tordesc.ServerDescriptor)["uptime"]
    assert attribute is getattr(tordesc.ServerDescriptor, "uptime")
    assert "seconds" in attribute.__doc__ and attribute.unit == "seconds"
    assert (attribute.__name__, attribute.keywords) == ("uptime", ["uptime"])
    assert attribute.__objclass__ is tordesc.ServerDescriptor
    with pytest.raises(AttributeError, match="uptime cannot be set"):
        one().uptime = 7
    with pytest.raises(AttributeError):
        one().no_such_field
    with pytest.raises(TypeError, match="attribute of ServerDescriptor"):
        attribute.__get__(one(b"@type microdescriptor 1.0\nonion-key\n"), None)


def test_documents_are_not_made_by_hand() -> None:
    with pytest.raises(TypeError):
        tordesc.ServerDescriptor()


def test_equality_is_by_type_and_bytes() -> None:
    here, there = one(), one(b"\n\n" + SERVER)
    assert here == there and hash(here) == hash(there) and here is not there
    assert here != one(SERVER.replace(b"48", b"49"))
    assert here != one(SERVER.replace(b"@type server-", b"@type bridge-server-"))
    assert here != "router toy"
    assert len({here, there}) == 1


def test_pickles_keep_everything(data: Path) -> None:
    for document in itertools.islice(tordesc.parse(data), 400):
        again = pickle.loads(pickle.dumps(document))
        assert again == document and type(again) is type(document)
        assert (again.source, again.offset, again.annotations) == (
            document.source,
            document.offset,
            document.annotations,
        )
        assert again.to_dict() == document.to_dict()


def test_weak_references_end_with_the_document() -> None:
    it = one()
    reference = weakref.ref(it)
    assert reference() is it
    del it
    gc.collect()
    assert reference() is None


def test_a_policy_answers_and_gives_its_rules() -> None:
    policy = one().exit_policy
    assert [str(rule) for rule in policy] == ["reject *:25", "accept *:*"] and len(policy) == 2
    assert policy.can_exit_to("192.0.2.1", 80) and not policy.can_exit_to("192.0.2.1", 25)
    assert policy.can_exit_to(ipaddress.ip_address("192.0.2.1"), 80) and not policy.can_exit_to(None, 25)
    assert (policy.summary, policy.is_exit, policy.rejects_all) == ("reject 25", True, False)
    assert policy == one().exit_policy and hash(policy) == hash(one().exit_policy)
    rule = next(iter(policy))
    assert (rule.is_accept, rule.address, rule.ports) == (False, "*", (25, 25))
    summary = one(SERVER + b"ipv6-policy accept 80,443-444\n").ipv6_policy
    assert [str(rule) for rule in summary] == ["accept *:80", "accept *:443-444", "reject *:*"]
    assert one().ipv6_policy is None


def test_entries_belong_to_their_document(data: Path) -> None:
    consensus: Any = next(tordesc.parse(data / "recent", types=tordesc.Consensus))
    entries: Any = consensus.entries
    assert len(entries) == len(list(consensus)) == consensus.raw.count(b"\nr ")
    first: Any = entries[0]
    assert [type(first)] == [tordesc.RouterStatus] and first.type == "network-status-entry-3"
    assert first == next(iter(consensus)) == next(iter(entries)) and [first.document] == [consensus]
    assert consensus.raw[first.offset - consensus.offset :].startswith(first.raw)
    assert "Running" in first.flags and first.digest() is None
    assert entries[-1] == list(entries)[-1] and entries[1:3] == list(entries)[1:3] and entries[::-1][-1] == first
    assert issubclass(type(entries), Sequence) and entries.index(entries[2]) == 2 and entries.count(first) == 1
    assert first in entries and next(reversed(entries)) == entries[-1]
    with pytest.raises(IndexError):
        entries[len(entries)]
    with pytest.raises(TypeError):
        entries["first"]
    alone = pickle.loads(pickle.dumps(first))
    assert alone == first and alone.fingerprint == first.fingerprint
    authorities = pickle.loads(pickle.dumps(list(consensus.authorities)))
    assert authorities == list(consensus.authorities)
    assert authorities[0].document is authorities[1].document
    del consensus, entries
    gc.collect()
    assert first.nickname == alone.nickname


def test_entries_that_were_read_in_part_have_all_that_is_theirs(data: Path) -> None:
    path = data / "recent" / "consensuses" / "2026-04-01-00-00-00-consensus"
    text = path.read_bytes().replace(b"\ns ", b"\nnobody-knows this\ns ", 3).replace(b"\nw ", b"\nw w ", 2)
    # In a process of its own, for what was asked for before is read at once afterwards.
    code = """if 1:
        import pickle, sys, tordesc
        text = pickle.load(sys.stdin.buffer)
        for _ in range(2):
            [document] = tordesc.parse(text)
            few = [(entry.nickname, entry.flags) for entry in document]
        told = [len(document.entries), document.valid_after, [it.nickname for it in document.authorities]]
        told += [[entry.raw, entry.offset] for entry in document]
        told += [[str(entry.exit_policy), entry.bandwidth] for entry in document]
        [document] = tordesc.parse(text)
        issues = [[str(it) for it in entry.issues] + entry.unknown for entry in document]
        [document] = tordesc.parse(text)
        dicts = [entry.to_dict() for entry in document]
        [document] = tordesc.parse(text)
        whole = [[str(it) for it in document.issues], document.unknown, document.to_dict()]
        print(repr([few, told, issues, dicts, whole]))
    """
    done = subprocess.run([sys.executable, "-c", code], input=pickle.dumps(text), capture_output=True)
    it = one(text)
    # All of it is read now.
    assert len(it.issues) > 1 and len(it.unknown) == 3
    told = [len(it.entries), it.valid_after, [authority.nickname for authority in it.authorities]]
    told += [[entry.raw, entry.offset] for entry in it]
    told += [[str(entry.exit_policy), entry.bandwidth] for entry in it]
    expected = [
        [(entry.nickname, entry.flags) for entry in it],
        told,
        [[str(issue) for issue in entry.issues] + entry.unknown for entry in it],
        [entry.to_dict() for entry in it],
        [[str(issue) for issue in it.issues], it.unknown, it.to_dict()],
    ]
    assert done.stdout.decode().strip() == repr(expected), done.stderr.decode()


def test_what_has_no_entries_cannot_be_iterated_over() -> None:
    with pytest.raises(TypeError, match="a ServerDescriptor has no entries"):
        list(one())


def test_how_it_looks() -> None:
    assert repr(one()).startswith("<ServerDescriptor nickname='toy' address=192.0.2.7 or_port=9001")
    assert str(one()).startswith("router toy ")
    html = one(SERVER.replace(b"toy 192", b"toy 192").replace(b"other", b"<b>"))._repr_html_()
    assert "<th>uptime</th><td>48 seconds</td>" in html and "<b>" not in html and "fingerprint" not in html


def test_types_that_share_a_table_are_classes_of_their_own() -> None:
    bridge = one(SERVER.replace(b"@type server-", b"@type bridge-server-"))
    assert type(bridge) is tordesc.BridgeServerDescriptor and isinstance(bridge, tordesc.ServerDescriptor)


def plain(value: Any) -> Any:
    """A value as the golden files have it."""
    if isinstance(value, dt.datetime):
        precision = "milliseconds" if value.microsecond else "seconds"
        return value.replace(tzinfo=None).isoformat(timespec=precision) + "Z"
    if isinstance(value, (ipaddress.IPv4Address, ipaddress.IPv6Address)):
        return str(value)
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            return {"bytes": value.encode("utf-8", "surrogateescape").hex()}
    if isinstance(value, list):
        return [plain(it) for it in value]
    if isinstance(value, dict):
        return {key: plain(it) for key, it in value.items() if it is not None}
    return value


def test_all_golden_documents_have_their_values(golden: Path) -> None:
    count = 0
    for path in sorted(golden.rglob("*.txt")):
        expected = [it for it in json.loads(path.with_suffix(".json").read_text()) if it["type"]]
        found = list(tordesc.parse(path.read_bytes(), type=path.parent.name))
        assert [it.type for it in found] == [it["type"] for it in expected], path
        for document, told in zip(found, expected, strict=True):
            values = {
                name: plain(value)
                for name, value in document.to_dict().items()
                if not (value is None or value is False or value == []) and name not in ("type", "source", "offset")
            }
            assert values == told["values"], path
            assert document.digest("sha1") == told.get("sha1") and document.digest("sha256") == told.get("sha256")
            assert [f"{it.line}: {it}" for it in document.issues] == told.get("issues", [])
            assert document.offset == told["offset"]
            for name in document.to_dict():
                getattr(document, name)
            count += 1
    assert count > 50
