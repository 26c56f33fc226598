"""Routes for transcoding jobs, which workers outside this service carry out."""

from enum import StrEnum
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends
from media_common.bus import publish
from media_common.dependencies import ClockDep, StoreDep
from media_common.errors import ConflictError
from media_common.ids import new_id
from media_common.models import Record, TranscodeFailed, TranscodeFinished, Value
from media_common.repository import Repository

from .profiles import Profile, build_command

router = APIRouter(prefix="/jobs", tags=["jobs"])


class JobStatus(StrEnum):
    """How far a job has come."""

    QUEUED = "queued"
    FINISHED = "finished"
    FAILED = "failed"


class NewJob(Value):
    """What a client sends to ask for a job."""

    media_id: str
    owner_id: str
    profile: Profile


class Job(NewJob, Record):
    """One item to transcode to one profile."""

    command: tuple[str, ...]
    status: JobStatus = JobStatus.QUEUED


class Outcome(Value):
    """What a worker reports when it is done; no reason means that all went well."""

    failure_reason: str | None = None


def get_jobs(store: StoreDep) -> Repository[Job]:
    """Return the collection of jobs."""
    return Repository(store, "jobs", Job)


JobsDep = Annotated[Repository[Job], Depends(get_jobs)]


@router.post("", status_code=HTTPStatus.CREATED)
async def create_job(new: NewJob, jobs: JobsDep, clock: ClockDep) -> Job:
    """Queue a job, with the command that a worker is to run."""
    job = Job(
        id=new_id("job"),
        created_at=clock.now(),
        command=build_command(new.media_id, new.profile),
        **new.model_dump(),
    )
    await jobs.add(job)
    return job


@router.get("/{job_id}")
async def read_job(job_id: str, jobs: JobsDep) -> Job:
    """Return one job."""
    return await jobs.get(job_id)


@router.post("/{job_id}/outcome")
async def finish_job(job_id: str, outcome: Outcome, jobs: JobsDep, store: StoreDep, clock: ClockDep) -> Job:
    """Record what became of a job, and tell the other services."""
    job = await jobs.get(job_id)
    if job.status is not JobStatus.QUEUED:
        message = f"Job {job.id!r} is already {job.status}."
        raise ConflictError(message)

    reason = outcome.failure_reason
    status = JobStatus.FINISHED if reason is None else JobStatus.FAILED
    done = job.model_copy(update={"status": status})
    await jobs.replace(done)

    about = {
        "media_id": job.media_id,
        "owner_id": job.owner_id,
        "profile": job.profile,
        "occurred_at": clock.now(),
    }
    if reason is None:
        await publish(store, TranscodeFinished.model_validate(about))
    else:
        failed = TranscodeFailed.model_validate(about | {"reason": reason})
        await publish(store, failed)
    return done
