"""The probe as a program: what a manifest states reaches it whole, whatever is in it."""

import ast
import json
import sys
from contextlib import suppress

import pytest

from common_sync.core.copies.manifest import make_manifest
from common_sync.core.fleet.probe import Part, ask_folders, ask_processes, make_probe, make_program
from common_sync.core.model import Entries, File, Origin, Symlink

FILES: Entries = {
    "a.py": File("0" * 64, executable=False),
    "run": File("1" * 64, executable=True),
    "it's \udcff\n": Symlink("a.py"),
}
FILES_TOLD = "\0".join(["a.py", "file", "0" * 64, "run", "exec", "1" * 64, "it's \udcff\n", "link", "a.py"])


def job_of(program: str) -> list[object]:
    """Return what a program hands to the probe."""
    (job,) = (node.value for node in ast.parse(program).body if isinstance(node, ast.Assign))
    told = ast.literal_eval(job)
    assert isinstance(told, list)
    return told


def test_what_a_probe_is_told() -> None:
    """A name with a quote or a byte that is no UTF-8 would break the program, or run as a part of it."""
    manifest = make_manifest(Origin("media-common", "common", "1.0.2"), FILES)
    program = make_probe("", [("it's common", manifest)], ["/mine"])
    assert program.isascii()
    wanted, left_alone = job_of(program)
    assert wanted == [["it's common", f"media-common 1.0.2, {manifest.tree}", FILES_TOLD]]
    assert isinstance(left_alone, list)
    assert {"/.common-sync.json", "/mine", "__pycache__/", "*.pyc"} <= set(left_alone)


def test_a_library_without_a_version_and_with_an_odd_name() -> None:
    """A terminal at the other end would be sent a control sequence, or a letter that its encoding lacks."""
    manifest = make_manifest(Origin("b\u00fccher\x1b[2J", "common", None), {})
    wanted, _ = job_of(make_probe("", [("common", manifest)], ()))
    assert wanted == [["common", ascii(f"b\u00fccher\x1b[2J, {manifest.tree}"), ""]]


def test_what_a_machine_is_asked() -> None:
    """A folder would be held against another copy's files, or a path with a quote run as a part of the program."""
    one = make_manifest(Origin("media-common", "common", "1.0.2"), FILES)
    other = make_manifest(Origin("media-common", "common", "1.0.1"), {})
    program = make_program(ask_folders("", "mark", 60, [(one, "/a"), (other, "/it's \udcff"), (one, "/c")], ["/mine"]))
    assert program.isascii()
    mark, seconds, left_alone, wanted, places = job_of(program)
    assert (mark, seconds, wanted) == ("mark", 60, [FILES_TOLD, ""])
    assert places == [[0, "/a"], [1, "/it's \udcff"], [0, "/c"]]
    assert isinstance(left_alone, list)
    assert "/mine" in left_alone


def test_what_a_machine_is_asked_of_its_processes() -> None:
    """A process would be held against another folder's files, or a unit's name run as a part of the program."""
    one = make_manifest(Origin("media-common", "common", "1.0.2"), FILES)
    other = make_manifest(Origin("events", "libs/events", None), {})
    places = [(one, "/a", "container"), (other, "/b", "it's.service"), (one, "/c", "")]
    program = make_program(ask_processes({"probe": "", "running": ""}, "mark", 60, places, ["/mine"]))
    assert program.isascii()
    assert compile(program, "program", "exec")
    words = [str(node.value) for node in ast.walk(ast.parse(program)) if isinstance(node, ast.Constant)]
    ((name, call, job),) = json.loads(next(one for one in words if one.startswith('[["common_sync.remote.running", "')))
    assert (name, call) == ("common_sync.remote.running", "answer")
    mark, seconds, left_alone, wanted, asked = job
    assert (mark, seconds, wanted) == ("mark", 60, [FILES_TOLD, ""])
    assert asked == [
        [0, "/a", "media-common", "container"],
        [1, "/b", "events", "it's.service"],
        [0, "/c", "media-common", ""],
    ]
    assert "/mine" in left_alone


_WORK = "def work(mark):\n    raise LookupError(mark)\n"


@pytest.mark.parametrize(
    "program",
    [
        make_program(Part({"look": _WORK}, ["mark"], "work")),
        make_program(Part({"look": "", "agent": _WORK}, ["mark"], "work")),
    ],
)
def test_a_part_of_a_program(program: str) -> None:
    """A machine would begin with what it was told in part, where the connection breaks while it is sent."""
    needed = {"sys": sys}
    with pytest.raises(LookupError):
        exec(program, dict(needed))  # noqa: S102 - as a machine runs it
    for end in range(len(program.rstrip())):
        with suppress(SyntaxError, NameError, AttributeError, ImportError):
            exec(program[:end], dict(needed))  # noqa: S102


def test_several_questions_in_one(capsys: pytest.CaptureFixture[str]) -> None:
    """A machine would be logged into twice, or the answer to one question be taken for that of the other."""
    tells = "def answer(word):\n    print(word)\n    return 0\n"
    program = make_program(Part({"probe": tells}, ["one"], "answer"), Part({"look": tells}, ["two"], "answer"))
    with pytest.raises(SystemExit):
        exec(program, {})  # noqa: S102 - as a machine runs it
    assert capsys.readouterr().out == "one\ntwo\n"
