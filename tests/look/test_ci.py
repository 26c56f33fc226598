"""The Action and the component, run and linted by the programs that CI services run them by; the workflows are those of docs/ci.md."""

import json
import os
import re
import shutil
import signal
import sys
import textwrap
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from support.depth import skip
from support.monorepo import Done, Monorepo, run
from support.waiting import wait_for

from common_sync import __version__

PROJECT = Path(__file__).parents[2]
TOOLS = PROJECT / ".look"
ACTION, COMPONENT = PROJECT / "action.yml", PROJECT / "templates/common-sync.yml"
API, WORKER = "services/api", "services/worker"
PATIENCE = 300
"""Seconds: each job installs the program."""

WHEELS = PROJECT / ".venv/wheels"
"""What set-up has made of the program and of all that it needs: no job asks an index."""

WITHOUT_INDEX = {"UV_NO_INDEX": "1", "UV_OFFLINE": "1", "UV_FIND_LINKS": str(WHEELS)}


def block(title: str) -> str:
    """Return the fenced block of docs/ci.md that begins with a comment."""
    found = re.search(
        rf"^```yaml\n(# {re.escape(title)}\n.*?)^```$",
        (PROJECT / "docs/ci.md").read_text("utf-8"),
        re.MULTILINE | re.DOTALL,
    )
    assert found, title
    return found[1]


def tool(name: str) -> str:
    """Return the path of a program that `make look` installs; without it the test is skipped, and fails in CI."""
    path = next((one for one in (TOOLS / "venv/bin" / name, TOOLS / "node_modules/.bin" / name) if one.exists()), None)
    if path is None:
        skip(f"NOT TESTED: {name} is not installed here, see what `make look` says above")
    return str(path)


def programs(place: Path, **scripts: str) -> str:
    """Return a PATH that has some scripts before everything else."""
    place.mkdir()
    for name, script in scripts.items():
        (place / name).write_text(f"#!/bin/sh\n{script}\n")
        (place / name).chmod(0o755)
    return f"{place}:{Path(sys.executable).parent}:{os.environ['PATH']}"


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """Return the folder of the action as a checkout of it is: what git knows, and nothing else."""
    place = tmp_path / "published"
    listed = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=PROJECT).out
    for name in filter(None, listed.split("\0")):
        if (PROJECT / name).is_file() and not name.startswith(("tests/", "benchmarks/")):
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, place / name)
    return place


class Runner:
    """Runs a workflow by act, on this machine itself: uv is there, and docker only says what it is asked."""

    def __init__(self, repo: Monorepo, published: Path, place: Path) -> None:
        self._repo, self._published, self._place = repo, published, place
        self._path = programs(place / "bin", docker='echo "docker $*"')
        stub = place / "setup-uv"
        stub.mkdir()
        (stub / "action.yml").write_text(
            "name: stub\ndescription: uv is there\nruns: {using: composite, steps: [{run: uvx --version, shell: bash}]}\n"
        )
        uses = re.search(r"uses: (astral-sh/setup-uv@[0-9a-f]{40})", ACTION.read_text("utf-8"))
        assert uses
        self._uv = f"{uses[1]}={stub}"

    def run(self, workflow: str, event: dict[str, object], name: str = "push") -> str:
        """Run a workflow; return its log, with the exit code as the last line."""
        self._repo.write(".github/workflows/services.yml", workflow)
        self._repo.git("add", "-A")
        payload = self._place / "event.json"
        payload.write_text(json.dumps(event))
        action = f"common-sync/common-sync@v{__version__}={self._published}"
        words = [tool("act"), name, "-P", "ubuntu-latest=-self-hosted", "--eventpath", str(payload)]
        words += [
            "--concurrent-jobs",
            "1",
        ]  # two at once copy the same action to the same place, and one may find half of it
        words += ["--local-repository", self._uv, "--local-repository", action]
        words += [word for key, value in WITHOUT_INDEX.items() for word in ("--env", f"{key}={value}")]
        env = {"PATH": self._path, "HOME": str(self._place), "PYTHONPATH": ""}
        done = run(*words, cwd=self._repo.root, env=env, timeout=PATIENCE)
        return f"{done.out}{done.err}\nexit {done.code}"


@pytest.fixture
def runner(synced: Monorepo, published: Path, tmp_path: Path) -> Runner:
    """Return what runs workflows in `synced`."""
    place = tmp_path / "runner"
    place.mkdir()
    return Runner(synced, published, place)


def commits(repo: Monorepo) -> dict[str, object]:
    """Return what GitHub says of a push of the last commit."""
    before, after = repo.git("rev-parse", "HEAD~1", "HEAD").split()
    return {"before": before, "after": after}


