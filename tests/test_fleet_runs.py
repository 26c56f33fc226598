"""What processes of a fleet run, held against each other and against what they tell of themselves."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from common_sync.commands.fleet_status import FleetStatus
from common_sync.commands.steps.fleet.looks import Looked, find_unwell
from common_sync.commands.steps.fleet.runs import Asked, find_contradictions, find_differences, find_wrong_process
from common_sync.core.copies.manifest import make_manifest
from common_sync.core.fleet.answers import Verdict
from common_sync.core.fleet.inventory import Place, Site, Target
from common_sync.core.fleet.looks import Checkout, Health, Journal, Look
from common_sync.core.fleet.runs import Runs
from common_sync.core.model import Origin
from common_sync.core.settings import Setting
from common_sync.interface.run.fleet_status import name_runs
from common_sync.remote import look

MANIFEST = make_manifest(Origin("our-common", "common", "1.2.4"), {})
NEW, OLD = MANIFEST.tree, f"cs1:{'b' * 64}"
CURRENT, OTHER = Verdict("current", (0, 0, 0)), Verdict("other", (1, 0, 0), (), ("our-common", "1.2.3", OLD))
RUNS_NEW, RUNS_OLD = Runs("current", NEW, 1.0), Runs("other", OLD, 1.0)
SERVICE, FILE = "services/api", "fleet.toml"
NEW_WORDS, OLD_WORDS = f"our-common 1.2.4 {NEW[:16]}", f"our-common 1.2.3 {OLD[:16]}"


def ask(
    container: str, verdict: Verdict = CURRENT, runs: Runs = RUNS_NEW, service: str = SERVICE, line: int = 3
) -> Asked:
    """Return a place and what runs there; without a container, the host's own copy."""
    return Asked(Place("vm", service, "common", container, "/app/common", line), MANIFEST, verdict, runs)


def hear(told: str) -> Looked:
    """Return a target whose health tells a digest."""
    target = Target("vm", None, Setting("api", 5), "clone", "/srv", (), "", 3)
    return Looked(Site("vm", SERVICE, target), Look(Health(200, 1, told=told)))


def test_processes_that_agree() -> None:
    """A fleet that is as wanted would be told that it is not."""
    asked = [ask("api"), ask("worker"), ask("", runs=Runs()), ask("beat", OTHER, Runs("restart"))]
    assert list(find_differences(asked, FILE)) == []
    assert find_contradictions(asked, [hear(NEW), hear(""), Looked(hear(NEW).site, None)], FILE) == (asked, [])


def test_processes_of_one_service() -> None:
    """A worker that reads what a newer API has written would be found when it fails."""
    asked = [ask("api"), ask("worker", OTHER, RUNS_OLD), ask("", runs=Runs())]
    one, whole = find_differences(asked, FILE)
    assert (one.code, one.line, one.severity) == ("CS404", 3, "error")
    assert one.message.endswith(f"{SERVICE} run different libraries: api {NEW_WORDS}, worker {OLD_WORDS}")
    assert (whole.code, whole.service, whole.line) == ("CS412", "", None)
    assert whole.message == f"2 different states of our-common run: {OLD_WORDS}, {NEW_WORDS}"
    status = FleetStatus("HEAD", "0" * 40, tuple(asked), (one, whole))
    assert (status.libraries, status.as_wanted, status.count_processes()[1]) == (2, False, 1)


def test_services_that_should_differ() -> None:
    """A service that is pinned would make the status of the whole fleet an error."""
    pinned = MANIFEST._replace(tree=OLD, library=MANIFEST.library._replace(version="1.2.3"))
    other = ask("dl", CURRENT, Runs("current", OLD, 1.0), "services/dl", 9)._replace(wanted=pinned)
    asked = [ask("api"), other]
    assert list(find_differences(asked, FILE)) == []
    assert FleetStatus("HEAD", "0" * 40, tuple(asked), ()).libraries == 2
    edited = ask("norm", Verdict("differs", (1, 0, 0)), Runs("other", "", 1.0), "services/norm", 12)
    (finding,) = find_differences([*asked, edited], FILE)
    assert (finding.code, finding.message.partition(" ")[0]) == ("CS412", "3")
    assert "edited files of our-common" in finding.message


@pytest.mark.parametrize(
    ("asked", "told", "known"),
    [
        ([ask("api")], OLD, NEW_WORDS),
        ([ask("", runs=Runs())], OLD, NEW[:16]),
        ([ask("api", OTHER, RUNS_OLD)], NEW, OLD_WORDS),
        ([ask("", runs=Runs()), ask("api", OTHER, RUNS_OLD)], NEW, OLD_WORDS),  # a process says more than a folder
        ([ask("api"), ask("worker")], OLD, NEW_WORDS),
    ],
)
def test_a_service_that_tells_something_else(asked: list[Asked], told: str, known: str) -> None:
    """A service that imports another copy would be called current because of the one beside it."""
    heard, (finding,) = find_contradictions(asked, [hear(told)], FILE)
    assert (finding.code, finding.line) == ("CS411", 3)
    assert finding.message == f"vm: {SERVICE} tells that it runs {told[:16]}, and not {known}"
    changed = [one for one in heard if one not in asked]
    assert [(one.runs.state, one.runs.digest, name_runs(one)) for one in changed] == (
        [("other", told, told[:16])] if len({one.place.container for one in asked} - {""}) < 2 else []
    )


@pytest.mark.parametrize("runs", [Runs("restart", started=1.0), Runs("unknown"), Runs("stopped")])
@pytest.mark.parametrize("told", [NEW, OLD])
def test_what_is_told_proves_nothing(runs: Runs, told: str) -> None:
    """A process that was not started again would be called current because it says so."""
    asked = [ask("api", runs=runs)]
    assert find_contradictions(asked, [hear(told)], FILE) == (asked, [])


