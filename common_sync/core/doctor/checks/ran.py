"""Python programs that run while an image is built: what they import has to be installed before."""

import re
import sys
from collections.abc import Iterable, Iterator
from posixpath import join
from typing import NamedTuple

from common_sync.core.doctor.build.outcome import Build, Installed, NotFollowed, Ran, StageEnd, Taken
from common_sync.core.doctor.checks.arrival import arrive, why_unreached
from common_sync.core.doctor.checks.layout import find_importable
from common_sync.core.doctor.checks.path_entries import path_entries_in
from common_sync.core.doctor.checks.start.looking import Look, look_of
from common_sync.core.doctor.checks.surroundings import surround
from common_sync.core.doctor.image.files import Context, Image
from common_sync.core.doctor.install.need import read_text
from common_sync.core.doctor.install.project.isolation import list_installed
from common_sync.core.doctor.view import IF_HARMLESS, ImageView
from common_sync.core.expressions import expression
from common_sync.core.findings import file_finding
from common_sync.core.formats.pip.names import normalise
from common_sync.core.formats.python_command import read_python
from common_sync.core.model import Finding

_IMPORT = expression(
    r"(?:^|;)[ \t]*(?:from[ \t]+(?P<source>\w[\w.]*)[ \t]+import\b|import[ \t]+(?P<names>\w[\w., \t]*))", re.MULTILINE
)
_FIRST = expression(
    r"(?:^|;)(?:from[ \t]+(?P<source>\w[\w.]*)[ \t]+import\b|import[ \t]+(?P<names>\w[\w., \t]*))", re.MULTILINE
)
_BESIDE = frozenset({"pip", "setuptools", "wheel", "pkg_resources"})
"""What Pythons have, or some of them, besides their own modules."""
_MOST = 50
"""How many files are followed from one to the other."""


class _Run(NamedTuple):
    """A program of Python's that a RUN runs."""

    step: Ran
    look: Look
    number: int  # the number of its stage
    at: int  # which of the stage's steps it is
    names: frozenset[str]  # the modules that it imports, by their whole names
    direct: frozenset[str]  # those of them that its own words name


def check_ran(image: ImageView) -> Iterator[Finding]:
    """Yield the programs that import something before it is installed."""
    packages = find_importable(image.context, image.service.copy)
    for number in sorted(image.build.needed(image.targets)):
        stage = image.build.stages[number]
        if any(isinstance(event, NotFollowed) for event in stage.events):
            continue
        for run in _list_runs(image, number):
            package = next((one for one in packages if any(_is_in(name, one) for name in run.names)), None)
            found = _of_library(run, package, image) if package is not None else _of_others(run, image)
            yield from [found] if found is not None else []


def _is_in(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def _list_runs(image: ImageView, number: int) -> Iterator[_Run]:
    stage = image.build.stages[number]
    arounds = surround(image.build, number).arounds
    entries: list[str] | None = None
    for at, (step, around) in enumerate(zip(stage.steps, arounds, strict=True)):
        if not isinstance(step, Ran) or step.command.passed_over:
            continue
        entries = [*path_entries_in(image)] if entries is None else entries
        look = look_of(step.command, step.line, around, stage, entries)
        if look is not None and not look.more:
            text = read_python(step.command.arguments).text
            direct = frozenset(_list_imports(text, _IMPORT))
            names = frozenset(_follow(text, look, step.image, image.context))
            yield _Run(step, look, number, at, names, direct)


def _list_imports(text: str, pattern: re.Pattern[str]) -> Iterator[str]:
    for match in pattern.finditer(text):
        for written in [match["source"]] if match["source"] else match["names"].split(","):
            yield written.split()[0] if written.split() else ""


def _follow(text: str, look: Look, image: Image, context: Context) -> Iterator[str]:
    """Yield what a program imports, and what its own modules import, as far as the files that are there tell."""
    texts = [text] if text else [*_read(_starts(look), image, context)]
    seen = set[str]()
    pattern = _IMPORT if text else _FIRST
    while texts and len(seen) < _MOST:
        for name in _list_imports(texts.pop(), pattern):
            if name and name not in seen:
                seen.add(name)
                yield name
                inner = name.replace(".", "/")
                texts += _read(
                    (join(folder, f"{inner}{end}") for folder in look.folders for end in _ENDS), image, context
                )
        pattern = _FIRST


_ENDS = (".py", "/__init__.py")


def _starts(look: Look) -> list[str]:
    """Return the files that a program may begin with."""
    if look.script:
        return [look.script, f"{look.script}/__main__.py"]
    inner = look.module.replace(".", "/")
    return (
        [join(folder, f"{inner}{end}") for folder in look.folders for end in (".py", "/__main__.py")] if inner else []
    )


def _read(paths: Iterable[str], image: Image, context: Context) -> list[str]:
    places = (image.look(path) for path in paths)
    texts = (read_text(place, context) for place in places if place is not None and place.kind == "file")
    return [text for text in texts if text is not None]


def _of_library(run: _Run, package: str, image: ImageView) -> Finding | None:
    """Return that a program imports the library where it is not, or may not be."""
    inner = package.replace(".", "/")
    if any(run.step.image.look(join(folder, inner)) is not None for folder in run.look.folders):
        return None
    stages = list(image.build.stages)
    stages[run.number] = stages[run.number]._replace(steps=stages[run.number].steps[: run.at])
    arrived = arrive(image._replace(build=Build(tuple(stages))), run.number)
    lost = why_unreached(arrived, run.look)
    if (arrived.sites and lost is None) or arrived.hanging:
        return None  # it is there, or it is told of elsewhere that it may not be
    if lost is not None and not lost.sure:
        message = f"cannot be told whether `{run.look.shown}` finds `{package}`: line {lost.line} {lost.what.replace('what the image starts', 'it')}"
        return file_finding("CS213", image.dockerfile, run.step.line, message, IF_HARMLESS)
    message = f"`{run.look.shown}` imports `{package}`, and nothing installs that before this line"
    certain, remedy = run.step.command.certain, f"install `./{image.service.copy}` before it"
    message = message if certain else f"cannot be told whether this is needed: {message}"
    return file_finding("CS216" if certain else "CS213", image.dockerfile, run.step.line, message, remedy)


def _of_others(run: _Run, image: ImageView) -> Finding | None:
    """Return that a program imports what is installed only later, or by nothing."""
    stage = image.build.stages[run.number]
    before, after = stage.steps[: run.at], stage.steps[run.at :]
    if stage.built_on is not None or any(isinstance(step, Taken) for step in before):
        return None
    held, later = (_names_of(steps, stage, image.context) for steps in (before, after))
    bare = stage.python is not None and not any(isinstance(step, Installed) for step in before)
    for name in sorted(run.direct):
        top = name.partition(".")[0]
        there = top in sys.stdlib_module_names or top in _BESIDE or normalise(top) in held
        if there or any(
            run.step.image.look(join(folder, f"{top}{end}")) is not None
            for folder in run.look.folders
            for end in ("", ".py")
        ):
            continue
        if bare or normalise(top) in later:
            message = f"cannot be told whether `{run.look.shown}` finds `{top}`: nothing installs that before this line"
            return file_finding("CS213", image.dockerfile, run.step.line, message, f"install it before; {IF_HARMLESS}")
    return None


def _names_of(steps: Iterable[object], stage: StageEnd, context: Context) -> set[str]:
    installs = (step for step in steps if isinstance(step, Installed))
    return {name for one in installs for name in list_installed(one.install, one.needs, stage.image, context)}
