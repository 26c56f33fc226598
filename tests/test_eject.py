"""`eject`: the way back, byte for byte."""

import shutil
from pathlib import Path

import pytest
from support.depth import deep
from support.monorepo import Monorepo, make_monorepo, run

LINES = b"# what we need\r\n-e ./../../services/../common/ # shared\r\nfastapi"


def odd(root: Path, *, git: bool) -> Monorepo:
    """Return a monorepo whose references are spelled in ways that nobody could guess."""
    repo = make_monorepo(root, git=False)
    repo.write("services/api/requirements.txt", LINES)
    repo.write("services/api/requirements-x.txt", 'httpx\n../../common[redis] ; python_version > "3"')
    repo.write("services/api/requirements/dev.txt", "-e ../../common\n-e file:../../common\n-r ../../../common/x.txt\n")
    repo.write("services/worker/requirements.txt", "-e ./common\n-e ../../common\nhttpx\n")
    repo.write("common/x.txt", "")
    if git:
        repo.git("init", "-q", "-b", "main")
        repo.commit("the beginning")
    return repo


def everything(repo: Monorepo) -> dict[str, bytes]:
    """Return all that a repository holds."""
    return repo.tree()


@pytest.mark.parametrize("git", [True, False])
@pytest.mark.parametrize("committed", [True, False])
@pytest.mark.parametrize("recorded", [True, False])
def test_the_way_back(tmp_path: Path, git: bool, committed: bool, recorded: bool) -> None:
    """A team that gives the tool up would be left with files that it has changed."""
    repo = odd(tmp_path / "repo", git=git)
    before = everything(repo)
    state = {"XDG_STATE_HOME": str(tmp_path / "state")}
    repo.run("distribute", env=state)
    assert everything(repo) != before
    if committed and git:
        repo.commit("distribute")
    if not recorded:
        shutil.rmtree(repo.root / ".git/common-sync" if git else tmp_path / "state")
    done = repo.run("eject", "--remove-copies", env=state)
    if git or recorded:
        assert everything(repo) == before, done
        assert done.code == 0
    else:
        assert done.code == 1
        assert "CS117 leads to the copy, and nothing tells what it said before" in " ".join(done.out.split())


def test_a_fresh_clone(tmp_path: Path) -> None:
    """Only he who first ran the tool could get rid of it."""
    repo = odd(tmp_path / "repo", git=True)
    before = everything(repo)
    repo.run("distribute")
    repo.commit("distribute")
    repo.write("services/api/requirements.txt", LINES.replace(b"./../../services/../common/", b"./common/") + b"\n")
    repo.write("services/api/app.py", "changed\n")
    repo.commit("work goes on")
    run("git", "clone", "-q", str(repo.root), str(tmp_path / "clone"), cwd=tmp_path)
    clone = Monorepo(tmp_path / "clone")
    assert clone.run("eject", "--remove-copies", "api").code == 0
    assert clone.read("services/api/requirements/dev.txt").encode() == before["services/api/requirements/dev.txt"]
    assert clone.root.joinpath("services/api/requirements.txt").read_bytes() == LINES + b"\n"
    assert (clone.root / "services/worker/common").is_dir()
    assert not (clone.root / "services/api/common").exists()


def test_a_shallow_clone(tmp_path: Path) -> None:
    """Where the history is cut off, a line would be guessed at, or passed over in silence."""
    repo = odd(tmp_path / "repo", git=True)
    repo.run("distribute")
    repo.commit("distribute")
    run("git", "clone", "-q", "--depth=1", f"file://{repo.root}", str(tmp_path / "clone"), cwd=tmp_path)
    clone = Monorepo(tmp_path / "clone")
    before = everything(clone)
    done = clone.concise("eject")
    assert done.code == 1
    assert "services/api/requirements.txt:2: CS117 leads to the copy, and nothing tells what it said before" in done.out
    assert everything(clone) == before


def test_a_folder_stands_where_a_file_was(synced: Monorepo) -> None:
    """Nobody could eject anything any more once a requirements file has become a folder of them."""
    (synced.root / "services/api/requirements.txt").unlink()
    synced.write("services/api/requirements.txt/base.txt", "fastapi\n")
    assert synced.run("eject", "--remove-copies").code == 0
    assert synced.read("services/worker/requirements.txt") == "fastapi\n-e ../../common\n"


def test_what_always_led_to_the_copy(synced: Monorepo) -> None:
    """A line that somebody wrote for a copy made by hand would be changed into one that he never wrote."""
    synced.write("services/worker/requirements.txt", "-e ./common\n")
    synced.write("services/worker/requirements-dev.txt", "-e ./common\n")
    synced.commit("by hand")
    done = synced.concise("eject", "worker")
    assert done.code == 0
    assert synced.read("services/worker/requirements-dev.txt") == "-e ./common\n"
    assert (
        "services/worker/requirements-dev.txt:1: CS118 leads to the copy, and no earlier version of this file says otherwise"
        in done.out
    )


