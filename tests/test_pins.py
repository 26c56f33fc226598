"""Pins: one service stays behind, the others go on; what is locked is proven offline, or it is said that nobody can tell."""

import hashlib
import json
import shutil

import pytest
from support.depth import deep
from support.monorepo import CONFIGURATION, Monorepo, run

API, WORKER, LOCK = "services/api", "services/worker", "common-sync.lock"
SETTINGS = "common/our_common/settings.py"
PINS = 'pins = {"services/api" = "v1"}\n'


@pytest.fixture
def grown(synced: Monorepo) -> Monorepo:
    """Return a repository in sync whose library was tagged as v1, and has changed and grown since."""
    synced.git("tag", "v1")
    synced.write(SETTINGS, "DEBUG = True\n")
    synced.write("common/new.py", "new = 1\n")
    (synced.root / "common/wait.sh").unlink()
    assert synced.run("distribute").code == 0
    synced.commit("the library has changed")
    return synced


@pytest.fixture
def pinned(grown: Monorepo) -> Monorepo:
    """Return the repository with one service pinned to v1, all committed."""
    assert grown.run("pin", "api", "v1").code == 0
    grown.commit("pinned")
    return grown


def clone(repo: Monorepo, *options: str) -> Monorepo:
    """Return a clone of depth 1, without tags, whose origin is gone: what is not in it cannot be had."""
    place = repo.root.parent / "clone"
    words = ("git", "clone", "-q", "--depth", "1", "--no-tags", *options, f"file://{repo.root}", str(place))
    assert run(*words, cwd=repo.root).code == 0
    run("git", "remote", "set-url", "origin", "/nowhere", cwd=place)
    return Monorepo(place)


def test_one_service_stays_behind(grown: Monorepo) -> None:
    """A team could not keep one service at a release while the others go on."""
    before = grown.tree(f"{WORKER}/common")
    done = grown.run("pin", "api", "v1")
    assert (done.code, done.err) == (0, "")
    assert "it stays there until: common-sync unpin services/api" in " ".join(done.out.split())
    assert grown.read(f"{API}/{SETTINGS}") == "DEBUG = False\n"
    assert (grown.root / f"{API}/common/wait.sh").stat().st_mode & 0o100
    assert not (grown.root / f"{API}/common/new.py").exists()
    assert grown.tree(f"{WORKER}/common") == before
    assert grown.read("common-sync.toml") == CONFIGURATION + PINS
    assert f'commit = "{grown.git("rev-parse", "v1").strip()}"' in grown.read(LOCK)
    assert (grown.run("verify").code, grown.run("verify", "--deep").code) == (0, 0)
    grown.write(SETTINGS, "DEBUG = None\n")
    assert grown.run("distribute").code == 0
    assert [grown.read(f"{one}/{SETTINGS}") for one in (API, WORKER)] == ["DEBUG = False\n", "DEBUG = None\n"]
    shown = grown.run("status").out.splitlines()
    assert "pinned      services/api to v1" in shown
    assert "versions    1.2.3 in 2, not all with the same files" in shown
    services = grown.json("verify", code=0)["services"]
    assert [one.get("pinned") for one in services] == ["v1", None]


def test_pin_and_unpin_give_everything_back(grown: Monorepo) -> None:
    """A pin that was tried would leave traces in files that people write."""
    grown.write("common-sync.toml", CONFIGURATION + "\n[service.api]\nport = 80\n")
    grown.commit("settings")
    before = grown.tree()
    for service, ref in (("api", "v1"), ("worker", "v1"), ("api", grown.git("rev-parse", "HEAD~1").strip()[:9])):
        assert grown.run("pin", service, ref).code == 0
    assert [grown.run("unpin", one).code for one in ("worker", "api")] == [0, 0]
    assert grown.tree() == before


