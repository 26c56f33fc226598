"""`diff`: options in, exit code out."""

from functools import partial

from common_sync.commands.steps.survey import survey
from common_sync.edges.project.load import load_project
from common_sync.interface.show.fields import diff_fields
from common_sync.interface.show.options import Options, Services
from common_sync.interface.show.overview import survey_overview
from common_sync.interface.show.presenter import View, present
from common_sync.interface.show.text import difference_lines


def run_diff(options: Options, services: Services = None) -> int:
    """Show what distribute --force would write: minus is the copy, plus is the master. Exit 1 where there is a difference."""
    project = load_project(options.root)
    surveyed = survey(project, services or ())
    text, fields = partial(difference_lines, surveyed), partial(diff_fields, surveyed)
    overview = partial(survey_overview, surveyed)
    view = View("diff", surveyed.in_sync, surveyed.findings, text, fields, project.root, overview)
    return present(view, options)
