"""Fuzz every target for a while, guided by coverage: `make fuzz SECONDS=60`."""

import argparse
import importlib
import importlib.util
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

SEEDS = Path(__file__).parent / "seeds"
INPUT_SECONDS = 10
"""What takes longer is taken for a hang."""

_EXECUTED = re.compile(r"stat::number_of_executed_units:\s+(\d+)")


def fuzz_here(name: str, seconds: int) -> None:
    """Fuzz one target in this process, which ends with it.

    Args:
        name: The target.
        seconds: For how long.
    """
    atheris = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["common_sync"]):
        targets = importlib.import_module("fuzz.targets")
    options = [f"-max_total_time={seconds}", f"-timeout={INPUT_SECONDS}", "-print_final_stats=1", "-rss_limit_mb=2048"]
    options += [f"-artifact_prefix={Path.cwd()}/fuzz-{name}-", "-max_len=4096"]
    with tempfile.TemporaryDirectory() as corpus:
        atheris.Setup([sys.argv[0], *options, corpus, str(SEEDS / name)], targets.TARGETS[name])
        atheris.Fuzz()


def fuzz(name: str, seconds: int) -> bool:
    """Fuzz one target in a process of its own; print what came of it, and return whether all is well."""
    command = [sys.executable, "-m", "fuzz", "--target", name, "--seconds", str(seconds)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", check=False)
    executed = _EXECUTED.search(done.stderr)
    sys.stdout.write(
        f"{name}: {int(executed[1]) if executed else 0:,} inputs, {'ok' if done.returncode == 0 else 'FAILED'}\n"
    )
    if done.returncode != 0:
        sys.stdout.write(done.stderr[-4000:])
    sys.stdout.flush()
    return done.returncode == 0


def main() -> int:
    """Fuzz the targets one after another; return 1 when one of them has failed."""
    parser = argparse.ArgumentParser(prog="fuzz")
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--target", help="only this one, in this process")
    given = parser.parse_args()
    if importlib.util.find_spec("atheris") is None:
        sys.stdout.write(f"atheris is not installed: it has no wheel for Python {sys.version.split()[0]}\n")
        return 2
    if given.target:
        fuzz_here(given.target, given.seconds)
    failed = [name for name in sorted(os.listdir(SEEDS)) if not fuzz(name, given.seconds)]
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
