"""`eject` after `distribute --contexts`: images are built as before, in whichever clone it is asked for."""

from pathlib import Path

import pytest
from support.depth import deep
from support.libraries import make_libraries
from support.monorepo import Monorepo, make_monorepo, run

API, WORKER = "services/api", "services/worker"
DOCKERFILE = """\
FROM python:3.11
WORKDIR /app
COPY common/ common/
COPY {service}/requirements.txt ./
RUN pip install -r requirements.txt
COPY {service}/app.py ./
"""
COMPOSE = """\
services:
  api:
    build:
      context: .
      dockerfile: services/api/Dockerfile
  worker:
    build: {context: ., dockerfile: services/worker/Dockerfile}
"""


@pytest.fixture
def before(repo: Monorepo) -> dict[str, bytes]:
    """Return a repository's files whose images are built from its top; `distribute --contexts` was committed since then."""
    for service in (API, WORKER):
        repo.write(f"{service}/Dockerfile", DOCKERFILE.format(service=service))
    repo.write("docker-compose.yml", COMPOSE)
    repo.commit("images")
    before = repo.tree()
    assert repo.run("distribute", "--contexts").code == 0
    assert "context: ./services/api" in repo.read("docker-compose.yml")
    repo.commit("distribute --contexts")
    return before


def clone(repo: Monorepo, *options: str) -> Monorepo:
    """Return a colleague's clone."""
    run("git", "clone", "-q", *options, f"file://{repo.root}", f"{repo.root}-2", cwd=repo.root)
    return Monorepo(Path(f"{repo.root}-2"))


def test_a_colleague_puts_images_back(repo: Monorepo, before: dict[str, bytes]) -> None:
    """Only whoever first ran the tool could get rid of it: elsewhere, images would stay without their library, and a tick be printed."""
    other = clone(repo)
    done = other.run("eject", "--remove-copies")
    assert other.tree() == before, done
    assert (done.code, "CS11" in done.out) == (0, False)
    assert "✓ .                references put back in docker-compose.yml\n" in done.out


def test_it_is_asked_for_once_more(repo: Monorepo, before: dict[str, bytes]) -> None:
    """Whoever takes the first try back with git could not eject any more."""
    assert repo.run("eject", "--remove-copies").code == 0
    assert repo.tree() == before
    repo.git("reset", "-q", "--hard")
    done = repo.run("eject", "--remove-copies")
    assert (done.code, "CS11" in done.out) == (0, False)
    assert repo.tree() == before


@pytest.mark.parametrize("recorded", [True, pytest.param(False, marks=deep("one service of two"))])
def test_one_service_is_put_back(repo: Monorepo, before: dict[str, bytes], *, recorded: bool) -> None:
    """An image, of the service that goes or of the one that stays, would be built from a folder where its paths lead to nothing."""
    other = repo if recorded else clone(repo)
    narrowed = repo.read(f"{WORKER}/Dockerfile")
    assert other.run("eject", "api", "--remove-copies").code == 0
    assert other.read(f"{API}/Dockerfile").encode() == before[f"{API}/Dockerfile"]
    assert other.read(f"{WORKER}/Dockerfile") == narrowed
    assert "context: .\n      dockerfile: services/api/Dockerfile" in other.read("docker-compose.yml")
    assert "{context: ./services/worker, dockerfile: Dockerfile}" in other.read("docker-compose.yml")
    assert other.run("eject", "--remove-copies").code == 0
    assert other.tree() == before


@pytest.mark.parametrize("recorded", [True, False])
def test_images_that_take_two_libraries(tmp_path: Path, *, recorded: bool) -> None:
    """They would never be put back in a clone; and where they are, each line of them be called wrong."""
    repo = make_libraries(make_monorepo(tmp_path / "repo"))
    for service in (API, WORKER):
        repo.write(f"{service}/Dockerfile", f"{DOCKERFILE.format(service=service)}COPY libs/events libs/events\n")
    repo.write("docker-compose.yml", COMPOSE)
    repo.commit("images")
    before = repo.tree()
    assert repo.run("distribute", "--contexts").code == 0
    assert "context: ./services/api" in repo.read("docker-compose.yml")
    repo.commit("distribute --contexts")
    other = repo if recorded else clone(repo)
    done = other.run("eject", "api", "--library", "events", "--remove-copies")
    assert (done.code, "CS11" in done.out) == (0, False), "one library is nothing that an image can lack"
    assert other.read(f"{API}/Dockerfile").encode() == before[f"{API}/Dockerfile"]
    assert "context: .\n      dockerfile: services/api/Dockerfile" in other.read("docker-compose.yml")
    done = other.run("eject", "--remove-copies")
    assert (done.code, "CS11" in done.out) == (0, False)
    assert other.tree() == before


