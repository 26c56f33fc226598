"""Lines that go on copying the library by hand, in the forms that people write them in."""

from pathlib import Path

import pytest
from support.monorepo import Monorepo

from common_sync.edges.detection.scripts import HandCopy, Known, find_hand_copies, is_script
from common_sync.edges.detection.tree import Tree

KNOWN = Known(("common",), ("services/api", "services/worker"), ("common",))
TWO = "cp -r common services/api; cp -r common services/worker"
API, BOTH = ("services/api",), ("services/api", "services/worker")


def find(root: Path, file: str, text: str) -> list[HandCopy]:
    """Return the lines of a file."""
    Monorepo(root).write(file, text)
    assert is_script(file)
    return list(find_hand_copies(Tree(str(root), [file]), file, KNOWN))


COPIES = {
    "make": ("Makefile", "all:\n\tcp -r common/ services/api/common/\n", 2, API),
    "a part of a Makefile": ("x.mk", "a:\n\tcp -a $(CURDIR)/common $(CURDIR)/services/api/\n", 2, API),
    "a loop of make": ("Makefile", "all:\n\t@for s in api worker; do \\\n\t cp -r common services/$$s/; \\\n\tdone\n", 2, BOTH),
    "foreach": ("Makefile", "S := api worker\nall:\n\t$(foreach s,$(S),rsync -a common services/$(s);)\n", 3, BOTH),
    "rsync": ("sync.sh", 'for d in services/*/; do rsync -av --delete common/ "$d/common/"; done\n', 1, BOTH),
    "a script in a folder": ("scripts/sync.sh", 'cd "$(dirname "$0")/.."\ncp -a ./common/. services/api/common\n', 2, API),
    "a script of the service": ("services/api/b.sh", "rm -rf common && cp -r ../../common common\n", 1, API),
    "a variable that is the root": ("sync.sh", 'root=$(git rev-parse --show-toplevel)\ncp -r "$root/common" "$root/services/api"\n', 2, API),
    "the script's folder": ("s/x.sh", 'R="$(cd "$(dirname "$0")/.." && pwd)"\ncp -r "$R/common" "$R/services/api"\n', 2, API),
    "the script's folder, at once": ("s/x.sh", 'cp -r "$(dirname "$0")/../common" "$(dirname "$0")/../services/api"\n', 1, API),
    "make's own folder": ("Makefile", "R := $(dir $(abspath $(lastword $(MAKEFILE_LIST))))\na:\n\tcp -r $(R)/common $(R)/services/api\n", 3, API),
    "a variable that is a folder": ("sync.sh", "S=services\ncp -r common $S/api\n", 2, API),
    "the root of a CI": (".gitlab-ci.yml", "b:\n  script:\n  - cp -r $CI_PROJECT_DIR/common $CI_PROJECT_DIR/services/api\n", 3, API),
    "a link": ("sync.sh", "ln -sfn ../../common services/api/common\n", 1, API),
    "a link in a folder": ("sync.sh", "ln -s ../../common services/api\n", 1, API),
    "a link without a name": ("sync.sh", "cd services/api && ln -s ../../common\n", 1, API),
    "modules": ("sync.sh", "cp common/*.py services/api/common/\n", 1, API),
    "one module": ("sync.sh", "cp common/settings.py services/api/\n", 1, API),
    "GitHub": (".github/workflows/ci.yml", "steps:\n- run: cp -r common services/${{ matrix.s }}/\n", 2, BOTH),
    "GitHub, several lines": (".github/workflows/ci.yml", "steps:\n- run: |\n    cp -r common services/api\n", 3, API),
    "GitLab": (".gitlab-ci.yml", "b:\n  script:\n  - cp -r common services/api\n", 3, API),
    "npm": ("package.json", '{"scripts": {\n"a": "cp -r common services/api"}}\n', 2, API),
    "Python": ("sync.py", "import shutil\nshutil.copytree('common', 'services/api/common')\n", 2, API),
}  # fmt: skip


@pytest.mark.parametrize("name", COPIES)
def test_what_copies_the_library(tmp_path: Path, name: str) -> None:
    """A Makefile would go on putting a second library into the copy, and nobody would know where it comes from."""
    file, text, line, services = COPIES[name]
    (found,) = find(tmp_path, file, text)
    assert (found.line, found.services, found.removes) == (line, services, False)


def test_what_removes_the_copy_again(tmp_path: Path) -> None:
    """What the copy was made for by hand would be cleaned up after the build, and the tool's copy with it."""
    text = "all:\n\tcp -r common services/api/\n\tdocker build services/api\n\trm -rf services/*/common build\n"
    assert [(one.line, one.services, one.removes) for one in find(tmp_path, "Makefile", text)] == [
        (2, API, False),
        (4, BOTH, True),
    ]


OTHERS = {
    "nothing but variables": "cp -r $src $dst\n",
    "a variable before both, that nobody has set": 'cp -r "$root/common" "$root/services/api"\n',
    "a variable in capitals before the target": "cp -r common $OUT/services/api\n",
    "a variable that is another folder": "OUT=/tmp/out\ncp -r common $OUT/services/api\n",
    "a folder that a program makes": "OUT=$(mktemp -d)\ncp -r common $OUT/services/api\n",
    "a variable before the source": "cp -r ${OTHER}/common services/api\n",
    "out of the repository": "cp -r common /opt/app\n",
    "to a build's folder": "cp -r common build/services/api\n",
    "out of the copy": "cp -r services/api/common /tmp/x\n",
    "another machine": "rsync -a common services/ host:/srv\n",
    "another folder, and the service itself": "cp -r docs services/api\nrm -rf services/api services/api/docs\n",
    "a comment": "# cp -r common services/api\n",
    "another folder that is called like it": "cp -r other/common services/api\n",
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_copies_something_else(tmp_path: Path, name: str) -> None:
    """A warning about a line that has nothing to do with the library teaches people to read none of them."""
    assert find(tmp_path, "sync.sh", OTHERS[name]) == []


def test_it_is_said_when_a_copy_is_new_and_by_doctor(repo: Monorepo) -> None:
    """The Makefile that made copies until now would fight the tool's, and nothing would name it."""
    repo.write(
        "Makefile",
        f"api:\n\tcp -r common services/api/common\nall:\n\t{TWO}\n",
    )
    repo.write("common/sync.sh", "cp -r common services/api/\n")
    repo.write("services/api/build.sh", "cp -r ../../common .\n")
    done = repo.concise("distribute")
    lines = [line for line in done.out.splitlines() if "CS121" in line]
    text, end = "copies the library by hand into", "beside the copy that common-sync keeps"
    assert lines == [
        f"Makefile:2: CS121 `cp -r common services/api/common` {text} services/api, {end}",
        f"Makefile:4: CS121 `{TWO}` {text} services/api, services/worker, {end}",
        f"common/sync.sh:1: CS121 `cp -r common services/api/` {text} services/api, {end}",
    ]
    assert done.code == 0
    assert "services/api/build.sh:1: CS110 " in done.out, "one finding for one line"
    assert "CS121" not in repo.concise("distribute").out
    assert [line for line in repo.concise("doctor").out.splitlines() if "CS121" in line] == lines
