"""`affected`: options in, exit code out."""

import sys
from functools import partial
from typing import Annotated

from common_sync.core.errors import ConfigurationError, Problem
from common_sync.interface.show.options import Option, Options
from common_sync.interface.show.presenter import View, find_outputs, present
from common_sync.interface.show.terminal import look_at, say

_ALL_ON = "A gitignore pattern: a change of what it matches concerns every service. May be repeated."


def run_affected(
    options: Options,
    *,
    since: Annotated[
        str | None,
        Option("--since", "Compare with the commit at which this branch left REV, such as origin/main.", "REV"),
    ] = None,
    until: Annotated[str | None, Option("--until", "Compare this commit, and not the work tree.", "REV")] = None,
    all_on: Annotated[list[str] | None, Option("--all-on", _ALL_ON, "PATTERN")] = None,
    or_all: Annotated[bool, Option("--or-all", "List all services where history is missing.")] = False,
    template: Annotated[str | None, Option("--template", "For gitlab: the file that has the job.", "FILE")] = None,
    job: Annotated[
        str | None, Option("--job", "For gitlab: the job that the job of each service extends.", "NAME")
    ] = None,
) -> int:
    """List the services that a build would see differently since a commit, and why. Exit 2 where history cannot tell.

    The format github prints lines for $GITHUB_OUTPUT, gitlab a child pipeline; --quiet prints the services' paths alone.
    """
    from common_sync.commands.affected import find_affected  # no other command needs it
    from common_sync.interface.show.affected import affected_lines, doubt_lines, github_lines, gitlab_lines
    from common_sync.interface.show.history_fields import affected_fields

    _check_template(options, template, job)
    affected = find_affected(options.root, since, until, all_on or (), or_all=or_all)
    for line in doubt_lines(affected, look_at(sys.stderr, options.color)):
        say(line)
    own = {
        "github": partial(github_lines, affected),
        "gitlab": partial(gitlab_lines, affected, template or "", job or ""),
    }
    text, fields = partial(affected_lines, affected), partial(affected_fields, affected)
    return present(View("affected", True, lambda: affected.unclear, text, fields, affected.root, own=own), options)


def _check_template(options: Options, template: str | None, job: str | None) -> None:
    """Refuse `gitlab` without a job to extend, and a job for anything else."""
    needed = any(output.format == "gitlab" for output in find_outputs(options))
    if needed and not (template and job):
        message = "--output-format gitlab needs the job that each service's job extends"
        raise ConfigurationError(Problem(message, remedy="--template ci/service.yml --job .build"))
    if not needed and (template or job):
        raise ConfigurationError(Problem("--template and --job are for --output-format gitlab"))
