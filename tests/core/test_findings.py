"""Findings: every way to be out of sync has a code, a sentence and a remedy."""

import re
from pathlib import Path

import pytest
from support.trees import file

from common_sync.core.copies.drift import UNFINISHED, drift_findings
from common_sync.core.copies.manifest import Manifest, make_manifest
from common_sync.core.copies.plan import build_plan
from common_sync.core.findings import (
    CODES,
    file_finding,
    line_finding,
    make_finding,
    missing_copy,
    reference_findings,
    unpin_command,
)
from common_sync.core.model import Entries, Entry, Finding, Origin, Reference, Snapshot

A, B, C = file(b"a"), file(b"b"), file(b"c")
SERVICE, COPY = "services/api", "services/api/common"
REQ_FILE = "requirements.txt"
DISTRIBUTE = "common-sync distribute services/api"
PAGES = Path(__file__).parents[2] / "common_sync" / "pages"


def one(entry: Entry | None) -> Entries:
    """Return a tree with one file in question, or without it."""
    return {"kept": A} if entry is None else {"kept": A, "f": entry}


def manifest(tree: Entries) -> Manifest:
    """Return the manifest of a tree."""
    return make_manifest(Origin("our-common", "libs/common", "1"), tree)


def drift(base: Entries | None, master: Entries, copy: Entries, ignored: tuple[str, ...] = ()) -> list[Finding]:
    """Return the findings for a copy."""
    known = manifest(base) if base is not None else None
    plan = build_plan(manifest(master), known, Snapshot(copy, ignored=ignored))
    return list(drift_findings(plan, SERVICE, COPY, "libs/common"))


FORCE = f"{DISTRIBUTE} --force discards it"
PROMOTE = "common-sync promote services/api takes it into the master"

DRIFT = [
    # manifest, master, copy, code, message, remedy
    (A, B, A, "CS001", "behind the master", DISTRIBUTE),
    (A, None, A, "CS001", "gone from the master", DISTRIBUTE),
    (None, A, None, "CS001", "new in the master", DISTRIBUTE),
    (A, A, None, "CS002", "missing", DISTRIBUTE),
    (A, A, B, "CS003", "edited in the copy", f"{PROMOTE}, or {FORCE}"),
    (
        A,
        B,
        C,
        "CS004",
        "edited in the copy, and the master has changed too",
        f"{PROMOTE}, or {FORCE}",
    ),
    (A, None, C, "CS004", "edited in the copy, and gone from the master", f"take it over to libs/common/f, or {FORCE}"),
    (
        None,
        None,
        C,
        "CS005",
        "neither the master nor the manifest has it",
        f"{PROMOTE}, or move it away, or {FORCE}",
    ),
]


@pytest.mark.parametrize(("base", "master", "copy", "code", "message", "remedy"), DRIFT, ids=[row[4] for row in DRIFT])
def test_every_drift_has_a_sentence(
    base: Entry | None, master: Entry | None, copy: Entry | None, code: str, message: str, remedy: str
) -> None:
    """Somebody would be told that a file differs, but not whose change it is or what to do."""
    assert drift(one(base), one(master), one(copy)) == [
        Finding(
            code,
            "error",
            SERVICE,
            f"{COPY}/f",
            None,
            message,
            remedy,
            mend="distribute" if remedy == DISTRIBUTE else None,
        )
    ]


@pytest.mark.parametrize(("base", "master", "copy", "code", "message", "remedy"), DRIFT, ids=[row[4] for row in DRIFT])
def test_the_drift_of_a_pinned_copy_is_from_what_it_is_pinned_to(
    base: Entry | None, master: Entry | None, copy: Entry | None, code: str, message: str, remedy: str
) -> None:
    """Who looks for what a service lacks would compare it with the master, which it does not follow."""
    plan = build_plan(manifest(one(master)), manifest(one(base)), Snapshot(one(copy)))
    (found,) = drift_findings(plan, SERVICE, COPY, "libs/common", "v1")
    changed = message.replace("the master has changed too", "v1 has another one")
    assert (found.code, found.message) == (code, changed.replace("the master", "v1"))
    assert found.remedy == remedy


def test_the_marks_of_a_merge_are_no_edit() -> None:
    """Somebody would promote what git has left, and be refused."""
    plan = build_plan(manifest(one(B)), manifest(one(A)), Snapshot(one(C)))
    plan = plan._replace(operations=tuple(each._replace(unfinished=True) for each in plan.operations))
    (found,) = drift_findings(plan, SERVICE, COPY, "libs/common")
    assert (found.code, found.message, found.mend) == ("CS004", UNFINISHED, None)
    assert found.remedy == f"look at both sides: an edit belongs into libs/common/f; then {DISTRIBUTE} --force"


def test_an_edit_of_a_library_of_another_repository_is_kept_there() -> None:
    """Who has edited such a copy would be sent to a `promote` that refuses him."""
    there = f"common-sync promote {SERVICE} --to CHECKOUT takes it into a checkout of the library's repository"
    plan = build_plan(manifest(one(A)), manifest(one(A)), Snapshot(one(B)))
    for ref in (None, "v1"):
        (found,) = drift_findings(plan, SERVICE, COPY, "git+../platform#subdirectory=common", ref)
        assert (found.code, found.remedy) == ("CS003", f"{there}, or {FORCE}")


