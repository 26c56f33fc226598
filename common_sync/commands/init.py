"""`common-sync init`: find the master and its services in a repository that was never seen, and write them down."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from common_sync.core.configuration import OWN_FILE, PYPROJECT
from common_sync.core.errors import ConfigurationError, Problem, shell_word
from common_sync.core.expressions import expression
from common_sync.core.settings import why_no_folder
from common_sync.edges.detection.repository import Candidate, FoundService, Likely, Reason, Repository
from common_sync.edges.detection.tree import above, last, read_tree
from common_sync.edges.git.repository import find_top
from common_sync.edges.project.services import match_services
from common_sync.edges.project.write import find_configuration, write_table

Choose = Callable[[Sequence[Candidate]], Candidate]
"""Asks which of several candidates is the master."""

_COMMENT = "common-sync distribute brings every service's copy in sync, common-sync verify checks them."
_WIDEST = 100
"""Characters; a longer list of services gets one line each."""

_MOST_NAMED = 5
_GLOB = expression(r"[*?\[]")
_REMEDY = "common-sync init --master PATH"


class Proposal(NamedTuple):
    """A configuration, and why it is what it is.

    Attributes:
        root: The absolute path of the folder that it is for.
        file: The absolute path of the file that it goes to.
        master: The library's folder, relative to the root.
        copy: The copy's folder inside each service.
        patterns: The services as they are written down: folders, and globs that match nothing else.
        services: The services, sorted, each with the reasons.
        notes: What a person should know before it is written down.
        others: Folders that may be a library, too, but for which less speaks.
        guess: Whether the master is a guess: it is imported, mounted or named, and neither installed nor copied from there.
        wide: Whether images take it from there that are built from a folder above their service.
    """

    root: str
    file: str
    master: str
    copy: str
    patterns: tuple[str, ...]
    services: tuple[FoundService, ...]
    notes: tuple[Reason, ...]
    others: tuple[Candidate, ...]
    guess: bool = False
    wide: bool = False


def find_root(start: str) -> str:
    """Return the folder to configure: the nearest, up to the top of the repository, in which a master is found.

    A folder that is configured already counts, too; where nothing is found it is the one to start from.

    Raises:
        GitError: Git failed.
    """
    start = os.path.realpath(start)
    top = find_top(start)
    folder = start
    while top is not None:
        if find_configuration(folder) is not None or find_candidates(folder):
            return folder
        if folder == top:
            break
        folder = os.path.dirname(folder)
    return start


def find_candidates(root: str) -> tuple[Candidate, ...]:
    """Return the folders that may be the master, the likeliest first; those for which less speaks are left out.

    Raises:
        GitError: Git failed.
    """
    return _likeliest(_name_only_writable(Repository(read_tree(os.path.realpath(root))).candidates()))


def propose(root: str, master: str | None = None, choose: Choose | None = None) -> Proposal:
    """Return the configuration for a repository; nothing is written.

    Args:
        root: The folder that the configuration is for.
        master: The library's folder, relative to the root or to the current folder; found when None.
        choose: Asked when several folders may be the master; with None that is an error that lists them.

    Raises:
        ConfigurationError: The folder is configured already, or there is no master, or no service, or there are several
            masters.
        GitError: Git failed.
        TreeError: pyproject.toml cannot be read.
    """
    if not os.path.isdir(root):
        raise ConfigurationError(Problem("is no folder", root))
    root = os.path.realpath(root)
    if configured := find_configuration(root):
        raise ConfigurationError(configured)
    repository = Repository(read_tree(root))
    others: Sequence[Candidate] = ()
    if master is None:
        candidates = _name_only_writable(repository.candidates())
        chosen = _choose(root, _likeliest(candidates), choose, repository)
        others = [one for one in candidates if one.weight and one.master != chosen.master]
    else:
        chosen = _examine(repository, root, _locate_master(root, master))
    return _make_proposal(root, chosen, others, guessed=master is None)


def _likeliest(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Return those for which most speaks; one copy by itself decides nothing."""
    return tuple(one for one in candidates if one.weight and one.weight == candidates[0].weight)


