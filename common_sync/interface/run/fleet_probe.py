"""`fleet probe`: options in, a program and an exit code out."""

import sys
from typing import Annotated

from common_sync.edges.project.load import load_project
from common_sync.interface.show.options import LibraryName, Option, Options, Service
from common_sync.interface.show.presenter import IN_SYNC
from common_sync.interface.show.terminal import printable, say
from common_sync.interface.show.text import count

_REFUSAL = """import sys

print("error: common-sync made no probe; what it printed says why", file=sys.stderr)
sys.exit(2)
"""
"""What is printed in a probe's place: an empty program would end with 0, as if all were proven."""


def run_fleet_probe(
    options: Options,
    service: Service,
    *,
    ref: Annotated[
        str | None, Option("--ref", "The commit whose copy is wanted; without it, the work tree's.", "REF")
    ] = None,
    library: LibraryName = None,
) -> int:
    """Print a Python program that proves a copy on any machine: common-sync fleet probe SERVICE | ssh HOST python3 - FOLDER."""
    from common_sync.commands.fleet_probe import build_probe  # no other command pays for it

    try:
        probe = build_probe(load_project(options.root), service, ref, library)
    except BaseException:
        if not sys.stdout.isatty():
            sys.stdout.write(_REFUSAL)
        raise
    if not options.quiet:
        for copy, manifest in probe.copies:
            files = count(len(manifest.files), "file")
            say(printable(f"{copy}: looks for {manifest.library.shown} {manifest.tree}, {files}"))
    sys.stdout.write(probe.text)
    return IN_SYNC
