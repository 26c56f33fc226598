"""The hooks as users install them: by real pre-commit and real prek, from a clone of this project, without a network."""

import fcntl
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from support.commits import assert_blocked, assert_clone_in_sync, clone, commit, do_as_told, index
from support.depth import deep, sampled
from support.monorepo import Done, Monorepo, make_monorepo, run

PROJECT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
COPIES = "git add services/api/common services/worker/common"


class Tool(NamedTuple):
    """pre-commit or prek.

    Attributes:
        name: Which of the two.
        environment: What it needs to install hooks without a network, in folders of its own.
        source: The URL and the commit that users write as `repo:` and `rev:`.
    """

    name: str
    environment: Mapping[str, str]
    source: tuple[str, str]

    def run(self, repo: Monorepo, *arguments: str, env: Mapping[str, str] | None = None) -> Done:
        """Run the tool itself."""
        return run(self.name, *arguments, cwd=repo.root, env={**self.environment, **(env or {})})

    def commit(self, repo: Monorepo, *arguments: str, cwd: str = ".") -> Done:
        """Run `git commit`, with the tool as its hook."""
        return commit(repo, *arguments, cwd=cwd, env=self.environment)

    def configure(self, repo: Monorepo, hook: str = "common-sync", more: str = "") -> None:
        """Write the configuration, stage it, and install the tool as git's hook."""
        url, rev = self.source
        text = f"repos:\n- repo: {url}\n  rev: {rev}\n  hooks:\n  - id: {hook}\n{more}"
        repo.write(".pre-commit-config.yaml", text)
        repo.git("add", ".pre-commit-config.yaml")
        done = self.run(repo, "install", "-t", "pre-commit", "-t", "pre-merge-commit", "-t", "pre-push")
        assert done.code == 0, done


@contextmanager
def once(folder: Path) -> Iterator[bool]:
    """Lock a folder against the other test processes; tell whether the work in it is still to be done."""
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield not (folder / "done").exists()
        (folder / "done").touch()


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that all test processes of a run share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def wheels() -> Path:
    """Return a folder with wheels of all that an installation needs, where set-up has put them; no index is asked."""
    folder = Path(sys.prefix) / "wheels"
    assert folder.is_dir(), f"{folder} is not there: `make .venv/.developing` makes it"
    return folder


@pytest.fixture(scope="session")
def source(shared: Path) -> tuple[str, str]:
    """Return the URL and the commit of a repository that holds this project as it is in the work tree."""
    repo = Monorepo(shared / "source")
    with once(repo.root) as first:
        if first:
            for file in Monorepo(PROJECT).git("ls-files", "-z", "-c", "-o", "--exclude-standard").split("\0"):
                if (PROJECT / file).is_file():
                    (repo.root / file).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(PROJECT / file, repo.root / file)
            repo.git("init", "-q")
            repo.git("add", "-A")
            repo.commit()
    return f"file://{repo.root}", repo.git("rev-parse", "HEAD").strip()


@pytest.fixture(scope="session")
def tool(request: pytest.FixtureRequest, shared: Path, wheels: Path, source: tuple[str, str]) -> Tool:
    """Return a tool that has installed the hooks, once for all tests."""
    name: str = request.param
    home = shared / f"home-{name}"
    environment = {
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": "",  # the hook is the installed one
        "COVERAGE_PROCESS_CONFIG": "",  # nor is the coverage of pre-commit itself of any use
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home / "cache"),
        "XDG_DATA_HOME": str(home / "data"),
        "PRE_COMMIT_HOME": str(home / "pre-commit"),
        "PREK_HOME": str(home / "prek"),
        "PIP_CONFIG_FILE": os.devnull,  # pre-commit runs pip
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": wheels.as_uri(),  # a path may have spaces, which part one place from the next
        "UV_NO_CONFIG": "1",  # prek runs uv
        "UV_OFFLINE": "1",
        "UV_NO_INDEX": "1",
        "UV_FIND_LINKS": wheels.as_uri(),
        "UV_PYTHON_DOWNLOADS": "never",
    }
    tool = Tool(name, environment, source)
    with once(home) as first:
        if first:
            repo = make_monorepo(home / "repo")
            tool.configure(repo)
            done = tool.run(repo, "install-hooks" if name == "pre-commit" else "prepare-hooks")
            assert done.code == 0, done
    return tool


