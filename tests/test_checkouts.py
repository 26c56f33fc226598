"""`distribute --from` and `--locked`: a library tried from a checkout for one run, and a lock that CI may not change."""

import shutil

import pytest
from support.depth import deep
from support.foreign import API, CONFIGURATION, FILE, LOCK, WORKER, Pair
from support.monorepo import Monorepo

SOURCE = "python/common/our_common/settings.py"


def test_a_checkout_is_tried(taken: Pair) -> None:
    """Who changes the library of another repository could try it in no service before it has a tag."""
    before = taken.app.read(LOCK)
    taken.platform.write(SOURCE, "DEBUG = 'tried'\n")
    taken.platform.write("python/common/our_common/new.py", "")
    done = taken.run("distribute", "--from", "common=../platform")
    assert (done.code, done.err) == (0, ""), done
    assert "common is taken from ../platform" in " ".join(done.out.split())
    assert [taken.app.read(f"{one}/{FILE}") for one in (API, WORKER)] == ["DEBUG = 'tried'\n"] * 2
    assert (taken.app.root / API / "common/our_common/new.py").exists()
    assert taken.app.read(LOCK) == before
    assert not taken.connected()
    assert taken.run("distribute", "--from", "Our_Common=../platform").code == 0, "as its distribution is called"
    assert [taken.run("verify").code, taken.app.hook("--check", env=taken.env).code] == [1, 1]
    assert taken.run("distribute").code == 0
    assert taken.run("verify").code == 0
    assert taken.app.git("status", "--porcelain") == ""


REFUSED = [
    ("nope=../platform", "'nope' is no library help: the libraries are common (our-common)"),
    ("our-comon=../platform", "'our-comon' is no library help: did you mean our-common?"),
    ("common", "write it as LIBRARY=CHECKOUT"),
    ("common=../gone", "../gone: is no git checkout"),
    ("common=..", "..: is no git checkout"),
    ("common=services/api", "has no folder python/common"),
]


@pytest.mark.parametrize(("given", "message"), REFUSED)
def test_what_is_no_checkout(taken: Pair, given: str, message: str) -> None:
    """A slip would copy another folder into every service."""
    before = taken.app.tree()
    done = taken.run("distribute", "--from", given)
    assert (done.code, message in " ".join(done.err.split())) == (2, True), done
    assert taken.app.tree() == before


@deep("distribute --from in less usual ways")
def test_a_checkout_that_says_nothing_of_its_name(taken: Pair) -> None:
    """A library would be refused by the name that it has in all copies, because its checkout has no project file for a while."""
    (taken.platform.root / "python/common/pyproject.toml").unlink()
    assert taken.run("distribute", "--dry-run", "--from", "our-common=../platform").code == 0
    taken.platform.write("python/common/pyproject.toml", '[project]\nname = "their-common"\nversion = "1"\n')
    assert taken.run("distribute", "--dry-run", "--from", "their-common=../platform").code == 0
    assert "'our-common' is no library" in taken.run("distribute", "--from", "our-common=../platform").err


@deep("distribute --from in less usual ways")
def test_a_checkout_and_what_people_have_done(taken: Pair) -> None:
    """An edit in a copy would be overwritten by what is only tried, or a pinned service get it, too."""
    assert taken.run("pin", "worker", "v2").code == 0
    taken.app.write(f"{API}/{FILE}", "DEBUG = 'mine'\n")
    taken.platform.write(SOURCE, "DEBUG = 'tried'\n")
    taken.platform.write("python/common/our_common/ignored.pyc", "")
    before = taken.app.tree()
    assert taken.run("distribute", "--dry-run", "--from", "common=../platform").code == 1
    assert taken.app.tree() == before
    assert taken.run("distribute", "--from", "common=../platform").code == 1
    assert [taken.app.read(f"{one}/{FILE}") for one in (API, WORKER)] == ["DEBUG = 'mine'\n", "DEBUG = True\n"]
    document = taken.app.json("distribute", "--from", "common=../platform", "--force", code=0)
    assert document["from"] == {"common": "../platform"}
    assert taken.app.read(f"{API}/{FILE}") == "DEBUG = 'tried'\n"
    assert not (taken.app.root / API / "common/our_common/ignored.pyc").exists()
    (taken.platform.root / "python/common/out").symlink_to("/etc")
    done = taken.run("distribute", "--from", "common=../platform")
    assert (done.code, "is a symlink out of the master" in done.err) == (2, True), done


