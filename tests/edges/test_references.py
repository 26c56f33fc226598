"""Which files of a service pip reads, what they include, and which of them are the service's own to rewrite."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
from support.monorepo import Monorepo

from common_sync.core.copies.library import Library
from common_sync.core.copies.rules import Rules
from common_sync.core.model import File
from common_sync.edges.service.listing import list_files
from common_sync.edges.service.places import Location
from common_sync.edges.service.references import References, read_references

MASTER, LINE = "-e ../../common\n", "-e ./common\n"
API = "services/api"


class Case(NamedTuple):
    """The files of a repository, and what is to be found in them.

    Attributes:
        files: Path from the root → content; what begins with `-> ` is a symlink.
        references: File, line, state.
        edits: Path inside the service → what it is to hold.
        findings: Code, file, line.
    """

    files: Mapping[str, str]
    references: tuple[tuple[str, int, str], ...] = ()
    edits: Mapping[str, str] = {}
    findings: tuple[tuple[str, str, int | None], ...] = ()


def _found(*names: str) -> tuple[tuple[str, int, str], ...]:
    return tuple((f"{API}/{name}", 1, "points-at-master") for name in names)


NAMES = (
    "constraints.txt", "dev-requirements.txt", "requirements-dev.txt", "requirements.in", "requirements.txt",
    "requirements_test.txt", "requirements/base.txt", "requirements/deep.in", "requirements/prod.txt",
)  # fmt: skip

CASES = {
    "every name that pip's users give": Case(
        {f"{API}/{name}": MASTER for name in NAMES}, _found(*NAMES), dict.fromkeys(NAMES, LINE)
    ),
    "what is not read by pip": Case(
        {
            f"{API}/{name}": MASTER
            for name in (
                "notes.txt", "requirements.md", "requirements.txt.bak", "requirements/README.md", "sub/requirements.txt",
                "requirements/sub/base.txt", "Requirements.TXT",
            )
        }
    ),
    "an include": Case(
        {f"{API}/requirements.txt": "-r more/one.list\n--constraint=../all.cfg\n", f"{API}/more/one.list": MASTER},
        _found("more/one.list"), {"more/one.list": LINE},
    ),
    "an include is beside the file, and a path from the service's folder": Case(
        {
            f"{API}/requirements.txt": "-r more/one.list\n", f"{API}/more/one.list": "-r two.list\n",
            f"{API}/more/two.list": "-r ../three.list\n", f"{API}/three.list": MASTER,
        },
        _found("three.list"), {"three.list": LINE},
    ),
    "a circle": Case(
        {f"{API}/requirements.txt": "-r a.cfg\n" + MASTER, f"{API}/a.cfg": "-r requirements.txt\n" + MASTER},
        ((f"{API}/requirements.txt", 2, "points-at-master"), (f"{API}/a.cfg", 2, "points-at-master")),
        {"requirements.txt": "-r a.cfg\n" + LINE, "a.cfg": "-r requirements.txt\n" + LINE},
    ),
    "a file that is included twice": Case(
        {f"{API}/requirements.txt": "-r a.cfg\n-r ./a.cfg\n", f"{API}/a.cfg": MASTER}, _found("a.cfg"), {"a.cfg": LINE}
    ),
    "an include that is not there": Case({f"{API}/requirements.txt": "-r nothing.txt\n-r requirements.txt/x\n"}),
    "an include that is a folder": Case({f"{API}/requirements.txt": "-r more\n", f"{API}/more/x": MASTER}),
    "a file that is not the service's own": Case(
        {f"{API}/requirements.txt": "-r ../../all.txt\n", "all.txt": "x\n" + MASTER},
        (("all.txt", 2, "foreign"),), {}, (("CS103", "all.txt", 2),),
    ),
    "a file of another service": Case(
        {f"{API}/requirements.txt": "-r ../worker/requirements.txt\n", "services/worker/requirements.txt": MASTER},
        (("services/worker/requirements.txt", 1, "foreign"),), {}, (("CS103", "services/worker/requirements.txt", 1),),
    ),
    "a file of the master is included": Case(
        {f"{API}/requirements.txt": "-r ../../common/requirements.txt\n", "common/requirements.txt": "x\n"},
        _found("requirements.txt"), {"requirements.txt": "-r common/requirements.txt\n"},
    ),
    "a file that is not copied is included": Case(
        {f"{API}/requirements.txt": "-r ../../common/other.txt\n", "common/other.txt": "x\n"},
        _found("requirements.txt"), {"requirements.txt": "-r common/other.txt\n"},
        (("CS107", f"{API}/requirements.txt", 1),),
    ),
    "a file of the copy is never rewritten": Case(
        {f"{API}/requirements.txt": "-r common/requirements.txt\n", f"{API}/common/requirements.txt": MASTER},
        ((f"{API}/requirements.txt", 1, "points-at-copy"),),
    ),
    "a symlink inside the service": Case(
        {f"{API}/requirements.txt": "-> deploy/real.cfg", f"{API}/deploy/real.cfg": MASTER},
        _found("deploy/real.cfg"), {"deploy/real.cfg": LINE},
    ),
    "two names of one file": Case(
        {f"{API}/requirements.txt": MASTER, f"{API}/requirements-dev.txt": "-> requirements.txt"},
        _found("requirements.txt"), {"requirements.txt": LINE},
    ),
    "a symlink out of the service": Case(
        {f"{API}/requirements.txt": "-> ../../all.txt", "all.txt": MASTER},
        (("all.txt", 1, "foreign"),), {}, (("CS103", "all.txt", 1),),
    ),
    "a symlink into the master": Case(
        {f"{API}/requirements.txt": "-> ../../common/requirements.txt", "common/requirements.txt": MASTER}
    ),
    "a symlink that leads nowhere": Case({f"{API}/requirements.txt": "-> nothing"}),
    "a folder that is a symlink": Case({f"{API}/requirements": "-> ../../reqs", "reqs/base.txt": MASTER}),
    "a folder of that name, and a file": Case(
        {f"{API}/requirements.txt/x": MASTER, f"{API}/requirements": "a file\n"}
    ),
    "a master that is reached through a symlink": Case(
        {f"{API}/requirements.txt": "-e ../../link\n", "link": "-> common"},
        _found("requirements.txt"), {"requirements.txt": LINE},
    ),
    "a neighbour with a longer name": Case(
        {f"{API}/requirements.txt": "-e ../../common-utils\n-e ../../commons\n", "common-utils/x": "", "commons/x": ""}
    ),
    "a roundabout way": Case(
        {f"{API}/requirements.txt": "-e ./../../services/../common/\n"},
        _found("requirements.txt"), {"requirements.txt": "-e ./common/\n"},
    ),
    "a variable": Case(
        {f"{API}/requirements.txt": "${ROOT}/common\n"},
        ((f"{API}/requirements.txt", 1, "unresolved"),), {}, (("CS102", f"{API}/requirements.txt", 1),),
    ),
    "an encoding that lacks the copy's name": Case(
        {f"{API}/requirements.txt": "# coding: ascii\n" + MASTER},
        ((f"{API}/requirements.txt", 2, "points-at-master"),), {"requirements.txt": "# coding: ascii\n" + LINE},
    ),
}  # fmt: skip


def write(root: Path, files: Mapping[str, str]) -> None:
    """Write files and symlinks."""
    for path, content in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if content.startswith("-> "):
            file.symlink_to(content.removeprefix("-> "))
        else:
            file.write_text(content)


def read(root: Path, copy: str = "common") -> References:
    """Read the references of the service `api`."""
    return read_references(
        [
            Location(
                str(root),
                Library("common", "common", copy, Rules(())),
                {"requirements.txt": File("", executable=False)},
            )
        ],
        API,
    )


@pytest.mark.parametrize("name", CASES)
def test_which_files_are_read(tmp_path: Path, name: str) -> None:
    """A service would be built from a requirements file that still leads out of it, or somebody else's would be edited."""
    case = CASES[name]
    write(tmp_path, {f"{API}/app.py": "", "common/x.py": "", **case.files})
    found = read(tmp_path)
    assert sorted((one.file, one.line, one.state) for one in found.references) == sorted(case.references)
    assert {one.library for one in found.references} <= {"common"}
    assert {edit.path.removeprefix(f"{API}/"): (edit.after or b"").decode() for edit in found.edits} == case.edits
    assert [(one.code, one.file, one.line) for one in found.findings] == list(case.findings)
    assert all((tmp_path / edit.path).read_bytes() == edit.before for edit in found.edits)


