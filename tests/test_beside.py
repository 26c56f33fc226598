"""What lies in folders beside the services, or above them: compose files in `infra/`, Dockerfiles that CI builds."""

import json

import pytest
from support.monorepo import Monorepo

API = "services/api"
FROM_ABOVE = (
    "FROM python:3.11\nWORKDIR /app\nCOPY common common\nCOPY services/api/requirements.txt .\n"
    "RUN pip install -r requirements.txt\nCOPY services/api .\n"
)


def _compose(up: str, more: str = "") -> str:
    return f"services:\n  api:\n    build:\n      context: {up}\n      dockerfile: services/api/Dockerfile\n{more}"


@pytest.fixture
def built_from_above(repo: Monorepo) -> Monorepo:
    """Return a repository whose service's Dockerfile is written for the root, and no compose file says so yet."""
    repo.write("common/pyproject.toml", "[project]\nname = 'our-common'\nversion = '1'\n")
    repo.write(f"{API}/Dockerfile", FROM_ABOVE)
    repo.write(f"{API}/requirements.txt", "./common\n")
    return repo


def _verdict(repo: Monorepo) -> tuple[str, list[tuple[str, str, int | None]]]:
    document = json.loads(repo.run("doctor", "api", "--output-format", "json").out)
    (service,) = document["services"]
    return service["verdict"], [(one["code"], one["file"], one["line"]) for one in document["findings"]]


@pytest.mark.parametrize(("file", "up"), [("infra/docker-compose.yml", ".."), ("deploy/prod/compose.yaml", "../..")])
def test_a_build_from_a_folder_beside_is_seen_and_narrowed(built_from_above: Monorepo, file: str, up: str) -> None:
    """`init` would promise contexts by `--contexts`, and nothing would find the file that builds; or it would be proven."""
    repo = built_from_above
    repo.write(file, _compose(up))
    assert repo.run("distribute").code == 0
    verdict, findings = _verdict(repo)
    assert verdict == "broken"
    assert findings[0] == ("CS202", f"{API}/Dockerfile", 4)
    done = repo.run("distribute", "--contexts")
    assert done.code == 0, done.out
    assert repo.read(file) == _compose(f"{up}/services/api").replace("services/api/Dockerfile", "Dockerfile")
    assert "COPY common" in repo.read(f"{API}/Dockerfile")
    assert _verdict(repo) == ("proven", [])


def test_what_is_beside_is_left_out_where_it_is_no_stack(built_from_above: Monorepo) -> None:
    """A dependency's compose file, or another service's, would be taken for what builds a service."""
    repo = built_from_above
    wrong = _compose("..", "      target: none\n").replace("services/api/Dockerfile", "Dockerfile")
    wrong = wrong.replace("context: ..", "context: ../services/api")
    repo.write(f"{API}/Dockerfile", "FROM python:3.11\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\n")
    for file in ("node_modules/compose.yml", ".cache/compose.yml", "common/compose.yml", "a/b/c/d/compose.yml"):
        repo.write(file, wrong)
    assert repo.run("distribute").code == 0
    assert _verdict(repo) == ("proven", [])
    repo.write("infra/compose.yml", wrong)
    assert _verdict(repo) == ("unknown", [("CS213", "infra/compose.yml", 6)])


OTHER_IMAGE = "FROM python:3.11\nCOPY common common\nCOPY ./services/api/requirements.txt .\nCOPY services/api .\n"


@pytest.mark.parametrize("file", ["Dockerfile.api", "Dockerfile", "docker/api.Dockerfile", "build/api/Dockerfile"])
def test_an_image_that_ci_builds_from_above_is_not_proven(repo: Monorepo, file: str) -> None:
    """A service would be proven by its requirements alone, while CI builds its image from the root: `docker build -f Dockerfile.api .`."""
    repo.write(f"{API}/requirements.txt", "./common\n")
    repo.write(file, OTHER_IMAGE)
    assert repo.run("distribute").code == 0
    assert _verdict(repo) == ("unknown", [("CS213", file, 3)])
    repo.write(file, OTHER_IMAGE.replace("COPY ./services", "# common-sync: ignore[CS213]\nCOPY ./services"))
    assert _verdict(repo) == ("proven", [])


def test_an_image_of_something_else_leaves_a_service_proven(repo: Monorepo) -> None:
    """A service would be in doubt for a Dockerfile of another one, of the tests, or of nothing that is read."""
    repo.write(f"{API}/requirements.txt", "./common\n")
    repo.write("Dockerfile", "FROM python:3.11\nCOPY services/worker services/${SERVICE} services/api2 common ./\n")
    repo.write("docker/api.Dockerfile", "COPY before FROM\nCOPY services/api .\n")
    repo.write("node_modules/x/Dockerfile", OTHER_IMAGE)
    assert repo.run("distribute").code == 0
    assert _verdict(repo) == ("proven", [])
    repo.write(f"{API}/Dockerfile", "FROM python:3.11\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\n")
    repo.write("e2e/Dockerfile", OTHER_IMAGE)
    assert repo.run("distribute").code == 0
    assert _verdict(repo) == ("proven", [])
