"""Make environments by pip, where there is no uv, or where the system's packages count: one pip for all of them."""

import os
import sys
from collections.abc import Sequence
from typing import NamedTuple

from common_sync.core.environments.record import Interpreter
from common_sync.core.environments.resolved import attach_hashes, parse_report
from common_sync.core.errors import Problem
from common_sync.edges.environments.installer import InstallError, Job
from common_sync.edges.environments.program import Done, keep_variables, run

_KEPT = (
    *("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX", "PIP_TRUSTED_HOST", "PIP_CONSTRAINT"),
    *(
        "PIP_CONFIG_FILE",
        "PIP_CERT",
        "PIP_CLIENT_CERT",
        "PIP_PROXY",
        "PIP_TIMEOUT",
        "PIP_DEFAULT_TIMEOUT",
        "PIP_RETRIES",
    ),
    *("PIP_CACHE_DIR", "PIP_NO_CACHE_DIR", "PIP_KEYRING_PROVIDER"),
)
_QUIET = ("--quiet", "--disable-pip-version-check", "--no-input", "--no-color")


def find_cache() -> str:
    """Return the folder of pip's cache, which need not be there."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.environ.get("PIP_CACHE_DIR") or os.path.join(home, "pip")


def find_pip(interpreter: Interpreter) -> tuple[str, ...] | None:
    """Return the command that is pip: the tool's own, the interpreter's, or the one that Python brings along.

    Args:
        interpreter: What environments are made with.
    """
    import glob  # only what makes environments needs them
    import importlib.util

    if importlib.util.find_spec("pip") is not None:
        return sys.executable, "-m", "pip"
    if run([interpreter.path, "-I", "-m", "pip", "--version"], "/", keep_variables()).code == 0:
        return interpreter.path, "-I", "-m", "pip"
    bundle = importlib.util.find_spec("ensurepip")
    pattern = os.path.join(os.path.dirname(bundle.origin or ""), "_bundled", "pip-*.whl") if bundle is not None else ""
    return next(((sys.executable, os.path.join(wheel, "pip")) for wheel in sorted(glob.glob(pattern))), None)


class Pip(NamedTuple):
    """The program pip."""

    command: tuple[str, ...]  # what starts it

    @property
    def name(self) -> str:
        """Its name and version."""
        return " ".join(run([*self.command, "--version"], "/", keep_variables()).out.split()[:2]) or "pip"

    def resolve(self, job: Job, former: Sequence[str]) -> tuple[str, ...]:  # noqa: ARG002 - pip keeps no versions
        """Return what the requirements come to, as `Installer` says."""
        if job.closure.is_lock:
            remedy = 'installer = "uv", or requirements = "requirements.txt", in the configuration'
            raise InstallError(Problem("is read by uv only", f"{job.service}/{job.closure.first}", remedy=remedy))
        anew = () if job.options.system_site_packages else ("--ignore-installed",)
        report = os.path.join(job.temporary, "report.json")
        options = ("--dry-run", *anew, "--report", report, "--requirement", job.requirements)
        job.check(self._install(job, job.interpreter.path, options), "resolve the requirements")
        return attach_hashes(parse_report(job.read("report.json"), job.folder), job.closure.files.values())

    def build(self, job: Job, path: str, lines: Sequence[str]) -> None:
        """Make an environment, as `Installer` says."""
        system = ("--system-site-packages",) if job.options.system_site_packages else ()
        venv = (job.interpreter.path, "-I", "-m", "venv", "--without-pip", *system, path)
        job.check(run(venv, job.folder, keep_variables(), job.keep), "make an environment")
        python = os.path.join(path, "bin", "python")
        compiled = ("--compile" if job.options.compile else "--no-compile",)
        options = (
            "--no-deps",
            *compiled,
            "--requirement",
            job.write("resolved.txt", [*job.closure.options(job.folder), *lines]),
        )
        job.check(self._install(job, python, options), "install the requirements")
        if not job.options.system_site_packages:  # what the system has need not fit together
            job.check(self._run(job, python, ("check",)), "use what was installed: it does not fit together")

    def forget(self, job: Job, names: Sequence[str]) -> None:
        """Do nothing, as `Installer` allows: pip copies what it installs."""

    def _install(self, job: Job, python: str, options: Sequence[str]) -> Done:
        offline = ("--no-index",) if job.offline else ()
        return self._run(job, python, ("install", *offline, *options))

    def _run(self, job: Job, python: str, command: Sequence[str]) -> Done:
        variables = keep_variables(_KEPT, TMPDIR=job.temporary, PYTHONNOUSERSITE="1")
        return run([*self.command, "--python", python, *command, *_QUIET], job.folder, variables, job.keep)
