"""`doctor` and what compose files build: which Dockerfile, from where, with what; and what of it nobody can follow."""

import json
from collections.abc import Mapping
from typing import NamedTuple

import pytest
from support.depth import deep
from support.monorepo import Monorepo

API = "services/api"
RIGHT = "FROM python:3.12-slim\nWORKDIR /app\nCOPY common/ ./common/\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .\n"
WRONG = RIGHT.replace("COPY common/ ./common/\n", "")
ROOTED = "FROM python:3.12-slim\nCOPY common /c\nCOPY services/api/requirements.txt /\n"
BY_ARGUMENT = "FROM python:3.12-slim\nARG LIB=common\nWORKDIR /app\nCOPY . .\nRUN pip install ./$LIB\n"
NAMED = "FROM python:3.12-slim\nWORKDIR /app\nCOPY --from=lib . ./common/\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n"
STAGES = WRONG.replace("3.12-slim", "3.12-slim AS broken") + RIGHT.replace("3.12-slim", "3.12-slim AS last")
OTHER = "services: {api: {build: {dockerfile: other}}}\n"


class Case(NamedTuple):
    """Files of a repository whose service `api` is right but for them, and what `doctor` finds: code, file, line."""

    files: Mapping[str, str]
    found: tuple[tuple[str, str, int | None], ...] = ()


def root(build: str, more: str = "") -> str:
    """Return a compose file at the root that builds the service, the build in the fourth line."""
    return f"services:\n  api:\n    image: x\n    build: {build}\n{more}"


def inline(*lines: str) -> str:
    """Return a compose file of the service that holds its Dockerfile, from line 5 on."""
    text = "".join(f"        {line}\n" for line in lines)
    return f"services:\n  x:\n    build:\n      dockerfile_inline: |\n{text}"


