"""A service's own check of a release that nothing leads to yet."""

import os

from common_sync.commands.steps.releases import Site, find_words
from common_sync.core.environments.releases import Release
from common_sync.core.errors import Problem, TreeError
from common_sync.edges.environments.health import run_command
from common_sync.edges.environments.installer import excerpt
from common_sync.edges.environments.releases import APP, release_path, remove_releases

_SHOWN = 20
"""How many lines are shown of what a check has printed."""


def check_release(site: Site, release: Release, file: str) -> None:
    """Run the `check` of a service in a new release; remove a release that fails it.

    Args:
        site: Where the service's releases are.
        release: The new one.
        file: The configuration's path.

    Raises:
        TreeError: The check failed.
    """
    settings = site.settings
    if not settings.check:
        return
    folder = os.path.join(release_path(site.place, release.number), APP)
    words = find_words(site, release.made.environment, settings.check)
    passed = False
    try:
        failure = run_command(words, folder, site.identity, settings.start_timeout)
        passed = failure is None
    finally:
        if not passed:
            remove_releases(site.place, [release.number])
    if failure is not None:
        message = f"{site.service}: its check failed: {failure.reason}; nothing was switched"
        raise TreeError(Problem(message, file, settings.service.line, excerpt=excerpt(failure.said)[-_SHOWN:]))
