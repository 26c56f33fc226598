"""Hosts to ask by the real ssh: one sshd on the loopback address, and as many names for it as there are hosts."""

import os
import pwd
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from benchmarks.rounds import WrongResultError
from benchmarks.trees import write_program, write_text

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
"""None where it is not installed."""

CLASSIC = "curve25519-sha256"
"""A key exchange that quantum computers would break; most libraries know no other one."""

_ADDRESS = "127.0.0.1"
_PATIENCE = 30.0
"""Seconds for the sshd to listen, and for it to see that its logins have ended."""


class Farm:
    """Hosts that run.

    Args:
        folder: Where their keys and settings are.
        sshd: The process that listens.
    """

    def __init__(self, folder: str, sshd: subprocess.Popen[bytes]) -> None:
        self._sshd = sshd
        self.variables = (f"PATH={folder}/bin:{os.environ['PATH']}",)
        self.classic = (f"PATH={folder}/classic:{os.environ['PATH']}",)  # with the key exchange of before 2022

    def spent(self) -> float:
        """Return the seconds of processor time that all logins so far have taken, once the last one has ended."""
        process, until = self._sshd.pid, time.monotonic() + _PATIENCE
        while _read(f"/proc/{process}/task/{process}/children"):
            if time.monotonic() > until:
                message = "a login has not ended"
                raise WrongResultError(message)
            time.sleep(0.01)
        user, system = _read(f"/proc/{process}/stat").rpartition(")")[2].split()[13:15]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _read(path: str) -> str:
    with open(path, encoding="ascii") as file:
        return file.read().strip()


@contextmanager
def farm(folder: str, names: Sequence[str]) -> Iterator[Farm]:
    """Have hosts for as long as they are needed.

    Args:
        folder: A folder to make, for what they are made of.
        names: Their names.

    Raises:
        WrongResultError: The sshd does not listen.
    """
    os.mkdir(folder)
    for key in ("host", "own"):
        subprocess.run(("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{folder}/{key}"), check=True)
    port = _find_port()
    write_text(f"{folder}/sshd", _SSHD_SETTINGS.format(folder=folder, port=port, address=_ADDRESS))
    with open(f"{folder}/host.pub", encoding="ascii") as file:
        key = file.read()
    write_text(f"{folder}/known", "".join(f"{name} {key}" for name in names))
    os.mkdir(f"{folder}/there")  # a version manager's `python3` is a script, which takes longer than what it starts
    os.symlink(os.path.realpath(sys.executable), f"{folder}/there/python3")
    user = pwd.getpwuid(os.getuid()).pw_name
    hosts = (f"Host {name}\n  HostKeyAlias {name}\n" for name in names)
    write_text(
        f"{folder}/config", "".join(hosts) + _SETTINGS.format(folder=folder, port=port, address=_ADDRESS, user=user)
    )
    for name, option in (("bin", ""), ("classic", f" -oKexAlgorithms={CLASSIC}")):
        write_program(f"{folder}/{name}/ssh", f'exec {shutil.which("ssh")} -F {folder}/config{option} "$@"')
    if os.getuid() == 0:
        os.makedirs("/run/sshd", exist_ok=True)  # sshd wants it when it runs as root
    sshd = subprocess.Popen((str(SSHD), "-D", "-f", f"{folder}/sshd"), stderr=subprocess.DEVNULL)
    try:
        _wait(port, sshd)
        yield Farm(folder, sshd)
    finally:
        sshd.terminate()
        sshd.wait()


_SSHD_SETTINGS = """\
ListenAddress {address}
Port {port}
HostKey {folder}/host
AuthorizedKeysFile {folder}/own.pub
UsePAM no
StrictModes no
PidFile none
MaxStartups 200
ForceCommand PATH={folder}/there:/usr/bin:/bin exec sh -c "$SSH_ORIGINAL_COMMAND"
"""

_SETTINGS = """\
Host *
  HostName {address}
  Port {port}
  User {user}
  IdentityFile {folder}/own
  IdentitiesOnly yes
  UserKnownHostsFile {folder}/known
  GlobalKnownHostsFile none
"""


def _find_port() -> int:
    with socket.socket() as one:
        one.bind((_ADDRESS, 0))
        return int(one.getsockname()[1])


def _wait(port: int, sshd: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until and sshd.poll() is None:
        try:
            socket.create_connection((_ADDRESS, port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    message = "the sshd that the hosts are made of does not listen"
    raise WrongResultError(message)
