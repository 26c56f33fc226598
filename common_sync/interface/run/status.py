"""`status`: options in, exit code out."""

from collections.abc import Iterable
from functools import partial

from common_sync.commands.steps.survey import survey
from common_sync.edges.project.load import load_project
from common_sync.interface.show.fields import survey_fields
from common_sync.interface.show.options import Options
from common_sync.interface.show.presenter import View, present
from common_sync.interface.show.progress import show_progress


def run_status(options: Options) -> int:
    """Show one row a service: was its copy edited, is it behind the master, where do its references lead."""
    with show_progress() as phases:
        surveyed = survey(load_project(options.root), phases=phases)

    def text(options: Options) -> Iterable[str]:
        from common_sync.interface.show.tables import status_lines  # brings rich, which JSON does without

        return status_lines(surveyed, options)

    return present(View("status", surveyed.in_sync, surveyed.findings, text, partial(survey_fields, surveyed)), options)
