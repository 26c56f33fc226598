"""Pins: what may be one, and what is said of what may not."""

import re
import tomllib

import pytest

from common_sync.core.configuration import parse_configuration
from common_sync.core.errors import Problem
from common_sync.core.pins import REMEDY, Pin, is_commit, list_tags, why_no_ref
from common_sync.core.settings import Setting

FILE = "common-sync.toml"


def read(pins: dict[str, object]) -> tuple[tuple[Pin, ...], list[Problem]]:
    """Return the pins of a configuration that has one a line, from the fifth on, and what is wrong with it."""
    table: dict[str, object] = {"master": "common", "services": ["services/*"], "pins": pins}
    lines = [f'"{service}" = {value!r}' for service, value in pins.items()]
    configuration, problems = parse_configuration(
        table, "\n".join(['master = "common"', 'services = ["services/*"]', "", "[pins]", *lines, ""]), FILE
    )
    return configuration.pins, problems


def test_pins_have_their_lines() -> None:
    """A service would not stay behind, or a message about its pin point at another one's."""
    pins, problems = read({"api": "v1.0.1", "services/worker": "601d4183"})
    assert pins == (Pin(Setting("api", 5), "v1.0.1"), Pin(Setting("services/worker", 6), "601d4183"))
    assert problems == []
    pins, _ = read({"b\u00e4": "web", "we": "we", "web": "a"})
    assert [pin.service.line for pin in pins] == [5, 6, 7]
    text = 'master = "common"\npins.web = "api"\npins.api = "v1"\nservices = ["services/*"]\n'
    assert [pin.service.line for pin in parse_configuration(tomllib.loads(text), text, FILE)[0].pins] == [2, 3]
    text = 'pins = { "\\u0061pi" = "api", web = "api" }\n'  # what is written with escapes is not looked for
    assert [pin.service.line for pin in parse_configuration(tomllib.loads(text), text, FILE)[0].pins] == [1, 1]


def test_hundreds_of_pins_have_their_lines_without_an_expression_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each run in a repository with a thousand pins would take half as long again, only to know lines that nobody reads."""
    asked, compiled = [], re._compile  # type: ignore[attr-defined] # noqa: SLF001 - what `re.compile` and `re.search` end in

    def count(pattern: str, flags: int = 0) -> re.Pattern[str]:
        asked.append(pattern)
        return compiled(pattern, flags)  # type: ignore[no-any-return]

    monkeypatch.setattr(re, "_compile", count)
    pins, _ = read({f"services/s{number}": "v1" for number in range(100)})
    assert [pin.service.line for pin in pins] == [*range(5, 105)]
    assert len(set(asked)) < 10


def test_what_is_no_pin_is_said_and_the_others_stay() -> None:
    """A slip in one pin would be found at git's door, with git's words; or hide the slip in the next one."""
    pins, problems = read({"api": "v1..v2", "worker": "v1", "cron": "--all", "web": 1, "job": ""})
    assert pins == (Pin(Setting("worker", 6), "v1"),)
    assert problems == [
        Problem("\"api\" is pinned to 'v1..v2', which is no tag's name", FILE, 5, REMEDY),
        Problem("\"cron\" is pinned to '--all', which begins like an option", FILE, 7, REMEDY),
        Problem('"web" cannot be 1', FILE, 8, 'web = "v1.0.1"'),
        Problem("\"job\" is pinned to '', which is empty", FILE, 9, REMEDY),
    ]


WHY = [
    ("", "is empty"),
    ("v" * 201, "is too long"),
    ("--upload-pack=x", "begins like an option"),
    ("a b", "holds a character that no tag has"),
    ("a\x00", "holds a character that no tag has"),
    ("a\x7f", "holds a character that no tag has"),
    ("a\udcff", "holds a character that no tag has"),
    ("v1..v2", "is no tag's name"),
    ("v1~1", "is no tag's name"),
    ("v1^{}", "is no tag's name"),
    ("HEAD:x", "is no tag's name"),
    ("a@{1}", "is no tag's name"),
    ("v*", "is no tag's name"),
    ("/v1", "is no tag's name"),
    ("v1/", "is no tag's name"),
    ("v1.lock", "is no tag's name"),
    ("a/.b", "is no tag's name"),
    ("v1.0.1", None),
    ("common/v1", None),
    ("Ä-1", None),
    ("601d4183", None),
]


@pytest.mark.parametrize(("ref", "reason"), WHY)
def test_what_a_ref_may_be(ref: str, reason: str | None) -> None:
    """A pin would reach git as an option, a range or a place in history that moves."""
    assert why_no_ref(ref) == reason


def test_a_tag_may_begin_with_the_library_s_name() -> None:
    """A repository with several libraries could not tag them apart."""
    assert list_tags("v1", "common") == ("v1", "common-v1", "common/v1")


COMMITS = [
    ("601d418", True),
    ("601D4183ab", True),
    ("f" * 64, True),
    ("f" * 65, False),
    ("601d41", False),
    ("v601d4183", False),
    ("601d4183\n", False),
    ("", False),
]


@pytest.mark.parametrize(("ref", "commit"), COMMITS)
def test_what_may_begin_a_commit_s_id(ref: str, commit: bool) -> None:
    """A commit would be looked for among tags only, or a branch's name be taken for a commit."""
    assert is_commit(ref) is commit