def test_a_copy_without_a_manifest_is_named_first() -> None:
    """A copy that somebody made by hand would look like one that somebody edited."""
    found = drift(None, one(A), one(B))
    assert [(finding.code, finding.file, finding.message) for finding in found] == [
        ("CS006", COPY, "the copy has no manifest"),
        ("CS003", f"{COPY}/f", "edited in the copy"),
    ]


def test_a_manifest_that_is_behind_is_a_finding_of_its_own() -> None:
    """`verify` would fail without a word about why."""
    (finding,) = drift(one(A), one(B), one(B))
    message = "the manifest is behind the master"
    assert finding == Finding("CS007", "error", SERVICE, COPY, None, message, DISTRIBUTE, mend="distribute")


def test_a_manifest_that_is_behind_is_not_named_beside_files_that_are() -> None:
    """Each file would be named twice."""
    assert [finding.code for finding in drift(one(A), {**one(B), "g": A}, {**one(A), "g": A})] == ["CS001"]


def test_a_file_that_waits_says_for_what() -> None:
    """`distribute` would leave a file out again and again, and not say what is in its way."""
    (finding,) = drift({"kept": A}, {"kept": A, "f": B}, {"kept": A}, ignored=("f/.venv",))
    assert (finding.message, finding.remedy) == ("waits for f/.venv, which is in its way", "move f/.venv away")
    assert finding.mend is None, "distribute would be said to mend what it leaves"


def test_what_force_would_discard_is_said_where_it_is_in_the_way() -> None:
    """Somebody would move a file by hand, and not know that `--force` does it."""
    waits, extra = drift({}, {"f/x": A}, {"f": B})[::-1]
    assert (extra.code, waits.code) == ("CS005", "CS001")
    assert waits.remedy == f"move f away, or {DISTRIBUTE} --force discards it"


def test_in_sync_has_no_findings() -> None:
    """A copy in sync would fail a check."""
    assert drift(one(A), one(A), one(A)) == []


def test_no_copy_at_all_is_one_finding() -> None:
    """A new service would be reported by a thousand lines."""
    message = "there is no copy (14 files)"
    expected = Finding("CS002", "error", SERVICE, COPY, None, message, DISTRIBUTE, mend="distribute")
    assert missing_copy(SERVICE, COPY, 14) == expected


def test_only_references_to_the_master_are_findings() -> None:
    """A service that cannot be built from its own folder would pass, or one that can would fail."""
    references = (
        Reference("services/api/requirements.txt", 3, "points-at-master"),
        Reference("services/api/requirements.txt", 4, "points-at-copy"),
        Reference("services/api/requirements.txt", 5, "unresolved"),
        Reference("requirements.txt", 6, "foreign"),
    )
    (finding,) = reference_findings(SERVICE, references)
    assert (finding.code, finding.file, finding.line) == ("CS101", "services/api/requirements.txt", 3)
    assert (finding.remedy, finding.mend) == (DISTRIBUTE, "distribute")


@pytest.mark.parametrize(("code", "severity"), [("CS101", "error"), ("CS102", "warning")])
def test_the_severity_is_that_of_the_code(code: str, severity: str) -> None:
    """A warning would fail a build, or an error pass it."""
    assert make_finding(code, SERVICE, COPY, None, "", "").severity == severity


def test_every_code_has_a_page() -> None:
    """Somebody would look up a code and find nothing, or what another code means."""
    assert sorted(page.stem for page in PAGES.iterdir()) == sorted(CODES)
    for code, (severity, title) in CODES.items():
        page = PAGES.joinpath(f"{code}.md").read_text(encoding="utf-8")
        assert page.startswith(f"# {code} ({severity}): {title}\n\n")
        assert "\n\n## What to do\n\n" in page
        assert set(re.findall(r"\bCS\d{3}\b", page)) <= set(CODES)


URLS = {
    "`our-common @ https://me:S3CRET@host/x.whl#sha256=0`": "`our-common @ https://***@host/x.whl#sha256=0`",
    "`git+https://S3CRET@host/x.git@v1` and HTTP://me:S3@CRET@host": "`git+https://***@host/x.git@v1` and HTTP://***@host",
    "svn+ssh://me:S3CRET@host/x": "svn+ssh://***@host/x",
    "git+ssh://git@host/x.git@v1, https://host/x@v1": "git+ssh://git@host/x.git@v1, https://host/x@v1",
    "ssh://host:22/x@v1 and me@example": "ssh://host:22/x@v1 and me@example",
    '"https://host", "me@example"': '"https://host", "me@example"',
}


@pytest.mark.parametrize("text", URLS)
def test_no_finding_tells_a_password(text: str) -> None:
    """The password of an index would stand in the log of every pipeline, and in what SARIF is uploaded to."""
    for finding in (
        make_finding("CS422", "", REQ_FILE, 1, text, text),
        line_finding(1, "CS213", text, text),
        file_finding("CS213", REQ_FILE, 1, text, text),
    ):
        assert (finding.message, finding.remedy) == (URLS[text], URLS[text])


def test_the_command_that_unpins() -> None:
    """A person would be told a command that the shell or the program does not take."""
    assert unpin_command("services/api") == "common-sync unpin services/api"
    assert unpin_command("services/my api", "our-auth") == "common-sync unpin 'services/my api' --library our-auth"
