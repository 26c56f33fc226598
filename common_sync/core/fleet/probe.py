"""The probe as a program: its source, and what a copy should hold."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from common_sync.core.copies.manifest import Manifest
from common_sync.core.copies.rules import BUILT_IN
from common_sync.core.model import Entry, File
from common_sync.core.paths import MANIFEST_NAME

_FUTURE = "from __future__ import annotations\n"
_ALONE = """
import os
import sys

_others = {"", *map(os.path.abspath, os.environ.get("PYTHONPATH", "").split(os.pathsep))}
sys.path[:] = [path for path in sys.path if path not in _others]
"""
"""Python takes modules from the current folder first: a service's own `json.py` would be run, and could say anything."""


def make_probe(source: str, copies: Sequence[tuple[str, Manifest]], own: Iterable[str]) -> str:
    """Return a Python program that tells whether folders hold what manifests state.

    Args:
        source: The text of `remote/probe.py`.
        copies: Each copy's path in its service, and what it should hold.
        own: The names, beside the manifest's, that the tool itself gives to files in copies.
    """
    wanted = [
        (copy, _in_ascii(f"{manifest.library.shown}, {manifest.tree}"), _describe_files(manifest))
        for copy, manifest in copies
    ]
    return _make_program(source, [wanted, _left_alone(own)], "probe(*job, sys.argv[1:])")


class Part(NamedTuple):
    """One thing that a machine is asked."""

    modules: Mapping[str, str]  # of `remote/`: the name of each, and its text; they may import those before them
    job: Sequence[object]  # what is asked
    call: str  # the function of the last module that answers


def ask_folders(
    source: str, mark: str, seconds: int, places: Sequence[tuple[Manifest, str]], own: Iterable[str]
) -> Part:
    """Return the question how folders stand; `core/fleet/answers.py` reads the answer.

    Args:
        source: The text of `remote/probe.py`.
        mark: What the answer's line begins with.
        seconds: How long the program may run.
        places: What each folder should hold, and its absolute path.
        own: The names, beside the manifest's, that the tool itself gives to files in copies.
    """
    wanted, numbers = _number(manifest for manifest, _ in places)
    asked = [(numbers[manifest.tree], folder) for manifest, folder in places]
    return Part({"probe": source}, [mark, seconds, _left_alone(own), wanted, asked], "answer")


def ask_processes(
    modules: Mapping[str, str],
    mark: str,
    seconds: int,
    places: Sequence[tuple[Manifest, str, str]],
    own: Iterable[str],
) -> Part:
    """Return the question how folders stand and when what runs from them was started.

    Args:
        modules: The names and the texts of `remote/probe.py` and `remote/running.py`.
        mark: What the answer's line begins with.
        seconds: How long the program may run.
        places: What each folder should hold, its absolute path, and what runs from it: `container`, a unit, or nothing.
        own: The names, beside the manifest's, that the tool itself gives to files in copies.
    """
    wanted, numbers = _number(manifest for manifest, _, _ in places)
    asked = [(numbers[one.tree], folder, one.library.name, runs) for one, folder, runs in places]
    return Part(modules, [mark, seconds, _left_alone(own), wanted, asked], "answer")


def make_program(*parts: Part) -> str:
    """Return a Python program that answers each part, one after the other."""
    modules = {name: text for part in parts for name, text in part.modules.items()}
    if len(modules) == 1:  # the machine need not import what puts several together
        (source,), (part,) = modules.values(), parts
        return _make_program(source, part.job, f"{part.call}(*job)")
    named = [(_name(name), text) for name, text in modules.items()]
    asked = [(_name([*part.modules][-1]), part.call, part.job) for part in parts]
    return _BUNDLE.format(modules=json.dumps(named), asked=json.dumps(asked))


def _name(module: str) -> str:
    return f"common_sync.remote.{module}"


_BUNDLE = """\
import json, sys, types

for name, text in json.loads({modules!r}):
    module = sys.modules[name] = types.ModuleType(name)
    exec(compile(text, name, "exec"), module.__dict__)
sys.exit(max([getattr(sys.modules[name], call)(*job) for name, call, job in json.loads({asked!r})]))
"""


def _make_program(source: str, job: Sequence[object], call: str) -> str:
    alone = source.replace(_FUTURE, _FUTURE + _ALONE, 1)
    plain = json.loads(json.dumps(job))  # Python's own words for it: the machine need not import `json`
    return f"{alone}\n\njob = {plain!a}\nsys.exit({call})\n"


def _left_alone(own: Iterable[str]) -> list[str]:
    return [f"/{MANIFEST_NAME}", *own, *(rule.pattern for rule in BUILT_IN)]


def _number(manifests: Iterable[Manifest]) -> tuple[list[str], dict[str, int]]:
    """Return what copies should hold, each state once, and the number of each by its digest."""
    wanted = {one.tree: _describe_files(one) for one in manifests}
    return [*wanted.values()], {tree: number for number, tree in enumerate(wanted)}


def _describe_files(manifest: Manifest) -> str:
    """Return what a copy should hold, as `unpack` of `remote/probe.py` takes it."""
    return "\0".join(part for path, entry in manifest.files.items() for part in (path, *_describe(entry)))


def _describe(entry: Entry) -> tuple[str, str]:
    return ("exec" if entry.executable else "file", entry.sha256) if isinstance(entry, File) else ("link", entry.target)


def _in_ascii(text: str) -> str:
    """Return a text that any terminal and any encoding can show."""
    return text if text.isascii() and text.isprintable() else ascii(text)
