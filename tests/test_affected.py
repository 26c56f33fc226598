"""`affected`: which services a build would see differently. Never silently all of them, never silently none."""

import json
import shutil
from collections.abc import Container, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.commits import clone
from support.depth import deep, sampled
from support.monorepo import Monorepo, make_monorepo

from common_sync.commands.affected import find_affected
from common_sync.commands.steps.builds import outside
from common_sync.edges.service.listing import list_paths

API, WORKER = "services/api", "services/worker"
BOTH = [API, WORKER]
COMPOSE = "services:\n  api:\n    build: services/api\n  db:\n    image: postgres\n"
WIDE = "services:\n  api:\n    build:\n      context: .\n      dockerfile: services/api/Dockerfile\n"
DOCKERFILE = "FROM python:3.12\nCOPY services/api /app\nCOPY assets/*.png /app/\n"


def affected(repo: Monorepo, *arguments: str, since: str = "HEAD") -> dict[str, Any]:
    """Return the JSON document."""
    return repo.json("affected", "--since", since, *arguments, code=0)


def names(document: dict[str, Any]) -> list[str]:
    """Return the services that are affected."""
    return [one["name"] for one in document["services"]]


def why(document: dict[str, Any], service: str) -> list[tuple[str, list[str]]]:
    """Return the reasons of a service, each with its files."""
    found = next(one for one in document["services"] if one["name"] == service)
    return [(reason["kind"], reason["files"]) for reason in found["reasons"]]


def test_a_service_a_copy_and_the_library(synced: Monorepo) -> None:
    """The three reasons that every repository has would not be told apart."""
    assert affected(synced)["services"] == []
    synced.write(f"{API}/app.py", "import our_common  # 2\n")
    synced.write(f"{WORKER}/common/wait.sh", "#!/bin/sh\nexit\n")
    synced.write("README.md", "hello\n")
    found = affected(synced)
    assert why(found, API) == [("service", [f"{API}/app.py"])]
    assert why(found, WORKER) == [("copy", [f"{WORKER}/common/wait.sh"])]
    assert found["unmatched"] == ["README.md"]
    synced.commit("all that")
    synced.write("common/our_common/settings.py", "DEBUG = True\n")
    found = affected(synced)
    assert why(found, WORKER) == [("library", ["common/our_common/settings.py"])]
    assert names(found) == BOTH
    assert names(affected(synced, "--until", "HEAD")) == []
    assert names(affected(synced, "--until", "HEAD", since="HEAD~1")) == BOTH


