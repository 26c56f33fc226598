"""`context`: options in, a stream and an exit code out."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Annotated

from common_sync.core.errors import ConfigurationError, Problem, shell_word
from common_sync.interface.show.options import Option, Options, Service
from common_sync.interface.show.presenter import DRIFT, IN_SYNC
from common_sync.interface.show.terminal import look_at, printable, say
from common_sync.interface.show.text import count, finding_lines

if TYPE_CHECKING:
    from common_sync.commands.context import Context
    from common_sync.commands.steps.builds.workspaces import Space


def run_context(
    options: Options,
    service: Service,
    *,
    dockerfile: Annotated[
        str | None, Option("--file -f", "The Dockerfile it is for, inside the service.", "DOCKERFILE")
    ] = None,
    output: Annotated[str | None, Option("--output -o", "Write a file, and not standard output.", "FILE")] = None,
    force: Annotated[bool, Option("--force", "Leave out edits made in the copy.")] = False,
) -> int:
    """Write a service's build context, copy and all, as a tar stream: common-sync context SERVICE | docker build -."""
    from common_sync.commands.context import Context, choose_context  # brings tarfile
    from common_sync.edges.files.tar import write_tar

    if output is None and sys.stdout.isatty():
        remedy = "pipe it: common-sync context … | docker build -, or name a file: --output FILE"
        raise ConfigurationError(Problem("a tar stream is nothing to show on a terminal", remedy=remedy))
    context = choose_context(options.root, service, dockerfile)
    refused = isinstance(context, Context) and bool(context.lost) and not force
    lines = (
        _lines(context, options, refused=refused) if isinstance(context, Context) else _space_lines(context, options)
    )
    for line in lines:
        say(line)
    if refused:
        return DRIFT
    with _opened(output) as stream:
        write_tar(stream, context.listing.members, context.listing.folders)
    return DRIFT if isinstance(context, Context) and not context.in_sync else IN_SYNC


@contextmanager
def _opened(output: str | None) -> Iterator[IO[bytes]]:
    """Open the output; a file is written whole or not at all."""
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    else:
        from common_sync.edges.files.replacing import writing_output  # most pipe the stream

        with writing_output(output) as stream:
            yield stream


def _space_lines(space: "Space", options: Options) -> Iterator[str]:
    if options.quiet:
        return
    members, others = (sorted(one or "." for one in some) for some in (space.pruned.members, space.pruned.others))
    what = f"{count(len(space.listing.members), 'file')} of the workspace, with {', '.join(members)}"
    yield printable(f"{space.member or '.'}: {what}" + (f"; without {', '.join(others)}" if others else ""))
    if space.dockerfile not in (None, "Dockerfile"):
        yield printable(f"docker build -f {shell_word(space.dockerfile or '')} -")


def _lines(context: "Context", options: Options, *, refused: bool) -> Iterator[str]:
    terminal = look_at(sys.stderr, options.color)
    yield from finding_lines([*context.lost, *context.plan.problems], terminal, everything=options.verbose)
    if refused:
        yield "nothing was written: the context would not hold these edits; --force takes the master's files instead"
    elif not options.quiet:
        libraries = ", ".join(f"{one.library.shown} {one.tree}" for one in context.libraries)
        what = f"{count(len(context.listing.members), 'file')}, with {libraries}"
        told = f"{printable(context.plan.service)}: {printable(what)}"
        yield from terminal.wrap(told, 4) if terminal.has_width else (told,)
