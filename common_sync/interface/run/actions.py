"""What the commands that run often do from their arguments to their exit code: `distribute`, `verify`, `status`.

They import neither typer nor rich unless there is something to show that needs them.
"""

import sys
import time
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from common_sync.commands.steps.survey import Survey, survey
from common_sync.commands.verify import verify_copy
from common_sync.edges.project.load import load_project
from common_sync.interface.show.progress import show_progress
from common_sync.interface.show.terminal import ColorMode, Terminal, look_at, printable, write

OutputFormat = Literal["text", "json"]

IN_SYNC, DRIFT = 0, 1


class Options(NamedTuple):
    """What goes with every command.

    Attributes:
        root: The configuration's folder, or None to look for it upward.
        output_format: `text` for people, `json` for scripts.
        quiet: Say nothing but what is wrong.
        verbose: Name every file.
        color: When to colour.
    """

    root: str | None = None
    output_format: OutputFormat = "text"
    quiet: bool = False
    verbose: bool = False
    color: ColorMode = "auto"

    @property
    def terminal(self) -> Terminal:
        """What standard output can show."""
        return look_at(sys.stdout, self.color)


def run_distribute(
    services: Sequence[str],
    options: Options,
    *,
    dry_run: bool = False,
    diff: bool = False,
    force: bool = False,
    contexts: bool = False,
) -> int:
    """Run `distribute`; return the exit code.

    Args:
        services: The services that the user named.
        options: What goes with every command.
        dry_run: Write nothing.
        diff: Write nothing, and show the differences.
        force: Discard edits in copies.
        contexts: Build images from their service's own folder.
    """
    from common_sync.commands.distribute import distribute  # `verify` does without it

    started = time.perf_counter()
    project = load_project(options.root)
    with show_progress() as phases:
        done = distribute(
            project, services, dry_run=dry_run or diff, force=force, contexts=contexts, say=_say, phases=phases
        )
    if options.output_format == "json":
        from common_sync.interface.show.document import distribution_document  # only for JSON

        _print_json(distribution_document(done, diff=diff))
        return IN_SYNC if done.in_sync else DRIFT
    from common_sync.interface.show.text import distribution_lines, quiet_lines  # only for text

    if diff:
        _print_diff(done.survey, options)
    if options.quiet:
        _print(quiet_lines(done, options.terminal, verbose=options.verbose))
    else:
        seconds = time.perf_counter() - started
        _print(distribution_lines(done, seconds, options.terminal, verbose=options.verbose))
    return IN_SYNC if done.in_sync else DRIFT


def run_verify(services: Sequence[str], options: Options) -> int:
    """Run `verify`; return the exit code.

    Args:
        services: The services that the user named.
        options: What goes with every command.
    """
    started = time.perf_counter()
    with show_progress() as phases:
        found = survey(load_project(options.root), services, phases=phases)
    if options.output_format == "json":
        from common_sync.interface.show.document import survey_document  # only for JSON

        _print_json(survey_document("verify", found))
    else:
        from common_sync.interface.show.text import finding_lines, verification_lines  # only for text

        terminal = options.terminal
        if options.quiet:
            errors = [finding for finding in found.findings() if finding.severity == "error"]
            _print(finding_lines(errors, terminal, everything=options.verbose))
        else:
            seconds = time.perf_counter() - started
            _print(verification_lines(found, seconds, terminal, verbose=options.verbose))
    return IN_SYNC if found.in_sync else DRIFT


def run_verify_copy(path: str, expected_digest: str | None, options: Options) -> int:
    """Run `verify --copy`; return the exit code.

    Args:
        path: The copy's folder.
        expected_digest: The digest that it must have, or None.
        options: What goes with every command.
    """
    check = verify_copy(path, expected_digest)
    if options.output_format == "json":
        from common_sync.interface.show.document import copy_document  # only for JSON

        _print_json(copy_document(check))
    else:
        from common_sync.interface.show.text import copy_check_lines, finding_lines  # only for text

        terminal = options.terminal
        if options.quiet:
            _print(finding_lines(check.findings, terminal, everything=options.verbose))
        else:
            _print(copy_check_lines(check, terminal, verbose=options.verbose))
    return DRIFT if check.findings else IN_SYNC


def run_status(options: Options) -> int:
    """Run `status`; return the exit code.

    Args:
        options: What goes with every command.
    """
    with show_progress() as phases:
        found = survey(load_project(options.root), phases=phases)
    if options.output_format == "json":
        from common_sync.interface.show.document import survey_document  # only for JSON

        _print_json(survey_document("status", found))
    else:
        from common_sync.interface.show.tables import status_text  # brings rich

        write(status_text(found, options.terminal))
    return IN_SYNC if found.in_sync else DRIFT


def run_diff(services: Sequence[str], options: Options) -> int:
    """Run `diff`; return the exit code: 1 where there is a difference, as of `diff` itself.

    Args:
        services: The services that the user named.
        options: What goes with every command.
    """
    found = survey(load_project(options.root), services)
    if options.output_format == "json":
        from common_sync.interface.show.document import diff_document  # only for JSON

        _print_json(diff_document(found))
    else:
        _print_diff(found, options)
    return IN_SYNC if found.in_sync else DRIFT


def run_explain(paths: Sequence[str], options: Options) -> int:
    """Run `explain`; return the exit code.

    Args:
        paths: What is asked about.
        options: What goes with every command.
    """
    from common_sync.commands.explain import explain  # asked by a person

    explanations = explain(load_project(options.root), paths)
    if options.output_format == "json":
        from common_sync.interface.show.document import explanation_document  # only for JSON

        _print_json(explanation_document(explanations))
    else:
        terminal = options.terminal
        for one in explanations:
            write(f"{terminal.paint(printable(one.path), 'bold')}: {one.verdict}: {printable(one.reason)}")
    return IN_SYNC


_DIFF_COLORS = {"file": "bold", "place": "cyan", "-": "red", "+": "green"}


def _print_diff(found: Survey, options: Options) -> None:
    from common_sync.commands.diff import diff_lines  # only where there is a difference to show

    terminal, seen = options.terminal, sys.stdout.isatty()
    for kind, line in diff_lines(found):
        # A name is never written raw, and nothing is on a terminal; in a pipe the contents are as they are.
        text = "\t".join(map(printable, line.split("\t"))) if seen or kind == "file" else line
        write(terminal.paint(text, _DIFF_COLORS[kind]) if kind in _DIFF_COLORS else text)


def _print(lines: Iterable[str]) -> None:
    text = "\n".join(lines).strip("\n")
    if text:
        write(text)


def _print_json(document: dict[str, object]) -> None:
    from common_sync.interface.show.document import render  # only for JSON

    write(render(document))


def _say(text: str) -> None:
    write(text, sys.stderr)
