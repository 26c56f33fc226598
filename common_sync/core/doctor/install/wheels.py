"""Wheels that no Python of an image takes: those for another system, or for another version of Python.

Source: https://packaging.python.org/en/latest/specifications/platform-compatibility-tags/. The processor is not looked at.
"""

from posixpath import basename

from common_sync.core.doctor.install.command import Install
from common_sync.core.doctor.install.need import Need
from common_sync.core.expressions import expression

_TAGS = expression(r".*-(?P<python>[^-]+)-(?P<abi>[^-]+)-(?P<platform>[^-]+)\.whl")
_FOREIGN = ("win", "macosx", "ios", "android", "emscripten", "pyodide")
_VERSION = expression(r"(?P<kind>cp|py)(?P<major>[23])(?P<minor>\d*)")


def fits(name: str, python: str | None) -> bool:
    """Tell whether a wheel may be taken by a CPython on Linux; a name that is not followed fits.

    Args:
        name: The file's name.
        python: The version of Python, `3.12`, or None where nobody can tell.
    """
    found = _TAGS.fullmatch(name)
    if found is None:
        return True
    platforms = found["platform"].split(".")
    if all(one.startswith(_FOREIGN) for one in platforms):
        return False
    minor = int(python.split(".")[1]) if python is not None else None
    return any(_is_taken(one, found["abi"], minor) for one in found["python"].split("."))


def _is_taken(tag: str, abi: str, minor: int | None) -> bool:
    found = _VERSION.fullmatch(tag)
    if found is None:
        return not tag.startswith("pp")
    if found["major"] == "2":
        return False
    if minor is None or not found["minor"]:
        return True
    older = found["kind"] == "py" or "abi3" in abi.split(".")
    return int(found["minor"]) <= minor if older else int(found["minor"]) == minor


def installs_for_itself(install: Install) -> bool:
    """Tell whether an install is for the Python and the system that it runs on."""
    return not install.values("--platform", "--python-version", "--python-platform", "--python")


def refuse_wheel(need: Need, install: Install, python: str | None) -> Need:
    """Return what an install reads, refused where it is a wheel that the image's Python does not take.

    Args:
        need: What it reads; one with a marker may not be installed at all.
        install: What is installed.
        python: The version of Python, or None where nobody can tell.
    """
    if (
        need.kind != "project"
        or need.state != "there"
        or need.refused
        or ";" in need.written
        or not installs_for_itself(install)
    ):
        return need
    if fits(basename(need.path), python):
        return need
    of = f"Python {python} on Linux" if python is not None else "Linux"
    return need._replace(refused=f"by its name, {basename(need.path)} is no wheel for {of}")