REFUSED = [
    ("nobody", "v1", "'nobody' is no service", "the services are"),
    ("api", "vv1", "there is no tag 'vv1' of common", "did you mean v1?"),
    ("api", "release-9", "there is no tag 'release-9' of common in this clone", "git fetch origin tag release-9"),
    ("api", "0123456", "there is no commit '0123456' of common in this clone", "git fetch origin"),
    ("api", "aside", "'aside' is a branch, which moves", "name the commit that it is at now"),
    ("api", "abcdef1", "'abcdef1' is a branch, which moves", "name the commit that it is at now"),
    ("api", "HEAD", "'HEAD' is not the name of a tag", "name the commit that it leads to now"),
    ("api", "refs/tags/v1", "'refs/tags/v1' is not the name of a tag", "name the commit that it leads to now"),
    ("api", "HEAD~1", "'HEAD~1' is no tag's name", "name a tag, or 7 to 64 hex digits"),
    ("api", "gone", "the library is not in that commit", "name a commit that has it"),
    ("api", "merging", "holds the marks of a merge", "exclude it, or name another commit"),
    ("api", "away", "is a symlink out of the library, to ../../etc", "exclude it, or name another commit"),
    ("api", "lfs", "is a Git LFS pointer", "exclude it, or name another commit"),
    ("api", "crlf", "git converts files there (.gitattributes)", "name a commit without such attributes"),
    ("api", "copy", "the library was itself a copy in that commit", "name a later commit"),
    ("api", "module", "is a git repository of its own", "exclude it"),
]


def make_bad_tags(repo: Monorepo) -> None:
    """Tag commits that nothing can be pinned to, on a branch of their own, and leave it again."""
    head = repo.git("rev-parse", "--abbrev-ref", "HEAD").strip()
    made = {
        "merging": ("common/x.py", "<<<<<<< a\n1\n=======\n2\n>>>>>>> b\n"),
        "lfs": ("common/x.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"),
        "crlf": (".gitattributes", "*.py text eol=crlf\n"),
        "copy": ("common/.common-sync.json", "{}\n"),
    }
    for tag, (path, text) in made.items():
        repo.git("checkout", "-q", "-b", f"with-{tag}", head)
        repo.write(path, text)
        repo.commit(tag)
        repo.git("tag", tag)
    repo.git("checkout", "-q", "-b", "aside", head)
    (repo.root / "common/link").symlink_to("../../etc")
    repo.commit("away")
    repo.git("tag", "away")
    repo.git("rm", "-q", "common/link")
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{repo.git('rev-parse', 'HEAD').strip()},common/inner")
    repo.git("commit", "-q", "--no-verify", "-m", "module")
    repo.git("tag", "module")
    repo.git("rm", "-q", "-r", "--cached", "common")
    repo.git("commit", "-q", "--no-verify", "-m", "gone")
    repo.git("tag", "gone")
    repo.git("branch", "abcdef1")
    repo.git("checkout", "-q", "-f", head)


@deep("runs of the whole program that take long")
def test_what_cannot_be_pinned_to(grown: Monorepo) -> None:
    """A service would be held to what moves, or to what is no library; or a typo would change files."""
    make_bad_tags(grown)
    before = grown.tree()
    for service, ref, message, remedy in REFUSED:
        done = grown.run("pin", service, ref)
        assert (done.code, done.out) == (2, ""), done
        said = " ".join(done.err.split())
        assert message in said, said
        assert remedy in said, said
    both = grown.run("pin", "api", "v1", "--back")
    assert (both.code, "--back pins it to what its copy held before, and 'v1' says something else" in both.err) == (
        2,
        True,
    )
    assert grown.tree() == before


@deep("runs of the whole program that take long")
def test_an_edit_is_not_buried(grown: Monorepo) -> None:
    """Somebody's edit would be discarded, or hidden in a copy of another state."""
    grown.write(f"{API}/{SETTINGS}", "MINE = 1\n")
    before = grown.tree()
    done = grown.run("pin", "api", "v1")
    assert done.code == 1
    assert "CS004" in done.out
    assert grown.tree() == before
    forced = grown.json("pin", "api", "v1", "--force", code=0)
    assert (grown.read(f"{API}/{SETTINGS}"), bool(forced["kept"])) == ("DEBUG = False\n", True)
    grown.write(f"{API}/{SETTINGS}", "MINE = 2\n")
    assert "common-sync promote services/api" in grown.run("verify").out
    assert grown.run("unpin", "api").code == 1  # the edit stays
    assert grown.read(f"{API}/{SETTINGS}") == "MINE = 2\n"


