"""What stem's modules of descriptors have, and how it is called, against `tordesc.stem`.

What is not there, or called otherwise, stands in MOVING-FROM-STEM.md.
"""

# mypy: ignore-errors

import importlib
import inspect
import pkgutil
import re

import pytest
from conftest import ROOT

stem = pytest.importorskip("stem.descriptor", reason="skipped: stem is not installed")

PAGE = (ROOT / "descriptor-py" / "MOVING-FROM-STEM.md").read_text()
SECTION = PAGE.split("## Names that differ\n")[1].split("\n## ")[0]
#: The first column of the table.
DIFFERENT = {name for row in SECTION.splitlines() if row.startswith("| `") for name in re.findall(r"`([\w.]+)`", row.split("|")[1])}

MODULES = ["descriptor", *(f"descriptor.{module.name}" for module in pkgutil.iter_modules(stem.__path__))]
MODULES += ["exit_policy", "version", "directory"]


def names(of):
    """The public names that a module or class has of its own."""
    return {name: value for name, value in vars(of).items() if not name.startswith("_") and not inspect.ismodule(value)}


def parameters(function):
    try:
        told = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    return [(it.name, it.kind, it.default) for it in told]


def compare(theirs, ours, place):
    """The places where two modules or classes differ."""
    for name, value in names(theirs).items():
        here = f"{place}.{name}"
        if inspect.ismodule(theirs) and not getattr(value, "__module__", theirs.__name__).startswith(theirs.__name__):
            continue
        if not hasattr(ours, name):
            yield here
            continue
        other = getattr(ours, name)
        if inspect.isclass(value):
            if parameters(value) != parameters(other):
                yield here
            yield from compare(value, other, here)
        elif callable(value) or isinstance(value, (classmethod, staticmethod)):
            if parameters(getattr(theirs, name)) != parameters(other):
                yield here


@pytest.mark.parametrize("module", MODULES)
def test_names_and_parameters_are_stems(module):
    ours, theirs = importlib.import_module(f"tordesc.stem.{module}"), importlib.import_module(f"stem.{module}")
    found = set(compare(theirs, ours, module))
    assert {it for it in found if it not in DIFFERENT and it.rpartition(".")[2] not in DIFFERENT} == set()


def test_what_is_said_to_differ_does():
    found = set()
    for module in MODULES:
        theirs, ours = importlib.import_module(f"stem.{module}"), importlib.import_module(f"tordesc.stem.{module}")
        found |= set(compare(theirs, ours, module))
    assert DIFFERENT <= found | {it.rpartition(".")[2] for it in found}


def test_attributes_have_a_dict_as_in_stem():
    theirs = importlib.import_module("stem.descriptor.server_descriptor").RelayDescriptor
    ours = importlib.import_module("tordesc.stem.descriptor.server_descriptor").RelayDescriptor
    assert set(theirs.ATTRIBUTES) <= set(ours.ATTRIBUTES)
    defaults = theirs.ATTRIBUTES.items()
    different = {name for name, (default, _) in defaults if str(ours.ATTRIBUTES[name][0]) != str(default)}
    # Of a policy stem makes the default elsewhere.
    assert different == {"exit_policy"}