def test_an_edit_in_a_copy_is_not_removed(synced: Monorepo) -> None:
    """An edit that nobody has taken over would be lost with its copy."""
    edited = synced.write("services/api/common/our_common/settings.py", "DEBUG = True\n")
    synced.write("services/api/common/mine.py", "mine\n")
    done = synced.concise("eject", "--remove-copies")
    assert done.code == 1
    for path, code in (("our_common/settings.py", "CS003"), ("mine.py", "CS005")):
        assert f"services/api/common/{path}: {code} is not what the manifest says, so the copy stays" in done.out
    assert edited.read_text() == "DEBUG = True\n"
    assert (synced.root / "services/api/common/pyproject.toml").exists()
    assert not (synced.root / "services/worker/common").exists()
    done = synced.run("eject", "--remove-copies", "--force")
    assert (done.code, (synced.root / "services/api/common").exists()) == (0, False)
    assert "this brings it back: common-sync restore 1\n" in done.out
    assert synced.run("restore", "1").code == 0
    assert edited.read_text() == "DEBUG = True\n"
    assert synced.read("services/api/common/mine.py") == "mine\n"


def test_folders_that_a_killed_run_has_emptied_go(synced: Monorepo) -> None:
    """Whoever ejects once more, as the run was killed, would be told to remove an empty folder by hand."""
    for file in (synced.root / "services/api/common").rglob("*"):
        if not file.is_dir():
            file.unlink()
    assert synced.run("eject", "--remove-copies").code == 0
    assert not (synced.root / "services/api/common").exists()
    assert not (synced.root / ".gitattributes").exists()


def test_what_is_none_of_the_copys_stays(synced: Monorepo) -> None:
    """A virtual environment or an editable install's metadata would be deleted with the copy; a cache is."""
    synced.write("services/api/common/our.egg-info/PKG-INFO", "")
    synced.write("services/api/common/our_common/__pycache__/x.pyc", "")
    done = synced.run("eject", "--remove-copies", "api")
    assert done.code == 0
    assert "our.egg-info left in its folder" in done.out
    assert list(synced.tree("services/api/common")) == ["our.egg-info/PKG-INFO"]


def test_a_copy_without_a_manifest_stays(synced: Monorepo) -> None:
    """A folder that somebody else made would be deleted."""
    (synced.root / "services/api/common/.common-sync.json").unlink()
    before = everything(synced)
    done = synced.run("eject", "--remove-copies", "--force", "api")
    assert done.code == 1
    assert "services/api/common: CS006 has no manifest, so it is left alone" in done.out
    assert done.out.startswith("✗ services/api  references put back in requirements.txt; what is left is below\n")
    assert {
        f"services/api/common/{path}": data for path, data in synced.tree("services/api/common").items()
    }.items() <= before.items()
    assert len(synced.tree("services/api/common")) == 5


@pytest.mark.parametrize("ends", ["\n", "\r\n", ""])
@pytest.mark.parametrize("there", [True, False], ids=["there", "made"])
def test_managed_blocks_go(repo: Monorepo, ends: str, there: bool) -> None:
    """Files would keep a block that nobody brings up to date, or stay behind although the tool had made them."""
    repo.write("services/api/Dockerfile", "FROM scratch\n")
    if there:
        repo.write("services/api/.dockerignore", f"*.md{ends}")
        repo.write(".gitattributes", f"*.png binary{ends}")
    before = everything(repo)
    assert repo.run("distribute").code == 0
    assert repo.run("eject", "worker", "--remove-copies").code == 0
    assert "services/worker" not in repo.read(".gitattributes")
    assert "services/api" in repo.read(".gitattributes")
    done = repo.run("eject", "api", "--remove-copies")
    assert done.code == 0
    said = " ".join(done.out.split())
    assert "references put back in requirements.txt, managed block taken out of .dockerignore" in said
    assert ".gitattributes managed block taken out" in said
    assert everything(repo) == before


def test_a_copy_that_stays_is_still_marked(synced: Monorepo) -> None:
    """The copies that a team keeps would get other line ends than their manifests say."""
    before = synced.read(".gitattributes")
    assert synced.run("eject").code == 0
    assert synced.read(".gitattributes") == before


def test_a_block_that_somebody_has_torn_stays(synced: Monorepo) -> None:
    """What a person wrote where the block had been would be deleted."""
    synced.write(".gitattributes", "# >>> common-sync >>>\n*.png binary\n")
    synced.run("eject", "--remove-copies")
    assert synced.read(".gitattributes") == "# >>> common-sync >>>\n*.png binary\n"


