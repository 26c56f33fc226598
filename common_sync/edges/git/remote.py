"""Everything that asks another repository by its URL: the one module whose git connects. Nobody is ever asked for a password."""

import os
import re
import signal
import subprocess
from collections.abc import Iterable, Sequence
from contextlib import suppress
from tempfile import TemporaryFile

from common_sync.core import limits
from common_sync.core.errors import CommonSyncError, ConfigurationError, GitError, Problem
from common_sync.core.expressions import expression
from common_sync.core.model import NAMED_ID
from common_sync.core.pins import REMEDY, is_commit, list_tags, why_no_ref
from common_sync.core.typos import nearest
from common_sync.edges.git.ask import ask
from common_sync.edges.git.repository import environment_for
from common_sync.edges.git.revisions import find_commit

PATIENCE = 300.0
"""Seconds that a server has for one answer."""

_FULL = (40, 64)
_PEELED = "^{}"
_ORIGIN = "origin"
_MOST_WORDS = 2000
_SHELL_BLOCK = 512
"""Bytes: what `ulimit -f` counts in (POSIX)."""

_SAFE = {
    "transfer.fsckObjects": "true",  # what a hostile server sends is looked at before it is taken
    "core.hooksPath": os.devnull,
    "core.askPass": "",
    "credential.interactive": "false",
    "fetch.recurseSubmodules": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "protocol.version": "2",  # a commit can be asked for by its id
}

_QUIET = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "",
    "SSH_ASKPASS": "",
    "SSH_ASKPASS_REQUIRE": "never",
    "GCM_INTERACTIVE": "never",
}


