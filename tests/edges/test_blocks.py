"""Managed blocks and ignore files through the real program and real git."""

import os
from itertools import product
from pathlib import Path

import pytest
from support.commits import (
    assert_blocked,
    assert_clone_in_sync,
    assert_committed,
    commit,
    do_as_told,
    index,
    install_hook,
)
from support.depth import deep, sampled
from support.monorepo import CONFIGURATION, Monorepo, make_monorepo, patched, run
from support.trees import ODD_NAMES

API = "services/api"
IGNORE = f"{API}/.dockerignore"
START, END = "# >>> common-sync >>>", "# <<< common-sync <<<"


@pytest.fixture
def built(repo: Monorepo) -> Monorepo:
    """Return a repository in which one service has a Dockerfile, all in sync and committed."""
    repo.write(f"{API}/docker/Dockerfile", "FROM scratch\n")
    repo.write(IGNORE, b"*.md\r\n.env.*\r\n!.env.prod")
    assert repo.run("distribute").code == 0
    repo.commit("distribute")
    return repo


def codes(repo: Monorepo, *arguments: str, code: int = 1) -> list[tuple[str, str, int | None]]:
    """Return code, file and line of what `verify` finds."""
    found = repo.json("verify", *arguments, code=code)["findings"]
    return [(one["code"], one["file"], one["line"]) for one in found]


@deep("more of a block")
def test_where_there_is_a_dockerfile(built: Monorepo) -> None:
    """A service would have its secrets in its image; or one that is not built by Docker would get a file for it."""
    text = built.read(IGNORE)
    assert text.startswith(f"{START}\r\n")
    assert text.endswith(f"{END}\r\n\r\n*.md\r\n.env.*\r\n!.env.prod")
    assert not (built.root / "services/worker/.dockerignore").exists()
    assert codes(built, code=0) == []
    stamps = built.stamps()
    assert built.run("distribute").code == 0
    assert built.stamps() == stamps


def test_what_a_dockerfile_copies_is_not_kept_out(repo: Monorepo) -> None:
    """A build that works today would fail after the first `distribute`."""
    repo.write(f"{API}/.env.production", "A=1\n")
    repo.write(f"{API}/Dockerfile", "FROM scratch\nCOPY .env.production /app/.env\n")
    assert repo.run("distribute").code == 0
    assert "!.env.production\n" in repo.read(IGNORE)
    assert codes(repo, code=0) == []
    repo.write(f"{API}/Dockerfile", "FROM scratch\n")
    assert codes(repo) == [("CS116", IGNORE, None)]


def test_settings_that_leave_the_image_are_named(repo: Monorepo) -> None:
    """A service that reads its `.env` in the image would start without it one day, and nobody have been told."""
    repo.write(f"{API}/.env", "A=1\n")
    repo.git("add", f"{API}/.env")
    repo.write(f"{API}/Dockerfile", "FROM scratch\nCOPY --chown=1 ./ /app/\n")
    assert f"{API}/.env: CS120" in repo.run("distribute").out
    assert codes(repo, code=0) == [], "it is told once"
    repo.write(IGNORE, "")
    assert ("CS120", f"{API}/.env", None) in codes(repo)
    repo.write(IGNORE, ".env\n")
    assert [code for code, _, _ in codes(repo)] == ["CS116"], "it was not in the image"
    repo.write(IGNORE, "")
    for text in ("FROM scratch\nCOPY app /app/\n", "COPY"):
        repo.write(f"{API}/Dockerfile", text)
        assert "CS120" not in [code for code, _, _ in codes(repo)]


def test_verify_names_what_is_missing_or_old(built: Monorepo) -> None:
    """A block that somebody has changed would go on as it is, and CI would be green."""
    built.write(IGNORE, built.read(IGNORE).replace("**/.env\r\n", ""))
    built.write(".gitattributes", "")
    assert codes(built) == [("CS116", IGNORE, None), ("CS116", ".gitattributes", None)]
    done = built.run("verify", "worker")
    assert done.code == 1
    assert "✗ .gitattributes not in sync with common" in done.out
    assert f"+{START}" in built.run("distribute", "--diff").out
    assert built.read(".gitattributes") == ""
    assert built.run("distribute").code == 0
    assert codes(built, code=0) == []


