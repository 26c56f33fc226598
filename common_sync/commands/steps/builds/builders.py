"""What builds the images of services beside compose files: lines of scripts and CI files, and Dockerfiles that lie elsewhere."""

from collections.abc import Collection, Iterator
from typing import NamedTuple

from common_sync.commands.steps.builds.built_above import BuiltAbove
from common_sync.commands.steps.builds.classic_builds import ClassicBuilds
from common_sync.commands.steps.builds.compositions import Dockerfile
from common_sync.core.formats.compose.built import BuiltService
from common_sync.core.model import Finding


class Builders(NamedTuple):
    """What builds images beside compose files.

    Attributes:
        above: The Dockerfiles outside of services.
        classic: The lines that build by the classic builder.
    """

    above: BuiltAbove
    classic: ClassicBuilds

    def find(
        self, service: str, dockerfiles: Collection[Dockerfile], compositions: Collection[BuiltService]
    ) -> Iterator[Finding]:
        """Yield what of a service is built so that it cannot be followed.

        Args:
            service: The service.
            dockerfiles: Its Dockerfiles.
            compositions: What compose files build of it.
        """
        if not dockerfiles and not compositions:
            yield from self.above.find(service)
        yield from self.classic.find(service, dockerfiles)
