"""Images that are built from a folder above their service: named, and with `--contexts` built from the service's own."""

import os

import pytest
from support.depth import deep
from support.monorepo import Monorepo

API = "services/api"
DOCKERFILE = """\
FROM python:3.11
WORKDIR /app
COPY --link common /app/common
COPY services/api/requirements.txt services/api/src ./
RUN --mount=type=bind,source=services/api,target=/s --mount=src=common/our_common,dst=/c true
COPY ["services/api/", "/app"]
COPY services/api/*.py /app/
"""
NARROWED = """\
FROM python:3.11
WORKDIR /app
COPY --link common/ /app/common/
COPY requirements.txt src ./
RUN --mount=type=bind,source=.,target=/s --mount=src=common/our_common,dst=/c true
COPY ["./", "/app"]
COPY *.py /app/
"""
OWN = "services:\n  api:\n    build:\n      context: ../..  # the whole repository\n      dockerfile: services/api/Dockerfile\n"
OWN_NARROWED = "services:\n  api:\n    build:\n      context: .  # the whole repository\n      dockerfile: Dockerfile\n"
ROOT = (
    "services:\n  api: {build: {context: ., dockerfile: services/api/Dockerfile}}\n"
    "  worker: {build: {context: ., dockerfile: 'services/worker/Dockerfile'}}\n  db: {image: x}\n"
)
ROOT_NARROWED = (
    "services:\n  api: {build: {context: ./services/api, dockerfile: Dockerfile}}\n"
    "  worker: {build: {context: ./services/worker, dockerfile: 'Dockerfile'}}\n  db: {image: x}\n"
)


@pytest.fixture
def shared(repo: Monorepo) -> Monorepo:
    """Return a repository whose master is called otherwise than the copies."""
    repo.git("mv", "common", "shared")
    repo.write("common-sync.toml", 'master = "shared"\ncopy = "common"\nservices = ["services/*"]\n')
    for service in ("api", "worker"):
        repo.write(f"services/{service}/requirements.txt", "-e ../../shared\n")
    return repo


def test_own_compose_file(repo: Monorepo) -> None:
    """A service that takes the library from a root context would count as one that builds by itself."""
    repo.write(f"{API}/Dockerfile", DOCKERFILE)
    repo.write(f"{API}/compose.yml", OWN)
    done = repo.run("distribute")
    assert done.code == 0
    assert f"{API}/Dockerfile:3: CS112 `common` leads to the library" in repo.run("verify", "-v").out
    assert repo.run("verify").code == 0
    assert repo.read(f"{API}/compose.yml") == OWN
    shown = repo.run("distribute", "--contexts", "--dry-run", "--diff")
    for line in (*OWN.splitlines()[3:], *DOCKERFILE.splitlines()[2:]):
        assert f"\n-{line}\n" in shown.out
    for line in (*OWN_NARROWED.splitlines()[3:], *NARROWED.splitlines()[2:]):
        assert f"\n+{line}\n" in shown.out
    assert repo.read(f"{API}/compose.yml") == OWN
    assert repo.run("distribute", "--contexts").code == 0
    assert repo.read(f"{API}/Dockerfile") == NARROWED
    assert repo.read(f"{API}/compose.yml") == OWN_NARROWED
    assert "CS112" not in repo.run("verify", "-v").out
    stamps = repo.stamps()
    assert repo.run("distribute", "--contexts").code == 0
    assert repo.stamps() == stamps


def test_doctor_breaks_no_build_from_the_root(repo: Monorepo) -> None:
    """A user would follow advice for the service's own folder, and break the image that is built from the root."""
    text = DOCKERFILE.replace(" /app/common", " /srv/common") + "RUN pip install -r requirements.txt ./common\n"
    repo.write(f"{API}/Dockerfile", text)
    repo.write("common/pyproject.toml", "[project]\nname = 'our-common'\nversion = '1'\n")
    repo.write(f"{API}/src/x")
    repo.write(f"{API}/compose.yml", OWN)
    assert repo.run("distribute").code == 0
    done = repo.json("doctor", "--fix", "api", code=1)
    told = {(one["code"], one["remedy"]) for one in done["findings"] if one["file"] == f"{API}/Dockerfile"}
    assert told == {("CS202", f"common-sync distribute --contexts {API}")}, "one cause, and what mends it"
    assert done["findings"][-1]["message"].startswith(
        "it is built from another folder, and from the service's alone it fails: "
    )
    assert (repo.read(f"{API}/Dockerfile"), done["proven"]) == (text, 0)