def _name_only_writable(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Leave out what no configuration can name: a folder that is not UTF-8, or holds a control character."""
    able = [one._replace(services=_writable(one.services)) for one in candidates if _is_writable(one.master)]
    return [one for one in able if one.services]


def _writable(services: Iterable[FoundService]) -> tuple[FoundService, ...]:
    return tuple(service for service in services if _is_writable(service.path))


def _is_writable(path: str) -> bool:
    return why_no_folder(path) is None and path.isprintable()


def _choose(root: str, candidates: Sequence[Candidate], choose: Choose | None, repository: Repository) -> Candidate:
    if not candidates:
        message = (
            f"no master found: looked in {root} for a folder of Python modules that other folders' requirements,"
            " pyproject.toml, Dockerfiles, compose files, scripts or imports lead to, or of which they hold copies"
        )
        likely = [one for one in repository.likely() if _is_writable(one.master)]
        remedy = f"name it: {_REMEDY}" + ("; these are guesses, the likeliest first" if likely else "")
        raise ConfigurationError(Problem(message, remedy=remedy), *_list_likely(root, likely))
    if len(candidates) == 1:
        return candidates[0]
    if choose is None:
        raise ConfigurationError(*_list_candidates(root, candidates))
    return choose(candidates)


def _list_likely(root: str, likely: Iterable[Likely]) -> Iterator[Problem]:
    for one in likely:
        message = f'"{one.master}" may be the master (a guess): {"; ".join(one.says)}'
        yield Problem(message, os.path.join(root, one.master), None, _command(one.master))


def _command(master: str) -> str:
    return f"common-sync init --master {shell_word(master)}"


def _list_candidates(root: str, candidates: Sequence[Candidate]) -> Iterator[Problem]:
    """Yield a problem for each candidate: who uses it, the first line that speaks for it, and how to choose it."""
    for candidate in candidates:
        message = f'"{candidate.master}" may be the master, as {describe_users(candidate)}'
        reason = candidate.services[0].reasons[0]
        place = os.path.join(root, reason.file)
        yield Problem(message, place, reason.line, _command(candidate.master))


def describe_users(candidate: Candidate) -> str:
    """Return who uses a library, in a few words: `2 folders use it: services/api, services/worker`."""
    number = len(candidate.services)
    named = ", ".join(service.path for service in candidate.services[:_MOST_NAMED])
    more = f" and {number - _MOST_NAMED} more" if number > _MOST_NAMED else ""
    return f"{number} folder{'s use' if number > 1 else ' uses'} it: {named}{more}"


def _locate_master(root: str, master: str) -> str:
    """Return the path from the root of the folder that the user named."""
    places = [os.path.realpath(os.path.join(base, master)) for base in (root, os.getcwd())]
    folders = [place for place in places if os.path.isdir(place)]
    inside = [place for place in folders if place.startswith(f"{root}/")]
    if not folders:
        raise ConfigurationError(Problem(f'master "{master}" is no folder', root, remedy="name the library's folder"))
    if not inside:
        where = "the whole repository" if root in folders else f"outside {root}"
        raise ConfigurationError(Problem(f'master "{master}" is {where}', root, remedy="name a folder inside it"))
    path = inside[0][len(root) + 1 :]
    if not _is_writable(path):
        reason = why_no_folder(path) or "cannot be written down"
        raise ConfigurationError(Problem(f'master "{master}" {reason}', root, remedy="rename it"))
    return path


def _examine(repository: Repository, root: str, master: str) -> Candidate:
    candidate = repository.examine(master)
    services = _writable(candidate.services or repository.self_contained(master))
    if not services:
        message = (
            f"no service found: looked in {root} for folders whose requirements, pyproject.toml, Dockerfile or compose"
            f" files point at {master}, that hold a copy of it, or that have a Dockerfile of their own"
        )
        remedy = f'write {OWN_FILE} by hand: master = "{master}" and services = ["services/*"]'
        raise ConfigurationError(Problem(message, remedy=remedy))
    return candidate._replace(services=services)


def _make_proposal(root: str, chosen: Candidate, others: Sequence[Candidate], *, guessed: bool) -> Proposal:
    pyproject = os.path.join(root, PYPROJECT)
    file = pyproject if os.path.lexists(pyproject) else os.path.join(root, OWN_FILE)
    paths = [service.path for service in chosen.services]
    patterns = tuple(dict.fromkeys(_patterns(root, chosen.master, chosen.copy, paths)))
    return Proposal(
        root,
        file,
        chosen.master,
        chosen.copy,
        patterns,
        chosen.services,
        chosen.notes,
        tuple(others),
        guess=chosen.weight == 1 and guessed,
        wide=chosen.wide,
    )


def _patterns(root: str, master: str, copy: str, services: Sequence[str]) -> Iterator[str]:
    """Yield each service, or in place of two or more a glob where it means these and no other folder."""
    together: dict[str, set[str]] = {}
    for service in services:
        together.setdefault(above(service), set()).add(service)
    several = (parent for parent, children in together.items() if parent and len(children) > 1)
    globs = {parent: f"{_escape(parent)}/*" for parent in several}
    meant = {
        parent: glob
        for parent, glob in globs.items()
        if together[parent] == {*match_services(root, glob, (master,), (copy,))}
    }
    for service in services:
        yield meant.get(above(service), _escape(service))


def _escape(path: str) -> str:
    """Spell a folder whose name looks like a glob as the glob that means just this folder."""
    return _GLOB.sub(r"[\g<0>]", path)


def format_configuration(proposal: Proposal) -> str:
    """Return what is to be written: a table of pyproject.toml, or the whole of common-sync.toml."""
    import tomlkit  # 60 ms, and nothing else needs it

    services = tomlkit.array()
    services.extend(proposal.patterns)
    services.multiline(len(services.as_string()) > _WIDEST)
    table = tomlkit.table()
    table.add(tomlkit.comment(_COMMENT))
    table.add("master", proposal.master)
    table.add("services", services)
    if proposal.copy != last(proposal.master):
        table.add("copy", proposal.copy)
    if not proposal.file.endswith(PYPROJECT):
        return table.as_string().rstrip("\n") + "\n"
    tool = tomlkit.table(is_super_table=True)
    tool.add("common-sync", table)
    return tomlkit.document().add("tool", tool).as_string().rstrip("\n") + "\n"


def write_configuration(proposal: Proposal) -> str:
    """Write a configuration; what pyproject.toml holds already keeps every byte.

    Returns:
        The absolute path of the file that was written.

    Raises:
        ConfigurationError: The folder has been configured in the meantime, or pyproject.toml cannot take a table.
        TreeError: The file cannot be written.
    """
    if configured := find_configuration(proposal.root):
        raise ConfigurationError(configured)
    write_table(proposal.file, format_configuration(proposal))
    return proposal.file
