"""Repositories whose services get environments: small wheels that are made here, and a library that is built by nothing else."""

import base64
import hashlib
import os
import shutil
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from support.monorepo import Done, Monorepo

_BACKEND = '''"""A build backend that needs no other package."""

import base64, hashlib, os, zipfile

NAME, VERSION = "our-common", "1.2.3"


def _wheel(folder, files):
    info = f"our_common-{VERSION}.dist-info"
    metadata = f"Metadata-Version: 2.1\\nName: {NAME}\\nVersion: {VERSION}\\nRequires-Dist: gamma\\n"
    wheel = "Wheel-Version: 1.0\\nGenerator: b\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
    files = {**files, f"{info}/METADATA": metadata.encode(), f"{info}/WHEEL": wheel.encode()}
    lines = "".join(
        f"{path},sha256={base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b'=').decode()},{len(data)}\\n"
        for path, data in files.items()
    )
    name = f"our_common-{VERSION}-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as archive:
        for path, data in {**files, f"{info}/RECORD": (lines + f"{info}/RECORD,,\\n").encode()}.items():
            archive.writestr(path, data)
    return name


def build_wheel(folder, config_settings=None, metadata_directory=None):
    names = [name for name in os.listdir("our_common") if name.endswith(".py")]
    return _wheel(folder, {f"our_common/{name}": open(f"our_common/{name}", "rb").read() for name in names})


def build_editable(folder, config_settings=None, metadata_directory=None):
    return _wheel(folder, {"our_common.pth": os.getcwd().encode() + b"\\n"})
'''

LIBRARY: Mapping[str, str] = {
    "common/pyproject.toml": '[project]\nname = "our-common"\nversion = "1.2.3"\ndependencies = ["gamma"]\n'
    '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n',
    "common/backend.py": _BACKEND,
    "common/our_common/__init__.py": 'VALUE = "first"\n',
}

WHEELS = (
    ("alpha", "1.0", ("beta-b>=1",)),
    ("alpha", "1.1", ("beta-b>=1",)),
    ("beta-b", "1.0", ()),
    ("beta-b", "2.0", ()),
    ("gamma", "1.0", ("beta-b<2",)),
)


SMALL_ARM = "s/linux-x86_64/linux-armv7l/; s/linux-aarch64/linux-armv7l/; s/x86_64-linux-gnu/arm-linux-gnueabihf/"
"""What sed does for `make_interpreter`, so that it says to be for a 32-bit ARM."""

VERSIONS = "import alpha, beta_b, gamma; print(alpha.VERSION, beta_b.VERSION, gamma.VERSION)"
"""Code that prints the versions of what a service installs; it imports all of it."""


def make_wheel(folder: Path, name: str, version: str, needs: Sequence[str] = ()) -> Path:
    """Write a wheel with a module that knows its version; return its path."""
    module, folder_name = name.replace("-", "_"), f"{name.replace('-', '_')}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    files = {
        f"{module}/__init__.py": f'VERSION = "{version}"\n',
        f"{folder_name}/METADATA": metadata + "".join(f"Requires-Dist: {need}\n" for need in needs),
        f"{folder_name}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    lines = [f"{path},sha256={_encode(text)},{len(text)}" for path, text in files.items()]
    files[f"{folder_name}/RECORD"] = "\n".join([*lines, f"{folder_name}/RECORD,,", ""])
    path = folder / f"{module}-{version}-py3-none-any.whl"
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name_inside, text in files.items():
            archive.writestr(zipfile.ZipInfo(name_inside, (2020, 1, 1, 0, 0, 0)), text)
    return path


