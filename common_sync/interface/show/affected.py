"""The text of `affected`, and what it tells GitHub and GitLab."""

import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence

from common_sync.commands.affected import Affected, AffectedService
from common_sync.core.affected import Reason, ReasonKind
from common_sync.core.errors import ConfigurationError, Problem
from common_sync.core.model import SHOWN_ID
from common_sync.core.paths import below
from common_sync.interface.show.formats import find_folder
from common_sync.interface.show.options import Options
from common_sync.interface.show.terminal import Terminal, columns, pad, printable
from common_sync.interface.show.text import count, finding_lines, help_lines, more_lines

_WHY: dict[ReasonKind, str] = {
    "service": "its own",
    "copy": "its copy",
    "library": "the library",
    "outside": "outside its folder",
    "configuration": "the configuration",
    "all-on": "concerns all",
    "unknown": "history is missing",
}
_MOST_FILES = 2
_MOST_UNMATCHED = 10

MOST_OF_GITHUB, MOST_OF_GITLAB = 256, 200
"""Jobs of one matrix: https://docs.github.com/actions/reference/limits, https://docs.gitlab.com/ci/yaml/#parallelmatrix."""


def affected_lines(affected: Affected, options: Options) -> Iterator[str]:
    """Yield a line a service with why, what concerns none, and a summary.

    Args:
        affected: What was found.
        options: The options of every command; with `quiet`, only the services' paths are shown.
    """
    if options.quiet:
        yield from (printable(one.service) for one in affected.services)
        return
    width = max((columns(printable(one.service)) for one in affected.services), default=0)
    shared, terminal = _find_shared(affected.services), options.terminal
    for one in affected.services:
        yield from _service_lines(one, width, shared, terminal, everything=options.verbose)
    for reason in shared:
        yield from terminal.wrap(_describe(reason, everything=options.verbose), 4)
    if affected.gone:
        yield from terminal.wrap(f"gone: {', '.join(map(printable, affected.gone))}", 4)
    if affected.unmatched:
        most = len(affected.unmatched) if options.verbose else _MOST_UNMATCHED
        told = f"concerns no service: {', '.join(map(printable, affected.unmatched[:most]))}"
        yield from terminal.wrap(told, 4)
        yield from more_lines(len(affected.unmatched) - most if most < len(affected.unmatched) else 0, "file", terminal)
    if affected.span is not None:
        until = affected.span.until[:SHOWN_ID] if affected.span.until is not None else "the work tree"
        yield f"{count(len(affected.services), 'service')} affected, {affected.span.base[:SHOWN_ID]} to {until}"


def _find_shared(services: Sequence[AffectedService]) -> list[Reason]:
    """Return what has changed in libraries, where it concerns several services: its files are named once."""
    found = Counter(reason for one in services for reason in one.reasons if reason.kind == "library" and reason.files)
    return [reason for reason, number in found.items() if number > 1]


def _service_lines(
    service: AffectedService, width: int, shared: Sequence[Reason], terminal: Terminal, *, everything: bool
) -> Iterator[str]:
    """Yield a service and why: in one line where that fits, else each reason in a line of its own."""
    head, why = f"{pad(printable(service.service), width)}  ", []
    libraries = {reason.library for reason in service.reasons if reason.kind == "library"}
    for reason in service.reasons:
        is_told = reason in shared or (reason.kind == "copy" and reason.library in libraries and not everything)
        files = () if is_told else tuple(below(file, service.service) or file for file in reason.files)
        why.append(_describe(reason._replace(files=files), everything=everything))
    parts = ["; ".join(why)] if columns(head + "; ".join(why)) <= terminal.width else why
    for part in parts:
        yield from terminal.wrap(part, width + 4, head)
        head = " " * min(columns(head), terminal.width // 3)


def _describe(reason: Reason, *, everything: bool) -> str:
    what = _WHY[reason.kind] if reason.library is None else f"{_WHY[reason.kind]} {printable(reason.library)}"
    if reason.keys:
        return f"{what} ({', '.join(reason.keys)})"
    files, most = reason.files, len(reason.files) if everything else _MOST_FILES
    named = ", ".join(map(printable, files[:most]))
    more = f" and {len(files) - most} more" if len(files) > most else ""
    return f"{what}: {named}{more}" if files else what


def doubt_lines(affected: Affected, terminal: Terminal) -> Iterator[str]:
    """Yield what could not be told: they go to standard error, whatever the format.

    Args:
        affected: What was found.
        terminal: What standard error can show.
    """
    yield from finding_lines(affected.unclear, terminal, everything=True)
    if affected.unclear:
        yield "where a file cannot be read, nobody can tell what else of the repository its service reads"
    for problem in affected.unknown:
        yield from terminal.wrap(
            f"{terminal.mark('!')} {printable(problem.message)}: all services are listed (--or-all)", 2
        )
        yield from help_lines(problem.remedy or "", terminal)


def list_from_top(affected: Affected) -> list[AffectedService]:
    """Return the services with paths from the top of the repository: there the jobs of CI begin."""
    folder = find_folder(affected.root)
    return [one._replace(service=os.path.normpath(os.path.join(folder, one.service))) for one in affected.services]


def github_lines(affected: Affected) -> Iterator[str]:
    """Yield three outputs of a step: `matrix`, for a job's strategy, `services`, their paths, and `any`, whether there is one.

    Raises:
        ConfigurationError: GitHub runs no matrix of so many jobs.
    """
    services = list_from_top(affected)
    if len(services) > MOST_OF_GITHUB:
        message = f"{len(services)} services are affected, and a matrix of GitHub has at most {MOST_OF_GITHUB} jobs"
        raise ConfigurationError(Problem(message, remedy="split what --output-format json says over several jobs"))
    rows = [{"service": one.service, "name": one.name} for one in services]
    yield f"matrix={json.dumps({'include': rows}, separators=(',', ':'))}"
    paths = [one.service for one in services]
    yield f"services={json.dumps(paths, separators=(',', ':'))}"
    yield f"any={'true' if rows else 'false'}"


def gitlab_lines(affected: Affected, template: str, job: str) -> Iterator[str]:
    """Yield a child pipeline, as JSON, which is YAML: a job for each service, or one that does nothing.

    Args:
        affected: What was found.
        template: The path from the repository's top of the file that has the job to extend.
        job: That job's name.
    """
    services = list_from_top(affected)
    pipeline: dict[str, object] = {"workflow": {"rules": [{"when": "always"}]}}  # also for a merge request
    if services:
        pipeline["include"] = [{"local": f"/{template.lstrip('/')}"}]
    else:
        said = "No service is affected."
        pipeline["nothing-affected"] = {"variables": {"GIT_STRATEGY": "none"}, "script": [f"echo '{said}'"]}
    for start in range(0, len(services), MOST_OF_GITLAB):
        matrix = [{"SERVICE": one.service, "NAME": one.name} for one in services[start : start + MOST_OF_GITLAB]]
        pipeline[f"affected-{start // MOST_OF_GITLAB + 1}"] = {"extends": job, "parallel": {"matrix": matrix}}
    yield json.dumps(pipeline, indent=2)
