"""A service, its copy and the master, without a disk, for the rewriters of project files."""

import posixpath
from typing import NamedTuple

from common_sync.core.references.contract import Place, Rewrite, Rewriter, Site
from common_sync.core.text import apply_edits

SERVICE = "/repo/services/api"
MASTER = "/repo/common"


class Layout(NamedTuple):
    """Where the copy is in the service, and the folder of the file, relative to the service's."""

    copy: str = "common"
    folder: str = ""

    def locate(self, path: str, from_file: bool) -> Place:
        """Resolve a path by its spelling alone."""
        assert "\0" not in path  # the system would raise
        full = posixpath.normpath(posixpath.join(SERVICE, self.folder if from_file else "", path))
        copy = f"{SERVICE}/{self.copy}"
        for where, top in (("master", MASTER), ("copy", copy)):
            if f"{full}/".startswith(f"{top}/"):
                return Place("master" if where == "master" else "copy", full[len(top) + 1 :])
        return Place("service" if f"{full}/".startswith(f"{SERVICE}/") else "outside")

    def site(self, *, own: bool = True) -> Site:
        """Return what a rewriter is told."""
        up = "../" * len(self.folder.split("/")) if self.folder else ""
        return Site(self.locate, self.copy, own=own, up=up, master=posixpath.relpath(MASTER, SERVICE))


PLAIN = Layout()


def rewrite(reader: Rewriter, characters: str, layout: Layout = PLAIN) -> str:
    """Return a file with its edits spliced in."""
    return apply_edits(characters, reader(characters, layout.site()).edits)


def problems(found: Rewrite) -> list[tuple[int | None, str]]:
    """Return the line and the code of each problem."""
    return [(one.line, one.code) for one in found.problems]
