"""Lines of scripts and CI files that build a service's Dockerfile from another folder than it is written for."""

from collections.abc import Collection

from common_sync.commands.steps.builds.hand_copies import list_scripts, name_some
from common_sync.commands.steps.survey import Survey
from common_sync.core.errors import shell_word
from common_sync.core.findings import make_finding
from common_sync.core.model import Finding
from common_sync.edges.detection.image_builds import ImageBuild, find_image_builds, list_owners
from common_sync.edges.detection.tree import Tree


def report_hand_builds(found: Survey, tree: Tree, services: Collection[str]) -> tuple[Finding, ...]:
    """Return a warning for each line that builds a service from another folder than its own.

    Args:
        found: What was read and planned.
        tree: The repository's files.
        services: The services whose Dockerfiles are written for their own folder.
    """
    owners = list_owners(tree, services)
    scripts = list_scripts(found, tree) if owners else ()
    return tuple(_make_finding(file, one) for file in scripts for one in find_image_builds(tree, file, owners))


def _make_finding(file: str, one: ImageBuild) -> Finding:
    service = one.services[0] if len(one.services) == 1 else ""
    message = f"`{one.text}` builds {name_some(one.services)} from `{one.context}`; a service's Dockerfile is written for its own folder"
    remedy = f"make {shell_word(service) if service else 'the folder of each'} the context"
    if one.is_command and service:
        remedy = f"docker build {shell_word(service)}"
    return make_finding("CS112", service, file, one.line, message, remedy)
