"""How a deploy has ended on its machine: what is not one of the known ends is not known."""

import json
import subprocess
import sys
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common_sync.core.fleet.answers import Reply
from common_sync.core.fleet.endings import End, Ending, read_ending, refuse_split
from common_sync.core.fleet.inventory import Site, parse_inventory
from common_sync.core.fleet.probe import Part, make_program


def read(told: object, code: int = 0) -> Ending:
    """Return what is made of an answer."""
    return read_ending(Reply(code, b"mark" + json.dumps(told).encode() + b"\n", b""), "mark", "vm", 60)


def test_an_ending() -> None:
    """A machine that went back would be called deployed."""
    told = {
        "end": "rolled-back",
        "why": "503",
        "log": "/log",
        "said": "x" * 5000,
        "more": 1,
        "digest": "reg/api@sha256:1",
    }
    assert read(told) == Ending("rolled-back", "503", "/log", "x" * 4000, "reg/api@sha256:1")
    assert [read({"end": end}).is_good for end in ("verified", "deployed", "failed")] == [True, True, False]


@pytest.mark.parametrize(
    ("told", "gap", "shown"),
    [
        (3140, 3140, "no good answer for 3.1 s"),
        (0, 0, "always answered"),
        (None, None, ""),
        (-1, None, ""),
        ("9", None, ""),
    ],
)
def test_how_long_nothing_answered(told: object, gap: int | None, shown: str) -> None:
    """A person would not learn that a switch costs a service some seconds."""
    ending = read({"end": "deployed", "gap": told})
    assert (ending.gap, ending.shown_gap) == (gap, shown)


@pytest.mark.parametrize(
    ("told", "seconds", "shown"),
    [(44, 44, "verified in 44 s"), (9, 9, "verified"), (None, None, "verified"), (True, None, "verified")],
)
def test_how_long_a_build_took(told: object, seconds: int | None, shown: str) -> None:
    """A person would not learn on which machine a deploy spends its time."""
    ending = read({"end": "verified", "seconds": told})
    assert (ending.seconds, ending.shown) == (seconds, shown)


def test_two_images_of_one_tag() -> None:
    """Two machines would run different images of one release, since somebody has pushed the tag anew in between."""
    text = '[[target]]\nhost = "vm"\nservice = "api"\npath = "/srv"\n'
    (target,) = parse_inventory(text, "fleet.toml")[0].targets
    given = (("a", "api", "x@1"), ("b", "api", "x@2"), ("c", "api", ""), ("a", "job", "y@1"), ("b", "job", "y@1"))
    prepared = [(Site(host, name, target), Ending("verified", digest=digest)) for host, name, digest in given]
    found = refuse_split(prepared)
    assert [one.end for _, one in found] == ["failed", "failed", "verified", "verified", "verified"]
    assert found[0][1].why == (
        "its tag was moved meanwhile: it has x@1, and another machine has another one; deploy again"
    )


def test_two_registries() -> None:
    """A service whose machines have a registry of their own each could never be deployed."""
    text = '[[target]]\nhost = "vm"\nservice = "api"\npath = "/srv"\n'
    (target,) = parse_inventory(text, "fleet.toml")[0].targets
    names = ("one:5000/api@sha256:1", "two:5000/api@sha256:1", "two:5000/api@sha256:1")
    prepared = tuple((Site("vm", "api", target), Ending("verified", digest=name)) for name in names)
    assert refuse_split(prepared) == prepared


@pytest.mark.parametrize("told", [None, [], {}, {"end": "fine"}, {"end": ["deployed"]}, "deployed"])
def test_what_is_no_ending(told: object) -> None:
    """A host that says anything would be called deployed."""
    assert read(told).end == "lost"


def test_a_host_that_is_gone() -> None:
    """A connection that ends would be taken for a deploy that has failed, and is over."""
    ending = read_ending(Reply(None, b"", b"", "slow"), "mark", "vm", 60)
    assert ending == Ending("lost", "gave no answer within 60 s")


@given(
    st.recursive(
        st.none() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["end", "why", "log"]), inner),
    )
)
def test_whatever_a_host_says(told: object) -> None:
    """A host could end the program here with a traceback."""
    assert read(told).end in get_args(End)


def test_a_program_of_several_modules() -> None:
    """What a machine is sent would lack a part of itself."""
    modules = {
        "one": "X = 'a\\'\"{}\\n'\n",
        "two": "from common_sync.remote.one import X\ndef show(*words):\n    print(X, *words)\n    return 3\n",
    }
    program = make_program(Part(modules, ["é", "{b}"], "show"))
    done = subprocess.run([sys.executable, "-I", "-"], input=program.encode("ascii"), capture_output=True, check=False)
    assert (done.returncode, done.stdout.decode()) == (3, "a'\"{}\n é {b}\n")


def test_a_program_of_one_module() -> None:
    """A machine would be asked nothing, or by modules that lie in the folder where it is asked."""
    source = "from __future__ import annotations\nimport json\nimport sys\ndef show(*words):\n    print(*words)\n    return 4\n"
    program = make_program(Part({"look": source}, ["a", 1], "show"))
    done = subprocess.run([sys.executable, "-I", "-"], input=program.encode(), capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (4, b"a 1\n")
