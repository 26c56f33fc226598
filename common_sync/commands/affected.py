"""`affected`: which services a build would see differently than at an earlier commit, and why."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import NamedTuple

from common_sync.commands.steps.builds.compose_changes import ComposeChanges
from common_sync.commands.steps.builds.outside import find_outside
from common_sync.core.affected import (
    Changes,
    Reason,
    Taken,
    find_changed_libraries,
    find_changed_pins,
    find_changed_settings,
    find_gone,
    find_reasons,
    list_changed_keys,
    list_libraries,
    list_new_patterns,
    list_values,
    name_services,
    take,
)
from common_sync.core.configuration import Configuration
from common_sync.core.copies.library import LOCK_FILE, TargetKey
from common_sync.core.errors import ConfigurationError, GitError, Problem
from common_sync.core.model import Finding
from common_sync.core.paths import ancestors, below, is_below
from common_sync.edges.git.changes import (
    Range,
    explaining_missing,
    find_range,
    list_changes,
    read_before,
    suggest_since,
)
from common_sync.edges.git.checkout import checking_out, variables_set
from common_sync.edges.git.history import WITHOUT_NETWORK
from common_sync.edges.gitignore.patterns import compile_pattern
from common_sync.edges.project.earlier import read_configuration
from common_sync.edges.project.load import CONFIGURATION_FILES, Project, find_configured, load_project
from common_sync.edges.project.services import match_services
from common_sync.edges.service.compose import ComposeFiles


class AffectedService(NamedTuple):
    """A service that a build would see differently."""

    service: str  # its path from the root
    name: str  # a name that no other service has
    reasons: tuple[Reason, ...]  # why, at least one


class Affected(NamedTuple):
    """What `affected` came to."""

    root: str  # the absolute path of the configuration's folder
    span: Range | None  # what was compared; None where nothing could be, and all services are listed
    services: tuple[AffectedService, ...]  # the services, sorted
    unmatched: tuple[str, ...]  # what has changed and concerns no service, as paths from the root, sorted
    unclear: tuple[Finding, ...] = ()  # where a service's files do not tell what they read
    gone: tuple[str, ...] = ()  # the folders that were services with a copy and are none any more, sorted
    unknown: tuple[Problem, ...] = ()  # why nothing could be compared


def find_affected(
    root: str | None, since: str | None, until: str | None = None, all_on: Sequence[str] = (), *, or_all: bool = False
) -> Affected:
    """Compare the work tree, or a commit, with the last commit that led to it and to another one.

    Args:
        root: The configuration's folder; found upward when None.
        since: The other commit; None or nothing is refused, with the commit that is usual.
        until: The commit; None for the work tree, with what git neither knows nor ignores.
        all_on: Gitignore patterns of what concerns every service.
        or_all: List all services where nothing can be compared.

    Raises:
        ConfigurationError: There is no configuration, or something in it, or a pattern, is wrong; or no commit is named.
        GitError: Nothing can be compared.
        TreeError: A sparse checkout keeps files out of the work tree.
    """
    place, matches = find_configured(root), _compile(all_on)
    if not since:  # a variable of a CI service may be empty
        message = "nothing says which commit to compare with"
        raise ConfigurationError(Problem(message, remedy=f"common-sync affected --since {suggest_since(place)}"))
    try:
        span = find_range(place, since, until)
        with (
            explaining_missing(place, span),
            variables_set(**WITHOUT_NETWORK),
            _standing_at(place, span.until) as there,
        ):
            return _compare(there, span, matches)._replace(root=place)
    except GitError as error:
        if not or_all:
            raise
        return _list_all(load_project(root).with_members, error.problems)


def _compile(patterns: Iterable[str]) -> Callable[[str], bool]:
    """Return what tells whether a path, or a folder above it, is one of those that some patterns mean."""
    rules = []
    for pattern in patterns:
        try:
            rules.append(compile_pattern(pattern, "configuration", "", 0))
        except ValueError as error:
            raise ConfigurationError(Problem(f"--all-on {pattern!r} is no gitignore pattern: {error}")) from None
    known = [rule for rule in rules if rule is not None]

    def match(path: str) -> bool:
        folders = any(rule.matches(folder, True) for rule in known for folder in ancestors(path))
        return folders or any(rule.matches(path, False) for rule in known)

    return match


def _list_all(project: Project, problems: tuple[Problem, ...]) -> Affected:
    names, reason = _name(project), Reason("unknown")
    return Affected(
        project.root,
        None,
        tuple(AffectedService(service, names[service], (reason,)) for service in project.services),
        (),
        unknown=problems,
    )


def _name(project: Project) -> dict[str, str]:
    given = {service: settings.name for service, settings in project.settings.items()}
    return name_services(
        {service: name.value if (name := given.get(service)) is not None else None for service in project.services}
    )


@contextmanager
def _standing_at(root: str, commit: str | None) -> Iterator[Project]:
    """Yield the project as it is, or as a commit has it."""
    if commit is None:
        yield load_project(root).with_members
        return
    with checking_out(root, commit) as (there, take):
        take(["."])
        yield load_project(there).with_members


def _compare(project: Project, span: Range, concerns_all: Callable[[str], bool]) -> Affected:
    root = project.root
    changed = sorted(below(path, root) or os.path.relpath(path, root) for path in list_changes(root, span))
    composes = ComposeFiles(root)
    outsides = {service: find_outside(project, service, composes) for service in project.services}
    above = ComposeChanges(project, span.base, changed, composes, outsides)
    keys = _list_changed_settings(project, span.base, changed)
    shared = tuple(path for path in changed if concerns_all(path))
    everywhere = (Reason("all-on", shared),) if shared else ()
    names, services, places = _name(project), [], Changes(changed)
    for service in project.services:
        reads = {os.path.relpath(path, root) for path in outsides[service].paths} | above.list_for(service)
        settings = _explain_settings(keys.get(service, ()), changed)
        reasons = (*find_reasons(service, places, project.libraries_of(service), reads), *settings, *everywhere)
        services += [AffectedService(service, names[service], reasons)] if reasons else []
    lost = [path for path in changed if not os.path.lexists(os.path.join(root, path))]
    gone = tuple(sorted(find_gone(lost, project.services, project.copies)))
    matched = {path for one in services for reason in one.reasons for path in reason.files}
    unclear = dict.fromkeys(finding for one in outsides.values() for finding in one.unclear)
    rest = (path for path in changed if path not in matched and not any(is_below(path, one) for one in gone))
    return Affected(root, span, tuple(services), tuple(rest), tuple(unclear), gone)


def _list_changed_settings(project: Project, base: str, changed: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the settings that concern each service and have changed."""
    relocked: dict[str, tuple[str, ...]] = {}
    if LOCK_FILE in changed:
        relocked = dict.fromkeys(_list_relocked(project, base), ("pins",))
    if not any(path in CONFIGURATION_FILES for path in changed):
        return relocked
    before, after = read_configuration(project.root, base), project.configuration
    if before is not None and (before.library or after.library):
        found = _list_changed_libraries(project, before)
    else:
        keys = list_changed_keys(before, after)
        found = dict.fromkeys(project.services, keys) if keys else {}
    known = [one.value for one in before.services] if before is not None else []
    for service in _expand(project, list_new_patterns(before, after)) - _expand(project, known):
        found[service] = (*found.get(service, ()), "services")
    for service in find_changed_settings(before, project.settings, project.services):
        found[service] = (*found.get(service, ()), "service")
    for service in {*relocked, *_list_repinned(project, before)}:
        found[service] = (*found.get(service, ()), "pins")
    return found


