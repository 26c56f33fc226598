"""Two repositories: a library in one, and services in another one that take it from there."""

import os
import shutil
from pathlib import Path

from support.monorepo import Done, Monorepo

API, WORKER, LOCK = "services/api", "services/worker", "common-sync.lock"
FILE = "common/our_common/settings.py"
CONFIGURATION = 'services = ["services/*"]\nmaster = { git = "../platform", ref = "v1", path = "python/common" }\n'


class Pair:
    """A repository that takes a library from another one beside it, with a cache of its own."""

    def __init__(self, folder: Path) -> None:
        self.app, self.platform, self.cache = Monorepo(folder / "app"), Monorepo(folder / "platform"), folder / "cache"
        self.log = folder / "asked"
        self.env = {"XDG_CACHE_HOME": str(self.cache), "PATH": f"{folder / 'bin'}:{os.environ['PATH']}"}
        self._make_git(folder / "bin")

    def _make_git(self, folder: Path) -> None:
        """Put a git before the real one that writes down what it is asked."""
        folder.mkdir()
        real = shutil.which("git")
        script = folder / "git"
        script.write_text(f'#!/bin/sh\necho "$@" >> {self.log}\nexec {real} "$@"\n')
        script.chmod(0o755)

    def run(self, *words: str) -> Done:
        """Run common-sync in the repository."""
        return self.app.run(*words, env=self.env)

    def trees(self) -> list[Path]:
        """Return the trees in the cache."""
        return sorted((self.cache / "common-sync/trees").glob("[!.]*"))

    def asked(self) -> str:
        """Return what git was asked since the last time."""
        text = self.log.read_text() if self.log.exists() else ""
        self.log.unlink(missing_ok=True)
        return text

    def connected(self) -> bool:
        """Tell whether git was asked for what connects, since the last time."""
        return any(f" {word} " in self.asked_once for word in ("fetch", "ls-remote", "clone", "pull"))

    @property
    def asked_once(self) -> str:
        """What git was asked, as one text with a space at each end."""
        return f" {' '.join(self.asked().split())} "


def make_pair(folder: Path) -> Pair:
    """Return two repositories: a library with two releases, and two services that are to get the first."""
    pair = Pair(folder)
    for repo in (pair.platform, pair.app):
        repo.root.mkdir()
        repo.git("init", "-q", "-b", "main")
    pair.platform.write("python/common/pyproject.toml", '[project]\nname = "our-common"\nversion = "1.0"\n')
    pair.platform.write("python/common/our_common/settings.py", "DEBUG = False\n")
    pair.platform.write("python/common/wait.sh", "#!/bin/sh\n", executable=True)
    pair.platform.write("much.bin", os.urandom(100_000))
    pair.platform.commit("one")
    pair.platform.git("tag", "-a", "v1", "-m", "v1")
    pair.platform.write("python/common/our_common/settings.py", "DEBUG = True\n")
    pair.platform.commit("two", date="2026-01-02T00:00:00Z")
    pair.platform.git("tag", "common-v2")
    pair.app.write("common-sync.toml", CONFIGURATION)
    for service in (API, WORKER):
        pair.app.write(f"{service}/requirements.txt", "-e ./common\n")
    pair.app.commit("the beginning")
    return pair
