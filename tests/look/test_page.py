"""The page of a report in a real browser: what a reader sees and reaches, and that the page does nothing on its own."""

import json
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from support.depth import skip
from support.drifting import make_drifting
from support.libraries import API, make_libraries
from support.monorepo import Monorepo, make_monorepo, run

TOOLS = Path(__file__).parents[2] / ".look"
HERE = Path(__file__).parent
BROWSING = HERE / "browsing.mjs"
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1440, "height": 900}
PATIENCE = 300
"""Seconds: a browser is slow to start where everybody is busy."""

EVIL = "<img src=x onerror=alert(1)>"


class Step(NamedTuple):
    """What a reader does, or what is looked at.

    Attributes:
        does: An entry of `does` in browsing.mjs.
        what: Its argument.
        answer: What it answers; None where it is not asked.
    """

    does: str
    what: str
    answer: object = None


class Visit(NamedTuple):
    """A page that is opened afresh.

    Attributes:
        steps: What happens there.
        options: Of the browser's context, by Playwright's names.
    """

    steps: Sequence[Step]
    options: dict[str, object]


class Seen(NamedTuple):
    """What came of a visit.

    Attributes:
        answers: One for each step.
        noise: What the page has printed, thrown, asked for or put before the reader.
    """

    answers: list[object]
    noise: list[str]


def browse(page: Path, *visits: Visit) -> list[Seen]:
    """Visit a page in Chromium; without a browser the test is skipped, and fails in CI.

    Args:
        page: The file.
        visits: In their order.
    """
    browser = shutil.which("chromium")
    if browser is None or not (TOOLS / "node_modules/playwright-core").is_dir():
        skip("NOT TESTED: there is no Chromium with Playwright here, see what `make look` says above")
    pages = [{"steps": [step[:2] for step in visit.steps], "options": visit.options} for visit in visits]
    asked = json.dumps({"page": str(page), "browser": browser, "visits": pages})
    done = run("node", str(BROWSING), asked, cwd=TOOLS, timeout=PATIENCE)
    assert (done.code, done.err) == (0, ""), done
    return [Seen(**one) for one in json.loads(done.out)]


def check(page: Path, *visits: Visit) -> None:
    """Check that a page answers as it should, and is quiet."""
    for visit, seen in zip(visits, browse(page, *visits), strict=True):
        told = [(step, answer) for step, answer in zip(visit.steps, seen.answers, strict=True) if answer != step.answer]
        assert (told, seen.noise) == ([], []), visit.options


def make_page(repo: Monorepo) -> Path:
    """Return the page of a report."""
    done = repo.run("report", "-q")
    assert (done.code, done.out, done.err) == (0, "", ""), done
    return repo.root / "common-sync-report.html"


@pytest.fixture
def aged(tmp_path: Path) -> Path:
    """Return the page of a few services that stand in many ways."""
    return make_page(make_drifting(tmp_path / "repo", 8))


FITS = Step("ask", "document.documentElement.scrollWidth <= innerWidth", True)
READABLE = Step("violations", "document", [])
OPENED, CLOSED = (
    Step("ask", f"document.getElementById('drawer').hidden !== {hidden}", True) for hidden in ("true", "false")
)
IN_FILTER, IN_MARK, IN_DRAWER = (
    Step("ask", f"document.activeElement.matches('{selector}')", True)
    for selector in ("#filter", ".cell", "#drawer-title")
)


LEAN = Step("ask", "document.querySelectorAll('*').length < 5000", True)
"""What a page of 300 services takes to be drawn is counted, and not timed."""


def looks(rows: int) -> Iterator[Step]:
    """Yield the steps of a reader who opens a mark, a service, and a file or a folder."""
    yield from (Step("count", ".row", rows), READABLE, FITS)
    for opener in (".cell", ".row .name", ".column"):
        yield from (Step("click", opener), OPENED, READABLE, FITS, Step("press", "Escape"), CLOSED)


