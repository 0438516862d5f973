"""tordesc.stem in stem's place: after `take()`, `import stem` gives it."""

import importlib
import importlib.abc
import importlib.util
import sys


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] != "stem":
            return None
        try:
            module = importlib.import_module(f"tordesc.{name}")
        except ModuleNotFoundError as error:
            if error.name == f"tordesc.{name}":
                return None
            raise
        return importlib.util.spec_from_loader(name, self, is_package=hasattr(module, "__path__"))

    def create_module(self, spec):
        module = sys.modules[f"tordesc.{spec.name}"]
        self.own = module.__spec__, module.__loader__
        return module

    def exec_module(self, module):
        # The module is there already, and keeps its own name.
        module.__spec__, module.__loader__ = self.own


def take():
    """From now on `stem` is `tordesc.stem`."""
    sys.meta_path.insert(0, _Finder())
    # What stem imports along with its package, tests do not import.
    for name in (
        "client.datatype",
        "descriptor.collector",
        "descriptor.export",
        "descriptor.reader",
        "descriptor.remote",
        "util.proc",
        "util.system",
    ):
        importlib.import_module(f"stem.{name}")
