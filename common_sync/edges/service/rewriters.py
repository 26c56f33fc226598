"""Import what reads a kind of file, and give it what parses."""

from collections.abc import Callable
from functools import partial

from common_sync.core.references.contract import Rewrite, Rewriter
from common_sync.core.references.kinds import KINDS, Kind
from common_sync.core.text import Text


def rewriter_of(kind: Kind) -> tuple[Rewriter, Callable[[bytes], Text]]:
    """Return what reads a kind of file, and how its bytes are decoded; only what is there is imported."""
    row = KINDS[kind]
    module, _, name = row.rewriter.partition(":")
    imported = __import__(
        f"common_sync.core.references.{module}", fromlist=[name]
    )  # importlib would be one more import
    rewrite: Callable[..., Rewrite] = getattr(imported, name)
    if row.yaml:
        from common_sync.edges.files.yaml import parse_documents, parse_yaml

        rewrite = partial(rewrite, parse=parse_documents if row.yaml == "documents" else parse_yaml)
    return rewrite, row.decode
