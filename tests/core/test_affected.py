"""Which changed paths concern which service: what `affected` decides without a disk."""

import pytest

from common_sync.core.affected import (
    Changes,
    Reason,
    Taken,
    find_changed_libraries,
    find_changed_pins,
    find_changed_settings,
    find_gone,
    find_reasons,
    list_changed_keys,
    list_libraries,
    list_new_patterns,
    list_values,
    name_services,
    take,
)
from common_sync.core.configuration import Configuration, parse_configuration
from common_sync.core.copies.library import Library
from common_sync.core.copies.rules import Rules, parse_plain
from common_sync.core.service_settings import ServiceSettings

TESTS = parse_plain("/tests/", "configuration")
assert TESTS is not None
LIBRARIES = (Library("common", "common", "vendor/common", Rules([TESTS])),)


@pytest.mark.parametrize(
    ("path", "outside", "reason"),
    [
        ("services/api/app.py", (), Reason("service", ("services/api/app.py",))),
        ("services/api/vendor/other.py", (), Reason("service", ("services/api/vendor/other.py",))),
        ("services/api/vendor/common/a.py", (), Reason("copy", ("services/api/vendor/common/a.py",), "common")),
        ("common/a.py", (), Reason("library", ("common/a.py",), "common")),
        ("common/a.py", ("common",), Reason("library", ("common/a.py",), "common")),
        ("common/tests/a.py", ("common/tests",), Reason("outside", ("common/tests/a.py",))),
        ("constraints.txt", ("constraints.txt",), Reason("outside", ("constraints.txt",))),
        ("shared/deep/a.txt", ("shared",), Reason("outside", ("shared/deep/a.txt",))),
        ("README.md", (".",), Reason("outside", ("README.md",))),
        ("common/tests/a.py", (), None),
        ("services/api-v2/app.py", (), None),
        ("sharedness", ("shared",), None),
    ],
)
def test_why_a_path_concerns_a_service(path: str, outside: tuple[str, ...], reason: Reason | None) -> None:
    """An image would be built for nothing, or not be built although it is another one now."""
    assert find_reasons("services/api", Changes([path]), LIBRARIES, set(outside)) == (
        [] if reason is None else [reason]
    )


def test_a_pinned_service_does_not_see_the_master() -> None:
    """An image would be built anew that holds the same."""
    pinned = (LIBRARIES[0]._replace(pins={"services/api": "v1"}),)
    assert find_reasons("services/api", Changes(["common/a.py"]), pinned, set()) == []
    assert find_reasons("services/web", Changes(["common/a.py"]), pinned, set()) != []


def test_each_file_is_named_once_under_its_reason() -> None:
    """Who looks for why an image is built would miss a file."""
    found = find_reasons("api", Changes(["api/b", "common/x", "api/a", "other"]), LIBRARIES, set())
    assert found == [Reason("service", ("api/a", "api/b")), Reason("library", ("common/x",), "common")]


def test_a_service_is_not_held_against_what_lies_in_others() -> None:
    """With a thousand services, a change of the library would be compared a million times, and take half a minute."""
    changed = Changes(
        [f"services/s{number}/vendor/common/a.py" for number in range(1000)] + ["common/a.py", "deep/x/a"]
    )
    assert changed.select(["services/s7", "common", "deep", "gone"]) == [
        "common/a.py",
        "deep/x/a",
        "services/s7/vendor/common/a.py",
    ]


def test_services_that_are_gone() -> None:
    """Whoever takes down what is no more would take down a service that has only moved its copy, or a folder of notes."""
    manifest = ".common-sync.json"
    lost = [f"old/common/{manifest}", f"a/b/lib/{manifest}", f"api/common/{manifest}", "notes/a.md", f"x/{manifest}"]
    assert [*find_gone(lost, {"api"}, ["common", "lib"])] == ["old", "a/b"]


def configuration(text: str) -> Configuration:
    """Return what a configuration says."""
    import tomllib

    found, problems = parse_configuration(tomllib.loads(text), text, "common-sync.toml")
    assert problems == []
    return found


BEFORE = 'master = "common"\nservices = ["services/*"]\n'


@pytest.mark.parametrize(
    ("after", "keys", "patterns"),
    [
        (BEFORE, (), []),
        (f"# a line\n\n{BEFORE}managed = []\nignore = ['CS207']\n", (), []),
        (f'{BEFORE}exclude = ["tests/"]\n', ("exclude",), []),
        (f'{BEFORE}copy = "lib"\n', ("copy",), []),
        ('master = "shared"\nservices = ["services/*"]\ncopy = "common"\n', ("master",), []),
        ('master = "common"\nservices = ["jobs/*", "services/*"]\n', (), ["jobs/*"]),
    ],
)
def test_settings_that_change_what_services_hold(after: str, keys: tuple[str, ...], patterns: list[str]) -> None:
    """A change of what is copied would build nothing, or a comment in the configuration everything."""
    before, now = configuration(BEFORE), configuration(after)
    assert (list_changed_keys(before, now), list_new_patterns(before, now)) == (keys, patterns)


