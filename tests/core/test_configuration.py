"""The configuration: everything that is wrong is said at once, each with its line, and no TOML is a traceback."""

from collections.abc import Sequence

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from support.trees import thorough

from common_sync.core.configuration import KEYS, MANAGED, Configuration, find_table, name_table, parse_configuration
from common_sync.core.errors import Problem
from common_sync.core.settings import Setting, why_no_folder
from common_sync.core.typos import count_slips, nearest

OWN = "common-sync.toml"
PYPROJECT = "/repo/pyproject.toml"


def read(text: str, file: str = OWN) -> tuple[Configuration, list[Problem]]:
    """Return the configuration of a file, and what is wrong with it."""
    table = find_table(text, file)
    assert table is not None
    return parse_configuration(table, text, file)


def complaints(text: str, file: str = OWN) -> list[tuple[int | None, str]]:
    """Return the line and the sentence of everything that is wrong."""
    _, problems = read(text, file)
    assert all(problem.file == file and problem.remedy for problem in problems)
    return [(problem.line, problem.message) for problem in problems]


FULL = """\
# our own
master = "./libraries//common/"
services = [
  "orchestrator",  # first
  'services/*/',
]
copy = "common"
exclude = ["tests/", "*.md"]
"""


def test_own_file() -> None:
    """The services would not be found, or the message about one point at another line."""
    configuration, problems = read(FULL)
    assert configuration == Configuration(
        file=OWN,
        master=Setting("libraries/common", 2),
        services=(Setting("orchestrator", 4), Setting("services/*", 5)),
        copy=Setting("common", 7),
        exclude=(Setting("tests/", 8), Setting("*.md", 8)),
        managed=frozenset({"dockerignore", "gitattributes"}),
    )
    assert problems == []


def test_pyproject() -> None:
    """Somebody who keeps everything in pyproject.toml could not use the tool."""
    other = '[project]\nname = "x"\n\n[tool.other]\nmaster = "not this"\ncopy = "nor this"\n\n'
    text = f"{other}[tool.common-sync]\n{FULL}\n[tool.zzz]\nservices = 1\n"
    configuration, problems = read(text, PYPROJECT)
    moved = other.count("\n") + 1
    assert configuration.master == Setting("libraries/common", 2 + moved)
    assert configuration.services == (Setting("orchestrator", 4 + moved), Setting("services/*", 5 + moved))
    assert configuration.copy == Setting("common", 7 + moved)
    assert problems == []


def test_the_copy_is_named_like_the_master() -> None:
    """Everybody would have to write down what is nearly always the same."""
    configuration, problems = read('master = "libraries/common"\nservices = ["a"]\n')
    assert configuration.copy.value == "common"
    assert configuration.exclude == ()
    assert problems == []


@pytest.mark.parametrize(
    "text",
    ["", "[project]\n", "tool = 1\n", "[tool]\n", "[tool.common]\n", "[[tool]]\n", 'x = "[tool.common-sync]"\n'],
)
def test_a_pyproject_without_the_table_is_not_meant(text: str) -> None:
    """A library's own pyproject.toml would be taken for the configuration."""
    assert find_table(text, PYPROJECT) is None


@pytest.mark.parametrize(("file", "header"), [(OWN, "[deploy]"), (PYPROJECT, "[tool.common-sync.deploy]")])
def test_a_remedy_names_a_table_as_its_file_does(file: str, header: str) -> None:
    """Who pastes the remedy would get an unknown key."""
    assert name_table(file, "deploy") == header


def test_an_own_file_is_always_meant() -> None:
    """An empty common-sync.toml would be passed over, and the one above be used."""
    assert find_table("", OWN) == {}


@pytest.mark.parametrize("text", ["[tool]\ncommon-sync = 1\n", "[[tool.common-sync]]\n", "tool = {common-sync = []}\n"])
def test_a_table_that_is_none_is_said(text: str) -> None:
    """Double brackets would read as if there were no configuration at all."""
    with pytest.raises(ValueError, match=r"^\[tool.common-sync\] is not a table$"):
        find_table(text, PYPROJECT)


def test_what_is_not_toml_is_said() -> None:
    """A slip in the file would be a traceback."""
    with pytest.raises(ValueError, match="line 1"):
        find_table("master = common", OWN)


SERVICES = 'services = ["a"]\n'