def _list_changed_libraries(project: Project, before: Configuration) -> dict[str, tuple[str, ...]]:
    """Return the settings of several libraries that have changed for each service, where some have."""
    stated = [(one, _expand(project, list_values(one.services))) for one in list_libraries(before)]
    found = {}
    for service in project.services:
        was = {one.name.value: take(one) for one, services in stated if service in services}
        now = {one.name: Taken(one.master, one.copy, one.exclude) for one in project.libraries_of(service)}
        if keys := find_changed_libraries(was, now):
            found[service] = keys
    return found


def _list_repinned(project: Project, before: Configuration | None) -> Iterator[str]:
    """Yield the services that are pinned to something else in a library."""
    stated = list_libraries(before) if before is not None else ()
    one_each = len(stated) == len(project.libraries) == 1  # it may have got another name
    for library in project.libraries:
        pins = next((one.pins for one in stated if one_each or one.name.value == library.name), ())
        takers = (service for service in project.services if library.takes(service))
        yield from find_changed_pins(pins, library.pins, takers)


def _list_relocked(project: Project, base: str) -> Iterator[str]:
    """Yield the pinned services for which the lock says something else than a commit's; all where that cannot be read."""
    from common_sync.core.copies.lockfile import parse_lock  # most projects pin nothing
    from common_sync.edges.project.lockfile import read_lock

    _, now = read_lock(project.root)
    was = None
    with suppress(ConfigurationError):
        was = parse_lock(read_before(os.path.join(project.root, LOCK_FILE), base) or b"schema = 1", LOCK_FILE)
    for library in project.libraries:
        takers = [service for service in project.services if library.takes(service)]
        refs = {service: ref for service in takers if (ref := library.ref_for(service)) is not None}
        keys = {service: TargetKey(library.name, ref) for service, ref in refs.items()}
        yield from (one for one, key in keys.items() if was is None or was.get(key) != now.get(key))


def _expand(project: Project, patterns: Iterable[str]) -> set[str]:
    """Return the services that paths and globs mean on this disk."""
    found: set[str] = set()
    for pattern in patterns:
        masters, copies = [library.master for library in project.libraries], project.copies
        found.update(
            [pattern] if pattern in project.services else match_services(project.root, pattern, masters, copies)
        )
    return found


def _explain_settings(keys: tuple[str, ...], changed: Iterable[str]) -> tuple[Reason, ...]:
    if not keys:
        return ()  # before all that has changed is looked through, for each service
    lock = (LOCK_FILE,) if "pins" in keys else ()
    files = tuple(path for path in changed if path in CONFIGURATION_FILES or path in lock)
    return (Reason("configuration", files, keys=keys),)