@pytest.fixture
def hooked(repo: Monorepo, tool: Tool) -> Monorepo:
    """Return a repository with the hook, nothing distributed yet."""
    tool.configure(repo)
    return repo


@pytest.fixture
def committed(synced: Monorepo, tool: Tool) -> Monorepo:
    """Return a repository with the hook, all distributed and committed."""
    tool.configure(synced)
    synced.commit()
    return synced


BOTH = {"test_nothing_to_do", "test_the_first_commit_fails_until_all_is_added", "test_an_edit_in_a_copy"}
"""What `make test` tries with both tools; the others with prek alone."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test with pre-commit and with prek."""
    marked = [mark for mark in metafunc.definition.iter_markers("parametrize") if mark.args[0] == "tool"]
    if "tool" not in metafunc.fixturenames or marked:
        return
    name = metafunc.function.__name__
    rest = [] if name in BOTH else [deep("each hook with both tools, pre-commit and prek")]
    metafunc.parametrize("tool", [pytest.param("pre-commit", marks=rest), "prek"], indirect=True, scope="session")


def assert_passed(done: Done) -> None:
    """Assert that a commit happened, and that the hook said nothing."""
    assert done.code == 0, done
    said = [line for line in (done.out + done.err).splitlines() if not line.startswith(("[", "Unstaged", "Restored"))]
    assert [line.rstrip("Pased").rstrip(".") for line in said] == ["common-sync"], done


def head(repo: Monorepo) -> str:
    """Return the commit that is checked out."""
    return repo.git("rev-parse", "HEAD")


@deep("the manifest of the hooks")
@pytest.mark.parametrize("command", ["validate-manifest", "validate-config"])
def test_the_manifest_of_the_hooks_is_valid(tool: Tool, hooked: Monorepo, command: str) -> None:
    """Neither tool would take the hooks."""
    file = PROJECT / ".pre-commit-hooks.yaml" if command == "validate-manifest" else ".pre-commit-config.yaml"
    done = tool.run(hooked, command, str(file))
    assert done.code == 0, done
    assert "warning" not in (done.out + done.err).lower()


def test_the_first_commit_fails_until_all_is_added(tool: Tool, hooked: Monorepo) -> None:
    """The commit would lack copies that are on the disk already, when the hook finds nothing more to do."""
    for _ in range(3):
        before = index(hooked)
        done = tool.commit(hooked)
        assert_blocked(done, "add it and commit again:", "services/api/common")
        assert index(hooked) == before
    do_as_told(hooked, done)
    assert_passed(tool.commit(hooked))
    assert_clone_in_sync(hooked)


def test_what_the_first_commit_asks_for_is_enough(tool: Tool, hooked: Monorepo) -> None:
    """Somebody who did what he was told would be told something else, and so on."""
    done = tool.commit(hooked)
    assert_blocked(done, "new copy 1.2.3 5 files", "services/api/common services/api/requirements.txt")
    do_as_told(hooked, done)
    assert_passed(tool.commit(hooked))
    assert_clone_in_sync(hooked)


def test_nothing_to_do(tool: Tool, committed: Monorepo) -> None:
    """Every commit of something else would show lines about copies, or change files."""
    before = committed.stamps("services"), index(committed)
    assert_passed(tool.commit(committed))
    assert (committed.stamps("services"), index(committed)) == before
    assert_clone_in_sync(committed)


def test_the_master_was_edited(tool: Tool, committed: Monorepo) -> None:
    """The commit would have the new master beside old copies, in the first try or in the second."""
    committed.write("common/our_common/settings.py", "DEBUG = True\n")
    committed.git("add", "common")
    before = index(committed)
    for _ in range(2):
        done = tool.commit(committed)
        assert_blocked(done, "1 file", COPIES)
        assert index(committed) == before
        assert committed.read("services/api/common/our_common/settings.py") == "DEBUG = True\n"
    do_as_told(committed, done)
    assert_passed(tool.commit(committed))
    assert_clone_in_sync(committed)


@deep("runs of the whole program that take long")
def test_a_new_file_of_the_master(tool: Tool, committed: Monorepo) -> None:
    """The tools set changes aside but not new files: in the second try the copies have them, and git does not."""
    committed.write("common/our_common/new.py", "NEW = True\n")
    committed.git("add", "common")
    for _ in range(2):
        done = tool.commit(committed)
        assert_blocked(done, COPIES)
    do_as_told(committed, done)
    assert_passed(tool.commit(committed))
    assert_clone_in_sync(committed)


