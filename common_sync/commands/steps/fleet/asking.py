"""Ask each host once: what its copies hold, and how its services stand. Each container is asked by itself."""

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from common_sync.commands.steps.fleet.looks import Looked, ask_looks, find_unwell, is_looked_at
from common_sync.commands.steps.fleet.runs import Asked, find_wrong_process, name_own, name_state
from common_sync.commands.steps.fleet.wanted import OWN_NAMES
from common_sync.core.copies.manifest import Manifest
from common_sync.core.errors import shell_word
from common_sync.core.findings import make_finding
from common_sync.core.fleet.answers import SSH_FAILED, Trouble, Verdict, read_reply
from common_sync.core.fleet.inventory import CONTAINER, RELEASE, Place, Site
from common_sync.core.fleet.looks import Look, read_looks
from common_sync.core.fleet.probe import Part, ask_folders, ask_processes, make_program
from common_sync.core.fleet.runs import judge_runs
from common_sync.core.model import Finding
from common_sync.edges.files.pages import read_shipped
from common_sync.edges.fleet.asking import Patience, Question, ask_hosts

Pair = tuple[Place, Manifest]
"""A place, and what it should hold."""


class _Group(NamedTuple):
    """What is asked in one question, of a host or of a container on it."""

    pairs: list[Pair]
    sites: list[Site]
    marks: tuple[str, str]  # of the answers about places and about targets


class Answers(NamedTuple):
    """How places and targets stand, and what is found."""

    asked: list[Asked]
    looked: list[Looked]
    findings: list[Finding]


def ask_fleet(pairs: Sequence[Pair], sites: Sequence[Site], file: str, patience: Patience) -> Answers:
    """Ask about places and targets, all of a host in one question, and all of a container.

    Args:
        pairs: The places.
        sites: The targets; those of which there is more to ask than their copies are asked about.
        file: The inventory, as findings name it.
        patience: How long each host is waited for.
    """
    groups = _group(pairs, sites)
    modules = {name: read_shipped(f"remote/{name}.py") for name in ("probe", "installed", "running")}
    questions = [
        Question(*key, make_program(*_list_parts(modules, group, patience.whole))) for key, group in groups.items()
    ]
    told: dict[Place, Asked] = {}
    looks: dict[Site, Look | None] = {}
    findings: list[Finding] = []
    troubles: list[tuple[Site, Trouble]] = []
    for reply, ((host, _), (own, targets, marks)) in zip(ask_hosts(questions, patience), groups.items(), strict=True):
        if own:
            result = read_reply(reply, marks[0], len(own), host, patience.whole)
            asked = _judge(own, result)
            findings += find_trouble(result, asked, file, in_container=reply.code != SSH_FAILED)
            told |= {one.place: one for one in asked}
        if targets:
            seen = read_looks(reply, marks[1], len(targets), host, patience.whole)
            if isinstance(seen, Trouble):
                troubles.append((targets[0], seen))
            else:
                looks |= zip(targets, seen, strict=True)
    looked = [Looked(site, looks.get(site)) for site in filter(is_looked_at, sites)]
    found = [*dict.fromkeys(findings), *_find_silent(troubles, told.values(), file)]
    return Answers(
        [told[place] for place, _ in pairs],
        looked,
        [*found, *(one for each in looked for one in find_unwell(each, file))],
    )


def _group(pairs: Sequence[Pair], sites: Sequence[Site]) -> dict[tuple[str, str], _Group]:
    """Return what is asked together; a host before its containers, any of which may stick."""
    groups: dict[tuple[str, str], _Group] = {}
    keys = [(place.host, place.container) for place, _ in pairs]
    meant = [site for site in sites if is_looked_at(site)]
    own = {*keys, *((site.host, "") for site in meant)}
    for host, container in (*keys, *((site.host, "") for site in meant)):
        for key in ((host, ""), (host, container)):
            if key in own:
                groups.setdefault(key, _Group([], [], (secrets.token_hex(8), secrets.token_hex(8))))
    for key, pair in zip(keys, pairs, strict=True):
        groups[key].pairs.append(pair)
    for site in meant:
        groups[site.host, ""].sites.append(site)
    return groups


