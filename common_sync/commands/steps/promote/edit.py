"""An edit in a copy that `promote` takes over, and where it goes."""

from typing import NamedTuple

from common_sync.core.copies.plan import Operation
from common_sync.core.model import Version
from common_sync.core.paths import is_foreign
from common_sync.core.service_plan import CopySurvey
from common_sync.edges.library.targets import Target


class Home(NamedTuple):
    """Where the edits of a library go."""

    target: Target  # what it holds there now
    folder: str  # the absolute path of its master's folder; nothing where they go into a patch
    shown: str  # that folder, as the person knows it


class Edit(NamedTuple):
    """A file of a copy that a person has changed, or put there."""

    copy: CopySurvey  # its copy
    operation: Operation  # what `distribute --force` would do to it
    theirs: Version  # what it holds
    home: str  # the folder that it goes to, as the person knows it

    @property
    def path(self) -> str:
        """Its path inside the copy, and inside the master."""
        return self.operation.path

    @property
    def file(self) -> str:
        """Its path from the root."""
        return f"{self.copy.path}/{self.path}"

    @property
    def follows(self) -> bool:
        """Whether its copy follows the master, and is not held to the lock."""
        return self.copy.target.ref is None and not is_foreign(self.copy.master)

    @property
    def master_file(self) -> str:
        """Where it goes: a path from the root, or as the person has named a checkout."""
        return f"{self.home}/{self.path}" if self.home else self.path


class Step(NamedTuple):
    """What one edit makes of a file of the master."""

    edit: Edit  # the edit
    before: Version | None  # what the edits before it came to
    after: Version  # what it comes to with this one