LINES = "".join(f"line {number}\n" for number in range(1, 12))


@deep("pins in less usual ways")
def test_an_edit_in_a_pinned_copy_comes_home_once(pinned: Monorepo) -> None:
    """A hotfix would reach the library only if the service gave up its release; or be merged again by each later run."""
    pinned.write(SETTINGS, LINES)
    assert pinned.run("distribute").code == 0
    pinned.commit("lines")
    assert pinned.run("pin", "api", pinned.git("rev-parse", "HEAD").strip()).code == 0
    mine, ours = LINES.replace("line 3\n", "line 3\nline 3\nmine\n"), LINES.replace("line 9\n", "line 9\nours\n")
    pinned.write(SETTINGS, ours)
    assert pinned.run("distribute").code == 0
    pinned.commit("the library goes on")
    pinned.write(f"{API}/{SETTINGS}", mine)
    both = mine.replace("line 9\n", "line 9\nours\n")
    for how in ("merged", "equal", "equal"):
        document = pinned.json("promote", code=1)  # the copy keeps it: what it is pinned to has not moved
        assert [one["how"] for one in document["promoted"]] == [how]
        assert [pinned.read(one) for one in (SETTINGS, f"{WORKER}/{SETTINGS}")] == [both, both]
        assert pinned.read(f"{API}/{SETTINGS}") == mine
    assert "nothing to promote: the master has it already" in pinned.run("promote").out
    pinned.write(SETTINGS, both + "more\n")
    assert [one["how"] for one in pinned.json("promote", code=1)["promoted"]] == ["equal"]
    pinned.write(SETTINGS, ours)  # somebody has taken it back
    assert [one["how"] for one in pinned.json("promote", code=1)["promoted"]] == ["merged"]
    assert pinned.run("unpin", "api").code == 0
    assert pinned.read(f"{API}/{SETTINGS}") == both
    assert pinned.run("verify").code == 0


def test_a_clone_of_depth_1_without_tags_is_proven_offline(pinned: Monorepo) -> None:
    """CI, which clones so, could not tell whether the pinned copy is what is locked; or would have to fetch."""
    there = clone(pinned)
    assert there.run("verify").code == 0
    assert there.run("distribute").code == 0
    assert (there.hook().code, there.hook("--check").code) == (0, 0)
    deep = there.run("verify", "--deep")
    assert (deep.code, "git fetch --depth 1 origin" in deep.err) == (2, True)
    for gone in (f"{API}/{SETTINGS}", f"{API}/common"):
        shutil.rmtree(there.root / gone) if gone.endswith("common") else (there.root / gone).unlink()
        assert there.run("verify").code == 1
        assert there.run("distribute").code == 0
        assert there.git("status", "--short") == ""


@deep("pins in less usual ways")
def test_a_commit_that_was_rebased_away(pinned: Monorepo) -> None:
    """What is locked would be gone for good as soon as somebody rewrites history, though a copy still holds it."""
    commit = pinned.git("rev-parse", "v1").strip()
    pinned.git("tag", "-d", "v1")
    branch = pinned.git("rev-parse", "--abbrev-ref", "HEAD").strip()
    pinned.git("checkout", "-q", "--orphan", "rewritten")
    pinned.commit("all in one")
    pinned.git("branch", "-D", branch)
    pinned.git("reflog", "expire", "--expire=now", "--all")
    pinned.git("gc", "-q", "--prune=now")
    assert [pinned.run("verify").code, pinned.hook("--check").code] == [0, 0]
    deep = pinned.run("verify", "--deep")
    assert (deep.code, f"git fetch --depth 1 origin {commit}" in deep.err) == (2, True)
    (pinned.root / API / SETTINGS).unlink()
    assert pinned.run("distribute").code == 0
    assert pinned.git("status", "--short") == ""


