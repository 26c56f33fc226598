"""Differences as a patch that `git apply` takes; nothing is written where anybody looks."""

import os
from collections.abc import Mapping
from tempfile import TemporaryDirectory

from common_sync.core.errors import GitError, Problem
from common_sync.core.model import Version
from common_sync.edges.git.repository import environment_for

_BEFORE, _AFTER = "a", "b"

_PLAIN = {
    "core.attributesFile": os.devnull,
    "core.autocrlf": "false",
    "core.fileMode": "true",
    "core.symlinks": "true",
}
_OPTIONS = (
    "--no-index",
    "--no-prefix",
    "--binary",
    "--unified=3",
    "--no-renames",
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    f"-O{os.devnull}",
)
"""No setting of a person's may change a patch."""


def format_patch(before: Mapping[str, Version], after: Mapping[str, Version], folder: str) -> bytes:
    """Return what makes some files others.

    Args:
        before: The files as they are, by their paths; a new one is not among them.
        after: The same files as they are to be.
        folder: An absolute path, whose git is asked.

    Raises:
        GitError: Git failed, or there is none.
    """
    import subprocess  # only where a patch was asked for

    with TemporaryDirectory(prefix="common-sync-") as place:
        for side, files in ((_BEFORE, before), (_AFTER, after)):
            os.mkdir(os.path.join(place, side))
            for path, version in files.items():
                _put(os.path.join(place, side, path), version)
        settings = [word for key, value in _PLAIN.items() for word in ("-c", f"{key}={value}")]
        command = ["git", *settings, "diff", *_OPTIONS, "--", _BEFORE, _AFTER]
        environment = environment_for(folder) | {"GIT_DIR": os.devnull}
        try:
            done = subprocess.run(command, cwd=place, env=environment, capture_output=True, check=False)  # noqa: S603 - our own words
        except FileNotFoundError:
            raise GitError(Problem("git is not installed", remedy="install git")) from None
    if done.returncode not in (0, 1):
        words = " ".join(os.fsdecode(done.stderr).split())
        raise GitError(Problem(f"git diff failed: {words}", folder))
    return done.stdout


def _put(path: str, version: Version) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if version.is_link:
        os.symlink(version.data, os.fsencode(path))
        return
    with open(path, "wb") as file:
        file.write(version.data)
    os.chmod(path, 0o755 if version.executable else 0o644)