@deep("distribute --from in less usual ways")
def test_a_checkout_of_what_is_not_released(pair: Pair) -> None:
    """Who begins with a library could not try it before its first tag, or without a network."""
    pair.app.write(
        "common-sync.toml",
        CONFIGURATION.replace('"v1"', '"v9"').replace("../platform", "https://x.invalid/platform.git"),
    )
    done = pair.run("distribute", "--from", "common=../platform")
    assert (done.code, "CS011" in done.out) == (1, True), done  # nothing is locked still
    assert pair.app.read(f"{API}/{FILE}") == "DEBUG = True\n"
    assert not (pair.app.root / LOCK).exists()
    assert not pair.connected()


def test_a_library_of_this_repository_is_no_checkout(synced: Monorepo) -> None:
    """A master that is here would be passed over without a word."""
    done = synced.run("distribute", "--from", "common=../elsewhere")
    assert (done.code, "common/ is the master of common" in done.err) == (2, True), done


def test_a_lock_that_may_not_change(pair: Pair) -> None:
    """A job in CI would lock whatever a tag is today, and build from what nobody has looked at."""
    before = pair.app.tree()
    done = pair.run("distribute", "--locked")
    assert (done.code, "lacks common at v1" in done.err, "--locked" in done.err) == (2, True, True), done
    assert pair.app.tree() == before
    assert not pair.connected()
    assert pair.run("distribute").code == 0
    lock = pair.app.read(LOCK)
    shutil.rmtree(pair.app.root / API / "common")
    shutil.rmtree(pair.app.root / WORKER / "common")
    shutil.rmtree(pair.cache)
    assert pair.run("distribute", "--locked").code == 0  # what is locked is fetched
    assert (pair.app.read(f"{API}/{FILE}"), pair.app.read(LOCK)) == ("DEBUG = False\n", lock)
    pair.app.write("common-sync.toml", CONFIGURATION + 'exclude = ["wait.sh"]\n')
    before = pair.app.tree()
    done = pair.run("distribute", "--locked")
    assert (done.code, 'other patterns in "exclude"' in done.err) == (2, True), done
    assert pair.app.tree() == before


def test_no_lock_is_needed(synced: Monorepo) -> None:
    """One line in CI could not serve a repository that pins nothing."""
    assert synced.run("distribute", "--locked").code == 0
    synced.write("common-sync.lock", "schema = 1\n")
    assert synced.run("distribute", "--locked").code == 0


def test_what_copies_of_a_library_beside_this_repository_lack(taken: Pair) -> None:
    """Who asks what the next release would bring would have to look it up in the other repository, commit by commit."""
    (api, worker) = taken.app.json("log", code=0)["copies"]
    first, second = (taken.platform.git("rev-parse", one).strip() for one in ("v1^{commit}", "common-v2"))
    assert (api["at"]["id"], [one["id"] for one in api["behind"]], api["complete"]) == (first, [second], True)
    assert worker["behind"] == api["behind"]
    taken.app.write(f"{API}/{FILE}", "DEBUG = 'mine'\n")
    said = taken.run("log", "api").out
    assert ("our_common/settings.py edited" in said, "1 commit behind" in said, " two\n" in said) == (True, True, True)
    assert not taken.connected()


@deep("log of libraries of other repositories")
def test_what_the_checkout_beside_cannot_tell(taken: Pair) -> None:
    """A checkout that is older than the copies would have them lack nothing, or be made of what they are not."""
    taken.platform.git("checkout", "-q", "--orphan", "other")
    taken.platform.commit("another line")
    done = taken.run("log")
    assert (done.code, "has not led to what is checked out in ../platform" in " ".join(done.out.split())) == (1, True)
    taken.platform.git("checkout", "-q", "main")
    shallow = taken.app.root.with_name("shallow")
    taken.platform.git("clone", "-q", "--depth", "1", f"file://{taken.platform.root}", str(shallow))
    taken.platform.root.rename(taken.platform.root.with_name("gone"))
    assert (taken.run("log").code, taken.connected()) == (1, False)
    shallow.rename(taken.platform.root)
    assert taken.run("log").code == 1
