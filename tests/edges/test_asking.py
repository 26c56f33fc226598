"""Many hosts are asked at once: none waits for another, and nothing is left behind."""

from pathlib import Path

import pytest
from support.depth import deep
from support.farm import Farm

from common_sync.core.fleet.answers import Reply
from common_sync.edges.fleet.asking import Patience, Question, ask_hosts

HELLO = "import sys; print('hello'); print('there', file=sys.stderr)"


@pytest.fixture
def farm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Farm:
    """Return hosts that the `ssh` of this process can ask."""
    made = Farm(tmp_path / "farm")
    monkeypatch.setenv("PATH", made.variables["PATH"])
    return made


def list_running(word: str) -> list[str]:
    """Return the command lines of processes that hold a word."""
    lines = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = process.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        lines += [line] if word in line else []
    return lines


@pytest.mark.parametrize("host", ["local", "vm"])
def test_what_is_installed_on_a_host_is_not_run(farm: Farm, host: str) -> None:
    """What somebody has installed there could answer in our place, or write into the answer."""
    farm.add("vm")
    asked = Question(host, "", "import sys; print(sys.flags.isolated, sys.flags.no_site)")
    assert ask_hosts([asked], Patience()) == [Reply(0, b"1 1\n", b"")]


@deep("hosts that stick")
def test_a_host_that_sticks_holds_up_no_other(farm: Farm) -> None:
    """One frozen machine would keep a person from seeing all the others."""
    done = [farm.folder / f"done-{number}" for number in range(3)]
    (farm.folder / "frozen").write_text("".join(f"until [ -e {file} ]; do sleep 0.05; done\n" for file in done))
    farm.add("frozen", proxy=f"sh {farm.folder}/frozen")
    questions = [Question("frozen", "", HELLO)]
    for number, file in enumerate(done):
        farm.add(f"vm-{number}")
        questions.append(Question(f"vm-{number}", "", f"{HELLO}\nopen({str(file)!r}, 'w')"))
    first, *others = ask_hosts(questions, Patience(60, 120))
    assert others == [Reply(0, b"hello\n", b"there\n")] * 3
    assert first.code == 255
    assert b"timed out" not in first.err


@deep("a hundred logins")
def test_a_hundred_hosts(farm: Farm) -> None:
    """Of a large fleet, machines that are well would be left out, or one that is broken be taken for another."""
    broken = {7: "false", 41: "echo hello", 66: "yes", 100: "cat"}
    for number in range(1, 101):
        farm.add(f"vm-{number}", proxy=broken.get(number, ""))
    asked = [Question(f"vm-{number}", "", f"print({number})") for number in range(1, 101)]
    replies = ask_hosts(asked, Patience(300, 600))
    for number, reply in enumerate(replies, 1):
        expected = (255, b"") if number in broken else (0, f"{number}\n".encode())
        assert (reply.code, reply.out) == expected, reply


def test_what_sticks_is_ended(farm: Farm) -> None:
    """Each status would leave processes behind, or never end."""
    word = str(farm.folder / "sticks")
    farm.add("frozen", proxy=f"sh -c 'sleep 1000; : {word}'")
    replies = ask_hosts([Question("frozen", "", HELLO), Question("frozen", "c", HELLO)], Patience(300, 1))
    assert replies == [Reply(None, b"", b"", "slow")] * 2
    replies = ask_hosts([Question("local", "", f"import time; time.sleep(1000)  # {word}")], Patience(300, 1))
    assert replies == [Reply(None, b"", b"", "slow")]
    assert list_running(word) == []


def test_each_has_its_own_time(tmp_path: Path) -> None:
    """A service that takes long would leave no time for the next one of its host, whose end would not be known."""
    slow, quick = f"open({str(tmp_path / 'begun')!r}, 'w'); import time; time.sleep(1000)", "print('hello')"
    asked = [Question("local", "", slow, 1), Question("local", "", quick, 300), Question("local", "", quick)]
    replies = ask_hosts(asked, Patience(300, 300))
    assert replies == [Reply(None, b"", b"", "slow"), *[Reply(0, b"hello\n", b"")] * 2]
    assert (tmp_path / "begun").exists()


def test_what_is_down_is_asked_once(farm: Farm) -> None:
    """A machine that is down would be waited for once for each of its containers."""
    tries = farm.folder / "tries"
    farm.add("down", proxy=f"sh -c 'echo >> {tries}'")
    replies = ask_hosts([Question("down", name, HELLO) for name in ("", "a", "b")], Patience())
    assert [one.code for one in replies] == [255] * 3
    assert tries.read_text() == "\n"


def test_what_writes_without_end_is_ended() -> None:
    """A machine that lies would fill this one's memory."""
    endless = "import sys\nwhile True: sys.{}.write('x' * 65536)"
    for name in ("stdout", "stderr"):
        (reply,) = ask_hosts([Question("local", "", endless.format(name))], Patience())
        assert (reply.ended, len(reply.out) + len(reply.err)) == ("long", 1 << 20)


def test_a_program_that_nobody_reads() -> None:
    """A host that ends at once would end the asking with an error of this side."""
    (reply,) = ask_hosts([Question("local", "", "raise SystemExit(3)\n" + "#" * (1 << 22))], Patience())
    assert reply.code == 3


def test_a_program_that_is_not_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """One machine without Docker would hide what all the others say."""
    monkeypatch.setenv("PATH", "/nowhere")
    assert ask_hosts([Question("local", "c", HELLO)], Patience()) == [
        Reply(127, b"", b"docker: No such file or directory")
    ]
