"""`context` through the real program: what Docker would build from, once all is in sync."""

import io
import os
import resource
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from support.depth import deep
from support.monorepo import PROGRAM, Done, Monorepo, environment, show

SERVICE = "services/api"


def stream(repo: Monorepo, *arguments: str) -> bytes:
    """Return the tar stream of the service `api`."""
    done = run(repo, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def run(repo: Monorepo, *arguments: str, service: str = SERVICE) -> "subprocess.CompletedProcess[bytes]":
    """Run `context`; its output is no text."""
    done = repo.run("context", service, *arguments)
    out, err = (text.encode("utf-8", "surrogateescape") for text in (done.out, done.err))
    return subprocess.CompletedProcess(("context", service, *arguments), done.code, out, err)


def members(data: bytes) -> dict[str, tarfile.TarInfo]:
    """Return what a stream holds."""
    with tarfile.open(fileobj=io.BytesIO(data), encoding="utf-8") as tar:
        return {member.name: member for member in tar}


def files(data: bytes) -> dict[str, bytes]:
    """Return the files in a stream."""
    with tarfile.open(fileobj=io.BytesIO(data), encoding="utf-8") as tar:
        return {one.name: file.read() for one in tar if (file := tar.extractfile(one)) is not None and one.isfile()}


def extract(data: bytes, folder: Path) -> Path:
    """Extract a stream as any machine would."""
    folder.mkdir()
    subprocess.run(["tar", "-x"], input=data, cwd=folder, check=True)
    return folder


def test_it_is_what_distribute_would_make(repo: Monorepo, tmp_path: Path) -> None:
    """An image would be built from something else than the service in sync."""
    repo.write(f"{SERVICE}/Dockerfile", "FROM scratch\n")
    repo.write(f"{SERVICE}/run.sh", "#!/bin/sh\n", executable=True)
    (repo.root / SERVICE / "link").symlink_to("app.py")
    before, stamps = repo.tree(), repo.stamps()
    folder = extract(stream(repo), tmp_path / "elsewhere")
    assert (repo.tree(), repo.stamps()) == (before, stamps), "the working tree is not touched"
    assert repo.run("distribute").code == 0
    assert Monorepo(folder).tree() == repo.tree(SERVICE)
    assert os.readlink(folder / "link") == "app.py"
    assert os.access(folder / "run.sh", os.X_OK)
    assert os.access(folder / "common/wait.sh", os.X_OK)
    assert not os.access(folder / "app.py", os.X_OK)
    assert repo.run("verify", "--copy", str(folder / "common")).code == 0


def test_the_same_bytes_for_the_same_content(repo: Monorepo) -> None:
    """A cache of builds would never be hit, and nobody could tell by a digest whether two builds are of the same."""
    (repo.root / SERVICE / "empty").mkdir()
    first = stream(repo)
    for file in (repo.root / SERVICE).rglob("*"):
        os.utime(file, (1, 1))
    (repo.root / SERVICE / "app.py").chmod(0o600)
    assert repo.run("distribute").code == 0
    assert stream(repo) == first
    assert stream(repo, "--output", "out.tar") == b""
    assert (repo.root / "out.tar").read_bytes() == first
    found = members(first)
    assert list(found) == sorted(found)
    assert {(one.uid, one.gid, one.uname, one.gname, one.mtime) for one in found.values()} == {
        (0, 0, "", "", 315619200)
    }
    assert {one.mode for one in found.values()} == {0o644, 0o755}
    assert found["empty"].isdir()


def test_what_docker_would_leave_out(repo: Monorepo) -> None:
    """An image would hold what its .dockerignore keeps out, because Docker reads none for a stream."""
    repo.write(f"{SERVICE}/Dockerfile", "FROM scratch\n")
    repo.write(f"{SERVICE}/.dockerignore", "*\n!app.py\n!common\n!deep/er\n**/secret\n")
    for path in (".env", "deep/x", "deep/er/x", "deep/er/secret", "cache/x", ".common-sync.tmp"):
        repo.write(f"{SERVICE}/{path}")
    found = files(stream(repo))
    own = {path for path in found if not path.startswith("common/")}
    assert own == {"Dockerfile", ".dockerignore", "app.py", "deep/er/x"}
    assert "common/.common-sync.json" in found
    assert found[".dockerignore"].endswith(b"\n\n*\n!app.py\n!common\n!deep/er\n**/secret\n")


def test_a_dockerfile_with_an_ignore_file_of_its_own(repo: Monorepo) -> None:
    """The wrong files would be in the image of the one Dockerfile that has rules of its own."""
    repo.write(f"{SERVICE}/docker/Dockerfile.dev", "FROM scratch\n")
    repo.write(f"{SERVICE}/docker/Dockerfile.dev.dockerignore", "*\n!common\n")
    found = files(stream(repo, "--file", "docker/Dockerfile.dev"))
    own = {path for path in found if not path.startswith("common/")}
    assert own == {"docker/Dockerfile.dev", "docker/Dockerfile.dev.dockerignore"}
    assert "requirements.txt" in files(stream(repo))
    done = run(repo, "-f", "Dockerfile.prod")
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"services/api/Dockerfile.prod: there is no such Dockerfile" in done.stderr


def test_nothing_from_outside_the_service(repo: Monorepo, tmp_path: Path) -> None:
    """A file of the machine, a password perhaps, would be sent to whoever builds the image."""
    repo.write("secret", "s3cret\n")
    (tmp_path / "far").write_text("s3cret\n")
    (repo.root / SERVICE / "link").symlink_to("../../secret")
    (repo.root / SERVICE / "above").symlink_to("../..")
    for named in ("../../secret", "/etc/hostname", str(tmp_path / "far"), "link", "above/secret", "..", "."):
        done = run(repo, "--file", named)
        assert (done.returncode, done.stdout) == (2, b""), named
        assert b"is not inside the service" in done.stderr, named
    repo.write(f"{SERVICE}/..build/Dockerfile", "FROM scratch\n")
    assert "..build/Dockerfile" in members(stream(repo, "--file", "x/../..build//Dockerfile"))


@pytest.mark.parametrize("name", ["build.txt.dockerignore", ".dockerignore"])
def test_an_ignore_file_without_an_end(repo: Monorepo, name: str) -> None:
    """The memory of a machine would be filled by a symlink that a commit has put there."""
    repo.write(f"{SERVICE}/build.txt", "FROM scratch\n")
    (repo.root / SERVICE / name).symlink_to("/dev/zero")
    limited = ("prlimit", f"--as={1 << 30}", *PROGRAM, "context", SERVICE, "--file", "build.txt")
    done = subprocess.run(limited, cwd=repo.root, env=environment(), capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (2, b"")
    assert f"{SERVICE}/{name}".encode() in done.stderr


def test_an_edited_copy_is_not_passed_over(synced: Monorepo) -> None:
    """Somebody would build an image to try an edit in the copy, and try the master instead without being told."""
    synced.write(f"{SERVICE}/common/our_common/settings.py", "edited\n")
    synced.write(f"{SERVICE}/common/mine.py", "mine\n")
    done = run(synced)
    assert (done.returncode, done.stdout) == (1, b"")
    for word in (b"settings.py: CS003", b"mine.py: CS005", b"nothing was written", b"--force"):
        assert word in done.stderr
    forced = run(synced, "--force")
    assert forced.returncode == 0
    found = files(forced.stdout)
    assert found["common/our_common/settings.py"] == b"DEBUG = False\n"
    assert "common/mine.py" not in found
    assert synced.read(f"{SERVICE}/common/our_common/settings.py") == "edited\n"


def test_what_stays_wrong_is_said(repo: Monorepo) -> None:
    """A build would go on without the library, and the pipe would end well."""
    repo.write(f"{SERVICE}/.dockerignore", "common\n")
    done = run(repo)
    assert done.returncode == 1
    assert b"services/api/.dockerignore:1: CS115 'common' keeps the copy out of the build context" in b" ".join(
        done.stderr.split()
    )
    assert not any(path.startswith("common/") for path in files(done.stdout))


def test_names_of_all_kinds(repo: Monorepo) -> None:
    """A file would be missing in the image for its name."""
    folder = os.fsencode(repo.root / SERVICE)
    names = [b"\xff\xfe.bin", b"new\nline", "für".encode(), b"n" * 200, b"-x", b" "]
    for name in names:
        (Path(os.fsdecode(folder)) / os.fsdecode(name)).write_bytes(b"x")
    (repo.root / "common/sub").mkdir()
    (Path(os.fsdecode(repo.root / "common/sub")) / os.fsdecode(b"\xe4" * 150)).write_bytes(b"x")
    found = {os.fsencode(name) for name in files(stream(repo))}
    assert found.issuperset({*names, b"common/sub/" + b"\xe4" * 150})


def test_not_for_a_terminal(repo: Monorepo) -> None:
    """A terminal would be filled with bytes, and then behave oddly."""
    done: Done = show(*PROGRAM, "context", SERVICE, cwd=repo.root)
    assert done.code == 2
    assert "docker build -" in done.out
    assert "\0" not in done.out


def test_a_dockerignore_that_docker_refuses(repo: Monorepo) -> None:
    """A stream would be made by rules that nobody knows."""
    repo.write(f"{SERVICE}/.dockerignore", "ok\n[\n")
    done = run(repo)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"services/api/.dockerignore:2: cannot be parsed" in done.stderr


def test_the_reader_goes_away(repo: Monorepo) -> None:
    """A failed `docker build` would be buried under a traceback."""
    repo.write(f"{SERVICE}/large.bin", bytes(3 << 20))
    command = f"{sys.executable} -m common_sync context api | head -c 100 > /dev/null; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", command], cwd=repo.root, env=environment(), capture_output=True, check=True, text=True
    )
    assert done.stdout == "2\n"
    assert "Traceback" not in done.stderr


