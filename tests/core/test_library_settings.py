"""Several libraries in the configuration: each with its own keys, and everything that is wrong said with its line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common_sync.core.configuration import Configuration, find_table, parse_configuration
from common_sync.core.errors import Problem
from common_sync.core.library_settings import LibrarySettings
from common_sync.core.paths import overlap
from common_sync.core.pins import Pin
from common_sync.core.settings import Setting

OWN, PYPROJECT = "common-sync.toml", "pyproject.toml"
SERVICES = 'services = ["services/*"]\n'
TWO = """\
services = ["services/*"]
ignore = []

[[library]]
master = "common"
services = ["./services//*"]

[[library]]  # the other one
master = "libs/events/"
name = "our-events"
copy = "vendor/events"
exclude = ["tests/"]
services = [
  "services/api",
]
"""


def read(text: str, file: str = OWN) -> tuple[Configuration, list[Problem]]:
    """Return the configuration of a file, and what is wrong with it."""
    table = find_table(text, file)
    assert table is not None
    return parse_configuration(table, text, file)


@pytest.mark.parametrize("file", [OWN, PYPROJECT])
def test_two_tables(file: str) -> None:
    """A library would be read with the keys of the other one, or a message point at the other one's line."""
    text = TWO
    if file == PYPROJECT:
        text = "[tool.common-sync]\n" + TWO.replace("[[library]]", "[[tool.common-sync.library]]") + "[tool.z]\n"
    configuration, problems = read(text, file)
    more = int(file == PYPROJECT)
    assert problems == []
    common = Setting("common", 5 + more)
    assert configuration.library == (
        LibrarySettings(common, common, common, (), (Setting("services/*", 6 + more),)),
        LibrarySettings(
            Setting("libs/events", 9 + more),
            Setting("our-events", 10 + more),
            Setting("vendor/events", 11 + more),
            (Setting("tests/", 12 + more),),
            (Setting("services/api", 14 + more),),
        ),
    )
    assert (configuration.masters, configuration.copies) == (
        (common, Setting("libs/events", 9 + more)),
        ("common", "vendor/events"),
    )
    assert (configuration.master, configuration.copy, configuration.exclude) == (common, common, ())


def test_tables_in_one_line_each() -> None:
    """Who writes a list of inline tables would be shown the wrong line."""
    text = f"""{SERVICES}library = [
  {{ master = "a", services = ["x"] }},
  {{ master = "b", copy = "../b", services = ["x"] }},
]
"""
    configuration, problems = read(text)
    assert [one.master for one in configuration.library] == [Setting("a", 3), Setting("b", 4)]
    assert [(one.line, one.message) for one in problems] == [(4, "\"copy\" is '../b', which leads upward")]


@pytest.mark.parametrize("file", [OWN, PYPROJECT])
def test_pins_stand_in_the_table_of_their_library(file: str) -> None:
    """A pin would count for another library, or a message about it point at another one's line."""
    head, name = ("[tool.common-sync]\n", "tool.common-sync.library") if file == PYPROJECT else ("", "library")
    text = f"""{head}{SERVICES}
[[{name}]]
master = "a"
services = ["x"]
[{name}.pins]
x = "v1"
"y" = "v2"
[[{name}]]
master = "b"
pins = {{ x = "v3" }}
services = ["x"]
"""
    configuration, problems = read(text, file)
    more = int(file == PYPROJECT)
    assert problems == []
    assert configuration.all_pins == (
        (Pin(Setting("x", 7 + more), "v1"), Pin(Setting("y", 8 + more), "v2")),
        (Pin(Setting("x", 11 + more), "v3"),),
    )
    assert read('master = "a"\npins = { x = "v1" }\n' + SERVICES)[0].all_pins == ((Pin(Setting("x", 2), "v1"),),)


def test_one_library_without_tables() -> None:
    """What is asked of all libraries would leave out the one that most projects have."""
    configuration, _ = read('master = "libs/a"\n' + SERVICES)
    assert (configuration.masters, configuration.copies) == ((Setting("libs/a", 1),), ("a",))


A = '[[library]]\nmaster = "a"\nservices = ["x"]\n'

WRONG = [
    ('master = "m"\n' + SERVICES + A, [(1, '"master" stands beside [[library]]')]),
    ('pins = {}\ncopy = "m"\nexclude = []\n' + SERVICES + A,
     [(2, '"copy" stands beside [[library]]'), (3, '"exclude" stands beside [[library]]'), (1, '"pins" stands beside [[library]]')]),
    (SERVICES + "library = []\n", [(2, '"library" must be a list of tables')]),
    (SERVICES + "library = [1]\n", [(2, '"library" must be a list of tables')]),
    (SERVICES + '[library]\nmaster = "a"\n', [(2, '"library" must be a list of tables')]),
    (SERVICES + '[[library]]\nservices = ["x"]\n', [(2, 'key "master" is missing')]),
    (SERVICES + '[[library]]\nmaster = "a"\n', [(2, 'key "services" of a library is missing')]),
    (SERVICES + '[[library]]\nmaster = "a"\nservices = []\n', [(4, 'key "services" of a library is empty')]),
    (SERVICES + A + 'pins = { x = "-v" }\n', [(5, "\"x\" is pinned to '-v', which begins like an option")]),
    (SERVICES + A + "pins = 1\n", [(5, '"pins" must be a table')]),
    (SERVICES + A + 'mastre = "x"\n', [(5, 'unknown key "mastre"')]),
    (SERVICES + A + 'name = "a/b"\n', [(5, "\"name\" cannot be 'a/b'")]),
    (SERVICES + A + A.replace('"a"', '"./a"') + 'name = "b"\n', [(6, 'master "a" and "a" of the library in line 3 overlap')]),
    (SERVICES + A + A.replace('"a"', '"a/b"'), [(6, 'master "a/b" and "a" of the library in line 3 overlap')]),
    (SERVICES + A + A.replace('"a"', '"b/a"') + 'copy = "b"\n', [(5, 'the library in line 3 has the name "a" too')]),
    (SERVICES + A + A.replace('"a"', '"b"') + 'copy = "a/b"\n', [(8, 'copies at "a/b" and at "a" of the library in line 3 would overlap')]),
    (SERVICES + A + A.replace('"a"', '"b"') + 'copy = "A"\n', [(8, 'copies at "A" and at "a" of the library in line 3 would overlap')]),
    (SERVICES + A + '[[library]]\nmaster = 5\nservices = ["x"]\n', [(6, '"master" must be a string')]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), WRONG)
def test_what_is_wrong_is_said_with_its_line(text: str, expected: list[tuple[int, str]]) -> None:
    """A library would be copied over another one, or to nobody; or somebody would look for a slip in the wrong table."""
    _, problems = read(text)
    assert [(one.line, one.message) for one in problems] == expected
    assert all(one.file == OWN and one.remedy for one in problems)


PATHS = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map("/".join)


@given(st.lists(st.tuples(PATHS, PATHS), min_size=1, max_size=3))
def test_no_two_libraries_overlap(pairs: list[tuple[str, str]]) -> None:
    """One library's copy would be written into another one's."""
    tables = (
        f'[[library]]\nmaster = "{one}"\nname = "n{n}"\ncopy = "{copy}"\nservices = ["x"]\n'
        for n, (one, copy) in enumerate(pairs)
    )
    _, problems = read(SERVICES + "".join(tables))
    apart = all(
        not overlap(one[0], other[0]) and not overlap(one[1], other[1])
        for number, one in enumerate(pairs)
        for other in pairs[:number]
    )
    assert (problems == []) == apart
