"""What docs/private-index.md says, by real indexes: pypiserver and devpi, asked by the real pip and uv, without a network."""

import hashlib
import json
import socket
import subprocess
import sys
import urllib.request
import zipfile
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from support.depth import skip
from support.monorepo import Done, environment, run
from support.waiting import PATIENCE, wait_for

PROJECT = Path(__file__).parents[2]
TOOLS = PROJECT / ".look" / "indexes" / "bin"
OURS, STRANGERS = "ours", "a stranger's"


class Indexes(NamedTuple):
    """A private index with the library, and a public one with a stranger's package of the same name."""

    private: str  # the private one's address
    public: str  # the public one's
    wheel: Path  # the library's only file


def tool(name: str) -> str:
    """Return the path of a program that `make look` installs; without it the test is skipped, and fails in CI."""
    if not (TOOLS / name).exists():
        skip(f"NOT TESTED: {name} is not installed here, see what `make look` says above")
    return str(TOOLS / name)


@contextmanager
def serving(folder: Path, name: str, *options: str) -> Iterator[str]:
    """Start a server, whose last option is its port; yield its address once it answers."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    log = (folder / f"{name}.log").open("wb")
    process = subprocess.Popen([tool(name), *options, str(port)], env=environment(), stdout=log, stderr=log)
    try:
        wait_for(lambda: _answers(port), process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(PATIENCE)
        log.close()


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), PATIENCE).close()
    except OSError:
        return False
    return True


def make_wheel(folder: Path, version: str, says: str) -> Path:
    """Write a wheel of our-common."""
    folder.mkdir(exist_ok=True)
    path, info = folder / f"our_common-{version}-py3-none-any.whl", f"our_common-{version}.dist-info"
    files = {
        "our_common.py": f'WHOSE = "{says}"\n',
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: our-common\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},,\n" for name in (*files, f"{info}/RECORD"))
    with zipfile.ZipFile(path, "w") as wheel:
        for name, text in {**files, f"{info}/RECORD": record}.items():
            wheel.writestr(name, text)
    return path


@pytest.fixture(scope="module")
def indexes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Indexes]:
    """Return the two indexes, both by pypiserver; a stranger has the library's version, and a higher one."""
    folder = tmp_path_factory.mktemp("indexes")
    wheel = make_wheel(folder / "private", "1.0.0", OURS)
    for version in ("1.0.0", "99.0.0"):
        make_wheel(folder / "public", version, STRANGERS)
    with ExitStack() as servers:
        private, public = (
            servers.enter_context(
                serving(
                    folder, "pypi-server", "run", "--disable-fallback", "-a", ".", "-P", ".", str(folder / name), "-p"
                )
            )
            for name in ("private", "public")
        )
        yield Indexes(f"{private}/simple/", f"{public}/simple/", wheel)


def install(place: Path, requirements: str, *options: str) -> str:
    """Install into a folder by pip; return whose library is there."""
    (place / "requirements.txt").write_text(requirements)
    words = ("install", "-q", "--isolated", "--no-cache-dir", "--no-deps", "--target", "lib", "-r", "requirements.txt")
    done = run(sys.executable, "-m", "pip", *words, *options, cwd=place)
    assert done.code == 0, done
    return _whose(place / "lib" / "our_common.py")


def _whose(module: Path) -> str:
    return module.read_text().partition('"')[2].rstrip('"\n')


def test_who_answers_pip(indexes: Indexes, tmp_path: Path) -> None:
    """A reader would take a way for safe by which a stranger's package comes into the image."""
    both = ("--index-url", indexes.private, "--extra-index-url", indexes.public)
    turned = ("--index-url", indexes.public, "--extra-index-url", indexes.private)
    sha = hashlib.sha256(indexes.wheel.read_bytes()).hexdigest()
    rows = {
        "any version": ("our-common\n", both, {STRANGERS}),
        "hash": (f"our-common==1.0.0 --hash=sha256:{sha}\n", both, {OURS}),
        "hash, the other way round": (f"our-common==1.0.0 --hash=sha256:{sha}\n", turned, {OURS}),
        "one index": ("our-common\n", both[:2], {OURS}),
    }
    for name, (requirements, options, expected) in rows.items():
        place = tmp_path / name
        place.mkdir()
        assert {install(place, requirements, *options)} == expected, name
    pinned = []
    for at, options in enumerate((both, turned)):
        (place := tmp_path / str(at)).mkdir()
        pinned.append(install(place, "our-common==1.0.0\n", *options))
    assert sorted(pinned) == [STRANGERS, OURS], "the order of the options decides"


def uv(*words: str, cwd: Path, **variables: str) -> Done:
    """Run uv, which knows no settings and no cache of this machine."""
    env = {"UV_CACHE_DIR": str(cwd / ".cache"), "UV_NO_CONFIG": "1", "UV_PYTHON_DOWNLOADS": "never", **variables}
    return run(str(Path(sys.executable).with_name("uv")), *words, cwd=cwd, env=env)