@pytest.mark.parametrize("compose", [OWN, ""], ids=["it says from where it is built", "nothing says it"])
def test_what_comes_of_the_context_later_in_the_file_is_the_same_cause(repo: Monorepo, compose: str) -> None:
    """A user would look for a second fault where the only one is the folder that the image is built from."""
    text = f"FROM python:3.12 AS one\nCOPY common /c\nCOPY {API}/src /app/src\nRUN make\nFROM python:3.12\nCOPY --from=one /app/src /src\n"
    repo.write(f"{API}/Dockerfile", text)
    repo.write(f"{API}/src/x.py")
    if compose:
        repo.write(f"{API}/compose.yml", compose)
    assert repo.run("distribute").code == 0
    done = repo.json("doctor", "api", code=1)
    found = [(one["code"], one["line"]) for one in done["findings"] if one["file"] == f"{API}/Dockerfile"]
    assert found == [("CS202", 3)]


def test_an_image_from_above_that_takes_no_library_by_name_is_one_finding(repo: Monorepo) -> None:
    """A user would read a finding for each line where the only fault is the folder that the image is built from."""
    lines = (f"COPY {API}/{name} /app/" for name in ("src", "main.py", "requirements.txt"))
    repo.write(f"{API}/Dockerfile", "FROM python:3.12\n{}\n".format("\n".join(lines)))
    repo.write(f"{API}/src/x.py")
    repo.write(f"{API}/main.py")
    repo.write(f"{API}/compose.yml", OWN)
    assert repo.run("distribute").code == 0
    done = repo.json("doctor", "api", code=1)
    found = [one for one in done["findings"] if one["file"] == f"{API}/Dockerfile"]
    assert [(one["code"], one["line"]) for one in found] == [("CS202", 2)]
    assert found[0]["message"].startswith("it looks as if it is built from `../..`")


@deep("less usual places of compose files")
def test_compose_file_at_the_root(shared: Monorepo) -> None:
    """Two services that share a compose file would be rewritten into it one over the other."""
    before = shared.tree()
    for service in ("api", "worker"):
        shared.write(
            f"services/{service}/Dockerfile", f"FROM x\nCOPY shared /app/common\nCOPY services/{service} /app\n"
        )
    shared.write("docker-compose.yml", ROOT)
    before = shared.tree()
    done = shared.run("distribute", "--contexts")
    assert (done.code, done.err) == (0, "")
    assert "docker-compose.yml" in done.out
    for service in ("api", "worker"):
        assert shared.read(f"services/{service}/Dockerfile") == "FROM x\nCOPY common/ /app/common/\nCOPY . /app\n"
    assert shared.read("docker-compose.yml") == ROOT_NARROWED
    assert shared.run("verify").code == 0
    for service in ("api", "worker"):
        assert shared.run("eject", service, "--remove-copies").code == 0
    assert shared.tree() == before


def test_a_compose_file_that_is_about_others_holds_no_service_up(shared: Monorepo) -> None:
    """A service that is ejected alone would end in an error about a file that has nothing of it."""
    shared.write("services/mailer/requirements.txt", "-e ../../shared\n")
    shared.write("services/api/Dockerfile", "FROM x\nCOPY shared /app/common\nCOPY services/api /app\n")
    shared.write(
        "docker-compose.yml",
        "services:\n  api:\n    build:\n      context: .\n      dockerfile: services/api/Dockerfile\n",
    )
    assert shared.run("distribute", "--contexts").code == 0
    assert "services/api" in shared.read("docker-compose.yml").replace("./", "")
    done = shared.run("eject", "mailer", "--dry-run")
    assert (done.code, "docker-compose.yml" in done.out) == (0, False)
    done = shared.run("eject", "api", "--dry-run")
    assert (done.code, "docker-compose.yml" in done.out) == (0, True)


