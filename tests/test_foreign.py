"""Libraries of other repositories: fetched by who may connect, proven by who may not, and never trusted."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.depth import deep
from support.farm import Farm
from support.foreign import API, CONFIGURATION, FILE, LOCK, WORKER, Pair
from support.monorepo import Done, Monorepo, run


def clone(pair: Pair) -> Monorepo:
    """Return a clone of depth 1 where neither the other repository nor a cache is to be had."""
    place = pair.app.root.parent / "elsewhere" / "clone"
    words = ("git", "clone", "-q", "--depth", "1", "--no-tags", f"file://{pair.app.root}", str(place))
    assert run(*words, cwd=pair.app.root).code == 0
    return Monorepo(place)


def test_a_library_of_another_repository_is_taken(pair: Pair) -> None:
    """A team could not use a library of another repository: it would go on copying it by hand."""
    said = pair.run("verify").out
    assert "lacks common at v1, which the configuration asks for" in said
    assert "2 of 2 services not in sync" in said
    done = pair.run("distribute")
    assert (done.code, done.err) == (0, "")
    assert pair.app.read(f"{API}/{FILE}") == "DEBUG = False\n"
    assert (pair.app.root / API / "common/wait.sh").stat().st_mode & 0o100
    assert 'git = "../platform"\npath = "python/common"\nref = "v1"\n' in pair.app.read(LOCK)
    assert f'commit = "{pair.platform.git("rev-parse", "v1^{commit}").strip()}"' in pair.app.read(LOCK)
    assert '"master": "git+../platform#subdirectory=python/common"' in pair.app.read(f"{API}/common/.common-sync.json")
    assert [pair.run(word).code for word in ("verify", "status", "doctor", "diff")] == [0, 0, 0, 0]
    assert len(pair.trees()) == 1
    assert not [*(pair.cache / "common-sync/trees").glob(".*")]
    pair.asked()
    assert pair.run("distribute").code == 0
    assert not pair.connected()  # it lacks nothing


def test_who_only_looks_connects_to_nobody(taken: Pair) -> None:
    """A check in CI, or a commit on a train, would wait for another server, or tell it who works on what."""
    shutil.rmtree(taken.cache)
    taken.platform.root.rename(taken.platform.root.with_name("gone"))
    for words in (("verify",), ("status",), ("doctor",), ("diff",), ("affected", "--since", "HEAD")):
        assert taken.run(*words).code == 0, words
    assert taken.app.hook(env=taken.env) == Done(0, "", "")
    taken.app.write(f"{API}/{FILE}", "DEBUG = 1\n")
    assert [taken.run(word).code for word in ("verify", "status", "promote", "log")] == [1, 1, 1, 1]
    (taken.app.root / API / FILE).unlink()
    assert taken.app.hook(env=taken.env).code == 0  # the copy of the other service has it
    assert not taken.connected()
    assert not taken.cache.exists()


def test_watch_connects_to_nobody(pair: Pair) -> None:
    """Who lets `watch` run all day would ask another server at each change, which only typed commands do."""
    done = pair.run("watch", "--poll")  # what is wrong at the beginning ends it
    assert (done.code, "neither watch nor a hook asks that" in done.err) == (2, True), done
    assert "help: common-sync distribute" in done.err
    assert not pair.connected()


def test_a_clone_of_depth_one_is_proven(taken: Pair) -> None:
    """Who has neither the other repository nor its history could not tell whether his copies are right."""
    there = clone(taken)
    env = taken.env | {"XDG_CACHE_HOME": str(there.root.parent / "cache")}
    assert [there.run(word, env=env).code for word in ("verify", "status", "doctor")] == [0, 0, 0]
    assert there.hook(env=env) == Done(0, "", "")
    there.write(f"{API}/{FILE}", "DEBUG = 1\n")
    assert there.run("verify", env=env).code == 1
    shutil.rmtree(there.root / WORKER / "common")
    shutil.rmtree(there.root / API / "common")
    assert there.run("distribute", env=env).code == 0  # git has them
    there.git("rm", "-q", "-r", f"{API}/common", f"{WORKER}/common")
    there.commit("no copies")
    done = there.run("verify", env=env)
    assert (done.code, "CS010" in done.out) == (1, True)
    done = there.run("distribute", env=env)
    assert (done.code, "../platform: cannot be reached" in done.err) == (2, True)


def test_another_release(taken: Pair) -> None:
    """Nobody could go on to the next release of the library."""
    taken.app.write("common-sync.toml", CONFIGURATION.replace('"v1"', '"v2"'))
    said = taken.app.hook(env=taken.env)
    assert (said.code, "neither watch nor a hook asks that" in said.err + said.out) == (2, True), said
    assert not taken.connected()
    done = taken.run("distribute")
    assert (done.code, done.err) == (0, "")
    assert taken.app.read(f"{WORKER}/{FILE}") == "DEBUG = True\n"
    assert taken.app.read(LOCK).count("[[locked]]") == 1
    assert 'ref = "v2"' in taken.app.read(LOCK)
    assert len(taken.trees()) == 2


def test_another_place(taken: Pair) -> None:
    """What was locked of one repository would be taken for what another one has, or a service be called in sync with it."""
    taken.app.write("common-sync.toml", CONFIGURATION.replace("../platform", "../moved"))
    said = " ".join(taken.run("verify").out.split())
    assert "CS011 common at v1 was locked from git+../platform#subdirectory=python/common" in said
    assert "2 of 2 services not in sync" in said
    before = taken.app.tree()
    done = taken.run("distribute")
    assert (done.code, done.err.startswith("error: ../moved: cannot be reached: ")) == (2, True)
    assert taken.app.tree() == before
    taken.platform.root.rename(taken.platform.root.with_name("moved"))
    assert taken.run("distribute").code == 0
    assert 'git = "../moved"' in taken.app.read(LOCK)
    assert taken.run("verify").code == 0


def test_one_service_stays_behind(taken: Pair) -> None:
    """One service could not stay at another release of the library than the others."""
    done = taken.run("pin", "api", "v2")
    assert (done.code, done.err) == (0, "")
    assert [taken.app.read(f"{one}/{FILE}") for one in (API, WORKER)] == ["DEBUG = True\n", "DEBUG = False\n"]
    assert "pinned      services/api to v2" in taken.run("status").out
    assert taken.run("verify").code == 0
    done = taken.run("pin", "worker")
    assert (done.code, "name a tag or a commit" in done.err) == (2, True)
    assert taken.run("unpin", "api").code == 0
    assert (taken.app.read(f"{API}/{FILE}"), taken.app.read("common-sync.toml")) == ("DEBUG = False\n", CONFIGURATION)


def test_a_tag_that_was_moved(taken: Pair) -> None:
    """A tag that somebody moves would change every service in silence, or never reach them."""
    assert "every tag is still the locked commit" in taken.run("update").out
    before = taken.app.read(LOCK)
    taken.platform.git("tag", "-f", "v1", "common-v2")
    assert [taken.run(word).code for word in ("verify", "distribute")] == [0, 0]
    assert taken.app.read(LOCK) == before
    done = taken.run("update", "--dry-run")
    assert (done.code, "CS014" in done.out, taken.app.read(LOCK)) == (1, True, before)
    assert taken.run("update").code == 0
    assert taken.run("verify").code == 1
    assert taken.run("distribute").code == 0
    assert taken.app.read(f"{API}/{FILE}") == "DEBUG = True\n"


def test_a_commit_that_is_gone(taken: Pair) -> None:
    """A commit that was rebased away would take the copies' proof with it, or another one would be copied in its stead."""
    commit = taken.platform.git("rev-parse", "v1^{commit}").strip()
    shutil.rmtree(taken.cache)
    taken.platform.git("tag", "-d", "v1", "common-v2")
    taken.platform.git("commit", "-q", "--amend", "--no-verify", "-m", "another")
    taken.platform.git("checkout", "-q", "--orphan", "new")
    taken.platform.commit("all anew")
    taken.platform.git("branch", "-q", "-D", "main")
    taken.platform.git("reflog", "expire", "--expire=now", "--all")
    taken.platform.git("gc", "-q", "--prune=now")
    assert [taken.run(word).code for word in ("verify", "distribute")] == [0, 0]
    taken.app.git("rm", "-q", "-r", f"{API}/common", f"{WORKER}/common")
    taken.app.commit("no copies")
    done = taken.run("distribute")
    assert (done.code, f"does not give commit {commit[:9]}" in done.err) == (2, True), done
    done = taken.run("update")
    assert (done.code, "there is no tag 'v1' in ../platform" in done.err) == (2, True)


