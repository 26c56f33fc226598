"""The indexes that pip is told to ask by its files of settings and its variables, for uv too, which reads none of them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from common_sync.core.doctor.install.settings import from_configuration, from_environment
from common_sync.core.expressions import expression

_FOR_UV = {
    "--index-url": "--default-index",
    "--extra-index-url": "--index",
    "--find-links": "--find-links",
    "--constraint": "--constraint",
    "--no-index": "--no-index",
    "--trusted-host": "--allow-insecure-host",
}
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
        return {f"index {name}": _CREDENTIALS.sub("//", " ".join(values) or "on") for name, values in named.items()}


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