def test_a_service_is_listed_once(synced: Monorepo, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a thousand services, a fifth of the time would go into listing their files again."""
    listed = list[str]()

    def list_them(place: str, apart: Container[str] = ()) -> Iterator[str]:
        listed.append(Path(place).name)
        return list_paths(place, apart)

    monkeypatch.setattr(outside, "list_paths", list_them)
    find_affected(str(synced.root), "HEAD")
    assert sorted(listed) == ["api", "worker"]


def test_without_a_commit_the_usual_one_is_named(synced: Monorepo) -> None:
    """A newcomer would be told that an option is missing, and not what to give; a default would say "nobody" of what is on main."""

    def said() -> str:
        done = synced.run("affected")
        assert (done.code, done.out) == (2, "")
        return done.err

    assert said() == ("error: nothing says which commit to compare with\n  help: common-sync affected --since HEAD~1\n")
    for branch in ("master", "main", "trunk"):
        synced.git("update-ref", f"refs/remotes/origin/{branch}", "HEAD")
        assert f"--since origin/{'main' if branch == 'trunk' else branch}\n" in said()
    synced.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk")
    assert "--since origin/trunk\n" in said()
    done = synced.run("affected", "--since", "HEAD~1..")
    assert (done.code, "is a range of commits" in done.err, "--since HEAD~1 --until HEAD\n" in done.err) == (
        2,
        True,
        True,
    )
    empty = synced.run("affected", "--since", "")
    assert (empty.code, empty.err) == (2, said()), "a variable of a CI service may be empty"
    shutil.rmtree(synced.root / ".git")
    assert "--since HEAD~1\n" in said()


def test_what_is_not_copied_concerns_nobody(synced: Monorepo) -> None:
    """A change of the library's tests would build every image."""
    synced.write("common-sync.toml", synced.read("common-sync.toml") + 'exclude = ["tests/"]\n')
    synced.write("common/tests/test_a.py", "1\n")
    assert synced.run("distribute").code == 0
    synced.commit("tests")
    synced.write("common/tests/test_a.py", "2\n")
    found = affected(synced)
    assert (found["services"], found["unmatched"]) == ([], ["common/tests/test_a.py"])


def test_files_that_git_does_not_know_yet_and_ignored_ones(synced: Monorepo) -> None:
    """Whoever builds what he has not committed would build the old image."""
    synced.write(".gitignore", "*.log\n")
    synced.commit("ignores")
    synced.write(f"{API}/new.py", "1\n")
    synced.write(f"{WORKER}/run.log", "1\n")
    assert names(affected(synced)) == [API]
    synced.git("add", "-A")
    assert names(affected(synced)) == [API]


def test_renamed_files_count_where_they_were_and_where_they_are(synced: Monorepo) -> None:
    """A service that has lost a file to another would not be built."""
    synced.git("mv", f"{API}/app.py", f"{WORKER}/moved.py")
    found = affected(synced)
    assert why(found, API) == [("service", [f"{API}/app.py"])]
    assert why(found, WORKER) == [("service", [f"{WORKER}/moved.py"])]
    synced.git("config", "diff.renames", "copies")
    synced.git("config", "diff.relative", "true")
    assert affected(synced) == found


def test_services_that_are_deleted_or_renamed(synced: Monorepo) -> None:
    """A renamed service would not be built, and each file of a deleted one named as a change that concerns nobody."""
    synced.git("mv", API, "services/gateway")
    synced.git("rm", "-q", "-r", WORKER)
    found = affected(synced)
    assert (names(found), found["gone"], found["unmatched"]) == (["services/gateway"], BOTH, [])
    assert f"gone: {API}, {WORKER}\n" in synced.run("affected", "--since", "HEAD").out


def test_only_what_a_branch_did_since_it_began(synced: Monorepo) -> None:
    """A branch would build what others have changed on main since."""
    synced.git("switch", "-q", "-c", "work")
    synced.write(f"{API}/app.py", "import our_common  # work\n")
    synced.commit("work")
    synced.git("switch", "-q", "main")
    synced.write(f"{WORKER}/app.py", "import our_common  # main\n")
    synced.commit("main")
    assert names(affected(synced, since="work")) == [WORKER]
    synced.git("switch", "-q", "work")
    assert names(affected(synced, since="main")) == [API]
    synced.git("merge", "-q", "--no-ff", "-m", "merge", "main")
    assert names(affected(synced, since="main")) == [API]
    assert names(affected(synced, since="HEAD~1")) == [WORKER]
    assert names(affected(synced, "--until", "main", since="work~1")) == [WORKER]


@pytest.mark.parametrize(
    ("line", "file"),
    sampled(
        [
            ("-c ../../constraints.txt", "constraints.txt"),
            ("-r ../../requirements/base.txt", "requirements/base.txt"),
            ("-r ../../requirements/base.txt", "requirements/more.txt"),
            ("-e ../../libs/other", "libs/other/other.py"),
            ("-e ../../libs/other", "libs/third/third.py"),
        ],
        2,
        "more that requirements lead to",
    ),
)
def test_what_requirements_lead_to_outside(synced: Monorepo, line: str, file: str) -> None:
    """A new version of a shared constraint, or of another local project, would reach no image."""
    synced.write(f"{API}/requirements.txt", f"-e ./common\n{line}\n")
    synced.write("constraints.txt", "a==1\n")
    synced.write("requirements/base.txt", "-r more.txt\n")
    synced.write("requirements/more.txt", "b==1\n")
    synced.write("libs/other/pyproject.toml", '[project]\nname = "o"\n[tool.uv.sources]\nthird = {path = "../third"}\n')
    synced.write("libs/other/other.py", "1\n")
    synced.write("libs/third/third.py", "1\n")
    synced.commit("more")
    (synced.root / file).unlink()
    assert why(affected(synced), API) == [("outside", [file])]
    assert names(affected(synced)) == [API]
    synced.write(file, "changed\n")
    assert names(affected(synced)) == [API]


@pytest.mark.parametrize(
    ("files", "file"),
    sampled(
        [
            ({"compose.yml": COMPOSE}, ".env"),
            ({"compose.yml": COMPOSE.replace("services/api", "{context: services/api, dockerfile: ../../api.docker}")}, "api.docker"),
            ({"compose.yml": WIDE, f"{API}/Dockerfile": DOCKERFILE}, "assets/a.png"),
            ({"compose.yml": WIDE, f"{API}/Dockerfile": DOCKERFILE}, ".dockerignore"),
            ({"compose.yml": WIDE, f"{API}/Dockerfile": "FROM a\nARG X\nCOPY $X /\n"}, "anything"),
            ({f"{API}/Dockerfile": "FROM a\nCOPY services/api /app\nCOPY assets /assets\n"}, "assets/a.png"),
            ({f"{API}/setup.cfg": "[metadata]\nversion = file: ../../VERSION\n"}, "VERSION"),
            ({f"{API}/pyproject.toml": '[project]\nname = "a"\nreadme = "../../API.md"\n'}, "API.md"),
            ({f"{API}/pyproject.toml": '[project]\nname = "a"\n', "pyproject.toml": '[tool.uv.workspace]\nmembers = ["services/api"]\n'}, "uv.lock"),
        ],
        5,
        "more that builds read outside a service",
    ),
)  # fmt: skip
def test_what_builds_read_outside(synced: Monorepo, files: dict[str, str], file: str) -> None:
    """A build that takes more than the service's folder would be passed over in silence."""
    for path, text in files.items():
        synced.write(path, text)
    synced.write("assets/b.png")
    synced.commit("builds")
    synced.write(file, synced.read(file) + "# changed\n" if (synced.root / file).exists() else "new\n")
    found = affected(synced)
    assert names(found) == [API], found
    assert why(found, API) == [("outside", [file])]


def test_a_symlink_out_of_the_service(synced: Monorepo) -> None:
    """What a link leads to would change without a build."""
    synced.write("shared/data.json", "1\n")
    (synced.root / API / "data.json").symlink_to("../../shared/data.json")
    synced.commit("a link")
    synced.write("shared/data.json", "2\n")
    assert why(affected(synced), API) == [("outside", ["shared/data.json"])]


def test_compose_files_that_have_lost_a_service(synced: Monorepo) -> None:
    """An override that is gone gives the image other arguments, and nothing would build it."""
    synced.write("compose.yml", COMPOSE)
    synced.write("compose.override.yml", "services:\n  api:\n    build: {args: {DEBUG: '1'}}\n")
    synced.commit("an override")
    (synced.root / "compose.override.yml").unlink()
    assert names(affected(synced)) == [API]
    synced.write("compose.override.yml", "services: {}\n")
    assert names(affected(synced)) == [API]


def test_the_configuration(synced: Monorepo) -> None:
    """Copies that are to hold something else would not be built."""
    before = synced.read("common-sync.toml")
    synced.write("common-sync.toml", f"# a comment\n{before}managed = []\n")
    found = affected(synced)
    assert (names(found), found["unmatched"]) == ([], ["common-sync.toml"])
    synced.write("common-sync.toml", before + 'exclude = ["*.sh"]\n')
    found = affected(synced)
    assert names(found) == BOTH
    assert found["services"][0]["reasons"][0]["settings"] == ["exclude"]
    synced.write("common-sync.toml", before + '[service.worker]\npython = "3.12"\n')
    assert names(affected(synced)) == [WORKER]
    synced.write("jobs/nightly/requirements.txt", "-e ../../common\n")
    synced.commit("a job that is no service yet")
    synced.write("common-sync.toml", before.replace('"services/*"', '"services/*", "jobs/*"'))
    synced.git("commit", "-q", "-a", "-m", "a service", "--no-verify")
    found = affected(synced, since="HEAD~1")
    assert ("jobs/nightly" in names(found), API in names(found)) == (True, False)


TWO = """x-logging: &logging {driver: local}
services:
  api: {build: services/api, logging: *logging, depends_on: [worker]}
  worker:
    build: services/worker
    volumes: [data:/data]
    environment: {API: http://api}
volumes: {data: {}}
"""


@pytest.mark.parametrize(
    ("before", "after", "affects"),
    sampled(
        [
            (TWO, TWO.replace("http://api", "https://api"), [WORKER]),
            (TWO, TWO.replace("depends_on: [worker]", "ports: ['80:80']"), [API]),
            (TWO, TWO.replace("local", "none"), [API]),
            (TWO, TWO.replace("data: {}", "data: {external: true}"), [WORKER]),
            (TWO, TWO.replace("services:", "name: other\nservices:"), BOTH),
            (TWO, "# a comment\n" + TWO, []),
            (TWO, TWO.replace("  api:", "  gateway:"), [API]),
            (TWO, TWO.replace("services/api", "services/new"), [API]),
            (TWO, "services: {}\n", BOTH),
            (TWO, TWO.replace("driver: local", "driver: ["), BOTH),
            ("services: [\nservices/api", TWO, BOTH),
        ],
        4,
        "more changes of one compose file",
    ),
)
def test_a_compose_file_counts_for_the_services_that_it_changes(
    synced: Monorepo, before: str, after: str, affects: list[str]
) -> None:
    """A new port of one service would build the images of all, or a changed argument none."""
    synced.write("compose.yml", before)
    synced.commit("a compose file")
    synced.write("compose.yml", after)
    found = affected_with_doubt(synced)
    assert names(found) == affects
    assert all(why(found, one) == [("outside", ["compose.yml"])] for one in affects)


LED = "services: {a: {extends: {file: infra/base.yml, service: b}}}\n"
BASE = "services: {b: {build: {context: ../services/api, args: {A: '1'}}}}\n"


BESIDE = "services: {a: {extends: {file: base.yml, service: b}, build: services/api}}\n"


@pytest.mark.parametrize(
    ("files", "changes", "affects"),
    sampled(
        [
            ({"compose.yml": "include: [infra/base.yml]\n", "infra/base.yml": BASE}, {"compose.yml": "services: {}\n", "infra/base.yml": None}, BOTH),
            ({"compose.yml": LED, "infra/base.yml": BASE}, {"compose.yml": "services: {}\n"}, BOTH),
        ({"compose.yml": "include: [infra/base.yml]\n", "infra/base.yml": BASE}, {"infra/base.yml": None}, [API]),
        ({"compose.yml": LED, "infra/base.yml": BASE}, {"infra/base.yml": None}, [API]),
            ({"compose.yml": LED, "infra/base.yml": BASE}, {"compose.yml": f"# more\n{LED}"}, []),
            ({"compose.yml": LED, "infra/base.yml": BASE}, {"infra/base.yml": BASE.replace("'1'", "'2'")}, [API]),
            ({"compose.yml": LED, "infra/base.yml": BASE}, {"infra/base.yml": BASE.replace("{b:", "{c: {image: x}, b:")}, []),
            ({"compose.yml": BESIDE, "base.yml": "services: {b: {build: {args: {A: 1}}}}\n"}, {"base.yml": "services: {b: {build: {args: {A: 2}}}}\n"}, [API]),
            ({"compose.yml": BESIDE, "base.yml": "services: {b: {build: {args: {A: 1}}}}\n"}, {"base.yml": "name: x\nservices: {b: {build: {args: {A: 1}}}}\n"}, [API]),
            ({"compose.yml": "services:\n  g:\n    build: services/api\n"}, {"compose.override.yml": "services: {g: {ports: ['80:80']}}\n"}, [API]),
            ({"compose.yml": "include: [infra/base.yml]\n", "infra/base.yml": BASE}, {"infra/base.yml": "services: {}\n"}, [API]),
            ({"compose.yml": "services: {}\n"}, {"compose.yml": "services: [\n"}, BOTH),
            ({"infra/compose.yml": "services: {x: {build: ../services/api}}\n"}, {"infra/compose.yml": "services: {}\n"}, [API]),
            ({f"{WORKER}/compose.yml": "services: {x: {build: ., environment: {URL: 'http://api'}}}\n"}, {f"{WORKER}/compose.yml": "services: {}\n"}, [WORKER]),
        ],
        3,
        "more compose files that lead elsewhere than before",
    ),
)  # fmt: skip
def test_compose_files_that_lead_elsewhere_than_before(
    synced: Monorepo, files: dict[str, str], changes: dict[str, str | None], affects: list[str]
) -> None:
    """How an image is built may stand in a file that nothing leads to any more: nothing would build it."""
    for path, text in files.items():
        synced.write(path, text)
    synced.commit("compose files")
    for path, changed in changes.items():
        if changed is None:
            (synced.root / path).unlink()
        else:
            synced.write(path, changed)
    assert names(affected_with_doubt(synced)) == affects


@pytest.mark.parametrize("content", sampled(["master = [", "services = 1\n", None], 1, "more broken configurations"))
def test_a_configuration_that_could_not_be_read_before(synced: Monorepo, content: str | None) -> None:
    """After a broken commit nothing would be built."""
    good = synced.read("common-sync.toml")
    (synced.root / "common-sync.toml").unlink()
    if content is not None:
        synced.write("common-sync.toml", content)
    synced.commit("broken")
    synced.write("common-sync.toml", good)
    assert names(affected(synced)) == BOTH


def test_paths_that_concern_every_service(synced: Monorepo) -> None:
    """A change of the pipeline itself would build nothing, and nobody could ask for it."""
    synced.write(".github/workflows/build.yml", "on: push\n")
    synced.write("Makefile.inc", "x\n")
    found = affected(synced, "--all-on", ".github/", "--all-on", "/docs")
    assert names(found) == BOTH
    assert why(found, API) == [("all-on", [".github/workflows/build.yml"])]
    assert found["unmatched"] == ["Makefile.inc"]
    assert names(affected(synced, "--all-on", "*.inc")) == BOTH
    refused = synced.run("affected", "--since", "HEAD", "--all-on", "[a")
    assert (refused.code, "no gitignore pattern" in refused.err) == (2, True)


def test_what_cannot_be_told_is_said_aloud(synced: Monorepo) -> None:
    """A file that nobody can read would count as one that leads nowhere."""
    synced.write(f"{API}/pyproject.toml", "[project\n../../common\n")
    done = synced.run("affected", "--since", "HEAD")
    assert done.code == 0
    assert "CS108" in done.err
    assert "nobody can tell" in done.err
    assert affected_with_doubt(synced)["complete"] is False


@pytest.mark.parametrize(
    ("compose", "said"),
    sampled(
        [
            ("include: [gone.yml]\n", "there is no file `gone.yml`"),
            ("include: ['${SET}/base.yml']\n", "a variable tells what is meant"),
            ("services: {api: {extends: {file: gone.yml, service: b}}}\n", "there is no service `b` in `gone.yml`"),
            ("services: {api: {build: '${FOLDER}'}}\n", "a variable tells what it is built from"),
        ],
        2,
        "more compose files that cannot be followed",
    ),
)
def test_compose_files_that_cannot_be_followed(synced: Monorepo, compose: str, said: str) -> None:
    """A build that is told in a file that nobody can find would be passed over in silence."""
    synced.write("compose.yml", compose)
    synced.commit("a compose file")
    done = synced.run("affected", "--since", "HEAD")
    assert (done.code, done.out.splitlines()[0][:19]) == (0, "0 services affected")
    assert "compose.yml:1: CS213" in done.err
    assert said in " ".join(done.err.split())
    assert done.err.count("CS213") == 1 + done.err.count("[CS213]")
    assert affected_with_doubt(synced)["complete"] is False
    synced.write("compose.yml", f"# common-sync: ignore[CS213]\n{compose}")
    assert synced.run("affected", "--since", "HEAD").err == ""
    synced.write("compose.yml", compose)
    synced.write("common-sync.toml", synced.read("common-sync.toml") + 'ignore = ["CS213"]\n')
    assert synced.run("affected", "--since", "HEAD").err == ""


def affected_with_doubt(repo: Monorepo) -> dict[str, Any]:
    """Return the JSON document of a run that has something to say on standard error, too."""
    done = repo.run("affected", "--since", "HEAD", "--output-format", "json")
    document: dict[str, Any] = json.loads(done.out)
    return document


def refuse(repo: Monorepo, *words: str, since: str) -> str:
    """Return what is said where nothing can be compared; there is no list then."""
    done = repo.run("affected", "--since", since)
    assert (done.code, done.out) == (2, ""), done
    said = " ".join(done.err.split())
    for word in words:
        assert word in said, said
    forced = repo.run("affected", "--since", since, "--or-all")
    assert (forced.code, f"{API} " in forced.out, "all services are listed" in " ".join(forced.err.split())) == (
        0,
        True,
        True,
    )
    document = json.loads(repo.run("affected", "--since", since, "--or-all", "--output-format", "json").out)
    assert (names(document), document["complete"], document["base"]) == (BOTH, False, None)
    return said


def test_an_unknown_revision(synced: Monorepo) -> None:
    """A typo, or a new branch, would build everything or nothing without a word."""
    refuse(synced, "'mian' is no commit", "git fetch origin", since="mian")
    refuse(synced, "the branch is new", "--since origin/main", since="0" * 40)
    refuse(synced, "is no commit", since="HEAD^{tree}")
    refuse(synced, "is no commit", since="--output=/tmp/x")
    done = synced.run("affected", "--since", "HEAD", "--until", "nowhere")
    assert (done.code, "'nowhere' is no commit" in done.err) == (2, True)
    assert synced.run("affected").code == 2


def test_histories_without_a_common_commit(synced: Monorepo) -> None:
    """Two trees that have nothing to do with each other would be compared."""
    synced.git("switch", "-q", "--orphan", "other")
    synced.git("commit", "-q", "--allow-empty", "-m", "other")
    synced.git("switch", "-q", "main")
    refuse(synced, "no commit led to both other", since="other")


def test_a_shallow_clone(synced: Monorepo, tmp_path: Path) -> None:
    """CI clones one commit: it would build everything in silence, or nothing."""
    synced.write(f"{API}/app.py", "import our_common  # 2\n")
    synced.commit("second")
    synced.git("branch", "work", "HEAD~1")
    place = tmp_path / "shallow"
    synced.git("clone", "-q", "--depth", "1", f"file://{synced.root}", str(place))
    shallow = Monorepo(place)
    refuse(shallow, "whose history is cut off", "git fetch --unshallow", since="HEAD~1")
    assert names(affected(shallow)) == []  # this very commit is here
    shallow.git("fetch", "-q", "--depth", "1", "origin", "work:refs/remotes/origin/work")
    refuse(shallow, "its history is cut off", "git fetch --unshallow", since="origin/work")
    shallow.git("fetch", "-q", "--unshallow")
    assert names(affected(shallow, since="HEAD~1")) == [API]


def test_a_shallow_clone_that_hides_where_branches_parted(synced: Monorepo, tmp_path: Path) -> None:
    """An older commit would count as the one where two branches parted."""
    base = synced.git("rev-parse", "HEAD").strip()
    synced.write(f"{WORKER}/app.py", "import our_common  # main\n")
    synced.commit("main")
    synced.git("switch", "-q", "-c", "side", base)
    synced.write(f"{API}/side.py", "1\n")
    synced.commit("side 1")
    synced.git("merge", "-q", "--no-ff", "-m", "a merge", "main")
    synced.git("switch", "-q", "main")
    synced.write(f"{API}/app.py", "import our_common  # 3\n")
    synced.commit("main 2")
    place = tmp_path / "cut"
    synced.git("clone", "-q", f"file://{synced.root}", str(place))
    cut = Monorepo(place)
    merged = cut.git("rev-parse", "origin/side").strip()
    assert names(affected(cut, since=merged)) == [API]
    (place / ".git/shallow").write_text(cut.git("rev-parse", "origin/main").strip() + "\n")
    cut.git("checkout", "-q", "--detach", "origin/main")
    done = cut.run("affected", "--since", merged)
    assert (done.code, "cut off" in " ".join(done.err.split())) == (2, True), done


def test_a_sparse_checkout(synced: Monorepo) -> None:
    """A service that is not in the work tree would be missing in the list, without a word."""
    synced.write("common/our_common/settings.py", "DEBUG = True\n")
    synced.commit("the library")
    synced.git("sparse-checkout", "set", "common", API)
    done = synced.run("affected", "--since", "HEAD~1")
    assert (done.code, done.out) == (2, "")
    assert synced.run("affected", "--since", "HEAD~1", "--or-all") == done
    assert "a sparse checkout keeps" in done.err
    assert "--until HEAD" in done.err
    synced.git("sparse-checkout", "set", API)
    assert names(affected(synced, "--until", "HEAD", since="HEAD~1")) == BOTH


def test_outside_git(tmp_path: Path) -> None:
    """Without history nothing has changed, as it would seem."""
    refuse(make_monorepo(tmp_path / "plain", git=False), "in no git repository", since="HEAD")


@deep("less usual clones")
def test_a_clone_without_blobs_opens_no_connection(synced: Monorepo, tmp_path: Path) -> None:
    """A command that only reads would fetch in silence."""
    synced.git("config", "uploadpack.allowFilter", "true")
    synced.write(f"{API}/app.py", "import our_common  # 2\n")
    synced.commit("second")
    place = tmp_path / "blobless"
    synced.git("clone", "-q", "--filter=blob:none", f"file://{synced.root}", str(place))
    blobless = Monorepo(place)
    blobless.git("remote", "set-url", "origin", str(tmp_path / "gone"))
    assert names(affected(blobless, since="HEAD~1")) == [API]
    synced.write("compose.yml", COMPOSE)
    synced.write(f"{API}/app.py", "import our_common  # 3\n")
    synced.commit("third")
    synced.write("compose.yml", COMPOSE.replace("postgres", "redis"))
    synced.commit("fourth")
    again = Monorepo(tmp_path / "again")
    synced.git("clone", "-q", "--filter=blob:none", f"file://{synced.root}", str(again.root))
    said = refuse(again, "a partial clone", "git diff ", since="HEAD~1")
    again.git("diff", said.split("help: git diff ")[1].split()[0])
    found = affected(again, since="HEAD~1")
    assert (names(found), found["unmatched"]) == ([], ["compose.yml"])
    assert "git archive" in again.run("affected", "--since", "HEAD~3", "--until", "HEAD~2").err


def test_a_commit_is_compared_as_it_is(synced: Monorepo) -> None:
    """What lies in the work tree, configuration and all, would decide about a commit that has other services."""
    synced.write("services/new/requirements.txt", "-e ../../common\n")
    assert synced.run("distribute").code == 0
    synced.commit("a new service")
    synced.git("rm", "-q", "-r", "services/new")
    synced.commit("gone again")
    synced.write(f"{WORKER}/app.py", "not committed\n")
    found = affected(synced, "--until", "HEAD~1", since="HEAD~2")
    assert names(found) == ["services/new"]
    assert found["until"] == synced.git("rev-parse", "HEAD~1").strip()
    assert synced.git("status", "--porcelain").split() == ["M", f"{WORKER}/app.py"]


def test_a_project_below_the_top_and_a_linked_work_tree(tmp_path: Path) -> None:
    """Paths would be held against another folder than the one that they are relative to."""
    repo = make_monorepo(tmp_path / "top/backend", git=False)
    top = Monorepo(tmp_path / "top")
    top.git("init", "-q", "-b", "main")
    repo.write(f"{API}/requirements.txt", "-e ../../common\n-c ../../../constraints.txt\n")
    top.write("constraints.txt", "a==1\n")
    top.commit("the beginning")
    top.write("constraints.txt", "a==2\n")
    assert why(affected(repo), API) == [("outside", ["../constraints.txt"])]
    top.git("worktree", "add", "-q", str(tmp_path / "linked"))
    linked = Monorepo(tmp_path / "linked/backend")
    assert names(affected(linked)) == []
    linked.write(f"{WORKER}/app.py", "2\n")
    assert names(affected(linked)) == [WORKER]
    linked.write("compose.yml", "include: ['${SET}.yml']\n")
    words = ("--template", "t.yml", "--job", ".x")
    formats = [one for name in ("github=g", "gitlab=l", "sarif=s", "markdown=m") for one in ("--output-format", name)]
    assert linked.run("affected", "--since", "HEAD", *formats, *words).code == 0
    assert f'services=["backend/{API}","backend/{WORKER}"]' in linked.read("g")
    assert f'"SERVICE": "backend/{WORKER}"' in linked.read("l")
    assert '"uri": "backend/compose.yml"' in linked.read("s")
    assert "backend/compose.yml:1" in linked.read("m")


def test_text(synced: Monorepo) -> None:
    """A person could not see at a glance what is built, and why."""
    assert synced.run("affected", "--since", "HEAD").out.startswith("0 services affected, ")
    for number in range(3):
        synced.write(f"common/our_common/new{number}.py")
    synced.write("README.md")
    lines = synced.run("affected", "--since", "HEAD", env={"COLUMNS": "120"}).out.splitlines()
    some = "the library common: common/our_common/new0.py, common/our_common/new1.py and 1 more"
    assert lines[:2] == [f"{API}     the library common", f"{WORKER}  the library common"], "files are named once"
    assert lines[2:4] == [some, "concerns no service: README.md"]
    assert lines[4].startswith("2 services affected, ")
    synced.write(f"{API}/app.py", "A = 1\n")
    narrow = synced.run("affected", "--since", "HEAD", env={"COLUMNS": "50"}).out.splitlines()
    assert narrow[:5] == [
        f"{API}     the library common",
        "                its own: app.py",
        f"{WORKER}  the library common",
        "the library common: common/our_common/new0.py,",
        "    common/our_common/new1.py and 1 more",
    ]
    synced.write(f"{API}/common/our_common/new0.py")
    assert (
        f"{API}     the library common; its own: app.py; its copy common\n"
        in synced.run("affected", "--since", "HEAD").out
    )
    assert "new2.py" in synced.run("affected", "--since", "HEAD", "-v").out
    assert synced.run("affected", "--since", "HEAD", "-q").out == f"{API}\n{WORKER}\n"
    for number in range(12):
        synced.write(f"docs/{number}.md")
    assert "and 3 more files" in synced.run("affected", "--since", "HEAD").out


def test_github(synced: Monorepo) -> None:
    """A job's matrix would not be read, or stand in more than one line."""
    none = synced.run("affected", "--since", "HEAD", "--output-format", "github").out
    assert none == 'matrix={"include":[]}\nservices=[]\nany=false\n'
    synced.write("common/a\nb.py")
    synced.write("common/our_common/settings.py", "DEBUG = True\n")
    outputs = dict(
        line.split("=", 1)
        for line in synced.run("affected", "--since", "HEAD", "--output-format", "github").out.splitlines()
    )
    assert outputs.keys() == {"matrix", "services", "any"}
    assert json.loads(outputs["services"]) == BOTH
    assert outputs["any"] == "true"
    rows = [{"service": API, "name": "api"}, {"service": WORKER, "name": "worker"}]
    assert json.loads(outputs["matrix"]) == {"include": rows}


def many(tmp_path: Path, number: int) -> Monorepo:
    """Return a repository with so many services that are not committed."""
    repo = make_monorepo(tmp_path / "many")
    for one in range(number):
        repo.write(f"services/s{one:03}/app.py")
    return repo


@deep("very many services")
def test_more_services_than_one_matrix_takes(tmp_path: Path) -> None:
    """GitHub would refuse the workflow, and GitLab the pipeline, with words that name no service."""
    repo = many(tmp_path, 257)
    done = repo.run("affected", "--since", "HEAD", "--output-format", "github")
    assert (done.code, done.out) == (2, "")
    assert "257 services are affected" in done.err
    words = ("--output-format", "gitlab", "--template", "ci/service.yml", "--job", ".build")
    pipeline = yaml.safe_load(repo.run("affected", "--since", "HEAD", *words).out)
    sizes = [len(job["parallel"]["matrix"]) for name, job in pipeline.items() if name.startswith("affected-")]
    assert sizes == [200, 57]


def test_gitlab(synced: Monorepo) -> None:
    """The child pipeline would be refused, or have no job, which GitLab refuses too."""
    words = (
        "affected",
        "--since",
        "HEAD",
        "--output-format",
        "gitlab",
        "--template",
        "ci/service.yml",
        "--job",
        ".build",
    )
    empty = yaml.safe_load(synced.run(*words).out)
    assert empty == {
        "workflow": {"rules": [{"when": "always"}]},
        "nothing-affected": {
            "variables": {"GIT_STRATEGY": "none"},
            "script": ["echo 'No service is affected.'"],
        },
    }
    synced.write(f"{API}/app.py", "2\n")
    assert yaml.safe_load(synced.run(*words).out) == {
        "workflow": {"rules": [{"when": "always"}]},
        "include": [{"local": "/ci/service.yml"}],
        "affected-1": {"extends": ".build", "parallel": {"matrix": [{"SERVICE": API, "NAME": "api"}]}},
    }


def test_formats_that_belong_to_this_command(synced: Monorepo) -> None:
    """An option that does nothing would be taken without a word."""
    assert "needs the job" in synced.run("affected", "--since", "HEAD", "--output-format", "gitlab").err
    assert "are for" in synced.run("affected", "--since", "HEAD", "--job", ".build").err
    assert "are for" in synced.run("affected", "--since", "HEAD", "--job", ".build", "--output-format", "github").err


def test_every_format_in_one_run(synced: Monorepo) -> None:
    """A file would get the format of findings under the name of the matrix, or the log would be lost."""
    words = [word for name in ("github=out", "gitlab=p.yml", "json=a.json") for word in ("--output-format", name)]
    synced.write(f"{API}/app.py", "2\n")
    job = ("--template", "ci/service.yml", "--job", ".build")
    done = synced.run("affected", "--since", "HEAD", *words, *job)
    assert (done.code, "1 service affected" in done.out) == (0, True)
    rows = '[{"service":"services/api","name":"api"}]'
    assert (synced.root / "out").read_text() == f'matrix={{"include":{rows}}}\nservices=["{API}"]\nany=true\n'
    assert "affected-1" in yaml.safe_load((synced.root / "p.yml").read_text())
    assert json.loads((synced.root / "a.json").read_text())["services"][0]["name"] == API
    assert "matrix=" not in synced.run("status", "--output-format", "github").out


def test_a_hook_of_another_commit_in_a_clone(synced: Monorepo) -> None:
    """A clone that lies elsewhere would be compared by the paths of the first."""
    synced.write(f"{API}/app.py", "2\n")
    synced.commit("second")
    assert names(affected(clone(synced), since="HEAD~1")) == [API]
