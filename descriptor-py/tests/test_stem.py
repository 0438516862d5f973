"""What programs written for stem need. stem's own tests are run by `make test-stem`."""

# mypy: allow-untyped-calls, allow-untyped-defs, disable-error-code="attr-defined"

import datetime
import io
import pickle
import tarfile
from typing import Any

import pytest
from tordesc.stem import DirPort, Flag
from tordesc.stem.descriptor import Descriptor, DocumentHandler, parse_file, remote
from tordesc.stem.descriptor.extrainfo_descriptor import RelayExtraInfoDescriptor
from tordesc.stem.descriptor.microdescriptor import Microdescriptor
from tordesc.stem.descriptor.networkstatus import NetworkStatusDocumentV3
from tordesc.stem.descriptor.reader import DescriptorReader
from tordesc.stem.descriptor.router_status_entry import RouterStatusEntryMicroV3, RouterStatusEntryV3
from tordesc.stem.descriptor.server_descriptor import BridgeDescriptor, RelayDescriptor
from tordesc.stem.exit_policy import ExitPolicy, MicroExitPolicy
from tordesc.stem.version import Version, get_system_tor_version

RELAY = """\
router caerSidi 71.35.133.197 9001 0 9030
or-address [12ab:2e19:3bcf::02:9970]:9001
platform Tor 0.2.1.30 on Linux x86_64
proto Cons=1 Link=1-4
published 2012-03-01 17:15:27
fingerprint 4F0C 867D F0EF 6816 0568 C826 838F 482C EA7C FE44
uptime 588217
bandwidth 153600 256000 104590
contact L\u00e9na\u00efc
family Amunet1 $0CE3CFB1E9CC47B63EA8869813BF6FAB7D4540C1
ntor-onion-key Od2Sj3UXFyDjwESLXk6fhatqW9z/oBL/vAKJ+tbDqUU=
accept *:80
reject *:*
something new
"""


def relay(text: str = RELAY, **kwargs: Any) -> RelayDescriptor:
    return RelayDescriptor(text.encode(), **kwargs)


def test_values_have_stems_types():
    it = relay()
    assert it._native is not None, "core finds nothing wrong"
    assert (it.nickname, it.address, it.or_port, it.socks_port, it.dir_port) == (
        "caerSidi",
        "71.35.133.197",
        9001,
        None,
        9030,
    )
    assert it.fingerprint == "4F0C867DF0EF68160568C826838F482CEA7CFE44"
    assert it.published == datetime.datetime(2012, 3, 1, 17, 15, 27)
    assert (it.platform, it.tor_version) == (b"Tor 0.2.1.30 on Linux x86_64", Version("0.2.1.30"))
    assert (it.operating_system, it.contact) == ("Linux x86_64", "L\u00e9na\u00efc".encode())
    assert it.family == {"Amunet1", "$0CE3CFB1E9CC47B63EA8869813BF6FAB7D4540C1"}
    assert it.protocols == {"Cons": [1], "Link": [1, 2, 3, 4]}
    assert (it.exit_policy, it.exit_policy_v6) == (
        ExitPolicy("accept *:80", "reject *:*"),
        MicroExitPolicy("reject 1-65535"),
    )


def test_values_stand_as_they_are_written():
    it = relay()
    assert it.ntor_onion_key == "Od2Sj3UXFyDjwESLXk6fhatqW9z/oBL/vAKJ+tbDqUU="
    assert it.or_addresses == [("12ab:2e19:3bcf::02:9970", 9001, True)]
    assert it.get_unrecognized_lines() == ["something new"]
    assert (it.get_bytes(), str(it)) == (RELAY.encode(), RELAY)


def test_absent_lines_have_stems_defaults():
    it = relay("router a 1.2.3.4 1 0 0\npublished 2012-03-01 17:15:27\nbandwidth 1 2 3\nreject *:*\n")
    assert (it.fingerprint, it.family, it.or_addresses, it.protocols) == (None, set(), [], {})
    assert (it.hibernating, it.bridge_distribution, it.read_history_end) == (False, "any", None)
    it.or_addresses.append("mine")
    assert relay("router a 1.2.3.4 1 0 0\nreject *:*\n").or_addresses == []


def test_an_attribute_can_be_set_and_others_do_not_exist():
    it = relay()
    it.nickname = "other"
    assert it.nickname == "other"
    with pytest.raises(AttributeError):
        it.nothing


@pytest.mark.parametrize(
    ("line", "bad", "attribute"),
    [
        ("router caerSidi 71.35.133.197", "router caerSidi 371.35.133.197", "address"),
        ("uptime 588217", "uptime long", "uptime"),
        ("published 2012-03-01", "published 2012-02-31", "published"),
        ("bandwidth 153600", "bandwidth -153600", "average_bandwidth"),
        ("proto Cons=1", "proto Cons=one", "protocols"),
    ],
)
def test_what_is_malformed_is_left_out_or_raises(line, bad, attribute):
    text = RELAY.replace(line, bad)
    assert getattr(relay(text), attribute) in (None, {})
    assert relay(text).burst_bandwidth == (None if "bandwidth" in bad else 256000)
    with pytest.raises(ValueError):
        relay(text, validate=True)


