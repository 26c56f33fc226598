"""Many services with pins and without: what `verify`, `affected` and the hook need for either."""

import os
import shutil
from collections.abc import Iterator

from benchmarks.hook import hook, settle
from benchmarks.rivals import VERIFY, tool
from benchmarks.rounds import Table, WrongResultError, check_status, distribute, take_turns
from benchmarks.running import Command, run
from benchmarks.trees import MASTER, SHAPES, Tree, commit, write_program, write_text

FEW, REFS = 1, 5
"""How many tags the services are pinned to."""

PINNED, SPREAD = f"{VERIFY}, all pinned to one tag", f"{VERIFY}, pinned to {REFS} tags"
TWO = f"{VERIFY}, two libraries"
AFFECTED = "**`common-sync affected`**, all are"
HOOK, HOOK_PINNED = "**`common-sync-hook`**", "**`common-sync-hook`**, all pinned to one tag"

SHAPE = next(shape for shape in SHAPES if shape.key == "1000x15")
_SECOND = "events"
_TWO = "\n".join(f'[[library]]\nmaster = "{name}"\nservices = ["services/*"]' for name in (MASTER, _SECOND))


def measure_pinned(folder: str, rounds: int) -> tuple[Table, dict[str, int]]:
    """Return the runs, and how many processes of git each hook has started.

    Args:
        folder: Where to build the repositories.
        rounds: How many rounds.

    Raises:
        WrongResultError: A command failed, or found something to do.
    """
    roots = {
        title: os.path.join(folder, f"many-{number}") for number, title in enumerate((VERIFY, PINNED, SPREAD, TWO))
    }
    try:
        for title, root in roots.items():
            _build(title, root)
        verify = [(Command(title, tool("common-sync", "verify"), "env"), root) for title, root in roots.items()]
        affected = Command(AFFECTED, tool("common-sync", "affected", "--since", "HEAD~1"), "env")
        hooks = [(hook(HOOK), roots[VERIFY]), (hook(HOOK_PINNED), roots[PINNED])]
        table = take_turns([*verify, (affected, roots[VERIFY]), *hooks], rounds)
        return table, {one.title: _count(folder, one, root) for one, root in hooks}
    finally:
        for root in roots.values():
            shutil.rmtree(root, ignore_errors=True)


def _build(title: str, root: str) -> None:
    """Make a repository whose master goes through some tags and one more change, and whose copies are committed."""
    tree = Tree(root, SHAPE)
    for number in range(REFS):
        tree.edit()
        commit(root)
        check_status(run(Command("git tag", ("git", "tag", f"v{number}"), "git"), root), 0, "a tag")
    if title == TWO:
        shutil.copytree(os.path.join(root, MASTER), os.path.join(root, _SECOND))
        write_text(os.path.join(root, "common-sync.toml"), f'services = ["services/*"]\n{_TWO}\n')
    distribute(root, "the first copies")
    commit(root)
    tree.edit()
    refs = {PINNED: FEW, SPREAD: REFS}.get(title, 0)
    if refs:
        with open(os.path.join(root, "common-sync.toml"), "a", encoding="utf-8") as file:
            file.writelines(("[pins]\n", *_pins(tree, refs)))
    settle(root, title)


def _pins(tree: Tree, refs: int) -> Iterator[str]:
    return (f'"{service}" = "v{number % refs}"\n' for number, service in enumerate(tree.services))


def _count(folder: str, command: Command, root: str) -> int:
    """Return how many processes of git a command starts, where it has run with the same PATH before."""
    place, asked = os.path.join(folder, "bin"), os.path.join(folder, "asked")
    write_program(os.path.join(place, "git"), f'echo git >> {asked}\nexec {shutil.which("git")} "$@"')
    words = ("env", f"PATH={place}:{os.environ['PATH']}", *command.words)
    for _ in range(2):
        write_text(asked, "")
        check_status(run(command._replace(words=words), root), 0, command.title)
    with open(asked, encoding="ascii") as file:
        count = len(file.readlines())
    if not count:
        message = f"{command.title} has not asked the git that counts"
        raise WrongResultError(message)
    return count
