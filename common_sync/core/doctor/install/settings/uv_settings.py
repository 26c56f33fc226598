"""What uv refuses in its files of settings: keys and values that it does not know, and versions of itself.

An `uv.toml` that uv cannot read ends every command; in a `pyproject.toml` it only warns, but for `required-version`. The keys
are those of uv 0.13 (https://docs.astral.sh/uv/reference/settings/): an older or newer one may know others.
"""

from collections.abc import Iterator, Mapping
from posixpath import basename, join, normpath
from typing import NamedTuple

from common_sync.core.doctor.image.files import Context, Image
from common_sync.core.doctor.install.command import Install
from common_sync.core.doctor.install.need import Need, read_text
from common_sync.core.doctor.install.upward import upward
from common_sync.core.expressions import expression
from common_sync.core.formats.toml import parse_toml
from common_sync.core.text import UnparsableError

CONFIG_FILE = "--config-file"
_BOOLEANS = frozenset(
    (
        *("system-certs", "native-tls", "offline", "no-cache", "preview", "no-index", "no-build-isolation"),
        *("require-build-hashes", "compile-bytecode", "no-sources", "upgrade", "reinstall", "no-build", "no-binary"),
    )
)
_KEYS = _BOOLEANS | frozenset(
    (
        *("required-version", "cache-dir", "preview-features", "python-preference", "python-downloads"),
        *("concurrent-downloads", "concurrent-builds", "concurrent-installs", "index", "index-url", "extra-index-url"),
        *("find-links", "index-strategy", "keyring-provider", "http-proxy", "https-proxy", "no-proxy"),
        *("allow-insecure-host", "resolution", "prerelease", "prerelease-package", "fork-strategy", "link-mode"),
        *("dependency-metadata", "config-settings", "config-settings-package", "no-build-isolation-package"),
        *("extra-build-dependencies", "extra-build-variables", "exclude-newer", "exclude-newer-package"),
        *("no-sources-package", "upgrade-package", "reinstall-package", "no-build-package", "no-binary-package"),
        *("torch-backend", "python-install-mirror", "pypy-install-mirror", "graalpy-install-mirror", "audit", "pip"),
        *("pyodide-install-mirror", "python-downloads-json-url", "publish-url", "trusted-publishing", "check-url"),
        *("add-bounds", "cache-keys", "override-dependencies", "exclude-dependencies", "constraint-dependencies"),
        *("build-constraint-dependencies", "minimum-libc-version"),
    )
)
_OF_PIP = frozenset(
    (
        *("python", "system", "break-system-packages", "target", "prefix", "index-url", "extra-index-url", "no-index"),
        *("find-links", "index-strategy", "keyring-provider", "no-build", "no-binary", "only-binary", "strict"),
        *("no-build-isolation", "require-build-hashes", "no-build-isolation-package", "extra-build-dependencies"),
        *("extra-build-variables", "extra", "all-extras", "no-extra", "no-deps", "group", "allow-empty-requirements"),
        *("resolution", "prerelease", "fork-strategy", "dependency-metadata", "output-file", "no-strip-extras"),
        *("no-strip-markers", "no-annotate", "no-header", "custom-compile-command", "generate-hashes"),
        *("config-settings", "config-settings-package", "python-version", "python-platform", "universal"),
        *("exclude-newer", "exclude-newer-package", "no-emit-package", "emit-index-url", "emit-find-links"),
        *("emit-build-options", "emit-marker-expression", "emit-index-annotation", "annotation-style", "link-mode"),
        *("compile-bytecode", "require-hashes", "verify-hashes", "no-sources", "no-sources-package", "upgrade"),
        *("upgrade-package", "reinstall", "reinstall-package", "torch-backend"),
    )
)
_ONE_OF: Mapping[str, frozenset[str]] = {
    "link-mode": frozenset({"clone", "reflink", "copy", "hardlink", "symlink"}),
    "resolution": frozenset({"highest", "lowest", "lowest-direct"}),
    "prerelease": frozenset({"disallow", "allow", "if-necessary", "explicit", "if-necessary-or-explicit"}),
}
_LOWER = expression(r"\s*>=?\s*[\w.]+\s*")


class SettingsFile(NamedTuple):
    """The file of settings that uv reads: its path, where it was copied from, and what it says of uv; None for no TOML."""

    path: str
    origin: str | None
    tables: Mapping[str, object] | None


def find_settings(install: Install, image: Image, context: Context) -> SettingsFile | None:
    """Return the file of settings that uv reads: the nearest one, or the one that it is told of."""
    folder = install.folder or "/"
    named = [normpath(join(folder, path)) for path in install.values(CONFIG_FILE)]
    paths = named or [join(above, name) for above in upward(folder) for name in ("uv.toml", "pyproject.toml")]
    for path in paths:
        place = image.look(path)
        text = read_text(place, context) if place is not None and place.kind == "file" else None
        if place is None or text is None:
            continue
        tables = _read(text)
        if not path.endswith("pyproject.toml"):
            return SettingsFile(path, place.origin, tables)
        tool = (tables or {}).get("tool")
        settings = tool.get("uv") if isinstance(tool, dict) else None
        if isinstance(settings, dict):
            return SettingsFile(path, place.origin, settings)
    return None


def _read(text: str) -> Mapping[str, object] | None:
    try:
        return parse_toml(text).tables
    except UnparsableError:
        return None


def refuse_settings(install: Install, image: Image, context: Context) -> Iterator[Need]:
    """Yield what uv may refuse in the file of settings that it reads."""
    found = None if install.tool != "uv" or install.has("--no-config") else find_settings(install, image, context)
    if found is None:
        return
    need = Need("file", basename(found.path), found.path, "there", file=found.origin, sure=False, brought=False)
    yield from (need._replace(refused=reason) for reason in _reasons(found))


def _reasons(found: SettingsFile) -> Iterator[str]:
    if found.tables is None:
        yield "it is no TOML"
        return
    wanted = found.tables.get("required-version")
    if isinstance(wanted, str) and not all(_LOWER.fullmatch(part) for part in wanted.split(",")):
        yield f"`required-version` takes only uv {wanted}, and nobody can tell which one is there"
    if found.path.endswith("pyproject.toml"):
        return
    pip = found.tables.get("pip")
    for tables, known in ((found.tables, _KEYS), (pip if isinstance(pip, dict) else {}, _OF_PIP)):
        for key, value in tables.items():
            if key not in known:
                yield f"uv ends at a key that it does not know here: `{key}`"
            elif key in _BOOLEANS and not isinstance(value, bool):
                yield f"uv takes `true` or `false` for `{key}`"
            elif key in _ONE_OF and str(value) not in _ONE_OF[key]:
                yield f"uv may not know `{value}` for `{key}`"
