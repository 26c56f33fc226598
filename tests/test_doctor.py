"""`doctor`, as a process of its own: what it finds, what it mends, what can be switched off, and how it looks."""

import re
import shutil
import stat
from pathlib import Path

import pytest
from support.depth import deep
from support.monorepo import PROGRAM, Monorepo, make_monorepo, patched, run, show

RIGHT = "FROM python:3.12-slim\nWORKDIR /app\nCOPY common/ ./common/\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .\n"
WRONG = RIGHT.replace("COPY common/ ./common/\n", "")
FIXED = WRONG.replace("COPY requirements.txt .\n", "COPY requirements.txt .\nCOPY common/ ./common/\n")
SERVICES = ("api", "billing", "media", "worker")


@pytest.fixture(scope="module")
def four(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repository in the state that the tool was made for: distributed, and three of four images cannot be built."""
    repo = make_monorepo(tmp_path_factory.mktemp("four") / "repo")
    for service in SERVICES:
        repo.write(f"services/{service}/requirements.txt", "fastapi\n-e ../../common\n")
        repo.write(f"services/{service}/Dockerfile", RIGHT if service == "api" else WRONG)
    assert repo.run("distribute").code == 0
    repo.commit("distribute")
    return repo.root


@pytest.fixture
def story(four: Path, tmp_path: Path) -> Monorepo:
    """Return a copy of it."""
    assert run("cp", "-a", str(four), str(tmp_path / "repo"), cwd=tmp_path).code == 0
    return Monorepo(tmp_path / "repo")


@pytest.fixture
def one(synced: Monorepo) -> Monorepo:
    """Return a repository with one service that is built into an image, and is right."""
    synced.write("services/api/Dockerfile", RIGHT)
    return synced


def codes(repo: Monorepo, *arguments: str, code: int = 0) -> list[tuple[str, str, int | None]]:
    """Return what is found: code, file and line."""
    document = repo.json("doctor", *arguments, code=code)
    return [(finding["code"], finding["file"], finding["line"]) for finding in document["findings"]]


def test_the_three_that_cannot_be_built_are_named_and_mended(story: Monorepo) -> None:
    """Three of four images could not be built, and nobody would be told: what this tool was made for."""
    before = story.tree()
    found = story.concise("doctor")
    assert (found.code, found.err) == (1, "")
    for service in SERVICES[1:]:
        place = f"services/{service}/Dockerfile:4: CS201 "
        assert f"{place}`-e ./common` (requirements.txt:2) is not in the image" in found.out
    done = story.run("doctor")
    assert (done.code, done.err) == (1, "")
    assert done.out.count("CS201") == 3
    assert "help: add `COPY common/ ./common/` before line 4\n" in done.out
    assert "✗ 1/4 services proven to build from their own folder alone, 3 broken, " in done.out
    assert story.tree() == before

    done = story.run("doctor", "--fix")
    assert done.code == 0, done
    for service in SERVICES[1:]:
        assert f"fixed services/{service}/Dockerfile: added `COPY common/ ./common/`" in done.out
        assert story.read(f"services/{service}/Dockerfile") == FIXED
    assert "✓ 4/4 services proven to build from their own folder alone, " in done.out
    assert story.read("services/api/Dockerfile") == RIGHT
    changed = {path for path, content in story.tree().items() if before[path] != content}
    assert changed == {f"services/{service}/Dockerfile" for service in SERVICES[1:]}

    stamps = story.stamps()
    assert story.run("doctor", "--fix").code == 0
    assert story.stamps() == stamps


def test_eject_takes_out_what_was_put_in(story: Monorepo) -> None:
    """`eject` would leave a line behind that copies a folder which is no longer there."""
    assert story.run("doctor", "--fix", "billing").code == 0
    assert story.run("eject", "billing").code == 0
    assert story.read("services/billing/Dockerfile") == WRONG


def test_only_what_was_named_is_checked(story: Monorepo) -> None:
    """A user who asks about one service would wait for all, and be told of others."""
    assert story.run("doctor", "api").code == 0
    assert codes(story, "services/media", code=1) == [("CS201", "services/media/Dockerfile", 4)]


def test_the_json_says_all_that_the_table_says(story: Monorepo) -> None:
    """A script would have to read the table."""
    document = story.json("doctor", "api", "media", code=1)
    assert (document["schema"], document["command"], document["in_sync"]) == (1, "doctor", False)
    assert (document["proven"], document["fix"]) == (1, False)
    api, media = document["services"]
    assert api == {
        "name": "services/api",
        "verdict": "proven",
        "dockerfiles": ["services/api/Dockerfile"],
        "checks": {
            "copy": "ok",
            "install": "ok",
            "leaves": "ok",
            "mounts": "none",
            "layout": "ok",
            "name": "ok",
            "python": "ok",
            "pip": "ok",
            "stale": "ok",
        },
        "fixed": [],
    }
    assert (media["verdict"], media["checks"]["install"]) == ("broken", "error")
    fixed = story.json("doctor", "media", "--fix", code=0)
    assert fixed["services"][0]["fixed"] == [{"file": "services/media/Dockerfile", "lines": ["COPY common/ ./common/"]}]
    assert (fixed["proven"], fixed["fix"], fixed["findings"]) == (1, True, [])


def test_the_table_fits_into_eighty_columns(story: Monorepo) -> None:
    """Rows would be folded on the screen that most people have."""
    done = show(*PROGRAM, "doctor", "-v", cwd=story.root, env={"FORCE_COLOR": "1"})
    plain = re.sub(r"\033\[\d*m", "", done.out)
    table = plain[plain.index("SERVICE") :].splitlines()[:5]
    assert max(map(len, table)) <= 80
    assert table == [
        "SERVICE          COPY INSTALL LEAVES MOUNTS LAYOUT NAME PYTHON PIP STALE",
        "services/api      ✓      ✓      ✓      ·      ✓     ✓     ✓     ✓    ✓",
        "services/billing  ✓      ✗      ✓      ·      ✓     ✓     ✓     ✓    ✓",
        "services/media    ✓      ✗      ✓      ·      ✓     ✓     ✓     ✓    ✓",
        "services/worker   ✓      ✗      ✓      ·      ✓     ✓     ✓     ✓    ✓",
    ]
    assert "\033[31m✗" in done.out


def test_only_what_fails_is_shown(story: Monorepo) -> None:
    """The three services that somebody has to look at would be lost among hundreds that are right."""
    story.write("services/api/setup.sh", "x\n")
    out = story.run("doctor").out
    assert out[: out.index("✗ 1/4")] == (
        "".join(
            f"✗ services/{service}\n"
            "  Dockerfile:4: CS201 `-e ./common` (requirements.txt:2) is not in the image\n"
            "      when this line installs it: there is no /app/common\n"
            "    help: add `COPY common/ ./common/` before line 4\n"
            for service in SERVICES[1:]
        )
        + "\nSERVICE           INSTALL\nservices/billing     ✗\nservices/media       ✗\nservices/worker      ✗\n"
        "· 1 more service proven (-v names them)\n\n"
    )


def test_what_follows_from_another_finding_is_left_out(story: Monorepo) -> None:
    """Somebody would mend five lines, of which four go by themselves; or not see that something is wrong at all."""
    shutil.rmtree(story.root / "services/api/common")  # there is no copy
    story.write("services/billing/Dockerfile", RIGHT)
    story.write("services/billing/.dockerignore", "common\n")  # it is kept out
    story.write("services/media/Dockerfile", RIGHT)
    story.write("services/media/requirements.txt", "-e ../../common\n")  # a line leads to the master
    mount = "../../common:/app/common"  # it hides the copy only as long as it leads there
    story.write("services/media/compose.yml", f"services: {{media: {{build: ., volumes: ['{mount}']}}}}\n")
    everything = story.json("doctor", code=1)["findings"]
    seen = {
        service: [one["code"] for one in everything if one["service"] == f"services/{service}"] for service in SERVICES
    }
    out = story.run("doctor").out
    shown = {
        service: re.findall(
            r"^  \S+: (CS\d+) ", out.partition(f"services/{service}\n")[2].partition("services/")[0], re.MULTILINE
        )
        for service in SERVICES
    }
    assert shown == {"api": ["CS002"], "billing": ["CS115"], "media": ["CS101", "CS101"], "worker": ["CS201"]}
    hidden = sum(map(len, seen.values())) - 5
    assert hidden >= 4
    assert "CS207" in seen["media"]
    assert f"\n  {hidden} findings that follow from these: left out (-v names them)\n" in out
    assert len(re.findall(r"^  \S+: CS\d+ ", story.run("doctor", "-v").out, re.MULTILINE)) == hidden + 5


@deep("builds of less usual kinds")
def test_a_long_list_is_counted(story: Monorepo) -> None:
    """A report about hundreds of services would be hundreds of lines long, and the services that are left out unknown."""
    for number in range(20):
        story.write(f"services/s{number:02}/requirements.txt", "./nothing\n")
    out = story.run("doctor").out
    named = set(re.findall(r"^✗ (\S+)$", out, re.MULTILINE))
    assert len(named) == 10
    assert "\n  and 13 more services (-v names them)\n" in out
    assert "\n  and 8 more services (-v names them)\n" in out, "rows of the table"
    assert "✗ 1/24 services" in out
    assert len(re.findall(r"^✗ services/", story.run("doctor", "-v").out, re.MULTILINE)) == 23


def test_plain_letters_stand_for_the_marks_where_there_are_none(story: Monorepo) -> None:
    """A terminal that has no such letters would show question marks, which mean something here."""
    done = story.run("doctor", "media", env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "1"})
    assert "\nSERVICE         INSTALL\nservices/media     x\n" in done.out


def test_quiet_says_only_what_is_wrong(story: Monorepo) -> None:
    """Continuous integration would fill its log with a table."""
    assert story.run("doctor", "-q", "api").out == ""
    (line,) = story.run("doctor", "-q", "api", "media").out.splitlines()
    assert line.startswith("✗ 1/2 services proven to build from their own folder alone, 1 broken, ")


def test_a_mended_file_keeps_its_mode_and_its_bytes(one: Monorepo) -> None:
    """A file would come back with other rights, other line ends, or without its byte order mark."""
    data = b"\xef\xbb\xbf" + WRONG.replace("\n", "\r\n").encode() + b"# \xc3\xa9"
    path = one.write("services/api/Dockerfile", data, executable=True)
    assert one.run("doctor", "--fix", "api").code == 0
    assert path.read_bytes() == b"\xef\xbb\xbf" + FIXED.replace("\n", "\r\n").encode() + b"# \xc3\xa9"
    assert stat.S_IMODE(path.stat().st_mode) == 0o755
    assert one.leftovers() == []


def test_a_comment_switches_a_check_off_and_keeps_fix_away(one: Monorepo) -> None:
    """What somebody has looked at and found right would be reported, and changed, for ever."""
    text = WRONG.replace("RUN pip", "# common-sync: ignore[CS201]\nRUN pip")
    one.write("services/api/Dockerfile", text)
    assert codes(one, "--fix", "api") == []
    assert one.read("services/api/Dockerfile") == text
    one.write("services/api/Dockerfile", text.replace("CS201", "CS202"))
    assert codes(one, "api", code=1) == [("CS201", "services/api/Dockerfile", 5)]


def test_the_configuration_switches_a_check_off(one: Monorepo) -> None:
    """A check that does not suit a repository could not be switched off."""
    one.write("services/api/Dockerfile", WRONG)
    one.write("common-sync.toml", 'master = "common"\nservices = ["services/*"]\nignore = ["CS201"]\n')
    assert codes(one, "--fix") == []
    assert one.read("services/api/Dockerfile") == WRONG


@pytest.mark.parametrize(
    ("written", "message", "remedy"),
    [
        (
            "CS101",
            "CS101 cannot be switched off",
            "only the checks of doctor (CS2.., CS3.., CS422) can; see common-sync explain CS101",
        ),
        ("mounts", 'no check "mounts" exists', "the checks are CS201 to CS"),
        ("CS20", 'no check "CS20" exists', "the checks are CS201 to CS"),
        ("CS2070", 'no check "CS2070" exists', "did you mean CS207?"),
    ],
)
def test_an_unknown_check_is_an_error_with_its_line(one: Monorepo, written: str, message: str, remedy: str) -> None:
    """A typo would leave a check switched on, or what `verify` finds be thought switched off."""
    one.write(
        "common-sync.toml", f'master = "common"\nservices = ["services/*"]\nignore = [\n  "CS207",\n  "{written}",\n]\n'
    )
    done = one.run("doctor")
    assert done.code == 2
    assert f"common-sync.toml:5: {message}" in done.err
    assert remedy in done.err


@deep("builds of less usual kinds")
def test_bytes_that_are_no_text_hide_nothing(one: Monorepo) -> None:
    """A build that fails would be called proven for one letter in a comment."""
    (one.root / "services/api/.dockerignore").write_bytes(b"# caf\xe9\nrequirements.txt\n")
    assert "CS202" in {code for code, _, _ in codes(one, code=1)}
    (one.root / "services/api/.dockerignore").unlink()
    for comment in (b"# coding: nonsense\n", b"# coding: utf-16\n", b"# caf\xe9\n"):
        (one.root / "services/api/Dockerfile").write_bytes(comment + WRONG.encode())
        assert ("CS201", "services/api/Dockerfile", 5) in codes(one, code=1)
        one.run("doctor", "--fix")
        assert (one.root / "services/api/Dockerfile").read_bytes() == comment + FIXED.encode()


def test_a_file_that_cannot_be_read_proves_nothing(one: Monorepo) -> None:
    """A build that fails would be called proven because what it is built by was taken for an empty file."""
    (one.root / "services/api/docker").mkdir()
    (one.root / "services/api/docker/.dockerignore").mkdir()
    one.write("services/api/docker/Dockerfile", "FROM scratch\nCOPY x .\n")
    assert one.json("doctor", code=1)["services"][0]["verdict"] == "broken"
    shutil.rmtree(one.root / "services/api/docker")
    one.write("other", WRONG)
    (one.root / "services/api/Dockerfile").unlink()
    (one.root / "services/api/Dockerfile").symlink_to("../../other")
    assert one.json("doctor", code=1)["services"][0]["verdict"] == "broken"


def test_what_cannot_be_followed_is_not_proven(one: Monorepo) -> None:
    """A service would be called proven because nobody looked."""
    one.write("services/api/install.sh", "pip install -r other.txt\n")
    one.write("services/api/Dockerfile", RIGHT + "RUN sh install.sh\n")
    done = one.concise("doctor", "api")
    assert done.code == 0  # a warning
    assert "services/api/Dockerfile:7: CS213 runs `sh install.sh`; what that leaves in /app is unknown" in done.out
    done = one.run("doctor", "api")
    assert "? 0/1 service proven to build from its own folder alone, 1 cannot be told," in done.out
    assert "? cannot be told" in done.out
    assert one.json("doctor", "api", code=0)["services"][0]["verdict"] == "unknown"


def test_a_dockerfile_that_is_none_is_told_and_the_others_are_followed(story: Monorepo) -> None:
    """One broken file would end the run, or be passed over."""
    story.write("services/api/Dockerfile", "COPY . .\n")
    assert codes(story, "api", "media", code=1) == [
        ("CS108", "services/api/Dockerfile", 1),
        ("CS201", "services/media/Dockerfile", 4),
    ]
    assert story.run("doctor", "--fix", "api").code == 1
    assert story.read("services/api/Dockerfile") == "COPY . .\n"


def test_a_dockerignore_that_is_none_is_told(one: Monorepo) -> None:
    """Docker refuses the whole build, and nobody would be told."""
    one.write("services/api/.dockerignore", "[\n")
    assert codes(one, "api", code=1) == [("CS108", "services/api/.dockerignore", 1)]
    one.write("services/api/.dockerignore", "")
    one.write("services/api/Dockerfile.dockerignore", "# x\n[\n")
    assert ("CS108", "services/api/Dockerfile.dockerignore", 2) in codes(one, "api", code=1)


def test_a_service_without_a_copy_is_told_so(one: Monorepo) -> None:
    """Somebody would write a COPY of what is not there, instead of distributing it."""
    run("rm", "-rf", "services/api/common", cwd=one.root)
    found = codes(one, "api", code=1)
    assert ("CS002", "services/api/common", None) in found
    assert one.run("doctor", "--fix", "api").code == 1
    assert one.read("services/api/Dockerfile") == RIGHT


def test_a_service_without_an_image_must_hold_what_it_names(synced: Monorepo) -> None:
    """A service that runs from a virtual environment on a machine would be passed over."""
    assert codes(synced) == []
    synced.write("services/api/requirements.txt", "-e ./common\n-e ./gone\n-e ../worker\n-e ../../common\n")
    assert codes(synced, "api", code=1) == [
        ("CS101", "services/api/requirements.txt", 4),
        ("CS201", "services/api/requirements.txt", 2),
        ("CS205", "services/api/requirements.txt", 3),
    ]


def test_a_symlink_out_of_the_service_is_not_there_for_a_build(one: Monorepo) -> None:
    """Docker follows no link out of the context, and a verdict that does would be wrong."""
    one.write("services/api/Dockerfile", RIGHT + "COPY linked ./\n")
    (one.root / "services/api/linked").symlink_to("../worker")
    assert codes(one, "api", code=1) == [("CS202", "services/api/Dockerfile", 7)]
    (one.root / "services/api/linked").unlink()
    (one.root / "services/api/linked").symlink_to("common")
    assert codes(one, "api") == []


def test_imports_that_leave_the_service_are_found(one: Monorepo) -> None:
    """A service would run where it is developed, and nowhere else."""
    one.write("services/api/app/main.py", "import sys\nsys.path.append('../../shared')\n")
    one.write("services/api/app/installed.py", "import sys\nsys.path.append('../../common')\nimport our_common\n")
    one.write("services/api/app/fine.py", "import sys\nsys.path.append('lib')  # and no more\n")
    assert codes(one, "api", code=1) == [("CS206", "services/api/app/main.py", 2)]


@deep("builds of less usual kinds")
def test_a_mount_over_the_copy_is_found_wherever_the_compose_file_is(one: Monorepo) -> None:
    """What runs would not be what was built."""
    one.write("compose.yaml", "services:\n  api:\n    build: services/api\n    volumes:\n      - libs:/app/common\n")
    one.write(
        "services/api/compose.yaml", "services:\n  api:\n    build: .\n    volumes: ['.:/app', './data:/app/data']\n"
    )
    assert codes(one) == [("CS207", "compose.yaml", 5)]
    document = one.json("doctor", code=0)
    assert [service["checks"]["mounts"] for service in document["services"]] == ["warning", "none"]
    text = one.read("compose.yaml").replace("libs:/app/common", "libs:/app/common # common-sync: ignore[CS207]")
    one.write("compose.yaml", text)
    assert codes(one) == []
    one.write("compose.yaml", "services: [\n")
    assert codes(one) == []


def test_where_the_copy_is_gone_it_is_to_be_brought_back(one: Monorepo) -> None:
    """A user would take out a line that is right, because the copy that it names has been deleted."""
    one.write("services/api/Dockerfile", RIGHT + "COPY common/wait.sh none ./\n")
    shutil.rmtree(one.root / "services/api/common")
    for file in ("Dockerfile", "requirements.txt"):  # as an image, and without one
        findings = one.json("doctor", "api", code=1)["findings"]
        remedies = {(one["code"], one["line"], one["remedy"]) for one in findings}
        assert ("CS002", None, "common-sync distribute services/api") in remedies, file
        lines = {"Dockerfile": [("CS202", 3), ("CS201", 5), ("CS202", 7)], "requirements.txt": [("CS201", 2)]}[file]
        assert {(code, line, "common-sync distribute services/api") for code, line in lines} <= remedies
        assert (sum("take the line out" in remedy for _, _, remedy in remedies) == 1) is (file == "Dockerfile")
        (one.root / "services/api/Dockerfile").unlink(missing_ok=True)


def test_a_dockerfile_in_a_folder_of_its_own(one: Monorepo) -> None:
    """A Dockerfile for something else in the service would be followed with the wrong files."""
    one.write("services/api/docker/Dockerfile", RIGHT)
    one.write("services/api/front/Dockerfile", "FROM node:20\nCOPY package.json ./\nCOPY src ./src\n")
    one.write("services/api/front/package.json", "{}")
    one.write("services/api/front/src/x", "")
    one.write("services/api/other/Dockerfile", "FROM node:20 AS x\nCOPY none ./\n")
    assert codes(one, "api", code=1) == [("CS202", "services/api/other/Dockerfile", 2)]
    one.write("services/api/other/none", "")
    one.write("services/api/compose.yaml", "services:\n  o:\n    build: {context: other, target: x}\n")
    assert codes(one, "api") == []


@deep("runs of the whole program that take long")
def test_a_name_that_strangers_have_is_told_once(one: Monorepo) -> None:
    """A forgotten reference would install a stranger's package; or each of a hundred services would say so."""
    one.write("common/pyproject.toml", '[project]\nname = "common"\nversion = "1"\n')
    assert one.run("distribute").code == 0
    assert codes(one) == [("CS209", "common/pyproject.toml", None)]
    assert [line for line in one.run("doctor").out.splitlines() if "CS209" in line or "NAME" in line] == [
        "! common/pyproject.toml: CS209 `common` may be a name on the public index, too:"
    ]
    assert " NAME" in one.run("doctor", "-v").out
    one.write("common-sync.toml", 'master = "common"\nservices = ["services/*"]\nignore = ["CS209"]\n')
    assert codes(one) == []


@deep("runs of the whole program that take long")
def test_a_project_file_of_another_tool_is_told_once(one: Monorepo) -> None:
    """Nx, or pnpm, would stop at several projects of one name, or `doctor` would cry where there is no such tool."""
    for name in ("project.json", "package.json"):
        one.write(f"common/{name}", "{}\n")
    assert one.run("distribute").code == 0
    assert codes(one) == []
    one.write("pnpm-workspace.yaml", "packages: [common, 'services/**']\n")
    assert codes(one) == [("CS219", "common/package.json", None)]
    one.write("pnpm-workspace.yaml", "packages: [\n")
    one.write("nx.json", "{}\n")
    assert codes(one) == [("CS219", "common/project.json", None)]
    assert one.run("doctor").code == 0
    one.write(".nxignore", "# copies\n\n[\nservices/*/common\n")
    assert codes(one) == []
    one.write(".nxignore", "services/*/common\n!services/api/common\n")
    assert codes(one) == [("CS219", "common/project.json", None)]
    one.write("common-sync.toml", one.read("common-sync.toml") + 'exclude = ["project.json"]\n')
    assert one.run("distribute").code == 0
    assert codes(one) == []


def test_a_dockerfile_that_is_written_for_a_folder_above_is_one_finding(one: Monorepo) -> None:
    """A user would read five findings with five remedies, and none would say that the paths begin at the root."""
    text = "FROM python:3.12\nWORKDIR /app\nCOPY common ./common\nCOPY services/api/requirements.txt .\nRUN pip install -r requirements.txt\nCOPY services/api/ .\n"
    one.write("services/api/Dockerfile", text)
    assert codes(one, code=1) == [("CS202", "services/api/Dockerfile", 4)]
    done = " ".join(one.run("doctor").out.split())
    assert "it looks as if it is built from `../..`; from the service's folder alone it fails: " in done
    assert (
        "; 2 more lines of it fail the same way help: write its paths from the service's folder, and `common` for the library"
        in done
    )
    one.write("services/api/Dockerfile", f"{text}COPY none ./\n")
    assert [line for _, _, line in codes(one, code=1)] == [4, 5, 6, 7]
    one.write("services/api/Dockerfile", text)
    one.write("services/api/compose.yml", "services: {api: {build: .}}\n")
    assert [line for _, _, line in codes(one, code=1)] == [4, 5, 6]


@deep("builds of less usual kinds")
def test_folders_of_a_library_that_nothing_installs_are_no_names(one: Monorepo) -> None:
    """A folder that is imported as `common.db` would be called a name that strangers have."""
    one.write("common/db/__init__.py", "")
    project = (one.root / "common/pyproject.toml").read_text()
    one.write("common/pyproject.toml", f'{project}[tool.setuptools]\npackages = ["db", "our_common"]\n')
    assert one.run("distribute").code == 0
    assert codes(one) == [("CS209", "common/pyproject.toml", None)]
    (one.root / "common/pyproject.toml").unlink()
    assert one.run("distribute").code == 0
    assert [message for message in one.run("doctor").out.splitlines() if "`db`" in message] == []


@deep("builds of less usual kinds")
def test_an_image_with_an_old_python_is_told(one: Monorepo) -> None:
    """An image could not be built, for a reason that nobody sees in the Dockerfile."""
    one.write("common/pyproject.toml", '[project]\nname = "our-common"\nversion = "1"\nrequires-python = ">=3.11,<4"\n')
    assert one.run("distribute").code == 0
    for tag, expected in (("3.9-slim", ["CS210"]), ("3.11", []), ("3.9.5", ["CS210"]), ("3", [])):
        one.write("services/api/Dockerfile", RIGHT.replace("3.12-slim", tag))
        assert [code for code, _, _ in codes(one, "api", code=len(expected))] == expected
    one.write("common/pyproject.toml", '[project]\nname = "our-common"\nversion = "1"\nrequires-python = "new"\n')
    assert one.run("distribute").code == 0
    assert codes(one, "api") == []


def test_a_service_that_imports_what_nothing_installs(one: Monorepo) -> None:
    """An image would be built whose service cannot start."""
    one.write("services/api/Dockerfile", "FROM python:3.12\nWORKDIR /app\nCOPY app.py ./\n")
    one.write("services/api/requirements.txt", "fastapi\n")
    one.write("services/api/front/Dockerfile", "FROM node:20\nCOPY front ./\n")  # has nothing to do with it
    assert codes(one, "api", code=1) == [("CS216", "services/api/Dockerfile", None)]
    one.write("services/api/requirements.txt", "fastapi  # not our_common\n# our-common\n")
    assert codes(one, "api", code=1) == [("CS216", "services/api/Dockerfile", None)]
    one.write("services/api/requirements.txt", "fastapi\nour_common==1.2\n")
    assert codes(one, "api") == [("CS213", "services/api/requirements.txt", 2)], "an index may bring it, or a stranger"


def test_a_service_without_an_image_that_asks_an_index_for_the_library(one: Monorepo) -> None:
    """It would be called proven, and be set up with a stranger's package of the same name, or not at all."""
    one.write("services/api/requirements.txt", "fastapi\n")
    (one.root / "services/api/Dockerfile").unlink()
    assert codes(one, "api") == [("CS213", "services/api/app.py", 1)], "it is imported, and nothing installs it"
    one.write("services/api/pyproject.toml", '[project]\nname = "api"\ndependencies = [\n  "our.common>=1",\n]\n')
    assert codes(one, "api") == [("CS213", "services/api/pyproject.toml", 4)]
    one.write("services/api/requirements.txt", "-r deps.list\n")
    one.write("services/api/deps.list", "-e ./common\n")
    one.write("services/api/constraints.txt", "our-common==1\n")
    assert codes(one, "api") == []
    one.write("services/api/deps.list", "our-common @ git+https://example.invalid/x\n")
    (one.root / "services/api/pyproject.toml").unlink()
    assert codes(one, "api") == [("CS213", "services/api/deps.list", 1)], "it is from an address, and no copy"
    one.write("services/api/deps.list", "fastapi\n")
    assert codes(one, "api") == [("CS213", "services/api/app.py", 1)], "a constraint asks for nothing"
    one.write("services/api/.env", "PYTHONPATH=common\n")
    assert codes(one, "api") == [], "Python is told where it is"


@pytest.mark.parametrize("arguments", [("nobody",), ("--fixx",), ("--root", "nowhere")])
def test_a_wrong_use_is_told_apart(one: Monorepo, arguments: tuple[str, ...]) -> None:
    """A script would take a typo for a service that cannot be built."""
    assert one.run("doctor", *arguments).code == 2


def test_nothing_is_asked_of_a_network_or_of_docker(one: Monorepo) -> None:
    """The proof would hold only where Docker is installed, or depend on what a server says."""
    done = one.run("doctor", "-v", "api", env={"PATH": "/usr/bin:/bin", "DOCKER_HOST": "unix:///nowhere"})
    assert done.code == 0, done


def test_an_edit_while_doctor_looks(synced: Monorepo) -> None:
    """A line that somebody writes between the check and the mending would be overwritten."""
    file = synced.write("services/api/Dockerfile", LACKING)
    patch = (
        "import common_sync.commands.doctor as d\nwrite = d._write\n"
        "def late(*a):\n"
        "    with open('services/api/Dockerfile', 'a') as file: file.write('LABEL mine=x\\n')\n"
        "    write(*a)\n"
        "d._write = late"
    )
    done = run(*patched(patch), "doctor", "--fix", cwd=synced.root)
    assert done.code == 2
    assert "services/api/Dockerfile: has changed while common-sync ran, and was left alone" in done.err
    assert file.read_text() == f"{LACKING}LABEL mine=x\n"


LACKING = "FROM python:3.11-slim\nWORKDIR /app\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n"