def test_a_first_configuration_concerns_every_service() -> None:
    """The images of a repository that has just begun with this tool would not be built."""
    now = configuration(BEFORE)
    assert list_changed_keys(None, now) == ("master", "copy", "exclude")
    assert list_new_patterns(None, now) == ["services/*"]


def settings(text: str) -> dict[str, ServiceSettings]:
    """Return the settings of services by their paths."""
    return {f"services/{one.service.value}": one for one in configuration(f"{BEFORE}\n{text}").service}


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        ("", "", []),
        ('[service.api]\npython = "3.12"', '# moved\n[service.api]\npython = "3.12"', []),
        ('[service.api]\npython = "3.12"', '[service.api]\npython = "3.13"', ["services/api"]),
        ('[service.api]\npython = "3.12"', "", ["services/api"]),
        ("", '[service.api]\ninstaller = "pip"', ["services/api"]),
        ('[service."services/api"]\npython = "3.12"', '[service.api]\npython = "3.12"', []),
    ],
)
def test_settings_of_one_service(before: str, after: str, changed: list[str]) -> None:
    """An environment of another Python would not be built, or one for a comment."""
    services = ["services/api", "services/worker"]
    was = configuration(f"{BEFORE}\n{before}")
    assert [*find_changed_settings(was, settings(after), services)] == changed
    assert [*find_changed_settings(None, {}, services)] == []


def test_what_a_configuration_says_of_its_libraries() -> None:
    """A library that got a table of its own, and is what it was, would have every service built anew."""
    one = configuration('master = "libs/a"\nservices = ["x", "y"]\nexclude = ["t"]\npins = { x = "v1" }\n')
    (stated,) = list_libraries(one)
    assert (stated.name.value, take(stated), stated.pins) == ("a", Taken("libs/a", "a", ("t",)), one.pins)
    assert list_values(stated.services) == ("x", "y")
    table = 'master = "libs/a"\nservices = ["x", "y"]\nexclude = ["t"]\n'
    other = 'name = "b"\nmaster = "c"\ncopy = "d"\nservices = ["x"]\n'
    several = configuration(f'services = ["*"]\n[[library]]\n{table}[[library]]\n{other}')
    found = [(each.name.value, take(each), list_values(each.services)) for each in list_libraries(several)]
    assert found == [("a", take(stated), ("x", "y")), ("b", Taken("c", "d", ()), ("x",))]


A, B = Taken("libs/a", "a", ()), Taken("libs/b", "b", ("t",))


@pytest.mark.parametrize(
    ("before", "after", "keys"),
    [
        ({"a": A, "b": B}, {"b": B, "a": A}, ()),
        ({"a": A}, {"a": A, "b": B}, ("library",)),
        ({"a": A, "b": B}, {"b": B}, ("library",)),
        ({"a": A, "b": B}, {"a": A._replace(master="c"), "b": B._replace(exclude=())}, ("master", "exclude")),
        ({"a": A}, {"a": A._replace(copy="c"), "b": B}, ("library", "copy")),
        ({}, {"a": A}, ("library",)),
    ],
)
def test_libraries_that_a_service_gets(
    before: dict[str, Taken], after: dict[str, Taken], keys: tuple[str, ...]
) -> None:
    """A service would not be built although it gets another library, or be built for a library that it does not get."""
    assert find_changed_libraries(before, after) == keys


def test_the_copy_of_one_library_lies_at_the_end_of_another_one() -> None:
    """A service that gave up a library would be called gone, and so would a folder in it."""
    lost = ["services/api/libs/common/.common-sync.json", "old/libs/common/.common-sync.json", "old/a.py"]
    assert [*find_gone(lost, {"services/api"}, ["common", "libs/common"])] == ["old"]


def test_names_are_unique() -> None:
    """Two jobs of a matrix would push one image over the other."""
    given = {"a/api": None, "b/api": None, "b/web": None, "c": "front"}
    assert name_services(given) == {"a/api": "a-api", "b/api": "b-api", "b/web": "web", "c": "front"}


def test_services_that_are_pinned_to_something_else() -> None:
    """A service that was pinned, unpinned or moved would not be built."""
    services = ("services/api", "services/web", "old", "new")
    before = configuration(BEFORE + 'pins = {api = "v1", "services/web" = "v1", old = "v1"}\n')
    after = {"services/api": "v1", "services/web": "v2", "new": "v1"}
    assert [*find_changed_pins(before.pins, after, services)] == ["services/web", "old", "new"]
    assert [*find_changed_pins((), after, services)] == ["services/api", "services/web", "new"]
