"""The benchmark's command line: builds, measures, writes the page."""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from benchmarks.environments import KEY as ENVIRONMENTS_KEY
from benchmarks.environments import ROUNDS as ENVIRONMENTS_ROUNDS
from benchmarks.environments import run_environments_case
from benchmarks.fleet import KEY as FLEET_KEY
from benchmarks.fleet import ROUNDS as FLEET_ROUNDS
from benchmarks.fleet import run_fleet_case
from benchmarks.goals import Results
from benchmarks.hook import KEY as HOOK_KEY
from benchmarks.hook import ROUNDS as HOOK_ROUNDS
from benchmarks.hook import run_hook_case
from benchmarks.machine import Others, describe_machine
from benchmarks.people import KEY as PEOPLE_KEY
from benchmarks.people import ROUNDS as PEOPLE_ROUNDS
from benchmarks.people import run_people_case
from benchmarks.report import render_page
from benchmarks.rounds import WrongResultError, run_case
from benchmarks.trees import SHAPES, choose_folder, write_text
from benchmarks.versions import KEY as VERSIONS_KEY
from benchmarks.versions import ROUNDS as VERSIONS_ROUNDS
from benchmarks.versions import run_versions_case

Result = TypeVar("Result")

_HOOK_ROOM = 800 << 20
_QUICK_HOOK_ROUNDS = 10


def main() -> None:
    """Run the benchmark and exit: 0 whether or not goals are met, 1 when a result was wrong."""
    arguments = _parse(sys.argv[1:])
    try:
        page = _measure(arguments)
    except WrongResultError as error:
        print(f"wrong result: {error}", file=sys.stderr)
        sys.exit(1)
    if arguments.output is None:
        print(page, end="")
    else:
        write_text(arguments.output, page)


def _parse(words: Sequence[str]) -> argparse.Namespace:
    keys = [*(shape.key for shape in SHAPES), HOOK_KEY, PEOPLE_KEY, ENVIRONMENTS_KEY, VERSIONS_KEY, FLEET_KEY]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--output", metavar="FILE", help="write the page there; default: standard output")
    parser.add_argument("--rounds", type=_positive, help="so many rounds of every case")
    parser.add_argument("--only", metavar="CASE", action="append", choices=keys, help=f"one of {', '.join(keys)}")
    parser.add_argument("--quick", action="store_true", help="one round of each case")
    return parser.parse_args(words)


def _positive(word: str) -> int:
    number = int(word)
    if number < 1:
        message = "it takes at least one round"
        raise argparse.ArgumentTypeError(message)
    return number


def _measure(arguments: argparse.Namespace) -> str:
    shapes = [shape for shape in SHAPES if _is_meant(arguments, shape.key)]
    above = choose_folder(max([shape.room for shape in shapes], default=_HOOK_ROOM), tempfile.gettempdir())
    machine, others = describe_machine(above), Others()
    with tempfile.TemporaryDirectory(prefix="common-sync-bench-", dir=above) as folder:
        root = os.path.realpath(folder)
        cases = {shape.key: run_case(shape, root, _rounds(arguments, shape.rounds)) for shape in shapes}
        run = partial(_run, arguments, root)
        hook = run(HOOK_KEY, run_hook_case, HOOK_ROUNDS, _QUICK_HOOK_ROUNDS)
        people = run(PEOPLE_KEY, run_people_case, PEOPLE_ROUNDS)
        environments = run(ENVIRONMENTS_KEY, run_environments_case, ENVIRONMENTS_ROUNDS)
        versions = run(VERSIONS_KEY, run_versions_case, VERSIONS_ROUNDS)
        fleet = run(FLEET_KEY, run_fleet_case, FLEET_ROUNDS)
    results = Results(cases, hook, people, environments, versions, fleet)
    return render_page(results, [*machine, others.describe()], _note(arguments))


def _run(
    arguments: argparse.Namespace,
    root: str,
    key: str,
    case: Callable[[str, int], Result],
    usual: int,
    quick: int = 1,
) -> Result | None:
    """Run a case in so many rounds; return nothing where others were asked for."""
    return case(root, _rounds(arguments, usual, quick)) if _is_meant(arguments, key) else None


def _is_meant(arguments: argparse.Namespace, key: str) -> bool:
    return arguments.only is None or key in arguments.only


def _rounds(arguments: argparse.Namespace, usual: int, quick: int = 1) -> int:
    rounds: int | None = arguments.rounds
    return rounds or (quick if arguments.quick else usual)


def _note(arguments: argparse.Namespace) -> str:
    if arguments.only is not None:
        return f"**Only {', '.join(arguments.only)} was run.**"
    return "**A quick run, of one round: the noise is not known.**" if arguments.quick else ""
