"""Runs stem's unit tests of descriptors and exit policies against tordesc.stem, and against stem itself.

unit.py SOURCE: SOURCE is stem's source package. A test that fails must stand in MOVING-FROM-STEM.md, unless stem fails it
too; one that stands there must fail. Fails if less than 95 of 100 pass.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import types
import unittest
from pathlib import Path

DOCUMENT = Path(__file__).resolve().parent.parent / "MOVING-FROM-STEM.md"
LEAST = 0.95
FOLDERS = ("descriptor", "exit_policy")


def listed():
    """The tests that fail here, by the tables of the document: `| test | why |`."""
    rows = re.findall(r"^\| `([a-z0-9_.]+\.Test\w+\.test_\w+)` \|", DOCUMENT.read_text(), re.MULTILINE)
    return set(rows)


def run(source, who):
    """Runs all tests with one of the packages in this process; results by name."""
    if who == "tordesc":
        import place

        place.take()
    else:
        sys.path.insert(0, str(source))
    with tempfile.TemporaryDirectory() as folder:
        # The tests alone: stem's package stands beside them.
        Path(folder, "test").symlink_to(source / "test")
        sys.path.insert(0, folder)
        import test

        # It starts a tor, which no test of descriptors wants.
        test.runner = sys.modules["test.runner"] = types.ModuleType("test.runner")
        prepare()
        os.chdir(source)
        suite = unittest.TestSuite()
        for path in (path for folder in FOLDERS for path in sorted((source / "test/unit" / folder).rglob("*.py"))):
            name = ".".join(path.relative_to(source).with_suffix("").parts)
            if path.name != "__init__.py" and "data" not in path.parts:
                suite.addTests(unittest.defaultTestLoader.loadTestsFromName(name))
        result = unittest.TestResult()
        result.buffer = True
        names = [test.id() for test in suite_tests(suite)]
        suite.run(result)
    bad = {test.id(): trace for test, trace in result.failures + result.errors}
    skipped = {test.id(): why for test, why in result.skipped}
    return {name.removeprefix("test.unit."): result_of(name, bad, skipped) for name in names}


def suite_tests(suite):
    for one in suite:
        if isinstance(one, unittest.TestSuite):
            yield from suite_tests(one)
        else:
            yield one


def result_of(name, bad, skipped):
    return "skipped: " + skipped[name] if name in skipped else bad.get(name, "passed")


def prepare():
    """What stem's own runner, and Python before 3.12, have besides."""

    def raises_with(self, kind, message, function, *args, **kwargs):
        self.assertRaisesRegex(kind, f"^{re.escape(message)}$", function, *args, **kwargs)

    unittest.TestCase.assertRaisesWith = raises_with
    unittest.TestCase.assertRaisesRegexp = unittest.TestCase.assertRaisesRegex


def other(source, who):
    """The same in a process of its own."""
    done = subprocess.run([sys.executable, __file__, str(source), who], stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def main(source):
    theirs, ours, known = other(source, "stem"), other(source, "tordesc"), listed()
    assert theirs.keys() == ours.keys() and ours, "no tests were found"
    ran = {name for name, result in ours.items() if not result.startswith("skipped")}
    failed = {name for name in ran if ours[name] != "passed"}
    cannot = {name for name, result in theirs.items() if result != "passed" and not result.startswith("skipped")}
    for name in sorted(failed - known - cannot):
        print(f"FAILED {name}\n{ours[name]}")
    for name in sorted(known & (ran - failed)):
        print(f"FAILED {name} passes, and must not stand in {DOCUMENT.name}")
    for name in sorted(known - ours.keys()):
        print(f"FAILED {name} stands in {DOCUMENT.name}, and is no test")
    for name in sorted(cannot):
        print(
            f"stem itself fails {name}: {theirs[name].strip().splitlines()[-1]}; here it {'fails' if name in failed else 'passes'}"
        )
    counted = ran - (cannot & failed)
    passed = len(counted - failed)
    print(
        f"stem's tests: {passed} of {len(counted)} pass ({passed / len(counted):.1%}), {len(known)} are listed; {len(ours) - len(ran)} skipped"
    )
    good = (
        not (failed - known - cannot)
        and not known & (ran - failed)
        and known <= ours.keys()
        and passed / len(counted) >= LEAST
    )
    return 0 if good else 1


if __name__ == "__main__":
    root = Path(sys.argv[1]).resolve()
    if len(sys.argv) > 2:
        results = run(root, sys.argv[2])
        print(json.dumps(results))
    else:
        sys.exit(main(root))
