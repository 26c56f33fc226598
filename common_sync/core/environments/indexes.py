"""The indexes that pip is told to ask by its files of settings and its variables, for uv too, which reads none of them.

And what uv is told by its own.
"""

import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import NamedTuple

from common_sync.core.doctor.install.settings.given import from_configuration, from_environment
from common_sync.core.environments.inputs import INDEX, digest_text
from common_sync.core.expressions import expression

_FOR_UV = {
    "--index-url": "--default-index",
    "--extra-index-url": "--index",
    "--find-links": "--find-links",
    "--constraint": "--constraint",
    "--no-index": "--no-index",
    "--trusted-host": "--allow-insecure-host",
}
UV_VARIABLES = (
    *("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_NO_INDEX"),
    "UV_INDEX_STRATEGY",
)
"""The variables by which uv is told where packages come from."""

_NAMES = (*_FOR_UV, "--cert")
_CREDENTIALS = expression(r"//[^/@\s]*@")


class Indexes(NamedTuple):
    """Where packages come from, as pip is told: option → values."""

    options: Mapping[str, tuple[str, ...]]

    @property
    def constraints(self) -> tuple[str, ...]:
        """The files that limit versions."""
        return self.options.get("--constraint", ())

    @property
    def certificates(self) -> str:
        """The file of certificates, or nothing."""
        return " ".join(self.options.get("--cert", ()))

    def for_uv(self, *, own_index: bool) -> Iterator[str]:
        """Yield the options that tell uv the same.

        Args:
            own_index: Whether the requirements say themselves which index is asked: then pip's settings do not.
        """
        for name, values in self.options.items():
            if name in _FOR_UV and not (own_index and name == "--index-url"):
                for value in values:
                    yield from (_FOR_UV[name], value) if value else (_FOR_UV[name],)
        if (
            "--extra-index-url" in self.options
        ):  # pip takes the best of all indexes, uv of the first that knows the name
            yield from ("--index-strategy", "unsafe-best-match")

    def items(self) -> dict[str, str]:
        """Return what counts of them, by labels, without credentials."""
        named = {name: values for name, values in self.options.items() if name not in {"--cert", "--trusted-host"}}
        return {INDEX + name: _CREDENTIALS.sub("//", " ".join(values) or "on") for name, values in named.items()}


def read_indexes(texts: Iterable[str], variables: Mapping[str, str | None]) -> Indexes:
    """Return where packages come from; what comes later counts.

    Args:
        texts: Files of pip's settings, the most general first.
        variables: Its environment.
    """
    options: dict[str, tuple[str, ...]] = {}
    for source in (*map(from_configuration, texts), from_environment("PIP_", variables)):
        given: dict[str, tuple[str, ...]] = {}
        for name, word in source:
            if name in _NAMES:
                given[name] = (*given.get(name, ()), word.text)
        options |= given
    return Indexes({name: options[name] for name in _NAMES if name in options})


def digest_uv_settings(text: str, *, pyproject: bool) -> str | None:
    """Return the digest of what a file of uv's settings says, but for credentials; None where it says nothing.

    Args:
        text: A `uv.toml`, or a `pyproject.toml`.
        pyproject: Whether it is the latter.
    """
    said: object = text  # uv will complain of what is no TOML
    with suppress(tomllib.TOMLDecodeError, RecursionError):
        document = tomllib.loads(text)
        tool = document.get("tool") if pyproject else {"uv": document}
        said = tool.get("uv") if isinstance(tool, dict) else None
    return (
        None if said is None else digest_text([_CREDENTIALS.sub("//", json.dumps(said, sort_keys=True, default=str))])
    )


def list_uv_variables(variables: Mapping[str, str]) -> dict[str, str]:
    """Return what uv's variables say of where packages come from, by labels, without credentials."""
    return {INDEX + name: _CREDENTIALS.sub("//", variables[name]) for name in UV_VARIABLES if variables.get(name)}
