"""Hosts to ask by the real ssh: an sshd of its own for each connection, on this machine, without a port."""

import os
import shutil
import subprocess
from pathlib import Path

from support.depth import skip

_SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


class Farm:
    """Hosts that `ssh` knows by a configuration of their own.

    Args:
        folder: What they are made of goes here.
    """

    def __init__(self, folder: Path) -> None:
        if _SSHD is None:
            skip("sshd, which the apt package openssh-server brings")
        if os.getuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)  # sshd wants it when it runs as root
        folder.mkdir()
        self.folder = folder
        for name in ("host", "other", "own"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
        self._hosts: list[str] = []
        (folder / "bin").mkdir()
        program = folder / "bin" / "ssh"
        program.write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {folder}/config "$@"\n')
        program.chmod(0o755)

    @property
    def variables(self) -> dict[str, str]:
        """The variables by which `ssh` finds the hosts."""
        return {"PATH": f"{self.folder}/bin:{os.environ['PATH']}"}

    def add(self, name: str, sshd: str = "", key: str = "host", proxy: str = "") -> None:
        """Add a host.

        Args:
            name: What it is called.
            sshd: Lines of its sshd's configuration.
            key: Whose key known_hosts has for it: its own, the `other` one, or none.
            proxy: What is run in its sshd's place; `{sshd}` is the sshd's command.
        """
        folder = self.folder
        settings = (
            f"HostKey {folder}/host\nAuthorizedKeysFile {folder}/own.pub\nUsePAM no\nStrictModes no\nPidFile none\n"
        )
        (folder / f"{name}.sshd").write_text(settings + sshd)
        (folder / f"{name}.known").write_text(f"{name} {(folder / f'{key}.pub').read_text()}" if key else "")
        command = (proxy or "{sshd}").replace("{sshd}", f"{_SSHD} -i -f {folder}/{name}.sshd")
        self._hosts.append(
            f"Host {name}\n  ProxyCommand {command}\n  IdentityFile {folder}/own\n  IdentitiesOnly yes\n"
            f"  UserKnownHostsFile {folder}/{name}.known\n  GlobalKnownHostsFile none\n"
        )
        (folder / "config").write_text("".join(self._hosts))
