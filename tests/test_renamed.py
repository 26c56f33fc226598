"""A library that the configuration has given another name or place: the copies of before, and what leads to them."""

import shutil
from pathlib import Path

import pytest
from support.commits import assert_blocked, assert_clone_in_sync, assert_committed, commit, do_as_told, install_hook
from support.depth import deep
from support.monorepo import Monorepo, make_monorepo

API, WORKER = "services/api", "services/worker"
OLD, NEW = f"{API}/common", f"{API}/libs/shared"
DOCKERFILE = "FROM python\nCOPY {}/ /app/common/\nCOPY . .\nRUN pip install -r requirements.txt\n"


@pytest.fixture
def elsewhere(synced: Monorepo) -> Monorepo:
    """Return a repository that is in sync, and whose configuration then gives the copies another place."""
    synced.write(f"{API}/Dockerfile", DOCKERFILE.format("../../common"))
    assert synced.run("distribute").code == 0
    assert synced.read(f"{API}/Dockerfile") == DOCKERFILE.format("common")
    synced.commit()
    configure(synced)
    return synced


def configure(repo: Monorepo, copy: str = "libs/shared") -> None:
    """Give the copies another place."""
    repo.write("common-sync.toml", f'master = "common"\nservices = ["services/*"]\ncopy = "{copy}"\n')


def test_references_turn_and_the_old_copy_goes(elsewhere: Monorepo) -> None:
    """Services would go on with the copies of before, and somebody would have to change each line and folder by hand."""
    done = elsewhere.concise("verify")
    assert done.code == 1
    assert f"{OLD}: CS119 is a former copy" in done.out
    assert f"{API}/requirements.txt:2: CS101 points at a former copy, which is to go" in done.out
    before = elsewhere.tree()
    planned = elsewhere.run("distribute", "--dry-run", "--diff")
    assert f"Former copy {OLD}: goes" in planned.out
    assert elsewhere.tree() == before
    done = elsewhere.run("distribute", "-v")
    assert done.code == 0
    assert "former copy common taken away" in " ".join(done.out.split())
    assert not (elsewhere.root / OLD).exists()
    assert elsewhere.read(f"{API}/requirements.txt") == "fastapi\n-e ./libs/shared\n"
    assert elsewhere.read(f"{API}/Dockerfile") == DOCKERFILE.format("libs/shared")
    assert elsewhere.run("verify").code == 0
    after = elsewhere.stamps()
    assert elsewhere.run("distribute").code == 0
    assert elsewhere.stamps() == after


def test_a_master_of_another_name(synced: Monorepo) -> None:
    """After `git mv common shared` every service would hold the library twice, and build from the old one."""
    synced.git("mv", "common", "shared")
    synced.write("common-sync.toml", 'master = "shared"\nservices = ["services/*"]\n')
    fields = synced.json("distribute", code=0)
    assert [one["gone"] for one in fields["services"]] == [[OLD], [f"{WORKER}/common"]]
    assert synced.read(f"{API}/requirements.txt") == "fastapi\n-e ./shared\n"
    assert sorted(path.name for path in (synced.root / API).iterdir()) == ["app.py", "requirements.txt", "shared"]
    assert synced.run("verify").code == 0


def test_what_somebody_has_edited_stays(elsewhere: Monorepo) -> None:
    """An edit in the old copy would be deleted with it."""
    elsewhere.write(f"{OLD}/our_common/settings.py", "mine\n")
    elsewhere.write(f"{OLD}/notes.txt", "mine, too\n")
    held = elsewhere.tree(OLD)
    done = elsewhere.concise("distribute")
    assert done.code == 1
    for path in ("our_common/settings.py", "notes.txt"):
        assert f"{OLD}/{path}: CS119 is not what the manifest of this former copy says, so the copy stays" in done.out
    assert elsewhere.tree(OLD) == held
    assert not (elsewhere.root / WORKER / "common").exists()
    assert elsewhere.run("verify").code == 1
    done = elsewhere.run("distribute", "--force")
    assert done.code == 0
    assert f"discarded {OLD}/our_common/settings.py (diverged)" in done.out
    assert "this brings it back" in done.out
    assert not (elsewhere.root / OLD).exists()
    kept = (elsewhere.root / ".git/common-sync/discarded").rglob("settings.py")
    assert [one.read_text() for one in kept] == ["mine\n"]


def test_what_cannot_be_turned_keeps_the_old_copy(elsewhere: Monorepo) -> None:
    """A build that works would lose what it builds from, while the line that leads there could not be changed."""
    elsewhere.write(f"{API}/pyproject.toml", "x = common\n")
    done = elsewhere.concise("distribute")
    assert done.code == 1
    assert f"{OLD}: CS119 is a former copy, and stays as long as what leads there cannot be turned" in done.out
    assert (elsewhere.root / OLD / "our_common/settings.py").exists()
    elsewhere.write(f"{API}/pyproject.toml", '[tool.uv.sources]\nour-common = { path = "common" }\n')
    assert elsewhere.run("distribute").code == 0
    assert 'path = "libs/shared"' in elsewhere.read(f"{API}/pyproject.toml")
    assert not (elsewhere.root / OLD).exists()


