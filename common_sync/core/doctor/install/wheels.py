"""Wheels that no Python of an image takes: those for another system, or for another version of Python.

Source: https://packaging.python.org/en/latest/specifications/platform-compatibility-tags/. Which processor an image has is told by
`FROM --platform`, which libc by its system.
"""

from posixpath import basename
from typing import NamedTuple

from common_sync.core.doctor.install.command import Install
from common_sync.core.doctor.install.need import Need
from common_sync.core.expressions import expression

_TAGS = expression(r".*-(?P<python>[^-]+)-(?P<abi>[^-]+)-(?P<platform>[^-]+)\.whl")
_FOREIGN = ("win", "macosx", "ios", "android", "emscripten", "pyodide")
_MACHINE = expression(r"(?:many|musl)?linux[\d_]*?_(?P<machine>x86_64|i686|aarch64|armv\dl|ppc64le|s390x|riscv64)")
_MACHINES = {
    "amd64": "x86_64",
    "x86_64": "x86_64",
    "386": "i686",
    "arm64": "aarch64",
    "arm": "armv7l",
    "ppc64le": "ppc64le",
    "s390x": "s390x",
    "riscv64": "riscv64",
}
"""What Docker calls a processor → what a wheel's name calls it."""
_LIBCS = {"debian": "manylinux", "alpine": "musllinux"}
_VERSION = expression(r"(?P<kind>cp|py)(?P<major>[23])(?P<minor>\d*)")


class Platform(NamedTuple):
    """What an image is built for: the kind of wheels for its libc, and its processor as wheels call it; nothing for one that nobody can tell."""

    libc: str = ""
    machine: str = ""

    def takes(self, tag: str) -> bool:
        """Tell whether it may take wheels for a platform."""
        if tag.startswith(_FOREIGN) or (self.libc and tag.startswith(_OF_LIBCS) and not tag.startswith(self.libc)):
            return False
        found = _MACHINE.fullmatch(tag)
        return found is None or self.machine in {"", found["machine"]}


_OF_LIBCS = tuple(_LIBCS.values())


def read_platform(system: str, written: str) -> Platform:
    """Return what an image is built for.

    Args:
        system: The system of its base image, or nothing.
        written: The value of `FROM --platform`, `linux/arm64`; nothing where there is none, or nobody can tell.
    """
    parts = written.lower().split("/")
    return Platform(_LIBCS.get(system, ""), _MACHINES.get(parts[1], "") if len(parts) > 1 else "")


def fits(name: str, python: str | None, platform: Platform) -> bool:
    """Tell whether a wheel may be taken by a CPython on Linux; a name that is not followed fits.

    Args:
        name: The file's name.
        python: The version of Python, `3.12`, or None where nobody can tell.
        platform: What the image is built for.
    """
    found = _TAGS.fullmatch(name)
    if found is None:
        return True
    platforms = found["platform"].split(".")
    if not any(map(platform.takes, platforms)):
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


def why_unsure(name: str, platform: Platform) -> str:
    """Return why a wheel that fits may not be for an image after all; nothing where it is.

    Args:
        name: The file's name.
        platform: What the image is built for.
    """
    found = _TAGS.fullmatch(name)
    tags = [one for one in found["platform"].split(".") if platform.takes(one)] if found is not None else []
    if not tags or (platform.machine and platform.libc):
        return ""
    if not platform.machine and all(_MACHINE.fullmatch(one) for one in tags):
        return (
            "by its name it is for one kind of processor, and FROM has no `--platform` that says which one is built for"
        )
    libcs = not platform.libc and all(one.startswith(_OF_LIBCS) for one in tags)
    return "by its name it is for one libc, and nobody can tell which one the base image has" if libcs else ""


def refuse_wheel(need: Need, install: Install, python: str | None, platform: Platform) -> Need:
    """Return what an install reads, refused where it is a wheel that the image's Python does not take.

    Args:
        need: What it reads; one with a marker may not be installed at all.
        install: What is installed.
        python: The version of Python, or None where nobody can tell.
        platform: What the image is built for.
    """
    if (
        need.kind != "project"
        or need.state != "there"
        or need.refused
        or ";" in need.written
        or not installs_for_itself(install)
    ):
        return need
    name = basename(need.path)
    if fits(name, python, platform):
        why = why_unsure(name, platform)
        return need._replace(refused=why, sure=False) if why else need
    of = f"Python {python} on Linux" if python is not None else "Linux"
    of += {"manylinux": " with glibc", "musllinux": " with musl"}.get(platform.libc, "")
    of += f" for {platform.machine}" if platform.machine else ""
    return need._replace(refused=f"by its name, {name} is no wheel for {of}")