REFUSED = [
    ('"v3"', "there is no tag 'v3' in ../platform", "did you mean"),
    ('"main"', "'main' is a branch of ../platform, which moves", "name the commit that it is at now"),
    ('"0123456"', "no tag or branch of ../platform is at a commit '0123456'", "write all 40 digits"),
    ('"' + "0" * 40 + '"', "does not give commit 000000000", "common-sync update"),
]


@pytest.mark.parametrize(("ref", "message", "remedy"), REFUSED)
def test_what_is_not_there(pair: Pair, ref: str, message: str, remedy: str) -> None:
    """A ref that is a slip would end in git's own words, or with half a lock."""
    pair.app.write("common-sync.toml", CONFIGURATION.replace('"v1"', ref))
    before = pair.app.tree()
    done = pair.run("distribute")
    assert (done.code, message in done.err) == (2, True), done
    assert remedy in done.err or remedy == "did you mean"
    assert pair.app.tree() == before


def make_hostile(repo: Monorepo) -> dict[str, str]:
    """Tag commits that nothing can be taken from; return what is said of each."""
    repo.git("checkout", "-q", "-b", "aside")
    said = {
        "link": "is a symlink out of the library",
        "module": "is a git repository of its own",
        "lfs": "is a Git LFS pointer",
        "merging": "holds the marks of a merge",
        "crlf": "git converts files there",
        "gone": "the library is not in that commit",
    }
    for tag in said:
        repo.git("checkout", "-q", "-B", tag, "aside")
        if tag == "link":
            (repo.root / "python/common/out").symlink_to("../../../../etc")
        elif tag == "lfs":
            repo.write("python/common/x", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
        elif tag == "merging":
            repo.write("python/common/x", "<<<<<<< a\n1\n=======\n2\n>>>>>>> b\n")
        elif tag == "crlf":
            repo.write(".gitattributes", "*.py text eol=crlf\n")
        elif tag == "gone":
            repo.git("rm", "-q", "-r", "python")
        repo.git("add", "-A")
        if tag == "module":
            head = repo.git("rev-parse", "HEAD").strip()
            repo.git("update-index", "--add", "--cacheinfo", f"160000,{head},python/common/inner")
        repo.git("commit", "-q", "--no-verify", "-m", tag)
        repo.git("tag", f"bad-{tag}")
    return said


def test_what_cannot_be_copied(pair: Pair) -> None:
    """A hostile repository could put files where no library has any, or pointers in the stead of files."""
    said = make_hostile(pair.platform)
    for tag, message in said.items():
        pair.app.write("common-sync.toml", CONFIGURATION.replace('"v1"', f'"bad-{tag}"'))
        before = pair.app.tree()
        done = pair.run("distribute")
        assert (done.code, message in done.err) == (2, True), (tag, done)
        assert (pair.app.tree(), pair.trees()) == (before, [])


def test_a_cache_is_not_trusted(taken: Pair) -> None:
    """Who can write into the cache could put his own lines into every service."""
    (tree,) = taken.trees()
    taken.app.git("rm", "-q", "-r", f"{API}/common", f"{WORKER}/common")
    taken.app.commit("no copies")
    (tree / "our_common/settings.py").write_text("DEBUG = 'mine'\n")
    taken.asked()
    assert taken.run("distribute").code == 0
    assert [taken.app.read(f"{one}/{FILE}") for one in (API, WORKER)] == ["DEBUG = False\n"] * 2
    assert taken.connected()
    shutil.rmtree(tree)
    elsewhere = taken.app.root.parent / "elsewhere"
    shutil.copytree(taken.app.root / API / "common", elsewhere)
    tree.symlink_to(elsewhere)
    taken.app.git("reset", "-q", "--hard")
    shutil.rmtree(taken.app.root / API / "common", ignore_errors=True)
    shutil.rmtree(taken.app.root / WORKER / "common", ignore_errors=True)
    assert taken.run("distribute").code == 0
    assert not tree.is_symlink()
    assert elsewhere.is_dir()


def test_a_forged_lock(taken: Pair) -> None:
    """A lock that names a commit and another tree would be taken for that commit's."""
    text = taken.app.read(LOCK)
    tree = text[text.index("cs1:") :][:68]
    done = taken.run("verify", "--deep")
    assert (done.code, "update --dry-run" in done.err) == (2, True)
    taken.app.write(LOCK, text.replace(tree, "cs1:" + "ab" * 32))
    assert taken.run("verify").code == 1
    done = taken.run("update", "--dry-run")
    assert (done.code, "CS013" in done.out) == (1, True)
    assert taken.run("distribute").code == 2


@pytest.mark.parametrize("given", [True, False])
def test_a_forged_lock_with_another_commit(taken: Pair, *, given: bool) -> None:
    """Who forges the digest would write another commit beside it, and the check would take it for a tag that was moved."""
    text = taken.app.read(LOCK)
    tree, commit = text[text.index("cs1:") :][:68], taken.platform.git("rev-parse", "v1^{commit}").strip()
    other = taken.platform.git("rev-parse", "common-v2").strip() if given else "ab" * 20
    forged = text.replace(commit, other)
    taken.app.write(LOCK, forged)  # the digest is that of the first release still
    done = taken.run("update", "--dry-run")
    assert (done.code, "CS013" in done.out) == (1, True), done
    assert ("nobody can tell" in done.out) is not given
    if not given:
        assert taken.run("update").code == 0, "what is gone is locked no more"
        return
    taken.app.write(LOCK, forged.replace(tree, "cs1:" + "ab" * 32))
    done = taken.run("update", "--dry-run")
    assert (done.code, "CS013" in done.out) == (1, True), done
    taken.app.write("common-sync.toml", CONFIGURATION.replace('"v1"', f'"{commit}"'))
    taken.app.write(LOCK, forged.replace('"v1"', f'"{commit}"'))
    done = taken.run("update", "--dry-run")
    assert (done.code, f"is commit {commit[:9]}" in " ".join(done.out.split())) == (1, True), done


def test_the_digits_of_a_commit_that_no_branch_is_at_any_more(taken: Pair) -> None:
    """The lock could not be compared as soon as the other repository goes on, though it has all digits of the commit."""
    taken.app.write("common-sync.toml", CONFIGURATION.replace("v1", taken.platform.git("rev-parse", "HEAD")[:8]))
    taken.platform.git("tag", "-d", "common-v2")
    assert taken.run("distribute").code == 0
    taken.platform.write("python/common/our_common/settings.py", "DEBUG = None\n")
    taken.platform.commit("three", date="2026-01-03T00:00:00Z")
    before = taken.app.read(LOCK)
    assert [taken.run("update", *more).code for more in ((), ("--dry-run",))] == [0, 0]
    assert taken.app.read(LOCK) == before


def test_two_at_once(pair: Pair) -> None:
    """Two services' pipelines on one machine would break each other's cache."""
    other = Monorepo(pair.app.root.with_name("other"))
    shutil.copytree(pair.app.root, other.root)
    with ThreadPoolExecutor() as pool:
        done = [*pool.map(lambda repo: repo.run("distribute", env=pair.env), (pair.app, other))]
    assert [one.code for one in done] == [0, 0], done
    assert pair.app.tree(API) == other.tree(API)
    assert len(pair.trees()) == 1


def test_what_a_killed_run_left_goes(pair: Pair) -> None:
    """The cache would fill up with halves of repositories."""
    left = pair.cache / "common-sync/trees/.tmp-killed/.git"
    left.mkdir(parents=True)
    assert pair.run("distribute").code == 0
    assert not left.exists()
    assert [one.name for one in left.parents[1].iterdir()] == [one.name for one in pair.trees()]


@deep("runs of the whole program that take long")
def test_every_command_works_or_says_why_not(taken: Pair) -> None:
    """A command that nobody has tried with a library of another repository would end in a traceback."""
    taken.app.write("fleet.toml", '[[target]]\nhost = "local"\nservice = "services/api"\npath = "."\n')
    for words in (
        ("explain", f"{API}/common", f"{API}/{FILE}", f"{API}/requirements.txt"),
        ("log", "cs1:00000000"),
        ("report", "-o", "report.html"),
        ("context", "api", "-o", "api.tar"),
        ("env", "status"),
        ("units",),
        ("eject", "--dry-run"),
        ("affected", "--since", "HEAD"),
        ("fleet", "probe", "api"),
        ("fleet", "status"),
        ("deploy", "api", "--dry-run"),
        ("rollback", "api"),
        ("restore",),
        ("init",),
        ("eject",),
        ("status",),
    ):
        done = taken.run(*words)
        assert done.code in (0, 1, 2), (words, done)
        assert "Traceback" not in done.err, (words, done)
        assert done.code < 2 or done.err.startswith("error: "), (words, done)


@deep("runs of the whole program that take long")
def test_beside_a_library_of_this_repository(pair: Pair) -> None:
    """A repository with a library of its own could not take another one from elsewhere."""
    pair.app.write("own/own/__init__.py", "")
    pair.app.write(
        "common-sync.toml",
        'services = ["services/*"]\n[[library]]\nmaster = "own"\nservices = ["services/*"]\n'
        '[[library]]\nname = "platform"\nmaster = { git = "../platform", ref = "v1", path = "python/common" }\n'
        f'services = ["{API}"]\npins = {{ "{API}" = "common-v2" }}\n',
    )
    pair.app.write(f"{WORKER}/requirements.txt", "-e ../../own\n")
    pair.app.commit("two libraries")
    done = pair.run("distribute")
    assert (done.code, done.err) == (0, ""), done
    assert pair.app.read(f"{API}/{FILE}") == "DEBUG = True\n"
    assert not (pair.app.root / WORKER / "common").exists()
    pair.app.commit("distributed")
    document = pair.app.json("status", code=0)
    assert [one["path"] for one in document["libraries"]] == ["own", "git+../platform#subdirectory=python/common"]
    assert pair.run("log").code == 1
    assert pair.app.hook(env=pair.env) == Done(0, "", "")
    assert [pair.run(word).code for word in ("verify", "update", "promote")] == [0, 0, 0]
    done = pair.run("unpin", "api", "--library", "platform")
    assert (done.code, pair.app.read(f"{API}/{FILE}")) == (0, "DEBUG = False\n"), done


@deep("libraries of other repositories by the real ssh")
def test_by_ssh(pair: Pair, tmp_path: Path) -> None:
    """A library could be taken from a folder beside this one, and from no server."""
    farm = Farm(tmp_path / "farm")
    farm.add("vm")
    farm.add("unknown", key="")
    pair.platform.git("config", "uploadpack.allowFilter", "true")
    pair.env["PATH"] = f"{tmp_path / 'bin'}:{farm.variables['PATH']}"
    place = pair.platform.root
    for git, code in ((f"ssh://unknown{place}", 2), ("ssh://vm/nowhere", 2), (f"ssh://vm{place}", 0)):
        pair.app.write("common-sync.toml", CONFIGURATION.replace("../platform", git))
        done = pair.run("distribute")
        assert done.code == code, done
        assert code == 0 or f"{git}: cannot be reached: " in done.err
    assert pair.app.read(f"{API}/{FILE}") == "DEBUG = False\n"
    assert f'git = "ssh://vm{place}"' in pair.app.read(LOCK)
    pair.asked()
    pair.app.commit("taken")
    assert pair.app.hook(env=pair.env) == Done(0, "", "")
    assert [pair.run(word).code for word in ("verify", "status", "doctor")] == [0, 0, 0]
    assert not pair.connected()
    assert pair.run("pin", "api", "v2").code == 0
    assert pair.connected()
    assert pair.app.read(f"{API}/{FILE}") == "DEBUG = True\n"


def test_where_the_cache_is(pair: Pair) -> None:
    """A cache would be made in whatever folder a command is run in, and be committed; or nobody know which setting is wrong."""
    home = pair.cache.parent / "home"
    home.mkdir()
    assert pair.app.run("distribute", env=pair.env | {"XDG_CACHE_HOME": "cache", "HOME": str(home)}).code == 0
    assert not (pair.app.root / "cache").exists()
    assert (home / ".cache/common-sync/trees").is_dir()
    pair.app.git("clean", "-qfd")
    done = pair.app.run("distribute", env=pair.env | {"XDG_CACHE_HOME": "/proc/nope"})
    assert (done.code, "help: set XDG_CACHE_HOME to a folder" in done.err) == (2, True), done


def test_the_line_to_write_when_it_is_ejected(taken: Pair) -> None:
    """A user would be told to lead a line to a master that is nowhere in his repository."""
    done = taken.run("eject", "--dry-run")
    line = "`PACKAGE @ git+URL@v1#subdirectory=python/common`, where URL is that of ../platform"
    assert (done.code, line in " ".join(done.out.split())) == (0, True), done


def test_a_ref_that_was_changed(taken: Pair) -> None:
    """A user who has pinned nothing would look for a pin."""
    taken.app.write("common-sync.toml", CONFIGURATION.replace("v1", "v2"))
    said = " ".join(taken.run("verify").out.split())
    assert "has common at v1, which the configuration does not ask for" in said
    assert "pinned to" not in said
