"""A machine with a clone, what stands for Docker, and the agent that takes its service from release to release."""

import contextlib
import io
import json
import os
import re
from pathlib import Path

import pytest

from common_sync.commands.steps.fleet.wanted import OWN_NAMES, read_wanted
from common_sync.core.fleet.probe import ask_folders, make_program
from common_sync.edges.files.pages import read_shipped
from common_sync.remote import look, waiting
from common_sync.remote.calls import Job, fail
from common_sync.remote.clone import Clone
from common_sync.remote.compose import Compose
from common_sync.remote.host import Host
from common_sync.remote.journal import Journal, read_journal
from support import standin
from support.monorepo import Monorepo

CALL = Host._call  # noqa: SLF001 - all commands go through it

SERVICE, COPY = "services/api", "services/api/common"


class Machine:
    """A machine with a clone, and what stands for Docker; and the repository that it is a clone of."""

    def __init__(self, repo: Monorepo, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.repo, self.store, self.clone = repo, folder / "store", folder / "clone"
        standin.write_docker(folder / "bin", self.store)
        monkeypatch.setenv("PATH", f"{folder / 'bin'}:/usr/bin:/bin")
        monkeypatch.setenv("HOME", str(folder))
        monkeypatch.setattr(waiting, "PAUSE", 0.01)
        for name, value in (("NOSYSTEM", "1"), ("GLOBAL", os.devnull)):
            monkeypatch.setenv(f"GIT_CONFIG_{name}", value)
        self.answer_here(monkeypatch)
        self.write_units("api")
        repo.commit("one")
        repo.git("clone", "-q", ".", str(self.clone))
        self.state = Path(look.find_state(str(self.clone), SERVICE))
        self.state.mkdir(parents=True)
        (self.state / "log").write_bytes(b"")
        self.branch = repo.git("branch", "--show-current").strip()
        self.compose("build", "api")
        self.compose("up", "api")

    def answer_here(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Have what stands for Docker answer in this process: to start it takes longer than all the rest."""

        def answer(host: Host, words: tuple[str, ...], given: str, *more: float) -> str:
            if words[0] != "docker":
                return CALL(host, words, given, *more)  # type: ignore[arg-type] # they are passed on as they come
            code, said = self.call_docker([*words[1:]], given)
            return said.rstrip("\n") if code == 0 else fail(f"docker {words[1]} has ended with {code}")

        monkeypatch.setattr(Host, "_call", answer)
        monkeypatch.setattr(look, "_docker", lambda *words: self.tell([*words]))

    def tell(self, words: list[str]) -> str:
        """Answer what Docker is asked; it fails where the file `fail` has an expression that matches."""
        broken = self.store / "fail"
        if broken.exists() and re.search(broken.read_text(), " ".join(words)):
            raise ChildProcessError("docker ps has ended with 1: no")  # noqa: EM101, TRY003 - the text is what it tests
        return self.call_docker(words)[1]

    def call_docker(self, words: list[str], given: str = "") -> tuple[int, str]:
        """Run what stands for Docker; return its exit code, and what it has written."""
        out = io.StringIO()
        with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out):
            patch.setattr("sys.stdin", io.StringIO(given))
            code = standin.main(self.store, words)
        return code, out.getvalue()

    def write_units(self, *units: str, **more: object) -> None:
        """Write the compose file."""
        services = {unit: {"build": {"context": "."}} for unit in units} | more
        self.repo.write(f"{SERVICE}/compose.yml", json.dumps({"name": "shop", "services": services}))

    def compose(self, *words: str) -> None:
        """Run Compose by hand."""
        assert self.call_docker(["compose", "-f", str(self.clone / SERVICE / "compose.yml"), *words])[0] == 0

    def publish(self, path: str, text: str = "new\n") -> str:
        """Commit a file of the service; return the commit."""
        self.repo.write(f"{SERVICE}/{path}", text)
        self.repo.commit(path)
        return self.repo.git("rev-parse", "HEAD").strip()

    def job(self, action: str, run_id: str = "1", **more: object) -> Job:
        """Return a job for what the repository has now."""
        commit, tree = (self.repo.git("rev-parse", name).strip() for name in ("HEAD", f"HEAD:{SERVICE}"))
        manifest = read_wanted(str(self.repo.root), SERVICE, COPY, commit)
        probe = make_program(
            ask_folders(read_shipped("remote/probe.py"), "token", 60, [(manifest, standin.IN_IMAGE)], OWN_NAMES)
        )
        job = Job(
            action,
            run_id,
            str(self.clone),
            SERVICE,
            commit,
            tree,
            self.branch,
            [],
            "",
            "",
            60,
            0,
            1,
            0,
            standin.IN_IMAGE,
            "token",
            probe,
        )
        return job._replace(**more)  # type: ignore[arg-type] # each test knows the types

    def act(self, action: str, run_id: str = "1", **more: object) -> dict[str, object]:
        """Do a job in this process; return how it has ended."""
        return Compose(self.job(action, run_id, **more), str(self.state)).run()

    def end(self, action: str, run_id: str = "1", **more: object) -> tuple[object, object]:
        """Do a job; return its end and why."""
        told = self.act(action, run_id, **more)
        return told["end"], told["why"]

    @property
    def journal(self) -> Journal:
        """What the journal says."""
        return read_journal(str(self.state))

    @property
    def running(self) -> dict[str, str]:
        """The images that run."""
        return Host(self.job("switch")).find_running("shop")

    @property
    def head(self) -> str:
        """The commit that the clone has."""
        return Clone(self.job("switch")).head()

    def images(self) -> set[str]:
        """Return the names of images."""
        return set(standin.read_state(self.store)["images"])

    def was_called(self, words: str) -> bool:
        """Tell whether Docker was called like this."""
        return words in (self.store / "calls").read_text()
