"""Ask an environment's own Python which modules it would find; none of them is imported."""

import json
from collections.abc import Collection
from contextlib import suppress

from common_sync.core.environments.imports import Missing
from common_sync.edges.environments.program import keep_variables, run

_ASK = """
import json, sys
def find(name, path):
    for finder in sys.meta_path:
        found = finder.find_spec(name, path)
        if found is not None:
            return found
def look(name):
    path, at, sure = None, "", True
    for part in name.split("."):
        at = at + "." + part if at else part
        if at in sys.builtin_module_names or at == "__main__":
            return None
        found = find(at, path)
        if found is None:
            return [at, sure]
        path = found.submodule_search_locations
        if path is None:
            return None
        sure = not found.has_location and found.origin in (None, "namespace")
sys.path.insert(0, sys.argv[1])
json.dump({name: lack for name in sys.argv[2:] for lack in [look(name)] if lack}, sys.stdout)
"""
"""A module whose parent is no package is let be: `os.path` is such a one. So is one that a package may make by itself."""


def find_missing(python: str, folder: str, names: Collection[str]) -> dict[str, Missing]:
    """Return what a Python does not find, by the whole names; nothing where it does not answer.

    Args:
        python: The absolute path of an environment's Python.
        folder: The absolute path of the folder that comes first where it looks.
        names: Modules.
    """
    if not names:
        return {}
    done = run([python, "-I", "-c", _ASK, folder, *sorted(names)], "/", keep_variables())
    with suppress(ValueError, TypeError, AttributeError):
        return {name: Missing(str(lack[0]), bool(lack[1])) for name, lack in json.loads(done.out).items()}
    return {}
