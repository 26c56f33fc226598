"""The commands, in the order in which people need them, and their options; each is a function of `run/`.

That is imported only when it is asked for: help and completion need few of them, and neither typer nor rich.
"""

from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple, cast, get_args, get_type_hints

from common_sync.core.errors import ConfigurationError, Problem

if TYPE_CHECKING:
    from common_sync.interface.show.options import Option


class Command(NamedTuple):
    """What a person sees of a command before its help."""

    summary: str  # for the list of commands, at most 60 characters
    example: str  # one that people need
    takes: str = ""  # what stands for its arguments


_SERVICE, _SERVICES = "SERVICE", "[SERVICE...]"

COMMANDS = {
    "init": Command(
        "Find the library and its services, write the configuration", "common-sync init --master libs/common"
    ),
    "distribute": Command(
        "Bring every copy and every reference in sync", "common-sync distribute services/api --dry-run", _SERVICES
    ),
    "verify": Command(
        "Check that all is in sync; write nothing", "common-sync verify --output-format concise", _SERVICES
    ),
    "status": Command("Show which services are behind, edited, or in sync", "common-sync status -v", _SERVICES),
    "diff": Command("Show how copies differ from the master", "common-sync diff services/api", _SERVICES),
    "promote": Command(
        "Take edits of copies over into the master",
        "common-sync promote services/api --dry-run",
        "[SERVICE|FILE...]",
    ),
    "pin": Command(
        "Keep one service at a tag or a commit of the library",
        "common-sync pin services/api v1.0.1",
        "SERVICE [REF]",
    ),
    "unpin": Command("Have a service follow the master again", "common-sync unpin services/api", _SERVICE),
    "update": Command("Lock what the tags of pins are now", "common-sync update --dry-run", "[LIBRARY...]"),
    "log": Command("Show which commits each copy lacks", "common-sync log services/api", "[SERVICE|DIGEST...]"),
    "affected": Command(
        "List the services that a build would see differently", "common-sync affected --since origin/main"
    ),
    "doctor": Command(
        "Prove that each service builds from its own folder alone", "common-sync doctor services/api --fix", _SERVICES
    ),
    "report": Command(
        "Write a page that shows all services, files and versions", "common-sync report --open", _SERVICES
    ),
    "watch": Command(
        "Distribute on each change of the master, until Ctrl-C", "common-sync watch services/api", _SERVICES
    ),
    "explain": Command(
        "Say why a path is treated as it is, or what a code means", "common-sync explain CS101", "PATH|CODE..."
    ),
    "context": Command(
        "Write a build context, with the copy, as a tar stream",
        "common-sync context services/api | docker build -",
        _SERVICE,
    ),
    "restore": Command("Bring back what --force has discarded", "common-sync restore 1 --dry-run", "[SET]"),
    "eject": Command("Put every reference back as it was", "common-sync eject --remove-copies --dry-run", _SERVICES),
    "env sync": Command(
        "Bring the environments of services in sync", "common-sync env sync services/api --dry-run", _SERVICES
    ),
    "env status": Command("Show how the environments of services stand", "common-sync env status --deep", _SERVICES),
    "env try": Command(
        "Try other versions beside a service's environment",
        "common-sync env try services/api fastapi==0.105.0 -- pytest",
        "SERVICE REQ... [-- COMMAND...]",
    ),
    "env clean": Command("Remove former environments and leftovers", "common-sync env clean --dry-run", _SERVICES),
    "deploy": Command(
        "Make a release of a service, prove it, or go back", "common-sync deploy services/api -n", _SERVICES
    ),
    "rollback": Command("Go back to a former release of a service", "common-sync rollback services/api", _SERVICE),
    "units": Command("Print or install the systemd units of services", "common-sync units --check", _SERVICES),
    "ps": Command("Show what runs: units, environments, memory, ports", "common-sync ps services/api", _SERVICES),
    "logs": Command("Show what services have written to the journal", "common-sync logs services/api -f", _SERVICES),
    "fleet status": Command(
        "Show what the copies on other machines hold", "common-sync fleet status services/api --host 'pi-*'", _SERVICES
    ),
    "fleet deploy": Command(
        "Bring services on other machines to a commit", "common-sync fleet deploy services/api --dry-run", _SERVICES
    ),
    "fleet rollback": Command(
        "Bring them back to the release before", "common-sync fleet rollback services/api --host vm-api", _SERVICES
    ),
    "fleet probe": Command(
        "Print a program that proves a copy on any machine",
        "common-sync fleet probe services/api | ssh vm python3 - /srv/app/common",
        _SERVICE,
    ),
}
"""Each command by its name."""