CASES = {
    "a service that stands twice": Case(
        {f"{API}/compose.yml": "services:\n  api:\n    build: .\n  api:\n    build: .\n"},
        (("CS213", f"{API}/compose.yml", 4),),
    ),
    "a build that stands twice": Case(
        {"compose.yml": f"services:\n  api:\n    build: {API}\n    build: {API}\n"},
        (("CS213", "compose.yml", 4),),
    ),
    "a service that a later document says more of": Case(
        {f"{API}/compose.yml": "services:\n  api: &x\n    build: .\n---\nservices:\n  api:\n    build: .\n"}
    ),
    "two Dockerfiles of one service": Case(
        {f"{API}/compose.yml": inline("FROM x").replace("    build:\n", "    build:\n      dockerfile: Dockerfile\n")},
        (("CS213", f"{API}/compose.yml", 5),),
    ),
    "a Dockerfile of any name": Case(
        {f"{API}/compose.yml": root("{dockerfile: build/api.image}"), f"{API}/build/api.image": WRONG},
        (("CS201", f"{API}/build/api.image", 4),),
    ),
    "a Dockerfile that a compose file above names": Case(
        {"compose.yml": root(f"{{context: {API}, dockerfile: .image}}"), f"{API}/.image": WRONG},
        (("CS201", f"{API}/.image", 4),),
    ),
    "a Dockerfile outside, of a service of that name": Case(
        {
            "compose.yml": root("{context: ., dockerfile: docker/api.Dockerfile}"),
            "docker/api.Dockerfile": "FROM x\nCOPY . .\n",
        },
        (("CS213", "compose.yml", 4),),
    ),
    "a Dockerfile outside, that takes files of the service": Case(
        {"services/compose.yml": root("{context: .., dockerfile: docker/x}").replace("api", "y"), "docker/x": ROOTED},
        (("CS213", "services/compose.yml", 4),),
    ),
    "a Dockerfile outside, that is about something else": Case(
        {
            "compose.yml": root("{context: ., dockerfile: docker/x}").replace("api", "y"),
            "docker/x": "FROM x\nCOPY web /\n",
        }
    ),
    "a Dockerfile outside, that Docker refuses": Case(
        {
            "compose.yml": root("{context: ., dockerfile: docker/x}").replace("api", "y"),
            "docker/x": "COPY services/api /\n",
        }
    ),
    "a Dockerfile in the compose file": Case(
        {f"{API}/compose.yml": inline(*WRONG.splitlines())}, (("CS201", f"{API}/compose.yml", 8),)
    ),
    "one that is right, with what is no variable of Compose": Case(
        {f"{API}/compose.yml": inline(*RIGHT.replace("WORKDIR /app", "ENV D=/app\nWORKDIR $$D").splitlines())}
    ),
    "one with a variable that nobody can tell": Case(
        {f"{API}/compose.yml": inline("FROM python:3.12-slim", "COPY ${WHAT} .")}, (("CS213", f"{API}/compose.yml", 4),)
    ),
    "one with a variable that has a default": Case(
        {f"{API}/compose.yml": inline("FROM python:3.12-slim", "COPY ${WHAT:-none} .")},
        (("CS202", f"{API}/compose.yml", 6),),
    ),
    "one that Docker refuses": Case(
        {f"{API}/compose.yml": inline("FROM python:3.12-slim", "NONE")}, (("CS108", f"{API}/compose.yml", 6),)
    ),
    "one in a compose file above": Case(
        {"compose.yml": root(f'{{context: {API}, dockerfile_inline: "FROM x\\nCOPY none /"}}')},
        (("CS202", "compose.yml", 5),),
    ),
    "one whose context is above": Case(
        {"compose.yml": root("{context: ., dockerfile_inline: FROM x}")}, (("CS213", "compose.yml", 4),)
    ),
    "a build argument": Case(
        {f"{API}/Dockerfile": BY_ARGUMENT, "compose.yml": root(f"{{context: {API}, args: {{LIB: none, X: 1}}}}")},
        (("CS201", f"{API}/Dockerfile", 5),),
    ),
    "a build argument in a list": Case(
        {f"{API}/Dockerfile": BY_ARGUMENT, "compose.yml": root(f"{{context: {API}, args: [LIB=none]}}")},
        (("CS201", f"{API}/Dockerfile", 5),),
    ),
    "a build argument of one of two services": Case(
        {
            f"{API}/Dockerfile": BY_ARGUMENT,
            "compose.yml": root(API, f"  b:\n    build: {{context: {API}, args: [LIB=none]}}\n"),
        },
        (("CS201", f"{API}/Dockerfile", 5),),
    ),
    "the build argument that the Dockerfile has by itself": Case(
        {f"{API}/Dockerfile": BY_ARGUMENT, "compose.yml": root(f"{{context: {API}, args: {{LIB: common}}}}")}
    ),
    "a build argument that the environment has": Case(
        {f"{API}/Dockerfile": BY_ARGUMENT, "compose.yml": root(f"{{context: {API}, args: [LIB]}}")},
        (("CS213", f"{API}/Dockerfile", 5),),
    ),
    "a build argument with a variable": Case(
        {
            f"{API}/Dockerfile": BY_ARGUMENT,
            "compose.yml": root(f"{{context: {API}, args: {{LIB: '${{LIB:-common}}'}}}}"),
        },
        (("CS213", f"{API}/Dockerfile", 5),),
    ),
    "a stage that is built": Case(
        {f"{API}/Dockerfile": STAGES, "compose.yml": root(f"{{context: {API}, target: Broken}}")},
        (("CS201", f"{API}/Dockerfile", 4),),
    ),
    "a stage that is not there": Case(
        {"compose.yml": root(f"{{context: {API}, target: none}}")}, (("CS213", "compose.yml", 4),)
    ),
    "a service that extends another": Case(
        {
            "compose.yml": root("{dockerfile: other}", "    extends: base\n  base: {build: services/api}\n"),
            f"{API}/other": WRONG,
        },
        (("CS201", f"{API}/other", 4),),
    ),
    "a service that extends one of a file in another folder": Case(
        {
            "deploy/compose.yml": "services:\n  base: {build: {context: ../services/api, dockerfile: other}}\n",
            "compose.yml": "services:\n  x: {extends: {file: deploy/compose.yml, service: base}}\n",
            f"{API}/other": WRONG,
        },
        (("CS201", f"{API}/other", 4),),
    ),
    "an include with a folder of its own": Case(
        {
            "deploy/x.yml": root("{context: api, dockerfile: other}"),
            "compose.yml": "include: [{path: deploy/x.yml, project_directory: services}]\n",
            f"{API}/other": WRONG,
        },
        (("CS201", f"{API}/other", 4),),
    ),
    "two documents": Case(
        {
            "compose.yml": root(API) + "---\n---\nservices: {api: {build: {dockerfile: other}}}\n",
            f"{API}/other": WRONG,
        },
        (("CS201", f"{API}/other", 4),),
    ),
    "a build context with a name, in the service": Case(
        {
            f"{API}/Dockerfile": NAMED,
            "compose.yml": root(f"{{context: {API}, additional_contexts: {{lib: ./{API}/common}}}}"),
        }
    ),
    "a build context with a name, that lacks what is taken": Case(
        {
            f"{API}/Dockerfile": NAMED.replace("lib . ", "lib none "),
            "compose.yml": root(f"{{context: {API}, additional_contexts: [lib={API}]}}"),
        },
        (("CS202", f"{API}/Dockerfile", 3), ("CS201", f"{API}/Dockerfile", 5)),
    ),
    "a build context with a name, that is the master": Case(
        {f"{API}/Dockerfile": NAMED, "compose.yml": root(f"{{context: {API}, additional_contexts: {{lib: common}}}}")},
        (("CS112", f"{API}/Dockerfile", 3), ("CS213", f"{API}/Dockerfile", 5)),
    ),
    "a build context with a name, on a network": Case(
        {
            f"{API}/Dockerfile": NAMED,
            "compose.yml": root(f"{{context: {API}, additional_contexts: [lib=https://x/y.git]}}"),
        },
        (("CS213", f"{API}/Dockerfile", 5),),
    ),
    "a Dockerfile that a variable names": Case(
        {"compose.yml": root(f"{{context: {API}, dockerfile: '${{D}}'}}")}, (("CS213", "compose.yml", 4),)
    ),
    "a context that a variable names": Case(
        {f"{API}/compose.yml": root("{context: '${C:-.}'}")}, (("CS213", f"{API}/compose.yml", 4),)
    ),
    "a context of another service that a variable names": Case({"compose.yml": root("'${C}'").replace("api", "y")}),
    "a compose file above that includes itself": Case(
        {"compose.yml": "include:\n  - deploy/x.yml\n", "deploy/x.yml": "include:\n  - ../compose.yml\n"},
        (("CS213", "deploy/x.yml", 2),),
    ),
    "a service that extends itself": Case(
        {"compose.yml": "services:\n  a: {extends: b, build: services/api}\n  b:\n    extends: a\n"},
        (("CS213", "compose.yml", 4), ("CS213", "compose.yml", 2)),
    ),
    "an override that names another Dockerfile": Case(
        {
            "compose.yml": root(API),
            "compose.override.yml": "services: {api: {build: {dockerfile: other}}}\n",
            f"{API}/other": WRONG,
        },
        (("CS201", f"{API}/other", 4),),
    ),
    "an override that names another context": Case(
        {"docker-compose.yml": root("."), "docker-compose.override.yaml": f"services: {{api: {{build: {API}}}}}\n"}
    ),
    "an override that gives an argument": Case(
        {
            f"{API}/Dockerfile": BY_ARGUMENT,
            "compose.yaml": root(f"{{context: {API}, args: [LIB=common]}}"),
            "compose.override.yaml": "services: {api: {build: {args: {LIB: none}}}}\n",
        },
        (("CS201", f"{API}/Dockerfile", 5),),
    ),
    "an override that names a stage": Case(
        {
            f"{API}/Dockerfile": STAGES,
            "compose.yml": root(API),
            "docker-compose.override.yml": "services: {api: {build: {target: broken}}}\n",
        },
        (("CS201", f"{API}/Dockerfile", 4),),
    ),
    "an override that names a stage that is not there": Case(
        {
            "compose.yml": root(API),
            "compose.override.yml": "services:\n  api:\n    build:\n      target: none\n",
        },
        (("CS213", "compose.override.yml", 4),),
    ),
    "an override with a variable": Case(
        {
            "compose.yml": root(API),
            "compose.override.yml": "services:\n  api:\n    build:\n      dockerfile: $D\n",
        },
        (("CS213", "compose.override.yml", 4),),
    ),
    "an override that mounts something over the copy": Case(
        {
            "compose.yml": root(API),
            "compose.override.yml": "services:\n  api:\n    volumes:\n      - lib:/app/common\n",
        },
        (("CS207", "compose.override.yml", 4),),
    ),
    "an override that takes a mount back": Case(
        {
            "compose.yml": root(API, "    volumes: [lib:/app/common]\n"),
            "compose.override.yml": "services: {api: {volumes: !override [data:/data]}}\n",
        }
    ),
    "an override of the service's own": Case(
        {
            f"{API}/compose.yml": root("."),
            f"{API}/compose.override.yml": "services: {api: {build: {dockerfile: other}}}\n",
            f"{API}/other": WRONG,
        },
        (("CS201", f"{API}/other", 4),),
    ),
    "an override that extends, over one that extends": Case(
        {
            "compose.yml": "services:\n  x: {extends: y}\n  y: {build: services/api}\n",
            "compose.override.yml": "services:\n  x: {extends: z}\n  z: {build: {dockerfile: other}}\n",
            f"{API}/other": WRONG,
        },
        (("CS201", f"{API}/other", 4),),
    ),
    "an override with a service of its own": Case(
        {
            "compose.yml": root(API),
            "compose.override.yml": f"services: {{b: {{build: {{context: {API}, dockerfile: other}}}}}}\n",
            f"{API}/other": WRONG,
        },
        (("CS201", f"{API}/other", 4),),
    ),
    "a second override, that Compose does not take": Case(
        {
            "compose.yml": root(API),
            "compose.override.yml": "services: {api: {build: {args: [A=1]}}}\n",
            "docker-compose.override.yml": f"services: {{api: {{build: {{context: {API}, dockerfile: other}}}}}}\n",
            f"{API}/other": WRONG,
        },
        (("CS201", f"{API}/other", 4),),
    ),
    "an override without a base": Case(
        {
            "compose.override.yml": root(f"{{context: {API}, dockerfile: other}}"),
            f"{API}/other": WRONG,
        },
        (("CS201", f"{API}/other", 4),),
    ),
    "an override that cannot be parsed": Case(
        {"compose.yml": root(API), "compose.override.yml": "services:\n  api: {build: [}\n"},
        (("CS213", "compose.override.yml", 2),),
    ),
    "a file for one occasion, that says less than an image needs": Case(
        {
            "compose.yml": root(API),
            "compose.prod.yml": "services: {api: {build: {dockerfile: other}}, c: {build: {dockerfile: none}}}\n",
            f"{API}/other": WRONG,
        },
        (("CS201", f"{API}/other", 4),),
    ),
    "a file for one occasion, that says all": Case(
        {
            "compose.yml": root(f"{{context: {API}, args: [A=1]}}"),
            "compose.prod.yml": root(f"{{context: {API}, dockerfile: other}}"),
            f"{API}/other": WRONG,
        },
        (("CS201", f"{API}/other", 4),),
    ),
    "an included file, whose paths are relative to another folder": Case(
        {
            "deploy/compose.yml": root(API),
            "deploy/compose.override.yml": "services: {api: {build: {dockerfile: none}}}\n",
            "compose.yml": "include: [{path: deploy/compose.yml, project_directory: .}]\n",
        }
    ),
    "a service that extends none": Case(
        {"compose.yml": root(API, "    extends: {service: none}\n  b: {extends: ''}\n")}, (("CS213", "compose.yml", 5),)
    ),
    "a service that extends one of a file that is not there": Case(
        {"compose.yml": "services:\n  x:\n    extends: {file: none.yml, service: base}\n"},
        (("CS213", "compose.yml", 3),),
    ),
    "a service that extends one of a file that a variable names": Case(
        {"compose.yml": root(API, "    extends: {file: '$F', service: base}\n")}, (("CS213", "compose.yml", 5),)
    ),
    "a service that extends one that a variable names": Case(
        {"compose.yml": root(API, "    extends: b$X\n")}, (("CS213", "compose.yml", 5),)
    ),
    "a service that extends one of a file elsewhere": Case(
        {f"{API}/compose.yml": root(".", "    extends: {file: 'https://x/y.yml', service: base}\n")},
        (("CS213", f"{API}/compose.yml", 5),),
    ),
    "a service that extends one without a build": Case(
        {
            "compose.yml": root(API, "    extends: {file: base.yml, service: base}\n"),
            "base.yml": "services: {base: {image: y}}\n",
        }
    ),
    "another service that extends one that a variable names": Case(
        {"compose.yml": root("services/web", "    extends: {file: '$F', service: base}\n").replace("api", "web", 1)}
    ),
    "an include that a variable names": Case(
        {"compose.yml": "include:\n  - ${MORE:-more.yml}\n", "more.yml": "services: {}\n"},
        (("CS213", "compose.yml", 2),),
    ),
    "an include whose folder a variable names": Case(
        {"compose.yml": "include:\n  - path: more.yml\n    project_directory: $D\n", "more.yml": "services: {}\n"},
        (("CS213", "compose.yml", 2),),
    ),
    "an include of a file that is not there": Case(
        {f"{API}/compose.yml": "include:\n  - more.yml\n"}, (("CS213", f"{API}/compose.yml", 2),)
    ),
    "an include on a network": Case({"compose.yml": "include:\n  - oci://x/y\n"}, (("CS213", "compose.yml", 2),)),
    "an include that cannot be parsed": Case(
        {"compose.yml": "include:\n  - x.yml\n", "x.yml": "services:\n  a: {build: [}\n"}, (("CS213", "x.yml", 2),)
    ),
    "an include of several files": Case(
        {
            "compose.yml": "include:\n  - path: [a.yml, b.yml]\n",
            "a.yml": root(API),
            "b.yml": OTHER,
            f"{API}/other": WRONG,
        },
        (("CS201", f"{API}/other", 4),),
    ),
    "an include of several files, of which the first has the folder": Case(
        {
            "compose.yml": "include:\n  - path: [services/a.yml, b.yml]\n",
            "services/a.yml": root("api"),
            "b.yml": OTHER,
            f"{API}/other": WRONG,
        },
        (("CS201", f"{API}/other", 4),),
    ),
    "an include of several files, with a folder of its own": Case(
        {
            "compose.yml": "include:\n  - path: [deploy/a.yml, deploy/b.yml]\n    project_directory: services\n",
            "deploy/a.yml": root("api"),
            "deploy/b.yml": OTHER,
            f"{API}/other": WRONG,
        },
        (("CS201", f"{API}/other", 4),),
    ),
    "an include of several files, of which the last mends the first": Case(
        {
            "compose.yml": "include:\n  - path: [a.yml, b.yml]\n",
            "a.yml": root(f"{{context: {API}, dockerfile: none}}"),
            "b.yml": OTHER.replace("other", "Dockerfile"),
        }
    ),
    "an include of several files, of which one is not there": Case(
        {"compose.yml": "include:\n  - path: [a.yml, b.yml]\n", "a.yml": root(API)}, (("CS213", "compose.yml", 2),)
    ),
    "an include of several files, of which a variable names one": Case(
        {"compose.yml": "include:\n  - path: [a.yml, $B]\n", "a.yml": root(API)}, (("CS213", "compose.yml", 2),)
    ),
    "an override over what is included": Case(
        {
            "compose.yml": "include: [deploy/a.yml]\n",
            "deploy/a.yml": root("../services/api"),
            "compose.override.yml": OTHER,
            f"{API}/other": WRONG,
        },
        (("CS201", f"{API}/other", 4),),
    ),
    "a file for one occasion over what is included": Case(
        {
            "compose.yml": "include: [deploy/a.yml]\n",
            "deploy/a.yml": root("../services/api"),
            "compose.prod.yml": OTHER,
            f"{API}/other": WRONG,
        },
        (("CS201", f"{API}/other", 4),),
    ),
    "an override that includes what is put over": Case(
        {"compose.yml": root(API), "compose.override.yml": "include: [o.yml]\n", "o.yml": OTHER, f"{API}/other": WRONG},
        (("CS201", f"{API}/other", 4),),
    ),
    "an override beside an included file, that Compose does not take": Case(
        {
            "compose.yml": "include: [deploy/of/all/hosts/compose.yml]\n",
            "deploy/of/all/hosts/compose.yml": root("../../../../services/api"),
            "deploy/of/all/hosts/compose.override.yml": OTHER,
            f"{API}/other": WRONG,
        }
    ),
    "the same where Compose may be run, which takes it there": Case(
        {
            "compose.yml": "include: [deploy/compose.yml]\n",
            "deploy/compose.yml": root("../services/api"),
            "deploy/compose.override.yml": OTHER,
            f"{API}/other": WRONG,
        },
        (("CS201", f"{API}/other", 4),),
    ),
    "two files that include a third": Case(
        {
            "compose.yml": "include: [a.yml, b.yml]\n",
            "a.yml": "include: [c.yml]\n",
            "b.yml": "include: [c.yml]\n",
            "c.yml": root(API),
        }
    ),
    "a service that an included file has, too": Case(
        {"compose.yml": f"include: [a.yml]\n{root(API)}", "a.yml": root(API)}, (("CS213", "compose.yml", 1),)
    ),
    "a file above that cannot be parsed": Case(
        {"compose.yml": "services:\n  api: {build: [}\n"}, (("CS213", "compose.yml", 2),)
    ),
    "a file between, that cannot be parsed": Case(
        {"services/compose.prod.yml": "services:\n\tapi: {build: api}\n"},
        (("CS213", "services/compose.prod.yml", 2),),
    ),
    "a file above with the marks of a merge": Case(
        {"compose.yml": f"services:\n<<<<<<< a\n  x: {{build: {API}}}\n=======\n  x: {{build: .}}\n>>>>>>> b\n"},
        (("CS213", "compose.yml", 3),),
    ),
    "a file above that cannot be parsed and builds from above": Case(
        {"compose.yml": "services:\n  x: {build: .\n"}, (("CS213", "compose.yml", 3),)
    ),
    "a file above that cannot be parsed and names no folder": Case(
        {"compose.yml": "services:\n  x:\n    build: {dockerfile: x]\n"}, (("CS213", "compose.yml", 3),)
    ),
    "a file above that cannot be parsed and is about others": Case(
        {"compose.yml": "services:\n  web: {build: services/web}\n  x:\n    build:\n      context: ./web\n  y: [\n"}
    ),
    "a file of the service that cannot be parsed": Case(
        {f"{API}/compose.yml": "services:\n  x: {build: [}\n"}, (("CS213", f"{API}/compose.yml", 2),)
    ),
    "a build context of the wrong type": Case(
        {"compose.yml": root(f"{{context: {API}, additional_contexts: 5}}")}, (("CS213", "compose.yml", 4),)
    ),
    "a target of the wrong type, in the service's own file": Case(
        {f"{API}/compose.yml": root("{context: ., target: 5}")},
        (("CS213", f"{API}/compose.yml", 4), ("CS213", f"{API}/compose.yml", 4)),
    ),
    "a key of a build that is none": Case(
        {"compose.yml": root(f"{{context: {API}, dockerFile: other}}")}, (("CS213", "compose.yml", 4),)
    ),
    "a wrong type that is about others": Case({"compose.yml": "services:\n  x: {build: {context: web, target: 5}}\n"}),
    "a file that is too large": Case({"compose.yml": f"{root(API)}#{'x' * (4 << 20)}"}, (("CS213", "compose.yml", 1),)),
}


