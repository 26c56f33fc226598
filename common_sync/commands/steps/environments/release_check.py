"""What is done in a release that nothing leads to yet: a look at its imports, its check, and what comes before the switch."""

import os
from collections.abc import Sequence

from common_sync.commands.steps.environments.import_checks import check_imports
from common_sync.commands.steps.environments.releases import Site, find_words
from common_sync.core.environments.releases import Release
from common_sync.core.environments.units import Service, list_rights
from common_sync.core.errors import Problem, TreeError
from common_sync.edges.environments.folder import path_of
from common_sync.edges.environments.health import Failure, run_command
from common_sync.edges.environments.installer import excerpt
from common_sync.edges.environments.releases import APP, release_path, remove_releases
from common_sync.edges.environments.transient import run_as_unit
from common_sync.edges.project.load import Project

_SHOWN = 20
"""How many lines are shown of what a command has printed."""

_CHECK = "its check failed: {}; nothing was switched"
_BEFORE = "its `before` failed: {}; nothing was switched, and what it has done until then stays"


def prepare_release(
    project: Project, site: Site, release: Release, service: Service, file: str, *, only_check: bool = False
) -> None:
    """Look at the imports of a new release, then run the `check` of its service, and its `before`; remove one that fails.

    Args:
        project: The project that the release is of.
        site: Where the service's releases are.
        release: The new one.
        service: What its unit is about.
        file: The configuration's path.
        only_check: Whether it is not switched to yet: then `before`, which may change what the current one works with, waits.

    Raises:
        TreeError: One of them failed.
    """
    settings, passed = site.settings, False
    try:
        _check_imports(project, site, release)
        before = () if only_check else settings.before
        for words, sentence in ((settings.check, _CHECK), (before, _BEFORE)):
            failure = _run(site, release, service, words) if words else None
            if failure is not None:
                message = f"{site.service}: {sentence.format(failure.reason)}"
                raise TreeError(Problem(message, file, settings.service.line, excerpt=excerpt(failure.said)[-_SHOWN:]))
        passed = True
    finally:
        if not passed:
            remove_releases(site.place, [release.number])


def _check_imports(project: Project, site: Site, release: Release) -> None:
    python = os.path.join(path_of(site.place, release.made.environment), "bin/python")
    app = os.path.join(release_path(site.place, release.number), APP)
    found = check_imports(project, site.service, app, python) if release.made.environment else ()
    if found:
        nothing = "; nothing was switched"
        raise TreeError(
            *(Problem(f"{one.message} ({one.code}){nothing}", one.file, one.line, one.remedy) for one in found)
        )


def _run(site: Site, release: Release, service: Service, words: Sequence[str]) -> Failure | None:
    """Run a command with the user, the variables and the limits of the service; without systemd, as its user alone."""
    folder, patience = os.path.join(release_path(site.place, release.number), APP), site.settings.start_timeout
    found = find_words(site, release.made.environment, words)
    if not site.manager.is_running or not (site.manager.is_of_user or os.geteuid() == 0):
        return run_command(found, folder, site.identity, patience)
    rights = (*list_rights(service._replace(releases=site.place)), f"WorkingDirectory={folder}")
    return run_as_unit(site.manager, f"{site.unit}@before", found, rights, patience)