def test_they_can_be_switched_off(built: Monorepo) -> None:
    """A team that does not want them could not use the tool."""
    built.write("common-sync.toml", CONFIGURATION + "managed = []\n")
    built.write(IGNORE, f"{START}\nmine\n{END}\n")
    (built.root / ".gitattributes").unlink()
    assert codes(built, code=0) == []
    assert built.run("distribute").code == 0
    assert built.read(IGNORE) == f"{START}\nmine\n{END}\n"
    assert not (built.root / ".gitattributes").exists()


def test_the_first_distribution_makes_the_files(repo: Monorepo, tmp_path: Path) -> None:
    """A file that nobody has would be waited for; or outside git, one be made that means nothing there."""
    repo.write(f"{API}/Dockerfile", "FROM scratch\n")
    document = repo.json("distribute", code=0)
    assert document["rewritten"] == [".gitattributes"]
    assert document["services"][0]["rewritten"] == [f"{API}/requirements.txt", IGNORE]
    assert repo.read(".gitattributes").startswith(START)
    assert repo.leftovers() == []
    plain = make_monorepo(tmp_path / "plain", git=False)
    assert plain.run("distribute").code == 0
    assert not (plain.root / ".gitattributes").exists()


def test_named_services_leave_the_lines_of_others(built: Monorepo) -> None:
    """The copies of the others would show in every review again."""
    before = built.read(".gitattributes")
    built.write(".gitattributes", before.replace(f"/{API}/common/** linguist-generated -text\n", ""))
    assert built.run("distribute", "worker").out.startswith("1 service already in sync, ")
    assert built.run("distribute", "api").code == 0
    assert built.read(".gitattributes") == before


def test_lines_of_copies_that_are_elsewhere(built: Monorepo) -> None:
    """Each of two machines, one with a sparse checkout, would take away what the other has written."""
    elsewhere = "/services/elsewhere/common/** linguist-generated -text\n"
    built.write("services/elsewhere/app.py")
    assert built.run("distribute").code == 0
    built.commit("one more service")
    built.git("sparse-checkout", "set", "--no-cone", "/*", "!/services/elsewhere/")
    assert not (built.root / "services/elsewhere").exists()
    assert codes(built, code=0) == []
    assert built.run("distribute").code == 0
    assert elsewhere in built.read(".gitattributes")
    built.write("services/elsewhere/common/x.py", "a folder of somebody's own\n")
    built.write("common-sync.toml", CONFIGURATION.replace('"services/*"', '"services/api", "services/worker"'))
    assert built.run("distribute").code == 0
    assert elsewhere not in built.read(".gitattributes")


def test_the_line_of_a_service_that_was_removed_goes(built: Monorepo) -> None:
    """What is in no commit any more would be marked for ever; a line that a person wrote is not the tool's to take away."""
    own = "/services/worker/** -diff\n"
    built.write(".gitattributes", own + built.read(".gitattributes"))
    built.git("rm", "-qr", "services/worker")
    assert codes(built) == [("CS116", ".gitattributes", None)]
    assert built.run("distribute").code == 0
    text = built.read(".gitattributes")
    assert "/services/worker/common/**" not in text
    assert text.startswith(own)
    assert "/services/api/common/**" in text
    assert codes(built, code=0) == []


