"""Units: their text, their seal, and what an installed one is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common_sync.core.environments.unit_text import UnitState, is_untouched, judge
from common_sync.core.environments.units import (
    Service,
    find_program,
    find_unit_trouble,
    list_rights,
    make_back_unit,
    make_clean_unit,
    make_socket_unit,
    make_timer_unit,
    make_unit,
    name_back,
    name_clean,
    name_file,
    name_socket,
    name_timer,
    name_units,
    runs_releases,
)

API = Service("auto-api", "/srv/a 50%/api", ("uvicorn", "main:app", "$HOME;", "%h", 'say "x"'), "pi")
FULL = API._replace(
    words=("/bin/x y", "--port=80"), env_file="/etc/50%.env", after=("a.service", "b.mount"), memory="20M"
)


@pytest.mark.parametrize("place", ["/srv/auto/api", "/srv/a 50%/api", "/srv/%h %%/ü/api", "/srv/a;b=c #d/api"])
def test_a_unit_that_runs_releases_is_known(place: str) -> None:
    """Each deploy would install the unit again, and restart what runs, where nothing is to be done."""
    unit = make_unit(API._replace(releases=place)).encode()
    assert runs_releases(unit, place)
    assert not runs_releases(unit, f"{place}-other")
    assert not runs_releases(make_unit(API).encode(), place)


def test_every_line() -> None:
    """A service would run as another user, elsewhere, with other words or without its limits."""
    lines = make_unit(API).split("\n")
    assert lines[0].startswith("# Written by common-sync units")
    assert [one for one in lines if one.startswith(("User", "Working", "Exec", "Read", "After", "Env", "Mem"))] == [
        "After=network-online.target",
        "User=pi",
        "WorkingDirectory=/srv/a 50%%/api",
        'ExecStart="/srv/a 50%%/api/.venv/bin/uvicorn" main:app "$$HOME;" "%%h" "say \\"x\\""',
        'ReadWritePaths="/srv/a 50%%/api"',
        'ReadOnlyPaths="-/srv/a 50%%/api/.venv"',
    ]
    lines = make_unit(FULL).split("\n")
    assert [one for one in lines if one.startswith(("Exec", "After", "Env", "Mem"))] == [
        "After=network-online.target a.service b.mount",
        "EnvironmentFile=/etc/50%%.env",
        'ExecStart="/bin/x y" --port=80',
        "MemoryMax=20M",
    ]
    assert find_program(FULL) == "/bin/x y"


def test_with_releases() -> None:
    """A deploy would have to rewrite the unit, or the service could write into what it runs from."""
    released = FULL._replace(releases="/srv/x/api")
    lines = make_unit(released).split("\n")
    assert [one for one in lines if one.startswith(("Working", "Exec", "Read"))] == [
        "WorkingDirectory=/srv/x/api",
        "ExecStart=/srv/x/api/releases/current/run",
        "ReadWritePaths=/srv/x/api/shared",
        "ReadOnlyPaths=-/srv/x/api",
    ]
    assert find_program(released) == "/srv/x/api/releases/current/run"


def test_the_way_back() -> None:
    """A release that keeps failing would stay, for systemd would start another program than the one that goes back."""
    released = FULL._replace(releases="/srv/x/api", back=name_back("auto-", "api"))
    assert "OnFailure=auto-rollback@api.service\n" in make_unit(released)
    text = make_back_unit(released, ("/bin/py 3%", "-m", "common_sync", "$x"))
    assert 'ExecStart="/bin/py 3%%" -m common_sync "$$x"\n' in text
    assert is_untouched(text.encode())


def test_the_socket() -> None:
    """Who connects while a service restarts would be refused, for the service would start without what listens for it."""
    assert "\nRequires=" not in make_unit(FULL)
    listens = FULL._replace(socket="127.0.0.1:80")
    assert "\nRequires=auto-api.socket\n" in make_unit(listens)
    text = make_socket_unit(listens)
    assert "\n[Socket]\nListenStream=127.0.0.1:80\n" in text
    assert is_untouched(text.encode())
    assert (name_file("auto-api"), name_file(name_socket("auto-api"))) == ("auto-api.service", "auto-api.socket")
    _, remedy = find_unit_trouble("a.socket", "s", "leftover", enabled=True, read=True) or ("", "")
    assert remedy.startswith("systemctl disable --now a.socket"), "the service's own unit stays"


def test_cleaning_again_and_again() -> None:
    """A card would fill up, for nothing cleans it; or it would be cleaned by root, and what it leaves be root's."""
    name = name_clean("auto-")
    text, timer = make_clean_unit(name, "pi", ("/bin/py 3%", "-m", "common_sync")), make_timer_unit(name, "weekly")
    assert 'User=pi\nExecStart="/bin/py 3%%" -m common_sync\n' in text
    assert "\nOnCalendar=weekly\nPersistent=true\n" in timer
    assert name_file(name_timer(name)) == "auto-clean@all.timer"
    assert is_untouched(text.encode())
    assert is_untouched(timer.encode())