@deep("runs of the whole program that take long")
def test_a_commit_that_only_deletes(tool: Tool, committed: Monorepo) -> None:
    """With a `files:` filter nothing would run, and the copies would keep what the master has dropped."""
    committed.git("rm", "-q", "common/our_common/settings.py")
    done = tool.commit(committed)
    assert_blocked(done, "1 file", COPIES)
    assert not (committed.root / "services/api/common/our_common/settings.py").exists()
    do_as_told(committed, done)
    assert_passed(tool.commit(committed))
    assert_clone_in_sync(committed)


def test_what_is_not_staged_is_not_copied(tool: Tool, committed: Monorepo) -> None:
    """Half a thought in the master would reach every copy, or be lost."""
    committed.write("common/our_common/scratch.py", "1\n")
    committed.write("common/our_common/settings.py", "DEBUG = 'half'\n")
    before = committed.tree()
    assert_passed(tool.commit(committed))
    assert committed.tree() == before
    assert_clone_in_sync(committed)


@deep("runs of the whole program that take long")
def test_a_part_of_an_edit_is_staged(tool: Tool, committed: Monorepo) -> None:
    """With `git add -p` the copies would get more than the commit's master has."""
    committed.write("common/our_common/settings.py", "DEBUG = True\n")
    committed.git("add", "common")
    committed.write("common/our_common/settings.py", "DEBUG = True\nHALF = 1\n")
    done = tool.commit(committed)
    assert_blocked(done, COPIES)
    assert committed.read("services/api/common/our_common/settings.py") == "DEBUG = True\n"
    do_as_told(committed, done)
    assert_passed(tool.commit(committed))
    assert committed.read("common/our_common/settings.py") == "DEBUG = True\nHALF = 1\n"
    assert_clone_in_sync(committed)


def test_an_edit_in_a_copy(tool: Tool, committed: Monorepo) -> None:
    """Somebody's work would be overwritten, or committed into one copy only."""
    committed.write("services/api/common/our_common/settings.py", "DEBUG = 'mine'\n")
    committed.git("add", "-A")
    assert_blocked(tool.commit(committed), "services/api CS003 edited in the copy common/our_common/settings.py")
    assert committed.read("services/api/common/our_common/settings.py") == "DEBUG = 'mine'\n"


@deep("runs of the whole program that take long")
def test_a_merge_without_a_conflict(tool: Tool, committed: Monorepo) -> None:
    """A branch that changed the master before the hook was there would leave main out of sync, with no word from anybody."""
    committed.git("checkout", "-q", "-b", "old")
    committed.write("common/our_common/settings.py", "DEBUG = 'old'\n")
    committed.git("commit", "-qam", "without the hook", "--no-verify")
    committed.git("checkout", "-q", "-")
    committed.write("README.md", "main goes on\n")
    committed.git("add", "README.md")
    committed.git("commit", "-qm", "main goes on", "--no-verify")
    merging = ("git", "merge", "-q", "--no-edit", "old")
    done = run(*merging, cwd=committed.root, env=tool.environment)
    assert_blocked(done, COPIES)
    do_as_told(committed, done)
    assert_passed(tool.commit(committed))
    assert committed.git("rev-list", "--count", "--merges", "HEAD").strip() == "1"
    assert_clone_in_sync(committed)


@deep("less usual commits under pre-commit and prek")
def test_only_verify(tool: Tool, repo: Monorepo) -> None:
    """Somebody who asked for a check would find his files changed."""
    tool.configure(repo, "common-sync-verify")
    before = repo.tree()
    assert_blocked(tool.commit(repo), "services/api CS002 CS101 there is no copy (5 files), requirements.txt:2 leads")
    assert repo.tree() == before
    assert repo.run("distribute").code == 0
    before = repo.tree()
    assert_blocked(tool.commit(repo), "services/api/common/wait.sh: CS009 git does not know it")
    assert repo.tree() == before
    repo.git("add", "-A")
    assert tool.commit(repo).code == 0
    assert_clone_in_sync(repo)