GROUPS = {
    "env": "The environments of services, each service's .venv.",
    "fleet": "What other machines have: the copies on servers and in containers.",
}
"""The first words of commands that have two."""

_WITHOUT_FORMAT = frozenset({"context", "fleet probe", "logs", "report", "watch"})
"""The output of two is for another program, that of another is another program's, one writes a file, and the last one does not end."""

COMMAND_FOLLOWS = frozenset({"env try"})
"""After `--`, another program's words stand behind these."""

_MEANT = {"sync": "distribute", "check": "verify", "install": "init", "remove": "eject"}
"""What other tools call a command."""


class Parameter(NamedTuple):
    """An option of a command, or its arguments."""

    name: str  # of the parameter
    kind: object  # its type
    option: "Option"
    default: object = ...  # `...` where it must be given

    @property
    def spellings(self) -> list[str]:
        """The ways to write it, without those that take it back."""
        return [name.partition("/")[0] for name in self.option.names.split()]

    @property
    def is_flag(self) -> bool:
        """Whether no value follows."""
        return self.kind is bool or bool in get_args(self.kind)


def load_command(name: str) -> Callable[..., int]:
    """Return the function that runs a command."""
    word = name.replace(" ", "_")
    return cast("Callable[..., int]", getattr(import_module(f"common_sync.interface.run.{word}"), f"run_{word}"))


def own_parameters(name: str) -> Iterator[Parameter]:
    """Yield what a command takes beside the options of every command; `inspect` would take as long as half of all else."""
    run = load_command(name)
    _, *own = (field for field in run.__annotations__ if field != "return")
    named, placed = run.__kwdefaults__ or {}, run.__defaults__ or ()
    backwards = (field for field in reversed(own) if field not in named)
    defaults = {**dict(zip(backwards, reversed(placed), strict=False)), **named}
    for field in own:
        kind, option = get_args(run.__annotations__[field])
        yield Parameter(field, kind, option, defaults.get(field, ...))


def common_parameters(name: str = "") -> Iterator[Parameter]:
    """Yield the options of every command that a command takes."""
    from common_sync.interface.show.options import Options  # a service's name needs none of them

    hints = get_type_hints(Options, include_extras=True)
    for field, default in Options._field_defaults.items():
        if field != "output_format" or name not in _WITHOUT_FORMAT:
            kind, option = get_args(hints[field])
            yield Parameter(field, kind, option, default)


def put_command_first(words: Sequence[str]) -> list[str]:
    """Move the options of every command that stand before the command behind it, as typer wants them.

    Raises:
        ConfigurationError: There is no command.
    """
    takes_value = {spelling: not one.is_flag for one in common_parameters() for spelling in one.spellings}
    end = 0
    while end < len(words) and words[end].partition("=")[0] in takes_value:
        end += 2 if takes_value[words[end].partition("=")[0]] and "=" not in words[end] else 1
    if words and end >= len(words):
        raise ConfigurationError(Problem("there is no command", remedy="common-sync --help lists the commands"))
    after = end + (2 if words[end:] and words[end] in GROUPS else 1)
    return [*words[end:after], *words[:end], *words[after:]]


def find_command(words: Sequence[str]) -> str:
    """Return the command that is asked for, a group, or nothing.

    Args:
        words: The command line, with the command first.

    Raises:
        ConfigurationError: It is none; the one that may be meant is named.
    """
    name, second = (*words, "", "")[:2]
    above = f"{name} " if name in GROUPS else ""
    word = second if above else name
    known = [one.removeprefix(above) for one in (*GROUPS, *COMMANDS) if one.startswith(above)]
    if word and not word.startswith("-") and word not in known:
        from common_sync.core.typos import nearest  # only a typo needs it

        meant = f"did you mean {_MEANT[word]}?" if word in _MEANT and not above else nearest(word, known)
        remedy = meant or f"common-sync {above}--help lists the commands"
        raise ConfigurationError(Problem(f"{above + word!r} is no command", remedy=remedy))
    return above.strip() if word.startswith("-") else f"{above}{word}".strip()