@deep("pins in less usual ways")
def test_what_is_nowhere_is_said(pinned: Monorepo) -> None:
    """A copy would be filled with something else, emptied, or called in sync, where nothing has what is locked."""
    there = clone(pinned)
    shutil.rmtree(there.root / API / "common")
    there.git("-c", "user.name=A", "-c", "user.email=a@b", "commit", "-qam", "gone")
    before = there.tree()
    for command in ("verify", "distribute"):
        done = there.concise(command)
        assert (done.code, "CS010 should hold common at v1, and this clone does not have that" in done.out) == (1, True)
    assert there.tree() == before
    manual = there.write(f"{API}/common/mine.py", "mine = 1\n")
    assert "CS010" in there.concise("distribute", "--force").out
    assert manual.read_bytes() == b"mine = 1\n"
    assert there.hook("--check").code == 1


def test_an_edit_is_named_where_the_locked_state_is_nowhere(pinned: Monorepo) -> None:
    """Of a copy that is behind its lock, nobody would learn that it was edited, too."""
    lock = pinned.read(LOCK)
    other = lock[: lock.index("cs1:")] + f'cs1:{"0" * 64}"\n'
    pinned.write(LOCK, other)
    pinned.write(f"{API}/{SETTINGS}", "MINE = 1\n")
    done = pinned.concise("verify")
    assert done.code == 1
    assert "CS003 edited in the copy" in done.out
    assert "CS010" in done.out
    forged = pinned.concise("verify", "--deep")
    assert (forged.code, "CS013" in forged.out) == (1, True)
    assert pinned.concise("distribute", "--force").code == 1
    assert pinned.read(f"{API}/{SETTINGS}") == "MINE = 1\n"


@pytest.mark.parametrize(
    ("configuration", "lock", "message"),
    [
        (CONFIGURATION + PINS, None, "lacks common at v1"),
        (CONFIGURATION, "", "has common at v1"),
        (f'{CONFIGURATION}exclude = ["new.py"]\n{PINS}', "", 'other patterns in "exclude"'),
    ],
)
def test_a_lock_that_is_not_the_configuration_s(
    pinned: Monorepo, configuration: str, lock: str | None, message: str
) -> None:
    """A service would be held to what nobody asks for any more; `distribute` would not mend it."""
    pinned.write("common-sync.toml", configuration)
    if lock is None:
        (pinned.root / LOCK).unlink()
    done = pinned.concise("verify")
    assert (done.code, "CS011" in done.out, message in done.out) == (1, True, True)
    dry = pinned.json("distribute", "--dry-run", code=0)
    assert LOCK in dry["rewritten"]
    assert pinned.run("verify").code == 1
    assert pinned.run("distribute").code == 0
    assert pinned.run("verify").code == 0
    assert (pinned.root / LOCK).exists() is ("pins" in configuration)


@pytest.mark.parametrize(
    ("pins", "message", "remedy"),
    [
        ("pins = 3", '"pins" must be a table', "[pins]"),
        ('pins = {"services/api" = 1}', '"services/api" cannot be 1', 'services/api = "v1.0.1"'),
        (
            'pins = {"services/api" = "-x"}',
            "\"services/api\" is pinned to '-x', which begins like an option",
            "name a tag",
        ),
        ('pins = {"services/workr" = "v1"}', '"pins": "services/workr" is no service', "did you mean services/worker"),
        (
            'pins = {api = "v1", "services/api" = "v1"}',
            '"pins": "services/api" is pinned twice',
            "take one of the two out",
        ),
    ],
)
def test_pins_that_make_no_sense(grown: Monorepo, pins: str, message: str, remedy: str) -> None:
    """A pin with a typo would be passed over, and the service not stay behind."""
    grown.write("common-sync.toml", f"{CONFIGURATION}{pins}\n")
    done = grown.run("verify")
    said = " ".join(done.err.split())
    assert (done.code, message in said, remedy in said) == (2, True, True), done
    assert "common-sync.toml:3" in done.err


