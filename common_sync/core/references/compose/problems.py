"""What in a compose file needs a person."""

from collections.abc import Container, Iterable, Iterator

from common_sync.core.findings import line_finding
from common_sync.core.model import Finding
from common_sync.core.references.compose.places import Located
from common_sync.core.references.contract import Site


def report_leaving(found: Iterable[Located], site: Site) -> Iterator[Finding]:
    """Report what leads out of the service, or may lead to the library by a variable.

    A build context that holds the service is told of with the Dockerfile. An absolute path is a place on the machine that somebody has chosen.
    """
    for one in found:
        path, use = one.written.path, one.written.use
        if one.variable:
            message = f"`{path}` holds a variable, so nobody can tell whether it leads to the library"
            yield line_finding(
                one.line, "CS102", message, f"write the path out, for example `{site.up or './'}{site.copy}`"
            )
        elif one.place.where != "outside" or (use == "build" and one.place.holds):
            continue
        elif use == "mount" and one.place.holds:
            message = (
                f"`{path}` mounts a folder that holds the library or the service, so what runs is not what was built"
            )
            yield line_finding(one.line, "CS111", message, "mount folders of the service, such as `./app`")
        elif not path.startswith("/"):
            message = f"`{path}` leads out of the service, and is not there where the service is deployed alone"
            yield line_finding(one.line, "CS113", message, "move it into the service's folder")


def report_inline(found: Iterable[Located], inline: Container[int]) -> Iterator[Finding]:
    """Report images that may take the library from the master by a Dockerfile inside the compose file.

    Args:
        found: The paths.
        inline: The offsets of the contexts of such images.
    """
    for one in found:
        if one.written.use == "build" and one.written.scalar.start in inline and one.place.holds:
            message = f"`dockerfile_inline` is not read, and its context `{one.written.path}` holds the library or the service"
            yield line_finding(one.line, "CS110", message, "write it into a Dockerfile of the service")


def report_others(found: Iterable[Located]) -> Iterator[Finding]:
    """Report mounts of the master in services that are built from another folder."""
    for one in found:
        if one.foreign and one.leads_to_master:
            message = f"`{one.written.path}` is mounted in a service that is built from another folder, so it stays"
            remedy = "mount that folder's own copy there, or leave it to that folder's compose file"
            yield line_finding(one.line, "CS110", message, remedy)


def report_foreign(found: Located, copy: str) -> Finding:
    """Report a path to the master in a file that is not the service's own."""
    message = (
        f"`{found.written.path}` leads to the library, but this file is not the service's own, so it stays as it is"
    )
    return line_finding(found.line, "CS103", message, f"write it in a compose file of the service's own, as `./{copy}`")


def report_refusal(found: Located, reason: str, copy: str) -> Finding:
    """Report a path to the master that cannot be rewritten."""
    message = f"`{found.written.path}` leads to the library, but it was not rewritten: {reason}"
    return line_finding(found.line, "CS106", message, f"make it lead to `{found.path_to(copy)}` by hand")
