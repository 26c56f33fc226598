"""Completion: what a shell offers on Tab, for the scripts that `--install-completion` installs.

A person waits for each Tab, so this loads the configuration where a service is asked for, and neither typer nor rich.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import pairwise
from typing import NamedTuple

from common_sync.core.errors import CommonSyncError, shell_word
from common_sync.interface.commands import COMMANDS, GROUPS, Parameter, common_parameters, own_parameters
from common_sync.interface.show.terminal import write


class Offer(NamedTuple):
    """One way to go on."""

    word: str
    help: str = ""


def complete(shell: str) -> int:
    """Print what a shell is to offer, in its own form; return the exit code.

    Args:
        shell: `bash`, `zsh` or `fish`.
    """
    if shell == "bash":
        words = os.environ.get("COMP_WORDS", "").split("\n")
        number = int(os.environ.get("COMP_CWORD", "0"))
        for one in find_offers(words[1:number], "".join(words[number : number + 1])):
            write(_typed(one.word))
        return 0
    offers = list(find_offers(*_split(os.environ.get("_TYPER_COMPLETE_ARGS", ""))))
    if shell == "zsh":
        # The shell evaluates it: what is not plain is not offered.
        plain = [one for one in offers if _typed(one.word) == one.word]
        told = "\n".join(f'"{one.word}":"{one.help.translate(_SPECIAL)}"' for one in plain)
        write(f"_arguments '*: :(({told}))'" if plain else "_files")
    elif os.environ.get("_TYPER_COMPLETE_FISH_ACTION") == "is-args":
        return 0 if offers else 1
    else:
        for one in offers:
            write(f"{one.word}\t{one.help}")
    return 0


def _typed(word: str) -> str:
    """Return a word as a person would type it."""
    return word if word.startswith("-") else shell_word(word)


_SPECIAL = dict.fromkeys(map(ord, "'\"$`\\:"))


def _split(line: str) -> tuple[list[str], str]:
    """Return the words before the one that is completed, and that one."""
    words = line.split()[1:]
    return (words, "") if not words or line[-1:].isspace() else (words[:-1], words[-1])


def find_offers(before: Sequence[str], word: str) -> Iterator[Offer]:
    """Yield each way to go on with a word.

    Args:
        before: The words between the program's name and it.
        word: What is written of it.
    """
    for one in _all_offers(before, word):
        if one.word.startswith(word):
            yield one


def _all_offers(before: Sequence[str], word: str) -> Iterable[Offer]:
    name = _find_command(before)
    last = before[-1] if before else ""
    if last.startswith("-") and (asked := _find_option(name, last)) is not None and not asked.is_flag:
        return _values(asked)
    if word.startswith("-"):
        return _options(name)
    if name not in COMMANDS:
        return _commands(name)
    takes = COMMANDS[name].takes
    return _services(before, word) if "SERVICE" in takes else _codes() if "CODE" in takes and word else ()


def _find_command(before: Sequence[str]) -> str:
    """Return the command, or the group, that is written; nothing where there is none yet."""
    words = [one for one in before if not one.startswith("-")]
    for number, one in enumerate(words):
        if one in GROUPS:
            whole = " ".join(words[number : number + 2])
            return whole if whole in COMMANDS else one
        if one in COMMANDS:
            return one
    return ""


def _parameters(name: str) -> Iterator[Parameter]:
    if name in COMMANDS:
        yield from own_parameters(name)
    yield from common_parameters(name)


def _find_option(name: str, spelling: str) -> Parameter | None:
    common = (one for one in common_parameters(name) if spelling in one.spellings)
    return next(common, None) or next((one for one in _parameters(name) if spelling in one.spellings), None)


def _values(option: Parameter) -> Iterator[Offer]:
    from typing import get_args

    from common_sync.interface.show.presenter import FORMATS

    choices = FORMATS if option.name == "output_format" else get_args(option.kind)
    yield from (Offer(one) for one in choices if isinstance(one, str))


def _options(name: str) -> Iterator[Offer]:
    for one in _parameters(name):
        yield from (Offer(spelling, one.option.help) for spelling in one.option.names.replace("/", " ").split())
    own = {"--version": "Show the version.", "-V": "Show the version."} if not name else {}
    for spelling, text in {**own, "--help": "Show the help.", "-h": "Show the help."}.items():
        yield Offer(spelling, text)


def _commands(group: str) -> Iterator[Offer]:
    """Yield the commands of a group; without one the groups, and the commands of none."""
    for name, command in COMMANDS.items():
        above, _, last = name.rpartition(" ")
        if above == group:
            yield Offer(last, command.summary)
    if not group:
        yield from (Offer(name, text) for name, text in GROUPS.items())


def _services(before: Sequence[str], word: str) -> Iterator[Offer]:
    """Yield the services by their paths; by their last parts only where no path begins so."""
    from common_sync.edges.project.load import list_services  # a command's name needs no project

    root = next((value for option, value in pairwise(before) if option == "--root"), None)
    with suppress(CommonSyncError, OSError):  # there is nothing to offer then
        services = list_services(root, word)
        whole = [one for one in services if one.startswith(word)]
        yield from map(Offer, whole or map(os.path.basename, services))


def _codes() -> Iterator[Offer]:
    from common_sync.core.findings import CODES  # only here

    return (Offer(code, title) for code, (_, title) in CODES.items())