def test_git_reads_the_lines_as_they_are_meant(tmp_path: Path) -> None:
    """The copies of a service with an odd name would be converted, or another folder be marked."""
    names = [name for name in (*ODD_NAMES, "sp ace", "a*b", "[x]", "a?", "!a") if name not in {"__pycache__", "..."}]
    repo = Monorepo(tmp_path / "repo")
    repo.root.mkdir()
    repo.git("init", "-q")
    repo.write("common-sync.toml", CONFIGURATION)
    repo.write("common/x.py", "x\n")
    for name in names:
        (repo.root / "services" / name).mkdir(parents=True)
    assert repo.run("distribute").code == 0
    for name in names:
        asked = [
            "check-attr",
            "-z",
            "text",
            "linguist-generated",
            "--",
            f"services/{name}/common/x.py",
            f"services/{name}/x.py",
        ]
        values = repo.git(*asked).split("\0")[2::3]
        assert values == ["unset", "set", "unspecified", "unspecified"], name
    assert repo.run("verify").code == 0


FORMS = {
    "a symlink": "is a symlink, so that no managed block can be kept in it",
    "UTF-16": "is not UTF-8 text, so that no managed block can be kept in it",
    "torn markers": f"a managed block is one line {START!r} and, below it, one line {END!r}",
}


@pytest.mark.parametrize(("form", "file"), sampled([*product(FORMS, [".gitattributes", IGNORE])], 3, "more of a block"))
def test_a_file_that_takes_no_block(built: Monorepo, file: str, form: str) -> None:
    """Somebody's file elsewhere would be written, or garbled."""
    place = built.root / file
    if form == "a symlink":
        built.write("elsewhere", "*.md\n")
        place.unlink()
        place.symlink_to(os.path.relpath(built.root / "elsewhere", place.parent))
    elif form == "UTF-16":
        place.write_bytes("*.md\n".encode("utf-16"))
    else:
        place.write_text(f"*.md\n{START}\nmine\n")
    before = place.read_bytes()
    done = built.run("distribute")
    assert done.code == 1
    assert f"CS116 {FORMS[form]}" in " ".join(done.out.split())
    assert place.read_bytes() == before
    assert place.is_symlink() == (form == "a symlink")
    assert "managed" in done.out
    built.write("common-sync.toml", CONFIGURATION + "managed = []\n")
    assert built.run("verify").code == 0


@pytest.mark.parametrize("file", [".gitattributes", IGNORE])
def test_a_file_that_appears_meanwhile(repo: Monorepo, file: str) -> None:
    """Somebody who makes the file while the tool runs would lose what he wrote."""
    repo.write(f"{API}/Dockerfile", "FROM scratch\n")
    patch = (
        "import os\nfrom common_sync.edges.files import replacing\nflush = replacing._write_flushed\n"
        f"def late(*a):\n    flush(*a)\n    open({str(repo.root / file)!r}, 'x').write('mine')\n"
        f"def only(folder, data, like):\n    (late if like is None and b'{'linguist' if 'attr' in file else 'pycache'}' in data"
        " else flush)(folder, data, like)\n"
        "replacing._write_flushed = only\n"
    )
    done = run(*patched(patch), "distribute", cwd=repo.root)
    assert done.code == 2
    assert f"{file}: has changed while common-sync ran, and was left alone" in done.err
    assert repo.read(file) == "mine"
    assert repo.leftovers() == []


@pytest.mark.parametrize("appears", [True, False])
def test_a_file_system_without_hard_links(repo: Monorepo, appears: bool) -> None:
    """On a USB stick nothing could be made, or what somebody has just made would be written over."""
    patch = (
        "import errno, os\ndef no(*a, **k):\n"
        + (f"    open({str(repo.root / '.gitattributes')!r}, 'x').write('mine')\n" if appears else "")
        + "    raise OSError(errno.EPERM, 'no')\nos.link = no\n"
    )
    done = run(*patched(patch), "distribute", cwd=repo.root)
    assert done.code == (2 if appears else 0)
    assert repo.read(".gitattributes").startswith("mine" if appears else START)
    assert repo.leftovers() == []


def test_what_a_killed_run_has_left_beside_them(built: Monorepo) -> None:
    """A file of the tool's own would stay in the service for ever, and get into a commit."""
    built.write(".common-sync.tmp", "half")
    built.write(f"{API}/.common-sync.tmp", "half")
    assert built.run("distribute").code == 0
    assert built.leftovers() == []


