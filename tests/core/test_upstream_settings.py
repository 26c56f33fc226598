"""A master in another repository: where it may be, and what is said of a place that may not be."""

import pytest

from common_sync.core.configuration import Configuration, find_table, parse_configuration
from common_sync.core.copies.library import Library
from common_sync.core.copies.metadata import read_library
from common_sync.core.copies.rules import Rules
from common_sync.core.errors import Problem
from common_sync.core.model import Upstream
from common_sync.core.paths import is_foreign
from common_sync.core.pins import REMEDY
from common_sync.core.settings import Setting
from common_sync.core.upstream_settings import why_no_repository

FILE = "common-sync.toml"
URL = "https://github.com/acme/platform.git"
UPSTREAM = Upstream(URL, "v1.4.0", "python/common")
MASTER = f"git+{URL}#subdirectory=python/common"


def read(text: str) -> tuple[Configuration, list[Problem]]:
    """Return the configuration of a text, and what is wrong with it."""
    table = find_table(text, FILE)
    assert table is not None
    return parse_configuration(table, text, FILE)


def test_the_only_library() -> None:
    """A library of another repository could not be configured, or its copy be called after the URL."""
    text = f'services = ["a"]\nmaster = {{ git = "{URL}", ref = "v1.4.0", path = "./python//common" }}\n'
    configuration, problems = read(text)
    assert problems == []
    assert (configuration.upstream, configuration.master) == (UPSTREAM, Setting(MASTER, 2))
    assert configuration.copy.value == "common"


@pytest.mark.parametrize(
    ("git", "name"),
    [
        (URL, "platform"),
        ("git@example.org:acme/platform.git", "platform"),
        ("git@example.org:platform.git", "platform"),
        ("ssh://example.org:22/platform/", "platform"),
        ("../my-lib", "my-lib"),
        ("../my.lib.git/", "my.lib"),
    ],
)
@pytest.mark.parametrize("path", [".", "./", "././"])
def test_a_repository_as_a_whole(git: str, name: str, path: str) -> None:
    """A library that has a repository of its own could not be taken, or its copies be called after a dot."""
    text = (
        f'services = ["a"]\n[[library]]\nmaster = {{ git = "{git}", ref = "v1", path = "{path}" }}\nservices = ["a"]\n'
    )
    (library,) = read(text)[0].library
    assert (library.upstream, library.name.value, library.copy.value) == (Upstream(git, "v1", "."), name, name)
    one = f'services = ["a"]\nmaster = {{ git = "{git}", ref = "v1", path = "{path}" }}\n'
    configuration, problems = read(one)
    assert (configuration.copy.value, problems, is_foreign(configuration.master.value)) == (name, [], True)
    assert read_library(configuration.master.value, {}).name == name


@pytest.mark.parametrize(("other", "path", "clash"), [("../p", "c", True), ("../p", ".", True), ("../q", "c", False)])
def test_a_repository_as_a_whole_holds_its_folders(other: str, path: str, *, clash: bool) -> None:
    """One library would be copied inside another one, and each change of it be two."""
    _, problems = read(
        'services = ["a"]\n[[library]]\nmaster = { git = "../p", ref = "v1", path = "." }\nservices = ["a"]\n'
        f'[[library]]\nmaster = {{ git = "{other}", ref = "v1", path = "{path}" }}\nname = "x"\ncopy = "x"\nservices = ["a"]\n'
    )
    assert ["overlap" in one.message for one in problems] == [True] * clash


def test_one_of_several() -> None:
    """A library of another repository could not stand beside one of this."""
    configuration, problems = read(
        'services = ["a"]\n[[library]]\nmaster = "common"\nservices = ["a"]\n'
        f'[[library]]\nmaster.git = "{URL}"\nmaster.ref = "v1.4.0"\nmaster.path = "python/other"\nservices = ["a"]\n'
    )
    assert problems == []
    assert [one.upstream for one in configuration.library] == [None, UPSTREAM._replace(path="python/other")]
    assert [one.name.value for one in configuration.library] == ["common", "other"]
    assert [one.copy.value for one in configuration.library] == ["common", "other"]


