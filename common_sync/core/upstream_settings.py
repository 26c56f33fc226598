"""A master in another git repository: `master = { git = "…", ref = "…", path = "…" }`."""

import re

from common_sync.core.model import Upstream
from common_sync.core.paths import SUBDIRECTORY, TOP
from common_sync.core.pins import REMEDY, why_no_ref
from common_sync.core.settings import Reader, Setting, tidy_path, why_no_folder

UPSTREAM_KEYS = ("git", "ref", "path")

_EXAMPLES = {"git": '"https://github.com/acme/platform.git"', "ref": '"v1.4.0"', "path": '"common"'}
_URL = "write it as https://…, ssh://… or user@host:…, or as a path that begins with ../"
_NAMED = "write it with the name of that folder: ../../platform"
_NAMELESS = ("", ".", "..")
_LONGEST = 2000
_SCP = re.compile("[A-Za-z0-9_][A-Za-z0-9._-]*@[A-Za-z0-9][A-Za-z0-9.-]*:[^-].*")


def read_upstream(reader: Reader) -> tuple[Setting, Upstream | None]:
    """Return what stands for the master's path, and where the master is; None where that makes no sense.

    Args:
        reader: Reads the table in which `master` is a table; what is wrong is noted there.
    """
    inner = reader.table("master")
    assert inner is not None
    inner.check_keys(UPSTREAM_KEYS)
    found = {key: inner.setting(key, "(?s).+", example) for key, example in _EXAMPLES.items()}
    for key in UPSTREAM_KEYS:
        if key not in inner.names:
            inner.complain(
                key, f'key "{key}" of a master in another repository is missing', f"{key} = {_EXAMPLES[key]}"
            )
    wrong = False
    for key, why, remedy in _CHECKS:
        setting = found[key]
        if setting is not None and (reason := why(setting.value)):
            wrong = True
            # what is wrong with a URL may be the password in it
            shown = "" if key == "git" else f" is {setting.value!r}, which"
            inner.complain(key, f'"{key}"{shown} {reason}', remedy)
    git, ref, path = (found[key] for key in UPSTREAM_KEYS)
    if git is None or ref is None or path is None or wrong:
        return Setting("", inner.line), None
    upstream = Upstream(git.value, ref.value, tidy_path(path.value) or TOP)
    if upstream.name in _NAMELESS:
        inner.complain("git", f'"git" is {git.value!r}, which does not say what the library is called', _NAMED)
        return Setting("", inner.line), None
    return Setting(upstream.master, git.line), upstream


def why_no_repository(git: str) -> str | None:
    """Say why a text names no repository that is asked, or None when it does.

    Args:
        git: A URL, or a path.
    """
    if len(git) > _LONGEST:
        return "is too long"
    if git.startswith("-"):
        return "begins like an option"
    if any(letter <= " " or letter == "\x7f" or "\ud800" <= letter <= "\udfff" for letter in git):
        return "holds a character that no URL has"
    if "::" in git:
        return "has git run a program"
    if "#" in git or "?" in git or "\\" in git:
        return "holds a character that it cannot have"
    if "://" in git:
        return _why_no_url(*git.split("://", 1))
    if git.startswith(("../", "./")) or git == "..":
        return None
    return None if _SCP.fullmatch(git) else _why_no_path(git)


def _why_no_url(scheme: str, rest: str) -> str | None:
    authority, slash, path = rest.partition("/")
    user, at, host = authority.rpartition("@")
    if scheme not in {"https", "ssh"}:
        return "is neither https nor ssh"
    if ":" in user or (at and scheme == "https"):
        return "names a user or a password: that is for a credential helper of git's"
    if not host or host.startswith((":", "-")) or user.startswith("-") or not slash or not path.strip("/"):
        return "names no repository of a host"
    return None


def _why_no_path(git: str) -> str:
    if git.startswith(("/", "~")):
        return "is a path of this machine, and others have the repository elsewhere"
    return "is no URL, and no path that begins with ../"


def _why_no_master(path: str) -> str | None:
    if SUBDIRECTORY in path:
        return "holds a character that it cannot have"
    tidy = tidy_path(path)
    return why_no_folder(tidy) if tidy else None  # the top of that repository


_CHECKS = (
    ("git", why_no_repository, _URL),
    ("ref", why_no_ref, REMEDY),
    ("path", _why_no_master, 'name a folder inside that repository, or "." for all of it'),
)