# The hook


def test_the_hook_asks_for_them(repo: Monorepo) -> None:
    """A fresh clone would lack the files, and CI find what the hook has let pass."""
    repo.write(f"{API}/Dockerfile", "FROM scratch\n")
    repo.git("add", "-A")
    install_hook(repo)
    done = commit(repo)
    assert_blocked(done, f"services/worker/requirements.txt .gitattributes {IGNORE}\n")
    do_as_told(repo, done)
    assert_committed(commit(repo))
    assert_clone_in_sync(repo)
    assert ".gitattributes" in index(repo)


@pytest.mark.parametrize("file", [".gitattributes", IGNORE])
@pytest.mark.parametrize("check", [[], ["--check"]], ids=["writes", "checks"])
def test_a_block_that_is_not_staged(built: Monorepo, file: str, check: list[str]) -> None:
    """The commit would hold an old block, or none, though the disk has the right one."""
    install_hook(built, *check)
    text = built.read(file)
    built.write(file, text.replace(START, "").replace(END, "").replace("-text", ""))
    built.git("add", "-A")
    built.write(file, text)
    done = commit(built)
    assert_blocked(done, file)
    do_as_told(built, done)
    built.git("rm", "-q", "--cached", file)
    done = commit(built)
    assert_blocked(done, file)
    do_as_told(built, done)
    assert_committed(commit(built))
    assert_clone_in_sync(built)


def test_a_person_may_stage_a_part_of_the_file(built: Monorepo) -> None:
    """A commit would be blocked for a line of somebody's own that he has not staged yet."""
    install_hook(built)
    built.write(".gitattributes", built.read(".gitattributes") + "*.png binary\n")
    assert_committed(commit(built))


# Ignore files that keep a copy out


def test_a_dockerignore_that_drops_the_copy(built: Monorepo) -> None:
    """The build would fail, or the image lack the library, for a rule that nobody has named."""
    text = built.read(IGNORE)
    lines = text.count("\n") + 1
    built.write(f"{API}/Dockerfile.dev", "FROM python:3.11-slim\n")
    built.write(IGNORE, f"{text}\r\n*\r\n!app\r\n")
    built.write(f"{API}/docker/Dockerfile.dockerignore", "**/*.json\n")
    assert codes(built) == [
        ("CS115", IGNORE, lines + 1),
        ("CS115", f"{API}/docker/Dockerfile.dockerignore", 1),
    ]
    done = built.run("distribute")
    assert done.code == 1
    assert f"CS115 '*' keeps the copy out of the build context\n    .dockerignore:{lines + 1}\n" in done.out
    assert "    help: add at its end: !common\n" in done.out
    assert "help: add at its end: !common/.common-sync.json\n" in done.out
    built.write(IGNORE, f"{text}\r\n*\r\n!app\r\n!common\r\n")
    built.write(f"{API}/docker/Dockerfile.dockerignore", "**/*.json\n!common/.common-sync.json\n")
    assert codes(built, code=0) == []


def test_a_dockerignore_that_no_build_reads(built: Monorepo) -> None:
    """A check would fail for a file that Docker passes over, because each Dockerfile has one of its own."""
    built.write(IGNORE, built.read(IGNORE) + "\ncommon\n")
    assert [code for code, _, _ in codes(built)] == ["CS115"]
    for file in (built.root / API).rglob("*Dockerfile"):
        file.with_name(f"{file.name}.dockerignore").write_text("*.log\n")
    assert codes(built, code=0) == []


def test_the_line_is_the_one_after_the_block_is_written(built: Monorepo) -> None:
    """Somebody would be sent to a line that is not the one."""
    built.write(IGNORE, "*.md\ncommon\n")
    assert ("CS115", IGNORE, 2) in codes(built)
    done = built.concise("distribute")
    line = built.read(IGNORE).split("\n").index("common") + 1
    assert f"{IGNORE}:{line}: CS115" in done.out
    assert codes(built) == [("CS115", IGNORE, line)]