def test_a_dry_run_writes_nothing(synced: Monorepo) -> None:
    """Whoever only wants to see what would happen would have it done."""
    synced.write("services/api/Dockerfile", "FROM scratch\n")
    synced.write("services/api/common/our.egg-info/PKG-INFO", "x\n")
    assert synced.run("distribute", "-q").code == 0
    before = synced.stamps()
    done = synced.run("eject", "--remove-copies", "--dry-run")
    assert done.code == 0
    assert done.out.splitlines() == [
        "→ services/api     references would be put back in requirements.txt, managed",
        "                   block would be taken out of .dockerignore, copy of 5 files",
        "                   would be removed, our.egg-info would be left in its folder",
        "→ services/worker  references would be put back in requirements.txt, copy of 5",
        "                   files would be removed",
        "→ .gitattributes   managed block would be taken out",
        "nothing was written",
    ]
    assert synced.stamps() == before


def test_json(synced: Monorepo) -> None:
    """A script could not tell what was done."""
    document = synced.json("eject", "--remove-copies", "api", code=0)
    assert document == {
        "schema": 1,
        "command": "eject",
        "complete": True,
        "dry_run": False,
        "services": [
            {
                "name": "services/api",
                "copy": "services/api/common",
                "put_back": ["services/api/requirements.txt"],
                "unblocked": [],
                "removed": 5,
                "stays": [],
            }
        ],
        "unblocked": [".gitattributes"],
        "kept": None,
        "findings": [],
    }


def test_there_and_back_again(synced: Monorepo) -> None:
    """The record of an earlier time would put back what is no longer so."""
    synced.run("eject")
    synced.write("services/api/requirements.txt", "-e ../../common/ # new\n")
    assert synced.run("distribute").code == 0
    assert synced.read("services/api/requirements.txt") == "-e ./common/ # new\n"
    assert synced.run("eject", "-q") == (0, "", "")
    assert synced.read("services/api/requirements.txt") == "-e ../../common/ # new\n"


def test_a_record_that_cannot_be_read(synced: Monorepo) -> None:
    """A damaged helper file would stand in the way of the tool, or of its removal."""
    (synced.root / ".git/common-sync/rewritten.json").write_text("{]")
    synced.write("services/api/requirements.txt", "-e ../../common/\n")
    assert synced.run("distribute").code == 0
    assert synced.run("eject").code == 0
    assert synced.read("services/api/requirements.txt") == "-e ../../common/\n"


def test_a_service_inside_a_service(synced: Monorepo) -> None:
    """Files of a service that nobody has named would be put back; or each would be put back twice, and fail."""
    synced.write("services/api/sub/requirements.txt", "-e ../../../common\n")
    synced.write("common-sync.toml", 'master = "common"\nservices = ["services/*", "services/api/sub"]\n')
    assert synced.run("distribute").code == 0
    assert synced.run("eject", "services/api").code == 0
    assert synced.read("services/api/sub/requirements.txt") == "-e ./common\n"
    assert synced.run("distribute").code == 0
    assert synced.run("eject", "--remove-copies").code == 0
    assert synced.read("services/api/sub/requirements.txt") == "-e ../../../common\n"
    assert not (synced.root / "services/api/sub/common").exists()


@pytest.mark.parametrize("record", ['{"schema": 1, "files": []}', "[" * 100_000, "1"])
def test_a_record_that_makes_no_sense(synced: Monorepo, record: str) -> None:
    """A damaged helper file would end in a traceback."""
    (synced.root / ".git/common-sync/rewritten.json").write_text(record)
    assert synced.run("eject").code == 0


def test_a_record_that_leads_outside(synced: Monorepo) -> None:
    """A file outside of the repository would be written."""
    victim = synced.root.parent / "victim"
    victim.write_text("hello\n")
    record = '{"schema": 1, "files": {"services/api/../../../victim": [[0, ["pwned"], ["hello"]]]}}'
    (synced.root / ".git/common-sync/rewritten.json").write_text(record)
    synced.run("eject")
    assert victim.read_text() == "hello\n"


def test_a_block_that_is_torn(synced: Monorepo) -> None:
    """It would be said that all is taken out, and a part of it stay."""
    synced.write("services/api/Dockerfile", "FROM scratch\n")
    assert synced.run("distribute").code == 0
    synced.write("services/api/.dockerignore", synced.read("services/api/.dockerignore") + "# >>> common-sync >>>\n")
    done = synced.run("eject")
    assert done.code == 1
    assert "services/api/.dockerignore:1: CS116" in done.out


@deep("less usual files")
def test_a_file_of_many_equal_lines(synced: Monorepo) -> None:
    """A run would compare each line with every other, for minutes."""
    text = "-e ../../common\n" + "\n" * 20_000 + "# end\n-r ../../common/x.txt\n"
    synced.write("common/x.txt", "")
    synced.write("services/api/requirements.txt", text)
    assert synced.run("distribute").code == 0
    assert synced.run("eject").code == 0
    assert synced.read("services/api/requirements.txt") == text