def test_the_workflow_that_is_shown_builds_what_has_changed(synced: Monorepo, runner: Runner) -> None:
    """A reader would copy a workflow that fails, builds nothing, or builds everything."""
    synced.write(f"{API}/app.py", "import our_common  # 2\n")
    synced.commit("a service")
    log = runner.run(block(".github/workflows/services.yml"), commits(synced))
    assert log.endswith("exit 0"), log
    assert "2 services in sync with common" in log
    assert "set-output:: in-sync=true" in log
    assert "Summary - ### ✅ common-sync verify: 2 services pass" in log
    assert f"docker build -t api {API}" in log
    assert WORKER not in "".join(line for line in log.splitlines() if "docker build" in line)


def test_drift_fails_the_job_and_is_annotated(synced: Monorepo, runner: Runner) -> None:
    """A copy that somebody has edited would go out, or nobody would see on the pull request what is wrong."""
    synced.write(f"{API}/common/our_common/settings.py", "EDITED = 1\n")
    synced.write("README.md", "2\n")
    synced.commit("an edit")
    step = "      - uses: common-sync/common-sync@v"
    workflow = block(".github/workflows/services.yml")
    more = "        id: verify\n        with: { sarif: found.sarif, report: page.html, services: services/api }\n"
    after = "      - { if: always(), run: 'echo is ${{ steps.verify.outputs.in-sync }}; grep ruleId found.sarif; grep -c doctype -i page.html' }\n"
    workflow = workflow.replace(f"{step}{__version__}\n", f"{step}{__version__}\n{more}{after}", 1)
    log = runner.run(workflow, commits(synced))
    assert log.endswith("exit 1"), log
    assert "CS003" in log
    assert re.search(rf"file={API}/common/our_common/settings.py|❗  ::error", log), log
    assert "| is false" in log
    assert "docker build -t" not in "".join(line for line in log.splitlines() if "|" in line)
    assert '"ruleId": "CS003"' in log
    assert re.search(r"\| 1$", log, re.MULTILINE), log


@pytest.mark.parametrize(
    ("inputs", "before", "says"),
    [
        ("command: affected", "0" * 40, "all services are listed"),
        ("command: affected", "1" * 40, "actions/checkout with fetch-depth: 0"),
        ("command: 'destroy; echo PWNED'", "0" * 40, "the action has no command"),
        ("root: '$(echo PWNED)'", "0" * 40, "ended with 2"),
    ],
)
def test_what_cannot_be_done_is_said(synced: Monorepo, runner: Runner, inputs: str, before: str, says: str) -> None:
    """A new branch would build nothing, a shallow clone fail without a remedy, an input be run by the shell."""
    workflow = block(".github/workflows/services.yml").replace("command: affected", inputs)
    log = runner.run(workflow, {"before": before, "after": before})
    assert says in log
    assert not re.search(r"^.*\| PWNED", log, re.MULTILINE)
    assert log.endswith("exit 0" if "all services" in says else "exit 1"), log


def test_the_pipeline_that_is_shown_makes_both_reports_and_builds_what_has_changed(
    synced: Monorepo, tmp_path: Path
) -> None:
    """GitLab would show no report, the job be green while a copy is edited, or a child pipeline build nothing or everything."""
    pipeline = block(".gitlab-ci.yml")
    assert f"/v{__version__}/templates/" in pipeline
    pipeline, number = re.subn(r"remote: \S+", "local: templates/common-sync.yml", pipeline)
    assert number == 1
    synced.write(".gitlab-ci.yml", pipeline)
    synced.write("ci/service.yml", block("ci/service.yml"))
    synced.write("templates/common-sync.yml", COMPONENT.read_text("utf-8"))
    synced.commit("a pipeline")
    repo = Monorepo(tmp_path / "clone")
    synced.git("clone", "-q", str(synced.root), str(repo.root))
    repo.write(f"{API}/app.py", "import our_common  # 2\n")
    repo.git("add", "-A")
    gitlab = run_gitlab(repo, tmp_path)
    assert gitlab.code == 0, gitlab
    assert f"> docker build -t api {API}" in gitlab.out, "the child pipeline runs"
    assert WORKER not in gitlab.out
    assert "2 services in sync" in gitlab.out
    assert "1 service affected" in gitlab.out
    assert [json.loads(text)["affected-1"]["extends"] for text in written(repo, "affected.yml")] == [".build"]
    repo.git("reset", "-q", "--hard")
    clean = ("clean", "-q", "-x", "-d", "-f", "-f")
    repo.git(*clean)
    gitlab = run_gitlab(repo, tmp_path)
    assert gitlab.code == 0, gitlab
    assert "> No service is affected." in gitlab.out
    repo.git(*clean)
    repo.write(f"{API}/common/our_common/settings.py", "EDITED = 1\n")
    repo.git("add", "-A")
    gitlab = run_gitlab(repo, tmp_path, "common-sync")
    assert gitlab.code == 1, gitlab
    codes = {json.loads(text)[0]["check_name"] for text in written(repo, "gl-code-quality-report.json")}
    failures = {ET.fromstring(text).get("failures") for text in written(repo, "common-sync.xml")}  # noqa: S314 - our own
    assert (codes, failures) == ({"CS003"}, {"1"}), gitlab
    assert all(API in page for page in written(repo, "common-sync.html") or [""])


