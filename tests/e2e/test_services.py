"""Docker itself says which services can be built from their own folder alone."""

import shutil
from pathlib import Path

import pytest
from e2e.base import NAME, PYTHON
from e2e.broken import ENDED, MENDABLE, REFUSED, UNBUILDABLE, UNUSABLE
from e2e.cases import INSTALL, SERVICE, START, Case, repository_of, stage
from e2e.conftest import Note
from e2e.correct import CORRECT
from e2e.engine import Engine
from e2e.images import build_folder
from e2e.subject import Subject
from support.monorepo import Monorepo


@pytest.fixture
def subject(case: Case, engine: Engine, tmp_path: Path, note: Note) -> Subject:
    """Return a case's service in its repository, before the tool was used there."""
    repo = _make_repository(case, tmp_path / "repo")
    return Subject(engine, repo, SERVICE, case.name, note, case.at, case.buildkit, case.verdict)


def _make_repository(case: Case, place: Path) -> Monorepo:
    repo = Monorepo(place)
    for path, text in repository_of(case).items():
        repo.write(path, text)
    repo.git("init", "-q")
    repo.commit("before")
    return repo


@pytest.mark.parametrize("case", CORRECT, ids=lambda case: case.name)
def test_a_correct_service_builds_once_it_is_distributed(case: Case, subject: Subject, tmp_path: Path) -> None:
    """A user would be told that all is in sync, and have an image that cannot be built or does not start."""
    repo, before = subject.repo, subject.repo.tree()
    subject.fails("before", tmp_path / "before")
    if case.from_context:
        subject.builds_from_context()
    done = repo.run("distribute", *case.options)
    assert done.code == 0, done.out + done.err
    subject.builds(tmp_path / "after")
    subject.runs(case.copy_in_image)
    done = repo.run("eject", "--remove-copies")
    assert (done.code, repo.tree()) == (0, before), done.out + done.err


@pytest.mark.parametrize("case", UNBUILDABLE, ids=lambda case: case.name)
def test_a_broken_service_does_not_build(subject: Subject, tmp_path: Path) -> None:
    """A user would trust what we call broken, though Docker builds it, and mend what is right."""
    subject.fails("before", tmp_path / "before")
    assert subject.repo.run("distribute").code in {0, 1}
    subject.fails("distributed", tmp_path / "distributed")


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.name)
def test_what_an_installer_refuses_is_not_called_proven(subject: Subject, tmp_path: Path) -> None:
    """A user would be told that an image can be built, and see it fail at a line that looks right."""
    assert subject.repo.run("distribute").code in {0, 1}
    subject.is_refused(tmp_path / "distributed")


@pytest.mark.parametrize(("case", "message"), ENDED, ids=[case.name for case, _ in ENDED])
def test_a_build_that_ends_is_not_called_proven(case: Case, message: str, subject: Subject, tmp_path: Path) -> None:
    """A user would be told that an image can be built, and see it end at a line that installs nothing."""
    assert case.verdict != "proven"
    assert subject.repo.run("distribute").code in {0, 1}
    subject.ends(tmp_path / "distributed", message)


@pytest.mark.parametrize("case", MENDABLE, ids=lambda case: case.name)
def test_a_broken_service_builds_once_it_is_mended(case: Case, subject: Subject, tmp_path: Path) -> None:
    """A user would let `doctor --fix` edit a Dockerfile, and still have no image."""
    subject.fails("before", tmp_path / "before")
    assert subject.repo.run("distribute").code == 0
    subject.fails("distributed", tmp_path / "distributed")
    assert subject.repo.run("doctor", "--fix").code == 0
    subject.builds(tmp_path / "mended")
    subject.runs(case.copy_in_image)


_COMPOSE = "services:\n  api:\n    build:\n      context: .\n      dockerfile_inline: |\n"


@pytest.mark.parametrize(("verdict", "copied"), [("proven", "COPY . ."), ("broken", "COPY requirements.txt ./")])
def test_a_dockerfile_in_a_compose_file(verdict: str, copied: str, engine: Engine, tmp_path: Path, note: Note) -> None:
    """A user would trust what we say of an image whose Dockerfile we have never read."""
    text = stage(copied, INSTALL, START)
    compose = _COMPOSE + "".join(f"        {line}\n" for line in text.splitlines())
    case = Case(f"in_a_compose_file_{verdict}", compose, at="compose.yml", verdict=verdict)
    repo = _make_repository(case, tmp_path / "repo")
    assert repo.run("distribute").code == 0
    subject = Subject(engine, repo, SERVICE, case.name, note, case.at, case.buildkit, verdict)
    subject.is_judged(verdict)
    (tmp_path / "Dockerfile").write_text(text.replace(PYTHON, NAME))
    shutil.copytree(repo.root / SERVICE, tmp_path / "alone")
    done = build_folder(engine, tmp_path / "alone", subject.image, "--file", str(tmp_path / "Dockerfile"))
    note("built", "yes" if done.code == 0 else "no")
    assert (done.code == 0) is (verdict == "proven"), done.err


@pytest.mark.parametrize("case", UNUSABLE, ids=lambda case: case.name)
def test_an_image_can_be_built_and_be_of_no_use(case: Case, subject: Subject, tmp_path: Path) -> None:
    """A user would take a green build for a service that works."""
    assert subject.repo.run("distribute").code in {0, 1}
    subject.is_judged("unknown" if case.verdict == "unknown" else "broken")
    subject.builds_anyway(tmp_path / "distributed")
    with pytest.raises(AssertionError, match=r"the service has ended|cannot be started|\.common-sync\.json"):
        subject.runs(case.copy_in_image)
