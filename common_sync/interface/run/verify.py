"""`verify`: options in, exit code out."""

import os
import time
from collections.abc import Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Annotated

from common_sync.commands.steps.survey import Survey, survey
from common_sync.core.errors import ConfigurationError, Problem
from common_sync.edges.library.targets import Target
from common_sync.edges.project.load import load_project
from common_sync.interface.show.fields import survey_fields, verify_copy_fields
from common_sync.interface.show.options import Option, Options, Services
from common_sync.interface.show.presenter import Overview, View, present
from common_sync.interface.show.progress import show_progress
from common_sync.interface.show.terminal import printable
from common_sync.interface.show.text import count, finding_lines, member_lines

if TYPE_CHECKING:  # at run time only for one copy
    from common_sync.commands.verify import CopyCheck


_UNRAISED = "CS421"


def run_verify(
    options: Options,
    services: Services = None,
    *,
    copy: Annotated[
        str | None, Option("--copy", "Check one copy against its own manifest: no configuration, no git.", "PATH")
    ] = None,
    expect_digest: Annotated[
        str | None, Option("--expect-digest", "With --copy: the tree digest it must have.", "DIGEST")
    ] = None,
    deep: Annotated[
        bool, Option("--deep", "Compare common-sync.lock with its commits, which this clone must have.")
    ] = False,
    since: Annotated[
        str | None, Option("--since", "A library that differs from this commit must have another version.", "REV")
    ] = None,
) -> int:
    """Check every copy and reference; write nothing. Exit 0 if all is in sync; else 1, with the findings."""
    if copy is not None:
        if services:
            raise ConfigurationError(Problem("takes no services: it checks one copy by itself", "--copy"))
        for option in (["--deep"] if deep else []) + (["--since"] if since is not None else []):
            raise ConfigurationError(Problem("needs the repository, and --copy looks at one copy by itself", option))
        return _verify_copy(options, copy, expect_digest)
    if expect_digest is not None:
        raise ConfigurationError(Problem("goes with --copy", "--expect-digest"))
    started, project = time.perf_counter(), load_project(options.root)
    with show_progress() as phases:
        surveyed = survey(project, services or (), phases=phases)
    if deep:
        from common_sync.commands.steps.versions.locking import find_forged  # asked for where nobody is trusted

        surveyed = surveyed.with_root_findings(find_forged(project))
    if since is not None:
        from common_sync.commands.steps.versions.raising import find_unraised  # most runs look at what is there now

        surveyed = surveyed.with_root_findings(find_unraised(project.root, surveyed.masters, since))
    text, fields = partial(_lines, surveyed, time.perf_counter() - started), partial(survey_fields, surveyed)
    overview = partial(_overview, surveyed)
    view = View("verify", surveyed.in_sync, surveyed.findings, text, fields, project.root, overview)
    return present(view, options)


def _verify_copy(options: Options, copy: str, expect_digest: str | None) -> int:
    from common_sync.commands.verify import verify_copy  # the other way to verify does without it

    check = verify_copy(copy, expect_digest)
    text, fields = partial(_copy_lines, check), partial(verify_copy_fields, check)
    view = View("verify", not check.findings, lambda: check.findings, text, fields, os.path.abspath(os.curdir))
    return present(view, options)


def _overview(surveyed: Survey) -> Overview:
    from common_sync.interface.show.overview import survey_overview  # most runs print text

    return survey_overview(surveyed)


def _lines(surveyed: Survey, seconds: float, options: Options) -> Iterator[str]:
    """Yield the findings, then one line that says it all."""
    if not options.quiet and (findings := surveyed.findings()):
        from common_sync.interface.show.sections import section_lines  # only where there is something to say

        yield from section_lines(findings, surveyed, options)
    if options.quiet and surveyed.in_sync:
        return
    yield from member_lines(surveyed.project.members, options)
    services, terminal = count(len(surveyed.plans), "service"), options.terminal
    source = printable(" and ".join(map(_name_target, surveyed.masters)))
    failed, wrong = sum(not plan.is_empty for plan in surveyed.plans), [*map(printable, _list_wrong(surveyed))]
    what = f"{failed:,} of {services}" if failed else ", ".join(wrong)
    pinned = sum(plan.is_pinned for plan in surveyed.plans)
    source += f", {pinned:,} pinned" if pinned else ""
    unraised = any(one.code == _UNRAISED for one in surveyed.root.findings)
    source += ", with a change under an old version" if unraised else ""
    mark, verdict = "✓" if surveyed.in_sync else "✗", f"{what} not" if failed or wrong else services
    yield from terminal.wrap(f"{terminal.mark(mark)} {verdict} in sync with {source}, {seconds:.2f} s", 2)


def _list_wrong(surveyed: Survey) -> Iterable[str]:
    """Return the files of no service that are not in sync."""
    errors = (one for one in surveyed.root.findings if one.severity == "error" and one.code != _UNRAISED)
    wrong = dict.fromkeys(one.file for one in errors)
    return [*wrong, *(surveyed.root.blocks if surveyed.root.edits else ())]


def _name_target(target: Target) -> str:
    return f"{target.library.master} ({target.manifest.library.shown})"


def _copy_lines(check: "CopyCheck", options: Options) -> Iterator[str]:
    if options.quiet and not check.findings:
        return
    terminal, path = options.terminal, printable(check.path)
    name = printable(check.manifest.library.shown)
    if not options.quiet:
        yield from finding_lines(check.findings, terminal, everything=options.verbose)
    if check.findings:
        yield from terminal.wrap(f"{terminal.mark('✗')} {path} is not what its manifest says ({name})", 2)
    else:
        files = count(check.files, "file")
        yield from terminal.wrap(f"{terminal.mark('✓')} {path} is what its manifest says: {name}, {files}", 2)
    if not options.quiet:
        yield f"  {check.digest}"