def test_a_dockerignore_that_docker_refuses(built: Monorepo) -> None:
    """The build would fail on a line that nobody has named."""
    built.write(IGNORE, built.read(IGNORE) + "\n[\n")
    assert [code for code, _, _ in codes(built)] == ["CS108"]


def diverge(repo: Monorepo, path: str, ours: str, theirs: str) -> None:
    """Write a file on two branches, distribute and commit on both, and stay on `main`."""
    for branch, text in (("theirs", theirs), ("main", ours)):
        repo.git("switch", "-q", *(["-c", "theirs"] if branch == "theirs" else ["main"]))
        repo.write(path, text)
        assert repo.run("distribute").code == 0
        repo.commit()


@deep("more of a block")
def test_two_branches_that_have_both_changed_the_library(synced: Monorepo) -> None:
    """Every manifest would be full of the marks of a merge, and no command of the tool work until somebody has mended each."""
    synced.write("common/our_common/settings.py", "".join(f"A{number} = 1\n" for number in range(20)))
    assert synced.run("distribute").code == 0
    synced.commit()
    text = synced.read("common/our_common/settings.py")
    diverge(synced, "common/our_common/settings.py", f"OURS = 1\n{text}", f"{text}THEIRS = 1\n")
    merged = run("git", "merge", "-q", "theirs", cwd=synced.root)
    conflicts = [line for line in merged.out.splitlines() if line.startswith("CONFLICT")]
    assert len(conflicts) == 2, merged
    assert all(line.endswith(".common-sync.json") for line in conflicts)
    assert synced.run("verify").code == 1
    assert synced.run("distribute").code == 0
    synced.git("add", "-A")
    assert synced.hook("--check").code == 0
    text = synced.read("services/worker/common/our_common/settings.py")
    assert ("OURS = 1" in text, "THEIRS = 1" in text) == (True, True)


@pytest.mark.parametrize("state", ["CS003", "CS004"])
def test_two_branches_that_have_both_changed_a_line(synced: Monorepo, state: str) -> None:
    """What git has left in a copy would be called somebody's edit, with a command that refuses to take it over."""
    file = "our_common/settings.py"
    diverge(synced, f"common/{file}", "DEBUG = 'ours'\n", "DEBUG = 'theirs'\n")
    assert run("git", "merge", "-q", "theirs", cwd=synced.root).code == 1
    synced.write(f"common/{file}", "DEBUG = 'both'\n" if state == "CS004" else "DEBUG = 'ours'\n")
    marked = synced.read(f"services/api/common/{file}")
    remedy = f"look at both sides: an edit belongs into common/{file}; then common-sync distribute services/api --force"
    for command in ("verify", "distribute"):
        found = [one for one in synced.json(command, code=1)["findings"] if one["service"] == "services/api"]
        assert [(one["code"], one["message"], one["remedy"]) for one in found if one["code"] != "CS007"] == [
            (state, "holds the marks of a merge that nobody has finished", remedy)
        ]
        said = synced.run(command).out
        assert "marks of a merge" in said
        assert "promote" not in said
    assert synced.read(f"services/api/common/{file}") == marked
    synced.git("checkout", "-q", "--ours", f"services/worker/common/{file}")
    assert synced.run("distribute", "worker").code == 0
    assert synced.run("distribute", "--force").code == 0
    synced.git("add", "-A")
    assert synced.hook("--check").code == 0


def test_an_exception_goes_with_the_line_that_needed_it(built: Monorepo) -> None:
    """A file of secrets that a Dockerfile took once would be in every later image."""
    dockerfile = built.read(f"{API}/docker/Dockerfile")
    before = built.read(IGNORE)
    built.write(f"{API}/docker/Dockerfile", f"{dockerfile}COPY .env ./\n")
    assert built.run("distribute").code == 0
    assert "\r\n!.env\r\n" in (built.root / IGNORE).read_bytes().decode()
    built.write(f"{API}/docker/Dockerfile", dockerfile)
    assert built.run("distribute").code == 0
    assert built.read(IGNORE) == before


