"""The shell's lines as `doctor` reads them: which programs run, with which words, in which folder, and for sure or not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.depth import deep, sampled

from common_sync.core.formats.shell.conditions import is_sure
from common_sync.core.formats.shell.script import Command, read_script, read_words
from common_sync.core.formats.shell.words import Variables, Word

VARIABLES: Variables = {
    "REQS": "requirements.txt",
    "FLAGS": "-r a.txt --pre",
    "EMPTY": "",
    "UNCLEAR": None,
    "DIR": "/srv",
}


def run(script: str, variables: Variables = VARIABLES) -> list[Command]:
    """Return the programs that a script runs in /app."""
    found = read_script(script, "/app", variables)
    assert found is not None
    return list(found)


def said(command: Command) -> str:
    """Return a command in short: its folder, a `?` where it is not certain, its words, what is not known in brackets."""
    words = " ".join(word.text if word.known else f"<{word.text}>" for word in command.words)
    return f"{command.folder}{'' if command.certain else '?'}: {words}"


SCRIPTS = [
    ("pip install -r requirements.txt", ["/app: pip install -r requirements.txt"]),
    ("a && b || c; d | e & f", ["/app: a", "/app?: b", "/app?: c", "/app?: d", "/app?: e", "/app: f"]),
    ("a &&b;c\nd", ["/app: a", "/app?: b", "/app: c", "/app: d"]),
    ("pip install a \\\n  b", ["/app: pip install a b"]),
    ("pip install a # and not b", ["/app: pip install a"]),
    ("pip install a#b", ["/app: pip install a#b"]),
    ("cd src && pip install .", ["/app/src: pip install ."]),
    ("cd /srv; cd ..; ls", ["/: ls"]),
    ("cd; ls", ["None: ls"]),
    ("cd - && ls; cd rel && ls; cd /a && ls", ["None: ls", "None: ls", "/a: ls"]),
    ("pushd lib && make; popd; ls", ["/app/lib: make", "None: ls"]),
    ("(cd src && a); b", ["/app/src: a", "/app: b"]),
    ("{ a; b; }", ["/app: a", "/app: b"]),
    ("FOO=1 pip install x", ["/app: pip install x"]),
    ("FOO=x; pip install $FOO", ["/app: pip install x"]),
    ("export FOO=x BAR; pip install ${FOO}", ["/app: pip install x"]),
    ("FOO=$(cat x); pip install $FOO", ["/app: pip install <>"]),
    ("pip install -r $REQS", ["/app: pip install -r requirements.txt"]),
    ("pip install -r '$REQS' \"$REQS\"", ["/app: pip install -r $REQS requirements.txt"]),
    ("pip install $FLAGS", ["/app: pip install -r a.txt --pre"]),
    ('pip install "$FLAGS"', ["/app: pip install -r a.txt --pre"]),
    ("pip install $EMPTY x", ["/app: pip install x"]),
    ("$EMPTY", []),
    (
        "pip install ${EMPTY:-y} ${EMPTY-z} ${EMPTY:+n} ${EMPTY+w} ${REQS+v} ${REQS:-x}",
        ["/app: pip install y w v requirements.txt"],
    ),
    ("pip install ${NEW:-y} ${NEW+z} $NEW ${NEW}", ["/app: pip install y <> <>"]),
    ("pip install ${REQS%.txt} $UNCLEAR ${UNCLEAR:-x} $1 `date` $(date)", ["/app: pip install <> <> <> <> <> <>"]),
    (r"pip install a\ b 'c d' \"e\" \$X", ['/app: pip install a b c d "e" $X']),
    ('echo "a \\"b\\" \\n $(date) c"', ['/app: echo <a "b" \\n  c>']),
    (
        "if test -f x; then pip install a; else b; fi; c",
        ["/app?: test -f x", "/app?: pip install a", "/app?: b", "/app: c"],
    ),
    ("for f in a b; do pip install $f; done; c", ["/app: pip install a", "/app: pip install b", "/app: c"]),
    ("for f in a b; do x $f", ["/app: x <>"]),
    ("for f in a b; do x $f; break; done", ["/app: x <>", "/app: break"]),
    ("for f in a b\ndo\n  while x; do y $f; done\ndone", ["/app?: x", "/app?: y a", "/app?: x", "/app?: y b"]),
    ("for f in *.txt $X; do pip install -r $f; done", ["/app?: pip install -r <>"]),
    ("echo for x; pip install $REQS", ["/app: echo for x", "/app: pip install requirements.txt"]),
    ("test -f x && { a; b; }; c", ["/app?: test -f x", "/app?: a", "/app?: b", "/app: c"]),
    ("test -f x && (cd /x; a; b) && c; d", ["/app?: test -f x", "/x?: a", "/x?: b", "/app?: c", "/app: d"]),
    ("test -f x || true && a", ["/app?: test -f x", "/app?: true", "/app: a"]),
    ("test -f x || exit 0; a", ["/app?: test -f x", "/app?: exit 0", "/app?: a"]),
    (
        "test -f x || exit 1; a || exit $?; b",
        ["/app?: test -f x", "/app?: exit 1", "/app: a", "/app?: exit <>", "/app: b"],
    ),
    ("if a; then exit; fi; b", ["/app?: a", "/app?: exit", "/app?: b"]),
    ("(exit 0); a", ["/app: exit 0", "/app: a"]),
    ("f() { a; if b; then c; fi; }; f; d", ["/app: a", "/app?: b", "/app?: c", "/app: d"]),
    ("f()\n{\n cd /x; a $1\n}\nx && f y\nb", ["/app: x", "/x?: a <>", "/x: b"]),
    ("function f { a; }; function g() { f; }; test -f x && g", ["/app?: test -f x", "/app?: a"]),
    ("f() { pip install x; }; a", ["/app: a", "/app?: pip install x"]),
    ("f() { a", ["/app: f", "/app: a"]),
    ("f() (a)", ["/app: f", "/app: a"]),
    ("fi; done; } && a; else b; esac", ["/app: a", "/app: b"]),
    ("case $X in (a) b;; c|*) d;; esac; e", ["/app?: a", "/app?: b", "/app?: c", "/app?: d", "/app: e"]),
    ("while read x; do y; done", ["/app?: read x", "/app?: y"]),
    ("case $X in a) pip install a;; b) c;; esac; d", ["/app?: pip install a", "/app?: c", "/app: d"]),
    ("[ -f x ] && pip install x; y", ["/app?: [ -f x ]", "/app?: pip install x", "/app: y"]),
    ("pip install a || true", ["/app: pip install a", "/app?: true"]),
    ("pip install a || pip install b", ["/app?: pip install a", "/app?: pip install b"]),
    ("pip install a || { cat log; exit 1; }", ["/app: pip install a", "/app?: cat log", "/app?: exit 1"]),
    ("a > out 2>&1 < in", ["/app: a"]),
    ("> empty", ["/app: "]),
    ("sudo -u app -E pip install a", ["/app: pip install a"]),
    ("env A=1 B=$UNCLEAR pip install $A", ["/app: pip install <>"]),
    ("exec time nice -n 5 pip install a", ["/app: pip install a"]),
    ("timeout -k 5 60 pip install a", ["/app: pip install a"]),
    ("sh -c 'cd /x && pip install .'; b", ["/x: pip install .", "/app: b"]),
    ('bash -lc "pip install $REQS" > log', ["/app: pip install requirements.txt", "/app: "]),
    ("bash -e install.sh -c x", ["/app: bash -e install.sh -c x"]),
    ("sh -c 'open", None),
    ('sh -c "it\'s"', ["/app: sh -c it's"]),
    ("sh -c", ["/app: sh -c"]),
    ("su app -c 'pip install a'", ["/app: pip install a"]),
    ("eval pip install $REQS", ["/app: pip install requirements.txt"]),
    ("eval $UNCLEAR", ["/app: eval <>"]),
    ("set -e; set -o pipefail", ["/app: set -e", "/app: set -o pipefail"]),
    ("", []),
    ("# only a comment", []),
]


@pytest.mark.parametrize(("script", "expected"), SCRIPTS, ids=[row[0] for row in SCRIPTS])
def test_a_script_runs_what_a_shell_would_run(script: str, expected: list[str] | None) -> None:
    """An install would be overlooked, or be looked for in another folder than where it runs."""
    found = read_script(script, "/app", VARIABLES)
    assert (None if found is None else list(map(said, found))) == expected


def test_substitutions_in_an_open_quote_take_linear_time() -> None:
    """A hostile Dockerfile of 100 bytes would keep `doctor` for years."""
    assert read_script('a "' + "`b`$(c)" * 1000, "/app", {}) is None


@pytest.mark.parametrize(
    "script",
    [
        "A=aaaaaaaa; " + "A=$A$A; " * 40 + "pip install $A",
        "A=aaaaaaaa; " + 'A="$A$A"; ' * 40 + "pip install $A",
        f"A={'a' * 4000}; pip install {'$A ' * 5000}",
    ],
    ids=["doubles", "doubles in quotes", "many times"],
)
def test_a_script_that_doubles_a_value_ends(script: str) -> None:
    """A hostile Dockerfile of one line would fill the memory."""
    *_, command = run(script, {})
    assert command.program == "pip"
    assert not command.words[-1].known
    assert sum(len(word.text) for word in command.words) < 100_000


SURE = {
    "if a; then i; else i; fi": True,
    "if a; then i; fi": False,
    "if a; then i; elif b; then i; fi": False,
    "if a; then i; elif b; then c; else i; fi": False,
    "if a; then i; elif b; then i; else i; fi": True,
    "if a; then if b; then i; else i; fi; else i; fi": True,
    "if a; then test b && i; else i; fi": False,
    "i || i": True,
    "test a && i || i": True,
    "i || a || i": False,
    "i || i || i": True,
    "a || { i; }": False,
    "case $X in a) i;; *) i;; esac": True,
    "case $X in a) i;; b) i;; esac": False,
    "while a; do i; done": False,
    "while a; do i; done; i": True,
    "f() { i; }; if a; then f; else f; fi": True,
}


GOES_ON = {
    "a && i": True,
    "a && i; b": False,
    "a && i\n\n": True,
    "a && i\n\nb": False,
    "a && i && b | c && d; e": False,
    "a && (b; c) && i; d": False,
    "a && (b; c) && { d; } && i": True,
    "set -e; a && i; b": False,
    "mkdir x && i; b": True,
    "A=1 sudo -E b && i; c": False,
    "A=1 sudo apt-get update && i; b": True,
    "A=1 && i; b": True,
    "/usr/bin/python3 -m pip -V && i; b": True,
    "pip3.11 -V && i; b": True,
    "python3 x.py && i; b": False,
    "python3 -m && i; b": True,
    "a && i || true": False,
    "a && i || echo no": False,
    "a && i || exit 1; b": True,
    "a && i || exit 0; b": False,
    "a && i || exit; b": True,
    "a && i || { echo no; exit 1; }; b": True,
    "a && i || ( echo no; exit 1 ); b": True,
    "a && i || { echo no; }; b": False,
    "(a && i)": True,
    "(a && i); b": False,
    "(a && i) && b": True,
    "{ a && i; }": True,
    "{ a && i; }; b": False,
    "{ { a && i; } && b; } || exit 1; c": True,
    "{ { { { { { a && i; }; }; }; }; }; }": False,
    "{ a && i; } && { b; c; }": True,
    "sh -c 'a && i'": True,
    "sh -c 'a && i'; b": False,
    "set -eu; sh -c 'a && i'; b": True,
    "set -o errexit; sh -c 'a && i' && c; b": False,
    "f() { a && i; }; f": True,
    "f() { a && i; }; f; b": False,
    "set -e; f() { a && i; }; f; b": True,
    "set -e; f() { sh -c 'a && i'; }; f; b": True,
    "f() { sh -c 'a && i'; }; f; b": False,
    "a" + " && b" * 120 + "; i": True,
    "a && i" + " && b" * 120: False,
    "a && i; {" + " b &&" * 120 + " c; }": False,
    "{ a && i; }" + " && b" * 120: False,
    "i & b": False,
    "i | tee log & b": False,
    "exec a; i": False,
    "exec > log; i": True,
    "f() { exit 0; }; f; i": False,
    "f() { test -f x || exit 0; }; f; i": False,
    "f() { return 0; }; f; i": True,
    "f() { (exit 0); }; f; i": True,
    "g() { exit 0; }; f() { g; }; f; i": False,
    "f() { exit 1; }; f; i": True,
    "sh -c 'exit 0'; i": True,
}


@pytest.mark.parametrize("script", GOES_ON, ids=[script[:40] for script in GOES_ON])
def test_an_install_that_a_build_may_go_on_without_is_not_sure(script: str) -> None:
    """A build could leave the install out and succeed, and the service be called proven."""
    assert is_sure([one.under for one in run(script) if one.program == "i"]) == GOES_ON[script]


PASSED_OVER = {
    "i": False,
    "i; b": True,
    "if a; then i; else b; fi": False,
    "if a; then b; elif c; then i; else d; fi": False,
    "if a; then i; else b; fi; c": True,
    "if a; then if b; then i; else c; fi; else d; fi": False,
    "if a; then i; else if b; then c; fi; fi": False,
    "case $X in a) i;; *) b;; esac": False,
    "case $X in a) i; b;; *) c;; esac": True,
    "case $X in a) i;; *) b;; esac; c": True,
    "if a; then i; else b": False,  # no shell runs it
}


@pytest.mark.parametrize("script", PASSED_OVER)
def test_a_script_goes_on_only_on_the_way_that_it_has_taken(script: str) -> None:
    """A program that only one way starts would count as one that may fail, and nobody look whether it is there."""
    assert [one.passed_over for one in run(script) if one.program == "i"] == [PASSED_OVER[script]]


@deep("long lists")
@pytest.mark.parametrize(
    "script",
    ["a && " * 2000 + "b", "{ a && " * 2000 + "b; " + "}; " * 2000, "test a && " * 2000 + "b"],
    ids=["list", "groups", "tests"],
)
def test_the_end_of_a_list_is_looked_for_nearby(script: str) -> None:
    """A hostile Dockerfile would keep `doctor` for minutes."""
    assert len(run(script)) > 1999


@pytest.mark.parametrize("script", SURE)
def test_what_each_way_of_a_script_runs_is_sure(script: str) -> None:
    """An install that one of two branches does in any case would be in doubt, or one that may be left out, proven."""
    assert is_sure([one.under for one in run(script) if one.program == "i"]) == SURE[script]


@pytest.mark.parametrize(
    "script", sampled(["f() { f; f; a; }; f", "f() { g; g; }; g() { f; f; a; }; f"], 1, "long scripts")
)
def test_a_function_that_calls_itself_ends(script: str) -> None:
    """A hostile Dockerfile of one line would end `doctor` with a traceback, or never."""
    assert len(run(script)) < 10_000


@deep("long scripts")
@pytest.mark.parametrize("script", ["A='eval $A'; eval $A", "A='eval $A; eval $A'; eval \"$A\""])
def test_a_script_that_runs_itself_ends(script: str) -> None:
    """A hostile Dockerfile of one line would end `doctor` with a traceback, or never."""
    found = run(script, {})
    assert {command.program for command in found} == {"eval"}
    assert len(found) < 10_000


def test_what_a_command_writes_is_known() -> None:
    """A requirements file that the build makes would be taken for the one in the service."""
    (command,) = run("pip freeze >> $REQS 2> /dev/null")
    assert [word.text for word in command.writes] == ["requirements.txt", "/dev/null"]


def test_patterns_are_told_from_words() -> None:
    """`pip install dist/*.whl` would be taken for a folder of that name."""
    (command,) = run("pip install a*.whl 'b*' $GLOB", {"GLOB": "c?"})
    assert [word.pattern for word in command.words] == [False, False, True, False, True]


def test_variables_reach_the_program() -> None:
    """`UV_FROZEN=1 uv sync` would be taken for a sync that makes the lock file anew."""
    (command,) = run("UV_FROZEN=1 uv sync", {"A": "1"})
    assert (command.environment["UV_FROZEN"], command.environment["A"]) == ("1", "1")


def test_a_program_that_a_variable_names_has_no_name() -> None:
    """`$PIP install` would be passed over as nothing of interest, and the service be called proven."""
    (command,) = run("$UNCLEAR install x")
    assert command.program == ""
    assert Command((), "/").program == ""


def test_words_may_hand_a_script_to_a_shell() -> None:
    """The JSON form of RUN would not be followed."""
    words = [Word("sh"), Word("-c"), Word("cd x && pip install .")]
    assert list(map(said, read_words(words, "/app", {}))) == ["/app/x: pip install ."]
    assert list(map(said, read_words([Word("pip"), Word("install")], "/app", {}))) == ["/app: pip install"]


@given(st.text(alphabet="ab $\"'\\;&|(){}<>#\n=`-/*cdif", max_size=40))
def test_any_text_is_read_or_refused(script: str) -> None:
    """A Dockerfile that nobody would write would end the run with a traceback."""
    found = read_script(script, "/app", VARIABLES)
    assert found is None or isinstance(list(found), list)
