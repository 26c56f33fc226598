"""The command line: parses, calls an action, returns its exit code."""

import os
import sys
from collections.abc import Callable
from enum import StrEnum
from functools import partial
from typing import Annotated

import typer

from common_sync import __version__
from common_sync.interface.run import actions
from common_sync.interface.run.actions import Options
from common_sync.interface.show.terminal import write

Action = Callable[[], int]

app = typer.Typer(
    name="common-sync",
    help="Keep a byte-exact, self-verifying copy of a shared library inside every service that needs it.",
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class _Format(StrEnum):
    text = "text"
    json = "json"


class _Color(StrEnum):
    auto = "auto"
    always = "always"
    never = "never"


Services = Annotated[
    list[str] | None,
    typer.Argument(metavar="SERVICE", help="A service's path from the root, or its last part. Default: all."),
]
Root = Annotated[str | None, typer.Option("--root", metavar="DIR", help="The folder of the configuration.")]
Format = Annotated[_Format, typer.Option("--output-format", help="For people, or for scripts.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but what is wrong.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Name every file.")]
Color = Annotated[_Color, typer.Option("--color", help="When to colour the output.")]
"""The options that go with every command."""


def _options(root: str | None, form: _Format, quiet: bool, verbose: bool, color: _Color) -> Options:
    if color is not _Color.auto:  # an error on its way out, and a progress bar, look at these two
        os.environ.pop("NO_COLOR", None)
        os.environ["FORCE_COLOR" if color is _Color.always else "NO_COLOR"] = "1"
    return Options(root, form.value, quiet, verbose, color.value)


def run_command_line() -> int:
    """Parse the arguments and run a command; return its exit code.

    Typer only parses: a command returns what is to be run, and that is run outside of typer, which has ideas of its own
    about exceptions, and other ones in other releases.
    """
    words = sys.argv[1:]
    try:
        action = app(words or ["--help"], standalone_mode=False)
    except typer.Abort:  # some raise this for Ctrl-C
        raise KeyboardInterrupt from None
    except SystemExit as error:
        if error.code == 1:  # nobody reads the help any more
            raise BrokenPipeError from None
        raise
    except Exception as error:
        if not hasattr(error, "show") or not hasattr(error, "exit_code"):  # not a usage error of typer's
            raise
        error.show()
        return int(error.exit_code)
    if callable(action):
        return int(action())
    if action == _INTERRUPTED:  # and some return this
        raise KeyboardInterrupt
    return 0 if words else _USAGE


_INTERRUPTED, _USAGE = 130, 2


@app.command()
def init(
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing; fail where there is a choice.")] = False,
    master: Annotated[str | None, typer.Option("--master", metavar="PATH", help="The library's folder.")] = None,
    root: Root = None,
    output_format: Format = _Format.text,
    quiet: Quiet = False,
    verbose: Verbose = False,
    color: Color = _Color.auto,
) -> Action:
    """Find the master and the services that refer to it, show them, and write the configuration."""
    from common_sync.interface.run.init import run_init  # only `init` needs it

    return partial(run_init, master, _options(root, output_format, quiet, verbose, color), yes=yes)


@app.command()
def distribute(
    services: Services = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Show what would be done; write nothing.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Show the differences; write nothing.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Discard edits made in copies; each is named.")] = False,
    contexts: Annotated[
        bool, typer.Option("--contexts", help="Build images from their service's own folder, not from one above it.")
    ] = False,
    root: Root = None,
    output_format: Format = _Format.text,
    quiet: Quiet = False,
    verbose: Verbose = False,
    color: Color = _Color.auto,
) -> Action:
    """Bring every copy and every reference in sync."""
    options = _options(root, output_format, quiet, verbose, color)
    run = partial(actions.run_distribute, services or (), options, dry_run=dry_run, diff=diff, force=force)
    return partial(run, contexts=contexts)


@app.command()
def context(
    service: Annotated[
        str, typer.Argument(metavar="SERVICE", help="A service's path from the root, or its last part.")
    ],
    *,
    dockerfile: Annotated[
        str | None,
        typer.Option("--file", "-f", metavar="DOCKERFILE", help="The Dockerfile it is for, inside the service."),
    ] = None,
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="FILE", help="Write a file, and not standard output.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Leave out edits made in the copy.")] = False,
    root: Root = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    color: Color = _Color.auto,
) -> Action:
    """Write a service's build context, copy and all, as a tar stream: common-sync context SERVICE | docker build -."""
    from common_sync.interface.run.context import run_context  # brings tarfile

    options = _options(root, _Format.text, quiet, verbose, color)
    return partial(run_context, service, options, dockerfile=dockerfile, output=output, force=force)