class Remote:
    """Another repository.

    Args:
        git: Its URL, or its path from the root.
        root: The absolute path of the configuration's folder.
        patience: Seconds that it has for one answer.
    """

    def __init__(self, git: str, root: str, patience: float = PATIENCE) -> None:
        self._name, self._patience, self._given = git, patience, ""
        self._is_path = git.startswith(".")
        self._url = os.path.normpath(os.path.join(root, git)) if self._is_path else git

    def resolve(self, ref: str, library: str) -> str:
        """Return the full id of the commit that a tag is there now, or that some digits begin.

        Args:
            ref: A tag, or 7 to 64 hex digits of a commit.
            library: The library's name: a tag may begin with it.

        Raises:
            ConfigurationError: There is no such tag or commit.
            GitError: The repository cannot be reached.
        """
        if reason := why_no_ref(ref):
            raise ConfigurationError(Problem(f"{ref!r} {reason}", remedy=REMEDY))
        if is_commit(ref) and len(ref) in _FULL:
            return ref.lower()
        tags = [f"refs/tags/{tag}" for tag in list_tags(ref, library)]
        rows = self._list([name for tag in tags for name in (tag, tag + _PEELED)])
        for tag in tags:
            if tag in rows:
                return rows.get(tag + _PEELED, rows[tag])
        rows = self._list([])
        found = {commit for commit in rows.values() if commit.startswith(ref.lower())} if is_commit(ref) else set()
        if len(found) == 1:
            return found.pop()
        raise ConfigurationError(self._explain(ref, rows))

    def _list(self, names: Sequence[str]) -> dict[str, str]:
        """Return the refs of some names, or all, and what each leads to."""
        # from nowhere, so that only settings count that are the user's, and so those of a fetch
        output = self._run(["ls-remote", "--quiet", "--", self._url, *names], os.sep, most=limits.LISTED)
        pairs = (row.partition("\t")[::2] for row in output.splitlines())
        return {name: commit for commit, name in pairs if len(commit) in _FULL}

    def _explain(self, ref: str, rows: dict[str, str]) -> Problem:
        """Say why a ref cannot be used: it is a branch, a typo, digits that name nothing, or not there."""
        if not rows:  # as where a proxy answers with a page, which git takes for a list of no refs
            message = f"{self._name} shows no tag and no branch"
            return Problem(message, remedy=f"look whether a git repository is there: git ls-remote {self._name}")
        if (branch := rows.get(f"refs/heads/{ref}")) is not None:
            message = f"{ref!r} is a branch of {self._name}, which moves"
            return Problem(message, remedy=f"name the commit that it is at now: {branch}")
        if is_commit(ref):
            message = f"no tag or branch of {self._name} is at a commit {ref!r}"
            return Problem(message, remedy="write all 40 digits of the commit")
        tags = [name.removeprefix("refs/tags/") for name in rows if name.startswith("refs/tags/")]
        near = nearest(ref, [tag for tag in tags if not tag.endswith(_PEELED)])
        return Problem(f"there is no tag {ref!r} in {self._name}", remedy=near or REMEDY)

    def fetch(self, folder: str, commit: str, tags: Iterable[str]) -> None:
        """Fetch one commit, without what came before and, where the server can, without the bytes of its files.

        Args:
            folder: The absolute path of an empty folder, which becomes a repository.
            commit: The commit's full id.
            tags: Tags that may lead to it, for a server that gives none by its id.

        Raises:
            GitError: It cannot be fetched.
        """
        ask(["init", "--quiet", "--template="], folder, literal=False)
        settings = {"url": self._url, "promisor": "true", "partialclonefilter": "blob:none"}
        for key, value in settings.items():
            ask(["config", f"remote.{_ORIGIN}.{key}", value], folder, literal=False)
        try:
            self._fetch(folder, commit)
        except GitError as error:
            if not any(words in str(error) for words in _BY_NAME_ONLY):
                raise self._explain_fetch(error, commit) from error
            for tag in tags:
                with suppress(GitError):
                    self._fetch(folder, f"refs/tags/{tag}")
        if find_commit(folder, commit) != commit:
            raise GitError(self._lost(commit))

    def _fetch(self, folder: str, name: str, *more: str) -> None:
        options = ("--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules", *(more or ("--filter=blob:none",)))
        self._run(["fetch", *options, "--", _ORIGIN, name], folder)
        self._given = name

    def _explain_fetch(self, error: GitError, commit: str) -> CommonSyncError:
        return GitError(self._lost(commit)) if any(words in str(error) for words in _NOT_THERE) else error

    def _lost(self, commit: str) -> Problem:
        message = f"{self._name} does not give commit {commit[:NAMED_ID]}, which is locked"
        return Problem(message, remedy="where its tag was moved: common-sync update")

    def check_tree(self, folder: str, commit: str, path: str) -> None:
        """Refuse a folder that holds more than can be listed: a few trees that hold each other's may come to millions of files.

        Args:
            folder: As for `fetch`.
            commit: The commit's full id.
            path: The folder's path in it.

        Raises:
            GitError: It does.
        """
        self._run(["ls-tree", "-r", "-z", "--full-tree", commit, "--", f"{path}/"], folder, most=limits.LISTED)

    def fetch_blobs(self, folder: str, names: Iterable[str]) -> None:
        """Fetch the bytes of some files that are not there yet, all at once.

        Args:
            folder: As for `fetch`.
            names: Git's names of them.

        Raises:
            GitError: They cannot be fetched, or are more than may be.
        """
        names = list(dict.fromkeys(names))
        known = _list_sizes(folder)
        missing = [name for name in names if name not in known]
        if missing:
            options = ("--quiet", "--no-tags", "--no-write-fetch-head", "--filter=blob:none", "--no-recurse-submodules")
            words = ["-c", "fetch.negotiationAlgorithm=noop", "fetch", *options, "--stdin", _ORIGIN]
            try:
                self._run(words, folder, "".join(f"{name}\n" for name in missing))
            except GitError as error:
                if not any(words in str(error) for words in _BY_NAME_ONLY):
                    raise
                # as over an ssh that takes no variables: the server leaves files out, and gives none by its id
                self._fetch(folder, self._given, "--refetch", "--no-filter")
            known = _list_sizes(folder)
        size = sum(known.get(name, 0) for name in names)
        if size > limits.FOREIGN:
            message = f"the library has {size:,} bytes there, and {limits.FOREIGN:,} is the most that is fetched"
            raise GitError(Problem(message, self._name, remedy="exclude what the services do not need"))

    def _run(self, words: Sequence[str], folder: str, data: str = "", most: int = 0) -> str:
        """Run git so that it may connect; return what it prints.

        Args:
            words: The subcommand and what follows it.
            folder: The absolute path that it is run in.
            data: What git is to read on its standard input.
            most: Bytes that it may write into any file, and print; 0 for what a library may have.

        Raises:
            GitError: It failed, took too long, or was sent too much.
        """
        settings = [word for key, value in _SAFE.items() for word in ("-c", f"{key}={value}")]
        command = ["git", "-C", folder, *settings, *words]
        most = most or limits.FOREIGN
        blocks = str(most // _SHELL_BLOCK)
        limited = ["sh", "-c", 'ulimit -f "$0" 2>/dev/null; exec "$@"', blocks, *command]
        with TemporaryFile() as given, TemporaryFile() as out, TemporaryFile() as errors:
            given.write(data.encode())
            given.seek(0)
            # a session of its own: no terminal is there to ask a person, and what git starts can be ended with it
            with subprocess.Popen(  # noqa: S603 - our own words, and a URL that was looked at
                limited, env=self._environment(folder), stdin=given, stdout=out, stderr=errors, start_new_session=True
            ) as process:
                try:
                    code: int | None = process.wait(self._patience)
                except subprocess.TimeoutExpired:
                    code = None
                finally:
                    with suppress(ProcessLookupError):
                        os.killpg(process.pid, signal.SIGKILL)
            out.seek(0)
            errors.seek(0)
            if code == 0:
                return os.fsdecode(out.read())
            raise GitError(self._explain_failure(code, os.fsdecode(errors.read(_MOST_WORDS)), most))

    def _explain_failure(self, code: int | None, words: str, most: int) -> Problem:
        if code is None:
            message = f"has not answered within {self._patience:.0f} seconds"
        elif code == -signal.SIGXFSZ or f"signal {signal.SIGXFSZ}" in words:
            message = f"has more than {most:,} bytes for this, which is more than is taken"
        else:
            said = _join_lines(words)
            message = f"cannot be reached: {said}" if said else "cannot be reached"
        remedy = f"try it by hand: git ls-remote {self._name}; nothing was changed"
        return Problem(message, self._name, remedy=remedy)

    def _environment(self, folder: str) -> dict[str, str]:
        environment = environment_for(folder) | _QUIET
        environment["GIT_ALLOW_PROTOCOL"] = "file" if self._is_path else "https:ssh"
        if "GIT_SSH" not in environment and not self._is_path:
            environment["GIT_SSH_COMMAND"] = _never_asking(
                environment.get("GIT_SSH_COMMAND") or _configured_ssh(folder)
            )
        return environment


_BY_NAME_ONLY = ("unadvertised object", "does not allow request")
_NOT_THERE = ("not our ref", "couldn't find remote ref")


_WARNING = expression(r"(?m)^warning: .*$")
_NEXT_ERROR = expression(r"\.?\s*^(?:error|fatal): ", re.MULTILINE)


def _join_lines(words: str) -> str:
    """Return what git complains of as one line, without its warnings."""
    joined = _NEXT_ERROR.sub("; ", _WARNING.sub("", words))
    return " ".join(joined.split()).removeprefix("; ")


def _configured_ssh(folder: str) -> str:
    with suppress(GitError):
        return ask(["config", "core.sshCommand"], folder, literal=False).strip()
    return ""


def _never_asking(command: str) -> str:
    """Return the command of an OpenSSH client so that it asks nobody; another program's as it is."""
    command = command or "ssh"
    name = os.path.basename(command.split()[0])
    return f"{command} -oBatchMode=yes -oConnectTimeout=15" if name == "ssh" else command


def _list_sizes(folder: str) -> dict[str, int]:
    """Return git's names of all that a repository has here, and how many bytes each is.

    To ask for some of them would be to ask for what is not here, which git takes for an error where it may not fetch it.
    """
    rows = ask(["cat-file", "--batch-check", "--batch-all-objects", "--unordered"], folder, literal=False).splitlines()
    return {name: int(size) for name, _, size in (row.split() for row in rows)}