def test_the_hook_holds_a_pinned_service(pinned: Monorepo) -> None:
    """A commit would hold a pin without its lock, and every clone of it fail; or the hook would update the pinned copy."""
    pinned.write(SETTINGS, "DEBUG = None\n")
    pinned.git("add", "common")
    assert pinned.hook().code == 1
    assert [pinned.read(f"{one}/{SETTINGS}") for one in (API, WORKER)] == ["DEBUG = False\n", "DEBUG = None\n"]
    pinned.git("add", "-A")
    assert pinned.hook().code == 0
    (pinned.root / LOCK).unlink()
    assert pinned.hook("--check").code == 1
    assert pinned.hook().code == 0
    pinned.git("rm", "-q", "--cached", LOCK)
    lacks = pinned.hook()
    assert (lacks.code, LOCK in lacks.out + lacks.err) == (1, True)
    pinned.git("add", LOCK)
    assert pinned.run("unpin", "api").code == 0
    pinned.git("add", "services", "common-sync.toml")
    lacks = pinned.hook()  # the lock is gone from the disk, and the commit would still have it
    assert (lacks.code, LOCK in lacks.out + lacks.err) == (1, True)
    pinned.git("add", "-A")
    assert pinned.hook().code == 0


def test_a_lock_with_the_commit_of_another_state(pinned: Monorepo) -> None:
    """Who puts his own commit into the lock, under the name of a release, would pass the check that nobody has forged it."""
    locked = pinned.read(LOCK)
    pinned.git("tag", "-f", "v1", "HEAD")
    assert pinned.run("update").code == 0
    assert pinned.run("distribute").code == 0
    forged = pinned.read(LOCK)
    assert forged != locked
    pinned.git("tag", "-f", "v1", "HEAD~2")
    assert pinned.run("verify").code == 0
    said = pinned.concise("verify", "--deep")
    assert (said.code, "CS013 common at v1 is commit" in said.out) == (1, True)
    assert pinned.run("update", "--dry-run").code == 1
    pinned.git("tag", "-d", "v1")
    done = pinned.run("verify", "--deep")
    assert (done.code, "git fetch origin tag v1" in done.err) == (2, True), done


def test_update_where_nothing_is_pinned(synced: Monorepo) -> None:
    """Somebody would be told about tags that there are not."""
    assert synced.run("update") == (0, "· nothing is pinned\n", "")


def test_update_follows_a_tag_that_was_moved(pinned: Monorepo) -> None:
    """A tag that was moved would change what a service holds without a word, or never."""
    was = pinned.git("rev-parse", "v1").strip()
    assert pinned.json("update", code=0)["changed"] is False
    pinned.git("tag", "-f", "v1")
    assert pinned.run("verify").code == 0
    lock = pinned.read(LOCK)
    dry = pinned.json("update", "--dry-run", code=1)
    assert ([one["code"] for one in dry["findings"]], pinned.read(LOCK)) == (["CS014"], lock)
    done = pinned.run("update")
    assert (done.code, "CS014" in done.out, was in pinned.read(LOCK)) == (0, True, False)
    assert pinned.run("verify").code == 1
    assert pinned.run("distribute").code == 0
    assert pinned.read(f"{API}/{SETTINGS}") == "DEBUG = True\n"
    assert pinned.run("update", "comon").err.startswith("error: 'comon' is no library")


