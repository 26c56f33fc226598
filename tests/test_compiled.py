"""Compiled files that are linked from one environment to the next, with the real uv; and which ones are not."""

import os
import py_compile
import sys
from pathlib import Path

from support.environments import Environments, make_environments

from common_sync.edges.environments.compiled import link_compiled

TAG = str(sys.implementation.cache_tag)
WHERE = "import beta_b; print(beta_b.__cached__, beta_b.__loader__.get_code('beta_b').co_filename)"


def _compiled(repo: Environments, service: str, module: str) -> os.stat_result:
    (path,) = (repo.root / "services" / service / ".venv/lib").glob(f"*/site-packages/{module}/__pycache__/*.pyc")
    return path.stat()


def test_one_more_environment(tmp_path: Path) -> None:
    """Each update would compile all packages anew, and write them to the card; or import what belongs to another source."""
    repo = make_environments(tmp_path)
    assert repo.run("env", "sync", "api").code == 0
    first, kept = repo.current("api"), _compiled(repo, "api", "beta_b")
    repo.write("services/api/requirements.txt", "alpha==1.1\n-e ./common\n")
    assert repo.run("env", "sync", "api").code == 0
    assert repo.current("api") != first
    assert _compiled(repo, "api", "beta_b").st_ino == kept.st_ino
    assert _compiled(repo, "api", "alpha").st_nlink == 1, "what is new is compiled"
    cached, source = repo.python("api", WHERE).split()
    assert (f"envs/{repo.current('api')}/" in os.path.realpath(cached), cached.endswith(".pyc")) == (True, True)
    assert os.path.realpath(source).startswith(str(repo.root / "services/api/.venv/envs" / repo.current("api")))
    assert repo.python("api", "import alpha; print(alpha.VERSION)") == "1.1"
    assert repo.states("--deep", "api", code=0) == {"api": "in sync"}


def _make(folder: Path, text: str) -> Path:
    folder.mkdir()
    (folder / "m.py").write_text(text)
    py_compile.compile(str(folder / "m.py"), invalidation_mode=py_compile.PycInvalidationMode.TIMESTAMP)
    return folder / f"__pycache__/m.{TAG}.pyc"


def test_what_is_not_linked(tmp_path: Path) -> None:
    """An environment would run what another source was compiled to, or what another user may change."""
    other, here = tmp_path / "other", tmp_path / "here"
    origin = _make(other, "x = 1\n")
    here.mkdir()
    os.link(other / "m.py", here / "m.py")
    target, source = here / f"__pycache__/m.{TAG}.pyc", str(here / "m.py")

    def link() -> list[str]:
        return link_compiled([str(here)], [str(other)], TAG)

    assert link() == []
    assert target.stat().st_ino == origin.stat().st_ino
    target.unlink()
    data = origin.read_bytes()
    for head in (data[:4] + b"\1" + data[5:], data[:8] + b"\0\0\0\0" + data[12:], data[:12] + b"\7" + data[13:], b""):
        origin.write_bytes(head)  # by a hash; of another time; of another size; cut off
        assert link() == [source]
        assert not target.exists()
    origin.write_bytes(data)
    if os.geteuid() == 0:
        os.chown(origin, 4321, -1)
        assert link() == [source]
        os.chown(origin, 0, -1)
    (here / "m.py").unlink()
    (here / "m.py").write_text("x = 1\n")
    assert link() == [source], "it is another file, whatever it holds"
    assert link_compiled([str(tmp_path / "gone")], [str(other)], TAG) == []