def test_the_files_in_their_order(tmp_path: Path) -> None:
    """The same repository would print its findings in another order on another machine."""
    write(tmp_path, {f"{API}/{name}": MASTER for name in NAMES})
    plain = [name for name in NAMES if "/" not in name]
    names = [name for name, _ in list_files(str(tmp_path / API))]
    assert names == [*plain, "requirements/base.txt", "requirements/deep.in", "requirements/prod.txt"]
    assert [one.file for one in read(tmp_path).references] == [f"{API}/{name}" for name in (*plain, *NAMES[6:])]


def test_what_is_no_part_of_the_service(tmp_path: Path) -> None:
    """A copy, another service inside this one or somebody's other repository would be taken for this service's files."""
    inside = ("requirements/.git/config", "requirements/base.txt")
    write(tmp_path, {f"{API}/{name}": MASTER for name in ("requirements.txt", *inside)})
    assert [name for name, _ in list_files(str(tmp_path / API))] == ["requirements.txt"]
    write(tmp_path, {"worker/requirements/base.txt": MASTER})
    assert list_files(str(tmp_path / "worker"), {str(tmp_path / "worker/requirements")}) == []


def test_a_copy_whose_name_the_encoding_lacks(tmp_path: Path) -> None:
    """A file would be written in another encoding than it says."""
    write(tmp_path, {f"{API}/requirements.txt": "# coding: ascii\n" + MASTER, "common/x.py": ""})
    found = read(tmp_path, "gemeinsam/für-alle")
    assert (found.edits, [one.code for one in found.findings]) == ((), ["CS106"])


