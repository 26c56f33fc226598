"""The story that the tool was made for: the copies are there, the requirements lead to them, and three images cannot be built."""

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest
from e2e.conftest import Note
from e2e.engine import Engine
from e2e.subject import Subject
from e2e.test_example import SERVICES, take_example
from support.monorepo import Monorepo

COPY = "COPY common/ ./common/\n"
RIGHT, *WRONG = SERVICES


class _Story(NamedTuple):
    half_done: Monorepo
    mended: Monorepo


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> _Story:
    """Return the example, distributed, with three Dockerfiles that never copy the library; and what `doctor --fix` makes of it."""
    folder = tmp_path_factory.mktemp("story")
    half_done, mended = take_example(folder / "half-done"), folder / "mended"
    for service in WRONG:
        half_done.write(f"{service}/Dockerfile", half_done.read(f"{service}/Dockerfile").replace(COPY, ""))
    for command in (("init", "--yes"), ("distribute",)):
        assert half_done.run(*command).code == 0
    half_done.commit("distributed")
    shutil.copytree(half_done.root, mended)
    assert Monorepo(mended).run("doctor", "--fix").code == 0
    return _Story(half_done, Monorepo(mended))


def test_doctor_names_exactly_the_three(story: _Story) -> None:
    """A user would mend one Dockerfile, call the change done, and learn of the other two when they are deployed."""
    findings = story.half_done.json("doctor", code=1)["findings"]
    errors = [one for one in findings if one["severity"] == "error"]
    assert [(one["file"], one["code"]) for one in errors] == [(f"{service}/Dockerfile", "CS201") for service in WRONG]
    for one in errors:
        install = story.half_done.read(one["file"]).splitlines()[one["line"] - 1]
        assert install == "RUN pip install --no-cache-dir -r requirements.txt"
        assert one["remedy"] == f"add `{COPY.strip()}` before line {one['line']}"


def test_fix_adds_one_line_to_each_of_the_three(story: _Story) -> None:
    """A user would have to look through a diff for what else was changed."""
    added = {
        path: story.mended.read(path).replace(COPY, "", 1) for path in (f"{service}/Dockerfile" for service in WRONG)
    }
    assert added == {path: story.half_done.read(path) for path in added}
    assert story.mended.git("diff", "--name-only").split() == sorted(added)


@pytest.mark.parametrize("service", SERVICES, ids=[f"half done: {service}" for service in SERVICES])
def test_docker_agrees_before_and_after(
    service: str, story: _Story, engine: Engine, tmp_path: Path, note: Note
) -> None:
    """A user would be told by us that three images cannot be built, and that then they can, and Docker would say otherwise."""
    name = f"half-done-{Path(service).name}"
    if service in WRONG:
        Subject(engine, story.half_done, service, name, note).fails("distributed", tmp_path / "half-done")
    mended = Subject(engine, story.mended, service, name, note)
    mended.builds(tmp_path / "mended")
    mended.runs("common")
