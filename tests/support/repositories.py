"""Repositories of the shapes that people have, made in a temporary folder."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

MODULES = {
    "settings.py": '"""Settings."""\n\nimport os\n\nREDIS_URL = os.environ.get("REDIS_URL", "redis://localhost")\nDEBUG = False\n',
    "store.py": '"""A store."""\n\n\nclass Store:\n    """Keeps things."""\n\n    def get(self, key):\n        return None\n',
    "logs.py": '"""Logs."""\n\nimport logging\n\nlog = logging.getLogger("app")\nlog.setLevel("INFO")\n',
    "models/base.py": '"""The base of all models."""\n\n\nclass Model:\n    id: str\n    name: str\n    created: str\n',
}
"""What a library holds, below its folder."""

PACKAGE = {"__init__.py": "", "models/__init__.py": "", **MODULES}
PROJECT = {
    "pyproject.toml": '[project]\nname = "media-common"\nversion = "1.0"\n',
    **{f"media_common/{path}": text for path, text in PACKAGE.items()},
}

DOCKERFILE = 'FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nCMD ["python", "main.py"]\n'
OWN_CONTEXT = 'FROM python:3.11-slim\nCOPY app/ ./app/\nCMD ["python", "-m", "app.main"]\n'

Files = Mapping[str, str]


def below(folder: str, files: Files) -> dict[str, str]:
    """Return files with a folder put before their paths."""
    return {f"{folder}/{path}": text for path, text in files.items()}


def service(folder: str, requirement: str = "", dockerfile: str = DOCKERFILE) -> dict[str, str]:
    """Return a small service of its own: a program, a Dockerfile, and requirements where it has any."""
    program = f'"""The program {folder}."""\n\nNAME = "{folder}"\nprint(NAME)\n'
    files = {"main.py": program, "Dockerfile": dockerfile}
    if requirement:
        files["requirements.txt"] = f"fastapi>=0.115\n{requirement}\n"
    return below(folder, files)


def build(root: Path, files: Files, *, git: bool = True) -> Path:
    """Write files below a folder and, with git, track them all.

    Args:
        root: The folder.
        files: Path → text.
        git: Whether it is a repository.
    """
    for path, text in files.items():
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(os.fsencode(text))
    if git:
        run_git(root, "init", "--quiet")
        run_git(root, "add", "--all")
    return root


def run_git(folder: Path, *arguments: str) -> None:
    """Run git in a folder, whatever the machine's own configuration says."""
    nobody = ("-c", "user.name=t", "-c", "user.email=t@example.invalid", "-c", "commit.gpgsign=false")
    here = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment = {**here, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["git", *nobody, *arguments], cwd=folder, env=environment, check=True, capture_output=True)