def _encode(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


class Environments(Monorepo):
    """A repository whose services install what is in a folder of wheels, without any index."""

    @property
    def settings(self) -> dict[str, str]:
        """What pip and uv are told by their variables: no network, and no cache but the test's own."""
        above = self.root.parent
        return {
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_FIND_LINKS": str(above / "wheels"),
            "PIP_NO_INDEX": "1",
            "PIP_CACHE_DIR": str(above / "cache/pip"),
            "UV_CACHE_DIR": str(above / "cache/uv"),
            "XDG_CACHE_HOME": str(above / "cache"),
        }

    def run(self, *arguments: str, cwd: str = ".", env: Mapping[str, str] | None = None) -> Done:
        """Run common-sync."""
        return super().run(*arguments, cwd=cwd, env={**self.settings, **(env or {})})

    def configure(self, service: str, **keys: object) -> None:
        """Set keys of a service's table in the configuration."""
        texts = {key: str(value).lower() if isinstance(value, bool) else repr(value) for key, value in keys.items()}
        lines = [f"{key.replace('_', '-')} = {text}" for key, text in texts.items()]
        self.write(
            "common-sync.toml", self.read("common-sync.toml") + "\n".join([f'[service."{service}"]', *lines, ""])
        )

    def python(self, service: str, code: str) -> str:
        """Run code by a service's own Python; return what it prints."""
        import subprocess

        program = self.root / "services" / service / ".venv/bin/python"
        done = subprocess.run([program, "-c", code], capture_output=True, encoding="utf-8", check=True, cwd="/")
        return done.stdout.strip()

    def current(self, service: str) -> str:
        """Return the name of the environment that a service's `.venv` leads to."""
        return Path(os.readlink(self.root / "services" / service / ".venv/current")).name

    def names(self, service: str) -> list[str]:
        """Return the names of all environments of a service."""
        return sorted(one.name for one in (self.root / "services" / service / ".venv/envs").glob("[!.]*"))

    def states(self, *options: str, code: int = 1) -> dict[str, str]:
        """Return the state of each service's environment."""
        document = self.json("env", "status", "--no-size", *options, code=code)
        return {one["name"].rpartition("/")[2]: one["state"] for one in document["services"]}


def make_environments(above: Path) -> Environments:
    """Make a repository with a library, two services that install it, and the wheels that they need."""
    for name, version, needs in WHEELS:
        make_wheel(above / "wheels", name, version, needs)
    repo = Environments(above / "repo")
    for path, text in LIBRARY.items():
        repo.write(path, text)
    # Tests run in memory where they can: on a disk, each environment waits for what others write there to be flushed.
    repo.write("common-sync.toml", 'master = "common"\nservices = ["services/*"]\nignore = ["CS309"]\n')
    repo.write("services/api/requirements.txt", "alpha==1.0  # pinned\n-e ./common\n")
    repo.write("services/worker/requirements.txt", "-r more.txt\n./common\n")
    repo.write("services/worker/more.txt", "beta-b\n")
    repo.write(".gitignore", "__pycache__/\n")
    repo.git("init", "-q", "-b", "main")
    assert repo.run("distribute").code == 0
    repo.commit("the beginning")
    return repo


def make_interpreter(folder: Path, version: str = "", said: str = "") -> Path:
    """Make an interpreter in a folder, that may be taken away; return its path.

    Args:
        folder: The folder.
        version: The version that it says it is.
        said: What sed does with what it says.
    """
    base = Path(os.path.realpath(getattr(sys, "_base_executable", sys.executable)))
    if not folder.exists():
        shutil.copytree(
            base.parent,
            folder / "bin",
            symlinks=True,
            ignore=lambda _, names: {one for one in names if not one.startswith("python3")},
        )
        (folder / "lib").symlink_to(base.parents[1] / "lib")
        (folder / "include").symlink_to(base.parents[1] / "include")
    program = folder / "bin" / base.name
    if version or said:
        program.rename(program.with_name("real"))
        real, own = program.with_name("real"), sys.version.split()[0]
        edits = f"s/{own}/{version or own}/; s,/real,/{program.name},; {said}"
        program.write_text(f"#!/bin/sh\n{real} \"$@\" | sed '{edits}'\n")
        program.chmod(0o755)
    return program