def test_both_ways_of_reading_tell_the_same():
    content = RelayDescriptor.content(
        {"contact": "somebody", "uptime": "7", "or-address": "[2001:db8::1]:9001", "hibernating": "1"}
    )
    fast, slow = RelayDescriptor(content), RelayDescriptor(content)
    slow._native = None
    assert fast._native is not None
    for name in RelayDescriptor.TABLE.rows:
        assert getattr(fast, name) == getattr(slow, name), name


def test_descriptors_are_compared_hashed_copied_and_pickled():
    it, other = relay(), relay(RELAY.replace("caerSidi", "other"))
    assert it == relay() and hash(it) == hash(relay()) and it != other and it < other
    again = pickle.loads(pickle.dumps(it))
    assert again == it and again.published == it.published


def test_digests():
    content = RelayDescriptor.content({"router": "a 1.2.3.4 1 0 0"})
    assert (
        RelayDescriptor(content).digest()
        == RelayDescriptor(content, validate=True, skip_crypto_validation=True).digest()
    )
    assert len(RelayDescriptor(content).digest("SHA256", "BASE64")) == 43
    assert Microdescriptor.create().digest().isascii()
    with pytest.raises(NotImplementedError):
        BridgeDescriptor.create().digest("SHA256")


def test_a_file_is_read_by_what_the_caller_its_first_line_or_its_name_says(tmp_path):
    with pytest.raises(TypeError):
        list(parse_file(io.BytesIO(RELAY.encode())))
    for file, kind in (
        (io.BytesIO(RELAY.encode()), "server-descriptor 1.0"),
        (io.BytesIO(b"@type server-descriptor 1.0\n" + RELAY.encode()), None),
    ):
        assert [it.nickname for it in parse_file(file, kind)] == ["caerSidi"]
    path = tmp_path / "cached-descriptors"
    path.write_bytes(b'@source "1.2.3.4"\n' + RELAY.encode() * 2)
    found = list(parse_file(str(path)))
    assert [type(it) for it in found] == [RelayDescriptor] * 2
    assert (found[0].get_path(), found[0].get_annotations()) == (str(path), {"@source": '"1.2.3.4"'})
    assert Descriptor.from_str(RELAY, descriptor_type="server-descriptor 1.0").uptime == 588217
    with pytest.raises(ValueError, match="had 2 instead"):
        RelayDescriptor.from_str(RELAY * 2)


def test_tarballs_are_read_with_the_names_of_their_members(tmp_path):
    path = tmp_path / "some.tar"
    with tarfile.open(path, "w") as tar:
        member = tarfile.TarInfo("folder/one")
        content = b"@type server-descriptor 1.0\n" + RELAY.encode()
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
    for source in (str(path), tarfile.open(path)):
        [it] = parse_file(source)
        assert (it.nickname, it.get_archive_path()) == ("caerSidi", "folder/one")
    with DescriptorReader(str(path)) as reader:
        assert [it.nickname for it in reader] == ["caerSidi"]


def test_a_consensus_gives_entries_or_itself():
    content = NetworkStatusDocumentV3.content(
        {"params": "circwindow=500"},
        routers=[
            RouterStatusEntryV3.create(
                {"s": "Exit Running", "w": "Bandwidth=7 Measured=5 X=1", "v": "Tor 0.4.8.1", "p": "accept 80"}
            )
        ],
    )
    kind = "network-status-consensus-3 1.0"
    [entry] = parse_file(io.BytesIO(content), kind)
    assert (entry.flags, entry.bandwidth, entry.measured, entry.is_unmeasured) == (
        [Flag.EXIT, Flag.RUNNING],
        7,
        5,
        False,
    )
    assert (entry.unrecognized_bandwidth_entries, entry.version, entry.exit_policy) == (
        ["X=1"],
        Version("0.4.8.1"),
        MicroExitPolicy("accept 80"),
    )
    assert entry.digest == "A106452D87BD7B803B6CE916291ED368DC5BD091"
    assert (entry.document.routers, entry.document.is_consensus, entry.document.params) == (
        {},
        True,
        {"circwindow": 500},
    )
    [bare] = parse_file(io.BytesIO(content), kind, document_handler=DocumentHandler.BARE_DOCUMENT)
    [whole] = parse_file(io.BytesIO(content), kind, document_handler=DocumentHandler.DOCUMENT)
    assert (bare.routers, list(whole.routers)) == ({}, [entry.fingerprint])
    assert b"\nr " not in bare.get_bytes() and whole.get_bytes() == content
    assert str(whole.routers[entry.fingerprint]) == str(entry)
    again = pickle.loads(pickle.dumps(entry))
    assert (again, again.flags, again.document.params) == (entry, entry.flags, {"circwindow": 500})