def test_commands_that_name_the_old_place(elsewhere: Monorepo) -> None:
    """A script would fail for want of a folder, long after anybody thinks of the change."""
    elsewhere.write(f"{API}/run.sh", "# ./common\npip install ./common\nls commons/ x/common/\npython common/x.py\n")
    elsewhere.write(f"{API}/Dockerfile", "FROM python\nCOPY . ./common/\nRUN pip install ./common\n")
    lines = [line for line in elsewhere.concise("distribute").out.splitlines() if "CS110" in line]
    end = "is the former place of the copy, and commands are not rewritten"
    assert lines == [
        f"{API}/Dockerfile:3: CS110 `./common` {end}",
        f"{API}/run.sh:2: CS110 `./common` {end}",
        f"{API}/run.sh:4: CS110 `common/` {end}",
    ]


def test_what_was_stopped_goes_on(elsewhere: Monorepo) -> None:
    """A run that was killed while it took the old copy away would leave half a library for ever."""
    (elsewhere.root / OLD / "our_common/settings.py").unlink()
    assert elsewhere.run("distribute").code == 0
    assert not (elsewhere.root / OLD).exists()


def test_what_git_ignores_in_the_old_copy_stays(elsewhere: Monorepo) -> None:
    """An environment that somebody keeps there would be deleted without a word."""
    elsewhere.write(f"{OLD}/.venv/pyvenv.cfg")
    elsewhere.write(f"{OLD}/our_common/__pycache__/x.pyc")
    assert elsewhere.run("distribute").code == 0
    assert [*elsewhere.tree(OLD)] == [".venv/pyvenv.cfg"]
    assert elsewhere.run("verify").code == 0


@pytest.mark.parametrize(
    ("text", "moved"),
    [("fastapi\n-e ./common\n", True), (None, False), (None, True)],
    ids=["built by itself", "at the copy's place", "a service no more"],
)
def test_a_copy_of_a_service_inside(synced: Monorepo, text: str | None, *, moved: bool) -> None:
    """What is, or was, built by itself would lose its copy without a word, since its outer service has another one."""
    inner = f"{API}/inner"
    shutil.copytree(synced.root / OLD, synced.root / inner / "common")
    if text is not None:
        synced.write(f"{inner}/requirements.txt", text)
    if moved:
        configure(synced)
    held = synced.tree(inner)
    done = synced.concise("distribute")
    assert done.code == 1
    assert f"{inner}/common/.common-sync.json: CS119 is of a copy that the configuration does not know" in done.out
    assert synced.tree(inner) == held


@deep("less usual names")
def test_a_former_place_that_lies_deeper(elsewhere: Monorepo) -> None:
    """Copies that were moved to another folder would stay where they were, and be called somebody else's."""
    assert elsewhere.run("distribute").code == 0
    elsewhere.commit()
    configure(elsewhere, "common")
    assert elsewhere.run("distribute").code == 0
    assert not (elsewhere.root / NEW).exists()
    assert elsewhere.run("verify").code == 0


@pytest.mark.parametrize(("old", "new"), [("libs/shared", "libs"), ("libs", "libs/shared")])
def test_a_copy_around_another(synced: Monorepo, old: str, new: str) -> None:
    """One copy would be taken for edits of the other, and `promote` would bring it into the master."""
    configure(synced, old)
    assert synced.run("distribute").code == 0
    synced.commit()
    configure(synced, new)
    before = synced.tree()
    done = synced.run("distribute")
    assert (done.code, f"{API}/{new}: " in done.err, "another copy" in done.err) == (2, True, True)
    assert synced.tree() == before
    for place in (f"new-{new.rpartition('/')[2]}", new):
        assert f'copy = "{place}"' in done.err
        configure(synced, place)
        assert synced.run("distribute").code == 0
    assert synced.run("verify").code == 0


def test_a_copy_of_another_library(elsewhere: Monorepo) -> None:
    """The copy of a library that is still there, and is merely not configured, would be taken for an old one."""
    manifest = elsewhere.read(f"{OLD}/.common-sync.json").replace('"master": "common"', '"master": "other"')
    elsewhere.write(f"{OLD}/.common-sync.json", manifest)
    elsewhere.write("other/x.py")
    held = elsewhere.tree(OLD)
    assert elsewhere.run("distribute").code == 1
    assert elsewhere.tree(OLD) == held


@pytest.mark.parametrize("master", ["common", "lib"])
def test_a_copy_from_another_repository(elsewhere: Monorepo, tmp_path: Path, master: str) -> None:
    """A service that came with the copy of somebody else's library would lose it, committed or not."""
    other = make_monorepo(tmp_path / "other")
    shutil.rmtree(other.root / "common")
    for name in ("__init__", "one", "two"):
        other.write(f"{master}/their_common/{name}.py", f"NAME = '{name}'\n")
    other.write("common-sync.toml", f'master = "{master}"\nservices = ["{API}"]\n')
    assert other.run("distribute").code in (0, 1)
    place = f"{API}/vendor/theirs"
    shutil.copytree(other.root / API / master, elsewhere.root / place)
    held = elsewhere.tree(place)
    assert len(held) == 4
    done = elsewhere.concise("distribute")
    assert done.code == 1
    assert f"{place}/.common-sync.json: CS119 is of a copy that the configuration does not know" in done.out
    assert elsewhere.tree(place) == held
    assert elsewhere.run("distribute", "--force").code == 1
    assert elsewhere.tree(place) == held