def test_a_merge_hides_no_edit_in_a_copy(synced: Monorepo) -> None:
    """A hotfix that somebody has committed in a copy would be gone after a merge, and `verify` be green."""
    file = "our_common/settings.py"
    synced.git("switch", "-q", "-c", "hotfix")
    synced.write(f"services/api/common/{file}", "DEBUG = 'hotfix'\n")
    synced.commit()
    synced.git("switch", "-q", "main")
    synced.write(f"common/{file}", "DEBUG = 'newer'\n")
    assert synced.run("distribute").code == 0
    synced.commit()
    assert run("git", "merge", "-q", "hotfix", cwd=synced.root).code == 1
    done = synced.concise("distribute")
    assert (done.code, "CS00" in done.out) == (1, True), done
    assert "hotfix" in synced.read(f"services/api/common/{file}")


def test_a_gitignore_that_keeps_new_files_out(repo: Monorepo) -> None:
    """The copies would be on one disk, and in no commit."""
    repo.write(".gitignore", "# ours\n*.sh\n")
    repo.write(f"{API}/.gitignore", "/common/\n")
    repo.git("add", "-f", "common")
    document = repo.json("distribute", code=0)
    found = [(one["code"], one["service"], one["file"], one["line"]) for one in document["findings"]]
    assert found == [
        ("CS114", API, f"{API}/.gitignore", 1),
        ("CS114", "services/worker", ".gitignore", 2),
    ]
    assert all("git add -f services/" in one["remedy"] for one in document["findings"])
    assert repo.json("distribute", code=0)["findings"] == [], "asked where files are new, and not on every run"


def test_one_rule_is_told_once(repo: Monorepo) -> None:
    """A team with one rule in the wrong place would read a warning for each service, and look for as many causes."""
    repo.write(".gitignore", "wait.sh\n")
    repo.git("add", "-f", "common")
    (one,) = repo.json("distribute", code=0)["findings"]
    what = "'wait.sh' keeps 2 paths of 2 copies, such as services/api/common/wait.sh out of a commit"
    assert (one["code"], one["file"], one["line"], one["message"]) == ("CS114", ".gitignore", 1, what)
    assert one["remedy"].startswith("git add -f services/api/common services/worker/common, or change the rule")
    assert [one["code"] for one in repo.json("doctor", code=0)["findings"]].count("CS114") == 1


def test_rules_are_found_among_many_copies(repo: Monorepo) -> None:
    """In a large repository, where git is asked about whole folders, nobody would learn which copies no commit will have."""
    for number in range(30):
        repo.write(f"services/s{number:02}/app.py", "")
    repo.write(".gitignore", "/services/s07/\n/services/s08/common\n")
    repo.write("services/s09/.gitignore", "wait.sh\nelsewhere/\n")
    repo.write("services/s09/elsewhere/x", "")
    repo.git("add", "-f", "services/s07/app.py")  # a folder that git does not know is no service
    found = repo.json("distribute", code=0)["findings"]
    assert [(one["service"], one["file"], one["line"]) for one in found] == [
        ("services/s07", ".gitignore", 1),
        ("services/s08", ".gitignore", 2),
        ("services/s09", "services/s09/.gitignore", 1),
    ]


def test_a_gitignore_above_the_configuration(tmp_path: Path) -> None:
    """A rule at the top of the repository would be named by a path that is not there."""
    top = Monorepo(tmp_path / "top")
    repo = make_monorepo(top.root / "backend", git=False)
    top.write(".gitignore", "wait.sh\n")
    top.git("init", "-q")
    top.git("add", "-f", "backend/common")
    done = repo.concise("distribute", "api")
    assert (
        done.code,
        ".gitignore:1: CS114 'wait.sh' keeps services/api/common/wait.sh out of a commit" in done.out,
    ) == (
        0,
        True,
    ), done
    assert (repo.root / ".gitattributes").exists()
    assert not (top.root / ".gitattributes").exists()
