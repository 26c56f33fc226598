"""The benchmark's command line: builds, measures, writes the page."""

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence

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
from benchmarks.trees import SHAPES, Shape, choose_folder, write_text
from benchmarks.versions import KEY as VERSIONS_KEY
from benchmarks.versions import ROUNDS as VERSIONS_ROUNDS
from benchmarks.versions import run_versions_case

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
    only: list[str] | None = arguments.only
    shapes = [shape for shape in SHAPES if only is None or shape.key in only]
    above = choose_folder(max([shape.room for shape in shapes], default=_HOOK_ROOM), tempfile.gettempdir())
    machine, others = describe_machine(above), Others()
    with tempfile.TemporaryDirectory(prefix="common-sync-bench-", dir=above) as folder:
        root = os.path.realpath(folder)
        cases = {shape.key: run_case(shape, root, _rounds(arguments, shape)) for shape in shapes}
        hook = run_hook_case(root, _hook_rounds(arguments)) if only is None or HOOK_KEY in only else None
        people = None
        if only is None or PEOPLE_KEY in only:
            people = run_people_case(root, arguments.rounds or PEOPLE_ROUNDS)
        environments = None
        if only is None or ENVIRONMENTS_KEY in only:
            environments = run_environments_case(root, arguments.rounds or ENVIRONMENTS_ROUNDS)
        versions = None
        if only is None or VERSIONS_KEY in only:
            versions = run_versions_case(root, arguments.rounds or VERSIONS_ROUNDS)
        fleet = None
        if only is None or FLEET_KEY in only:
            fleet = run_fleet_case(root, arguments.rounds or FLEET_ROUNDS)
    results = Results(cases, hook, people, environments, versions, fleet)
    return render_page(results, [*machine, others.describe()], _note(arguments))


def _rounds(arguments: argparse.Namespace, shape: Shape) -> int:
    rounds: int | None = arguments.rounds
    return rounds or (1 if arguments.quick else shape.rounds)


def _hook_rounds(arguments: argparse.Namespace) -> int:
    rounds: int | None = arguments.rounds
    return rounds or (_QUICK_HOOK_ROUNDS if arguments.quick else HOOK_ROUNDS)


def _note(arguments: argparse.Namespace) -> str:
    if arguments.only is not None:
        return f"**Only {', '.join(arguments.only)} was run.**"
    return "**A quick run, of one round: the noise is not known.**" if arguments.quick else ""