def test_a_file_that_no_person_wrote(tmp_path: Path) -> None:
    """A large data file with an unlucky name would be read into memory, or be cut short when it is written back."""
    write(tmp_path, {f"{API}/app.py": "", "common/x.py": ""})
    with (tmp_path / API / "requirements.txt").open("wb") as file:
        file.truncate((16 << 20) + 1)
    found = read(tmp_path)
    assert (found.edits, [one.code for one in found.findings]) == ((), ["CS104"])


def test_a_fifo_is_not_waited_for(tmp_path: Path) -> None:
    """A run would hang."""
    write(tmp_path, {f"{API}/app.py": "", "common/x.py": ""})
    os.mkfifo(tmp_path / API / "requirements.txt")
    assert read(tmp_path) == References()


def test_through_the_program(synced: Monorepo) -> None:
    """The files would be found, and then not be rewritten, or the wrong ones."""
    synced.write("all.txt", MASTER)
    synced.write(f"{API}/requirements.txt", "-r deploy/base.cfg\n-r ../../all.txt\n")
    base = synced.write(f"{API}/deploy/base.cfg", "# ours\r\n-e  ../../common   # shared\r\n")
    base.chmod(0o604)
    (synced.root / API / "requirements-dev.txt").symlink_to("deploy/base.cfg")
    assert "all.txt:1: CS103 " in synced.concise("distribute", "--dry-run").out
    done = synced.run("distribute")
    assert done.code == 1
    assert "✗ services/api  deploy/base.cfg, 1 error\n" in done.out
    assert base.read_bytes() == b"# ours\r\n-e  ./common   # shared\r\n"
    assert base.stat().st_mode & 0o777 == 0o604
    assert synced.read("all.txt") == MASTER
    assert (synced.root / API / "requirements-dev.txt").is_symlink()
    stamps = synced.stamps()
    assert synced.run("distribute").code == 1
    assert synced.stamps() == stamps


def test_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    """A circle of symlinks would end the run with a traceback."""
    from common_sync.core.errors import TreeError

    write(tmp_path, {f"{API}/requirements.txt": "-> requirements.txt", "common/x.py": ""})
    with pytest.raises(
        TreeError, match=r"services/api/requirements.txt: cannot read it: too many levels of symbolic links"
    ):
        read(tmp_path)


@pytest.mark.parametrize("name", ["requirements.txt", "Dockerfile", "docker-compose.yml", "pyproject.toml"])
def test_a_merge_that_is_not_finished(tmp_path: Path, name: str) -> None:
    """One side of a merge would be dropped, or rewritten, before anybody has chosen."""
    text = "x\n<<<<<<< HEAD\n-e ./common\n=======\n-e ../../common\n>>>>>>> theirs\n"
    write(tmp_path, {f"{API}/{name}": text, "common/x.py": ""})
    found = read(tmp_path)
    assert (found.edits, [(one.code, one.line) for one in found.findings]) == ((), [("CS108", 2)])


def test_a_copy_that_the_configuration_has_forgotten(tmp_path: Path) -> None:
    """After the master was renamed, services would go on with the copies of before, and every check would be green."""
    write(tmp_path, {f"{API}/old/.common-sync.json": "{}", f"{API}/common/.common-sync.json": "{}", "common/x.py": ""})
    found = read(tmp_path)
    assert [(one.code, one.file) for one in found.findings] == [("CS119", f"{API}/old/.common-sync.json")]
