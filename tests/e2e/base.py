"""The image that all builds begin with: python:3.11-slim, and wheels in it for a pip that has no network.

A build's only change against what a user builds is this name in its FROM lines, made before the tool first sees them.
Wheels are downloaded once, for the image's own Python, and kept in `.e2e/`; the tool's own wheel is made each time.
"""

import hashlib
import os
import shutil
import sys
import uuid
from pathlib import Path

from e2e.engine import Engine, EngineError, must
from support.monorepo import run

PYTHON = "python:3.11-slim"
RUN = os.environ.setdefault("COMMON_SYNC_E2E_RUN", uuid.uuid4().hex[:12])
"""This run's own word, of all its processes: another run may use the same engine, and keeps what it has made."""

NAME = f"e2e-{RUN}/{PYTHON}"
LABEL = f"common-sync-e2e={RUN}"

TOOL = "/opt/common-sync"
"""Where the image has the tool, installed from its wheel; Python does not find it unless told to."""

_PROJECT = Path(__file__).parents[2]
_LOCK = "constraints.txt"
_WHEELS = (
    "fastapi>=0.115",  # the example
    "pydantic>=2.7",
    "pydantic-settings>=2.3",
    "redis>=5.0",
    "uvicorn>=0.30",
    "setuptools>=68",
    "wheel",
    "flit_core>=3.9",  # the fixtures' library: the smallest build backend
    "hatchling>=1.24",
    "uv>=0.5",
)
_SYSTEM_LIBRARIES = ("libgcc_s.so.1", "libpthread.so.0", "librt.so.1", "libdl.so.2", "libm.so.6")
_BUILDERS = ("setuptools", "wheel", "flit_core", "hatchling", "uv")
"""What is installed in the image, so that not every build has to make an environment for it: that takes as long as all the rest."""

_DOCKERFILE = f"""\
FROM {PYTHON}
COPY files/ /
ENV PIP_NO_INDEX=1 PIP_FIND_LINKS=/wheels PIP_ROOT_USER_ACTION=ignore
RUN pip install --quiet {" ".join(_BUILDERS)} && pip install --quiet --target {TOOL} common-sync
ENV PIP_NO_BUILD_ISOLATION=0 UV_OFFLINE=1 UV_NO_INDEX=1 UV_FIND_LINKS=/wheels
"""


def build_base(engine: Engine, work: Path) -> None:
    """Build the image.

    Args:
        engine: Where.
        work: An empty folder.

    Raises:
        EngineError: It could not be built.
    """
    files = work / "files"
    shutil.copytree(_wheels(engine, work / "tool"), files / "wheels")
    # Another base each time: no build is answered from an earlier run's cache.
    (files / "wheels" / "session").write_text(uuid.uuid4().hex, encoding="ascii")
    _add_system_libraries(engine, files / "usr" / "lib")
    (work / "Dockerfile").write_text(_DOCKERFILE, encoding="utf-8")
    done = engine.docker("build", "--network", "none", "--label", LABEL, "--tag", NAME, str(work))
    must(done, f"the image to build from could not be made from {PYTHON}")


def _wheels(engine: Engine, work: Path) -> Path:
    """Return a folder with all wheels: those kept from earlier, and the tool's own with what it needs."""
    done = run(
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        str(work),
        str(_PROJECT),
        cwd=_PROJECT,
    )
    must(done, "the tool's own wheel could not be built")
    tool = next(work.glob("common_sync-*.whl"))
    target = _target(engine)
    needed = [(_PROJECT / name).read_text(encoding="utf-8") for name in ("pyproject.toml", _LOCK)]
    key = hashlib.sha256(repr((_WHEELS, tool.name, needed, target)).encode()).hexdigest()[:16]
    kept = _PROJECT / ".e2e" / f"wheels-{key}"
    if not kept.is_dir():
        _download(kept, (*_WHEELS, str(tool)), target)
    shutil.copy(tool, kept)
    return kept


def _target(engine: Engine) -> tuple[str, ...]:
    """Return pip's options for the image's Python, which need not be this machine's."""
    ask = "import platform; print(platform.python_version(), platform.machine())"
    version, machine = _in_image(engine, ask).split()
    platforms = (f"--platform=manylinux{kind}_{machine}" for kind in ("2014", "_2_17", "_2_28"))
    return ("--only-binary=:all:", "--implementation=cp", f"--python-version={version}", *platforms)


def _download(place: Path, what: tuple[str, ...], target: tuple[str, ...]) -> None:
    shutil.rmtree(place.parent, ignore_errors=True)  # wheels of an older list
    begun = place.with_suffix(".new")
    download = ("-m", "pip", "download", "--constraint", _LOCK, "--dest", str(begun))
    done = run(sys.executable, *download, *target, *what, cwd=_PROJECT, timeout=600)
    must(done, "pip could not download what the images are to install")
    begun.rename(place)


def _add_system_libraries(engine: Engine, place: Path) -> None:
    """Add what compiled wheels link to, where the image was made from a machine's Python and has only what that needs."""
    ask = f"""\
import ctypes
for name in {_SYSTEM_LIBRARIES}:
    try: ctypes.CDLL(name)
    except OSError: print(name)
"""
    place.mkdir(parents=True)
    for name in _in_image(engine, ask).split():
        ours = next(Path("/lib").glob(f"*-linux-gnu/{name}"), None)
        if ours is None:
            message = f"{PYTHON} lacks {name}, and this machine has none to give it"
            raise EngineError(message)
        shutil.copy(ours, place)


def _in_image(engine: Engine, program: str) -> str:
    """Run some Python in the image that the base is made from; return what it prints."""
    done = engine.docker("run", "--rm", "--network", "none", PYTHON, "python3", "-c", program)
    return must(done, f"the image {PYTHON} cannot be run")
