"""Which rewriter reads each kind of file."""

from collections.abc import Callable

from common_sync.core.references.contract import Rewriter
from common_sync.core.references.kinds import Kind
from common_sync.core.text import Text, decode_requirements, decode_to_read, decode_unicode


def rewriter_of(kind: Kind) -> tuple[Rewriter, Callable[[bytes], Text]]:
    """Return what reads a kind of file, and how its bytes are decoded; only what is there is imported.

    Args:
        kind: What the file is.
    """
    match kind:
        case "requirements":
            from common_sync.core.references.requirements import read_requirements

            return read_requirements, decode_requirements
        case "dockerfile":
            from common_sync.core.references.dockerfile.rewriting import read_dockerfile

            return read_dockerfile, decode_unicode
        case "compose":
            from common_sync.core.references.compose.rewriting import read_compose
            from common_sync.edges.files.yaml import parse_documents

            return lambda characters, site: read_compose(characters, site, parse_documents), decode_unicode
        case "environment":
            from common_sync.core.references.conda import read_environment
            from common_sync.edges.files.yaml import parse_yaml

            return lambda characters, site: read_environment(characters, site, parse_yaml), decode_unicode
        case "project":
            from common_sync.core.references.pyproject import read_project

            return read_project, decode_unicode
        case "pipfile":
            from common_sync.core.references.pyproject import read_pipfile

            return read_pipfile, decode_unicode
        case "lock":
            from common_sync.core.references.locks import read_lock

            return read_lock, decode_unicode
        case "poetry-lock" | "pdm-lock" | "pipenv-lock":
            from common_sync.core.references.locks import report_lock

            return report_lock(kind), decode_to_read
        case "mention":
            from common_sync.core.references.mentions import read_mentions

            return read_mentions, decode_to_read