def test_of_a_user() -> None:
    """A unit of a user would say what their systemd refuses, or let a service write into files that others share."""
    own = FULL._replace(is_of_user=True, releases="/home/ann/srv/api", back="auto-rollback@api")
    lines = make_unit(own).split("\n")
    assert "systemctl --user edit auto-api" in lines[0]
    starts = ("User", "Wants", "After", "Want", "Private", "Read", "Protect")
    assert [one for one in lines if one.startswith(starts)] == [
        "After=a.service b.mount",
        "PrivateUsers=yes",
        "ProtectSystem=strict",
        "ReadWritePaths=/home/ann/srv/api/shared",
        "ReadOnlyPaths=-/home/ann/srv/api",
        "WantedBy=default.target",
    ]
    free = make_unit(own._replace(is_confined=False, after=())).split("\n")
    assert [one for one in free if one.startswith(starts)] == ["WantedBy=default.target"]
    assert "NoNewPrivileges=yes" in free
    texts = (
        make_back_unit(own, ["/bin/x"]),
        make_clean_unit("c", "ann", ["/bin/x"], is_of_user=True),
        make_timer_unit("c", "daily", is_of_user=True),
        make_socket_unit(own._replace(socket="127.0.0.1:8000")),
    )
    assert all("systemctl --user edit" in one and "\nUser=" not in one and is_untouched(one.encode()) for one in texts)
    found = find_unit_trouble("u", "s", "in sync", enabled=False, read=True, is_of_user=True)
    assert found is not None
    assert found[1] == "systemctl --user enable --now u"


def test_what_a_command_of_a_release_may() -> None:
    """A migration would run with other rights than the service, and leave files that this cannot write."""
    rights = list_rights(FULL._replace(releases="/srv/50% x"))
    assert rights == (
        "User=pi",
        "WorkingDirectory=/srv/50% x",
        "EnvironmentFile=/etc/50%.env",
        "MemoryMax=20M",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        'ReadWritePaths="/srv/50% x/shared"',
        'ReadOnlyPaths="-/srv/50% x"',
    )
    unit = make_unit(FULL._replace(releases="/srv/50% x")).split("\n")
    assert {one.replace("%", "%%") for one in rights} <= set(unit)


TEXT = make_unit(API)
OTHER = make_unit(FULL)
STATES: list[tuple[bytes | None, str, UnitState]] = [
    (None, TEXT, "missing"),
    (TEXT.encode(), TEXT, "in sync"),
    (OTHER.encode(), TEXT, "differs"),
    (OTHER.encode(), "", "leftover"),
    (OTHER.encode() + b"#", TEXT, "edited"),
    (OTHER.encode() + b"#", "", "edited"),
    (OTHER.replace("User=pi", "User=root").encode(), TEXT, "edited"),
    (b"[Unit]\n", TEXT, "foreign"),
    (b"\n" + TEXT.encode(), TEXT, "foreign"),
    (b"", TEXT, "foreign"),
]


@pytest.mark.parametrize(("held", "text", "state"), STATES)
def test_how_an_installed_one_stands(held: bytes | None, text: str, state: UnitState) -> None:
    """An edit that somebody has made to keep a service alive would be overwritten."""
    assert judge(held, text) == state


@given(st.binary(max_size=3), st.integers(0, len(TEXT.encode())), st.integers(0, 3))
def test_any_edit_is_told(insertion: bytes, at: int, dropped: int) -> None:
    """An edit would be taken for the tool's own writing, and be lost."""
    data = TEXT.encode()
    edited = data[:at] + insertion + data[at + dropped :]
    assert is_untouched(edited) == (edited == data)


@pytest.mark.parametrize(
    ("folder", "prefix", "expected"),
    [
        ("AutoCore", None, "autocore-"),
        ("a_b  c", None, "a-b-c-"),
        ("äö", None, "project-"),
        ("x" * 50, None, "x" * 39 + "-"),
        ("AutoCore", "ac-", "ac-"),
    ],
)
def test_prefixes(folder: str, prefix: str | None, expected: str) -> None:
    """Two projects of a machine would write into the same units, or none could be written."""
    assert name_units(folder, prefix) == expected


def test_what_is_wrong_and_what_to_do() -> None:
    """Somebody would be told that a unit is not right, and not what to type."""
    assert find_unit_trouble("u", "s", "in sync", enabled=True, read=True) is None
    assert find_unit_trouble("u", "s", "in sync", enabled=False, read=True) == (
        "the unit is not enabled",
        "systemctl enable --now u",
    )
    assert find_unit_trouble("u", "s", "in sync", enabled=False, read=False) == (
        "systemd has not read the unit since it was written",
        "systemctl daemon-reload",
    )
    found = find_unit_trouble("u", "s", "edited", enabled=False, read=False)
    assert found is not None
    assert found[1].endswith("systemctl edit u), then: common-sync units --write --force s")
