"""Options that an installer takes from elsewhere than its command line: from the environment, and from files of settings.

Sources: https://pip.pypa.io/en/stable/topics/configuration/ and https://docs.astral.sh/uv/reference/environment/.
"""

from collections.abc import Iterator, Mapping

from common_sync.core.expressions import expression
from common_sync.core.formats.shell.words import Word

_OFF = frozenset({"", "0", "false", "no", "off", "n", "f"})
_FLAGS = frozenset(
    (
        *("--require-hashes", "--no-index", "--no-deps", "--no-build-isolation", "--user", "--pre", "--no-editable"),
        *("--frozen", "--locked", "--no-dev", "--dev", "--no-sync", "--no-sources", "--no-default-groups"),
        *("--no-config", "--no-install-project", "--no-install-workspace", "--no-install-local", "--no-project"),
        *("--offline", "--system", "--dry-run", "--inexact", "--active", "--require-virtualenv"),
    )
)
"""Options without a value: what the variable holds switches them on or off."""

_RENAMED = {
    "--working-directory": "--directory",
    "--working-dir": "--directory",
    "--isolated": "--no-config",
    "--system-python": "--system",
    "--exclude": "--excludes",
}
_ISOLATION, _INVERTED = "PIP_NO_BUILD_ISOLATION", {"0": "1", "false": "1", "off": "1", "no": "1", "1": "0", "true": "0"}
"""What pip reads the other way round."""
_SECTION = expression(r"^\[([^]\n]*)\]", 8)  # re.MULTILINE
_IN_CONFIGURATION = expression(
    r"^(?P<key>[A-Za-z][\w-]*)\s*[=:]\s*(?P<value>[^\n]*(?:\n[ \t]+[^\n]*)*)", 8
)  # re.MULTILINE


def from_environment(prefix: str, environment: Mapping[str, str | None]) -> Iterator[tuple[str, Word]]:
    """Yield the options that variables give, as if they stood on the command line.

    Args:
        prefix: What the names of a tool's variables begin with: `PIP_`, `UV_`.
        environment: What is set; None where that cannot be told.
    """
    for name, value in environment.items():
        if name.startswith(prefix):
            yield from _options(
                name.removeprefix(prefix), _INVERTED.get(value or "", value) if name == _ISOLATION else value
            )


def from_configuration(text: str) -> Iterator[tuple[str, Word]]:
    """Yield the options that a `pip.conf` gives to `pip install`."""
    sections = _SECTION.split(text)
    for section, body in zip(sections[1::2], sections[2::2], strict=True):
        for match in _IN_CONFIGURATION.finditer(body) if section.strip().lower() in {"global", "install"} else ():
            yield from _options(match["key"], match["value"].strip())


def _options(name: str, value: str | None) -> Iterator[tuple[str, Word]]:
    option = "--" + name.lower().replace("_", "-")
    option = _RENAMED.get(option, option)
    if option in _FLAGS:
        if value is None or value.strip().lower() not in _OFF:
            yield option, Word("")
    elif value is None:
        yield option, Word("", known=False)
    else:
        yield from ((option, Word(part)) for part in value.split())
