"""Fixtures of the real builds, and the table at their end."""

import os
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
from e2e.base import build_base
from e2e.engine import Engine, EngineError, found_engine, must, running_engine
from e2e.images import remove_images
from e2e.table import STEPS, render_table

Note = Callable[[str, str], None]


_RUNNING = ExitStack()


def pytest_sessionstart(session: pytest.Session) -> None:
    """Start an engine that has the image to build from. Without one, nothing here is tested, and the run fails.

    With xdist, the one process that spawns the others does this; they find the engine by their environment.
    """
    if hasattr(session.config, "workerinput") or session.config.option.collectonly:
        return
    try:
        engine = _RUNNING.enter_context(running_engine())
        if not engine.ours:
            _RUNNING.callback(remove_images, engine)
        version = must(engine.docker("version", "--format", "{{.Server.Version}}"), "the engine has no version").strip()
        origin = "started for these tests" if engine.ours else "that was running already"
        sys.stderr.write(f"Docker {version}, {origin}; making the image to build from\n")
        with tempfile.TemporaryDirectory() as work:
            build_base(engine, Path(work))
    except EngineError as error:
        _RUNNING.close()
        pytest.exit(f"NOTHING WAS BUILT: {error}", returncode=1)
    os.environ.update(engine.settings, DOCKER=engine.client)


def pytest_sessionfinish() -> None:
    """Stop the engine if it is ours; remove what was made in another."""
    _RUNNING.close()


@pytest.fixture(scope="session")
def engine() -> Engine:
    """Return the engine."""
    return found_engine()


@pytest.fixture
def note(record_property: Callable[[str, object], None], request: pytest.FixtureRequest) -> Note:
    """Return a function that notes what came of a step of this test's service, for the table."""
    record_property("service", request.node.callspec.id)
    return record_property


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table: what was built, started and verified."""
    rows: dict[str, dict[str, str]] = {}
    reports = (*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed"))
    for report in sorted(reports, key=lambda report: report.nodeid):
        noted = {name: str(value) for name, value in report.user_properties}
        if report.when == "call" and "service" in noted:
            rows[noted["service"]] = {name: noted[name] for name in STEPS if name in noted}
    if rows:
        terminalreporter.section("real builds")
        for line in render_table(rows):
            terminalreporter.line(line)
