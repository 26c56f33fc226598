"""What requirements bring, where packages come from, and what they came to: pure."""

import pytest

from common_sync.core.environments.closure import Closure, Local, read_closure
from common_sync.core.environments.indexes import Indexes, digest_uv_settings, list_uv_variables, read_indexes
from common_sync.core.environments.resolved import (
    Change,
    Installed,
    attach_hashes,
    compare_versions,
    distribution_name,
    find_missing,
    parse_compiled,
    parse_record,
    parse_report,
    read_locked,
    redirect,
    settle,
)

FILES = {
    "requirements.txt": "alpha==1  # x\n-r more/a.txt\n-c limits.txt\n-e ./common\n--index-url https://u:p@x\n-f wheels\n",
    "more/a.txt": "../lib[x]\n-r ../requirements.txt\n--find-links=../w\n-f https://y\n./wheels/x.whl ; python_version>'3'\n${HERE}/x\n",
    "limits.txt": "Beta_B<2\n-r https://elsewhere/x.txt\n",
    "uv.lock": 'source = { editable = "common" }\n\nsource = { directory = "lib" }\nsource = { virtual = "." }\n',
    "pylock.toml": '[[packages]]\nname = "a"\nversion = "1"\ndirectory = { path = "common", editable = true }\n',
    "requirements.lock": "alpha==1\n",
}


def closure(first: str) -> Closure:
    """Return what a file brings."""
    return read_closure(first, lambda path, _: FILES[path])


def test_all_that_a_file_brings() -> None:
    """A change in a file that is included, or of a project beside it, would go unnoticed."""
    found = closure("requirements.txt")
    assert set(found.files) == {"requirements.txt", "more/a.txt", "limits.txt"}
    assert set(found.locals) == {
        Local("common", True, "requirements.txt", 4),
        Local("../lib", False, "more/a.txt", 1),
        Local("wheels/x.whl", False, "more/a.txt", 5),
    }
    assert (found.is_lock, found.has_index) == (False, True)
    assert set(found.options("/r/api")) == {
        "--index-url https://u:p@x",
        "-f /r/api/wheels",
        "--find-links /r/api/w",
        "-f https://y",
    }


def test_lock_files() -> None:
    """A project that a lock file names would be edited, and its service stay as it is."""
    assert closure("uv.lock").locals == (
        Local("common", True, "uv.lock", 1),
        Local("lib", False, "uv.lock", 3),
        Local(".", True, "uv.lock", 4),
    )
    assert closure("pylock.toml").locals == (Local("common", True, "pylock.toml", 4),)
    assert closure("pylock.toml").is_lock
    assert not closure("requirements.lock").is_lock
    assert not closure("uv.lock").has_index
    assert read_locked(FILES["pylock.toml"])[0] == "a==1"
    assert read_locked("x")[0].startswith("# ")


@pytest.mark.parametrize(
    ("complaint", "place"),
    [
        ("there is no version of alpha==1 and you require alpha==1", ("requirements.txt", 1)),
        ("ERROR: No matching distribution found for beta-b", ("limits.txt", 1)),
        ("No matching distribution found for beta_b<3", ("limits.txt", 1)),
        ("Failed to fetch: https://x/alpha.", ("requirements.txt", 1)),
        ("alphabet is not there", None),
        ("", None),
        ("Couldn't parse requirement in `requirements.txt` at position 0", ("requirements.txt", 1)),
        ("Couldn't parse requirement in `/srv/api/requirements.txt` at position 20", ("requirements.txt", 2)),
        ("Invalid requirement: 'x y' (from line 3 of /srv/api/requirements.txt)", ("requirements.txt", 3)),
        ("Invalid requirement: 'x y' (from line 3 of /srv/api/others.txt)", None),
    ],
)
def test_whose_line_is_to_blame(complaint: str, place: tuple[str, int] | None) -> None:
    """Somebody would search the line that cannot be installed."""
    assert closure("requirements.txt").blame(complaint) == place


