"""Dockerfiles of services, through the program: found in every folder, named with their lines, rewritten, left alone."""

import pytest
from support.monorepo import Monorepo

BEFORE = "# ours\r\nFROM python:3.11\r\nCOPY --chown=a \\\r\n  # the library\r\n  ../../common /app/common\r\n"
AFTER = "# ours\r\nFROM python:3.11\r\nCOPY --chown=a \\\r\n  # the library\r\n  common/ /app/common/\r\n"
API = "services/api"
MANY = (
    "Dockerfile",
    "Dockerfile.dev",
    "docker/Dockerfile",
    "docker/web.Dockerfile",
    "deploy/Containerfile",
    ".dockerfile",
    "dev/dockerfile",
)


def test_dockerfiles_are_named_shown_and_rewritten(repo: Monorepo) -> None:
    """A service would still not build from its own folder after `distribute`, and nobody would be told."""
    for name in MANY:
        repo.write(f"{API}/{name}", BEFORE).chmod(0o604)
    found = repo.concise("verify")
    assert found.code == 1
    for name in MANY:
        assert f"{API}/{name}:5: CS101 points at the master" in found.out
    shown = repo.run("distribute", "--dry-run", "--diff")
    assert f"--- {API}/docker/Dockerfile" in shown.out
    assert "+  common/ /app/common/" in shown.out
    assert repo.read(f"{API}/Dockerfile") == BEFORE
    done = repo.run("distribute")
    assert (done.code, done.err) == (0, "")
    assert "Dockerfile" in done.out
    for name in MANY:
        assert repo.read(f"{API}/{name}") == AFTER
        assert (repo.root / API / name).stat().st_mode & 0o777 == 0o604
    assert repo.run("verify").code == 0
    stamps = repo.stamps()
    assert repo.run("distribute").code == 0
    assert repo.stamps() == stamps


def test_the_hook_rewrites_them(committed: Monorepo) -> None:
    """A commit would bring in a Dockerfile that leads out of its service."""
    committed.write(f"{API}/Dockerfile", BEFORE)
    committed.git("add", "-A")
    done = committed.hook()
    assert done.code == 1
    assert f"{API}/Dockerfile" in done.out + done.err
    assert committed.read(f"{API}/Dockerfile") == AFTER
    committed.git("add", "-A")
    assert committed.hook().code == 0


BROKEN = [
    pytest.param("FROM x\nCOPPY a b\n", 2, "unknown instruction: COPPY", id="no instruction"),
    pytest.param("FROM x\nRUN <<E\n", 2, "unterminated heredoc", id="an open heredoc"),
    pytest.param('FROM x\nCOPY "../../common /c\n', 2, "double-quote", id="an open quote"),
]


@pytest.mark.parametrize(("characters", "line", "words"), BROKEN)
def test_what_does_not_parse_is_named_and_left(repo: Monorepo, characters: str, line: int, words: str) -> None:
    """A file with a typing mistake would be spoilt, or keep the others from being brought in sync."""
    repo.write(f"{API}/Dockerfile", characters)
    repo.write("services/worker/Dockerfile", BEFORE)
    done = repo.concise("distribute")
    assert done.code == 1
    assert f"{API}/Dockerfile:{line}: CS108 cannot be parsed: " in done.out
    assert words in done.out
    assert repo.read(f"{API}/Dockerfile") == characters
    assert repo.read("services/worker/Dockerfile") == AFTER
    assert repo.run("verify").code == 1


def test_a_byte_order_mark_stays(repo: Monorepo) -> None:
    """An editor that writes one would find its file changed, or the first instruction unknown."""
    repo.write(f"{API}/Dockerfile", b"\xef\xbb\xbf" + BEFORE.removeprefix("# ours\r\n").encode())
    assert repo.run("distribute").code == 0
    assert (repo.root / API / "Dockerfile").read_bytes() == b"\xef\xbb\xbf" + AFTER.removeprefix("# ours\r\n").encode()


def test_what_is_no_dockerfile(repo: Monorepo) -> None:
    """A template would be refused for what only its engine understands, and an ignore file be taken for a Dockerfile."""
    names = ("Dockerfile.dockerignore", "Dockerfile.j2", "Dockerfile.md", "MyDockerfile", "dockerfiles.txt")
    for name in names:
        repo.write(f"{API}/{name}", "COPY ../../common /c\n{% if %}\n")
    assert repo.run("distribute").code == 0
    for name in names:
        assert repo.read(f"{API}/{name}") == "COPY ../../common /c\n{% if %}\n"


def test_a_folder_that_a_build_would_not_take(repo: Monorepo) -> None:
    """Somebody's own `services/common` would be exchanged for the library, or BuildKit's way of finding it not be seen."""
    repo.write(f"{API}/Dockerfile", "FROM x\nCOPY ../common /c\n")
    repo.write("services/common/a.py")
    done = repo.concise("distribute", "api")
    assert f"{API}/Dockerfile:2: CS102 nobody can tell whether `../common` leads to the library" in done.out
    assert repo.read(f"{API}/Dockerfile") == "FROM x\nCOPY ../common /c\n"
    (repo.root / "services/common/a.py").unlink()
    (repo.root / "services/common").rmdir()
    assert repo.run("distribute", "api").code == 0
    assert repo.read(f"{API}/Dockerfile") == "FROM x\nCOPY common/ /c/\n"
