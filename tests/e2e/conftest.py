"""Fixtures of the real builds, and the table at their end."""

from collections.abc import Callable, Iterator

import pytest
from e2e.base import build_base
from e2e.engine import Engine, EngineError, must, running_engine
from e2e.images import remove_images
from e2e.table import STEPS, render_table

Note = Callable[[str, str], None]


@pytest.fixture(scope="session")
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Return an engine that has the image to build from. Without one, nothing here is tested, and the run fails."""
    try:
        with running_engine() as started:
            origin = "started for these tests" if started.ours else "that was running already"
            version = must(started.docker("version", "--format", "{{.Server.Version}}"), "the engine has no version")
            _say(request.config, f"Docker {version.strip()}, {origin}; making the image to build from")
            try:
                build_base(started, tmp_path_factory.mktemp("base"))
                yield started
            finally:
                if not started.ours:
                    remove_images(started)
    except EngineError as error:
        pytest.exit(f"NOTHING WAS BUILT: {error}", returncode=1)


def _say(config: pytest.Config, what: str) -> None:
    """Print a line at once: what follows takes a while."""
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    capture = config.pluginmanager.get_plugin("capturemanager")
    assert terminal is not None
    assert capture is not None
    with capture.global_and_fixture_disabled():
        terminal.write_line(f"\n{what}")


@pytest.fixture
def note(record_property: Callable[[str, object], None], request: pytest.FixtureRequest) -> Note:
    """Return a function that notes what came of a step of this test's service, for the table."""
    record_property("service", request.node.callspec.id)
    return record_property


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table: what was built, started and verified."""
    rows: dict[str, dict[str, str]] = {}
    for report in (*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")):
        noted = {name: str(value) for name, value in report.user_properties}
        if report.when == "call" and "service" in noted:
            rows[noted["service"]] = {name: noted[name] for name in STEPS if name in noted}
    if rows:
        terminalreporter.section("real builds")
        for line in render_table(rows):
            terminalreporter.line(line)