WRONG = [
    # an unknown key
    ('master = "m"\nservice = ["a"]\n' + SERVICES, [(2, '"service" must be a table')]),
    ('master = "m"\n"sevices" = ["a"]\n' + SERVICES, [(2, 'unknown key "sevices"')]),
    ('master = "m"\n' + SERVICES + "\n[library]\nx = 1\n", [(4, '"library" must be a list of tables')]),
    ('master = "m"\n' + SERVICES + "\n[[library.x]]\n", [(4, '"library" must be a list of tables')]),
    ('master = "m"\n' + SERVICES + "x.y = 1\n", [(3, 'unknown key "x"')]),
    ('master = "m"\n' + SERVICES + "'a.b' = 1\n", [(3, 'unknown key "a.b"')]),
    # a key that is missing
    (SERVICES, [(1, 'key "master" is missing')]),
    ('master = "m"\n', [(1, 'key "services" is missing')]),
    ('master = "m"\nservices = []\n', [(2, 'key "services" is empty')]),
    # a wrong type
    ("\nmaster = 1\n" + SERVICES, [(2, '"master" must be a string')]),
    ('master = ["m"]\n' + SERVICES, [(1, '"master" must be a string')]),
    ('master = "m"\n\nservices = "a"\n', [(3, '"services" must be a list of strings')]),
    ('master = "m"\nservices = [\n  "a",\n  1,\n]\n', [(2, '"services" must be a list of strings')]),
    ('master = "m"\nservices = {}\n', [(2, '"services" must be a list of strings')]),
    ('master = "m"\nexclude = "a"\n' + SERVICES, [(2, '"exclude" must be a list of strings')]),
    ('master = "m"\ncopy = false\n' + SERVICES, [(2, '"copy" must be a string')]),
    (
        "master=5\n" + SERVICES + '[library]\nmaster = "a"\n',
        [(3, '"library" must be a list of tables'), (1, '"master" must be a string')],
    ),
    # no folder
    ('master = "../m"\n' + SERVICES, [(1, "\"master\" is '../m', which leads upward")]),
    ('master = "a/../m"\n' + SERVICES, [(1, "\"master\" is 'a/../m', which leads upward")]),
    ('master = "/m"\n' + SERVICES, [(1, "\"master\" is '/m', which is absolute")]),
    ('master = "~/m"\n' + SERVICES, [(1, "\"master\" is '~/m', which leads to somebody's home")]),
    ('master = ""\n' + SERVICES, [(1, "\"master\" is '', which is not a folder of its own")]),
    ('master = "./"\n' + SERVICES, [(1, "\"master\" is './', which is not a folder of its own")]),
    ('master = "m"\ncopy = "."\n' + SERVICES, [(2, "\"copy\" is '.', which is not a folder of its own")]),
    ('master = "m"\ncopy = "../c"\n' + SERVICES, [(2, "\"copy\" is '../c', which leads upward")]),
    ('master = "m"\ncopy = "a/.GIT/b"\n' + SERVICES, [(2, "\"copy\" is 'a/.GIT/b', which is a git directory")]),
    ('master = "a\\tb"\n' + SERVICES, [(1, "\"master\" is 'a\\tb', which holds a control character")]),
    # everything at once
    (
        'mastr = "m"\ncopy = "/c"\nservices = 1\nexclude = [1]\n',
        [
            (1, 'unknown key "mastr"'),
            (1, 'key "master" is missing'),
            (2, "\"copy\" is '/c', which is absolute"),
            (3, '"services" must be a list of strings'),
            (4, '"exclude" must be a list of strings'),
        ],
    ),
]


BEFORE = "[project]\nname = 'x'\n\n[ tool . 'common-sync' ] # ours\n"


@pytest.mark.parametrize(("text", "expected"), WRONG)
def test_what_is_wrong_is_said_with_its_line(text: str, expected: list[tuple[int, str]]) -> None:
    """Somebody would look for a slip in the wrong place, or mend one only to be shown the next."""
    assert complaints(text) == expected
    table = text.replace("[library", "[tool.common-sync.library")
    found = complaints(f"{BEFORE}{table}\n[tool.zzz]\nmaster = 1\nservices = 2\ncopy = 3\nexclude = 4\n", PYPROJECT)
    header = BEFORE.count("\n")
    assert found == [(header if message.endswith("missing") else header + line, message) for line, message in expected]


def test_the_same_string_twice_has_two_lines() -> None:
    """`given twice, also in line 3` would point at line 3 itself."""
    configuration, _ = read('master = "a"\nservices = [\n  "a",\n  "b",\n  "a",\n  "a",\n  "c", "c",\n]\n')
    assert configuration.services == (
        Setting("a", 3),
        Setting("b", 4),
        Setting("a", 5),
        Setting("a", 6),
        Setting("c", 7),
        Setting("c", 7),
    )