def test_only_the_services_that_were_named(shared: Monorepo) -> None:
    """Somebody who tries it on one service would find another one changed."""
    for service in ("api", "worker"):
        shared.write(f"services/{service}/Dockerfile", "FROM x\nCOPY shared /app/common\n")
    shared.write("docker-compose.yml", ROOT)
    document = shared.json("distribute", "api", "--contexts", code=0)
    assert "docker-compose.yml" in document["rewritten"]
    assert "dockerfile: 'services/worker/Dockerfile'" in shared.read("docker-compose.yml")
    assert "context: ./services/api," in shared.read("docker-compose.yml")
    assert shared.read("services/worker/Dockerfile") == "FROM x\nCOPY shared /app/common\n"


ALIAS = """\
services:
  a: {build: {context: &c ., dockerfile: services/api/Dockerfile}}
  b: {build: {context: *c, dockerfile: other}}
"""
TWICE = """\
services:
  a: {build: {context: ., dockerfile: services/api/Dockerfile}}
  b: {build: {context: services, dockerfile: api/Dockerfile}}
"""
EXTENDS = """\
services:
  a: {build: {context: ., dockerfile: services/api/Dockerfile}}
  b: {extends: a, build: {dockerfile: services/worker/Dockerfile}}
"""
STUCK = {
    "a source from elsewhere": ("COPY shared/ /c/\nCOPY scripts/ /s/\n", ROOT, f"{API}/Dockerfile:3: CS112 `scripts/`"),
    "everything": ("COPY shared/ /c/\nCOPY . .\n", ROOT, f"{API}/Dockerfile:3: CS112 `.`"),
    "a variable": ("ARG S=services/api\nCOPY shared/ /c/\nCOPY $S /s/\n", ROOT, f"{API}/Dockerfile:4: CS112 `$S`"),
    "an unknown variable": ("COPY shared/ /c/\nCOPY $S /s/\n", ROOT, f"{API}/Dockerfile:3: CS112 `$S`"),
    "--parents": ("COPY --parents shared/ /c/\n", ROOT, f"{API}/Dockerfile:2: CS112 `shared/`"),
    "a context with an alias": (
        "COPY shared/ /c/\n",
        ALIAS,
        "docker-compose.yml:2: CS112 the context",
    ),
    "a context that another image has by it": (
        "COPY shared/ /c/\n",
        EXTENDS,
        "docker-compose.yml:2: CS112 says how `b` is built as well",
    ),
    "two contexts": (
        "COPY shared/ /c/\n",
        TWICE,
        f"{API}/Dockerfile: CS112 is built from several folders",
    ),
}


@pytest.mark.parametrize("name", STUCK)
def test_what_cannot_be_narrowed_stays_whole(shared: Monorepo, name: str) -> None:
    """A Dockerfile would be changed and its context not, or a file be left out of the image."""
    lines, compose, words = STUCK[name]
    shared.write(f"{API}/Dockerfile", f"FROM x\n{lines}")
    shared.write("services/worker/Dockerfile", "FROM x\n")
    shared.write("docker-compose.yml", compose)
    done = shared.run("distribute", "--contexts", "-v")
    assert words in done.out
    assert shared.read(f"{API}/Dockerfile") == f"FROM x\n{lines}"
    assert shared.read("docker-compose.yml") == compose


IGNORES = {
    "a secret would come in": ({".dockerignore": "docs\n**/key\n"}, ".dockerignore:2: CS112 `**/key` keeps `src/key`"),
    "the service's own has it": ({".dockerignore": "**/key\n", f"{API}/.dockerignore": "**/key\n"}, ""),
    "the managed block has it": ({".dockerignore": "**/*.log\n!**/key\n**/Dockerfile\n"}, ""),
    "its code would be left out": (
        {f"{API}/Dockerfile.dockerignore": "*\n!shared\n!services\n"},
        f"{API}/Dockerfile.dockerignore:1: CS112 `*` would keep `src/a.log`",
    ),
    "its own ignores what is taken": (
        {f"{API}/.dockerignore": "src/*y\n"},
        f"{API}/.dockerignore:31: CS112 `src/*y` would keep `src/key`",
    ),
    "it is none that can be read": ({".dockerignore": "[\n"}, ""),
}


