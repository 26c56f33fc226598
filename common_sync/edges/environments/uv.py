"""Make environments by uv: https://docs.astral.sh/uv/reference/cli/."""

import os
import sys
from collections.abc import Sequence
from typing import NamedTuple

from common_sync.core.environments.indexes import UV_VARIABLES
from common_sync.core.environments.resolved import attach_hashes, parse_compiled, read_locked
from common_sync.core.errors import Problem, TreeError
from common_sync.core.expressions import expression
from common_sync.edges.environments.compiled import link_compiled
from common_sync.edges.environments.folder import find_packages
from common_sync.edges.environments.installer import InstallError, Job, excerpt
from common_sync.edges.environments.program import Done, keep_variables, run

_KEPT = (
    *UV_VARIABLES,
    *("UV_CACHE_DIR", "UV_CONFIG_FILE", "UV_CREDENTIALS_DIR", "UV_HTTP_TIMEOUT", "UV_HTTP_RETRIES", "UV_NATIVE_TLS"),
    *("UV_OFFLINE", "UV_INSECURE_HOST", "UV_KEYRING_PROVIDER", "UV_NETRC", "UV_SYSTEM_CERTS", "UV_NO_CACHE"),
)
_CREDENTIALS = ("_USERNAME", "_PASSWORD")
_QUIET = ("--quiet", "--color", "never", "--no-progress")
LEAST = (0, 5)
"""The oldest version that will do; the extra `env` asks for it, too."""

_VERSION = expression(r"uv (\d+)\.(\d+)\S*")
_SMALL = 1 << 30
"""Bytes of memory below which one thing is done at a time."""


def find_uv() -> str | None:
    """Return the path of uv: the one that was installed with the tool, or the one on the PATH."""
    beside = os.path.join(os.path.dirname(sys.executable), "uv")
    if os.access(beside, os.X_OK):
        return beside
    import shutil  # only where it is not beside

    return shutil.which("uv")


