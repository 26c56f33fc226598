"""What in a Dockerfile needs a person."""

from common_sync.core.findings import line_finding
from common_sync.core.formats.dockerfile.sources import Source
from common_sync.core.model import Finding
from common_sync.core.references.contract import Site
from common_sync.core.references.dockerfile.leads import Lead


def report_doubt(line: int, source: Source, lead: Lead, copy: str) -> Finding:
    """Report a source of which nobody can tell whether it leads to the library."""
    message = f"nobody can tell whether `{source.written.text}` leads to the library: {lead.doubt}"
    return line_finding(line, "CS102", message, f"write the path out, for example `{copy}/`")


def report_shared(line: int, source: Source, copy: str) -> Finding:
    """Report a source that leads to the master by a variable that cannot be changed."""
    message = f"`{source.written.text}` leads to the library, but by a variable that is used elsewhere, too; it stays"
    return line_finding(line, "CS102", message, f"write the path out: `{copy}/`")


def report_foreign(line: int, source: Source, copy: str) -> Finding:
    """Report a source that leads to the master, in a Dockerfile that is not the service's own."""
    message = (
        f"`{source.written.text}` leads to the library, but this file is not the service's own, so it stays as it is"
    )
    return line_finding(line, "CS103", message, f"give the service a Dockerfile of its own, which copies `{copy}/`")


def report_context(line: int, source: Source, site: Site) -> Finding:
    """Report a source that leads to the master, where the image is built from another folder than the service's."""
    message = f"`{source.written.text}` leads to the library: built from `{site.context}`, not from the service's folder alone"
    return line_finding(
        line, "CS112", message, "common-sync distribute --contexts builds it from the service's own folder"
    )


def report_refusal(line: int, source: Source, copy: str) -> Finding:
    """Report a source that leads to the master and could not be rewritten."""
    message = f"`{source.written.text}` leads to the library, but rewriting it would change what the file means"
    remedy = f"make it lead to `{copy}/` by hand, and please report this as a bug of common-sync"
    return line_finding(line, "CS106", message, remedy)
