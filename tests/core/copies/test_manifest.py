"""The manifest: the same bytes for the same content, nothing lost on the way, and nothing trusted that is read."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.counted import assert_grows_with_size
from support.trees import ODD_NAMES, file, paths, thorough, trees

from common_sync.core.copies.digest import digest_tree
from common_sync.core.copies.manifest import Manifest, format_manifest, make_manifest, parse_manifest, quote, why_unsafe
from common_sync.core.errors import ManifestError
from common_sync.core.model import Entries, Entry, File, Origin, Snapshot, Symlink
from common_sync.core.paths import MANIFEST_NAME

PAGE = Path(__file__).parents[3].joinpath("docs/manifest.md").read_bytes().decode()

LIBRARY = Origin("our-common", "common", "1.0")

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
libraries = st.builds(Origin, texts, texts, st.none() | texts)


# What is written


def test_files_that_are_set_aside() -> None:
    """The hook would compare copies with files that no commit has; or not see that somebody has edited the digest."""
    one, more = file(b"1"), file(b"2")
    assert make_manifest(LIBRARY, {"a": one, "new": more}).without({"new"}) == make_manifest(LIBRARY, {"a": one})
    edited = Manifest(LIBRARY, {"a": one}, "cs1:edited")
    assert edited.without({"new"}) == edited
    held = Snapshot({"a": one, "new": more}, ("cache",))
    assert held.without({"new"}) == Snapshot({"a": one}, ("cache",))
    assert held.differing_from({"a": one, "new": one}) == {"new": more}


def test_layout() -> None:
    """A manifest would be rewritten by the next version for no reason, and Docker's cache lost."""
    entries: Entries = {
        "b": File("b1", executable=True),
        "a/c": Symlink('../"x"'),
        "a.c": File("ac", executable=False),
        "~": File("7e", executable=False),
        "\udcff": File("ff", executable=False),
        "ä": File("e4", executable=False),
        "😀": File("1f600", executable=False),
        "\uff5e": File("ff5e", executable=False),
    }
    assert format_manifest(Manifest(LIBRARY, entries, "cs1:0")).decode() == (
        "{\n"
        '  "files": {\n'
        '    "a.c": {"exec": false, "sha256": "ac"},\n'
        '    "a/c": {"symlink": "../\\"x\\""},\n'
        '    "b": {"exec": true, "sha256": "b1"},\n'
        '    "~": {"exec": false, "sha256": "7e"},\n'
        '    "ä": {"exec": false, "sha256": "e4"},\n'
        '    "\uff5e": {"exec": false, "sha256": "ff5e"},\n'
        '    "😀": {"exec": false, "sha256": "1f600"},\n'
        '    "\\udcff": {"exec": false, "sha256": "ff"}\n'
        "  },\n"
        '  "library": "our-common",\n'
        '  "master": "common",\n'
        '  "schema": 1,\n'
        '  "tree": "cs1:0",\n'
        '  "version": "1.0"\n'
        "}\n"
    )


def test_layout_of_an_empty_tree_and_no_version() -> None:
    """A library that declares no version could not be told from one whose version is the word null."""
    manifest = make_manifest(Origin("l", "m", None), {})
    assert format_manifest(manifest).decode() == (
        '{\n  "files": {},\n  "library": "l",\n  "master": "m",\n  "schema": 1,\n'
        f'  "tree": "{digest_tree({})}",\n  "version": null\n}}\n'
    )