def test_a_string_with_escapes_has_the_line_before_it() -> None:
    """A message about a string that is not written as it reads would have no line at all."""
    configuration, _ = read('master = "m"\nexclude = [\n  "a",\n  "\\u0062",\n  "c",\n]\nservices = ["b"]\n')
    assert [setting.line for setting in configuration.exclude] == [3, 3, 5]


def test_lines_are_counted_as_toml_does() -> None:
    """A form feed in a comment would shift every line number after it."""
    assert complaints("# a\u2028b\x85c\r\nmaster = 1\r\n" + SERVICES) == [(2, '"master" must be a string')]


@pytest.mark.parametrize(
    ("given", "managed"),
    [("[]", []), ('["dockerignore"]', ["dockerignore"]), ('["gitattributes", "dockerignore"]', MANAGED)],
)
def test_managed_blocks_can_be_switched_off(given: str, managed: Sequence[str]) -> None:
    """A team that keeps its own .dockerignore would find lines in it that it does not want."""
    configuration, problems = read(f'master = "m"\n{SERVICES}managed = {given}\n')
    assert (configuration.managed, problems) == (frozenset(managed), [])


@pytest.mark.parametrize(
    ("word", "remedy"),
    [(".dockerignore", "did you mean dockerignore?"), ("zzz", "the words are dockerignore, gitattributes")],
)
def test_an_unknown_word_is_no_managed_file(word: str, remedy: str) -> None:
    """Somebody would think that a block was kept, or was not."""
    _, problems = read(f'master = "m"\n{SERVICES}managed = [\n  "dockerignore",\n  "{word}",\n]\n')
    assert problems == [Problem(f'"managed" holds an unknown word: {word!r}', OWN, 5, remedy)]


@pytest.mark.parametrize(
    ("check", "message", "remedy"),
    [
        ("CS101", "CS101 cannot be switched off", "only the checks of doctor (CS2.., CS3.., CS422) can; see common-sync explain CS101"),
        ("CS2070", 'no check "CS2070" exists', "did you mean CS207?"),
        ("CS20", 'no check "CS20" exists', "the checks are CS201 to CS316, and CS422"),
        ("mounts", 'no check "mounts" exists', "the checks are CS201 to CS316, and CS422"),
    ],
)  # fmt: skip
def test_only_checks_of_doctor_can_be_switched_off(check: str, message: str, remedy: str) -> None:
    """A typo would leave a check switched on, or what `verify` finds be thought switched off."""
    configuration, problems = read(f'master = "m"\n{SERVICES}ignore = [\n  "CS207",\n  "{check}",\n]\n')
    assert problems == [Problem(message, OWN, 5, remedy)]
    assert configuration.ignore == (Setting("CS207", 4), Setting(check, 5))


@pytest.mark.parametrize(
    ("word", "remedy"),
    [
        ("servic", "did you mean service?"),
        ("excludes", "did you mean exclude?"),
        ("Master", "did you mean master?"),
        ("zzz", "the keys are master, services, copy, exclude, managed, ignore, pins, library, service, deploy"),
    ],
)
def test_a_typo_gets_a_suggestion(word: str, remedy: str) -> None:
    """Somebody would have to look up how a key is spelled."""
    _, problems = read(f'master = "m"\n{SERVICES}{word} = ["x"]\n')
    assert [problem.remedy for problem in problems] == [remedy]


def test_several_near_words_are_all_named() -> None:
    """Somebody who mistyped a service would be sent to the wrong one."""
    assert nearest("apii", ["api", "api2", "worker"]) == "did you mean api or api2?"
    assert nearest("x", ["api"]) == ""


@pytest.mark.parametrize(
    ("word", "words", "meant"),
    [
        ("stauts", ["status", "state"], "status"),
        ("status2", ["status", "stats"], "status"),
        ("verify-all", ["verify"], ""),
        ("promote", ["report", "remote"], "remote"),
        ("CS299", ["CS201", "CS209", "CS219", "CS309"], "CS209 or CS219"),
        ("CS20", ["CS201", "CS202", "CS203"], ""),
        ("services/wrker", ["services/worker", "services/w"], "services/worker"),
        ("services/abc", ["services/api"], ""),
        ("x" * 300, ["x" * 299], ""),
        ("", ["a"], ""),
    ],
)
def test_only_near_words_are_meant(word: str, words: list[str], meant: str) -> None:
    """A wrong guess sends a person the wrong way, and a list of guesses says nothing."""
    assert nearest(word, words) == (f"did you mean {meant}?" if meant else "")


