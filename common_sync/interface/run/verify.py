"""`verify`: options in, exit code out."""

import time
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Annotated

from common_sync.commands.steps.survey import Survey, survey
from common_sync.core.errors import ConfigurationError, Problem
from common_sync.edges.project.load import load_project
from common_sync.interface.show.fields import survey_fields, verify_copy_fields
from common_sync.interface.show.options import Option, Options, Services
from common_sync.interface.show.presenter import View, present
from common_sync.interface.show.progress import show_progress
from common_sync.interface.show.terminal import printable
from common_sync.interface.show.text import count, finding_lines, name_library

if TYPE_CHECKING:  # at run time only for one copy
    from common_sync.commands.verify import CopyCheck

_SHORT_DIGEST = 16
_MOST_SERVICES = 20
"""Services named on one line."""


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
) -> int:
    """Exit 0 if every copy and reference is in sync; 1 and the findings if not. Writes nothing."""
    if copy is not None:
        if services:
            raise ConfigurationError(Problem("takes no services: it checks one copy by itself", "--copy"))
        return _verify_copy(options, copy, expect_digest)
    if expect_digest is not None:
        raise ConfigurationError(Problem("goes with --copy", "--expect-digest"))
    started = time.perf_counter()
    with show_progress() as phases:
        surveyed = survey(load_project(options.root), services or (), phases=phases)
    text, fields = partial(_lines, surveyed, time.perf_counter() - started), partial(survey_fields, surveyed)
    return present(View("verify", surveyed.in_sync, surveyed.findings, text, fields), options)


def _verify_copy(options: Options, copy: str, expect_digest: str | None) -> int:
    from common_sync.commands.verify import verify_copy  # the other way to verify does without it

    check = verify_copy(copy, expect_digest)
    text, fields = partial(_copy_lines, check), partial(verify_copy_fields, check)
    return present(View("verify", not check.findings, lambda: check.findings, text, fields), options)


def _lines(surveyed: Survey, seconds: float, options: Options) -> Iterator[str]:
    """Yield the findings, then one line that says it all."""
    terminal, findings = options.terminal, surveyed.findings()
    if options.quiet:
        findings = [finding for finding in findings if finding.severity == "error"]
    yield from finding_lines(findings, terminal, everything=options.verbose)
    if options.quiet:
        return
    services, master = count(len(surveyed.plans), "service"), surveyed.first.library.master
    if surveyed.in_sync:
        manifest = surveyed.first.manifest
        source = printable(f"{master} ({name_library(manifest.library)}, {manifest.tree[:_SHORT_DIGEST]}")
        yield f"{terminal.mark('✓')} {services} in sync with {source}…), in {seconds:.2f} s"
        return
    failed = sum(not plan.is_empty for plan in surveyed.plans)
    what = f"{failed:,} of {services}" if failed else ", ".join(surveyed.root.blocks)
    yield f"{terminal.mark('✗')} {what} not in sync with {printable(master)}, in {seconds:.2f} s"
    yield from _axes_lines(surveyed)


def _axes_lines(surveyed: Survey) -> Iterator[str]:
    """Yield the two axes apart: copies that were edited, copies that are behind."""
    copies = [(plan.service, copy.plan) for plan in surveyed.plans for copy in plan.copies]
    edited = [name for name, copy in copies if copy.touched and copy.state not in ("missing", "unmanaged")]
    behind = [name for name, copy in copies if copy.behind]
    for title, several in (("edited since they were distributed", edited), ("behind the master", behind)):
        if names := list(dict.fromkeys(several)):
            more = " …" if len(names) > _MOST_SERVICES else ""
            yield f"  {title}: {', '.join(map(printable, names[:_MOST_SERVICES]))}{more}"


def _copy_lines(check: "CopyCheck", options: Options) -> Iterator[str]:
    yield from finding_lines(check.findings, options.terminal, everything=options.verbose)
    if options.quiet:
        return
    mark, path = options.terminal.mark("✗" if check.findings else "✓"), printable(check.path)
    name = printable(name_library(check.manifest.library))
    if check.findings:
        yield f"{mark} {path} is not what its manifest says ({name})"
    else:
        yield f"{mark} {path} is what its manifest says: {name}, {count(check.files, 'file')}"
    yield f"  {check.digest}"
