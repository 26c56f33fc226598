"""What `context` shows, and where its stream goes."""

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from common_sync.commands.context import Context, make_context
from common_sync.core.errors import ConfigurationError, Problem
from common_sync.edges.files.replacing import replacing
from common_sync.edges.files.tar import write_tar
from common_sync.edges.project.load import load_project
from common_sync.interface.run.actions import DRIFT, IN_SYNC, Options
from common_sync.interface.show.terminal import look_at, printable, write
from common_sync.interface.show.text import count, finding_lines, name_library


def run_context(service: str, options: Options, *, dockerfile: str | None, output: str | None, force: bool) -> int:
    """Run `context`; return the exit code.

    Args:
        service: The service that the user named.
        options: What goes with every command.
        dockerfile: The Dockerfile that the context is for, inside the service.
        output: The file to write, or None for standard output.
        force: Leave out what was edited in the copy.
    """
    if output is None and sys.stdout.isatty():
        remedy = "pipe it: common-sync context … | docker build -, or name a file: --output FILE"
        raise ConfigurationError(Problem("a tar stream is nothing to show on a terminal", remedy=remedy))
    context = make_context(load_project(options.root), service, dockerfile)
    refused = bool(context.lost) and not force
    for line in _lines(context, options, refused=refused):
        write(line, sys.stderr)
    if refused:
        return DRIFT
    with _opened(output) as stream:
        write_tar(stream, context.listing.members, context.listing.folders)
    return IN_SYNC if context.in_sync else DRIFT


@contextmanager
def _opened(output: str | None) -> Iterator[IO[bytes]]:
    """Open where the stream goes to; a file is written whole or not at all."""
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    elif os.path.lexists(output) and not stat.S_ISREG(os.lstat(output).st_mode):
        with open(output, "wb") as stream:  # a device or a FIFO
            yield stream
    else:
        with replacing(output) as stream:
            yield stream


def _lines(context: Context, options: Options, *, refused: bool) -> Iterator[str]:
    terminal = look_at(sys.stderr, options.color)
    findings = [*context.lost, *context.plan.problems]
    yield from finding_lines(findings, terminal, everything=options.verbose)
    if refused:
        yield "nothing was written: the context would not hold these edits; --force takes the master's files instead"
    elif not options.quiet:
        what = f"{count(len(context.listing.members), 'file')}, with {name_library(context.master.manifest.library)}"
        yield f"{printable(context.plan.service)}: {printable(what)} {context.master.manifest.tree}"