REFUSED = [
    ('git = "../p", ref = "v1"', 'key "path" of a master in another repository is missing', 'path = "common"'),
    ('git = "../p", ref = "v1", path = "c", tag = "x"', 'unknown key "tag"', "the keys are git, ref, path"),
    ('git = "../p", ref = 1, path = "c"', '"ref" cannot be 1', 'ref = "v1.4.0"'),
    ('git = "../p", ref = "a..b", path = "c"', "\"ref\" is 'a..b', which is no tag's name", REMEDY),
    ('git = "../p", ref = "--all", path = "c"', "\"ref\" is '--all', which begins like an option", REMEDY),
    ('git = "../p", ref = "v1", path = "../c"', "\"path\" is '../c', which leads upward", "inside that repository"),
    ('git = "../p", ref = "v1", path = "/"', "\"path\" is '/', which is absolute", '"." for all of it'),
    (
        'git = "..", ref = "v1", path = "."',
        "\"git\" is '..', which does not say what the library is called",
        "../../platform",
    ),
    ('git = "../p", ref = "v1", path = "a#subdirectory=b"', "which holds a character that it cannot have", "inside"),
    ('git = "https://u:secret@h/p", ref = "v1", path = "c"', "names a user or a password", "write it as https://"),
]


@pytest.mark.parametrize(("inside", "message", "remedy"), REFUSED)
def test_what_is_refused(inside: str, message: str, remedy: str) -> None:
    """A slip would be found at git's door, with git's words; or a URL would have git run a program."""
    configuration, problems = read(f'services = ["a"]\nmaster = {{ {inside} }}\n')
    (found,) = [one for one in problems if message in one.message]
    assert (found.file, found.line) == (FILE, 2)
    assert remedy in (found.remedy or "")
    assert "secret" not in str(problems)
    assert configuration.upstream is None or "tag" in inside


@pytest.mark.parametrize(
    ("git", "reason"),
    [
        (URL, None),
        ("ssh://git@example.org:22/acme/platform.git", None),
        ("ssh://example.org/platform", None),
        ("git@example.org:acme/platform.git", None),
        ("../platform", None),
        ("..", None),
        ("./vendor/platform.git", None),
        ("--upload-pack=touch x", "begins like an option"),
        ("-x", "begins like an option"),
        ("ext::sh -c x", "holds a character that no URL has"),
        ("ext::sh", "has git run a program"),
        ("fd::17", "has git run a program"),
        ("a\nb", "holds a character that no URL has"),
        ("a\x7fb", "holds a character that no URL has"),
        ("a\udc80", "holds a character that no URL has"),
        ("../a#b", "holds a character that it cannot have"),
        (URL + "?x=1", "holds a character that it cannot have"),
        ("..\\platform", "holds a character that it cannot have"),
        ("http://example.org/p", "is neither https nor ssh"),
        ("git://example.org/p", "is neither https nor ssh"),
        ("file:///srv/p", "is neither https nor ssh"),
        ("HTTPS://example.org/p", "is neither https nor ssh"),
        ("https://me@example.org/p", "names a user or a password"),
        ("https://me:word@example.org/p", "names a user or a password"),
        ("ssh://me:word@example.org/p", "names a user or a password"),
        ("ssh://-oProxyCommand=x/p", "names no repository of a host"),
        ("ssh://-l@host/p", "names no repository of a host"),
        ("https:///p", "names no repository of a host"),
        ("https://example.org", "names no repository of a host"),
        ("https://example.org//", "names no repository of a host"),
        ("/srv/platform", "is a path of this machine"),
        ("~/platform", "is a path of this machine"),
        ("platform", "is no URL, and no path"),
        ("host:platform", "is no URL, and no path"),
        ("git@-host:platform", "is no URL, and no path"),
        ("git@host:-platform", "is no URL, and no path"),
        ("../" + "a" * 2000, "is too long"),
    ],
)
def test_what_is_no_repository(git: str, reason: str | None) -> None:
    """A configuration from a stranger would have git run what he likes, or a password would stand in every clone."""
    said = why_no_repository(git)
    assert (said is None) == (reason is None)
    assert (reason or "") in (said or "")


def test_what_stands_for_the_path() -> None:
    """A folder of this repository would be taken for the master, or the library be called after the end of a URL."""
    assert is_foreign(UPSTREAM.master)
    assert not is_foreign("git+x")
    assert not is_foreign("common#subdirectory=x")
    assert read_library(UPSTREAM.master, {}).name == "common"


def test_what_a_copy_is_locked_at() -> None:
    """A service would be held to another state than it is pinned to, or to none."""
    library = Library("common", "common", "common", Rules([]), pins={"a": "v1"})
    foreign = library._replace(upstream=UPSTREAM)
    assert [sorted(one.refs) for one in (library, foreign)] == [["v1"], ["v1", "v1.4.0"]]
    assert [one.ref_for(service) for one in (library, foreign) for service in "ab"] == ["v1", None, "v1", "v1.4.0"]