def test_where_packages_come_from() -> None:
    """With uv, a service would get its packages from elsewhere than with pip, or not at all."""
    general = "[global]\nindex-url = https://u:secret@x/simple\nfind-links =\n  /a\n  /b\ntimeout = 3\n"
    own = "[install]\nextra-index-url = https://y\ncert = /c.pem\n"
    found = read_indexes(
        [general, own], {"PIP_FIND_LINKS": "/z", "PIP_NO_INDEX": "0", "PIP_CONSTRAINT": "/l.txt", "X": "y"}
    )
    assert found.options == {
        "--index-url": ("https://u:secret@x/simple",),
        "--extra-index-url": ("https://y",),
        "--find-links": ("/z",),
        "--constraint": ("/l.txt",),
        "--cert": ("/c.pem",),
    }
    assert (found.constraints, found.certificates) == (("/l.txt",), "/c.pem")
    assert list(found.for_uv(own_index=False)) == [
        *("--default-index", "https://u:secret@x/simple", "--index", "https://y", "--find-links", "/z"),
        *("--constraint", "/l.txt", "--index-strategy", "unsafe-best-match"),
    ]
    assert "--default-index" not in found.for_uv(own_index=True)
    assert found.items() == {
        "index --index-url": "https://x/simple",
        "index --extra-index-url": "https://y",
        "index --find-links": "/z",
        "index --constraint": "/l.txt",
    }
    none = read_indexes([], {"PIP_NO_INDEX": "1"})
    assert list(none.for_uv(own_index=False)) == ["--no-index"]
    assert none.items() == {"index --no-index": "on"}
    assert (Indexes({}).constraints, Indexes({}).certificates) == ((), "")


NO_SETTINGS = ["", "[project]\nname = 'x'\n", "[tool.ruff]\n", "tool = 1\n", "[[tool]]\n"]


@pytest.mark.parametrize("text", NO_SETTINGS)
def test_a_project_that_tells_uv_nothing(text: str) -> None:
    """Each edit of a service's pyproject.toml would make its environment again, or an odd one end the run with a traceback."""
    assert digest_uv_settings(text, pyproject=True) is None


SETTINGS = "index-url = 'https://u:{}@x/simple'\nexclude-newer = 2026-01-01\n"
SAME = [
    ("[tool.uv]\n" + SETTINGS.format("old"), "# ours\n[tool.uv]\n" + SETTINGS.format("new") + "[tool.ruff]\n", True),
    ("[tool.uv]\n" + SETTINGS.format("old"), "[tool.uv]\n" + SETTINGS.format("old").replace("x/", "y/"), False),
    ("[tool.uv]\na = 1\nb = 2\n", "tool = {uv = {b = 2, a = 1}}\n", True),
    ("[tool.uv]\nexclude-newer = 2026-01-01\n", "[tool.uv]\nexclude-newer = 2026-01-02\n", False),
    ("[tool.uv", "[tool.uv]]", False),
    (f"x = {'[' * 9000}", f"y = {'[' * 9000}", False),
]


@pytest.mark.parametrize(("one", "other", "same"), SAME)
def test_what_counts_of_uv_s_settings(one: str, other: str, same: bool) -> None:
    """Packages would go on coming from an index that is no longer named; or a new password make every environment again."""
    digests = [digest_uv_settings(text, pyproject=True) for text in (one, other)]
    assert None not in digests
    assert (digests[0] == digests[1]) is same


def test_uv_s_own_file_says_the_same() -> None:
    """Somebody who moves the settings from pyproject.toml to uv.toml would wait for all environments."""
    own = digest_uv_settings(SETTINGS, pyproject=False)
    assert own == digest_uv_settings(f"[tool.uv]\n{SETTINGS}", pyproject=True)
    assert digest_uv_settings("[tool.uv]\n", pyproject=False) != digest_uv_settings("[tool.uv]\n", pyproject=True)


def test_uv_s_variables_are_kept_without_credentials() -> None:
    """A password would be written into the record of an environment, or another index go unnoticed."""
    variables = {
        "UV_INDEX": "a=https://u:secret@x/simple",
        "UV_NO_INDEX": "",
        "UV_FIND_LINKS": "/w",
        "UV_CACHE_DIR": "/c",
    }
    assert list_uv_variables(variables) == {
        "index UV_INDEX": "a=https://x/simple",
        "index UV_FIND_LINKS": "/w",
    }


def test_what_uv_has_resolved() -> None:
    """A comment would be taken for a distribution."""
    assert parse_compiled("# made\nalpha==1\n    # via x\n-e ./common\n") == ("alpha==1", "-e ./common")