@deep("less usual commits under pre-commit and prek")
def test_a_worktree(tool: Tool, committed: Monorepo, tmp_path: Path) -> None:
    """The hook would look at the first work tree from the second."""
    committed.git("worktree", "add", "-q", "-b", "second", str(tmp_path / "second"))
    second = Monorepo(tmp_path / "second")
    before = committed.tree()
    second.write("common/our_common/settings.py", "DEBUG = True\n")
    second.git("add", "-A")
    done = tool.commit(second)
    assert_blocked(done, COPIES)
    do_as_told(second, done)
    assert_passed(tool.commit(second))
    assert committed.tree() == before
    assert_clone_in_sync(second)


@deep("runs of the whole program that take long")
@pytest.mark.parametrize("more", sampled(["", "    args: [--root, backend]\n"], 1, "more ways to find the top"))
def test_a_repository_whose_top_is_above(tool: Tool, tmp_path: Path, more: str) -> None:
    """A monorepo in a folder of a larger repository could not use the hook, or would be told paths that do not exist."""
    top = Monorepo(tmp_path / "top")
    make_monorepo(top.root / "backend", git=False)
    top.git("init", "-q")
    top.commit()
    tool.configure(top, more=more)
    done = tool.commit(top)
    assert_blocked(done, "git add backend/services/api/common backend/services/api/requirements.txt")
    do_as_told(top, done)
    assert_passed(tool.commit(top))
    assert_clone_in_sync(top, "backend")


@deep("less usual commits under pre-commit and prek")
@pytest.mark.parametrize("tool", ["prek"], indirect=True)
def test_a_workspace(tool: Tool, tmp_path: Path) -> None:
    """Prek also takes a configuration in a folder below the top, and runs its hooks in that folder."""
    top = Monorepo(tmp_path / "top")
    make_monorepo(top.root / "backend", git=False)
    top.git("init", "-q")
    top.commit()
    tool.configure(top)
    top.git("mv", ".pre-commit-config.yaml", "backend/.pre-commit-config.yaml")
    top.write(".pre-commit-config.yaml", "repos: []\n")
    top.git("add", "-A")
    done = tool.commit(top)
    assert_blocked(done, "git add backend/services/api/common backend/services/api/requirements.txt")
    do_as_told(top, done)
    assert tool.commit(top).code == 0
    assert_clone_in_sync(top, "backend")


@deep("runs of the whole program that take long")
def test_what_to_add_can_be_pasted_where_the_user_stands(tool: Tool, hooked: Monorepo) -> None:
    """Hooks run at the top; their paths would not exist in the folder where the user typed `git commit`."""
    done = tool.commit(hooked, cwd="services/api")
    assert_blocked(done, "git add common requirements.txt ../worker/common ../worker/requirements.txt")
    do_as_told(hooked, done, cwd="services/api")
    assert_passed(tool.commit(hooked, cwd="services/api"))
    assert_clone_in_sync(hooked)


@deep("less usual commits under pre-commit and prek")
def test_all_paths_and_amend(tool: Tool, committed: Monorepo) -> None:
    """`-a`, paths and `--amend` have an index of their own while the hook runs; it would look at the wrong one."""
    committed.write("common/our_common/settings.py", "DEBUG = True\n")
    assert_blocked(tool.commit(committed, "-a"), COPIES)
    assert_passed(tool.commit(committed, "-a"))
    assert_clone_in_sync(committed)
    committed.write("common/our_common/settings.py", "DEBUG = None\n")
    assert_blocked(tool.commit(committed, "common"), COPIES)
    assert_passed(tool.commit(committed, "common", "services"))
    assert_clone_in_sync(committed)
    committed.write("common/our_common/settings.py", "DEBUG = 0\n")
    committed.git("add", "-A")
    done = tool.commit(committed, "--amend")
    assert_blocked(done, COPIES)
    do_as_told(committed, done)
    assert_passed(tool.commit(committed, "--amend"))
    assert_clone_in_sync(committed)


@pytest.mark.parametrize(
    "arguments",
    sampled([["--all-files"], ["--hook-stage", "manual"], ["--hook-stage", "manual", "-a"]], 1, "more ways by hand"),
)
def test_by_hand_and_in_ci(tool: Tool, committed: Monorepo, arguments: list[str]) -> None:
    """`run --all-files` in CI and the manual stage would skip the hook, and everything would look in sync."""
    assert_passed(tool.run(committed, "run", *arguments))
    committed.write("common/our_common/settings.py", "DEBUG = True\n")
    committed.git("add", "-A")
    before = index(committed)
    assert_blocked(tool.run(committed, "run", *arguments), COPIES)
    assert index(committed) == before


