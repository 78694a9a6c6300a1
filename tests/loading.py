"""A module by its file: a tool, which is no package's, or a room's module under a name of one's own."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType


def loaded(name: str, path: Path) -> ModuleType:
    """It runs anew at each call, and is the module of that name from then on."""
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
