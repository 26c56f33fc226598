"""Lines of scripts and CI files that build a service's Dockerfile from another folder than it is written for."""

from collections.abc import Collection

from common_sync.commands.steps.hand_copies import list_scripts
from common_sync.commands.steps.survey import Survey
from common_sync.core.errors import shell_word
from common_sync.core.findings import make_finding
from common_sync.core.model import Finding
from common_sync.edges.detection.image_builds import ImageBuild, find_image_builds, list_owners
from common_sync.edges.detection.tree import Tree

_MOST_NAMED = 3


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
    named, several = ", ".join(one.services[:_MOST_NAMED]), len(one.services) > 1
    more = f" and {len(one.services) - _MOST_NAMED} more" if len(one.services) > _MOST_NAMED else ""
    written = (
        "whose Dockerfiles are written for their own folders"
        if several
        else "whose Dockerfile is written for its own folder"
    )
    message = f"`{one.text}` builds {named}{more} from `{one.context}`, {written}"
    folder = "the service's folder" if several else shell_word(one.services[0])
    remedy = f"docker build {folder}" if one.is_command and not several else f"make {folder} the context"
    return make_finding("CS112", "" if several else one.services[0], file, one.line, message, remedy)