@pytest.mark.parametrize("name", ["common", "shared"])
def test_a_master_that_has_changed_since(synced: Monorepo, name: str) -> None:
    """After a while of work on a branch, its copies would count as somebody else's, and all of it had to be done by hand."""
    synced.git("mv", "common", "temporary")
    synced.git("mv", "temporary", name)
    for path in synced.tree(name):
        synced.write(f"{name}/{path}", f"# all new\n{synced.read(f'{name}/{path}')}")
    synced.write("common-sync.toml", f'master = "{name}"\nservices = ["services/*"]\ncopy = "libs/shared"\n')
    assert synced.run("distribute").code == 0
    assert not (synced.root / OLD).exists()
    assert synced.read(f"{API}/requirements.txt") == "fastapi\n-e ./libs/shared\n"


def test_a_symlink_into_the_old_copy(elsewhere: Monorepo) -> None:
    """What is imported by a symlink would be gone, and no command would say so."""
    link = elsewhere.root / API / "src/our_common"
    link.parent.mkdir()
    link.symlink_to("../common/our_common")
    done = elsewhere.concise("distribute")
    assert done.code == 1
    assert f"{API}/src/our_common: CS106 is a symlink into the former copy {OLD}" in done.out
    assert f"{OLD}: CS119 is a former copy, and stays" in done.out
    assert (link / "settings.py").exists()
    link.unlink()
    link.symlink_to("../libs/shared/our_common")
    assert elsewhere.run("distribute").code == 0
    assert (link / "settings.py").exists()
    assert not (elsewhere.root / OLD).exists()


@deep("less usual names")
def test_a_commit_lets_go_of_the_old_copy(elsewhere: Monorepo) -> None:
    """The commit would hold both copies, and a clone of it would not be in sync."""
    install_hook(elsewhere)
    elsewhere.git("add", "common-sync.toml")
    done = commit(elsewhere)
    assert_blocked(done, "former copy common taken away", "git add ", f" {OLD} ")
    assert_blocked(commit(elsewhere), OLD)
    do_as_told(elsewhere, done)
    assert_committed(commit(elsewhere))
    assert not [path for path in elsewhere.git("ls-files").split() if path.startswith(OLD)]
    assert_clone_in_sync(elsewhere)


def test_the_way_back(repo: Monorepo) -> None:
    """`eject` would put back a line that leads to a copy of before."""
    before = repo.tree()
    assert repo.run("distribute").code == 0
    configure(repo)
    assert repo.run("distribute").code == 0
    assert repo.run("eject", "--remove-copies").code == 0
    configured = {"common-sync.toml"}
    assert {path: data for path, data in repo.tree().items() if path not in configured} == {
        path: data for path, data in before.items() if path not in configured
    }


def test_a_build_context_has_the_new_copy_only(elsewhere: Monorepo) -> None:
    """An image would hold the library twice."""
    done = elsewhere.run("context", "api")
    assert done.code == 0
    assert "libs/shared/our_common/settings.py" in done.out
    assert "\0common/our_common" not in done.out


@deep("less usual names")
@pytest.mark.parametrize("recorded", [True, False])
def test_eject_leads_to_the_master_of_another_name(synced: Monorepo, recorded: bool) -> None:
    """A team that gives the tool up would be left with lines that lead to where the library was years ago."""
    synced.write(f"{API}/requirements.txt", "fastapi\n-e ../../common\n")
    synced.write(f"{API}/pyproject.toml", '[tool.uv.sources]\nour-common = { path = "../../common" }\n')
    synced.write(f"{API}/compose.yml", "services:\n  api:\n    volumes: ['../../common:/app/common:ro']\n")
    synced.commit()
    assert synced.run("distribute").code == 0
    synced.commit()
    (synced.root / "libs").mkdir()
    synced.git("mv", "common", "libs/shared")
    synced.write("common-sync.toml", 'master = "libs/shared"\nservices = ["services/*"]\n')
    assert synced.run("distribute").code == 0
    synced.commit()
    if not recorded:
        shutil.rmtree(synced.root / ".git/common-sync")
    done = synced.run("eject", "--remove-copies")
    assert done.code == 0, done
    assert synced.read(f"{API}/requirements.txt") == "fastapi\n-e ../../libs/shared\n"
    assert 'path = "../../libs/shared"' in synced.read(f"{API}/pyproject.toml")
    assert "'../../libs/shared:/app/common:ro'" in synced.read(f"{API}/compose.yml")
    assert not (synced.root / API / "shared").exists()
