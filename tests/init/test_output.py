"""What `init` prints: facts and guesses apart, who was left out, and what to do next."""

import json
from pathlib import Path

import pytest
from support.monorepo import PROGRAM, Monorepo, show
from support.repositories import PACKAGE, PROJECT, Files, below, build, service

USING = {"services/api/main.py": "from common import store\n", "services/web/main.py": "import common\n"}
LAST = [
    pytest.param(
        {**below("common", PROJECT), **service("a", "-e ../common")}, "next: common-sync distribute", id="plain"
    ),
    pytest.param(
        {**below("common", PACKAGE), **service("a", dockerfile="FROM python\nCOPY common /common\nCOPY a /app\n")},
        "next: common-sync distribute",
        id="images that are built from a folder above, and no compose file says so",
    ),
    pytest.param(
        {
            **below("common", PACKAGE),
            **service("a", dockerfile="FROM python\nCOPY common /common\nCOPY a /app\n"),
            "compose.yml": "services: {a: {build: {context: ., dockerfile: a/Dockerfile}}}\n",
        },
        "next: common-sync distribute --contexts",
        id="images that are built from a folder above",
    ),
    pytest.param(
        {
            **below("common", PACKAGE),
            **{path: text for path, text in service("a").items() if "Dockerfile" not in path},
            "docker/a.Dockerfile": "FROM python\nCOPY common /common\nCOPY a /app\n",
            "compose.yml": "services: {a: {build: {context: ., dockerfile: docker/a.Dockerfile}}}\n",
        },
        "next: common-sync distribute",
        id="a Dockerfile outside its service",
    ),
    pytest.param(
        {
            **below("common", PACKAGE),
            **service("a", dockerfile="FROM python\nCOPY common /common\nCOPY ruff.toml a /app\n"),
            "ruff.toml": "",
            "compose.yml": "services: {a: {build: {context: ., dockerfile: a/Dockerfile}}}\n",
        },
        "next: common-sync distribute",
        id="an image that takes more than the library from above",
    ),
]


@pytest.mark.parametrize(("files", "last"), LAST)
def test_what_comes_next(tmp_path: Path, files: Files, last: str) -> None:
    """A user would run a command that leaves his images as they are."""
    done = Monorepo(build(tmp_path, files)).run("init", "--yes")
    assert (done.code, done.out.splitlines()[-1]) == (0, last)


def test_images_from_above_are_named(tmp_path: Path) -> None:
    """A user would not know which image `--contexts` mends, and that it breaks one that no compose file builds."""
    text = "FROM python\nCOPY common /common\nCOPY {} /app\n"
    names = [f"s{number}" for number in range(5)]
    files = {key: data for name in names for key, data in service(name, dockerfile=text.format(name)).items()}
    composed = ", ".join(f"{one}: {{build: {{context: ., dockerfile: {one}/Dockerfile}}}}" for one in names[1:])
    files |= {**below("common", PACKAGE), "compose.yml": f"services: {{{composed}}}\n"}
    lines = Monorepo(build(tmp_path, files)).run("init", "--yes").out.splitlines()
    assert lines[-4:] == [
        "built from a folder above their service, which --contexts mends: s1/Dockerfile, s2/Dockerfile, s3/Dockerfile and 1 more",
        "built from a folder above their service, and no compose file says how, so --contexts cannot mend it: s0/Dockerfile",
        "what to change there: common-sync doctor s0",
        "next: common-sync distribute --contexts",
    ]


def test_members_of_a_workspace_are_told_no_contexts(tmp_path: Path) -> None:
    """A user would be told that `--contexts` mends what `context` is for."""
    member = '[project]\nname = "api"\nversion = "1"\ndependencies = ["media-common"]\n'
    files = {
        **below("libs/common", PROJECT),
        **service("apps/api", dockerfile="FROM python\nCOPY libs/common /c\nCOPY apps/api /app\n"),
        "apps/api/pyproject.toml": f"{member}[tool.uv.sources]\nmedia-common = {{ workspace = true }}\n",
        "pyproject.toml": '[tool.uv.workspace]\nmembers = ["libs/*", "apps/*"]\n',
    }
    done = Monorepo(build(tmp_path, files)).run("init", "--yes")
    assert done.code == 0
    assert done.out.endswith("\nnext: common-sync context apps/api | docker build -f apps/api/Dockerfile -\n")
    assert "--contexts" not in done.out


def test_a_guess_has_a_mark_of_its_own(tmp_path: Path) -> None:
    """A user would take for certain what was only likely."""
    files = {
        **below("common", PACKAGE),
        **service("services/api"),
        **service("services/web"),
        **USING,
        **service("services/docs2"),
    }
    repo = Monorepo(build(tmp_path, files))
    done = repo.run("init", "--yes")
    assert done.out.startswith("? master   common  (guess: nothing installs or copies it from there)\n")
    assert "✓ service  services/api  main.py:1: from common import store\n" in done.out
    assert "note: services/docs2: looks like a service, but nothing in it uses common: left out\n" in done.out
    (tmp_path / "common-sync.toml").unlink()
    document = json.loads(repo.run("init", "--yes", "--output-format", "json").out)
    assert (document["guess"], [one["guess"] for one in document["services"]]) == (True, [False, False])


def test_a_narrow_terminal(tmp_path: Path) -> None:
    """Rows would be broken by the terminal, in the middle of words and without a margin."""
    files = {**below("common", PACKAGE), **service("services/api-of-the-customers"), **service("services/docs2")}
    files["services/api-of-the-customers/main.py"] = "from common import store\n"
    files |= below("shared", PACKAGE) | {"services/docs2/main.py": "import shared\n"}
    repo = Monorepo(build(tmp_path, files))
    done = show(*PROGRAM, "init", "--yes", "--master", "common", cwd=repo.root, env={"NO_COLOR": "1"}, columns=60)
    assert done.code == 0
    assert "\n✓ service  services/api-of-the-customers\n" in done.out, done.out
    rows = done.out.partition("wrote ")[0].splitlines()
    assert [row for row in rows if len(row) > 60 and "common-sync init" not in row] == []


def test_services_that_only_look_like_ones(tmp_path: Path) -> None:
    """A user who names a library that nothing uses would not see that its services are guessed."""
    files = {**below("common", PACKAGE), **service("a"), **service("b")}
    done = Monorepo(build(tmp_path, files)).run("init", "--yes", "--master", "common")
    assert done.out.startswith("✓ master   common\n? service  a  guess: a: looks like a service by itself\n")


def test_a_package_of_the_services_own_is_refused(tmp_path: Path) -> None:
    """The library would be poured into a service's own package, and `--force` would delete that."""
    files = {**below("common", PROJECT), **service("a", "-e ../common"), "a/common/helpers.py": "X = 1\n"}
    files["common-sync.toml"] = 'master = "common"\nservices = ["a"]\n'
    repo = Monorepo(build(tmp_path, files))
    for command in ("distribute", "verify"):
        done = repo.run(command)
        assert done.code == 2
        assert "a/common: holds files of its own, and not one of the library's" in done.err
        assert 'copy = "libs/common"' in done.err
    assert sorted(path.name for path in (tmp_path / "a/common").iterdir()) == ["helpers.py"]
