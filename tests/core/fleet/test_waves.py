"""Waves: every target is switched once, in the order that was asked for."""

from hypothesis import given
from hypothesis import strategies as st

from common_sync.core.fleet.inventory import Site, Target
from common_sync.core.fleet.rollout import Deploying, Order
from common_sync.core.fleet.waves import find_strangers, name_waves, plan_waves
from common_sync.core.settings import Setting

WORDS = ("vm-1", "vm-2", "pi", "api", "canary", "services/*", "vm-*", "*", "nobody")


def make_site(host: str, service: str = "services/api", tags: tuple[str, ...] = ()) -> Site:
    """Return a target on a host."""
    target = Target(host, None, Setting(service, 3), "compose", "/srv", (), "/app", 1, Deploying(tags=tags))
    return Site(host, service, target)


def make_order(*waves: tuple[str, ...], at_once: str = "1") -> Order:
    """Return an order; the line of each wave is its number."""
    return Order(tuple(tuple(Setting(word, at) for word in wave) for at, wave in enumerate(waves, 1)), at_once)


SITES = st.lists(
    st.builds(
        make_site,
        st.sampled_from(["vm-1", "vm-2", "vm-3", "pi"]),
        st.sampled_from(["services/api", "services/worker"]),
        st.sampled_from([(), ("canary",)]),
    ),
    unique=True,
)


@given(
    SITES,
    st.lists(st.lists(st.sampled_from(WORDS), min_size=1).map(tuple)),
    st.integers(1, 5).map(str) | st.integers(1, 100).map("{}%".format),
)
def test_waves_partition_the_targets(sites: list[Site], waves: list[tuple[str, ...]], at_once: str) -> None:
    """A target would be left out, or be switched twice, or all at the same time."""
    planned = plan_waves(make_order(*waves, at_once=at_once), sites)
    switched = [site for wave in planned for batch in wave for site in batch]
    assert sorted(map(repr, switched)) == sorted(map(repr, sites))
    assert all(batch for wave in planned for batch in wave)
    sizes = [len(batch) for wave in planned for batch in wave]
    assert max(sizes, default=0) <= (max(len(sites), 1) if at_once.endswith("%") else int(at_once))


def test_who_comes_first() -> None:
    """The new release would be tried first where it hurts most."""
    canary, one, two, worker = (
        make_site("vm-3", tags=("canary",)),
        make_site("vm-1"),
        make_site("vm-2"),
        make_site("pi", "services/worker"),
    )
    sites = [worker, one, two, canary]
    assert plan_waves(Order(), sites) == (((worker,), (one,), (two,), (canary,)),)
    waves = (("canary",), ("api",))
    assert plan_waves(make_order(*waves, at_once="2"), sites) == (((canary,),), ((one, two),), ((worker,),))
    assert plan_waves(make_order(("*",), at_once="50%"), sites) == (((worker, one), (two, canary)),)
    assert plan_waves(make_order(("nobody",), ("*",), at_once="1%"), [one]) == (((one,),),)


def test_the_order_in_a_line() -> None:
    """A person would agree to a deploy without knowing where it begins."""
    first, *others = (make_site(f"vm-{number}") for number in range(7))
    waves = plan_waves(make_order(("vm-0",)), [first, *others])
    named = ", ".join(f"vm-{number} services/api" for number in range(1, 6))
    assert name_waves(waves) == f"vm-0 services/api | {named}, and 1 more"


def test_a_wave_that_names_nobody() -> None:
    """A typo would send what was to be tried first into the last wave, or the first."""
    order = make_order(("canry", "vm-1"), ("xyz*",), ("*",))
    one, other = find_strangers(order, [make_site("vm-1", tags=("canary",))], "fleet.toml")
    assert (one.message, one.line, one.remedy) == ("no target is called 'canry'", 1, "did you mean canary?")
    assert (other.line, other.remedy) == (2, "a wave names hosts, services, tags, or patterns of these")
