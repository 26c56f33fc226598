"""Routes for workflows."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends
from media_common.dependencies import ClockDep, StoreDep
from media_common.ids import new_id
from media_common.models import Event
from media_common.pagination import Page, PageDep
from media_common.repository import Repository

from .workflow import NewWorkflow, Workflow, advance

router = APIRouter(prefix="/workflows", tags=["workflows"])


def get_workflows(store: StoreDep) -> Repository[Workflow]:
    """Return the collection of workflows."""
    return Repository(store, "workflows", Workflow)


WorkflowsDep = Annotated[Repository[Workflow], Depends(get_workflows)]


@router.post("", status_code=HTTPStatus.CREATED)
async def start_workflow(new: NewWorkflow, workflows: WorkflowsDep, clock: ClockDep) -> Workflow:
    """Start to follow a media item."""
    workflow = Workflow(id=new_id("wfl"), created_at=clock.now(), **new.model_dump())
    await workflows.add(workflow)
    return workflow


@router.get("")
async def list_workflows(params: PageDep, workflows: WorkflowsDep) -> Page[Workflow]:
    """Return one page of all workflows, oldest first."""
    return await workflows.page(params)


@router.get("/{workflow_id}")
async def read_workflow(workflow_id: str, workflows: WorkflowsDep) -> Workflow:
    """Return one workflow."""
    return await workflows.get(workflow_id)


@router.post("/{workflow_id}/events")
async def handle_event(workflow_id: str, event: Event, workflows: WorkflowsDep) -> Workflow:
    """Advance a workflow by one event."""
    advanced = advance(await workflows.get(workflow_id), event)
    await workflows.replace(advanced)
    return advanced