def test_nothing_is_left_of_an_output_that_fails(repo: Monorepo) -> None:
    """Half a stream would be taken for a whole one."""
    repo.write(f"{SERVICE}/.dockerignore", "[\n")
    repo.write("out.tar", "older")
    assert run(repo, "-o", "out.tar").returncode == 2
    assert repo.read("out.tar") == "older"
    assert repo.run("context", "api", "-o", "missing/out.tar").code == 2
    repo.write(f"{SERVICE}/.dockerignore", "")
    assert run(repo, "-o", os.devnull).returncode == 0
    assert Path(os.devnull).is_char_device()
    assert repo.leftovers() == []


@deep("how much memory is taken")
@pytest.mark.parametrize("where", ["common", SERVICE])
def test_a_large_file_is_not_held(repo: Monorepo, where: str) -> None:
    """A model of some gigabytes would not fit into the memory of a machine that builds."""
    with (repo.root / where / "model.bin").open("wb") as file:
        file.truncate(300 << 20)
    limit = 200 << 20
    with subprocess.Popen(
        [*PROGRAM, "context", "api"],
        cwd=repo.root,
        env=environment(),
        stdout=subprocess.PIPE,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (limit, limit)),  # noqa: PLW1509 - no threads here
    ) as process:
        assert process.stdout is not None
        size = 0
        while block := process.stdout.read(1 << 20):
            size += len(block)
    assert (process.returncode, size > 300 << 20) == (0, True)