@pytest.mark.parametrize("name", CASES)
def test_what_compose_files_build(synced: Monorepo, name: str) -> None:
    """A build that fails, or that nobody has followed, would be called proven; or a build that is right be called broken."""
    case = CASES[name]
    synced.write("common/pyproject.toml", "[project]\nname = 'our-common'\nversion = '1'\n")
    for path, text in ({f"{API}/Dockerfile": RIGHT} | {**case.files}).items():
        synced.write(path, text)
    assert synced.run("distribute").code == 0
    done = synced.run("doctor", "api", "--output-format", "json")
    document = json.loads(done.out)
    assert [(one["code"], one["file"], one["line"]) for one in document["findings"]] == [*case.found]
    assert document["proven"] == (0 if {code for code, _, _ in case.found} - {"CS207"} else 1)  # which no build minds


def test_a_compose_file_of_the_service_that_includes_itself(synced: Monorepo) -> None:
    """Compose would refuse the file, and `verify` say that all is in sync; or it would never end."""
    synced.write(f"{API}/compose.yml", "include:\n  - more.yml\n")
    synced.write(
        f"{API}/more.yml", "services: {a: {extends: {file: compose.yml, service: a}}}\ninclude: [compose.yml]\n"
    )
    done = synced.concise("verify")
    assert (done.code, f"{API}/more.yml:2: CS108 Compose refuses it: `compose.yml` includes" in done.out) == (1, True)


