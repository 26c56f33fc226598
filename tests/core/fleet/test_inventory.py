"""The inventory: each key, and everything that is wrong said with its line."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common_sync.core.fleet.hosts import Hosts
from common_sync.core.fleet.inventory import (
    KEYS,
    TARGET_KEYS,
    Inventory,
    Place,
    Site,
    Target,
    find_clashes,
    find_shared_clones,
    list_places,
    list_running,
    parse_inventory,
)
from common_sync.core.fleet.rollout import Deploying, Order
from common_sync.core.fleet.ssh_config import list_hosts
from common_sync.core.settings import Setting

WHOLE = """\
ref = "origin/main"

[defaults]
path = "/srv/shop/"
service = "api"

[[target]]
host = "deploy@vm-api"
containers = ["shop-api-1", "shop-worker-1"]
library = "/app/common/"

[[target]]  # the cameras
hosts = { ssh_config = "pi-*" }
service = "services/camera"
kind = "release"
path = "/opt/shop/camera"
unit = "shop-camera.service"
"""


def test_what_it_says() -> None:
    """A machine would be asked about another folder than the one that was written down."""
    inventory, problems = parse_inventory(WHOLE, "fleet.toml")
    assert problems == []
    names = ("shop-api-1", "shop-worker-1")
    assert inventory == Inventory(
        "fleet.toml",
        "origin/main",
        (
            Target("deploy@vm-api", None, Setting("api", 5), "clone", "/srv/shop", names, "/app/common", 7),
            Target(
                "",
                Hosts("ssh_config", "pi-*"),
                Setting("services/camera", 14),
                "release",
                "/opt/shop/camera",
                (),
                "",
                12,
                unit="shop-camera.service",
            ),
        ),
    )


TARGET = '[[target]]\nhost = "vm"\nservice = "api"\npath = "/srv"\n'
WRONG = [
    ("", ['1: "target" must be a list of tables ([[target]])']),
    ("target = []\n", ['1: "target" must be a list of tables ([[target]])']),
    ('reff = "main"\n' + TARGET, ['1: unknown key "reff" (did you mean ref?)']),
    ('ref = "--all"\n' + TARGET, ["1: \"ref\" cannot be '--all' (ref = \"origin/main\")"]),
    ("defaults = 1\n" + TARGET, ['1: "defaults" must be a table ([defaults])']),
    ('[defaults]\nhost = "vm"\n' + TARGET, ['2: unknown key "host" (the keys are service, kind, path, containers, library, clone, unit, health, compose, env_file, source, image, program, tags, prepare_timeout, health_timeout, health_times, settle)']),
    (TARGET + 'pasword = "x"\n', ['5: unknown key "pasword" (the keys are host, hosts, service, kind, path, containers, library, clone, unit, health, compose, env_file, source, image, program, tags, prepare_timeout, health_timeout, health_times, settle)']),
    (TARGET + 'command = "reboot"\n', ['5: unknown key "command" (the keys are host, hosts, service, kind, path, containers, library, clone, unit, health, compose, env_file, source, image, program, tags, prepare_timeout, health_timeout, health_times, settle)']),
    (TARGET + 'servce = "x"\n', ['5: unknown key "servce" (did you mean service?)']),
    (TARGET + 'unit = "--now"\n', ["5: \"unit\" cannot be '--now' (unit = \"shop-api.service\", the unit of systemd that runs the service on the host)"]),
    (TARGET + 'kind = "compose"\nlibrary = "/app"\nunit = "a.service"\n', ['7: "unit" is for what systemd runs from "path" (kind = "clone" or "release", and a path)']),
    ('[[target]]\nhost = "vm"\nservice = "api"\ncontainers = ["api"]\nlibrary = "/app"\nunit = "a.service"\n', ['6: "unit" is for what systemd runs from "path" (kind = "clone" or "release", and a path)']),
    (TARGET + 'kind = "nomad"\n', ["5: \"kind\" cannot be 'nomad' (kind = \"clone\", \"compose\", or \"release\" for what `common-sync deploy` makes)"]),
    (TARGET + "containers = 3\n", ['1: key "library" is missing beside "containers" (library = "/app/common", the absolute path of the copy in the containers)', '5: "containers" must be a list of strings (containers = ["…"])']),
    (TARGET + 'containers = ["-it"]\nlibrary = "/app"\n', ["5: \"containers\" cannot hold '-it' (name containers as `docker ps` does: shop-api-1)"]),
    ('[[target]]\nhost = "vm"\nservice = "api"\ncontainers = []\nlibrary = "/app"\n', ['1: key "path" is missing (path = "/srv/shop", the clone on the host)']),
    ('[defaults]\npath = "srv"\n[[target]]\nhost = "vm"\nservice = "api"\n', ["2: \"path\" cannot be 'srv' (path = \"/srv/shop\", an absolute path on the host)"]),
    ('[[target]]\nhost = "vm"\n', ['1: key "path" is missing (path = "/srv/shop", the clone on the host)', '1: key "service" is missing (service = "services/api")']),
    ('[[target]]\nservice = "api"\npath = "/srv"\n', ['1: key "host" is missing (host = "vm-api", or hosts = { ssh_config = "pi-*" })']),
    (TARGET + 'hosts = { ssh_config = "pi-*" }\n', ['2: keys "host" and "hosts" stand together (host = "vm-api", or hosts = { ssh_config = "pi-*" })']),
]  # fmt: skip


@pytest.mark.parametrize(("text", "says"), WRONG)
def test_what_is_wrong(text: str, says: list[str]) -> None:
    """A typo would leave a machine out, or a person would mend one line after the other."""
    _, problems = parse_inventory(text, "fleet.toml")
    assert sorted(f"{one.line}: {one.message} ({one.remedy})" for one in problems) == says


COMPOSE = TARGET + 'kind = "compose"\nlibrary = "/app/common"\n'
DEPLOYING = [
    (COMPOSE + 'health = "ftp://x"\n', ["7: \"health\" cannot be 'ftp://x' (health = \"http://127.0.0.1:8001/health\", as the host itself asks it)"]),
    (COMPOSE + 'compose = ["../up.yml", "a/compose.yml"]\n', ['7: "compose" cannot hold \'../up.yml\' (compose = ["services/api/compose.yml"], paths from the repository\'s root)']),
    (COMPOSE + 'tags = "canary"\n', ['7: "tags" must be a list of strings (tags = ["…"])']),
    (COMPOSE + 'env_file = ".env"\n', ["7: \"env_file\" cannot be '.env' (env_file = \"/srv/shop/.env\", an absolute path on the host)"]),
    (COMPOSE + 'source = "registry"\n', ["7: \"source\" cannot be 'registry' (source = \"git\", or \"image\" for what a registry has)"]),
    (COMPOSE + 'source = "image"\n', ['1: key "image" is missing beside source = "image" (image = "ghcr.io/shop/api", its name in the registry without a tag)']),
    ('[defaults]\nsource = "image"\n' + COMPOSE, ['3: key "image" is missing beside source = "image" (image = "ghcr.io/shop/api", its name in the registry without a tag)']),
    (COMPOSE + 'image = "reg/api"\n', ['7: "image" is for source = "image" (source = "image")']),
    (TARGET + 'source = "image"\nimage = "reg/api"\n', ['5: "source" = "image" is for kind = "compose" (kind = "compose")']),
    *((COMPOSE + f'source = "image"\nimage = "{name}"\n', [f"8: \"image\" cannot be {name!r} (image = \"ghcr.io/shop/api\", the image's name without a tag)"]) for name in ("reg/api:1", "-reg/api", "reg/API", "reg/api@sha256:0", "$X", "reg//api", "a/../b")),
    (COMPOSE + "settle = -1\nhealth_times = 0\n", ['7: "settle" cannot be -1 (a number from 0 to 3,600)', '8: "health_times" cannot be 0 (a number from 1 to 100)']),
    (COMPOSE + 'health_timeout = "60"\n', ["7: \"health_timeout\" cannot be '60' (health_timeout = 60)"]),
    (COMPOSE + "helth = 1\n", ['7: unknown key "helth" (did you mean health?)']),
    (TARGET + 'kind = "compose"\n', ['1: key "library" is missing beside kind = "compose" (library = "/app/common", the absolute path of the copy in the image)']),
    (COMPOSE + 'clone = "/srv/shop"\n', ['7: "clone" is for kind = "release" (kind = "release", or path = "/srv/shop")']),
    (COMPOSE + 'program = "/bin/sh"\n', ["7: \"program\" cannot be '/bin/sh' (program = \"/opt/tools/bin/common-sync\", an absolute path on the host)"]),
    ("wave = []\n" + COMPOSE, ['1: unknown key "wave" (did you mean waves?)']),
    ('waves = ["canary"]\n' + COMPOSE, ['1: "waves" must be a list of lists of strings (waves = [["…"], ["*"]])']),
    ("waves = [[1]]\n" + COMPOSE, ['1: "waves" must be a list of lists of strings (waves = [["…"], ["*"]])']),
    ('waves = [["a b"]]\n' + COMPOSE, ['1: "waves" cannot hold \'a b\' (waves = ["canary"])']),
    ("at_once = 0\n" + COMPOSE, ['1: "at_once" cannot be 0 (at_once = 1, or "25%" of a wave)']),
    ('at_once = "0%"\n' + COMPOSE, ['1: "at_once" cannot be \'0%\' (at_once = 1, or "25%" of a wave)']),
    ('on_failure = "panic"\n' + COMPOSE, ['1: "on_failure" cannot be \'panic\' (on_failure = "stop", or "undo" to take earlier waves back)']),
]  # fmt: skip


@pytest.mark.parametrize(("text", "says"), DEPLOYING)
def test_what_is_wrong_with_deploys(text: str, says: list[str]) -> None:
    """A limit would be left at its default because of a typo, or a deploy would begin that cannot end well."""
    test_what_is_wrong(text, says)


@pytest.mark.parametrize("name", ["api", "reg/api", "reg.example.org:5000/a/b_c.d-e__f", "127.0.0.1:5000/api", "R/api"])
def test_where_images_come_from(name: str) -> None:
    """A service would be built where its image was to be pulled, or the other way round."""
    text = f'[defaults]\nsource = "image"\n{COMPOSE}image = "{name}"\n' + TARGET.replace("/srv", "/other")
    text += f'{COMPOSE.replace("/srv", "/third")}source = "git"\n'
    inventory, problems = parse_inventory(text, "fleet.toml")
    assert problems == []
    assert [one.deploying.pulled for one in inventory.targets] == [name, "", ""]


def test_how_targets_are_brought_up_to_date() -> None:
    """A target would be switched in another order, or be called healthy too early."""
    text = (
        'at_once = "25%"\non_failure = "undo"\nwaves = [["canary"], ["vm-*", "pi"]]\n[defaults]\nsettle = 0\nhealth_times = 2\n'
        'tags = ["a"]\n'
        + COMPOSE
        + 'compose = ["up.yml"]\nhealth = "http://[::1]:80"\nhealth_times = 5\nsource = "git"\n'
        'env_file = "/srv/.env"\nprepare_timeout = 60\nhealth_timeout = 9\n'
    )
    inventory, problems = parse_inventory(text, "fleet.toml")
    (target,) = inventory.targets
    assert (problems, target.kind) == ([], "compose")
    assert target.deploying == Deploying("http://[::1]:80", ("up.yml",), "/srv/.env", ("a",), 60, 9, 5, 0)
    waves = ((Setting("canary", 3),), (Setting("vm-*", 3), Setting("pi", 3)))
    assert inventory.order == Order(waves, "25%", "undo")
    assert parse_inventory("at_once = 2\n" + COMPOSE, "fleet.toml")[0].order == Order(at_once="2")


def test_releases_that_are_deployed() -> None:
    """A machine that is only asked would be deployed to, or one that is meant be left out."""
    release = TARGET + 'kind = "release"\n'
    found = [
        parse_inventory(text, "fleet.toml")[0].targets[0]
        for text in (TARGET, COMPOSE, release, release + 'clone = "/c/"\n')
    ]
    assert [one.is_deployed for one in found] == [False, True, False, True]
    assert [one.repository for one in found] == ["", "/srv", "", "/c"]
    (defaults,) = parse_inventory('[defaults]\nclone = "/c"\nprogram = "/o/common-sync"\n' + release, "fleet.toml")[
        0
    ].targets
    assert [one.is_deployed for one in list_places(Site("vm", "services/api", found[3]), ["common"])] == [True]
    assert (defaults.clone, defaults.deploying.program) == ("/c", "/o/common-sync")


def test_containers_that_a_host_names() -> None:
    """What a host says would be run there as a command."""
    ((target,),) = (parse_inventory(COMPOSE, "fleet.toml")[0].targets,)
    site = Site("vm", "services/api", target)
    told = [("api", "shop-api-1"), ("api", "x;reboot"), ("api", "-it"), ("api", "")]
    (place,) = list_running(site, ["common"], told)
    assert (place.shown, place.copy, place.is_deployed) == (f"shop-api-1:{target.library}", "common", True)
    assert list(list_running(site, [], told)) == []
    assert list(list_running(site._replace(target=target._replace(kind="clone")), ["common"], told)) == []


def test_a_clone_that_two_services_share() -> None:
    """A deploy of one service, or its way back, would change the files of another one."""
    inventory, _ = parse_inventory(COMPOSE, "fleet.toml")
    (target,) = inventory.targets
    site = Site("vm", "services/api", target)
    others = [site, site._replace(host="pi"), site._replace(target=target._replace(path="/other"))]
    clone = Site("vm", "services/worker", target._replace(kind="clone"))
    assert list(find_shared_clones([site, *others, clone], "fleet.toml")) == []
    (problem,) = find_shared_clones([site, site._replace(service="services/worker")], "fleet.toml")
    assert problem.message == "vm /srv is the clone of services/api, too, and a clone has one commit"


@pytest.mark.parametrize("host", ["-oProxyCommand=reboot", "vm;reboot", "", "a b", "x@-y", "@vm", "vm\n", "$(x)", "-"])
def test_a_host_that_is_no_name(host: str) -> None:
    """A name in a file of another repository would be an option of ssh, which runs commands here."""
    text = TARGET.replace('"vm"', f'"""{host}"""')
    inventory, (problem,) = parse_inventory(text, "fleet.toml")
    assert inventory.targets == ()
    assert problem.message == f'"host" cannot be {host!r}'


@pytest.mark.parametrize("path", ["srv", "~/srv", "/", "/srv/../etc", "/srv/.", "/a//b", "/a\tb", "/srv/..", ""])
def test_a_path_that_is_none(path: str) -> None:
    """A folder would be asked about that depends on who logs in, or another one than is written."""
    _, (problem,) = parse_inventory(TARGET.replace("/srv", path), "fleet.toml")
    assert problem.message == f'"path" cannot be {path!r}'


@pytest.mark.parametrize(
    ("hosts", "says"),
    [
        ("{ }", '"hosts" names none'),
        ('{ group = "pis" }', '"hosts" names none'),
        ('{ group = "pis", ssh_config = "pi-*" }', '"group" is one of Ansible'),
        ('{ ssh_config = "pi-*", docker_context = "*" }', '"ssh_config" and "docker_context" stand together'),
        ('{ ansible = "-x" }', "\"ansible\" cannot be '-x'"),
        ('{ ansible = "hosts.yml", group = "a:b" }', "\"group\" cannot be 'a:b'"),
        ('{ docker_context = "" }', "\"docker_context\" cannot be ''"),
        ('{ ssh_confg = "pi-*" }', 'unknown key "ssh_confg"'),
        ('{ ssh_config = "-x y" }', "\"ssh_config\" cannot be '-x y'"),
        ("3", '"hosts" must be a table'),
    ],
)
def test_hosts_that_are_not_read(hosts: str, says: str) -> None:
    """Hosts would be left out in silence, and everything would seem to be as wanted."""
    text = f'[[target]]\nhosts = {hosts}\nservice = "api"\npath = "/srv"\n'
    inventory, (problem,) = parse_inventory(text, "fleet.toml")
    assert (inventory.targets, problem.message, problem.line) == ((), says, 2)


def test_where_copies_are() -> None:
    """A copy would be looked for beside its place, and be called missing."""
    inventory, _ = parse_inventory(WHOLE, "fleet.toml")
    api, camera = inventory.targets
    assert [one.shown for one in list_places(Site("vm", "services/api", api), ["common"])] == [
        "/srv/shop/services/api/common",
        "shop-api-1:/app/common",
        "shop-worker-1:/app/common",
    ]
    assert [one.folder for one in list_places(Site("pi", "services/camera", camera), ["common", "libs/events"])] == [
        "/opt/shop/camera/releases/current/app/common",
        "/opt/shop/camera/releases/current/app/libs/events",
    ]
    (only,) = list_places(Site("vm", "services/api", api._replace(path="", containers=("c",))), ["common"])
    assert only == Place("vm", "services/api", "common", "c", "/app/common", 7)


def test_two_targets_in_one_place() -> None:
    """One place would be counted twice, and a target that was meant for another host would be asked nowhere."""
    place = Place("vm", "services/api", "common", "", "/srv/common", 3)
    others = [place._replace(host="pi"), place._replace(container="c"), place._replace(folder="/other")]
    assert list(find_clashes([place, *others], "fleet.toml")) == []
    (problem,) = find_clashes([place, *others, place._replace(line=9)], "fleet.toml")
    assert str(problem.message) == "vm /srv/common is named by the target in line 3, too"
    assert (problem.file, problem.line) == ("fleet.toml", 9)


@given(
    st.dictionaries(
        st.sampled_from([*KEYS, *TARGET_KEYS]), st.text() | st.integers() | st.lists(st.text()) | st.none()
    ),
    st.booleans(),
)
def test_whatever_it_holds(table: dict[str, object], defaults: bool) -> None:
    """An odd value would end the program with a traceback, and not with a line of the file."""
    lines = [f"{key} = {json.dumps(value, ensure_ascii=True)}" for key, value in table.items() if value is not None]
    text = "\n".join([f"[{'defaults' if defaults else '[target]'}]", *lines]) + "\n"
    try:
        inventory, problems = parse_inventory(text, "fleet.toml")
    except ValueError:
        return  # an escape of JSON that TOML does not have
    assert problems or (inventory.targets and not defaults)
    assert all(bool(one.host) != (one.hosts is not None) and (one.path or one.containers) for one in inventory.targets)
    assert all(one.line is not None and 1 <= one.line <= text.count("\n") + 1 for one in problems)


def test_hosts_of_ssh() -> None:
    """A host would be left out of the fleet, or a pattern be taken for a host."""
    text = (
        "Host pi-1 pi-2 *.lan !pi-3 # pi-4\n\tHostName 10.0.0.1\nhost=vm\n  HOST = \"two\"\nInclude conf.d/* 'other file'\n"
        "Match host pi-5\nHostKeyAlias pi-6\n#Host pi-7\nHost 'open\nHost -o\n"
    )
    assert list(list_hosts(text)) == [
        ("pi-1", ""),
        ("pi-2", ""),
        ("vm", ""),
        ("two", ""),
        ("", "conf.d/*"),
        ("", "other file"),
    ]
