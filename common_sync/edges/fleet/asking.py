"""Ask many hosts at once, by the user's own `ssh`: what a person may reach, and as whom, is said in one place."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

from common_sync.core.fleet.answers import SSH_FAILED, Reply
from common_sync.core.fleet.inventory import LOCAL

LONGEST = 1 << 20
"""Bytes of an answer; one with 20 names for each of 300 folders has as many."""

AT_ONCE = 16
"""Hosts: at 32, a busy machine with two cores needed so long for the logins that hosts ran into the limit of `connect`."""

_BLOCK = 1 << 16
_PATIENCE = 5
"""Seconds for what was killed to be gone."""

_OPTIONS = {
    "BatchMode": "yes",  # nobody is there to be asked
    "StrictHostKeyChecking": "yes",  # whatever the user's settings say
    "UpdateHostKeys": "no",  # nothing is written to known_hosts
    "ControlMaster": "no",  # a connection that the user has is used; none is left behind
    "ForwardAgent": "no",
    "ClearAllForwardings": "yes",
    "PermitLocalCommand": "no",
    "RemoteCommand": "none",
    "RequestTTY": "no",
    "ConnectionAttempts": "1",
    "ServerAliveInterval": "5",
    "ServerAliveCountMax": "3",
    "LogLevel": "ERROR",
}


class Question(NamedTuple):
    """A Python program for a host, or for a container on it."""

    host: str  # what `ssh` is told, or `local`
    container: str  # the container's name, or nothing
    program: str  # in ASCII
    limit: int | None = (
        None  # how many seconds it has for itself; None where all of a host's questions have them together
    )


class Patience(NamedTuple):
    """How many seconds are waited: for a connection, and for everything of a question."""

    connect: int = 15
    whole: int = 60


def ask_hosts(questions: Sequence[Question], patience: Patience) -> list[Reply]:
    """Return the reply to each question; a host is asked one thing after the other, and hosts at the same time.

    Args:
        questions: What is asked.
        patience: How long each host is waited for.
    """
    return asyncio.run(_ask_all(questions, patience))


async def _ask_all(questions: Sequence[Question], patience: Patience) -> list[Reply]:
    hosts: dict[str, list[int]] = {}
    for number, question in enumerate(questions):
        hosts.setdefault(question.host, []).append(number)
    free = asyncio.Semaphore(AT_ONCE)
    async with asyncio.TaskGroup() as tasks:
        asked = {
            tasks.create_task(_ask_host([questions[number] for number in numbers], patience, free)): numbers
            for numbers in hosts.values()
        }
    replies = {
        number: reply for task, numbers in asked.items() for number, reply in zip(numbers, task.result(), strict=True)
    }
    return [replies[number] for number in range(len(questions))]


async def _ask_host(questions: Sequence[Question], patience: Patience, free: asyncio.Semaphore) -> list[Reply]:
    """Return a host's replies; one that cannot be reached is not asked again."""
    replies: list[Reply] = []
    async with free:
        now = asyncio.get_running_loop().time
        together = now() + patience.whole
        for question in questions:
            deadline = now() + question.limit if question.limit is not None else together
            if replies and (replies[-1].code == SSH_FAILED or now() >= deadline):
                replies.append(replies[-1]._replace(ended="slow" if now() >= deadline else ""))
            else:
                replies.append(await _ask(question, patience, deadline))
    return replies


async def _ask(question: Question, patience: Patience, deadline: float) -> Reply:
    command = _build_command(question, patience)
    try:  # a session of its own: no terminal is there to ask a person, and what it starts can be ended with it
        process = await asyncio.create_subprocess_exec(
            *command, stdin=PIPE, stdout=PIPE, stderr=PIPE, start_new_session=True
        )
    except OSError as error:
        return Reply(127, b"", f"{command[0]}: {error.strerror}".encode())
    try:
        async with asyncio.timeout_at(deadline):
            return await _talk(process, question.program)
    except TimeoutError:
        return Reply(None, b"", b"", "slow")
    finally:
        await _end(process)


async def _talk(process: Process, program: str) -> Reply:
    out, err, _ = await asyncio.gather(
        _receive(process.stdout, process), _receive(process.stderr, process), _send(process.stdin, program)
    )
    return Reply(await process.wait(), out, err, "long" if max(len(out), len(err)) >= LONGEST else "")


def _build_command(question: Question, patience: Patience) -> list[str]:
    # Without -S, Python runs the *.pth of whoever installs something there, and each host pays for it. In a container they
    # are asked for: they say what its service imports.
    python = ["python3", "-I", "-"] if question.container else ["python3", "-I", "-S", "-"]
    there = ["docker", "exec", "-i", question.container, *python] if question.container else python
    if question.host == LOCAL:
        return there if question.container else [sys.executable, *python[1:]]
    options = [f"-o{name}={value}" for name, value in _OPTIONS.items()]
    return ["ssh", "-T", *options, f"-oConnectTimeout={patience.connect}", "--", question.host, *there]


async def _send(stream: asyncio.StreamWriter | None, program: str) -> None:
    assert stream is not None
    with suppress(ConnectionError):  # it has ended, and its exit code says more
        stream.write(program.encode())
        await stream.drain()
        stream.close()
        await stream.wait_closed()


async def _receive(stream: asyncio.StreamReader | None, process: Process) -> bytes:
    """Return the beginning of what a process writes; one that writes too much is killed."""
    assert stream is not None
    data = b""
    while block := await stream.read(_BLOCK):
        data = (data + block)[:LONGEST]
        if len(data) >= LONGEST:
            _kill(process)
    return data


def _kill(process: Process) -> None:
    """Kill a process and what it has started."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


async def _end(process: Process) -> None:
    """See to it that a process is gone, and its pipes are read to their end."""
    _kill(process)
    with suppress(TimeoutError):
        async with asyncio.timeout(_PATIENCE):
            await asyncio.gather(_receive(process.stdout, process), _receive(process.stderr, process), process.wait())
