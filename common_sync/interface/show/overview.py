"""How each service stands after a command, for the formats that have a line for every service."""

from typing import TYPE_CHECKING, Literal

from common_sync.commands.steps.survey import Survey
from common_sync.interface.show.presenter import Overview, Standing
from common_sync.interface.show.status import what_differs
from common_sync.interface.show.text import count

if TYPE_CHECKING:  # each command needs its own at run time, and no other's
    from common_sync.commands.distribute import Distribution, Outcome
    from common_sync.commands.doctor import Diagnosis
    from common_sync.commands.steps.doctor.service_check import ServiceCheck
    from common_sync.core.doctor.catalogue import Verdict
    from common_sync.core.service_plan import CopySurvey, ServicePlan


def survey_overview(surveyed: Survey) -> Overview:
    """Return how each service stands by what was planned."""
    number = len(surveyed.masters)
    return Overview(_libraries(surveyed), tuple(_planned(plan, number) for plan in surveyed.plans))


def _libraries(surveyed: Survey) -> tuple[str, ...]:
    return tuple(
        f"{target.manifest.library.shown} in {target.library.master}, {count(len(target.manifest.files), 'file')}"
        for target in surveyed.masters
    )


def _planned(plan: "ServicePlan", libraries: int) -> Standing:
    verdict: Literal["passes", "fails"] = "passes" if plan.is_empty else "fails"
    versions = ", ".join(_version(copy, libraries) for copy in plan.copies)
    return Standing(plan.service, verdict, what_differs(plan, libraries), versions)


def _version(copy: "CopySurvey", libraries: int) -> str:
    """Return the version of a copy, and what it is pinned to; with several libraries, its library is named."""
    version = f"{copy.target.library} {copy.version or '-'}" if libraries > 1 else copy.version or "-"
    return version if copy.target.ref is None else f"{version} (pinned to {copy.target.ref})"


def distribution_overview(distribution: "Distribution") -> Overview:
    """Return how each service stands after `distribute`."""
    return Overview(_libraries(distribution.survey), tuple(map(_distributed, distribution.outcomes)))


def _distributed(outcome: "Outcome") -> Standing:
    if outcome.in_sync:
        return Standing(outcome.plan.service, "passes", "in sync")
    errors = sum(one.severity == "error" for one in outcome.findings)
    what = f"{count(len(outcome.left), 'file')} left to you" if outcome.left else count(errors, "error")
    return Standing(outcome.plan.service, "fails", what)


_VERDICTS: "dict[Verdict, Literal['passes', 'fails', 'unknown']]" = {
    "proven": "passes",
    "broken": "fails",
    "unknown": "unknown",
}


def doctor_overview(diagnosis: "Diagnosis") -> Overview:
    """Return how each service stands by what was proven."""
    return Overview(_libraries(diagnosis.survey), tuple(map(_checked, diagnosis.services)))


def _checked(service: "ServiceCheck") -> Standing:
    failed = [title for title, state in service.states.items() if state not in ("ok", "none")]
    return Standing(service.service, _VERDICTS[service.verdict], ", ".join(failed) or service.verdict)
