"""What installers besides those of Python are told to install: apt, apk, conda, `uv tool` and others."""

from collections.abc import Iterable, Iterator

from common_sync.core.doctor.build.outcome import Ran, StageEnd
from common_sync.core.expressions import expression
from common_sync.core.formats.python_command import read_module
from common_sync.core.formats.shell.script import Command
from common_sync.core.formats.shell.words import Word

OF_SYSTEMS = frozenset({"apt", "apt-get", "aptitude", "apk", "yum", "dnf", "microdnf", "zypper", "pacman"})
_OTHERS = frozenset({"pipx", "conda", "mamba", "micromamba"})
_INSTALLERS = OF_SYSTEMS | _OTHERS
ALONE = expression(
    r"-.*|=.*|install|update|upgrade|add|(?:lib|python3?-|py3-).*|.*-dev(?:el)?|gcc|g\+\+|make|build-(?:base|essential)|git|curl|wget"
    r"|ca-certificates|tzdata|openssl|pkg-?conf(?:ig)?|netcat.*|postgresql.*|gettext.*|default-mysql-client|linux-headers|su-exec|tini"
)
"""Words of installers that bring no shell besides what they name."""


def list_words(stages: Iterable[StageEnd]) -> Iterator[Word]:
    """Yield the words that installers are given in some stages, their options too; one that is not known for what `xargs` gives them."""
    for stage in stages:
        for step in stage.steps:
            if isinstance(step, Ran) and is_installer(step.command):
                yield from step.command.arguments
            elif isinstance(step, Ran) and step.command.program == "xargs":
                yield Word("", known=False)


def is_installer(command: Command) -> bool:
    """Tell whether a command is an installer besides those of Python that are followed."""
    tool = command.program == "uv" and [word.text for word in command.arguments[:1]] == ["tool"]
    by_python = read_module(command.program, command.arguments) in _INSTALLERS
    return tool or bool(by_python) or command.program in _INSTALLERS