def written(repo: Monorepo, name: str) -> set[str]:
    """Return what the files of a name hold: a job's artifact may lie in two places."""
    return {file.read_text("utf-8") for file in repo.root.rglob(name)}


def run_gitlab(repo: Monorepo, place: Path, *words: str) -> Done:
    """Run jobs of a repository's pipeline by gitlab-ci-local, with an environment of their own to install into."""
    program, home = tool("gitlab-ci-local"), place / "gitlab"
    if not home.exists():
        assert run(sys.executable, "-m", "venv", str(home), cwd=place).code == 0
        programs(place / "bin", docker='echo "docker $*"')
    env = {"PATH": f"{home}/bin:{place}/bin:{os.environ['PATH']}", "HOME": str(home), "PYTHONPATH": ""} | {
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(WHEELS),
    }
    return run(program, "--force-shell-executor", *words, cwd=repo.root, env=env, timeout=PATIENCE)


def test_linters_find_nothing(synced: Monorepo, tmp_path: Path) -> None:
    """GitHub or GitLab would refuse a file, or a pull request could run what it likes by it."""
    workflow = tmp_path / "services.yml"
    workflow.write_text(block(".github/workflows/services.yml"))
    deploys = tmp_path / "deploy.yml"
    deploys.write_text(block(".github/workflows/deploy.yml"))
    (tmp_path / "fleet.yml").write_text(block("a job of .gitlab-ci.yml"))
    check, schemas = tool("check-jsonschema"), [("github-actions", ACTION), ("github-workflows", workflow)]
    synced.write(f"{API}/app.py", "2\n")
    words = ("--output-format", "gitlab=child.yml", "--template", "ci/service.yml", "--job", ".build")
    assert synced.run("affected", "--since", "HEAD", *words).code == 0
    job = re.sub(r'"?\$\[\[ inputs\.(\w+) \]\]"?', r"\1", COMPONENT.read_text("utf-8").partition("---\n")[2])
    (tmp_path / "job.yml").write_text(job)
    for schema, file in (
        *schemas,
        ("github-workflows", deploys),
        ("gitlab-ci", tmp_path / "fleet.yml"),
        ("gitlab-ci", synced.root / "child.yml"),
        ("gitlab-ci", tmp_path / "job.yml"),
    ):
        done = run(check, "--builtin-schema", f"vendor.{schema}", str(file), cwd=tmp_path)
        assert done.code == 0, done
    shutil.copy(Path(__file__).parent / "zizmor.yml", tmp_path)
    done = run(
        tool("zizmor"), "--offline", "--config", "zizmor.yml", str(ACTION), str(workflow), str(deploys), cwd=tmp_path
    )
    assert done.code == 0, done
    tool("gitlab-ci-local")  # they are installed together
    shutil.copy(Path(__file__).parent / "linting.mjs", TOOLS)
    done = run("node", str(TOOLS / "linting.mjs"), str(workflow), str(deploys), cwd=TOOLS)
    assert done == (0, "", ""), done


@pytest.mark.parametrize("title", [".github/workflows/deploy.yml", "a job of .gitlab-ci.yml"])
def test_the_deploy_that_is_shown(synced: Monorepo, tmp_path: Path, title: str) -> None:
    """A reader would copy a job in which ssh has no key or trusts no machine, or which leaves an agent with the key behind."""
    key, home, text = tmp_path / "key", tmp_path / "home", block(title)
    assert run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key), cwd=tmp_path).code == 0
    synced.write("ci/known_hosts", f"vm-1 {key.with_suffix('.pub').read_text()}")
    lines = textwrap.dedent(text.partition("run: |\n")[2]) or re.sub(r"(?m)^    - ", "", text.partition("script:\n")[2])
    tells = 'echo "$*"; ssh-add -l; echo "$SSH_AGENT_PID" > ~/agent'
    env = {"PATH": programs(tmp_path / "bin", **{"uvx": tells, "common-sync": tells, "pip": ":"}), "HOME": str(home)}
    env |= {"GITHUB_SHA": "a1", "CI_COMMIT_SHA": "a1", "KEY": key.read_text(), "FLEET_KEY": str(key)}
    done = run("bash", "-e", "-o", "pipefail", "-c", lines, cwd=synced.root, env=env)
    agent = int((home / "agent").read_text())
    assert (done.code, "fleet deploy --ref a1 --yes" in done.out, "(ED25519)" in done.out) == (0, True, True), done
    assert (home / ".ssh/known_hosts").read_text().startswith("vm-1 ")
    if "gitlab" in title:  # the job's container goes, and the agent with it
        os.kill(agent, signal.SIGTERM)
    wait_for(lambda: b"ssh-agent" not in read_command(agent))


def read_command(process: int) -> bytes:
    """Return the command line of a process; nothing where it has ended."""
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return b""
