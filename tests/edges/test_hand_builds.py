"""Lines that build an image by hand, in the forms that people write them in; what `distribute --contexts` and `doctor` say of them."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

import pytest
from support.monorepo import Monorepo

from common_sync.edges.detection.image_builds import Owners, find_classic_builds, find_image_builds, list_owners
from common_sync.edges.detection.scripts import is_script
from common_sync.edges.detection.tree import Tree

SERVICES = ("services/api", "services/worker")
API, BOTH = ("services/api",), SERVICES
Found = TypeVar("Found")
CI = ".github/workflows/ci.yml"


def find(root: Path, file: str, text: str, look: Callable[[Tree, str, Owners], Iterable[Found]]) -> list[Found]:
    """Return what is found in a file, in a repository of two services with a Dockerfile each."""
    repo = Monorepo(root)
    repo.write(file, text)
    for service in SERVICES:
        repo.write(f"{service}/Dockerfile", "FROM scratch\n")
    assert is_script(file)
    tree = Tree(str(root), [file, *(f"{service}/Dockerfile" for service in SERVICES)])
    return list(look(tree, file, list_owners(tree, set(SERVICES))))


FROM_ABOVE = {
    "a script": ("build.sh", "docker build -f services/api/Dockerfile .\n", 1, API, "."),
    "the context first": ("build.sh", "docker build . -t api --file=services/api/Dockerfile --no-cache\n", 1, API, "."),
    "buildx": ("build.sh", "docker buildx build --push -t a -f services/api/Dockerfile --platform linux/arm64 .\n", 1, API, "."),
    "podman": ("build.sh", "sudo podman build -f services/api/Dockerfile -t api .\n", 1, API, "."),
    "make, over two lines": ("Makefile", "api:\n\t@docker build -t api \\\n\t  -f services/api/Dockerfile .\n", 2, API, "."),
    "make's own folder": ("Makefile", "api:\n\tdocker build -f $(CURDIR)/services/api/Dockerfile $(CURDIR)\n", 2, API, "."),
    "a loop": ("b.sh", 'for s in api worker; do\n  docker build -f services/$s/Dockerfile -t "$s" .\ndone\n', 2, BOTH, "."),
    "an argument": ("b.sh", 'docker build -f "services/$1/Dockerfile" .\n', 1, BOTH, "."),
    "from the service's folder": ("b.sh", "cd services/api && docker build -f Dockerfile ../..\n", 1, API, "services/api/../.."),
    "a script of the service": ("services/api/b.sh", "docker build -f Dockerfile ../..\n", 1, API, "../.."),
    "a folder between": ("b.sh", "docker build -f services/api/Dockerfile services\n", 1, API, "services"),
    "a run of CI": (CI, "steps:\n- run: docker build -f services/api/Dockerfile -t api .\n", 2, API, "."),
    "GitLab": (".gitlab-ci.yml", "b:\n  script:\n  - docker build -f services/api/Dockerfile .\n", 3, API, "."),
    "a step": (CI, "steps:\n- uses: docker/build-push-action@v6\n  with:\n    context: .\n    file: services/api/Dockerfile\n", 5, API, "."),
    "a step without a context": (CI, "steps:\n- uses: docker/build-push-action@v6\n  with:\n    file: ./services/api/Dockerfile\n    push: true\n", 4, API, "."),
    "a step of a matrix": (CI, "  with: # build\n    file: services/${{ matrix.s }}/Dockerfile\n    tags: |\n      a\n    context: ${{ github.workspace }}\n", 2, BOTH, "."),
    "a step of a matrix, from above": (CI, "  with: # build\n    file: services/${{ matrix.s }}/Dockerfile\n    tags: |\n      a\n    context: '.'\n", 2, BOTH, "."),
}  # fmt: skip


@pytest.mark.parametrize("name", FROM_ABOVE)
def test_what_builds_from_above(tmp_path: Path, name: str) -> None:
    """CI would build an image from the whole repository, by a Dockerfile that was written anew for the service's folder."""
    file, text, line, services, context = FROM_ABOVE[name]
    found = [(one.line, one.services, one.context) for one in find(tmp_path, file, text, find_image_builds)]
    assert found == [(line, services, context)]