@pytest.mark.parametrize(
    ("container", "unit", "runs", "code", "remedy"),
    [
        ("shop-api-1", "", Runs("restart"), "CS403", "ssh vm 'docker restart shop-api-1'"),
        ("", "shop.service", Runs("restart"), "CS403", "ssh vm 'systemctl restart shop.service'"),
        ("", "shop.service", Runs("stopped", reason="failed"), "CS403", "ssh vm 'systemctl status shop.service'"),
        ("", "shop.service", Runs("restart", is_users=True), "CS403", "ssh vm 'systemctl --user restart shop.service'"),
        ("", "shop.service", Runs("stopped", is_users=True), "CS403", "ssh vm 'systemctl --user status shop.service'"),
        ("", "shop.service", Runs("unknown", reason="no"), "CS407", "see how it stands: ssh vm 'systemctl status shop.service'"),
        ("shop-api-1", "", Runs("unknown", reason="no"), "CS407", "see how it stands: ssh vm 'docker top shop-api-1'"),
    ],
)  # fmt: skip
def test_what_to_do(container: str, unit: str, runs: Runs, code: str, remedy: str) -> None:
    """A person would be told to do what does not help."""
    place = ask(container).place._replace(unit=unit)
    (finding,) = find_wrong_process(place, runs, FILE)
    assert (finding.code, finding.remedy) == (code, remedy)


COMPOSED = Target("vm", None, Setting("api", 5), "compose", "/srv", (), "/app/common", 3)
DEPLOYED = Journal("deployed", images={"api": "sha256:1"})


@pytest.mark.parametrize(
    ("journal", "more", "found", "is_known"),
    [
        (DEPLOYED, {"running": (("api", "sha256:1"),)}, [], True),
        (DEPLOYED, {}, [("CS403", "vm: api does not run: it is without a container")], True),
        (DEPLOYED, {"resting": (("api", "exited"),)}, [("CS403", "vm: api does not run: it is exited")], True),
        (DEPLOYED._replace(busy=True), {"resting": (("api", "exited"),)}, [], True),
        (None, {"resting": (("api", "exited"),)}, [], True),
        (
            DEPLOYED,
            {"silent": "docker ps took more than 60 s"},
            [("CS407", f"vm: it is not known which containers of {SERVICE} run: docker ps took more than 60 s")],
            False,
        ),
    ],
)
def test_containers_that_do_not_run(
    journal: Journal | None, more: dict[str, Any], found: list[tuple[str, str]], is_known: bool
) -> None:
    """A service that is down, in a crash loop, or that Docker does not tell of would be called as wanted: exit code 0."""
    looked = Looked(Site("vm", SERVICE, COMPOSED), Look(checkout=Checkout("c", "main", "t"), journal=journal, **more))
    findings = tuple(find_unwell(looked, FILE))
    assert [(one.code, one.message) for one in findings] == found
    status = FleetStatus("HEAD", "0" * 40, (ask("", runs=Runs()),), findings, (looked,))
    assert (status.as_wanted, status.is_known) == (not found, is_known)


def test_a_journal_that_cannot_be_read() -> None:
    """A person would be told that the next run mends it, which it refuses."""
    look = Look(checkout=Checkout("c", "main", "t"), journal=Journal("unreadable", why="/root/journal.json: no JSON"))
    (finding,) = find_unwell(Looked(Site("vm", SERVICE, COMPOSED), look), FILE)
    told = "vm: /srv: the journal of its deploys cannot be read: /root/journal.json: no JSON"
    remedy = "see that the service runs one release, then move that file away"
    assert (finding.code, finding.message, finding.remedy) == ("CS406", told, remedy)


A, B = f"cs1:{'a' * 64}", f"cs1:{'c' * 64}"
BODIES = [
    (f'{{"digest": "{A}"}}', A),
    (f'# HELP x\ncommon_sync_info{{digest="{A}"}} 1\n', A),
    (f"{A} {A}", A),
    (f'{{"common_sync": {{"digest": "{A}"}}, "peers": {{"db": "{B}"}}}}', A),
    (f'{{"common_sync": ["{A}", "{B}"]}}', ""),
    (f'{{"own": "{A}", "peers": "{B}"}}', ""),
    (f"{A} {B}", ""),
    (f'["{A}", "{B}"]', ""),
    (f"{A}0 x{A} {A[:-1]} {A.upper()}", ""),
    ("", ""),
    (A + " " * ((1 << 16) - len(A)), A),
    (A + " " * (1 << 16), ""),
    ("[" * 50_000 + A + B, ""),
]


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    """Return a server that answers with its path's number of the bodies, healthy or not."""

    class Tells(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, _, number = self.path[1:].partition("/")
            self.send_response(int(status))
            self.end_headers()
            self.wfile.write(BODIES[int(number)][0].encode())

        def log_message(self, *_: object) -> None:
            """Write nothing."""

    with HTTPServer(("127.0.0.1", 0), Tells) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_what_a_service_tells(server: HTTPServer) -> None:
    """A service that tells what it runs would not be heard, or be taken for one that it only mentions."""
    for number, (_, digest) in enumerate(BODIES):
        for status in (200, 503):
            told = look.ask(f"http://127.0.0.1:{server.server_port}/{status}/{number}", reads=True)
            assert (told["status"], told["told"]) == (status, digest), BODIES[number]
    assert "told" not in look.ask(f"http://127.0.0.1:{server.server_port}/200/0")