@deep("runs of the whole program that take long")
def test_a_push(tool: Tool, committed: Monorepo, tmp_path: Path) -> None:
    """A commit that was made with --no-verify would be pushed although it lacks what is on the disk."""
    committed.git("init", "-q", "--bare", str(tmp_path / "bare"))
    push = ("git", "push", "-q", str(tmp_path / "bare"), "main")
    committed.write("common/our_common/settings.py", "DEBUG = True\n")
    committed.commit("only the master")
    before = index(committed), head(committed)
    assert_blocked(run(*push, cwd=committed.root, env=tool.environment), COPIES)
    assert (index(committed), head(committed)) == before
    committed.git("add", "-A")  # as told, but not committed
    assert_blocked(
        run(*push, cwd=committed.root, env=tool.environment),
        "a fresh clone of what is pushed would not be in sync",
        "services/api/common/our_common/settings.py: CS001 behind the master",
    )
    assert_passed(tool.commit(committed))
    assert run(*push, cwd=committed.root, env=tool.environment).code == 0
    assert_clone_in_sync(committed)


@deep("less usual commits under pre-commit and prek")
def test_copies_that_are_ignored_on_purpose(tool: Tool, repo: Monorepo) -> None:
    """A team that keeps copies out of git would have stale ones, or could not commit at all."""
    repo.write(".gitignore", "/services/*/common/\n")
    tool.configure(repo)
    repo.git("add", ".gitignore")
    do_as_told(repo, tool.commit(repo))  # the requirements
    assert_passed(tool.commit(repo))
    repo.write("common/our_common/settings.py", "DEBUG = True\n")
    repo.git("add", "-A")
    assert_passed(tool.commit(repo))
    assert repo.read("services/api/common/our_common/settings.py") == "DEBUG = True\n"
    cloned = clone(repo)
    assert cloned.run("distribute").code == 0
    assert cloned.git("status", "--porcelain") == ""


@deep("runs of the whole program that take long")
def test_a_merge_with_a_conflict(tool: Tool, committed: Monorepo) -> None:
    """Whoever resolves a conflict in the master would commit copies of one side only."""
    for branch, value in (("one", "1"), ("two", "2")):
        committed.git("checkout", "-q", "-b", branch, "main")
        committed.write("common/our_common/settings.py", f"DEBUG = {value}\n")
        assert committed.run("distribute").code == 0
        committed.commit(branch)
    assert run("git", "merge", "-q", "one", cwd=committed.root, env=tool.environment).code == 1
    assert tool.commit(committed).code != 0
    committed.write("common/our_common/settings.py", "DEBUG = 3\n")
    committed.git("checkout", "--ours", "services")
    committed.git("add", "-A")
    done = tool.commit(committed)
    assert_blocked(done, COPIES)
    do_as_told(committed, done)
    assert_passed(tool.commit(committed))
    assert_clone_in_sync(committed)


class Day(NamedTuple):
    """A team's repository, that of a library which it takes from elsewhere, and the tool that looks at its commits."""

    repo: Monorepo
    platform: Monorepo
    tool: Tool

    def run(self, *words: str) -> None:
        """Run a command of the team's; it must do what it was asked for."""
        done = self.repo.run(*words, env={"XDG_CACHE_HOME": str(self.repo.root.parent / "cache")})
        assert done.code == 0, (words, done)

    def commit(self) -> None:
        """Commit as the hook tells; a clone of depth 1, which can ask nobody, must be in sync then."""
        self.repo.git("add", "-A")
        done = self.tool.commit(self.repo)
        if done.code != 0:
            do_as_told(self.repo, done)
            done = self.tool.commit(self.repo)
        assert_passed(done)
        place = self.repo.root.parent / "elsewhere/clone"
        words = ("git", "clone", "-q", "--depth", "1", "--no-tags", f"file://{self.repo.root}", str(place))
        assert run(*words, cwd=self.repo.root).code == 0
        there = Monorepo(place)
        done = there.run("verify", env={"XDG_CACHE_HOME": str(place.parent / "cache")})
        assert done.code == 0, done
        shutil.rmtree(place.parent)

    def held(self, path: str) -> list[str]:
        """Return what the copies of the services hold at a path; nothing where one has no such file."""
        places = (self.repo.root / f"services/{one}/{path}" for one in ("api", "job", "mail", "worker"))
        return [place.read_text() if place.exists() else "" for place in places]