def test_who_answers_uv(indexes: Indexes, tmp_path: Path) -> None:
    """The lock of a project would hold a stranger's package, with its hash."""
    project = (
        '[project]\nname = "api"\nversion = "1"\nrequires-python = ">=3.11"\ndependencies = ["our-common"]\n\n'
        f'[[tool.uv.index]]\nname = "private"\nurl = "{indexes.private}"\nexplicit = true\n\n'
        f'[[tool.uv.index]]\nname = "public"\nurl = "{indexes.public}"\ndefault = true\n\n'
    )
    source = '[tool.uv.sources]\nour-common = { index = "private" }\n'
    first = project.replace("explicit = true\n", "")
    for text, expected in (
        (project, indexes.public),
        (first, indexes.private),
        (project + source, indexes.private),
    ):
        (tmp_path / "pyproject.toml").write_text(text)
        (tmp_path / "uv.lock").unlink(missing_ok=True)
        done = uv("lock", cwd=tmp_path, UV_NO_CONFIG="0", UV_PYTHON=sys.executable)
        assert done.code == 0, done
        lock = (tmp_path / "uv.lock").read_text()
        assert f'name = "our-common"\nversion = "{"99.0.0" if text == project else "1.0.0"}"' in lock
        assert f'registry = "{expected}"' in lock
        assert 'hash = "sha256:' in lock


def test_publishing_twice(tmp_path: Path) -> None:
    """A version that is out would get other contents, or a job that runs again would fail."""
    common = tmp_path / "common"
    common.mkdir()
    build = '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
    (common / "pyproject.toml").write_text(f'{build}[project]\nname = "our-common"\nversion = "1.0.0"\n')
    module = common / "our_common.py"
    (tmp_path / "files").mkdir()

    def publish(text: str, url: str) -> tuple[bytes, Done]:
        module.write_text(text)
        words = ("build", "--wheel", "common", "--out-dir", "dist", "--no-build-isolation", "--python", sys.executable)
        done = uv(*words, cwd=tmp_path, SOURCE_DATE_EPOCH="315532800")
        assert done.code == 0, done
        (wheel,) = (tmp_path / "dist").glob("*.whl")
        login = ("--username", "x", "--password", "x")
        where = ("--publish-url", f"{url}/", "--check-url", f"{url}/simple/")
        return wheel.read_bytes(), uv("publish", *where, *login, str(wheel), cwd=tmp_path)

    with serving(
        tmp_path, "pypi-server", "run", "--disable-fallback", "-a", ".", "-P", ".", str(tmp_path / "files"), "-p"
    ) as url:
        first, done = publish("A = 1\n", url)
        assert done.code == 0, done
        again, done = publish("A = 1\n", url)
        assert (again == first, done.code) == (True, 0), done
        other, done = publish("A = 2\n", url)
        assert (other == first, done.code) == (False, 2), done


def test_devpi_hides_what_a_stranger_has(indexes: Indexes, tmp_path: Path) -> None:
    """With one index in front of all, the public one's package would be among the versions all the same."""
    data = ("--serverdir", str(tmp_path / "data"))
    done = run(tool("devpi-init"), *data, "--no-root-pypi", "--root-passwd", "secret", cwd=tmp_path)
    assert done.code == 0, done
    with serving(tmp_path, "devpi-server", *data, "--port") as url:
        token = _ask(f"{url}/+login", "POST", {"user": "root", "password": "secret"})["result"]
        assert isinstance(token, dict)
        login = b64encode(f"root:{token['password']}".encode()).decode()
        mirror = {"type": "mirror", "mirror_url": indexes.public, "mirror_no_project_list": True}
        _ask(f"{url}/root/public", "PUT", mirror, login)
        _ask(f"{url}/root/all", "PUT", {"type": "stage", "bases": ["root/public"]}, login)
        assert "99.0.0" in _read(f"{url}/root/all/+simple/our-common/"), "it is known by the mirror"
        words = ("publish", "--publish-url", f"{url}/root/all/", "--username", "root", "--password", "secret")
        done = uv(*words, str(indexes.wheel), cwd=tmp_path)
        assert done.code == 0, done
        assert "99.0.0" not in _read(f"{url}/root/all/+simple/our-common/")
        index = ("--index-url", f"{url}/root/all/+simple/")
        assert install(tmp_path, "our-common\n", *index) == OURS
        words = ("pip", "install", "--python", sys.executable, "--target", "by-uv", "our-common")
        done = uv(*words, *index, cwd=tmp_path)
        assert done.code == 0, done
        assert _whose(tmp_path / "by-uv" / "our_common.py") == OURS


def _ask(url: str, method: str, body: dict[str, object], login: str = "") -> dict[str, object]:
    headers = {"Content-Type": "application/json", **({"X-Devpi-Auth": login} if login else {})}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers, method=method)  # noqa: S310 - it is ours
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310 - as above
        found: dict[str, object] = json.load(answer)
        return found


def _read(url: str) -> str:
    with urllib.request.urlopen(url, timeout=PATIENCE) as answer:  # noqa: S310 - it is ours
        text: str = answer.read().decode()
        return text
