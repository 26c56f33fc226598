"""Whether the Poetry of an image has `poetry export`: from version 2 on it comes with a plugin only.

Source: https://github.com/python-poetry/poetry-plugin-export; Poetry 1.8.5 and 2.5.1 were tried, and that what
`[tool.poetry.requires-plugins]` names is there only after a `poetry install`.
"""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from posixpath import join

from common_sync.core.doctor.build.outcome import Installed, Ran, Step, Taken
from common_sync.core.doctor.image.files import Context
from common_sync.core.doctor.install.bounds import list_bounds
from common_sync.core.doctor.install.need import read_text
from common_sync.core.doctor.install.project.isolation import list_installed
from common_sync.core.expressions import expression
from common_sync.core.formats.shell.script import Command

_PLUGIN = "poetry-plugin-export"
_NAMED = expression(r"(?i)poetry[-_.]plugin[-_.]export\b.*")
_POETRY = expression(r"(?i)poetry(?:\[[^]]*\])?\s*(?P<versions>[=<>!~@].*)?")
_BEFORE_2 = expression(r"\s*(?:(?:===?|~=|<=|@)\s*[01](?:\..*)?|<\s*(?:1(?:\..*)?|2(?:\.0)*)\s*)")
_SCRIPT = "python-poetry.org"
"""Where the script comes from that installs Poetry; `POETRY_VERSION` and `--version` say which one."""


def find_lacking_exporter(command: Command, steps: Iterable[Step], context: Context) -> str | None:
    """Return why the Poetry of an image may have no `export`; None where it has, or a command is another one.

    Args:
        command: The command.
        steps: What has run before, in the stages that this one begins with and takes something from, too.
        context: The build context.
    """
    first = next((word.text for word in command.arguments if not word.text.startswith("-")), "")
    if command.program != "poetry" or first != "export" or not command.certain:
        return None
    ran = [step for step in steps if not isinstance(step, Taken)]
    if any(_brings_plugin(step, context) for step in ran) or _is_old(ran, context):
        return None
    return (
        f"runs `poetry export`, and nothing shows that this Poetry has it: from version 2 on it comes only with `{_PLUGIN}`, "
        "which a line has to install"
    )


def _brings_plugin(step: Installed | Ran, context: Context) -> bool:
    named = any(_NAMED.fullmatch(word.text) for word in step.command.arguments)
    if named or not isinstance(step, Installed):
        return named
    if _PLUGIN in list_installed(step.install, step.needs, step.image, context):
        return True
    place = (
        step.image.look(join(step.install.folder or "/", "pyproject.toml")) if step.install.tool == "poetry" else None
    )
    text = read_text(place, context) if place is not None else None
    return text is not None and "requires-plugins" in text and _PLUGIN in text


def _is_old(steps: Iterable[Installed | Ran], context: Context) -> bool:
    """Tell whether the last line that installs Poetry asks for a version before 2."""
    old, by_script = False, False
    for step in steps:
        by_script = by_script or any(_SCRIPT in word.text for word in step.command.arguments)
        asked = [*_list_versions(step, context, by_script=by_script)]
        if asked:
            old = any(_BEFORE_2.fullmatch(one) for versions in asked for one in versions.split(","))
    return old


def _list_versions(step: Installed | Ran, context: Context, *, by_script: bool) -> Iterator[str]:
    """Yield which versions of Poetry a step asks for, nothing for any of them."""
    words = [word.text for word in step.command.arguments]
    if isinstance(step, Installed):
        bounds = list_bounds(step.needs, step.install, step.image, context)
        yield from (bound.specifier for bound in bounds if bound.name == "poetry")
        return
    named = (_POETRY.fullmatch(word) for word in words)
    yield from (found["versions"] or "" for found in named if found is not None)
    if by_script:
        given = (
            step.command.environment.get("POETRY_VERSION"),
            *(after for word, after in pairwise(words) if word == "--version"),
        )
        yield from (f"=={one}" for one in given if one)