@app.command()
def eject(
    services: Services = None,
    *,
    remove_copies: Annotated[bool, typer.Option("--remove-copies", help="Remove the copies as well.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Remove copies that were edited, too.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Show what would be done; write nothing.")] = False,
    root: Root = None,
    output_format: Format = _Format.text,
    quiet: Quiet = False,
    verbose: Verbose = False,
    color: Color = _Color.auto,
) -> Action:
    """Put every reference back as it was before the first distribute."""
    from common_sync.interface.run.eject import run_eject  # asked once in a project's life

    options = _options(root, output_format, quiet, verbose, color)
    return partial(run_eject, services or (), options, copies=remove_copies, force=force, dry_run=dry_run)


_ONLY_WITH_COPY = "goes with --copy"
_NO_SERVICES = "takes no services: it checks one copy by itself"


@app.command()
def verify(
    services: Services = None,
    *,
    copy: Annotated[
        str | None,
        typer.Option(
            "--copy", metavar="PATH", help="Check one copy against its own manifest: no configuration, no git."
        ),
    ] = None,
    expect_digest: Annotated[
        str | None, typer.Option("--expect-digest", metavar="DIGEST", help="With --copy: the tree digest it must have.")
    ] = None,
    root: Root = None,
    output_format: Format = _Format.text,
    quiet: Quiet = False,
    verbose: Verbose = False,
    color: Color = _Color.auto,
) -> Action:
    """Exit 0 if every copy and reference is in sync; 1 and the findings if not. Writes nothing."""
    options = _options(root, output_format, quiet, verbose, color)
    if copy is None:
        if expect_digest is not None:
            raise typer.BadParameter(_ONLY_WITH_COPY, param_hint="--expect-digest")
        return partial(actions.run_verify, services or (), options)
    if services:
        raise typer.BadParameter(_NO_SERVICES, param_hint="--copy")
    return partial(actions.run_verify_copy, copy, expect_digest, options)


@app.command()
def status(
    *,
    root: Root = None,
    output_format: Format = _Format.text,
    quiet: Quiet = False,
    verbose: Verbose = False,
    color: Color = _Color.auto,
) -> Action:
    """Show one row a service: was its copy edited, is it behind the master, where do its references lead."""
    return partial(actions.run_status, _options(root, output_format, quiet, verbose, color))


@app.command()
def diff(
    services: Services = None,
    *,
    root: Root = None,
    output_format: Format = _Format.text,
    quiet: Quiet = False,
    verbose: Verbose = False,
    color: Color = _Color.auto,
) -> Action:
    """Show unified diffs, copy to master; exit 1 where there is one."""
    return partial(actions.run_diff, services or (), _options(root, output_format, quiet, verbose, color))


@app.command()
def doctor(
    services: Services = None,
    *,
    fix: Annotated[bool, typer.Option("--fix", help="Put into the Dockerfiles what is missing for sure.")] = False,
    root: Root = None,
    output_format: Format = _Format.text,
    quiet: Quiet = False,
    verbose: Verbose = False,
    color: Color = _Color.auto,
) -> Action:
    """Prove, without Docker and without a network, that each service builds from its own folder alone."""
    from common_sync.interface.run.doctor import run_doctor  # only `doctor` needs it

    return partial(run_doctor, services or (), _options(root, output_format, quiet, verbose, color), fix=fix)


@app.command()
def explain(
    paths: Annotated[list[str], typer.Argument(metavar="PATH", help="Files or folders.")],
    *,
    root: Root = None,
    output_format: Format = _Format.text,
    quiet: Quiet = False,
    verbose: Verbose = False,
    color: Color = _Color.auto,
) -> Action:
    """Say why a path is copied, ignored or rewritten: which rule, from which file and line."""
    return partial(actions.run_explain, paths, _options(root, output_format, quiet, verbose, color))


def _print_version(asked: bool) -> None:
    if asked:
        write(f"common-sync {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    *,
    version: Annotated[
        bool, typer.Option("--version", "-V", callback=_print_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Keep a byte-exact, self-verifying copy of a shared library inside every service that needs it."""
