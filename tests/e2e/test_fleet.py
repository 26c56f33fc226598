"""`fleet status` of containers in a real engine."""

import json
import os
from pathlib import Path

from e2e.engine import Engine
from e2e.images import build_folder, running
from e2e.test_example import take_example
from support.waiting import wait_for

from common_sync.remote.look import find_state

_RUN = os.getpid()
"""Two runs may share an engine."""

DOCKERFILE = 'FROM python:3.11-slim\nCOPY common /app/common\nCMD ["sleep", "1000"]\n'


def test_what_containers_hold(engine: Engine, tmp_path: Path) -> None:
    """A container with an older library, or none that can be asked, would be called current beside one that is."""
    repo = take_example(tmp_path / "repo")
    service = repo.root / "services/api"
    assert [repo.run(*words).code for words in (("init", "--yes"), ("distribute",))] == [0, 0]
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    build = ("--file", str(tmp_path / "Dockerfile"))
    assert build_folder(engine, service, f"fleet-old-{_RUN}", *build).code == 0
    repo.write("common/new.py", "new = True\n")
    assert repo.run("distribute").code == 0
    repo.commit("new")
    assert build_folder(engine, service, f"fleet-new-{_RUN}", *build).code == 0
    mount = ("--volume", f"{service}/common:/app/common:ro")
    with (
        running(engine, f"fleet-old-{_RUN}") as old,
        running(engine, f"fleet-new-{_RUN}") as new,
        running(engine, f"fleet-old-{_RUN}", *mount) as mounted,
        running(engine, f"fleet-new-{_RUN}") as bare,
    ):
        assert engine.docker("exec", bare.container, "sh", "-c", "rm -f $(which -a python3)").code == 0
        names = {
            "old": old.container,
            "new": new.container,
            "mounted": mounted.container,
            "bare": bare.container,
            "none": "not-there",
        }
        listed = ", ".join(f'"{name}"' for name in names.values())
        repo.write(
            "fleet.toml",
            f'[[target]]\nhost = "local"\nservice = "api"\nlibrary = "/app/common"\ncontainers = [{listed}]\n',
        )
        status = repo.json("fleet", "status", "--ref", "HEAD", code=4)
    assert [one["state"] for one in status["places"]] == ["other", "current", "current", "unknown", "unknown"]
    assert [one["mount"] for one in status["places"]] == [None, None, "/app/common", None, None]
    codes = [(one["code"], one["message"].split(":")[0]) for one in status["findings"]]
    assert codes == [
        ("CS402", "local"),
        ("CS405", "local"),
        ("CS407", f"local {names['bare']}"),
        ("CS407", "local not-there"),
        ("CS404", "local"),
        ("CS412", "2 different states of media-common run"),
    ]
    assert "OCI runtime exec failed" in status["findings"][2]["message"]
    assert "No such container" in status["findings"][3]["message"]


def test_what_containers_run(engine: Engine, tmp_path: Path) -> None:
    """A container whose mounted library was updated beneath it would be called current, and goes on with the old one."""
    repo = take_example(tmp_path / "repo")
    service = repo.root / "services/api"
    assert [repo.run(*words).code for words in (("init", "--yes"), ("distribute",))] == [0, 0]
    repo.commit("new")
    dockerfile = (
        'FROM python:3.11-slim\nCOPY common /app/common\nENV PYTHONPATH=/app/common\nCMD ["python3", "-c", "{}"]\n'
    )
    loop = "import media_common, time; print(1, flush=True); time.sleep(1000)"
    (tmp_path / "Dockerfile").write_text(dockerfile.format(loop))
    assert build_folder(engine, service, f"fleet-runs-{_RUN}", "--file", str(tmp_path / "Dockerfile")).code == 0
    mount = ("--volume", f"{service}/common:/app/common")
    with running(engine, f"fleet-runs-{_RUN}", *mount) as mounted, running(engine, f"fleet-runs-{_RUN}") as own:
        names = mounted.container, own.container
        listed = ", ".join(f'"{name}"' for name in names)
        repo.write(
            "fleet.toml",
            f'[[target]]\nhost = "local"\nservice = "api"\nlibrary = "/app/common"\ncontainers = [{listed}]\n',
        )
        for name in names:  # Python has written its own files there
            wait_for(lambda name=name: engine.docker("logs", name).out == "1\n")  # type: ignore[misc]

        def tell(code: int) -> list[tuple[str, str]]:
            places = repo.json("fleet", "status", "--ref", "HEAD", code=code)["places"]
            return [(one["state"], one["runs"]["state"]) for one in places]

        assert tell(0) == [("current", "current")] * 2
        file = service / "common/pyproject.toml"
        file.write_bytes(file.read_bytes())
        assert tell(1) == [("current", "restart"), ("current", "current")]
        assert engine.docker("restart", "--time", "0", mounted.container).code == 0
        wait_for(lambda: engine.docker("logs", mounted.container).out == "1\n1\n")
        assert tell(0) == [("current", "current")] * 2
        assert engine.docker("exec", own.container, "touch", "/app/common/media_common/more.py").code == 0
        assert tell(1) == [("current", "current"), ("differs", "restart")]


def test_what_compose_runs(engine: Engine, tmp_path: Path) -> None:
    """The containers of a service that was deployed would not be looked at, since nobody has written down their names."""
    repo = take_example(tmp_path / "repo")
    service = repo.root / "services/api"
    assert [repo.run(*words).code for words in (("init", "--yes"), ("distribute",))] == [0, 0]
    repo.commit("new")
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    assert build_folder(engine, service, f"fleet-unit-{_RUN}", "--file", str(tmp_path / "Dockerfile")).code == 0
    repo.write(
        "fleet.toml",
        f'[[target]]\nhost = "local"\nservice = "api"\nkind = "compose"\npath = "{repo.root}"\nlibrary = "/app/common"\n',
    )
    state = tmp_path / find_state(str(repo.root), "services/api").removeprefix(f"{Path.home()}/")
    state.mkdir(parents=True)
    project = f"shop-{_RUN}"
    history = [{"images": {"api": "sha256:0", "worker": "sha256:0"}, "tree": "", "commit": "", "run": ""}]
    journal = {"step": "deployed", "run": "1", "commit": "", "project": project, "history": history}
    (state / "journal.json").write_text(json.dumps(journal))

    def label(unit: str) -> tuple[str, ...]:
        return ("--label", f"com.docker.compose.project={project}", "--label", f"com.docker.compose.service={unit}")

    with (
        running(engine, f"fleet-unit-{_RUN}", *label("api")) as api,
        running(engine, f"fleet-unit-{_RUN}", *label("worker")) as worker,
        running(engine, f"fleet-unit-{_RUN}", *label("db")),
    ):
        assert engine.docker("exec", worker.container, "touch", "/app/common/more.py").code == 0
        done = repo.run("fleet", "status", "--ref", "HEAD", "--output-format", "json", env={"HOME": str(tmp_path)})
        names = [
            engine.docker("inspect", "--format", "{{.Name}}", one.container).out.strip("/\n") for one in (api, worker)
        ]
    places = {one["container"]: (one["state"], one["runs"]["state"]) for one in json.loads(done.out)["places"]}
    expected = {None: ("current", "none"), names[0]: ("current", "current"), names[1]: ("differs", "restart")}
    assert (done.code, places) == (1, expected), done
