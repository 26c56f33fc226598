"""Lines of scripts and CI files that build a service's image by the classic builder, though its Dockerfile needs BuildKit."""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cached_property

from common_sync.commands.steps.builds.compositions import Dockerfile
from common_sync.commands.steps.builds.hand_copies import list_scripts
from common_sync.commands.steps.survey import Survey
from common_sync.core.findings import make_finding
from common_sync.core.formats.dockerfile.buildkit import OnlyBuildKit, find_buildkit
from common_sync.core.formats.dockerfile.syntax import parse_dockerfile
from common_sync.core.model import Finding
from common_sync.core.text import UnparsableError
from common_sync.edges.detection.image_builds import ClassicBuild, find_classic_builds, list_owners
from common_sync.edges.detection.tree import Tree


class ClassicBuilds:
    """The lines that build by the classic builder; they are looked for once a Dockerfile needs BuildKit.

    Args:
        found: What was read and planned.
        tree: The repository's files.
    """

    def __init__(self, found: Survey, tree: Tree) -> None:
        self._found, self._tree = found, tree

    def find(self, service: str, dockerfiles: Iterable[Dockerfile]) -> Iterator[Finding]:
        """Yield the lines of a service's Dockerfiles that need BuildKit where a line builds them without it.

        Args:
            service: The service.
            dockerfiles: Its Dockerfiles.
        """
        for dockerfile in dockerfiles:
            only = _find_first(dockerfile)
            if only is not None:
                path = os.path.normpath(f"{service}/{dockerfile.path}")
                for file, one in self._lines:
                    if path in one.dockerfiles or (one.composed and dockerfile.builds):
                        message = (
                            f"`{only.written}` needs BuildKit, and {file}:{one.line} builds it without: `{one.text}`"
                        )
                        remedy = f"take `DOCKER_BUILDKIT=0` out of {file}"
                        yield make_finding("CS213", service, path, only.line + dockerfile.lines_above, message, remedy)

    @cached_property
    def _lines(self) -> list[tuple[str, ClassicBuild]]:
        """Each line, with its file."""
        owners = list_owners(self._tree, {plan.service for plan in self._found.plans})
        scripts = list_scripts(self._found, self._tree)
        return [(file, one) for file in scripts for one in find_classic_builds(self._tree, file, owners)]


def _find_first(dockerfile: Dockerfile) -> OnlyBuildKit | None:
    """Return what comes first of a Dockerfile that only BuildKit takes."""
    with suppress(UnparsableError):  # that is told elsewhere
        return next(find_buildkit(parse_dockerfile(dockerfile.text)), None)
    return None
