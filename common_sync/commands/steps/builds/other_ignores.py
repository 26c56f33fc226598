"""Files that an image would gain or lose by `distribute --contexts`, since another ignore file counts for the service's folder."""

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress

from common_sync.commands.steps.builds.planned import read_planned
from common_sync.commands.steps.survey import Survey
from common_sync.core.blocks.block import read_block
from common_sync.core.findings import make_finding
from common_sync.core.formats.dockerfile.sources import find_sources, normalise
from common_sync.core.formats.dockerfile.syntax import parse_dockerfile
from common_sync.core.formats.dockerignore import Pattern, parse_dockerignore
from common_sync.core.model import FileEdit, Finding
from common_sync.core.paths import is_below
from common_sync.core.references.dockerfile.leads import before_wildcards
from common_sync.core.references.kinds import IGNORE, kind_of
from common_sync.core.service_plan import ServicePlan, Widened
from common_sync.core.text import UnparsableError, decode_unicode
from common_sync.edges.service.listing import list_paths


def report_other_ignores(
    found: Survey, plan: ServicePlan, widened: Widened, files: Mapping[str, FileEdit]
) -> Iterator[Finding]:
    """Yield a finding about the first file of a service that its image would gain or lose.

    Args:
        found: The survey.
        plan: The plan of the service.
        widened: The Dockerfile, built from the folder above.
        files: What files are to hold, the Dockerfile for the service's folder among them.
    """
    root, service = found.project.root, plan.service
    folder, context = os.path.join(root, service), widened.builds[0].context
    own = f"{service}/{widened.path}{IGNORE}"
    wide = own if os.path.isfile(os.path.join(root, own)) else os.path.relpath(os.path.join(context, IGNORE), root)
    narrow = own if wide == own else f"{service}/{IGNORE}"
    try:
        taken = _list_taken(files[f"{service}/{widened.path}"].after or b"")
        before, after = _read(root, wide, {}), _read(root, narrow, files)
        managed, ignores = set(read_block(after)), (parse_dockerignore(before), parse_dockerignore(after))
    except (OSError, UnparsableError):
        return  # it is told of elsewhere, or Docker does so
    inside = os.path.relpath(folder, context)
    every = list_paths(folder, {os.path.join(root, copy.path) for copy in plan.copies})
    for path in (path for path in every if not path.endswith(IGNORE) and kind_of(path) not in _FOR_BUILDS):
        out, leaves = ignores[0].exclusion(f"{inside}/{path}"), ignores[1].exclusion(path)
        if (out is None) != (leaves is None) and any(one == "." or is_below(path, one) for one in taken):
            if out is not None:
                yield _report(service, wide, out, f"keeps `{path}` out of the image, and would do so no longer", narrow)
                return
            if leaves is not None and leaves.text not in managed:
                yield _report(service, narrow, leaves, f"would keep `{path}` out of the image", narrow)
                return


_FOR_BUILDS = ("dockerfile", "compose")
"""Kinds of files that nobody misses in an image, nor minds."""


def _report(service: str, file: str, pattern: Pattern, message: str, narrow: str) -> Finding:
    message = f"`{pattern.text}` {message} if that is built from the service's folder"
    return make_finding("CS112", service, file, pattern.line, message, f"say in {narrow} what stays out")


def _list_taken(dockerfile: bytes) -> list[str]:
    """Return the paths that a Dockerfile takes from its build context, as far as they are plain."""
    sources = find_sources(parse_dockerfile(decode_unicode(dockerfile).characters))
    return [normalise(before_wildcards(source.path.text), within=True) for source in sources]


def _read(root: str, path: str, files: Mapping[str, FileEdit]) -> str:
    """Return a file as it is to be; nothing where there is none."""
    data = b""
    with suppress(FileNotFoundError):
        data = read_planned(root, path, files)
    return data.decode("utf-8", "surrogateescape")