@given(st.text("ab", max_size=6), st.text("ab", max_size=6))
def test_slips_are_counted_the_same_both_ways(one: str, other: str) -> None:
    """A typo would be near or far by which of the two words comes first."""
    assert count_slips(one, other) == count_slips(other, one)
    assert (count_slips(one, other) == 0) == (one == other)
    assert abs(len(one) - len(other)) <= count_slips(one, other) <= max(len(one), len(other))


WEIRD = [
    'tool.common-sync.master = 1\ntool.common-sync.services = ["a"]\n',
    '[tool]\ncommon-sync.master = 1\ncommon-sync.services = ["a"]\n',
    '[tool]\ncommon-sync = { master = 1, services = ["a"] }\n',
    'tool = { common-sync = { "master" = 1, services = ["a"] } }\n',
    '["tool"."common-sync"]\n"master" = 1\nservices = ["a"]\n',
    "[tool.'common-sync']\n'master'=1\nservices = ['a']\n",
    '[tool.common-sync]\n"m\\u0061ster" = 1\nservices = ["a"]\n',
]


@pytest.mark.parametrize("text", WEIRD)
def test_other_ways_to_write_the_same_table(text: str) -> None:
    """A configuration that is in order would be refused, or its fault not be found."""
    (problem,) = read(text, PYPROJECT)[1]
    assert problem.message == '"master" must be a string'
    line = problem.line
    assert line is not None
    in_line = text.splitlines()[line - 1]
    assert "master" in in_line or "m\\u0061ster" in text


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("a", None),
        ("a/b", None),
        ("a..b/.gitx", None),
        ("ä ", None),
        ("", "is not a folder of its own"),
        ("/a", "is absolute"),
        ("~", "leads to somebody's home"),
        ("a/..", "leads upward"),
        (".git", "is a git directory"),
        ("a\nb", "holds a control character"),
        ("a\0", "holds a control character"),
    ],
)
def test_folders(path: str, reason: str | None) -> None:
    """The tool would write outside the service that it was given."""
    assert why_no_folder(path) == reason


words = st.sampled_from([*KEYS, "tool", "common-sync", "x", "m\\u0061ster", "a.b"])
keys = st.one_of(words.filter(lambda word: "\\" not in word), words.map('"{}"'.format), words.map("'{}'".format))
dotted = st.lists(keys, min_size=1, max_size=3).map(".".join)
values = st.recursive(
    st.sampled_from(
        ['"a"', "'a'", '"""\nmaster = 1\n"""', "1", "1.5", "true", "2020-01-01", '"\\u0000"', '"/a"', '""']
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[ {', '.join(items)} ]"),
        st.tuples(dotted, inner).map(lambda pair: f"{{ {pair[0]} = {pair[1]} }}"),
    ),
    max_leaves=5,
)
lines = st.one_of(
    st.tuples(dotted, values).map(" = ".join),
    dotted.map("[{}]".format),
    dotted.map("[[{}]]".format),
    st.sampled_from(["[tool.common-sync]", "# [tool.common-sync]", "", 'master = "m"', 'services = ["a", "a"]']),
)


@thorough
@given(st.lists(lines, max_size=6).map("\n".join), st.sampled_from([OWN, PYPROJECT]))
def test_no_toml_is_a_traceback(text: str, file: str) -> None:
    """Somebody who writes TOML in another way would meet a bug report instead of a sentence."""
    assume(check_text(text, file))


def check_text(text: str, file: str) -> bool:
    """Read a configuration, whatever it is; return whether it is one: then all that is in it has a line."""
    try:
        table = find_table(text, file)
    except (ValueError, RecursionError):
        return False
    if table is None:
        return False
    configuration, problems = parse_configuration(table, text, file)
    settings = [configuration.master, *configuration.services, configuration.copy, *configuration.exclude]
    assert all(1 <= setting.line <= text.count("\n") + 1 for setting in settings)
    assert all(problem.message and 1 <= (problem.line or 0) <= text.count("\n") + 1 for problem in problems)
    if not problems:
        assert why_no_folder(configuration.master.value) is None
        assert why_no_folder(configuration.copy.value) is None
        assert configuration.services
    return True


def test_many_unknown_keys_are_not_all_named() -> None:
    """A file that is no configuration would bury its one message under thousands."""
    keys = "".join(f"key-{number} = 1\n" for number in range(25))
    found = complaints(f'master = "common"\n{SERVICES}{keys}')
    assert len(found) == 21
    assert found[-1][1] == "and 5 more unknown keys"
