"""What can be pickled, and is the same afterwards."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest
import tordesc
from conftest import SERVER


def again(it: Any) -> Any:
    return pickle.loads(pickle.dumps(it))


@pytest.fixture(scope="module")
def consensus(data: Path) -> tordesc.Consensus:
    return next(it for it in tordesc.parse(data, types=tordesc.Consensus) if len(it.entries) > 5)


def test_policies_rules_and_issues() -> None:
    [document] = tordesc.parse(SERVER.replace(b"uptime 48", b"uptime long"), types=tordesc.ServerDescriptor)
    policy = again(document.exit_policy)
    assert policy == document.exit_policy and policy.summary == document.exit_policy.summary
    assert [again(rule) for rule in document.exit_policy] == list(document.exit_policy)
    [issue] = document.issues
    assert again(issue) == issue and again(issue).line == issue.line


def test_parts_go_with_their_document(consensus: tordesc.Consensus) -> None:
    entries: Any = again(consensus.entries)
    assert list(entries) == list(consensus.entries) and entries[0].document == consensus
    assert consensus.entries == consensus.entries == entries
    assert hash(consensus.entries) == hash(entries) and len({consensus.entries, entries}) == 1
    assert consensus.entries != list(consensus.entries)


def test_an_entry_goes_without_its_status(consensus: tordesc.Consensus) -> None:
    entry = again(consensus.entries[0])
    assert entry == consensus.entries[0] and entry.fingerprint == consensus.entries[0].fingerprint
    assert consensus.entries[0].document is consensus and consensus.document is consensus
    assert entry.document is None


def test_tables(data: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow", reason="skipped: pyarrow is not installed")
    unfit = b"@type server-descriptor 1.0\nrouter a 1.2.3.4 1 0 0\n"
    for table in [tordesc.read([data, unfit], "server-descriptor"), tordesc.read(b"", "server-descriptor")]:
        same = again(table)
        assert pyarrow.table(same).equals(pyarrow.table(table), check_metadata=True)
        assert (same.unparseable, list(map(str, same.errors))) == (table.unparseable, list(map(str, table.errors)))


def test_errors(tmp_path: Path) -> None:
    with pytest.raises(tordesc.MissingError) as missing:
        tordesc.parse(tmp_path / "none")
    same = again(missing.value)
    assert (type(same), str(same), same.source) == (tordesc.MissingError, str(missing.value), missing.value.source)