def test_update_names_the_commits_between(pinned: Monorepo) -> None:
    """Who follows a tag would take over changes that he has not heard of, or lose some."""
    first, last = pinned.git("rev-parse", "v1", "HEAD").split()
    pinned.git("tag", "-f", "v1")
    dry = pinned.run("update", "--dry-run").out
    made = pinned.json("update", code=0)["entries"][0]
    subject = "the library has changed"
    assert [one["subject"] for one in made["gained"]] == [subject], (
        "the commit of the pin changes nothing of the library"
    )
    assert (made["lost"], made["complete"], made["now"]["commit"]) == ([], True, last)
    day = pinned.git("log", "-1", "--format=%as").strip()
    assert f"  {made['gained'][0]['id'][:7]} {day} {subject}\n" in dry
    pinned.git("tag", "-f", "v1", first)
    lost = pinned.run("update", "--dry-run").out
    assert f"  it no longer has:\n    {made['gained'][0]['id'][:7]} {day} {subject}\n" in lost
    assert pinned.json("update", code=0)["entries"][0]["lost"] == made["gained"]
    assert pinned.json("update", code=0)["entries"][0]["gained"] == []


def test_update_says_that_commits_are_not_here(pinned: Monorepo) -> None:
    """Of a cut-off history some commits would be shown as if these were all."""
    pinned.git("commit", "-q", "--allow-empty", "-m", "another")
    pinned.git("tag", "-f", "v1")
    cut = clone(pinned, "--branch", "v1")
    assert "this clone does not have all commits between the two" in cut.run("update", "--dry-run").out
    assert [one["complete"] for one in cut.json("update", code=0)["entries"]] == [False]


def test_a_pin_says_of_when_it_is(grown: Monorepo) -> None:
    """A name and seven digits do not tell whether a service goes back a day or a year."""
    day, subject = grown.git("log", "-1", "--format=%as%x00%s", "v1").strip().split("\0")
    done = grown.run("pin", "api", "v1")
    assert f"), {day} {subject}\n" in done.out
    now = grown.json("pin", "worker", "v1", code=0)["pinned"][0]["now"]
    assert (now["date"], now["subject"]) == (day, subject)


def test_back_to_what_the_copy_held_before(grown: Monorepo) -> None:
    """Who rolls a service back would have to look for the commit by hand."""
    first = grown.git("rev-list", "--max-parents=0", "HEAD").strip()
    done = grown.json("pin", "api", "--back", code=0)
    assert done["pinned"][0]["now"]["commit"] == first
    assert grown.read(f"{API}/{SETTINGS}") == "DEBUG = False\n"
    grown.git("checkout", "-q", "-f", "HEAD")
    assert grown.run("unpin", "api").code == 2
    assert grown.json("pin", "worker", code=0)["pinned"][0]["now"]["commit"] == grown.git("rev-parse", "HEAD").strip()
    assert json.loads((grown.root / f"{WORKER}/common/.common-sync.json").read_text())["version"] == "1.2.3"


@pytest.mark.parametrize("committed", [False, True])
def test_back_again_goes_further_back(grown: Monorepo, committed: bool) -> None:
    """A second step back would lead forward again, to what did not work."""
    grown.write(SETTINGS, "DEBUG = None\n")
    assert grown.run("distribute").code == 0
    grown.commit("the library has changed again")
    states = grown.git("rev-list", "HEAD", "--", "common").split()
    for state in states[1:]:
        assert grown.json("pin", "api", "--back", code=0)["pinned"][0]["now"]["commit"] == state
        if committed:
            grown.commit("one step back")
    done = grown.run("pin", "api", "--back")
    assert (done.code, grown.read(f"{API}/{SETTINGS}")) == (2, "DEBUG = False\n")
    assert "has no state of the copy from before the one that it is pinned to" in done.err
    assert grown.run("unpin", "api").code == 0
    grown.commit("it follows")
    assert grown.json("pin", "api", "--back", code=0)["pinned"][0]["now"]["commit"] == states[-1 if committed else 1]