REPORT = """{"install": [
 {"metadata": {"name": "Beta_B", "version": "2"}, "is_direct": false, "download_info": {"url": "https://x/b.whl"}},
 {"metadata": {"name": "common", "version": "1"}, "is_direct": true, "download_info": {"url": "file:///r/api/common", "dir_info": {"editable": true}}},
 {"metadata": {"name": "lib", "version": "1"}, "is_direct": true, "download_info": {"url": "file:///r/lib/", "dir_info": {}}},
 {"metadata": {"name": "odd", "version": "1"}, "is_direct": true, "download_info": {"url": "file:///r/a%20b%23/%C3%BC%FF", "dir_info": {}}},
 {"metadata": {"name": "git", "version": "1"}, "is_direct": true, "download_info": {"url": "https://x/y.git", "vcs_info": {"vcs": "git", "commit_id": "abc"}}},
 {"metadata": {"name": "file", "version": "1"}, "is_direct": true, "download_info": {"url": "https://x/f.whl", "archive_info": {}}}
]}"""


def test_what_pip_has_resolved() -> None:
    """Something else would be installed than what was resolved."""
    assert parse_report(REPORT, "/r/api") == (
        "-e ./common",
        "/r/a b#/ü\udcff",
        "/r/lib",
        "beta-b==2",
        "file @ https://x/f.whl",
        "git @ git+https://x/y.git@abc",
    )
    for wrong in ("{}", '{"install": 3}', "x"):
        with pytest.raises(ValueError, match=r"."):
            parse_report(wrong, "/r")


def test_hashes_are_put_back() -> None:
    """A file of somebody else would be installed by whoever has written hashes against that."""
    texts = [
        "alpha==1 \\\n  --hash=sha256:a \\\n  --hash=sha256:b\nBeta_B==2 --hash sha256:c\n./common --hash=sha256:d\n",
        "plain\n",
    ]
    assert attach_hashes(["alpha==1", "beta-b==2", "gamma==3", "-e ./common"], texts) == (
        "alpha==1 --hash=sha256:a --hash=sha256:b",
        "beta-b==2 --hash=sha256:c",
        "gamma==3",
        "-e ./common",
    )


def test_lines_are_led_elsewhere() -> None:
    """The library would be installed from the copy where its master was asked for."""
    lines = ["-e ./common", "./common", "our-common @ file:///r/api/common", "alpha==1", "../common"]
    assert list(redirect(lines, "/r/api", {"/r/api/common": "-e /r/common"})) == ["-e /r/common"] * 3 + lines[3:]


def test_paths_that_a_library_s_project_names() -> None:
    """Uv writes them as they stand there: a library would be looked for beside the service."""
    lines = [
        "-e ../common",
        "../common",
        "../libs",
        "-e ./libs/a",
        "alpha==1",
        "b @ file:///common",
        "/r/common",
        "../../x",
    ]
    copies = ["common", "libs/a"]
    assert list(settle(["-e ../../common"], (), copies)) == ["-e ./common"]
    assert list(settle(lines, ("../libs",), ["common", "a"])) == ["-e ./common", "./common", *lines[2:]]
    assert list(settle(["../common"], ("../common",), ["a", "common"])) == ["../common"], "requirements name it so"
    assert list(settle(lines, (), ())) == lines


def test_what_is_not_there() -> None:
    """An installer that leaves something out would be believed."""
    there = ["Beta_B-2.dist-info", "alpha-1.dist-info"]
    assert find_missing(["alpha==1", "beta-b==2", "gamma==1", "-e ./common"], there) == ["gamma"]
    assert distribution_name("Beta_B-2.0.dist-info") == "beta-b"


def test_records_of_installed_files() -> None:
    """An edit would go unnoticed, or a file that nobody has touched be called edited."""
    digest = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"
    text = f'"a,b.py",sha256={digest},0\nx.pyc,,\nRECORD,,\nshort\nbad,sha256=!,1\nodd,md5=x,1\n\n'
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert [one for one in parse_record(text) if one.path != "bad"] == [Installed("a,b.py", empty)]


def test_the_hashes_of_what_is_tried() -> None:
    """A version that is tried would be held against the hash of another one's file, and refused."""
    texts = ["alpha==1 --hash=sha256:aa\nbeta==1 --hash=sha256:bb\n"]
    lines = ["alpha==2", "beta==1"]
    assert attach_hashes(lines, texts, ["Alpha==2", "/elsewhere/lib"]) == ("alpha==2", "beta==1 --hash=sha256:bb")


def test_the_versions_that_differ() -> None:
    """Who tries a version would not see what else comes with it."""
    before = ["alpha-1.0.dist-info", "our_common-1.2.dist-info", "gone-3.dist-info"]
    after = ["alpha-1.1.dist-info", "our_common-1.2.dist-info", "new_one-1.dist-info"]
    assert compare_versions(before, after) == (
        Change("alpha", "1.0", "1.1"),
        Change("gone", "3", ""),
        Change("new-one", "", "1"),
    )
