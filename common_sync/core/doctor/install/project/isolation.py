"""Builds without isolation: what builds a project has to be installed before, and no installer fetches it."""

from collections.abc import Iterator

from common_sync.core.doctor.image.files import Context, Image
from common_sync.core.doctor.install.command import Install
from common_sync.core.doctor.install.need import Need, read_text
from common_sync.core.formats.pip.names import find_names, parse_name

_IN_OLD_PYTHONS = frozenset({"setuptools", "wheel"})


def list_held(python: str | None) -> frozenset[str]:
    """Return what an image of a Python has besides pip: `3.11` had setuptools, `3.12` has not."""
    return _IN_OLD_PYTHONS if python is not None and int(python.split(".")[1]) <= 11 else frozenset()  # noqa: PLR2004


def list_installed(install: Install, needs: tuple[Need, ...], image: Image, context: Context) -> Iterator[str]:
    """Yield the normalised names of what an install takes from an index."""
    for asked in install.asked:
        found = parse_name(asked.word.text) if asked.kind == "project" else None
        yield from [found.name] if found is not None else []
    for need in needs:
        place = image.look(need.path) if need.kind == "file" and need.brought and need.state == "there" else None
        text = read_text(place, context) if place is not None else None
        yield from (one.name for one in find_names(text or ""))


def why_not_isolated(need: Need, install: Install, held: frozenset[str]) -> str:
    """Return what a build without isolation may lack, or nothing."""
    if need.project is None or not install.has("--no-build-isolation"):
        return ""
    lacking = [one for one in need.project.build_requires if one not in held]
    return f"it is built without isolation, and nothing here installs `{lacking[0]}` before" if lacking else ""
