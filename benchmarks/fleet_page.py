"""What the page shows of a fleet."""

from collections.abc import Iterator
from statistics import median

from benchmarks.farm import CLASSIC
from benchmarks.fleet import AT_ONCE, HOSTS, LOGIN, TITLE, FleetResult
from benchmarks.tables import show_table


def show_fleet(result: FleetResult) -> Iterator[str]:
    """Yield the lines about a fleet.

    Args:
        result: What was measured.
    """
    yield from ("", f"## {TITLE}", "")
    if not result.rounds:
        yield "**Not measured: there is no sshd here (apt: openssh-server).**"
        return
    yield (
        f"{HOSTS} hosts, each with a clone of `examples/media-services`, are one sshd on this machine: what hosts take here they take "
        f"from the same cores, so the medians mean little, and CPU counts. {AT_ONCE} hosts are asked at a time. The second row is the "
        f"same logins, by which nothing is asked. The rows below are the same with the key exchange `{CLASSIC}`."
    )
    yield ""
    yield from show_table(result.table, LOGIN, "the logins")
    yield from ("", "| | CPU on one host |", "|---|--:|")
    yield from (f"| {title} | {median(result.there[title]) * 1000:.0f} ms |" for title in result.table)