def _list_parts(modules: Mapping[str, str], group: _Group, seconds: int) -> Iterator[Part]:
    pairs, sites, (mark, other) = group
    if any(place.container or place.unit for place, _ in pairs):
        running = [(one, place.folder, CONTAINER if place.container else place.unit) for place, one in pairs]
        yield ask_processes(modules, mark, seconds, running, OWN_NAMES)
    elif pairs:  # no process is looked at
        places = [(one, place.folder) for place, one in pairs]
        yield ask_folders(modules["probe"], mark, seconds, places, OWN_NAMES)
    if sites:
        yield ask_looks(sites, other, seconds)


def _find_silent(troubles: Sequence[tuple[Site, Trouble]], asked: Iterable[Asked], file: str) -> Iterator[Finding]:
    """Yield the findings of hosts that do not tell how services stand; where they tell nothing at all, that was said already."""
    states: dict[str, set[str]] = {}
    for one in asked:
        states.setdefault(one.place.host, set()).add(one.verdict.state)
    for site, trouble in troubles:
        if states.get(site.host) != {"unknown"}:
            message = f"{site.host}: {trouble.message}"
            yield make_finding(trouble.code, site.service, file, site.target.line, message, trouble.remedy)


def _judge(group: Sequence[Pair], result: tuple[Verdict, ...] | Trouble) -> list[Asked]:
    if isinstance(result, Trouble):
        return [Asked(*pair, Verdict("unknown", reason=result.message)) for pair in group]
    return [
        Asked(*pair, verdict, judge_runs(verdict, pair[1].tree)) for pair, verdict in zip(group, result, strict=True)
    ]


def find_trouble(
    result: tuple[Verdict, ...] | Trouble, asked: Sequence[Asked], file: str, *, in_container: bool
) -> Iterator[Finding]:
    """Yield the findings of places that were asked together.

    Args:
        result: A verdict for each, or why there is none, which is one finding for all of them.
        asked: The places.
        file: The inventory, as findings name it.
        in_container: Whether the container was reached, if they are in one.
    """
    if isinstance(result, Trouble):
        place = asked[0].place
        where = f"{place.host} {place.container}" if place.container and in_container else place.host
        message = f"{where}: {result.message}"
        yield make_finding(result.code, place.service, file, place.line, message, result.remedy)
        return
    for one in asked:
        if one.verdict.state != "current":
            yield _describe(one, file)
        if one.place.container and one.verdict.mount:
            yield _describe_mount(one.place, one.verdict.mount, file)
        yield from find_wrong_process(one.place, one.runs, file)


def _describe_mount(place: Place, mount: str, file: str) -> Finding:
    what = f"{mount} is mounted there, so what it holds is not what its image holds"
    remedy = "take the mount out of the compose file, so that the image decides; what runs keeps what it has imported"
    return make_finding("CS405", place.service, file, place.line, f"{place.host}: {place.shown}: {what}", remedy)


def _describe(asked: Asked, file: str) -> Finding:
    """Return the finding for a place that is not as wanted, or cannot be told."""
    place, (state, counts, named, own, reason, *_) = asked.place, asked.verdict
    where, wanted = f"{place.host}: {place.shown}", name_state(asked.wanted.library, asked.wanted.tree)
    if state == "unknown":
        remedy = f"let the user that ssh comes as read it: ls -l {shell_word(place.folder)}"
        at = f"{place.host} {place.container}".rstrip()
        return make_finding("CS407", place.service, file, place.line, f"{at}: {reason}", remedy)
    code, remedy = "CS402" if place.container else "CS401", _find_remedy(place)
    if state == "gone":
        message = f"{where} is not there"
    elif state == "other":
        message = f"{where} holds {name_own(own)}, and not {wanted}"
    else:
        more = ", …" if sum(counts) > len(named[:_MOST_NAMED]) else ""
        files = ", ".join(f"{path} {word}" for path, word in named[:_MOST_NAMED])
        message = f"{where} is not {wanted}: {files}{more}"
    return make_finding(code, place.service, file, place.line, message, remedy)


_MOST_NAMED = 3


def _find_remedy(place: Place) -> str:
    """Return how what is wanted comes to a place: by what has brought there what it holds."""
    service = shell_word(place.service)
    if place.is_deployed:
        return f"common-sync fleet deploy {service}"
    if place.container:
        return "build the image again, and start the container from it"
    if place.kind == RELEASE:
        return f"make a release of that commit there: common-sync deploy {service}"
    return "bring the commit there, by git pull; then start again what was started before"