def test_entries_of_a_microdesc_consensus_have_the_digests_of_microdescriptors():
    entry = RouterStatusEntryMicroV3.create()
    assert entry.microdescriptor_digest == "aiUklwBrua82obG5AsTX+iEpkjQA2+AQHxZ7GwMfY70"
    assert entry.digest == "6A252497006BB9AF36A1B1B902C4D7FA2129923400DBE0101F167B1B031F63BD"


def test_extra_infos():
    lines = {"dirreq-v3-resp": "ok=4,something=2", "exit-streams-opened": "80=1,other=2", "dirreq-v3-ips": "de=8,us=-8"}
    it = RelayExtraInfoDescriptor.create(lines, validate=False)
    assert it._native is not None, "core finds nothing wrong"
    assert (it.dir_v3_responses, it.dir_v3_responses_unknown) == ({"ok": 4}, {"something": 2})
    assert (it.exit_streams_opened, it.dir_v3_ips) == ({80: 1, "other": 2}, None)


def test_a_query_reads_what_a_directory_answers(monkeypatch):
    asked = []

    class Answer(io.BytesIO):
        headers = {"Content-Encoding": "identity"}

    def urlopen(request, timeout=None):
        asked.append(request.full_url)
        return Answer(RELAY.encode())

    monkeypatch.setattr("urllib.request.urlopen", urlopen)
    query = remote.get_server_descriptors(["A" * 40, "B" * 40], endpoints=[DirPort("127.0.0.1", 80)])
    assert [it.nickname for it in query.run()] == ["caerSidi"]
    assert asked == [f"http://127.0.0.1:80/tor/server/fp/{'A' * 40}+{'B' * 40}"]
    monkeypatch.setattr("urllib.request.urlopen", lambda request, timeout=None: Answer(b"nothing of the kind"))
    assert list(remote.get_server_descriptors(endpoints=[DirPort("127.0.0.1", 80)])) == []


def test_policies():
    policy = ExitPolicy("reject 10.0.0.0/8:*", "accept *:80-81", "accept [2001:db8::]/32:443", "reject *:*")
    assert policy.is_exiting_allowed() and policy.can_exit_to("1.1.1.1", 80) and not policy.can_exit_to("10.1.1.1", 80)
    assert policy.can_exit_to("2001:db8::1", 443) and not policy.can_exit_to("2001:db9::1", 443)
    assert (policy.summary(), str(policy).count(",")) == ("accept 80-81", 3)
    assert ExitPolicy("accept *:443", "reject *:1-1024", "accept *:*").summary() == "reject 1-442, 444-1024"
    assert MicroExitPolicy("reject 25,100-200").can_exit_to(port=80)
    with pytest.raises(ValueError):
        ExitPolicy("accept 10.0.0.0/33:80").can_exit_to(port=80)


def test_no_exit_of_a_list_is_lost():
    exits = "".join(
        f"ExitNode {letter * 40}\nPublished 2017-07-17 08:00:00\nLastStatus 2017-07-17 16:02:00\n"
        f"ExitAddress 192.0.2.{number} 2017-07-17 16:10:00\n"
        for number, letter in enumerate("ABC")
    )
    for head in ["", "Downloaded 2017-07-17 17:02:00\n"]:
        for validate in [False, True]:
            content = f"@type tordnsel 1.0\n{head}{exits}".encode()
            found = list(parse_file(io.BytesIO(content), validate=validate))
            assert [it.fingerprint[0] for it in found] == ["A", "B", "C"], (head, validate)
            assert str(found[0]).startswith("ExitNode")


def test_a_microdescriptor_without_policy_rejects_all():
    [it] = parse_file(io.BytesIO(b"@type microdescriptor 1.0\nonion-key\nntor-onion-key a\n"))
    assert it.exit_policy == MicroExitPolicy("reject 1-65535")
    assert Microdescriptor(b"onion-key\n").exit_policy == MicroExitPolicy("reject 1-65535")


def test_the_version_of_a_tor_that_is_installed(tmp_path):
    tor = tmp_path / "tor"
    tor.write_text("#!/bin/sh\necho 'Tor version 0.4.8.12 (git-7dcd105be34a4f44).'\n")
    tor.chmod(0o755)
    found = get_system_tor_version(str(tor))
    assert found == Version("0.4.8.12") and found.git_commit == "7dcd105be34a4f44"
    tor.write_text("#!/bin/sh\necho unheard of\n")
    get_system_tor_version.cache_clear()
    with pytest.raises(OSError, match="didn't tell"):
        get_system_tor_version(str(tor))
    with pytest.raises(OSError, match="no program"):
        get_system_tor_version(str(tmp_path / "none"))
