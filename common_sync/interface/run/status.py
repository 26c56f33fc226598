"""`status`: options in, exit code out."""

from functools import partial

from common_sync.commands.steps.survey import survey
from common_sync.edges.project.load import load_project
from common_sync.interface.show.fields import survey_fields
from common_sync.interface.show.options import Options, Services
from common_sync.interface.show.overview import survey_overview
from common_sync.interface.show.presenter import View, present
from common_sync.interface.show.progress import show_progress
from common_sync.interface.show.status import status_lines


def run_status(options: Options, services: Services = None) -> int:
    """Show one row a service: was its copy edited, is it behind the master, where do its references lead."""
    project = load_project(options.root)
    with show_progress() as phases:
        surveyed = survey(project, services or (), phases=phases)
    text, fields = partial(status_lines, surveyed), partial(survey_fields, surveyed)
    overview = partial(survey_overview, surveyed)
    view = View("status", surveyed.in_sync, surveyed.findings, text, fields, project.root, overview)
    return present(view, options)
