"""Libraries of other repositories by HTTPS: a real `git http-backend`, as it should be and as it should not."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.depth import deep
from support.foreign import API, CONFIGURATION, FILE, LOCK, Pair
from support.https import Answer, GitServer, make_certificate, served
from support.monorepo import Done

REFS, PACK = "/info/refs", "/git-upload-pack"
MUCH = 100_000
"""Bytes of the file beside the library that nobody needs."""


@pytest.fixture
def server(pair: Pair, tmp_path: Path) -> Iterator[GitServer]:
    """Serve the library's repository; the other one asks for it there."""
    certificate = make_certificate(tmp_path)
    pair.env["GIT_SSL_CAINFO"] = str(certificate)
    pair.platform.git("config", "uploadpack.allowFilter", "true")
    with served(pair.platform.root.parent, certificate) as running:
        pair.app.write("common-sync.toml", CONFIGURATION.replace("../platform", f"{running.url}/platform"))
        yield running


def assert_refused(pair: Pair, *words: str) -> None:
    """Assert that `distribute` ends with one error and its remedy, and that nothing is another afterwards."""
    before = pair.app.tree()
    done = pair.run("distribute")
    said = " ".join(done.err.split())
    assert (done.code, done.err[:7], done.err.count("\nerror: "), "Traceback" in done.err) == (
        2,
        "error: ",
        0,
        False,
    ), done
    for word in words:
        assert word in said, (word, said)
    for word in ("fatal: ", "; error: ", ". error: ", "warning: "):
        assert word not in said, (word, said)
    assert (pair.app.tree(), pair.trees()) == (before, []), done
    assert not [*(pair.cache / "common-sync/trees").glob(".*")]


@pytest.mark.parametrize("filtering", [True, False], ids=["filters", "no filters"])
@pytest.mark.parametrize("v2", [True, False], ids=["v2", "v0"])
def test_a_server(pair: Pair, server: GitServer, *, filtering: bool, v2: bool) -> None:
    """A library could be taken from a folder beside this one, and from no server; or all its history would come with it."""
    pair.platform.git("config", "uploadpack.allowFilter", str(filtering).lower())
    server.speaks_v2 = v2
    done = pair.run("distribute")
    assert (done.code, done.err) == (0, ""), done
    assert pair.app.read(f"{API}/{FILE}") == "DEBUG = False\n"
    assert (pair.app.root / API / "common/wait.sh").stat().st_mode & 0o100
    assert f'git = "{server.url}/platform"' in pair.app.read(LOCK)
    fetched = [one.body for one in server.asked if one.path.endswith(PACK) and b"want " in one.body]
    assert b"deepen 1" in fetched[0]
    assert (b"filter blob:none" in fetched[0]) is filtering
    if v2 or not filtering:  # by the old protocol what the filter left out is not given by its name
        assert (server.sent < MUCH) is filtering
    pair.app.commit("taken")
    server.asked.clear()
    pair.asked()
    assert [pair.run(word).code for word in ("verify", "status", "doctor", "distribute")] == [0, 0, 0, 0]
    assert pair.app.hook(env=pair.env) == Done(0, "", "")
    assert (server.asked, pair.connected()) == ([], False)


@deep("more of a library by HTTPS")
def test_a_release_and_a_lock_there(pair: Pair, server: GitServer) -> None:
    """Who has a library from a server could not pin a service, look whether a tag was moved, or prove the lock."""
    assert pair.run("distribute").code == 0
    pair.app.commit("taken")
    assert pair.run("pin", "api", "v2").code == 0
    assert pair.app.read(f"{API}/{FILE}") == "DEBUG = True\n"
    assert pair.run("unpin", "api").code == 0
    pair.platform.git("tag", "-f", "v1", "common-v2")
    assert (pair.run("verify").code, pair.run("update", "--dry-run").code) == (0, 1)
    assert [pair.run(word).code for word in ("update", "distribute", "verify")] == [0, 0, 0]
    assert pair.app.read(f"{API}/{FILE}") == "DEBUG = True\n"