def keys(rows: int) -> Iterator[Step]:
    """Yield the steps of a reader who has no mouse."""
    at_row = "[...document.querySelectorAll('.row')].indexOf(document.activeElement.closest('.row'))"
    yield from (LEAN, Step("press", "/"), IN_FILTER, Step("type", "billing-api"), Step("count", ".row", 1))
    yield from (Step("press", "/"), Step("ask", "document.activeElement.value", "billing-api/"))
    yield from (Step("press", "Escape"), Step("count", ".row", rows))
    yield Step("ask", "document.querySelector('.row .name').focus()")
    yield from (Step("press", "ArrowRight"), IN_MARK, CLOSED, Step("press", "Enter"), OPENED, IN_DRAWER)
    yield from (Step("press", "Escape"), CLOSED, IN_MARK, Step("press", "ArrowLeft"))
    yield from (Step("press", "ArrowDown"), Step("ask", at_row, 1), Step("press", "ArrowUp"), Step("ask", at_row, 0))
    yield from (Step("press", "Enter"), OPENED, Step("ask", "location.hash.startsWith('#service=')", True))


@pytest.mark.parametrize("services", [4, 40, 300])
def test_everybody_can_read_and_use_it(tmp_path: Path, services: int) -> None:
    """Somebody could not read it in the dark, on a phone, by a screen reader or without a mouse; or it would ask for something."""
    page = make_page(make_drifting(tmp_path / "repo", services))
    title = re.search("<h1>([0-9]+) of ([0-9]+) services are in sync</h1>", page.read_text("utf-8"))
    assert title
    good, total = int(title[1]), int(title[2])
    assert (total, 0 < good < total) == (services, True)
    rows = total if total <= 12 else total - good
    # what looks for violations is put into the page, which the page's policy would not let in
    visits = [
        Visit([*looks(rows)], {"viewport": viewport, "colorScheme": scheme, "bypassCSP": True})
        for viewport in (DESK, PHONE)
        for scheme in ("light", "dark")
    ]
    check(page, Visit([*keys(rows)], {"viewport": DESK}), *visits)


def lint(page: Path, program: str, *words: str) -> None:
    """Check that a linter finds nothing; without it the test is skipped, and fails in CI."""
    path = TOOLS / "node_modules/.bin" / program
    if not path.exists():
        skip(f"NOT TESTED: {program} is not installed here, see what `make look` says above")
    done = run(str(path), *words, cwd=page.parent, timeout=PATIENCE)
    assert done.code == 0, done


def test_it_is_right_html(aged: Path) -> None:
    """A browser or a screen reader would have to guess what is meant, and each would guess something else."""
    lint(aged, "html-validate", "--max-warnings", "0", "--config", str(HERE / "html-validate.json"), str(aged))


def test_linters_find_nothing_in_its_script_and_styles(aged: Path) -> None:
    """A slip in the script, such as a name that nothing has, would be met by a reader: no compiler looks at it."""
    text = aged.read_text("utf-8")
    (script,) = re.findall("<script>(.*?)</script>", text, re.DOTALL)
    (style,) = re.findall("<style>(.*?)</style>", text, re.DOTALL)
    (aged.parent / "page.cjs").write_text(script)  # no module: it runs as it stands
    (aged.parent / "page.css").write_text(style)
    shutil.copy(HERE / "biome.json", aged.parent)
    lint(aged, "biome", "lint", "--error-on-warnings", "page.cjs", "page.css")


def test_a_history_of_hours(tmp_path: Path) -> None:
    """Below the history of a first day the same date would stand three times."""
    repo = make_monorepo(tmp_path / "repo", git=False)
    repo.git("init", "-q")
    repo.commit("a library", date="2090-01-01T00:00:00Z")
    assert repo.run("distribute").code == 0
    repo.commit("copies", date="2090-01-01T06:00:00Z")
    labels = "[...document.querySelectorAll('.chart text')].map(one => one.textContent).join('; ')"
    told = "2; 0; Jan 1, 00:00; Jan 1, 03:03; Jan 1, 06:00"
    check(make_page(repo), Visit([Step("ask", labels, told)], {"timezoneId": "UTC"}))