def find_cache() -> str:
    """Return the folder of uv's cache, which need not be there."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.environ.get("UV_CACHE_DIR") or os.path.join(home, "uv")


def start_uv(program: str) -> "Uv":
    """Return uv, once it has said which version it is.

    Args:
        program: Its path.

    Raises:
        TreeError: It is too old, or does not run.
    """
    done = run([program, "--version"], "/", keep_variables())
    said = _VERSION.match(done.out)
    if said is None or (int(said[1]), int(said[2])) < LEAST:
        message = (
            f"is {said[0]}, which is too old"
            if said
            else f"does not say its version{done.err and ': '}{done.err.strip()}"
        )
        remedy = f"install {'.'.join(map(str, LEAST))} or newer: pip install 'common-sync[env]'"
        raise TreeError(Problem(message, program, remedy=remedy))
    return Uv(program, said[0])


class Uv(NamedTuple):
    """The program uv."""

    program: str  # its path
    name: str  # its name and version

    def resolve(self, job: Job, former: Sequence[str]) -> tuple[str, ...]:
        """Return what the requirements come to, as `Installer` says."""
        if job.closure.first.endswith("pylock.toml"):
            return read_locked(job.closure.files[job.closure.first])
        output = job.write("resolved.txt", former)
        options = ("--no-header", "--no-annotate", "--python", job.interpreter.path, "--output-file", output)
        tried = (job.write("tried.txt", job.overrides),) if job.overrides else ()
        sources = (self._requirements(job), *tried, *(("--override", *tried) if tried else ()))
        command = ("pip", "compile", *options, *self._indexes(job), *sources)
        trying = f" with {', '.join(job.overrides)}" if job.overrides else ""
        job.check(self._run(job, command), f"resolve the requirements{trying}")
        texts = [*job.closure.files.values(), *([job.read("requirements.txt")] if job.closure.is_lock else [])]
        return attach_hashes(parse_compiled(job.read("resolved.txt")), texts, job.overrides)

    def build(self, job: Job, path: str, lines: Sequence[str]) -> None:
        """Make an environment, as `Installer` says."""
        python = ("--python", os.path.join(path, "bin", "python"))
        venv = ("venv", "--no-python-downloads", "--no-project", "--python", job.interpreter.path, path)
        job.check(self._run(job, venv), "make an environment")
        as_it_is = job.closure.first.endswith("pylock.toml")
        source = job.requirements if as_it_is else job.write("resolved.txt", [*job.closure.options(job.folder), *lines])
        compiled = ("--compile-bytecode",) if job.options.compile and not job.alike else ()
        options = ("--no-deps", "--link-mode", "hardlink", *compiled, *self._indexes(job))
        command = ("pip", "install", *python, *options, "--requirement", source)
        done = self._run(job, (*command, "--offline"))  # what is in the cache is not asked for again
        if done.code != 0 and not job.offline:
            done = self._run(job, command)
        job.check(done, "install the requirements")
        if job.options.compile and job.alike:
            _compile(job, path)
        job.check(self._run(job, ("pip", "check", *python)), "use what was installed: it does not fit together")

    def forget(self, job: Job, names: Sequence[str]) -> None:
        """Remove distributions from the cache, as `Installer` says."""
        job.check(self._run(job, ("cache", "clean", *names)), "remove what was edited from the cache of uv")

    def find_cache(self, folder: str) -> str:
        """Return the absolute path of its cache, as seen from a folder."""
        return self._tend(("dir",), folder).out.strip()

    def clean_cache(self, folder: str, names: Sequence[str]) -> str:
        """Remove from the cache what nothing in it refers to, and some packages; return what uv says of it.

        Args:
            folder: Where it runs.
            names: The packages.
        """
        if names:
            self._tend(("clean", *names), folder)
        return self._tend(("prune",), folder).err.strip()

    def _tend(self, command: Sequence[str], folder: str) -> Done:
        done = run([self.program, "cache", *command, "--color", "never"], folder, keep_variables(_KEPT))
        if done.code != 0:
            raise InstallError(Problem(f"uv cache {command[0]} has failed", self.program, excerpt=excerpt(done.err)))
        return done

    def _requirements(self, job: Job) -> str:
        """Return the file of requirements that uv's pip reads: a project's lock is turned into one."""
        if not job.closure.first.endswith("uv.lock"):
            return job.requirements
        path = job.write("requirements.txt", ())
        options = ("--frozen", "--no-dev", "--no-header", "--no-annotate", "--offline", "--output-file", path)
        job.check(self._run(job, ("export", *options, "--python", job.interpreter.path)), "export the lock file")
        return path

    def _indexes(self, job: Job) -> tuple[str, ...]:
        return tuple(job.indexes.for_uv(own_index=job.closure.has_index))

    def _run(self, job: Job, command: Sequence[str]) -> Done:
        offline = ("--offline",) if job.offline and "--offline" not in command else ()
        kept = [name for name in os.environ if name.startswith("UV_INDEX_") and name.endswith(_CREDENTIALS)]
        more = {"TMPDIR": job.temporary, **_throttle()}
        if job.indexes.certificates:
            more["SSL_CERT_FILE"] = job.indexes.certificates
        variables = keep_variables((*_KEPT, *kept), **more)
        return run([self.program, *command, *offline, *_QUIET], job.folder, variables, job.keep)


def _compile(job: Job, path: str) -> None:
    """Compile what no other environment has compiled; what is no Python of this version is passed over, as uv does."""
    tag = "-".join(job.interpreter.abi.split("-")[:2])
    packages = [one for other in job.alike for one in find_packages(other)]
    left = job.write("uncompiled.txt", link_compiled(find_packages(path), packages, tag))
    workers = "1" if _is_small() else "0"  # 0 is one for each processor
    options = ("-qq", "-j", workers, "--invalidation-mode", "timestamp", "-i", left)
    command = (os.path.join(path, "bin", "python"), "-I", "-m", "compileall", *options)
    run(command, job.folder, keep_variables(TMPDIR=job.temporary), job.keep)


def _throttle() -> dict[str, str]:
    """Return the variables that make uv do one thing at a time where memory is small."""
    return {"UV_CONCURRENT_BUILDS": "1", "UV_CONCURRENT_DOWNLOADS": "2"} if _is_small() else {}


def _is_small() -> bool:
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") < _SMALL
