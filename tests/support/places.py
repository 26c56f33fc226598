"""Where a service, its copy and the master are, without a disk."""

import posixpath
from typing import NamedTuple

from common_sync.core.references.contract import Place, Site

SERVICE = "/repo/services/api"
MASTER = "/repo/common"


class Layout(NamedTuple):
    """The copy's path in the service, and that of the file's folder; nothing for the service's own."""

    copy: str = "common"
    folder: str = ""

    def locate(self, path: str, from_file: bool) -> Place:
        """Resolve a path by its spelling alone."""
        assert "\0" not in path  # the system would raise an error
        full = posixpath.normpath(posixpath.join(SERVICE, self.folder if from_file else "", path))
        for folder in (f"{SERVICE}/{self.copy}", MASTER):
            if full == folder or full.startswith(f"{folder}/"):
                return Place("master" if folder == MASTER else "copy", full[len(folder) + 1 :])
        if full == SERVICE or full.startswith(f"{SERVICE}/"):
            return Place("service")
        return Place("outside", holds=full in {"/repo", "/repo/services"})

    def site(self, *, own: bool = True) -> Site:
        """Return the site of a file in this layout."""
        up = "../" * len([part for part in self.folder.split("/") if part])
        return Site(self.locate, self.copy, own=own, up=up, master=posixpath.relpath(MASTER, SERVICE))