@deep("what a hostile file costs")
@pytest.mark.parametrize("count", [90, 150])
def test_a_long_chain(synced: Monorepo, count: int) -> None:
    """A run would hang, or end with a traceback, where many files or services are linked."""
    for number in range(count):
        synced.write(f"deploy/{number}.yml", f"include: [{number + 1}.yml]\n")
    inner, own = (
        "".join(f"  {name}{number}: {{extends: {name}{number + 1}}}\n" for number in range(count)) for name in "st"
    )
    synced.write(
        f"deploy/{count}.yml", f"services:\n{inner}  s{count}: {{build: {{context: ../{API}, dockerfile: x}}}}\n"
    )
    synced.write("compose.yml", f"include: [deploy/0.yml]\nservices:\n{own}  t{count}: {{build: {API}}}\n")
    synced.write(f"{API}/Dockerfile", "FROM x\n")
    synced.write(f"{API}/x", "FROM x\nCOPY none .\n")
    assert synced.run("distribute").code == 0
    found = synced.json("doctor", "api", code=1 if count < 100 else 0)["findings"]
    long = {(one["code"], one["message"][:36]) for one in found if one["code"] == "CS213"}
    assert (("CS202", f"{API}/x", 2) in [(one["code"], one["file"], one["line"]) for one in found]) is (count < 100)
    assert bool(long) is (count > 100)
    assert all("more than 100" in message for _, message in long)


def test_a_service_that_was_removed(synced: Monorepo) -> None:
    """Whoever builds all images would be the first to hear that a compose file still names it."""
    synced.write(f"{API}/Dockerfile", RIGHT)
    synced.write("services/worker/Dockerfile", RIGHT)
    build = "  old: {build: ./services/old}\n  far: {build: ./web}\n  new: {build: ./services/worker}\n"
    synced.write(
        "compose.yml", f"services:\n{build}  gone: {{build: {{context: ., dockerfile: services/gone/Dockerfile}}}}\n"
    )
    synced.write("infra/compose.yml", "services: {any: {build: '../services/${WHICH}'}}\n")
    found = synced.json("doctor", code=0)["findings"]
    assert [(one["code"], one["file"], one["line"], one["message"]) for one in found if "not there" in one["message"]] == [
        ("CS213", "compose.yml", 2, "`old` is built from services/old, which is not there"),
        ("CS213", "compose.yml", 5, "`gone` is built from services/gone, which is not there"),
    ]  # fmt: skip
    assert "services/old" not in synced.run("doctor", "api").out
    (synced.root / "common-sync.toml").write_text(f'ignore = ["CS213"]\n{synced.read("common-sync.toml")}')
    assert "services/old" not in synced.run("doctor").out
