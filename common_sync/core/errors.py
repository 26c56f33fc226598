"""The exceptions of common-sync: one root, few leaves, each with what went wrong, where, and what to do."""

from typing import NamedTuple


def shell_word(text: str) -> str:
    """Return a path as a shell takes it for one word, and no command for an option: a remedy is there to be pasted."""
    text = f"./{text}" if text.startswith("-") else text
    if text.isascii() and text.translate(_PLAIN).isalnum():
        return text
    import shlex  # most paths are plain

    return shlex.quote(text)


_PLAIN = dict.fromkeys(map(ord, "/-_."))


class Problem(NamedTuple):
    """One thing that is wrong with what the tool was given."""

    message: str  # one sentence, without a full stop
    file: str | None = None  # the file it is about, as a path that the user can open, or None
    line: int | None = None  # the line in that file, counted from 1, or None
    remedy: str | None = None  # what to do about it, a command or a sentence, or None
    excerpt: tuple[str, ...] = ()  # the line itself, and marks below it that point at the place

    @property
    def place(self) -> str:
        """Return `file:line`, `file` or nothing, the way compilers and editors write it."""
        if self.file is None:
            return ""
        return self.file if self.line is None else f"{self.file}:{self.line}"


class CommonSyncError(Exception):
    """Root of every error that the tool raises on purpose; the command line turns it into exit code 2.

    Args:
        problems: Everything that was found wrong, at least one; all are shown at once.
    """

    def __init__(self, *problems: Problem) -> None:
        super().__init__(*problems)
        self.problems = problems

    def __str__(self) -> str:
        """Return one line a problem: the place, the sentence and the remedy."""
        return "\n".join(
            ": ".join(part for part in (problem.place, problem.message) if part)
            + (f" ({problem.remedy})" if problem.remedy else "")
            for problem in self.problems
        )


class ConfigurationError(CommonSyncError):
    """The configuration, or the command line, asks for something that makes no sense."""


class ManifestError(CommonSyncError):
    """A manifest cannot be used: not JSON, of another schema, or naming a path that no copy may hold."""


class TreeError(CommonSyncError):
    """A file or folder cannot be read or written as the tool promises to."""


class GitError(CommonSyncError):
    """Git did not answer, or answered with an error."""


class LockedError(CommonSyncError):
    """Another common-sync process is writing in the same repository and did not finish in time."""
