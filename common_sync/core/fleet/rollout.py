"""How a target is brought up to date: what the inventory says of it, and of the order of all. Parsed, not trusted."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from common_sync.core.settings import Reader, Setting

ROLLOUT_KEYS = ("waves", "at_once", "on_failure")
"""Keys of the whole inventory."""

DEPLOY_KEYS = (
    "health",
    "compose",
    "env_file",
    "source",
    "image",
    "program",
    "tags",
    "prepare_timeout",
    "health_timeout",
    "health_times",
    "settle",
)
"""Keys of a target."""

STOP, UNDO = "stop", "undo"
GIT, IMAGE = "git", "image"

_URL = r"https?://[A-Za-z0-9.\[\]:_-]+(?:/[!-~]*)?"
_TAG = "[A-Za-z0-9_][A-Za-z0-9._-]*"
_GLOB = r"[A-Za-z0-9._*?\[\]!@/-]+"
_FILE = r"(?!-)(?:(?!\.{1,2}(?:/|\Z))[^/\x00-\x1f\x7f]+/)*(?!\.{1,2}\Z)[^/\x00-\x1f\x7f]+"
_PART = "[a-z0-9]+(?:[._-]+[a-z0-9]+)*"
_IMAGE = rf"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]+)?/)?{_PART}(?:/{_PART})*"
_SHARE = r"([1-9][0-9]?|100)%"
_SECONDS = {"prepare_timeout": (1, 86400), "health_timeout": (1, 3600), "health_times": (1, 100), "settle": (0, 3600)}
"""The bounds of each number."""


class Deploying(NamedTuple):
    """How a target is brought up to date.

    Attributes:
        health: What its host is to ask, or nothing.
        compose: The paths of its compose files from the repository's root; none where they are the service's own.
        env_file: The absolute path, on the host, of the file of variables for Compose, or nothing.
        tags: Words by which waves name it.
        program: What the host's own common-sync is called, which makes releases.
        prepare_timeout: How many seconds fetching and building may take.
        health_timeout: In how many seconds it must be healthy.
        health_times: How many good answers in a row are asked for.
        settle: For how many seconds it must stay so.
        source: `git` where its images are built on its host, or `image` where they come from a registry.
        image: The name of its image in the registry, without a tag; nothing where that is not said.
    """

    health: str = ""
    compose: tuple[str, ...] = ()
    env_file: str = ""
    tags: tuple[str, ...] = ()
    prepare_timeout: int = 900
    health_timeout: int = 60
    health_times: int = 3
    settle: int = 5
    program: str = "common-sync"
    source: str = GIT
    image: str = ""

    @property
    def pulled(self) -> str:
        """The name of the image that is pulled; nothing where it is built there."""
        return self.image if self.source == IMAGE else ""


class Order(NamedTuple):
    """In which order targets are switched.

    Attributes:
        waves: Each a list of hosts, services, tags, or patterns of these, with its line.
        at_once: How many targets of a wave are switched at a time: a number, or a share such as `25%`.
        on_failure: `stop`, or `undo` where earlier waves go back, too.
    """

    waves: tuple[tuple[Setting, ...], ...] = ()
    at_once: str = "1"
    on_failure: str = STOP


def read_order(reader: Reader) -> Order:
    """Return the order that an inventory asks for; what is wrong is noted.

    Args:
        reader: Reads its uppermost table.
    """
    waves = tuple(_read_words(reader, one, _GLOB, "waves", '["canary"]') for one in reader.lists("waves"))
    choice = reader.setting("on_failure", f"{STOP}|{UNDO}", f'"{STOP}", or "{UNDO}" to take earlier waves back')
    return Order(waves, _read_share(reader), choice.value if choice is not None else STOP)


def _read_share(reader: Reader) -> str:
    if "at_once" not in reader.names:
        return "1"
    value = reader.value("at_once")
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return str(value)
    if isinstance(value, str) and re.fullmatch(_SHARE, value):
        return value
    reader.complain("at_once", f'"at_once" cannot be {value!r}', 'at_once = 1, or "25%" of a wave')
    return "1"


def read_deploying(reader: Reader) -> Mapping[str, object]:
    """Return what a table says of how targets are brought up to date: fields of `Deploying`; what is wrong is noted.

    Args:
        reader: Reads the table of a target, or the one of what counts for all.
    """
    found: dict[str, object] = {}
    for key, pattern, example in _STRINGS:
        if (given := reader.setting(key, pattern, example)) is not None:
            found[key] = given.value
    for key, pattern, example in _LISTS:
        if key in reader.names:
            found[key] = tuple(one.value for one in _read_words(reader, reader.strings(key), pattern, key, example))
    for key, (least, most) in _SECONDS.items():
        if (number := reader.number(key, str(Deploying._field_defaults[key]))) is not None:
            if not least <= int(number.value) <= most:
                reader.complain(key, f'"{key}" cannot be {number.value}', f"a number from {least} to {most:,}")
            found[key] = int(number.value)
    return found


_STRINGS = (
    ("health", _URL, '"http://127.0.0.1:8001/health", as the host itself asks it'),
    ("env_file", r"(?:/(?!\.{1,2}(?:/|\Z))[^/\x00-\x1f\x7f]+)+", '"/srv/shop/.env", an absolute path on the host'),
    ("program", r"/(?:[^/\x00-\x1f\x7f]+/)*common-sync", '"/opt/tools/bin/common-sync", an absolute path on the host'),
    ("source", f"{GIT}|{IMAGE}", f'"{GIT}", or "{IMAGE}" for what a registry has'),
    ("image", _IMAGE, '"ghcr.io/shop/api", the image\'s name without a tag'),
)
_LISTS = (
    ("compose", _FILE, '["services/api/compose.yml"], paths from the repository\'s root'),
    ("tags", _TAG, '["canary"]'),
)


def _read_words(
    reader: Reader, words: tuple[Setting, ...], pattern: str, key: str, example: str
) -> tuple[Setting, ...]:
    """Return the words of a list; each has to look like something."""
    for one in words:
        if re.fullmatch(pattern, one.value) is None:
            reader.complain(key, f'"{key}" cannot hold {one.value!r}', f"{key} = {example}")
    return words