def test_back_where_the_history_is_not_here(pinned: Monorepo) -> None:
    """It would be said that there is nothing before, where nobody can tell; or git's own words would be all."""
    said = clone(pinned).run("pin", "worker", "--back")
    assert (said.code, "is cut off in this clone" in said.err, "git fetch --unshallow" in said.err) == (2, True, True)
    shutil.rmtree(pinned.root.parent / "clone")
    pinned.git("config", "uploadpack.allowFilter", "true")
    words = ("git", "clone", "-q", "--filter=tree:0", f"file://{pinned.root}", str(pinned.root.parent / "part"))
    assert run(*words, cwd=pinned.root).code == 0
    said = Monorepo(pinned.root.parent / "part").run("pin", "worker", "--back")
    assert (said.code, "lacks folders of earlier commits" in said.err, "--refetch --no-filter" in said.err) == (
        2,
        True,
        True,
    )


@pytest.mark.parametrize("what", ["symlink", "folder", "too large"])
def test_a_lock_that_is_none(pinned: Monorepo, what: str) -> None:
    """A person would be told of levels of symbolic links, and not what to do."""
    lock = pinned.root / LOCK
    lock.unlink()
    if what == "symlink":
        lock.symlink_to("elsewhere")
    elif what == "folder":
        lock.mkdir()
    else:
        lock.write_bytes(b"#" * ((1 << 20) + 1))
    done = pinned.run("distribute")
    assert (done.code, "help: restore it from version control, or delete it" in done.err) == (2, True), done
    assert ("is a symlink, and has to be a file" in done.err) is (what == "symlink")


def test_a_pinned_service_is_affected_by_its_pin_alone(pinned: Monorepo) -> None:
    """A build would be started for a service that stays behind, or none for one that was pinned to something else."""
    pinned.write(SETTINGS, "DEBUG = None\n")
    assert pinned.run("distribute").code == 0
    pinned.commit("the library has changed again")
    found = {one["name"] for one in pinned.json("affected", "--since", "HEAD~1", code=0)["services"]}
    assert found == {WORKER}
    before = {one["name"]: one["reasons"] for one in pinned.json("affected", "--since", "HEAD~2", code=0)["services"]}
    assert [one["settings"] for one in before[API] if one["kind"] == "configuration"] == [["pins"]]
    pinned.write("common/new.py", "new = 2\n")
    pinned.commit("and again")
    pinned.git("tag", "-f", "v1", "HEAD~1")
    assert pinned.run("update").code == 0
    document = pinned.json("affected", "--since", "HEAD", code=0)
    reasons = {one["name"]: one["reasons"] for one in document["services"]}
    assert [(one["kind"], one["files"]) for one in reasons[API]] == [("configuration", [LOCK])]
    assert (WORKER in reasons, document["unmatched"]) == (False, [])


@deep("pins in less usual ways")
def test_a_sparse_checkout_without_the_pinned_service(pinned: Monorepo) -> None:
    """Who checks out one service would be told that another one, which is pinned, does not exist."""
    pinned.git("sparse-checkout", "set", "--no-cone", "/*", "!/services/api/")
    assert not (pinned.root / API).exists()
    assert pinned.run("verify").code == 0
    assert (pinned.hook().code, pinned.hook("--check").code) == (0, 0)
    assert pinned.run("distribute").code == 0
    assert 'ref = "v1"' in pinned.read(LOCK)


def test_a_forged_manifest_gives_nothing(pinned: Monorepo) -> None:
    """Who rewrites a copy and its manifest would have the tool take that for what is locked, and spread it."""
    assert pinned.run("pin", "worker", "v1").code == 0
    place = f"{API}/common/.common-sync.json"
    was, forged = (hashlib.sha256(text).hexdigest() for text in (b"DEBUG = False\n", b"EVIL = True\n"))
    pinned.write(place, pinned.read(place).replace(was, forged))
    pinned.write(f"{API}/{SETTINGS}", "EVIL = True\n")
    assert pinned.run("verify").code == 1
    (pinned.root / WORKER / SETTINGS).unlink()
    assert pinned.run("distribute").code == 0
    assert [pinned.read(f"{one}/{SETTINGS}") for one in (API, WORKER)] == ["DEBUG = False\n"] * 2
    assert pinned.run("verify", "--deep").code == 0
