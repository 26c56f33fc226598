"""What goes into a release: a service's files, but for caches, environments, and what outlives releases."""

import hashlib
import os
from collections.abc import Iterator
from typing import IO

from common_sync.commands.steps.environments.releases import Site
from common_sync.core.copies.rules import CACHES, EXCLUDES, Rules
from common_sync.core.environments.units import SHARED
from common_sync.core.paths import ancestors
from common_sync.edges.files.tar import Listing, write_tar

_VARIABLES = ".env"
"""What outlives releases without being named, where it is there."""

_LEFT_OUT = Rules((*CACHES, *(rule for rule in EXCLUDES if rule.pattern in {".git", ".venv/", "venv/"})))
"""What goes into no release, whatever the service's `.dockerignore` says: there may be none."""


class Content:
    """The files of one release.

    Args:
        listing: What the service has.
        site: Where its releases are, and how it is set up.
        source: The absolute path of the service in the work tree.
    """

    def __init__(self, listing: Listing, site: Site, source: str) -> None:
        self._site, self._source = site, source
        self.persistent = tuple(self._list_persistent())
        """The paths that outlive releases."""
        self.members = [one for one in listing.members if self._is_sent(one.path, folder=False)]
        self._folders = [one for one in listing.folders if self._is_sent(one, folder=True)]

    def _list_persistent(self) -> Iterator[str]:
        named = [one.value for one in self._site.settings.persistent]
        yield from named
        places = (os.path.join(above, _VARIABLES) for above in (self._source, os.path.join(self._site.place, SHARED)))
        if _VARIABLES not in named and any(os.path.lexists(one) for one in places):
            yield _VARIABLES

    def _is_sent(self, path: str, *, folder: bool) -> bool:
        """Tell whether a file or folder goes into a release: no cache, no environment, and nothing that outlives it."""
        above = (*ancestors(path), path)
        if any(one in self.persistent for one in above):
            return False
        return not any(_LEFT_OUT.match(one, folder or one != path) is not None for one in above)

    def pack(self, file: IO[bytes]) -> str:
        """Write it; return its digest.

        Args:
            file: Where it is written to, as a tar stream.
        """
        hashing = _Hashing(file)
        write_tar(hashing, self.members, self._folders)  # type: ignore[arg-type] # it only writes
        return hashing.digest.hexdigest()


class _Hashing:
    """A file to be written, which hashes what goes into it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.digest = file, hashlib.sha256()

    def write(self, data: bytes) -> int:
        """Write bytes."""
        self.digest.update(data)
        return self._file.write(data)