HTML = (("Content-Type", "text/html"),)
ADVERTISED = (("Content-Type", "application/x-git-upload-pack-advertisement"),)
RESULT = (("Content-Type", "application/x-git-upload-pack-result"),)
GARBAGE = b"\0\xff" * 99
REFUSALS: dict[str, tuple[str, Answer | int, str]] = {
    "not found": (REFS, Answer(404, HTML, b"<p>no"), "not found"),
    "a fault": (REFS, Answer(500, HTML, b"<p>oh"), "The requested URL returned error: 500"),
    "busy": (REFS, Answer(503, HTML, b""), "The requested URL returned error: 503"),
    "a password": (REFS, Answer(401, (("WWW-Authenticate", "Basic"),), b""), "terminal prompts disabled"),
    "garbage": (REFS, Answer(200, ADVERTISED, GARBAGE), ""),
    "nothing": (REFS, Answer(200, ADVERTISED, b""), ""),
    "half the refs": (REFS, 60, ""),
    "a fault then": (PACK, Answer(500, HTML, b""), "RPC failed; HTTP 500"),
    "garbage then": (PACK, Answer(200, RESULT, GARBAGE), "bad line length"),
    "cut off at once": (PACK, 0, "RPC failed"),
    "cut off": (PACK, 50, "RPC failed"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_server_that_fails(pair: Pair, server: GitServer, name: str) -> None:
    """A server that is ill would end a run in git's words, or leave half a library in every service."""
    end, wrong, word = REFUSALS[name]
    server.wrong[end] = wrong
    assert_refused(
        pair,
        "cannot be reached: ",
        word,
        f"help: try it by hand: git ls-remote {server.url}/platform; nothing was changed",
    )
    server.wrong.clear()
    assert pair.run("distribute").code == 0


@deep("servers that are another than they say")
def test_a_page_in_the_stead_of_a_repository(pair: Pair, server: GitServer) -> None:
    """Where a proxy asks to sign in, a user would be told that his tag is not there, and look for it."""
    server.wrong[REFS] = Answer(200, HTML, b"<p>Sign in, please.")
    remedy = f"help: look whether a git repository is there: git ls-remote {server.url}/platform"
    assert_refused(pair, f"error: {server.url}/platform shows no tag and no branch", remedy)


@deep("servers that fail in the middle")
@pytest.mark.parametrize("filtering", [True, False], ids=["filters", "no filters"])
@pytest.mark.parametrize("wrong", [Answer(500, HTML, b""), 0, 60, -1], ids=["a fault", "nothing", "60", "but one"])
def test_a_server_that_stops_later(pair: Pair, server: GitServer, wrong: Answer | int, *, filtering: bool) -> None:
    """A server that stops between the list of a library's files and their bytes would leave some of them in a service."""
    pair.platform.git("config", "uploadpack.allowFilter", str(filtering).lower())
    assert pair.run("distribute").code == 0
    posts = sum(one.path.endswith(PACK) for one in server.asked)
    pair.app.git("clean", "-qfd")
    pair.app.git("checkout", "-q", "--", "services")
    for tree in pair.trees():
        tree.rename(pair.cache / tree.name)
    assert posts > 1
    for spared in range(posts):
        server.wrong, server.spared = {PACK: wrong}, spared
        assert_refused(pair, "help: try it by hand: git ls-remote", "nothing was changed")
    server.wrong.clear()
    assert pair.run("distribute").code == 0
    assert pair.app.read(f"{API}/{FILE}") == "DEBUG = False\n"


@deep("servers that are another than they say")
def test_a_server_that_nobody_vouches_for(pair: Pair, server: GitServer) -> None:
    """Who sits between a user and his server could give him another library."""
    del pair.env["GIT_SSL_CAINFO"]
    assert_refused(pair, "cannot be reached", "ertificate", "help: try it by hand: git ls-remote")
    assert server.asked == []


@deep("servers that are another than they say")
@pytest.mark.parametrize("place", ["http://127.0.0.1:9/platform", "file:///platform", "ftp://127.0.0.1:9/platform"])
def test_a_server_that_leads_elsewhere(pair: Pair, server: GitServer, place: str) -> None:
    """A server could lead to one without encryption, or to a folder of this machine, and the library come from there."""
    server.wrong[REFS] = Answer(302, (("Location", f"{place}/info/refs?service=git-upload-pack"),), b"")
    assert_refused(pair, "cannot be reached", "help: try it by hand: git ls-remote")