@pytest.mark.parametrize("name", IGNORES)
def test_an_image_has_the_same_files_afterwards(shared: Monorepo, name: str) -> None:
    """A secret would come into an image, or its code be missing there, because another ignore file counts from now on."""
    files, words = IGNORES[name]
    shared.write(f"{API}/Dockerfile", f"FROM x\nCOPY shared /app/common\nCOPY {API}/src /app\n")
    shared.write(f"{API}/src/key")
    shared.write(f"{API}/src/a.log")
    shared.write(f"{API}/not-taken/key")
    shared.write("docker-compose.yml", ROOT)
    for path, text in files.items():
        shared.write(path, text)
    done = shared.concise("distribute", "--contexts")
    assert words in done.out
    assert (shared.read("docker-compose.yml") == ROOT) == bool(words)


def test_a_compose_file_at_the_root_that_cannot_be_read(repo: Monorepo) -> None:
    """A file that is no service's own would stop all of them."""
    repo.write(f"{API}/Dockerfile", "FROM x\nCOPY common/ /c/\n")
    for content in (b"dockerfile: [\n", b"dockerfile: \xff\n", b"services: {}\n"):
        repo.write("docker-compose.yml", content)
        assert repo.run("distribute").code == 0
    assert repo.read(f"{API}/Dockerfile") == "FROM x\nCOPY common/ /c/\n"


BESIDE = ROOT.replace("context: .,", "context: ..,")
BESIDE_NARROWED = ROOT_NARROWED.replace("./services/", "./")


@deep("less usual places of compose files")
def test_a_compose_file_between_the_root_and_the_services(shared: Monorepo) -> None:
    """`doctor` and `explain` would know how an image is built, and `verify` and `--contexts` say that all is in sync."""
    for service in ("api", "worker"):
        text = f"FROM x\nCOPY shared /app/common\nCOPY services/{service} /app\n"
        shared.write(f"services/{service}/Dockerfile", text)
    shared.write("services/compose.yml", BESIDE)
    assert shared.run("distribute").code == 0
    assert f"{API}/Dockerfile:2: CS112 `shared` leads to the library" in shared.concise("verify", "-v").out
    assert "builds or runs services/api, services/worker" in shared.run("explain", "services/compose.yml").out
    assert shared.run("distribute", "--contexts").code == 0
    assert shared.read("services/compose.yml") == BESIDE_NARROWED
    assert shared.read(f"{API}/Dockerfile") == "FROM x\nCOPY common/ /app/common/\nCOPY . /app\n"
    assert "CS112" not in shared.run("verify", "-v").out


def test_a_file_that_a_compose_file_above_includes(shared: Monorepo) -> None:
    """A build would be found or not, by whether it stands in the compose file itself or in one that it includes."""
    shared.write(f"{API}/Dockerfile", "FROM x\nCOPY shared /app/common\n")
    shared.write("compose.yml", "include: [deploy/more.yml, deploy/none.yml]\n")
    more = "services: {api: {build: {context: .., dockerfile: services/api/Dockerfile}}}\n"
    shared.write("deploy/more.yml", f"include: [more.yml, ../compose.yml]\n{more}")
    assert shared.run("distribute").code == 0
    assert f"{API}/Dockerfile:2: CS112" in shared.run("verify", "-v").out
    assert shared.run("distribute", "--contexts").code == 0
    assert "{context: ../services/api, dockerfile: Dockerfile}" in shared.read("deploy/more.yml")


