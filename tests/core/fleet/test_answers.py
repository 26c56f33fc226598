"""What is made of what comes back: only one whole answer makes a folder current."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common_sync.core.fleet.answers import Reply, Trouble, Verdict, read_reply
from common_sync.core.fleet.processes import Process

MARK = "0123456789abcdef"
CURRENT = {"changed": 0, "missing": 0, "extra": 0, "named": [], "own": None, "mount": ""}
DIFFERS = CURRENT | {"changed": 2, "named": [["a.py", "changed"], ["b.py", "changed"]]}


def answer(*told: object) -> bytes:
    """Return the line of an answer."""
    return f"{MARK}{json.dumps(told)}\n".encode()


def read(out: bytes, places: int = 1, *, code: int | None = 0, err: str = "") -> tuple[Verdict, ...] | Trouble:
    """Return what is made of a reply."""
    return read_reply(Reply(code, out, err.encode()), MARK, places, "vm", 60)


VERDICT = Verdict("differs", (2, 0, 0), (("a.py", "changed"), ("b.py", "changed")))
VERDICTS = [
    (CURRENT, Verdict("current", (0, 0, 0))),
    (DIFFERS, VERDICT),
    (
        DIFFERS | {"own": ["our-common", "", "cs1:0"]},
        Verdict("other", (2, 0, 0), (("a.py", "changed"), ("b.py", "changed")), ("our-common", "", "cs1:0")),
    ),
    (CURRENT | {"mount": "/app"}, Verdict("current", (0, 0, 0), mount="/app")),
    (
        CURRENT | {"process": {"started": 2, "changed": 1, "now": 3}},
        Verdict("current", (0, 0, 0), process=Process("running", 2, 1, 3)),
    ),
    (DIFFERS | {"process": {"stopped": "failed"}}, VERDICT._replace(process=Process("stopped", reason="failed"))),
    ({"gone": True}, Verdict("gone")),
    ({"error": "/srv: Permission denied"}, Verdict("unknown", reason="/srv: Permission denied")),
]


@pytest.mark.parametrize(("told", "verdict"), VERDICTS)
def test_an_answer(told: dict[str, object], verdict: Verdict) -> None:
    """A machine's state would be told otherwise than it was found."""
    assert read(b"Welcome!\n" + answer(told) + b"bye", 1) == (verdict,)
    assert read(answer(CURRENT, told), 2) == (Verdict("current", (0, 0, 0)), verdict)


NO_ANSWERS = [
    b"",
    b"\n",
    MARK.encode(),
    f"{MARK}\n".encode(),
    answer(CURRENT)[:-1],  # cut
    answer(CURRENT)[:-3] + b"\n",
    answer(CURRENT)[1:],
    b"x" + answer(CURRENT),
    answer(CURRENT) * 2,
    answer(),
    answer(CURRENT, CURRENT),
    answer(None),
    answer([]),
    answer("current"),
    answer({}),
    answer({"gone": 1}),
    answer(CURRENT | {"changed": True}),
    answer(CURRENT | {"changed": -1}),
    answer(CURRENT | {"changed": "0"}),
    answer(CURRENT | {"changed": 0.0}),
    answer(CURRENT | {"named": None}),
    answer(CURRENT | {"named": [["a.py", "changed"]]}),
    answer(CURRENT | {"own": ["our-common", "", "cs1:0"]}),
    answer({name: value for name, value in CURRENT.items() if name != "mount"}),
    answer(CURRENT | {"process": "running"}),
    answer(CURRENT | {"process": {}}),
    answer(CURRENT | {"process": {"started": 2, "changed": True, "now": 3}}),
    answer(DIFFERS | {"own": []}),
    answer(DIFFERS | {"own": "it"}),
    answer(DIFFERS | {"named": ["a"]}),
    f"{MARK}{{}}\n".encode(),
    f"{MARK}3\n".encode(),
    f"{MARK}{'[' * 100_000}\n".encode(),
    f"{MARK}[\xff]\n".encode("latin-1"),
]


@pytest.mark.parametrize("out", NO_ANSWERS)
def test_what_is_no_answer(out: bytes) -> None:
    """A machine whose answer was cut, or that says what it likes, would be called current."""
    trouble = read(out)
    assert isinstance(trouble, Trouble)
    assert trouble.code == "CS407"
    assert trouble.message.startswith(f"its answer cannot be read: {len(out):,} bytes")


@given(st.binary(max_size=200), st.integers(0, 300))
def test_noise_is_never_current(noise: bytes, end: int) -> None:
    """Whatever a machine writes before its answer ends would be taken for a verdict."""
    whole = answer(CURRENT)
    result = read(noise + b"\n" + whole[:end])
    assert isinstance(result, Trouble) == (end < len(whole))


FAILED = [
    (255, "ssh: connect to host vm port 22: Connection refused\r\n", "CS407", "cannot be reached: ssh: connect to host vm port 22: Connection refused"),
    (255, "", "CS407", "cannot be reached: no word of why"),
    (255, "No ED25519 host key is known for vm and you have requested strict checking.\nHost key verification failed.\n", "CS408", "its host key is not in known_hosts"),
    (255, "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.\n", "CS408", "its host key is another one than known_hosts has"),
    (127, "bash: python3: command not found\n\n", "CS407", "nothing could be started there: bash: python3: command not found"),
    (1, "SyntaxError: future feature annotations is not defined\n", "CS407", "what was started there ended with 1: SyntaxError: future feature annotations is not defined"),
    (1, "Host key verification failed.\n", "CS407", "what was started there ended with 1: Host key verification failed."),
    (-14, "x" * 300, "CS407", f"what was started there ended with -14: {'x' * 200}"),
    (None, "", "CS407", "what was started there ended with None: no word of why"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "err", "finding", "says"), FAILED)
def test_why_there_is_no_answer(code: int | None, err: str, finding: str, says: str) -> None:
    """A person would not know whether a machine is down, not trusted, or without Python; an answer that failed would count."""
    trouble = read(answer(CURRENT) if err.strip() else b"", code=code, err=err)
    assert isinstance(trouble, Trouble)
    assert (trouble.code, trouble.message) == (finding, says)


def test_docker_says_it_elsewhere() -> None:
    """A person would not learn that a container has no Python: Docker writes that to standard output."""
    trouble = read(b"OCI runtime exec failed: no python3\n", code=126)
    assert isinstance(trouble, Trouble)
    assert trouble.message == "nothing could be started there: OCI runtime exec failed: no python3"


def test_what_was_ended_from_here() -> None:
    """A machine that sticks, or that writes without end, would be taken for one that has answered."""
    slow = read_reply(Reply(None, answer(CURRENT), b"", "slow"), MARK, 1, "vm", 60)
    long = read_reply(Reply(0, answer(CURRENT), b"", "long"), MARK, 1, "local", 60)
    assert slow == Trouble("CS407", "gave no answer within 60 s", "see how long this takes: ssh vm true")
    remedy = "see what its shell prints when it starts: python3 --version"
    assert long == Trouble("CS407", f"wrote more than {len(answer(CURRENT))} bytes", remedy)
