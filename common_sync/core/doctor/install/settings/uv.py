"""What uv does by its files of settings, and when it builds nothing.

Sources: https://docs.astral.sh/uv/concepts/configuration-files/ and https://docs.astral.sh/uv/reference/settings/.
"""

from collections.abc import Iterator, Mapping
from posixpath import join, normpath

from common_sync.core.doctor.image.files import Context, Image
from common_sync.core.doctor.install.command import Install
from common_sync.core.doctor.install.need import Need
from common_sync.core.doctor.install.settings.uv_settings import CONFIG_FILE, find_settings
from common_sync.core.expressions import expression

_FLAGS = frozenset({"require-hashes", "no-build", "no-build-isolation", "no-sources", "no-deps", "system"})
_LISTS = frozenset(
    (
        "only-binary",
        "no-build-package",
        "no-sources-package",
        "target",
        "prefix",
        "python",
        "constraint-dependencies",
        "override-dependencies",
        "exclude-dependencies",
    )
)
_ONLY_BINARY = expression(r"^[ \t]*--only-binary[= \t]+(\S+)", 8)  # re.MULTILINE


def configured_uv(install: Install, image: Image, context: Context) -> Install:
    """Return an install with the options that the nearest file of uv's settings in the image gives it."""
    if install.tool != "uv" or install.folder is None or install.has("--no-config"):
        return install
    found = find_settings(install, image, context)
    more = tuple(_list_options((found.tables if found else None) or {}, install))
    return install._replace(options=(*more, *install.options))


def _list_options(settings: Mapping[str, object], install: Install) -> Iterator[tuple[str, str]]:
    pip = settings.get("pip")
    inner = pip if isinstance(pip, dict) and not install.synced else {}
    for key, value in [*settings.items(), *inner.items()]:
        if key in _FLAGS and value is True:
            yield f"--{key}", ""
        elif key in _LISTS:
            yield from ((f"--{key}", str(one)) for one in (value if isinstance(value, list) else [value]))


def wheels_only(text: str) -> tuple[tuple[str, str], ...]:
    """Return the options of a requirements file that say of what nothing may be built."""
    return tuple(("--only-binary", value) for value in _ONLY_BINARY.findall(text))


def why_not_built(need: Need, install: Install) -> str:
    """Return why uv does not build a project's folder, or nothing: what is editable `uv pip` builds in any case.

    `UV_NO_BUILD` counts for projects only, and not for `uv pip`.
    """
    if install.tool != "uv" or (need.editable and not install.synced) or need.project is None:
        return ""
    named = {*install.values("--only-binary", "--no-build-package")}
    told = any(name == "--no-build" and (install.synced or not value) for name, value in install.options)
    if not told and not named & {":all:", need.project.name}:
        return ""
    return "uv is told to build nothing, and a folder has to be built"


def find_config_files(install: Install, folder: str, image: Image) -> Iterator[Need]:
    """Yield the files of settings that uv is told to read and that are not there."""
    for written in install.values(CONFIG_FILE) if install.tool == "uv" else ():
        path = normpath(join(folder, written))
        if image.look(path) is None:
            yield Need("file", f"{CONFIG_FILE} {written}", path, "missing")
