"""Who listens at the ports of services, for `deploy`, `rollback` and `ps`."""

from collections.abc import Iterable, Sequence

from common_sync.core.environments.running import Holder, Listener
from common_sync.core.service_settings import ServiceSettings
from common_sync.edges.environments import processes


def is_proven_by_port(settings: ServiceSettings) -> bool:
    """Tell whether a service is healthy once it listens at its port: nothing else is asked, and systemd does not listen for it."""
    return settings.port is not None and settings.socket is None and not settings.health


class Ports:
    """Who listens at the ports of services."""

    def __init__(self, ports: Iterable[str]) -> None:
        wanted = {int(port) for port in ports}
        self._listeners = [one for one in processes.read_listeners() if one.port in wanted] if wanted else []
        self._owners = processes.find_owners({one.inode for one in self._listeners})

    def look_at(self, port: str, own: set[int]) -> tuple[bool, tuple[Holder, ...]]:
        """Return whether processes listen at a port, and who else does.

        Args:
            port: The port.
            own: The processes.
        """
        here = [(one, self._owners.get(one.inode, [])) for one in self._listeners if one.port == int(port)]
        others = [self._describe(one, owners) for one, owners in here if own.isdisjoint(owners)]
        return len(others) < len(here), tuple(dict.fromkeys(others))

    @staticmethod
    def _describe(listener: Listener, owners: Sequence[int]) -> Holder:
        return processes.describe_process(owners[0]) if owners else processes.describe_owner(listener.owner)
