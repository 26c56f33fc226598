"""How services stand on other machines: what `remote/look.py` answers, read, and judged. Nothing that a host says is trusted."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from common_sync.core.copies.digest import TREE
from common_sync.core.fleet.answers import Reply, Trouble, each, read_answer

_LONGEST, _MOST_EDITS = 200, 20
_OK = range(200, 300)

RESTING = frozenset({"verified", "deployed", "rolled-back", "discarded"})
"""The steps of a journal at which nobody has to go on."""


UNREADABLE = "unreadable"
"""The step of a journal that cannot be read."""

UNTOUCHED = frozenset({"begun", "fetched", "built"})
"""The steps before the clone is touched."""


class Health(NamedTuple):
    """What a service has answered."""

    status: int = 0  # of HTTP; 0 for no answer
    milliseconds: int = 0
    error: str = ""  # why there is no answer, or nothing
    told: str = ""  # the digest of the library that it tells of itself, or nothing

    @property
    def is_good(self) -> bool:
        """Whether it is healthy."""
        return self.status in _OK

    @property
    def shown(self) -> str:
        """The answer in a word or two."""
        return str(self.status) if self.status else "no answer"


class Checkout(NamedTuple):
    """What a clone holds."""

    commit: str = ""
    branch: str = ""  # nothing where it is at none
    tree: str = ""  # git's id of the service's folder, or nothing
    edits: tuple[str, ...] = ()  # files that git knows and that were changed
    error: str = ""  # why it cannot be told, or nothing


class Journal(NamedTuple):
    """What is known of a service's deploys on its machine.

    Attributes:
        step: The last step that was reached.
        run: The run that has reached it.
        commit: The commit that it was about.
        why: Why it went no further, or nothing.
        busy: Whether it is at work now.
        tree: Git's id of the service's folder in the release that runs, or nothing.
        images: The image of each unit of that release.
        earlier: How many earlier releases are kept.
        digest: The name, with its digest, of the image that it was made of; nothing where that was built there.
    """

    step: str
    run: str = ""
    commit: str = ""
    why: str = ""
    busy: bool = False
    tree: str = ""
    images: Mapping[str, str] = {}
    earlier: int = 0
    digest: str = ""

    @property
    def is_open(self) -> bool:
        """Whether a deploy was interrupted, or a way back has failed."""
        return self.step not in RESTING and not self.busy

    @property
    def is_halfway(self) -> bool:
        """Whether the clone may be between two commits; the next run mends it first, and names what a person has edited."""
        return self.is_open and self.step not in UNTOUCHED


class Look(NamedTuple):
    """How a service stands on a machine; None for what was not asked for, or what was never deployed."""

    health: Health | None = None
    checkout: Checkout | None = None
    journal: Journal | None = None
    running: tuple[tuple[str, str], ...] = ()  # the unit and the image of each container that runs
    silent: str = ""  # why it is not known what runs, or nothing
    containers: tuple[tuple[str, str], ...] = ()  # the unit and the name of each container that runs
    resting: tuple[tuple[str, str], ...] = ()  # the unit and the state of each container that does not run

    @property
    def stopped(self) -> Mapping[str, str]:
        """The units of the last deploy of which no container runs, and the state of each; a unit that ends by design is none of them."""
        if self.journal is None or self.checkout is None or self.silent:  # without a clone, Compose runs nothing there
            return {}
        runs, states = {unit for unit, _ in self.running}, dict(self.resting)
        return {
            unit: states.get(unit, "without a container") for unit in sorted(self.journal.images) if unit not in runs
        }


def read_looks(reply: Reply, mark: str, targets: int, host: str, seconds: int) -> tuple[Look, ...] | Trouble:
    """Return how each service that was asked about stands, or why that is not known.

    Args:
        reply: What came back.
        mark: What the answer's line begins with.
        targets: How many services were asked about.
        host: Who was asked.
        seconds: How long it had.
    """
    return read_answer(reply, mark, host, seconds, each(_read_look, targets))


def _read_look(told: Mapping[str, object]) -> Look:
    """Return how a service stands.

    Raises:
        Exception: What was told has not the form of an answer.
    """
    containers = [*map(_table, _list(told.get("running", [])))]
    running = [one for one in containers if one["state"] == "running"]
    return Look(
        _read_health(_table(told["health"])) if told["health"] is not None else None,
        _read_checkout(_table(told["checkout"])) if "checkout" in told else None,
        _read_journal(_table(told["journal"])) if told.get("journal") is not None else None,
        tuple((_word(one, "unit"), _word(one, "image")) for one in running),
        _word(told, "silent"),
        tuple((_word(one, "unit"), _word(one, "name")) for one in running if _word(one, "name")),
        tuple((_word(one, "unit"), _word(one, "state")) for one in containers if one["state"] != "running"),
    )


def _read_health(told: Mapping[str, object]) -> Health:
    if "error" in told:
        return Health(error=_word(told, "error"))
    digest = _word(told, "told")
    is_digest = TREE.fullmatch(digest) is not None
    return Health(_number(told["status"]), _number(told["ms"]), told=digest if is_digest else "")


def _read_checkout(told: Mapping[str, object]) -> Checkout:
    if "error" in told:
        return Checkout(error=_word(told, "error"))
    edits = tuple(str(one)[:_LONGEST] for one in _list(told["edits"])[:_MOST_EDITS])
    return Checkout(_word(told, "commit"), _word(told, "branch"), _word(told, "tree"), edits)


def _read_journal(told: Mapping[str, object]) -> Journal:
    step, run, commit, why = (_word(told, key) for key in ("step", "run", "commit", "why"))
    release = _table(told.get("release") or {})
    images = {str(unit): str(image) for unit, image in _table(release.get("images", {})).items()}
    busy, earlier = told.get("busy") is True, _number(told.get("earlier", 0))
    return Journal(step, run, commit, why, busy, _word(release, "tree"), images, earlier, _word(release, "digest"))


def _word(told: Mapping[str, object], key: str) -> str:
    return str(told.get(key) or "")[:_LONGEST]


def _number(value: object) -> int:
    if type(value) is not int or value < 0:
        raise ValueError
    return value


def _table(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise TypeError
    return value


def _list(value: object) -> Sequence[object]:
    if not isinstance(value, list):
        raise TypeError
    return value


def find_reason(look: Look, tree: str, *, holds: bool) -> str:
    """Return why a service is to be brought up to date, in a few words; nothing where it runs what is wanted.

    Args:
        look: How it stands.
        tree: Git's id of the service's folder in the commit that is wanted.
        holds: Whether all its copies are as wanted.
    """
    journal = look.journal
    if journal is None:
        return "was not deployed by this command yet"
    if journal.is_open:
        return f"its last deploy stands at `{journal.step}`"
    if look.checkout is not None and look.checkout.tree != tree:
        return "its clone holds another commit of it"
    if journal.tree != tree:
        return "runs another commit of it"
    if look.silent:
        return f"it is not known what runs: {look.silent}"
    if look.stopped:
        return ", ".join(f"{unit} does not run: it is {state}" for unit, state in look.stopped.items())
    if {(unit, image) for unit, image in look.running if unit in journal.images} != set(journal.images.items()):
        return f"runs {'another release' if look.checkout is None else 'other images'} than its last deploy has made"
    return "" if holds else "a copy is not as wanted"


def find_obstacle(look: Look, branch: str, *, moves: bool = True) -> str:
    """Return why a service must not be touched, in a few words; nothing where it may be.

    Args:
        look: How it stands.
        branch: The branch that its clone should be at; nothing where any will do.
        moves: Whether its clone is moved; else it does not matter how that stands.
    """
    if look.journal is not None and look.journal.busy:
        return "another deploy is at work there"
    if not moves:
        return ""
    checkout = look.checkout or Checkout(error="its clone was not asked")
    if checkout.error:
        return f"its clone cannot be read: {checkout.error}"
    if not checkout.branch:
        return "its clone is at no branch"
    if branch and checkout.branch != branch:
        return f"its clone is at the branch {checkout.branch}, and not at {branch}"
    return ""
