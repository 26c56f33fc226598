"""`common-sync init`: find the master and its services in a repository that was never seen, and write them down."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import combinations

from common_sync.commands.steps.proposing import Proposal, format_configuration, make_proposal
from common_sync.core.configuration import OWN_FILE
from common_sync.core.errors import ConfigurationError, Problem, shell_word
from common_sync.core.paths import overlap
from common_sync.core.settings import why_no_folder
from common_sync.edges.detection.repository import Candidate, FoundService, Likely, Repository
from common_sync.edges.detection.several import find_likeliest, stand_together
from common_sync.edges.detection.tree import read_tree
from common_sync.edges.git.repository import find_top
from common_sync.edges.project.write import find_configuration, write_table

Choose = Callable[[Sequence[Candidate]], Sequence[Candidate]]
"""Asks which of several candidates are libraries."""

_MOST_NAMED = 5
_MOST_LISTED = 8
"""Folders that may be the master, of which each is an error by itself."""
_REMEDY = "common-sync init --master PATH"


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
    return find_likeliest(_name_only_writable(Repository(read_tree(os.path.realpath(root))).candidates()))


def propose(root: str, masters: Sequence[str] = (), choose: Choose | None = None) -> Proposal:
    """Return the configuration for a repository; nothing is written.

    Args:
        root: The folder that the configuration is for.
        masters: The libraries' folders, relative to the root or to the current folder; found where there are none.
        choose: Asked when several folders may be libraries; with None it is an error where they cannot all be.

    Raises:
        ConfigurationError: The folder is configured already, or there is no master, or no service, or of several masters
            it is not certain that all are libraries.
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
    if masters:
        chosen: Sequence[Candidate] = _examine(repository, root, [_locate_master(root, one) for one in masters])
    else:
        candidates = _name_only_writable(repository.candidates())
        chosen = _choose(root, find_likeliest(candidates), choose, repository)
        _refuse_nested(root, [one.master for one in chosen])
        known = {one.master for one in chosen}
        others = [one for one in candidates if one.weight and one.master not in known]
        chosen = _combine(repository, chosen)
    return make_proposal(root, chosen, others, guessed=not masters)


def _refuse_nested(root: str, masters: Sequence[str]) -> None:
    """Refuse libraries of which one lies in another: no configuration takes them."""
    for one, other in combinations(masters, 2):
        if overlap(one, other):
            message = f'master "{other}" is given twice' if one == other else f'"{one}" and "{other}" overlap'
            raise ConfigurationError(
                Problem(message, root, remedy="no library can lie in another one: name one of them")
            )


def _combine(repository: Repository, chosen: Sequence[Candidate]) -> Sequence[Candidate]:
    """Return several libraries with who gets them; one is left as it is."""
    if len(chosen) == 1:
        return chosen
    combined = repository.combine(chosen)
    return [one._replace(services=_writable(one.services)) for one in combined]


def _name_only_writable(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Leave out what no configuration can name: a folder that is not UTF-8, or holds a control character."""
    able = [one._replace(services=_writable(one.services)) for one in candidates if _is_writable(one.master)]
    return [one for one in able if one.services]


def _writable(services: Iterable[FoundService]) -> tuple[FoundService, ...]:
    return tuple(service for service in services if _is_writable(service.path))


def _is_writable(path: str) -> bool:
    return why_no_folder(path) is None and path.isprintable()


def _choose(
    root: str, candidates: Sequence[Candidate], choose: Choose | None, repository: Repository
) -> Sequence[Candidate]:
    if not candidates:
        message = (
            f"no master found: looked in {root} for a folder of Python modules that other folders' requirements,"
            " pyproject.toml, Dockerfiles, compose files, scripts or imports lead to, or of which they hold copies"
        )
        likely = [one for one in repository.likely() if _is_writable(one.master)]
        remedy = f"name it: {_REMEDY}" + ("; these are guesses, the likeliest first" if likely else "")
        raise ConfigurationError(Problem(message, remedy=remedy), *_list_likely(root, likely))
    if len(candidates) == 1:
        return candidates
    if choose is not None:
        return choose(candidates)
    if not stand_together(candidates):
        raise ConfigurationError(*_list_candidates(root, candidates))
    return candidates


def _list_likely(root: str, likely: Iterable[Likely]) -> Iterator[Problem]:
    for one in likely:
        message = f'"{one.master}" may be the master (a guess): {"; ".join(one.says)}'
        yield Problem(message, os.path.join(root, one.master), None, _command(one.master))


def _command(*masters: str) -> str:
    return f"common-sync init {' '.join(f'--master {shell_word(master)}' for master in masters)}"


def name_also(proposal: Proposal, other: Candidate) -> str:
    """Return the command that writes a configuration with one more library than was proposed.

    Args:
        proposal: The proposal.
        other: The other library.
    """
    return _command(*(one.master for one in proposal.libraries), other.master)


def _list_candidates(root: str, candidates: Sequence[Candidate]) -> Iterator[Problem]:
    """Yield a problem for each candidate: who uses it, the first line that speaks for it, and how to choose it.

    `--master` may be given several times, for several libraries.
    """
    for candidate in candidates[:_MOST_LISTED]:
        message = f'"{candidate.master}" may be the master, as {describe_users(candidate)}'
        reason = candidate.services[0].reasons[0]
        place = os.path.join(root, reason.file)
        yield Problem(message, place, reason.line, _command(candidate.master))
    if rest := [one.master for one in candidates[_MOST_LISTED:]]:
        yield Problem(f"{len(rest)} more may be, for which less speaks, such as {rest[0]}", root)


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


def _examine(repository: Repository, root: str, masters: Sequence[str]) -> Sequence[Candidate]:
    """Return the libraries that the user named, each with its services."""
    _refuse_nested(root, masters)
    examined = [repository.examine(master, alone=len(masters) == 1) for master in masters]
    examined = [one._replace(services=_writable(one.services)) for one in examined]
    combined = _combine(repository, examined)
    found = [
        one
        if one.services
        else one._replace(services=_writable(repository.importers(one.master) or repository.self_contained(one.master)))
        for one in combined
    ]
    problems = [_report_unused(root, one.master) for one in found if not one.services]
    if problems:
        raise ConfigurationError(*problems)
    return found


def _report_unused(root: str, master: str) -> Problem:
    message = (
        f"no service found: looked in {root} for folders whose requirements, pyproject.toml, Dockerfile or compose"
        f" files point at {master}, that hold a copy of it, or that have a Dockerfile of their own"
    )
    remedy = f'write {OWN_FILE} by hand: master = "{master}" and services = ["services/*"]'
    return Problem(message, remedy=remedy)


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
