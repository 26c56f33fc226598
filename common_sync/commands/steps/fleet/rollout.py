"""Bring targets to a release or back: prepare all, then switch wave by wave. The machines do it, and go back by themselves."""

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from common_sync.commands.steps.fleet.wanted import OWN_NAMES
from common_sync.core.copies.manifest import Manifest
from common_sync.core.fleet.endings import WHOLE, Ending, Endings, read_ending, refuse_split
from common_sync.core.fleet.inventory import RELEASE, Site, Target
from common_sync.core.fleet.probe import Part, ask_folders, make_program
from common_sync.core.fleet.rollout import UNDO, Order
from common_sync.core.fleet.waves import Wave, name_waves, plan_waves
from common_sync.edges.files.pages import read_shipped
from common_sync.edges.fleet.asking import Patience, Question, ask_hosts

Action = Literal["prepare", "back", "switch", "undo"]
"""What a machine is told; `back` prepares the way to an earlier release."""


class Event(NamedTuple):
    """What has come to pass."""

    name: Action | Literal["plan"]
    line: str  # the same in words
    waves: tuple[Wave, ...] = ()  # of a plan: the order
    site: Site | None = None  # whose action has ended
    ending: Ending | None = None


Heard = Callable[[Event], None]
"""Is told what has come to pass."""

_MODULES = (
    "look",
    "calls",
    "waiting",
    "clone",
    "registry",
    "host",
    "journal",
    "steps",
    "compose",
    "machine",
    "releases",
    "agent",
)
"""Of `remote/`, each after those that it imports."""

_MARGIN = 60
_COMMANDS = 4
"""How many long commands an action may need, one after the other: to fetch, to build, to run units that end, to go back."""


class Release(NamedTuple):
    """What targets are brought to; only the run's word where they go back.

    Attributes:
        run: A word of its own.
        commit: The commit's full id.
        branch: The branch that clones must be at; nothing where any will do.
        trees: Git's id of each service's folder.
        copies: What each service's copies should hold, by their paths in it.
        to: The full id of the commit of the kept release that targets go back to; nothing for the one before.
        anew: The units whose containers are made anew, by target; Compose would leave them alone.
    """

    run: str
    commit: str = ""
    branch: str = ""
    trees: Mapping[str, str] = {}
    copies: Mapping[str, Mapping[str, Manifest]] = {}
    to: str = ""
    anew: Mapping[Site, tuple[str, ...]] = {}


class Rollout(NamedTuple):
    """What came of it.

    Attributes:
        waves: The order.
        prepared: How each target was prepared.
        switched: How each that was told to switch has ended.
        undone: How each that was taken back has ended.
    """

    waves: tuple[Wave, ...] = ()
    prepared: Endings = ()
    switched: Endings = ()
    undone: Endings = ()

    @property
    def is_done(self) -> bool:
        """Whether every target was switched."""
        return len(self.switched) == len(self.prepared) and all(one.is_good for _, one in self.switched)

    @property
    def is_known(self) -> bool:
        """Whether every machine is known to run one release."""
        return all(one.end in WHOLE for _, one in (*self.prepared, *self.switched, *self.undone))


def roll_out(
    sites: Sequence[Site], order: Order, release: Release, heard: Heard, *, only_prepare: bool = False
) -> Rollout:
    """Prepare targets, then switch them wave by wave, until one fails.

    Args:
        sites: The targets.
        order: In which order they are switched.
        release: What they are brought to.
        heard: Is told what has come to pass.
        only_prepare: Whether nothing is switched.
    """
    first: Action = "prepare" if release.commit else "back"
    waves = plan_waves(order, sites)
    if len(sites) > 1:
        heard(Event("plan", f"{'plan':8} {name_waves(waves)}", waves))
    prepared = _act(sites, first, release, heard)
    prepared = refuse_split(prepared) if release.commit else prepared
    done = Rollout(waves, prepared)
    if only_prepare or not all(ending.is_good for _, ending in prepared):
        return done
    switched: list[tuple[Site, Ending]] = []
    for batch in (batch for wave in waves for batch in wave):
        switched += _act(batch, "switch", release, heard)
        if not all(ending.is_good for _, ending in switched):
            break
    done = done._replace(switched=tuple(switched))
    return (
        done if done.is_done or order.on_failure != UNDO else done._replace(undone=tuple(_undo(done, release, heard)))
    )