@pytest.mark.parametrize("text", re.findall(r"^```json manifest\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE))
def test_vectors_of_the_page(text: str) -> None:
    """A manifest that a stranger wrote from the page would be taken for changed."""
    manifest = parse_manifest(text.encode(), MANIFEST_NAME)
    assert format_manifest(manifest) == text.encode()
    assert manifest.tree == digest_tree(manifest.files)


@thorough
@given(libraries, trees())
def test_what_is_written_is_read(library: Origin, tree: dict[str, Entry]) -> None:
    """A file with an odd name would be lost, or the copy would never be in sync."""
    manifest = make_manifest(library, tree)
    assert parse_manifest(format_manifest(manifest), MANIFEST_NAME) == manifest


@thorough
@given(libraries, trees())
def test_what_is_written_is_json(library: Origin, tree: dict[str, Entry]) -> None:
    """Other programs could not read the manifest, or would read something else."""
    manifest = make_manifest(library, tree)
    written = format_manifest(manifest).decode("utf-8")
    assert json.loads(written) == {
        "schema": 1,
        "library": library.name,
        "master": library.master,
        "version": library.version,
        "tree": manifest.tree,
        "files": {path: as_json(entry) for path, entry in tree.items()},
    }
    assert list(json.loads(written)) == sorted(json.loads(written))
    in_order = [path.encode("utf-8", "surrogateescape") for path in json.loads(written)["files"]]
    assert in_order == sorted(in_order)
    assert written.count("\n") == 8 + (len(tree) + 1 if tree else 0)


def as_json(entry: Entry) -> dict[str, object]:
    """Return what an entry is in JSON."""
    if isinstance(entry, Symlink):
        return {"symlink": entry.target}
    return {"exec": entry.executable, "sha256": entry.sha256}


@thorough
@given(texts)
@example("plain name.py")
@example("".join(map(chr, range(0x100))))
@example("\u2028\ufeff😀")
def test_strings_are_those_of_json_dumps(text: str) -> None:
    """The hook would write other bytes than a program that uses the standard encoder."""
    assert quote(text) == json.dumps(text, ensure_ascii=False)


@thorough
@given(trees())
def test_the_same_content_gives_the_same_bytes(tree: dict[str, Entry]) -> None:
    """Each machine would write another manifest, and each commit would change it."""
    backwards = dict(reversed(tree.items()))
    assert format_manifest(make_manifest(LIBRARY, tree)) == format_manifest(make_manifest(LIBRARY, backwards))


# What is read

GOOD: dict[str, object] = {
    "schema": 1,
    "library": "our-common",
    "master": "common",
    "version": None,
    "tree": "cs1:0",
    "files": {"a": as_json(file())},
}


def with_files(**files: object) -> bytes:
    """Return a manifest with these entries."""
    return json.dumps(GOOD | {"files": files}).encode()


def with_path(path: str) -> bytes:
    """Return a manifest with one file of this path."""
    return with_files(**{path: as_json(file())})


def with_keys(**keys: object) -> bytes:
    """Return a manifest in which some keys have other values."""
    return json.dumps(GOOD | keys).encode()


def without(key: str) -> bytes:
    """Return a manifest that lacks a key."""
    return json.dumps({name: value for name, value in GOOD.items() if name != key}).encode()


SHA = file().sha256

BAD = [
    pytest.param(b"", "not a manifest: Expecting value", id="empty"),
    pytest.param(b"{", "not a manifest: ", id="cut off"),
    pytest.param(b"<<<<<<< HEAD\n", "holds the marks of a merge that is not finished", id="merge conflict"),
    pytest.param(b"\xff\xfe{\0}\0", "not a manifest: 'utf-8' codec", id="UTF-16"),
    pytest.param(b'\xef\xbb\xbf{"schema": 1}', "not a manifest: Unexpected UTF-8 BOM", id="byte order mark"),
    pytest.param(b"[1]", "not a manifest: no JSON object", id="list"),
    pytest.param(b"null", "not a manifest: no JSON object", id="null"),
    pytest.param(b'{"schema": ' + b"1" * 5000 + b"}", "not a manifest: Exceeds the limit", id="endless number"),
    pytest.param(b'{"schema":' * 100_000, "not a manifest: nested too deeply", id="nested too deeply"),
    pytest.param(
        b'{"schema": 2}', "manifest schema 2 is newer than this common-sync, which reads schema 1", id="newer"
    ),
    pytest.param(with_keys(schema=True), "schema is not 1", id="schema true"),
    pytest.param(with_keys(schema=1.0), "schema is not 1", id="schema 1.0"),
    pytest.param(with_keys(schema="1"), "schema is not 1", id="schema a string"),
    pytest.param(with_keys(schema=0), "schema is not 1", id="schema 0"),
    pytest.param(with_keys(schema=None), "schema is not 1", id="schema null"),
    pytest.param(without("schema"), "key 'schema' is missing", id="no schema"),
    pytest.param(without("files"), "key 'files' is missing", id="no files"),
    pytest.param(with_keys(Files={}), "unknown key 'Files'", id="unknown key"),
    pytest.param(b'{"schema": 1, "schema": 1}', "not a manifest: a key is given twice", id="key given twice"),
    pytest.param(b'{"files": {"a": 1, "a": 2}}', "not a manifest: a key is given twice", id="path given twice"),
    pytest.param(with_keys(library=1), "library is not a string", id="library a number"),
    pytest.param(with_keys(library="\ud800"), "library is not a string", id="library a lone surrogate"),
    pytest.param(with_keys(master=None), "master is not a string", id="master null"),
    pytest.param(with_keys(tree=[]), "tree is not a string", id="tree a list"),
    pytest.param(with_keys(version=1), "version is neither a string nor null", id="version a number"),
    pytest.param(with_keys(version="\udcff"), "version is neither a string nor null", id="version a lone surrogate"),
    pytest.param(with_keys(files=[]), "files is not an object", id="files a list"),
    pytest.param(with_path("../a"), "path '../a' is not a plain relative path", id="upward"),
    pytest.param(with_path("a/../../b"), "path 'a/../../b' is not a plain relative path", id="upward in the middle"),
    pytest.param(with_path("a/.."), "path 'a/..' is not a plain relative path", id="upward at the end"),
    pytest.param(with_path("./a"), "path './a' is not a plain relative path", id="dot"),
    pytest.param(with_path("/etc/passwd"), "path '/etc/passwd' is absolute", id="absolute"),
    pytest.param(with_path("//a"), "path '//a' is absolute", id="two slashes first"),
    pytest.param(with_path(""), "path '' is not a plain relative path", id="no path"),
    pytest.param(with_path("a//b"), "path 'a//b' is not a plain relative path", id="empty part"),
    pytest.param(with_path("a/"), "path 'a/' is not a plain relative path", id="slash at the end"),
    pytest.param(with_path("a\0b"), "path 'a\\x00b' holds a NUL", id="NUL"),
    pytest.param(with_path(".git/config"), "path '.git/config' leads into a git directory", id="git"),
    pytest.param(with_path(".git"), "path '.git' leads into a git directory", id="git itself"),
    pytest.param(with_path("a/.GIT/b"), "path 'a/.GIT/b' leads into a git directory", id="git in capitals"),
    pytest.param(with_path(MANIFEST_NAME), f"path '{MANIFEST_NAME}' is the manifest itself", id="the manifest"),
    pytest.param(with_path("a\ud800"), "path 'a\\ud800' is not a name that a file can have", id="lone surrogate"),
    pytest.param(with_keys(library="x" * 4096), "library is longer than 4095 letters", id="a name nobody would read"),
    pytest.param(with_path("a" * 256), "is longer than a file's can be", id="name too long"),
    pytest.param(with_path("ä" * 128), "is longer than a file's can be", id="name too long in bytes"),
    pytest.param(with_path("/".join(["a" * 100] * 41)), "is longer than a file's can be", id="path too long"),
    pytest.param(with_path("a/" * 129 + "a"), "is nested more than 128 folders deep", id="too deep"),
    pytest.param(with_path("\udcc3\udca4"), "is not a name that a file can have", id="ä in another spelling"),
    pytest.param(with_files(a=as_json(file()), **{"a/b": as_json(file())}), "path 'a/b' is inside a path", id="below"),
    pytest.param(
        with_files(**{"a.b": as_json(file()), "a/b/c": as_json(file()), "a": {"symlink": "b"}}),
        "path 'a/b/c' is inside a path that is a file",
        id="far below a link",
    ),
    pytest.param(with_files(a=None), "the entry of 'a' is neither a file nor a symlink", id="no entry"),
    pytest.param(with_files(a={}), "the entry of 'a' is neither", id="empty entry"),
    pytest.param(with_files(a={"sha256": SHA}), "the entry of 'a' is neither", id="no exec"),
    pytest.param(with_files(a={"exec": 0, "sha256": SHA}), "the entry of 'a' is neither", id="exec a number"),
    pytest.param(with_files(a={"exec": False, "sha256": SHA.upper()}), "the entry of 'a' is neither", id="capitals"),
    pytest.param(with_files(a={"exec": False, "sha256": SHA[1:]}), "the entry of 'a' is neither", id="a digit too few"),
    pytest.param(with_files(a={"exec": False, "sha256": SHA + "0"}), "the entry of 'a' is neither", id="one too many"),
    pytest.param(with_files(a={"exec": False, "sha256": 1}), "the entry of 'a' is neither", id="sha256 a number"),
    pytest.param(with_files(a={"exec": False, "sha256": SHA, "x": 1}), "the entry of 'a' is neither", id="more keys"),
    pytest.param(with_files(a={"symlink": "b", "exec": False}), "the entry of 'a' is neither", id="both"),
    pytest.param(with_files(a={"symlink": ""}), "the entry of 'a' is neither", id="symlink to nothing"),
    pytest.param(with_files(a={"symlink": "a\0"}), "the entry of 'a' is neither", id="symlink with NUL"),
    pytest.param(with_files(a={"symlink": ["b"]}), "the entry of 'a' is neither", id="symlink to a list"),
    pytest.param(with_files(a={"symlink": "\ud800"}), "the entry of 'a' is neither", id="symlink to a surrogate"),
]


@pytest.mark.parametrize(("data", "message"), BAD)
def test_a_bad_manifest_is_refused(data: bytes, message: str) -> None:
    """A manifest that a stranger or a merge spoiled would decide what is overwritten and deleted."""
    with pytest.raises(ManifestError) as caught:
        parse_manifest(data, "services/api/common/.common-sync.json")
    problems = caught.value.problems
    assert any(message in problem.message for problem in problems), problems
    assert {problem.file for problem in problems} == {"services/api/common/.common-sync.json"}
    assert all(problem.remedy for problem in problems)


def test_a_newer_schema_asks_for_an_upgrade() -> None:
    """Somebody with an old version would delete a manifest that is in order."""
    with pytest.raises(ManifestError) as caught:
        parse_manifest(b'{"schema": 7, "anything": "else"}', MANIFEST_NAME)
    (problem,) = caught.value.problems
    assert "schema 7" in problem.message
    assert problem.remedy == "upgrade common-sync"


@pytest.mark.parametrize("depth", range(880, 1000, 7))
def test_nesting_at_the_limit_is_refused_like_any_other(depth: int) -> None:
    """A manifest nested just so deeply would end in a traceback."""
    with pytest.raises(ManifestError):
        parse_manifest(
            json.dumps(GOOD).encode().replace(b'"schema": 1', b'"schema": ' + b"[" * depth + b"]" * depth), "m"
        )


def test_all_that_is_wrong_is_said_at_once() -> None:
    """A manifest with three faults would take three runs to mend."""
    data = with_keys(schema="1", tree=1, files={"/a": as_json(file()), "b": 1})
    with pytest.raises(ManifestError) as caught:
        parse_manifest(data, "m")
    assert [problem.message for problem in caught.value.problems] == [
        "not a valid manifest: schema is not 1",
        "not a valid manifest: tree is not a string",
        "not a valid manifest: path '/a' is absolute",
        "not a valid manifest: the entry of 'b' is neither a file nor a symlink",
    ]


def test_not_more_is_said_than_can_be_read() -> None:
    """A hostile manifest would fill the screen."""
    with pytest.raises(ManifestError) as caught:
        parse_manifest(with_files(**{f"/{number}": 1 for number in range(5000)}), "m")
    assert len(caught.value.problems) == 11
    assert caught.value.problems[-1].message == "not a valid manifest: and 4990 more"


@pytest.mark.parametrize(
    ("make", "size"),
    [
        pytest.param(lambda parts: with_path("/".join(["a" * 31] * parts)), 60, id="a long path"),
        pytest.param(
            lambda many: with_files(**{f"d{number % 9}/{number}": as_json(file()) for number in range(many)}),
            1000,
            id="many",
        ),
    ],
)
def test_a_large_manifest_takes_bounded_time(make: Callable[[int], bytes], size: int) -> None:
    """A hostile manifest would hold up every commit; where the time grew with the square, it took minutes."""

    def prepare(size: int) -> Callable[[], object]:
        data = make(size)
        return lambda: parse_manifest(data, "m")

    assert_grows_with_size(prepare, size)


def test_any_json_with_the_content_will_do() -> None:
    """A manifest that a formatter or git's autocrlf went over would be refused."""
    manifest = make_manifest(LIBRARY, {name: file() for name in ODD_NAMES})
    written = json.loads(format_manifest(manifest))
    loose = json.dumps(dict(reversed(written.items())), indent=4).replace("\n", "\r\n").encode()
    assert parse_manifest(loose, "m") == manifest


# Which paths are safe


def slowly_why_unsafe(path: str) -> bool:
    """Tell whether a path is unsafe, without any short cut."""
    try:
        name = path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return True
    return (
        name.decode("utf-8", "surrogateescape") != path
        or any(part in (b"", b".", b"..") or part.lower() == b".git" for part in name.split(b"/"))
        or b"\0" in name
        or name == b".common-sync.json"
        or len(name) > 4095
        or any(len(part) > 255 for part in name.split(b"/"))
        or name.count(b"/") > 128
    )


dangerous = st.lists(
    st.sampled_from(
        ["/", ".", "..", ".git", ".GIT", ".Git", MANIFEST_NAME, "a", "\0", "\n", "ä", "\u0131", "\udcff", "\ud800", " "]
    ),
    max_size=6,
).map("".join)


@thorough
@given(st.one_of(dangerous, st.text(max_size=5), paths))
@example("..\n")
@example("a/\n")
@example(f"{MANIFEST_NAME}\n")
@example(".g\u0131t")
@example("a" * 255)
@example("a" * 256)
@example("ä" * 127)
@example("ä" * 128)
@example("a/" * 128 + "a")
@example("a/" * 129 + "a")
@example("/".join(["a" * 31] * 128))
@example("/".join(["a" * 31] * 128) + "a")
def test_the_short_cut_for_safe_paths_lets_nothing_through(path: str) -> None:
    """A path would lead out of the copy because it looked harmless."""
    assert (why_unsafe(path) is not None) == slowly_why_unsafe(path)


@pytest.mark.parametrize(
    "path", ["a", "a/b.py", ".gitignore", ".github/x", "a.git", "..a", "a..", "...", ".common-sync.yaml"]
)
def test_ordinary_paths_are_safe(path: str) -> None:
    """A library could not hold a .gitignore."""
    assert why_unsafe(path) is None