OTHERS = {
    "the service's own folder": ("b.sh", "docker build services/api\n"),
    "by a name": ("b.sh", "docker build -f services/api/Dockerfile services/api\n"),
    "in it": ("b.sh", "cd services/api && docker build -t api .\n"),
    "a folder of it": ("b.sh", "docker build -f services/api/Dockerfile services/api/app\n"),
    "another Dockerfile": ("b.sh", "docker build -f docker/api.Dockerfile .\n"),
    "the root's": ("b.sh", "docker build .\n"),
    "another command": ("b.sh", "docker compose build api; docker run -f services/api/Dockerfile .\n"),
    "a comment": ("b.sh", "# docker build -f services/api/Dockerfile .\n"),
    "standard input": ("b.sh", "common-sync context services/api | docker build -f services/api/Dockerfile -\n"),
    "a repository": ("b.sh", "docker build -f services/api/Dockerfile https://example.com/x.git\n"),
    "a context that nobody can tell": ("b.sh", 'docker build -f services/api/Dockerfile "$1"\n'),
    "any Dockerfile": ("b.sh", 'docker build -f "$1" .\n'),
    "a step in its folder": (CI, "  with: # build\n    context: services/api\n    file: services/api/Dockerfile\n"),
    "a step whose context nobody can tell": (
        CI,
        "  with: # build\n    context: ${{ inputs.where }}\n    file: services/api/Dockerfile\n",
    ),
    "a step with another file": (CI, "  with: # build\n    file: ./coverage.xml\n"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_builds_from_the_services_own_folder(tmp_path: Path, name: str) -> None:
    """A team that has done all it should would be warned of builds that are right."""
    assert find(tmp_path, *OTHERS[name], find_image_builds) == []


CLASSIC = {
    "before the command": ("b.sh", "DOCKER_BUILDKIT=0 docker build services/api\n", "1 api"),
    "by env, in quotes": ("b.sh", "env DOCKER_BUILDKIT='0' docker image build -t api services/api\n", "1 api"),
    "exported": ("b.sh", "export DOCKER_BUILDKIT=0\ndocker build services/api\ndocker build -f services/worker/Dockerfile .\n", "2 api|3 worker"),
    "exported, and turned on again": ("b.sh", "export DOCKER_BUILDKIT=0\nDOCKER_BUILDKIT=1 docker build services/api\n", ""),
    "for another line": ("b.sh", "DOCKER_BUILDKIT=0 docker build x\ndocker build services/api\n", ""),
    "turned on": ("b.sh", "export DOCKER_BUILDKIT=1\ndocker build services/api\n", ""),
    "in a comment": ("b.sh", "# export DOCKER_BUILDKIT=0\ndocker build services/api\n", ""),
    "make": ("Makefile", "export DOCKER_BUILDKIT := 0\napi:\n\tdocker build services/api\n", "3 api"),
    "GitLab": (".gitlab-ci.yml", 'variables:\n  DOCKER_BUILDKIT: "0"\nb:\n  script:\n  - docker build services/api\n', "5 api"),
    "a run of CI": (CI, "env: {DOCKER_BUILDKIT: false}\nsteps:\n- run: docker build services/${{ matrix.s }}\n", "3 api worker"),
    "buildx": ("b.sh", "export DOCKER_BUILDKIT=0\ndocker buildx build services/api\n", ""),
    "podman": ("b.sh", "export DOCKER_BUILDKIT=0\npodman build services/api\n", ""),
    "compose": ("b.sh", "DOCKER_BUILDKIT=0 docker-compose build\nDOCKER_BUILDKIT=0 docker compose up --build\n", "1 +|2 +"),
    "compose, with BuildKit": ("b.sh", "docker compose build\n", ""),
    "another image": ("b.sh", "DOCKER_BUILDKIT=0 docker build docker/base\n", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", CLASSIC)
def test_what_builds_without_buildkit(tmp_path: Path, name: str) -> None:
    """A service would be called proven whose Dockerfile CI's builder refuses; or in doubt for the build of something else."""
    file, text, expected = CLASSIC[name]
    found = find(tmp_path, file, text, find_classic_builds)
    shown = (
        f"{one.line} {' '.join(path.split('/')[1] for path in one.dockerfiles)}{'+' * one.composed}" for one in found
    )
    assert "|".join(shown) == expected


MOUNTING = (
    "FROM python:3.11\nWORKDIR /app\nCOPY . .\nRUN --mount=type=cache,target=/c pip install -r requirements.txt\n"
)


def test_a_dockerfile_that_needs_buildkit_is_not_proven_without_it(repo: Monorepo) -> None:
    """A service would be called proven, and its build in CI end with: the --mount option requires BuildKit."""
    repo.write("services/api/Dockerfile", MOUNTING)
    repo.write("services/api/requirements.txt", "./common\n")
    repo.write("ci/build.sh", "DOCKER_BUILDKIT=0 docker build -t api services/api\n")
    assert repo.run("distribute").code == 0
    said = (
        "services/api Dockerfile:4: CS213 `RUN --mount` needs BuildKit, and ci/build.sh:1 builds it without: "
        "`DOCKER_BUILDKIT=0 docker build -t api services/api` help: take `DOCKER_BUILDKIT=0` out of ci/build.sh"
    )
    assert said in " ".join(repo.run("doctor").out.split())
    repo.write("services/api/Dockerfile", MOUNTING.replace("RUN", "# common-sync: ignore[CS213]\nRUN"))
    assert "CS213" not in repo.run("doctor").out
    repo.write("services/api/Dockerfile", MOUNTING.replace("--mount=type=cache,target=/c ", ""))
    assert "CS213" not in repo.run("doctor").out
    repo.write("services/api/Dockerfile", MOUNTING)
    repo.write("ci/build.sh", "DOCKER_BUILDKIT=0 docker compose build\n")
    assert "CS213" not in repo.run("doctor").out
    repo.write("compose.yml", "services:\n  api:\n    build: services/api\n")
    assert "CS213 `RUN --mount`" in repo.run("doctor").out


WRITTEN_FOR_THE_ROOT = (
    "FROM python:3.11\nWORKDIR /app\nCOPY common common\nCOPY services/api/requirements.txt .\n"
    "RUN pip install -r requirements.txt\nCOPY services/api .\n"
)
COMPOSE = "services:\n  api:\n    build:\n      context: .\n      dockerfile: services/api/Dockerfile\n"


def test_who_narrows_a_context_is_told_who_else_builds_by_it(repo: Monorepo) -> None:
    """All would be green here, and the next build in CI take the whole repository and find no requirements."""
    repo.write("services/api/Dockerfile", WRITTEN_FOR_THE_ROOT)
    repo.write("services/api/requirements.txt", "./common\n")
    repo.write("compose.yml", COMPOSE)
    repo.write("Makefile", "api:\n\tdocker build -f services/api/Dockerfile -t api .\n")
    assert repo.run("distribute").code == 0
    assert "Makefile" not in repo.run("doctor").out, "what builds it today is right, and the Dockerfile is what is told"
    said = (
        "! Makefile:2: CS112 `docker build -f services/api/Dockerfile -t api .` builds services/api from `.`; a service's "
        "Dockerfile is written for its own folder help: docker build services/api"
    )
    done = repo.run("distribute", "--contexts")
    assert done.code == 0, done
    assert said in " ".join(done.out.split())
    assert "Makefile" not in repo.run("distribute").out
    assert "Makefile:2: CS112" in (told := repo.run("doctor")).out
    assert told.code == 0
    repo.write("Makefile", "api:\n\tdocker build -t api services/api\n")
    assert "CS112" not in repo.run("doctor").out
