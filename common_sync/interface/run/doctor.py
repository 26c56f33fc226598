"""`doctor`: options in, exit code out."""

import time
from functools import partial
from typing import Annotated

from common_sync.edges.project.load import load_project
from common_sync.interface.show.fields import doctor_fields
from common_sync.interface.show.options import Option, Options, Services
from common_sync.interface.show.overview import doctor_overview
from common_sync.interface.show.presenter import View, present
from common_sync.interface.show.progress import show_progress
from common_sync.interface.show.terminal import say


def run_doctor(
    options: Options,
    services: Services = None,
    *,
    fix: Annotated[bool, Option("--fix", "Put into the Dockerfiles what is missing for sure.")] = False,
) -> int:
    """Prove, without Docker and without a network, that each service builds from its own folder alone."""
    from common_sync.commands.doctor import diagnose  # brings all checks
    from common_sync.interface.show.doctor import doctor_lines

    started = time.perf_counter()
    project = load_project(options.root)
    with show_progress() as phases:
        diagnosis = diagnose(project, services or (), say, fix=fix, phases=phases)
    text = partial(doctor_lines, diagnosis, time.perf_counter() - started)
    fields = partial(doctor_fields, diagnosis, fix=fix)
    overview = partial(doctor_overview, diagnosis)
    view = View("doctor", diagnosis.passes, lambda: diagnosis.findings, text, fields, project.root, overview)
    return present(view, options)
