"""References to the library in a conda environment: the lines under `pip:` are requirements.

conda gives them to pip in the folder of the file:
https://docs.conda.io/projects/conda/en/stable/user-guide/tasks/manage-environments.html.
"""

from collections.abc import Iterator

from common_sync.core.findings import by_line, line_finding
from common_sync.core.formats.yaml.edits import Change, prove
from common_sync.core.formats.yaml.tree import Node, Parse, YamlMapping, YamlScalar, YamlSequence, read_meanings
from common_sync.core.model import Finding
from common_sync.core.references.contract import Place, Rewrite, Site
from common_sync.core.references.requirements import read_requirements

_LINE = "pip"


def read_environment(characters: str, site: Site, parse: Parse) -> Rewrite:
    """Find what an environment.yml says about the library, and the edits that make it say the service's copy.

    Raises:
        UnparsableError: It is no YAML, or holds several documents.
    """
    root = parse(characters)
    read = [(scalar, shared, read_requirements(scalar.value, _beside(site))) for scalar, shared in _list_lines(root)]
    changes = [(Change(scalar, found.edits), shared) for scalar, shared, found in read if found.edits]
    edits, unproven = prove(characters, root, [change for change, shared in changes if not shared], parse)
    refused = (*unproven, *(change for change, shared in changes if shared))
    problems = [problem._replace(line=scalar.line) for scalar, _, found in read for problem in found.problems]
    return Rewrite(
        edits,
        tuple(one._replace(line=scalar.line) for scalar, _, found in read for one in found.references),
        tuple(
            one._replace(line=scalar.line, kind="requirements") for scalar, _, found in read for one in found.includes
        ),
        tuple(sorted((*problems, *map(_report_refusal, refused)), key=by_line)),
    )


def _beside(site: Site) -> Site:
    """Return the site as pip sees it, which is started in the folder of the file."""

    def locate(path: str, _: bool) -> Place:
        return site.locate(path, True)

    return Site(locate, f"{site.up}{site.copy}", own=site.own)


def _list_lines(root: Node) -> Iterator[tuple[YamlScalar, bool]]:
    """Yield each scalar that pip gets as a line, and whether something else has the same value by an alias."""
    for scalar, meanings in read_meanings(root, _find_meaning):
        if _LINE in meanings:
            yield scalar, len(meanings) > 1


def _find_meaning(meaning: str, node: YamlMapping | YamlSequence, key: str) -> str:
    if isinstance(node, YamlSequence):
        return meaning if meaning in {"dependencies", _LINE} else ""
    return key if (meaning, key) in {("document", "dependencies"), ("dependencies", _LINE)} else ""


def _report_refusal(change: Change) -> Finding:
    message = (
        f"`{change.scalar.value.strip()}` leads to the library, but it shares a line or an anchor with something else"
    )
    return line_finding(change.scalar.line, "CS106", message, f"write `{change.value.strip()}` there by hand")