@pytest.fixture
def day(tool: Tool, tmp_path: Path) -> Day:
    """Return two libraries, of which one needs the other, and four services; one of them takes a third from elsewhere."""
    repo, platform = Monorepo(tmp_path / "app"), Monorepo(tmp_path / "platform")
    for one in (repo, platform):
        one.root.mkdir()
        one.git("init", "-q", "-b", "main")
    platform.write("pyproject.toml", '[project]\nname = "platform"\nversion = "1.0"\n')
    platform.write("platform_lib.py", "V = 1\n")
    platform.commit("one")
    platform.git("tag", "v1")
    everybody = 'services = ["services/*"]\n'
    repo.write(
        "common-sync.toml",
        f'{everybody}[[library]]\nmaster = "libs/common"\n{everybody}[[library]]\nmaster = "libs/events"\n{everybody}'
        '[[library]]\nmaster = { git = "../platform", ref = "v1", path = "." }\nservices = ["services/mail"]\n',
    )
    repo.write("libs/common/pyproject.toml", '[project]\nname = "our-common"\nversion = "1.0"\n')
    repo.write("libs/common/our_common.py", "A = 1\nB = 1\nC = 1\nD = 1\nE = 1\n")
    needs = '[tool.uv.sources]\nour-common = { path = "../common" }\n'
    repo.write("libs/events/pyproject.toml", f'[project]\nname = "our-events"\nversion = "1.0"\n{needs}')
    repo.write("libs/events/our_events.py", "EVENT = 1\n")
    for service in ("api", "job", "mail", "worker"):
        more = "-e ./platform\n" if service == "mail" else ""
        repo.write(f"services/{service}/requirements.txt", f"-e ../../libs/common\n-e ../../libs/events\n{more}")
    tool.configure(repo)
    return Day(repo, platform, tool)


@deep("a day in a team's life")
def test_a_day_in_a_teams_life(day: Day) -> None:
    """Each command works by itself, and together they would leave a commit that no clone can prove."""
    repo, common = day.repo, "common/our_common.py"
    day.run("distribute")
    day.commit()
    repo.git("tag", "common-v1")
    repo.write("libs/common/our_common.py", "A = 2\nB = 1\nC = 1\nD = 1\nE = 1\n")
    repo.write("libs/events/our_events.py", "EVENT = 2\n")
    day.commit()  # the hook brings it to every service
    assert {text[:5] for text in day.held(common)} == {"A = 2"}
    day.run("pin", "api", "v1", "--library", "common")
    day.commit()
    day.run("pin", "job", "--back", "--library", "events")
    day.commit()
    assert day.held("events/our_events.py") == ["EVENT = 2\n", "EVENT = 1\n", "EVENT = 2\n", "EVENT = 2\n"]
    repo.write("libs/common/our_common.py", "A = 3\nB = 1\nC = 1\nD = 1\nE = 1\n")
    repo.write("services/worker/common/our_common.py", "A = 2\nB = 1\nC = 1\nD = 1\nE = 9\n")
    day.run("promote", "worker")
    day.commit()
    new = "A = 3\nB = 1\nC = 1\nD = 1\nE = 9\n"
    assert day.held(common) == ["A = 1\nB = 1\nC = 1\nD = 1\nE = 1\n", new, new, new]
    day.platform.write("platform_lib.py", "V = 2\n")
    day.platform.commit("two")
    day.platform.git("tag", "-f", "v1")
    day.run("update")
    day.run("distribute")
    day.commit()
    assert day.held("platform/platform_lib.py") == ["", "", "V = 2\n", ""]
    day.run("unpin", "api", "--library", "common")
    day.run("unpin", "job", "--library", "events")
    day.commit()
    assert (set(day.held(common)), set(day.held("events/our_events.py"))) == ({new}, {"EVENT = 2\n"})
    assert repo.read("common-sync.lock").count("[[locked]]") == 1