@pytest.mark.parametrize("file", ["docker-compose.yml", f"{API}/Dockerfile"])
@pytest.mark.parametrize("copy", ["shared", "common"])
def test_what_a_killed_run_has_begun_is_finished(shared: Monorepo, file: str, copy: str) -> None:
    """An image would be built from one folder by the paths of another, and the next run say that all is in sync."""
    shared.write("common-sync.toml", f'master = "shared"\ncopy = "{copy}"\nservices = ["services/*"]\n')
    shared.write(f"{API}/Dockerfile", f"FROM x\nCOPY shared /app/common\nCOPY {API}/requirements.txt ./\n")
    shared.write("docker-compose.yml", ROOT)
    before = shared.read(file)
    assert shared.run("distribute", "--contexts").code == 0
    after = shared.tree()
    shared.write(file, before)
    assert shared.run("distribute", "--contexts").code == 0
    assert shared.tree() == after


def test_an_included_file_whose_paths_are_another_folders(shared: Monorepo) -> None:
    """An image would be built from a folder that is not there, and be called proven."""
    shared.write(f"{API}/Dockerfile", "FROM x\nCOPY shared /app/common\n")
    shared.write("compose.yml", "include: [{path: deploy/more.yml, project_directory: .}]\n")
    shared.write("deploy/more.yml", "services: {api: {build: {context: ., dockerfile: services/api/Dockerfile}}}\n")
    assert shared.run("distribute", "--contexts").code == 0
    assert "{context: ./services/api, dockerfile: Dockerfile}" in shared.read("deploy/more.yml")


def test_a_dockerfile_in_a_folder_that_is_its_context(repo: Monorepo) -> None:
    """`doctor` would follow a Dockerfile from the folder that the root's compose file says, and `verify` from another."""
    repo.write(f"{API}/image/Dockerfile", "FROM x\nCOPY ../../../common /c\n")
    repo.write("compose.yml", f"services: {{api: {{build: {API}/image}}}}\n")
    assert repo.run("distribute").code == 0
    assert repo.read(f"{API}/image/Dockerfile") == "FROM x\nCOPY ../../../common /c\n"
    assert f"{API}/image/Dockerfile:2: CS112" in repo.run("verify", "-v").out


def test_a_dockerfile_that_a_symlink_names(shared: Monorepo) -> None:
    """`verify` would know how a Dockerfile is built, and `doctor` follow it from another folder."""
    shared.write(f"{API}/image/Dockerfile", "FROM x AS x\nCOPY only /only\n")
    shared.write(f"{API}/image/only", "")
    (shared.root / "link.Dockerfile").symlink_to(f"{API}/image/Dockerfile")
    build = f"{{context: {API}/image, dockerfile: ../../../link.Dockerfile, target: x}}"
    shared.write("compose.yml", f"services: {{api: {{build: {build}}}}}\n")
    assert shared.run("distribute").code == 0
    assert shared.run("doctor", "api").code == 0


@pytest.mark.parametrize("file", ["compose.yml", f"{API}/compose.yml"])
def test_a_compose_file_that_no_person_wrote(shared: Monorepo, file: str) -> None:
    """One command would read a file that another finds too large, and each commit wait for it."""
    shared.write(f"{API}/Dockerfile", "FROM x\nCOPY shared /app/common\n")
    context = "." if file == "compose.yml" else "../.."
    build = f"{{context: {context}, dockerfile: services/api/Dockerfile}}"
    shared.write(file, f"services: {{api: {{build: {build}}}}}\n#" + "x" * (4 << 20))
    own = file != "compose.yml"
    assert shared.run("distribute").code == (1 if own else 0)
    out = shared.concise("verify").out
    assert ("CS112" in out, f"{file}: CS104 is larger than 4,194,304 bytes" in out) == (False, own)
    assert "it builds or runs" not in shared.run("explain", file).out


def test_a_pipe_that_is_called_like_a_compose_file(shared: Monorepo) -> None:
    """Every command would wait for ever."""
    shared.write(f"{API}/Dockerfile", "FROM x\n")
    os.mkfifo(shared.root / "compose.yml")
    assert shared.run("distribute").code == 0
    assert shared.run("doctor").code in {0, 1}