@deep("what changed since then")
def test_work_went_on(repo: Monorepo, before: dict[str, bytes]) -> None:
    """Whoever has worked on after `distribute --contexts` would lose the work, or could not eject."""
    for file in (f"{API}/Dockerfile", "docker-compose.yml"):
        repo.write(file, repo.read(file) + "# more\n")
    repo.commit("work goes on")
    other = clone(repo)
    assert other.run("eject", "--remove-copies").code == 0
    for file in (f"{API}/Dockerfile", "docker-compose.yml"):
        assert other.read(file).encode() == before[file] + b"# more\n"


def test_what_else_has_to_go_is_named(synced: Monorepo) -> None:
    """A team would not know what to delete, commit, and find every line rewritten again by the hook."""
    end = " ".join(synced.run("eject").out.split())
    assert end.endswith("before you commit: delete common-sync.toml")
    synced.write(".pre-commit-config.yaml", "repos:\n- repo: x\n  hooks:\n  - id: common-sync\n")
    synced.write("pyproject.toml", f"[tool.common-sync]\n{synced.read('common-sync.toml')}")
    (synced.root / "common-sync.toml").unlink()
    end = " ".join(synced.run("eject").out.split())
    assert end.endswith(
        "before you commit: delete [tool.common-sync] of pyproject.toml, and the hook `common-sync` in .pre-commit-config.yaml"
    )
    end = " ".join(synced.run("eject", "api").out.split())
    assert "before you commit: take services/api out of `services` in pyproject.toml" in end


@pytest.mark.parametrize("recorded", [False, True])
def test_a_line_that_is_newer(repo: Monorepo, before: dict[str, bytes], *, recorded: bool) -> None:
    """A line that was written for the service's folder would break the build from the folder above, behind a tick."""
    repo.write(f"{API}/Dockerfile", repo.read(f"{API}/Dockerfile") + "COPY more.py ./\n")
    repo.write(f"{API}/more.py", "")
    repo.commit("a newer line")
    other = repo if recorded else clone(repo)
    done = other.concise("eject", "--remove-copies")
    assert done.code == 1
    assert (
        f"{API}/Dockerfile:7: CS117 is written for `{API}`, and the image is built from a folder above again"
        in done.out
    )
    assert other.read(f"{API}/Dockerfile").encode() == before[f"{API}/Dockerfile"] + b"COPY more.py ./\n"


def test_what_cannot_be_put_back_is_named(repo: Monorepo, before: dict[str, bytes]) -> None:
    """A service that does not build any more would get a tick, and nobody be told which line to mend."""
    text = repo.read(f"{API}/Dockerfile").replace("COPY app.py ./", "COPY app.py main.py")
    repo.write(f"{API}/Dockerfile", text)
    repo.commit("a line is another one")
    other = clone(repo)
    done = other.concise("eject")
    assert done.code == 1
    assert f"{API}/Dockerfile:3: CS117 leads to the copy" in done.out
    assert "docker-compose.yml:4: CS117" in done.out
    assert other.read(f"{API}/Dockerfile") == text
    assert "context: ./services/api" in other.read("docker-compose.yml")
    assert other.read(f"{WORKER}/Dockerfile").encode() == before[f"{WORKER}/Dockerfile"]


def test_a_shallow_clone_of_narrowed_images(repo: Monorepo, before: dict[str, bytes]) -> None:
    """Where the history is cut off, an image without its library would get a tick."""
    other = clone(repo, "--depth=1")
    done = other.concise("eject")
    assert done.code == 1
    assert f"{API}/Dockerfile:3: CS117 leads to the copy, and nothing tells what it said before" in done.out
    for file in (f"{API}/Dockerfile", "docker-compose.yml"):
        assert other.read(file).encode() != before[file], "half of it would be worse"


@deep("a build that no compose file tells of")
def test_the_teams_own_line_is_no_leftover(repo: Monorepo) -> None:
    """A team would be told to change a line that it wrote before the tool came, and that is right again."""
    repo.write(f"{API}/Dockerfile", "FROM scratch\nCOPY common/ common/\n")
    repo.commit("an image that a script builds from the top")
    before = repo.tree()
    assert repo.run("distribute").code == 0
    repo.commit("distribute")
    done = repo.run("eject", "--remove-copies")
    assert (done.code, "CS118" in done.out) == (0, False)
    assert repo.tree() == before


def test_the_former_text_is_used_only_where_the_tool_has_put_it_back(repo: Monorepo) -> None:
    """A line that a person wrote for the copy would be changed into one that he never wrote."""
    text = "-e ./common\n-e ../../common\n"
    repo.write(f"{WORKER}/requirements.txt", text)
    repo.commit()
    assert repo.run("distribute").code == 0
    for command in ("eject", "eject", "distribute", "eject"):
        repo.run(command)
        assert (repo.read(f"{WORKER}/requirements.txt") == text) == (command == "eject")
