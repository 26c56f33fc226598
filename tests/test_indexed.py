"""A service that takes the library from an index: left alone by what writes and verifies, looked at by `doctor`, and back again."""

from support.commits import commit, install_hook
from support.depth import deep
from support.monorepo import Monorepo

API, COPY = "services/api", "services/api/common"
KEY = '[service.api]\nlibrary = "index"\n'
HASHED = f"fastapi\nour-common==1.2.3 --hash=sha256:{'0' * 64}\n"


def leave(repo: Monorepo, requirements: str = HASHED) -> None:
    """Have the API take the library from an index, as the page says."""
    repo.write("common-sync.toml", repo.read("common-sync.toml") + KEY)
    repo.write(f"{API}/requirements.txt", requirements)
    repo.git("rm", "-rq", COPY)


def codes(repo: Monorepo, code: int, *names: str) -> list[tuple[str, str]]:
    """Return the codes that `doctor` finds, each with its file."""
    return [(one["code"], one["file"]) for one in repo.json("doctor", *names, code=code)["findings"]]


def test_one_service_leaves_and_comes_back(synced: Monorepo) -> None:
    """The tool would put the copy back beside the package, or could not put it back at all."""
    before = synced.read(f"{COPY}/our_common/settings.py")
    leave(synced)
    assert synced.run("distribute").code == 0, "only .gitattributes has to follow"
    assert not (synced.root / COPY).exists()
    assert synced.read(f"{API}/requirements.txt") == HASHED
    done = synced.run("verify")
    assert (done.code, "1 service in sync" in done.out) == (0, True)
    synced.commit("from an index")
    synced.write("common/our_common/settings.py", "NEW = 1\n")
    assert synced.run("distribute").code == 0
    assert not (synced.root / COPY).exists()
    assert synced.read("services/worker/common/our_common/settings.py") == "NEW = 1\n"

    synced.write("common/our_common/settings.py", before)
    synced.write("common-sync.toml", synced.read("common-sync.toml").replace(KEY, ""))
    synced.write(f"{API}/requirements.txt", "fastapi\n-e ../../common\n")
    assert synced.run("verify").code == 1
    assert synced.run("distribute").code == 0
    assert synced.read(f"{COPY}/our_common/settings.py") == before
    assert synced.read(f"{API}/requirements.txt") == "fastapi\n-e ./common\n"
    assert synced.run("verify").code == 0


def test_a_line_that_still_leads_to_the_library(synced: Monorepo) -> None:
    """All would look right in a service that still installs the master, which is not there where it is built, or a copy that is gone."""
    leave(synced, "fastapi\n-e ../../common\n")
    synced.write(f"{API}/dev-requirements.txt", "./common\n")
    found = synced.json("doctor", code=1)["findings"]
    led = {(one["file"], one["line"]): one["message"] for one in found if one["code"] == "CS422"}
    assert led == {
        (f"{API}/requirements.txt", 2): "leads to the master, and the service takes the library from an index",
        (
            f"{API}/dev-requirements.txt",
            1,
        ): "leads to a copy, which is to go, and the service takes the library from an index",
    }
    assert "our-common==VERSION --hash" in next(one["remedy"] for one in found if one["code"] == "CS422")


def test_log_says_that_there_is_no_copy(synced: Monorepo) -> None:
    """Nothing at all would be said, as if the copy lacked nothing."""
    leave(synced)
    done = synced.run("log", API)
    assert (done.code, "takes its library from an index, and has no copy" in done.err) == (2, True), done
    assert synced.run("log").code == 0


def test_the_hook_leaves_it_alone(synced: Monorepo) -> None:
    """No commit would go through without a copy, or the hook would make one."""
    leave(synced)
    assert synced.run("distribute").code == 0
    synced.commit("from an index")
    install_hook(synced)
    synced.write(f"{API}/app.py", "import our_common  # 2\n")
    synced.git("add", "-A")
    done = commit(synced)
    assert done.code == 0, done
    assert not (synced.root / COPY).exists()


@deep("runs of the whole program that take long")
def test_doctor_looks_at_it(synced: Monorepo) -> None:
    """A service would count as proven that needs an index, or a stranger's file could answer and nobody would say so."""
    leave(synced)
    assert synced.run("distribute").code == 0
    found = synced.json("doctor", code=0)
    assert (found["findings"], found["proven"], found["indexed"]) == ([], 1, [API])
    assert [one["name"] for one in found["services"]] == ["services/worker"]
    assert "1/1 service proven to build from its own folder alone, 1 from an index" in synced.run("doctor").out
    assert codes(synced, 0, "api") == []
    synced.write(f"{API}/requirements.txt", "our-common==1.2.3\n")
    assert codes(synced, 1) == codes(synced, 1, "api") == [("CS422", f"{API}/requirements.txt")]
    assert codes(synced, 0, "worker") == []
    synced.write(f"{API}/requirements.txt", "our-common==1.2.3  # common-sync: ignore[CS422]\n")
    assert codes(synced, 0) == []
    synced.write(f"{API}/requirements.txt", "our-common\n")
    synced.write("common-sync.toml", 'ignore = ["CS422"]\n' + synced.read("common-sync.toml"))
    assert codes(synced, 0) == []
    synced.write(f"{API}/requirements.txt", "fastapi\n")
    assert codes(synced, 0) == [("CS213", API)]


def test_a_copy_that_was_left(synced: Monorepo) -> None:
    """A service would go on with a copy that nothing keeps in sync, and everybody would call it right."""
    leave(synced)
    synced.git("checkout", "-q", "HEAD", "--", COPY)
    assert codes(synced, 1) == [("CS119", COPY)]


def test_who_names_it_is_told(synced: Monorepo) -> None:
    """Somebody would take "in sync" for an answer about a service that nothing was held against."""
    leave(synced)
    refused = ("distribute api", "verify api", "diff api", "context api", "pin api HEAD", "unpin api", "eject api")
    for words in (*refused, "log api", "fleet probe api"):
        done = synced.run(*words.split())
        assert done.code == 2, words
        said = " ".join(done.err.split())
        assert "services/api takes its library from an index, and has no copy" in said, words
    for words in ("env status api", f"explain {API}/app.py"):
        assert synced.run(*words.split()).code <= 1, words


def test_it_is_affected_by_its_own_files_alone(synced: Monorepo) -> None:
    """CI would not build the service any more, or for each change of a library that it does not hold."""
    leave(synced)
    assert synced.run("distribute").code == 0
    synced.commit("from an index")
    synced.write(f"{API}/app.py", "import our_common  # 2\n")
    assert [one["name"] for one in synced.json("affected", "--since", "HEAD", code=0)["services"]] == [API]
    synced.git("checkout", "-q", "--", API)
    synced.write("common/our_common/settings.py", "NEW = 1\n")
    found = synced.json("affected", "--since", "HEAD", code=0)
    assert [one["name"] for one in found["services"]] == ["services/worker"]


def test_all_services_may_leave(synced: Monorepo) -> None:
    """The last service that leaves would make every command fail."""
    leave(synced)
    synced.write("common-sync.toml", synced.read("common-sync.toml") + KEY.replace("api", "worker"))
    synced.write("services/worker/requirements.txt", HASHED)
    synced.git("rm", "-rq", "services/worker/common")
    assert synced.run("distribute").code == 0
    for words in (
        ("verify",),
        ("status",),
        ("doctor",),
        ("affected", "--since", "HEAD"),
        ("report", "--output", "x.json"),
    ):
        done = synced.run(*words)
        assert done.code == 0, (words, done)