def _undo(done: Rollout, release: Release, heard: Heard) -> Iterator[tuple[Site, Ending]]:
    """Take back what was switched, the last one first."""
    for site, ending in reversed(done.switched):
        if ending.end == "deployed":
            yield from _act([site], "undo", release, heard)


def _act(sites: Sequence[Site], action: Action, release: Release, heard: Heard) -> Endings:
    """Tell targets what to do, all at the same time; return how each has ended."""
    sources = {name: read_shipped(f"remote/{name}.py") for name in _MODULES}
    marks = [secrets.token_hex(8) for _ in sites]
    questions = [
        Question(
            site.host, "", make_program(Part(sources, [mark, _make_job(site, action, release)], "work")), _limit(site)
        )
        for mark, site in zip(marks, sites, strict=True)
    ]
    replies = ask_hosts(questions, Patience())
    done = tuple(
        (site, read_ending(reply, mark, site.host, _limit(site)))
        for reply, mark, site in zip(replies, marks, sites, strict=True)
    )
    for site, ending in done:
        more = f": {ending.why}" if ending.why else f" {ending.digest}" if ending.digest else ""
        gap = f"; {ending.shown_gap}" if ending.shown_gap else ""
        is_back = ending.end == "deployed" and (action == "undo" or not release.commit)
        line = f"{action:8} {site.host} {site.service}: {'went back' if is_back else ending.shown}{more}{gap}"
        heard(Event(action, line, site=site, ending=ending))
    return done


def _limit(site: Site) -> int:
    """Return after how many seconds a machine is not waited for any longer; it goes on without us."""
    given = site.target.deploying
    return _COMMANDS * given.prepare_timeout + 2 * (given.health_timeout + given.settle) + _MARGIN


def _make_job(site: Site, action: Action, release: Release) -> dict[str, object]:
    """Return what `remote/calls.py` takes as a job."""
    target, given, token = site.target, site.target.deploying, secrets.token_hex(8)
    library, probe = _make_probe(target, release.copies.get(site.service, {}), token)
    return {
        "action": action,
        "run": release.run if action != "undo" else secrets.token_hex(8),
        "of": release.run,
        "path": target.repository,
        "service": site.service,
        "commit": release.commit,
        "tree": release.trees.get(site.service, ""),
        "branch": release.branch,
        "compose": [*given.compose],
        "env_file": given.env_file,
        "health": given.health,
        "timeout": given.prepare_timeout,
        "health_timeout": given.health_timeout,
        "health_times": given.health_times,
        "settle": given.settle,
        "library": library,
        "token": token,
        "probe": probe,
        "kind": target.kind,
        "place": target.path,
        "program": given.program,
        "image": given.pulled,
        "to": release.to if action != "undo" else "",
        "anew": [*release.anew.get(site, ())],
    }


def _make_probe(target: Target, copies: Mapping[str, Manifest], token: str) -> tuple[str, str]:
    """Return the folders of the library there, in words, and the program that tells what they hold; none where nothing is wanted.

    Args:
        target: The target. Its next release has no number yet: a word with the token stands for it.
        copies: What its copies should hold, by their paths in the service.
        token: What the program's answer begins with.
    """
    if target.kind == RELEASE:
        above = f"{target.path}/releases/release-{token}/app"
        folders, named = [(wanted, f"{above}/{copy}") for copy, wanted in copies.items()], ", ".join(copies)
    else:
        folders, named = [(wanted, target.library) for wanted in copies.values()], target.library
    source = read_shipped("remote/probe.py")
    return named, make_program(ask_folders(source, token, _MARGIN, folders, OWN_NAMES)) if folders else ""
