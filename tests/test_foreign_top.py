"""A library at the top of its own repository, which is where most libraries of their own are."""

import pytest
from support.depth import deep
from support.foreign import API, LOCK, WORKER, Pair
from support.monorepo import Done

CONFIGURATION = 'services = ["services/*"]\nmaster = { git = "../platform", ref = "v1", path = "." }\n'
FILE = "platform/platform_lib/settings.py"


@pytest.fixture
def top(pair: Pair) -> Pair:
    """Return two repositories, of which one is a library as a whole."""
    pair.platform.git("rm", "-q", "-r", ".")
    pair.platform.write("pyproject.toml", '[project]\nname = "platform-lib"\nversion = "1.0"\n')
    pair.platform.write("platform_lib/settings.py", "DEBUG = False\n")
    pair.platform.write("platform_lib/deep/er/x.py", "")
    pair.platform.write(".gitattributes", "* text=auto\n")
    pair.platform.commit("a library")
    pair.platform.git("tag", "-f", "v1")
    pair.app.write("common-sync.toml", CONFIGURATION)
    for service in (API, WORKER):
        pair.app.write(f"{service}/requirements.txt", "-e ./platform\n")
    pair.app.commit("the library has a repository of its own")
    return pair


def test_it_is_taken(top: Pair) -> None:
    """A library that has a repository of its own could not be taken: its folder is the repository itself."""
    done = top.run("distribute")
    assert (done.code, done.err) == (0, ""), done
    assert top.app.read(f"{API}/{FILE}") == "DEBUG = False\n"
    assert (top.app.root / API / "platform/platform_lib/deep/er/x.py").exists()
    assert not (top.app.root / API / "platform/.git").exists()
    assert 'git = "../platform"\npath = "."\nref = "v1"\n' in top.app.read(LOCK)
    assert '"master": "git+../platform#subdirectory=."' in top.app.read(f"{API}/platform/.common-sync.json")
    assert '"library": "platform-lib"' in top.app.read(f"{API}/platform/.common-sync.json")
    top.app.commit("taken")
    top.asked()
    assert [top.run(word).code for word in ("verify", "status", "doctor", "diff", "distribute")] == [0] * 5
    assert top.app.hook(env=top.env) == Done(0, "", "")
    assert not top.connected()
    assert top.run("update", "--dry-run").code == 0
    line = "`PACKAGE @ git+URL@v1`, where URL"
    assert line in " ".join(top.run("eject", "--dry-run").out.split())


@deep("a library at the top of its repository, in less usual ways")
def test_it_goes_on(top: Pair) -> None:
    """A service could be pinned, or an attribute at the top be heard, only where the library has a folder."""
    assert top.run("distribute").code == 0
    top.platform.write("platform_lib/settings.py", "DEBUG = True\n")
    top.platform.commit("two")
    top.platform.git("tag", "v2")
    assert top.run("pin", "api", "v2").code == 0
    assert [top.app.read(f"{one}/{FILE}") for one in (API, WORKER)] == ["DEBUG = True\n", "DEBUG = False\n"]
    top.platform.write(".gitattributes", "*.py text eol=crlf\n")
    top.platform.commit("three")
    top.platform.git("tag", "v3")
    before = top.app.tree()
    done = top.run("pin", "api", "v3")
    assert (done.code, "git converts files there" in done.err) == (2, True), done
    assert top.app.tree() == before
    done = top.run("pin", "api", "v4")
    assert (done.code, "there is no tag 'v4'" in done.err) == (2, True), done