def test_services_with_different_libraries(tmp_path: Path) -> None:
    """A service would be shown in sync with a library that it does not get, or its people be told to unpin it first."""
    repo = make_libraries(make_monorepo(tmp_path / "repo"))
    repo.run("distribute")
    repo.commit()
    assert repo.run("pin", "api", repo.git("rev-parse", "HEAD").strip()[:9], "--library", "events").code == 0
    repo.write(f"{API}/libs/events/our_events/__init__.py", "mine = 1\n")
    page = make_page(repo)
    said = "document.getElementById('drawer').textContent"
    promote = f"{said}.includes('common-sync promote {API}') && !{said}.includes('common-sync unpin')"
    blank = "[...document.querySelectorAll('.row')].map(one => one.querySelectorAll('.blank').length).join()"
    all_files = "[...document.querySelectorAll('#columns button')].at(-1).click()"
    steps = [
        *(
            Step("count", ".row", 3),
            READABLE,
            FITS,
            Step("ask", "document.querySelectorAll('#cards .versions').length", 2),
        ),
        *(Step("click", ".cell"), OPENED, READABLE, Step("ask", promote, True), Step("press", "Escape")),
        *(Step("click", ".row .name"), OPENED, Step("ask", promote, True), Step("press", "Escape")),
        *(Step("ask", all_files), Step("click", ".blank"), Step("ask", blank, "0,1,0")),
        *(Step("click", ".versions button"), Step("count", ".row", 3)),
        *(
            Step("ask", "[...document.querySelectorAll('.versions')].at(-1).querySelector('button').click()"),
            Step("count", ".row", 2),
        ),
    ]
    check(page, Visit(steps, {"viewport": DESK, "bypassCSP": True}))


def test_a_file_counts_every_service(synced: Monorepo) -> None:
    """Of two services the page would tell what one has of a file, and leave out the one that has no copy."""
    shutil.rmtree(synced.root / "services/api/common")
    synced.write("services/worker/common/our_common/settings.py", "mine\n")
    told = "document.getElementById('drawer').innerText.replace(/\\s+/g, ' ')"
    says = [
        f"{told}.includes('{one}')" for one in ("in 0 of 2 services", "edited in 1 service", "no copy in 1 service")
    ]
    steps = [Step("click", ".column[title='our_common/settings.py']"), *(Step("ask", one, True) for one in says)]
    check(make_page(synced), Visit(steps, {"viewport": DESK}))


def test_hostile_names_are_text(synced: Monorepo) -> None:
    """A repository would run its script in the browser of whoever looks at the report."""
    synced.write(f"services/api/common/{EVIL}.py", f"</script><script>alert(1)</script>{EVIL}\n")
    synced.write(f"services/{EVIL}/requirements.txt", f"-e ../../common # {EVIL}\n")
    synced.git("checkout", "-q", "-b", EVIL.replace(" ", "-").replace("=", "").replace("(1)", ""))
    synced.commit(f"</script>{EVIL}")
    none = Step("count", "img, #drawer script, #grid script", 0)
    steps = [Step("count", ".row", 3), none]
    opened = [
        *(Step("click", f'.name[title="{name}"]') for name in [f"services/{EVIL}"]),
        Step("text", "#drawer-title", f"services/{EVIL}"),
        none,
        Step("press", "Escape"),
        Step("click", '.name[title="services/api"]'),
        Step("click", "#drawer .list button"),
        Step("text", "#drawer-title", f"{EVIL}.py"),
        none,
        Step("text", ".difference .del", f"-</script><script>alert(1)</script>{EVIL}"),
        none,
    ]
    check(make_page(synced), Visit([*steps, *opened], {}))


def test_without_script_it_is_a_table(synced: Monorepo) -> None:
    """In mail and in Jenkins one would see an empty page."""
    steps = [
        Step("text", "#static h1", "Both services are in sync"),
        Step("count", "tbody tr:visible", 2),
        Step("text", "tbody tr", "services/api\t1.2.3\tin sync\tin sync\tproven"),
        Step("count", "#app:visible", 0),
    ]
    check(make_page(synced), Visit(steps, {"javaScriptEnabled": False}))
