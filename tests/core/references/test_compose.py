"""References in compose files: each form that leads to the library, before and after, and what must stay as it is."""

from collections.abc import Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.counted import assert_grows_with_size, no_hang
from support.depth import deep
from support.places import Layout

from common_sync.core.formats.compose.file import Build, read_compose_file
from common_sync.core.formats.compose.paths import is_remote
from common_sync.core.model import Edit
from common_sync.core.references.compose.rewriting import narrow_build, read_compose
from common_sync.core.references.contract import Include, LocatedReference, Rewrite
from common_sync.core.references.hints import may_concern
from common_sync.core.references.kinds import Kind
from common_sync.core.text import UnparsableError, apply_edits
from common_sync.edges.files.yaml import parse_documents

PLAIN = Layout()
DEPLOY = Layout(folder="deploy")


def read(text: str, layout: Layout = PLAIN, *, own: bool = True) -> Rewrite:
    """Read a file of a layout."""
    return read_compose(text, layout.site(own=own), parse_documents)


def builds(text: str) -> tuple[Build, ...]:
    """Return what a file builds by a Dockerfile."""
    return tuple(one.build for one in read_compose_file(parse_documents(text)).builds if one.inline is None)


def service(text: str) -> str:
    """Return a compose file whose only service holds some lines."""
    return "services:\n  api:\n" + "".join(f"    {line}\n" for line in text.splitlines())


def row(reason: str, before: str, after: str, layout: Layout = PLAIN) -> object:
    """Return one row of the table, about the lines of a service, its reason as the test's name."""
    return pytest.param(service(before), service(after), layout, id=reason)


def whole(reason: str, before: str, after: str, layout: Layout = PLAIN) -> object:
    """Return one row about a whole file."""
    return pytest.param(before, after, layout, id=reason)


REWRITTEN = [
    # builds
    row("build, short", "build: ../../common", "build: ./common"),
    row("build.context", "build:\n  context: ../../common/", "build:\n  context: ./common/"),
    row("build.context below the library", "build: {context: ../../common/image}", "build: {context: ./common/image}"),
    row(
        "a context and a Dockerfile, both the library's: the second is relative to the first",
        "build: {context: ../../common, dockerfile: docker/Dockerfile}",
        "build: {context: ./common, dockerfile: docker/Dockerfile}",
    ),
    row(
        "build.dockerfile, of the library",
        "build: {dockerfile: ../../common/Dockerfile}",
        "build: {dockerfile: ./common/Dockerfile}",
    ),
    row(
        "build.dockerfile, relative to a context below",
        "build: {context: ./image/x/.., dockerfile: ../../../common/Dockerfile}",
        "build: {context: ./image/x/.., dockerfile: ../common/Dockerfile}",
    ),
    row(
        "build.dockerfile, relative to a context above the file",
        "build:\n  context: ..\n  dockerfile: ../../common/Dockerfile",
        "build:\n  context: ..\n  dockerfile: ./common/Dockerfile",
        DEPLOY,
    ),
    row(
        "build.dockerfile, in a folder",
        "build: {context: ./image/, dockerfile: ../../../../common/Dockerfile}",
        "build: {context: ./image/, dockerfile: ../../common/Dockerfile}",
        DEPLOY,
    ),
    row(
        "build.dockerfile, an absolute path",
        "build: {dockerfile: /repo/common/Dockerfile}",
        "build: {dockerfile: ./common/Dockerfile}",
    ),
    row(
        "build.additional_contexts, a mapping",
        "build:\n  additional_contexts:\n    lib: ../../common\n    base: docker-image://alpine",
        "build:\n  additional_contexts:\n    lib: ./common\n    base: docker-image://alpine",
    ),
    row(
        "build.additional_contexts, a list",
        "build: {additional_contexts: [lib=../../common, 'x=service:y']}",
        "build: {additional_contexts: [lib=./common, 'x=service:y']}",
    ),
    # mounts
    row("a mount", "volumes: [../../common:/app/common]", "volumes: [./common:/app/common]"),
    row("a mount, read-only", "volumes:\n- ../../common:/app/common:ro", "volumes:\n- ./common:/app/common:ro"),
    row("a mount with a slash", "volumes: ['../../common/:/app/common/']", "volumes: ['./common/:/app/common/']"),
    row("a mount of a folder below", "volumes: [../../common/conf:/etc/x]", "volumes: [./common/conf:/etc/x]"),
    whole(
        "a volume that is a bind mount",
        "volumes:\n  lib: {driver_opts: {type: none, o: bind, device: ../../common}}\n",
        "volumes:\n  lib: {driver_opts: {type: none, o: bind, device: ./common}}\n",
    ),
    row("a mount by an absolute path", "volumes: [/repo/common:/x]", "volumes: [./common:/x]"),
    row(
        "a mount, long",
        "volumes:\n  - type: bind\n    source: ../../common # the library\n    target: /app/common",
        "volumes:\n  - type: bind\n    source: ./common # the library\n    target: /app/common",
    ),
    row(
        "a mount whose type is merged in",
        "volumes: [{<<: {type: bind}, source: ../../common}]",
        "volumes: [{<<: {type: bind}, source: ./common}]",
    ),
    whole(
        "a mount whose source is merged in",
        "x-m: &m {source: ../../common}\nservices: {a: {volumes: [{<<: *m, type: bind}]}}\n",
        "x-m: &m {source: ./common}\nservices: {a: {volumes: [{<<: *m, type: bind}]}}\n",
    ),
    row("a dollar sign that is none in the target", "volumes: [../../common:/a$$b]", "volumes: [./common:/a$$b]"),
    # the rest of a service
    row(
        "develop.watch",
        "develop: {watch: [{path: ../../common/src, action: sync, target: /x}]}",
        "develop: {watch: [{path: ./common/src, action: sync, target: /x}]}",
    ),
    row("env_file", "env_file: ../../common/dev.env", "env_file: ./common/dev.env"),
    row("env_file, a list", "env_file:\n  - ../../common/dev.env", "env_file:\n  - ./common/dev.env"),
    row(
        "env_file, with path",
        "env_file: [{path: ../../common/dev.env, required: false}]",
        "env_file: [{path: ./common/dev.env, required: false}]",
    ),
    row("label_file", "label_file: ../../common/labels", "label_file: ./common/labels"),
    row(
        "extends.file",
        "extends: {file: ../../common/compose.yml, service: x}",
        "extends: {file: ./common/compose.yml, service: x}",
    ),
    # beside the services
    whole(
        "configs and secrets",
        "configs: {a: {file: ../../common/a}}\nsecrets:\n  b:\n    file: ../../common/b\n",
        "configs: {a: {file: ./common/a}}\nsecrets:\n  b:\n    file: ./common/b\n",
    ),
    whole("include, short", "include: [../../common/compose.yml]", "include: [./common/compose.yml]"),
    whole(
        "include, long",
        "include:\n- path: ../../common/compose.yml\n  env_file: ../../common/.env\n  project_directory: ../../common\n",
        "include:\n- path: ./common/compose.yml\n  env_file: ./common/.env\n  project_directory: ./common\n",
    ),
    whole(
        "include, several",
        "include: [{path: [../../common/a.yml, ../../common/b.yml]}]",
        "include: [{path: [./common/a.yml, ./common/b.yml]}]",
    ),
    # where the file and the copy are
    row("in a folder", "build: ../../../common", "build: ../common", DEPLOY),
    row("in a folder, two deep", "build: ../../../../common/x", "build: ../../common/x", Layout(folder="a/b")),
    row("a copy in a folder", "build: ../../common/x", "build: ./src/common/x", Layout("src/common")),
    row("a roundabout path", "build: ./../../services/../common/.", "build: ./common"),
    # how it is written
    row("double quotes", 'build: "../../common" # x', 'build: "./common" # x'),
    row("single quotes", "volumes: ['../../common:/it''s']", "volumes: ['./common:/it''s']"),
    row(
        "escapes beside the path",
        r'volumes: ["../../common:/\x41\u00e9\"\\"]',
        r'volumes: ["./common:/\x41\u00e9\"\\"]',
    ),
    row("escapes in the path", r'volumes: ["..\/\x2e\u002e/common:/x"]', 'volumes: ["./common:/x"]'),
    row("a copy that has to be escaped", 'build: "../../common"', r'build: "./a\"b\\c"', Layout('a"b\\c')),
    row("a copy that has to be doubled", "build: '../../common'", "build: './it''s'", Layout("it's")),
    row("a copy with a dollar sign", "build: ../../common", "build: ./a$$b", Layout("a$b")),
    row("a copy with a blank", "build: ../../common", "build: ./my lib", Layout("my lib")),
    row("a tag", "build: !!str ../../common", "build: !!str ./common"),
    row(
        "a list that replaces another file's",
        "volumes: !override [../../common:/x]",
        "volumes: !override [./common:/x]",
    ),
    row("an explicit key", "? build\n: ../../common", "? build\n: ./common"),
    whole(
        "CRLF, a comment in another script, no newline at the end",
        "services:\r\n  a: # größe 😀\r\n    build: ../../common # ../../common\r\n  b:\r\n    build: ../../common",
        "services:\r\n  a: # größe 😀\r\n    build: ./common # ../../common\r\n  b:\r\n    build: ./common",
    ),
    whole("JSON", '{"services": {"a": {"build": "../../common"}}}', '{"services": {"a": {"build": "./common"}}}'),
    # anchors and merge keys
    whole(
        "an anchor that is used twice is edited once",
        "x-lib: &lib ../../common\nservices: {a: {build: *lib}, b: {build: {context: *lib}}}\n",
        "x-lib: &lib ./common\nservices: {a: {build: *lib}, b: {build: {context: *lib}}}\n",
    ),
    whole(
        "an anchor where it is used first",
        "services:\n  a:\n    volumes: &v\n      - &m ../../common:/c # c\n  b:\n    volumes: [*m]\n  c: {volumes: *v}\n",
        "services:\n  a:\n    volumes: &v\n      - &m ./common:/c # c\n  b:\n    volumes: [*m]\n  c: {volumes: *v}\n",
    ),
    whole(
        "a merge key",
        "x-base: &base\n  volumes:\n    - ../../common:/c\nservices:\n  a:\n    <<: *base\n    image: x\n",
        "x-base: &base\n  volumes:\n    - ./common:/c\nservices:\n  a:\n    <<: *base\n    image: x\n",
    ),
    whole(
        "a list of merge keys",
        "x-a: &a {image: x}\nx-b: &b {build: ../../common}\nservices: {a: {<<: [*a, *b]}}\n",
        "x-a: &a {image: x}\nx-b: &b {build: ./common}\nservices: {a: {<<: [*a, *b]}}\n",
    ),
]


@pytest.mark.parametrize(("before", "after", "layout"), REWRITTEN)
def test_rewrites(before: str, after: str, layout: Layout) -> None:
    """A service could not be started from its own folder, or something beside the path would change."""
    found = read(before, layout)
    assert apply_edits(before, found.edits) == after
    assert {reference.state for reference in found.references} == {"points-at-master"}
    assert found.problems == ()


@pytest.mark.parametrize(("before", "after", "layout"), REWRITTEN)
def test_what_is_rewritten_stays(before: str, after: str, layout: Layout) -> None:
    """Each run would change the file again, and verify would never be content."""
    found = read(after, layout)
    assert (found.edits, found.problems) == ((), ())
    assert {reference.state for reference in found.references} == {"points-at-copy"}


def stays(reason: str, text: str) -> object:
    """Return one row about the lines of a service that say nothing of the library, the reason as the test's name."""
    return pytest.param(service(text), id=reason)


UNRELATED = [
    stays("a comment", "image: x # ../../common\n# build: ../../common"),
    stays("a name that only begins like the library's", "volumes: [../api/common-utils:/x, ../api/commons:/y]"),
    stays("a volume with the library's name", "volumes: [common:/app/common, 'common:/x:ro']"),
    stays("a volume, long", "volumes: [{type: volume, source: ../../common, target: /x}]"),
    stays("a volume without a source", "volumes: [/app/common, ../../common]"),
    pytest.param(
        "volumes:\n  lib: {driver_opts: {type: nfs, o: addr=nas, device: ../../common}}\n"
        "  tmp: {driver_opts: {type: none, device: ../../common}}\n",
        id="a volume that is no bind mount",
    ),
    stays("a mount's target", "volumes: [./x:/repo/common]"),
    stays("places of the machine", "volumes: [/var/run/docker.sock:/s, /:/host:ro]\nenv_file: /etc/api.env"),
    stays("the home of whoever starts it", "volumes: [~/common:/x, ~/.aws:/y]\nenv_file: ~/x"),
    stays(
        "other keys",
        "command: ../../common\nenvironment: {A: ../../common}\nlabels: [../../common]\nname: ../../common",
    ),
    stays("what somebody's own key holds", "x-lib: ../../common\nx-more: {build: ../../common}"),
    stays("keys", "labels: {../../common: 1}\nbuild: {args: {../../common: ../../common}}"),
    stays("a service's name", "extends: ../../common"),
    stays(
        "contexts on a network",
        "build: {context: 'https://x/y.git#main', additional_contexts: [a=https://b/../../common]}",
    ),
    stays("a context by ssh", "build: git@example.invalid:x/common.git"),
    stays("additional contexts without a path", "build: {additional_contexts: [../../common, 'b=']}"),
    stays("a list where Compose has none", "build: [../../common]\nextends: [../../common]"),
    stays("a mapping where Compose has none", "build: {context: {x: ../../common}}\nvolumes: {a: ../../common}"),
    stays("nothing", "build:\nvolumes:\nenv_file: ''\ndevelop: {}\nextends: null"),
    stays(
        "a NUL, which no path holds", 'env_file: "../../common/\\0"\nbuild: {context: "../../common\\0", dockerfile: x}'
    ),
    stays("what another file says is taken back", "volumes: !reset [../../common:/x]\nbuild: !reset ../../common"),
    stays("variables elsewhere", "image: x:${TAG}\nenvironment: {A: '${B}'}\nports: ['${PORT}:80']"),
    stays("a variable in the service", "volumes: ['./data/${STAGE}:/data', 'x${A}:/b']\nenv_file: .env.${STAGE}"),
    stays("a variable whose default is the service's", "volumes: ['${DATA:-./data}:/data', '${V-data}:/v']"),
    stays("a variable on the machine", "volumes: ['/var/lib/${NAME}:/data']"),
    stays("a dollar sign that is none", "env_file: ./$$COMMON"),
    stays("a Dockerfile that stands in the file", "build: {dockerfile_inline: 'COPY ../../common .'}"),
    pytest.param("configs: {a: {content: ../../common, name: ../../common}, b: {external: true}}\n", id="no files"),
    pytest.param("volumes: {common: {driver_opts: {device: ../../common}}}\n", id="the list of volumes"),
    pytest.param("x-lib: &lib ../../common\nx-more:\n  - *lib\n", id="an anchor that nobody uses"),
    pytest.param("include: [oci://x/common, 'https://x/y']\n", id="an include on a network"),
    pytest.param("", id="an empty file"),
    pytest.param("- ../../common\n", id="a list"),
    pytest.param("../../common\n", id="a scalar"),
]


@pytest.mark.parametrize("text", UNRELATED)
def test_leaves_what_is_not_a_reference(text: str) -> None:
    """Somebody's other path would be rewritten or reported."""
    assert read(text)._replace(includes=()) == Rewrite()


LEAVING = [
    pytest.param("env_file: ../../.env", "CS113", id="env_file"),
    pytest.param("env_file: [a.env, {path: ../.env}]", "CS113", id="env_file, with path"),
    pytest.param("build: {additional_contexts: {a: ../worker}}", "CS113", id="additional_contexts"),
    pytest.param("build: {dockerfile: ../worker/Dockerfile}", "CS113", id="a Dockerfile"),
    pytest.param("extends: {file: ../base.yml, service: x}", "CS113", id="extends"),
    pytest.param("develop: {watch: [{path: ../worker}]}", "CS113", id="develop.watch"),
    pytest.param("volumes: [../worker:/x]", "CS113", id="a mount"),
    pytest.param(
        "build: {context: ../.., dockerfile_inline: 'FROM x'}", "CS110", id="a Dockerfile in the compose file"
    ),
    pytest.param("build: {context: ../worker}", "CS113", id="a build context"),
    pytest.param("volumes: [../../..:/x]", "CS113", id="a mount of what the repository is in"),
    pytest.param("env_file: ../worker/${STAGE}.env", "CS113", id="a variable outside"),
    pytest.param("env_file: ${FILE:-../worker/.env}", "CS113", id="a variable that leads out by default"),
    pytest.param("env_file: [&a ../x]\ndevelop: {watch: [{path: *a}]}", "CS113", id="an anchor, once"),
    pytest.param("volumes: ['..:/app']", "CS111", id="a mount of the folder above the service"),
    pytest.param("volumes: [../..:/app:ro]", "CS111", id="a mount of the repository"),
    pytest.param("volumes: [/repo/:/app]", "CS111", id="a mount of the repository by an absolute path"),
    pytest.param("volumes: [{type: bind, source: ../.., target: /app}]", "CS111", id="a mount, long"),
]


@pytest.mark.parametrize(("text", "code"), LEAVING)
def test_reports_what_leads_out(text: str, code: str) -> None:
    """A service would be deployed without a file that it needs, or run something else than what was built."""
    found = read(service(text))
    assert (found.edits, found.references) == ((), ())
    assert [(problem.line, problem.code) for problem in found.problems] == [(3, code)]


def test_reports_what_leads_out_beside_the_services() -> None:
    """A secret that is not there would be noticed where the service is deployed."""
    text = "configs: {a: {file: ../a}}\nsecrets:\n  b:\n    file: ../../b\ninclude:\n  - ../x.yml\n  - path: ../y.yml\n"
    assert [(problem.line, problem.code) for problem in read(text).problems] == [(n, "CS113") for n in (1, 4, 6, 7)]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("volumes: ['${COMMON}:/app/common']", id="nothing but a variable"),
        pytest.param("volumes: ['$COMMON/x:/app/common:ro']", id="without braces"),
        pytest.param("volumes: ['${COMMON:?say where}:/app/common']", id="one that must be set"),
        pytest.param("volumes: ['${COMMON:-../../common}:/app/common']", id="the library by default"),
        pytest.param("volumes: ['${A:-${B}}:/x']", id="another variable by default"),
        pytest.param("build: ../../${NAME}", id="a name beside the library"),
        pytest.param("env_file: ../../common/${STAGE}.env", id="a file of the library"),
        pytest.param("build: {dockerfile: '${DOCKERFILE}'}", id="a Dockerfile"),
    ],
)
def test_reports_variables(text: str) -> None:
    """A reference that a variable hides would go unnoticed, and the service not start."""
    found = read(service(text))
    assert [(one.line, one.state) for one in found.references] == [(3, "unresolved")]
    assert [(one.line, one.code) for one in found.problems] == [(3, "CS102")]
    assert found.edits == ()


REFUSED = [
    pytest.param(service("build: |-\n  ../../common"), 3, "several lines", id="a block"),
    pytest.param(service("build: >-\n  ../../common"), 3, "several lines", id="a folded block"),
    pytest.param(service('build: "../../\\\n  common"'), 3, "several lines", id="quotes over two lines"),
    pytest.param(service("volumes:\n- ../../common:/my\n  folder"), 4, "several lines", id="a plain scalar over two lines"),
    pytest.param(service("environment: {A: &a ../../common}\nbuild: *a"), 3, "alias", id="an anchor used elsewhere"),
    pytest.param(service("build: &a ../../common\nlabels: [*a]"), 3, "alias", id="an alias used elsewhere"),
    pytest.param(service("build: &a ../../common\nlabels: {*a : x}"), 3, "alias", id="an alias for a key"),
    pytest.param(
        service("build: {context: ../../common, dockerfile: ../services/api/Dockerfile}"), 3, "Dockerfile", id="split"
    ),
    pytest.param(
        service("build: {context: /repo/services/api, dockerfile: ../../common/D}"), 3, "absolute", id="absolute"
    ),
    pytest.param(
        "services:\n  a: {build: {context: ., dockerfile: &d ../../common/../common/D}}\n"
        "  b: {build: {context: ./x/.., dockerfile: *d}}\n  c: {build: {context: ./x, dockerfile: ../../../common/D}}\n",
        None, "", id="two builds that agree",
    ),
    pytest.param(
        "services:\n  a: {build: {context: ., dockerfile: &d /repo/common/D}}\n"
        "  b: {build: {context: ./x, dockerfile: *d}}\n",
        2, "alias", id="two builds that do not",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "words"), REFUSED)
def test_refuses_what_it_cannot_rewrite_alone(text: str, line: int | None, words: str) -> None:
    """Another value would change with the path, or the file mean something else than before."""
    found = read(text)
    assert [(one.line, one.code) for one in found.problems] == ([] if line is None else [(line, "CS106")])
    assert all(words in one.message and "./common" in one.remedy for one in found.problems)
    assert bool(found.edits) == (line is None)


@pytest.mark.parametrize("copy", ["a #b", "a: b", "ü\x85x", "a, b] [c", "x}", "a:b"])
def test_refuses_what_would_not_read_back(copy: str) -> None:
    """A copy with an odd name would turn a path into a comment, a mapping, or a mount of something else."""
    text = service("volumes: [../../common:/x]\nenv_file: '../../common/x'")
    found = read(text, Layout(copy))
    assert {one.code for one in found.problems} == {"CS106"}
    after = apply_edits(text, found.edits)
    assert "[../../common:/x]" in after


def test_a_dockerfile_of_the_master_for_a_copy_as_context() -> None:
    """A build whose context was mended by hand would still take the master's Dockerfile."""
    text = service("build: {context: ./common, dockerfile: ../../../common/Dockerfile}")
    found = read(text)
    assert apply_edits(text, found.edits) == service("build: {context: ./common, dockerfile: ../common/Dockerfile}")
    assert [one.state for one in found.references] == ["points-at-copy", "points-at-master"]


def test_one_that_is_refused_does_not_keep_the_others() -> None:
    """A single odd path would leave a whole file unmended."""
    text = service("volumes:\n- ../../common:/x\n- |-\n  ../../common:/y\n- '../../common:/z'")
    assert apply_edits(text, read(text).edits) == service(
        "volumes:\n- ./common:/x\n- |-\n  ../../common:/y\n- './common:/z'"
    )


def test_knows_lines_rest_and_what_is_read() -> None:
    """A finding would name another line than the user has to look at, or a file that is not copied not be noticed."""
    found = read(
        service("build: ../../common/x\nenv_file: ./common/a.env\nvolumes:\n  - # the library\n    ../../common:/c")
    )
    assert found.references == (
        LocatedReference(3, "points-at-master", "../../common/x", "x", includes=False),
        LocatedReference(4, "points-at-copy", "./common/a.env", "a.env", includes=True),
        LocatedReference(7, "points-at-master", "../../common", "", includes=False),
    )


def test_lists_more_compose_files() -> None:
    """A reference in a file that is included or extended would be missed."""
    text = (
        "include:\n  - a.yml\n  - {path: [b.yml, ../c.yml, '${D}.yml']}\n  - {path: e.yml, project_directory: ./e}\n"
        "services: {s: {extends: {file: f.yml, service: x}}}\n"
    )
    assert read(text).includes == (Include("a.yml", 2), Include("b.yml", 3), Include("f.yml", 5))


BUILDS = (
    "x-build: &b\n  context: ../..\n  dockerfile: services/api/Dockerfile\n"
    "services:\n  a:\n    build: *b\n  b:\n    build:\n      <<: *b\n      dockerfile: other\n"
    "  c: {build: .}\n  d: {build: {target: x}}\n  e: {image: x}\n  f: {build: {dockerfile_inline: FROM x}}\n"
    "  g: {build: https://x/y.git}\n  h: {build: ../../common}\n"
    "  i: {build: null}\n  j: {build: }\n  k: {build: git@x:y}\n  l: {build: github.com/x/y}\n"
)


def test_tells_all_builds() -> None:
    """A build whose context leaves the service would pass, and fail where the service is alone."""
    assert read(BUILDS).problems == ()
    assert tuple(one for one in builds(BUILDS) if not is_remote(one.context)) == (
        Build("../..", "services/api/Dockerfile", 2),
        Build("../..", "other", 2),
        Build(".", "Dockerfile", 11),
        Build(".", "Dockerfile", 12),
        Build("../../common", "Dockerfile", 16),
    )


def test_a_mount_in_another_service_stays() -> None:
    """A container of another service would run with the copy of this one, in its stack too."""
    text = (
        "x-m: &m ../../common:/c\nservices:\n  api: {build: ., volumes: [../../common:/x, *m]}\n"
        "  worker: {build: ../worker, volumes: [../../common:/y, *m]}\n  db: {image: x, volumes: [../../common/a:/z]}\n"
        "  other: {build: '${X}', volumes: [../../common:/o]}\n"
    )
    found = read(text)
    assert apply_edits(text, found.edits).splitlines() == [
        "x-m: &m ./common:/c",
        "services:",
        "  api: {build: ., volumes: [./common:/x, *m]}",
        "  worker: {build: ../worker, volumes: [../../common:/y, *m]}",
        "  db: {image: x, volumes: [./common/a:/z]}",
        "  other: {build: '${X}', volumes: [./common:/o]}",
    ]
    assert (4, "CS110") in [(one.line, one.code) for one in found.problems]
    assert (4, "foreign") in [(one.line, one.state) for one in found.references]


def test_two_documents() -> None:
    """A file that Compose takes would be refused, or only half of it be rewritten."""
    text = "services: {a: {build: &b ../../common}}\n---\nservices: {a: {env_file: ../../common/x}}\n"
    assert apply_edits(text, read(text).edits) == text.replace("../..", ".")


def test_leaves_files_of_others() -> None:
    """A file that other services use as well would be made to fit one of them."""
    found = read(service("build: ../../common\nvolumes: [./common:/x, '${X}:/y']"), own=False)
    assert [one.state for one in found.references] == ["foreign", "points-at-copy", "unresolved"]
    assert [(one.line, one.code) for one in found.problems] == [(3, "CS103"), (4, "CS102")]
    assert found.edits == ()


@pytest.mark.parametrize("text", ["a: &b 1\n---\nb: *b\n", "a: [1\n", "a: *b\n"])
def test_a_file_that_cannot_be_parsed(text: str) -> None:
    """A broken file would be taken for one that says nothing of the library."""
    with pytest.raises(UnparsableError):
        read(text)


NARROWED = [
    row("short", "build: ../..", "build: ."),
    row("short, in quotes", "build: '../..' # root", "build: '.' # root"),
    row("a context with the default Dockerfile", "build: {context: ../..}", "build: {context: .}"),
    row(
        "both",
        'build:\n  context: "../.." # root\n  dockerfile: services/api/Dockerfile',
        'build:\n  context: "." # root\n  dockerfile: Dockerfile',
    ),
    row("only the Dockerfile", "build: {dockerfile: ./Dockerfile}", "build: {dockerfile: Dockerfile}"),
    row("in sync", "build: {dockerfile: Dockerfile}", "build: {dockerfile: Dockerfile}"),
    whole(
        "an anchor that holds the whole build",
        "x-b: &b {context: ../.., dockerfile: x/D}\nservices: {a: {build: *b}, b: {build: *b}}\n",
        "x-b: &b {context: ., dockerfile: Dockerfile}\nservices: {a: {build: *b}, b: {build: *b}}\n",
    ),
]


@pytest.mark.parametrize(("before", "after", "layout"), NARROWED)
def test_narrows_a_build(before: str, after: str, layout: Layout) -> None:
    """`--contexts` would leave the root as the context, or change more than that."""
    (build,) = builds(before)
    edits = narrow_build(before, build, ".", "Dockerfile", parse_documents)
    assert apply_edits(before, edits) == after
    (build,) = builds(after)
    assert build[:2] == (".", "Dockerfile")
    assert narrow_build(after, build, ".", "Dockerfile", parse_documents) == ()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("services: {a: {build: &c ../..}, b: {build: {context: *c}}}", id="an alias in another build"),
        pytest.param(BUILDS, id="a merge key in another build"),
        pytest.param("services: {a: {build: &c ../.., labels: [*c]}}", id="an alias elsewhere"),
        pytest.param("services: {a: {build: ../..}, b: {build: ../..}}", id="two that cannot be told apart"),
        pytest.param(service("build: |-\n  ../.."), id="a block"),
    ],
)
def test_does_not_narrow_what_is_shared(text: str) -> None:
    """Another service's build would change as well."""
    build = builds(text)[0]
    assert narrow_build(text, build, ".", "Dockerfile", parse_documents) == ()


def test_narrows_nothing_that_is_not_there() -> None:
    """A file that has changed meanwhile would be edited in the wrong place; or a Dockerfile be lost."""
    text = service("build: {target: x}")
    assert narrow_build(text, Build("..", "Dockerfile", 3), ".", "Dockerfile", parse_documents) == ()
    assert narrow_build(text, Build(".", "Dockerfile", 3), "..", "Dockerfile", parse_documents) == ()
    assert narrow_build(text, Build(".", "Dockerfile", 3), ".", "Other", parse_documents) == ()


STYLES = ["{}", "'{}'", '"{}"', "!!str {}", "&a{n} {}", "&b{n} '{}'", "# ../../common\n            {}"]
ENDS = ["\n", " # ../../common: [\n", "\r\n", "\n\n  # x\n", "   \n"]
PATHS = [("../../common/{n}", "./common/{n}"), ("./../../common//x{n}/", "./common/x{n}/"), ("./own{n}", "./own{n}")]
PLACES: Sequence[str] = [
    "  s{n}:\n    build: {}",
    "  s{n}:\n    build:\n      context: {}",
    "  s{n}:\n    env_file:\n      - a.env\n      - {}",
    "  s{n}:\n    env_file:\n      - path: {}",
    "  s{n}:\n    volumes:\n      - type: bind\n        source: {}",
    "  s{n}:\n    develop:\n      watch:\n        - action: sync\n          path: {}",
    "  s{n}:\n    image: größe😀:../../common\n    label_file: {}",
    "  s{n}:\n    environment:\n      X: ../../common\n    extends:\n      file: {}",
]


@given(
    st.lists(
        st.tuples(st.sampled_from(PLACES), st.sampled_from(STYLES), st.sampled_from(PATHS), st.sampled_from(ENDS)),
        max_size=6,
    )
)
@example([(PLACES[0], STYLES[6], PATHS[0], ENDS[1])])
def test_every_character_outside_the_paths_is_kept(lines: list[tuple[str, str, tuple[str, str], str]]) -> None:
    """Comments, anchors, quotes, indentation or other values would be changed beside a path."""
    before, after = (
        "services:\n"
        + "".join(
            place.replace("{}", style.replace("{}", path[side])).replace("{n}", str(number)) + end
            for number, (place, style, path, end) in enumerate(lines)
        )
        for side in (0, 1)
    )
    found = read(before)
    assert apply_edits(before, found.edits) == after
    assert found.problems == ()
    assert read(after).edits == ()


NOISE = [
    *"[]{}:,&*!|>'\"#$- \n\r\t\\",
    *("services:\n", "  a:\n", "    build: ", "    volumes:\n", "      - ", "../../common", ":/x", "../..", "./common"),
    *(
        "&a ",
        "*a",
        "<<: *a\n",
        "${A}",
        "${A:-../../common}",
        "!reset ",
        "context: ",
        "dockerfile: ",
        "|-\n      ",
        "x-y: ",
    ),
    *("env_file: ", "include: [", "type: bind", "source: ", ", ", "ü😀", "\ufeff"),
]


@given(st.lists(st.sampled_from(NOISE), max_size=30).map("".join))
@example("services:\n  a:\n    build: &a ../../common\n    volumes:\n      - *a\n")
def test_rewriting_twice_is_rewriting_once(before: str) -> None:
    """Each run would change the file again; or a reference to the master be left and nothing said; or the run end."""
    try:
        found = read(before)
    except UnparsableError:
        return
    assert found.edits == tuple(sorted(found.edits))
    assert all(isinstance(edit, Edit) for edit in found.edits)
    again = read(apply_edits(before, found.edits))
    assert again.edits == ()
    assert again.problems == found.problems
    left = {one.line for one in again.references if one.state == "points-at-master"}
    assert left <= {one.line for one in again.problems if one.code == "CS106"}


@pytest.mark.parametrize(("variable", "end"), [("${a}", ""), ("${a:-", ""), ("${a{}", "}")])
def test_a_mount_of_many_variables(variable: str, end: str) -> None:
    """A hook would hang on one line of a compose file, for longer than anybody can wait."""

    def read_mount(variables: int) -> Rewrite:
        mount = variable * variables + end
        return read(service(f"volumes: ['{mount}', '{mount}:/x']"))

    with no_hang():
        assert read_mount(100_000).edits == ()
    assert_grows_with_size(lambda variables: lambda: read_mount(variables), 1000)


@pytest.mark.parametrize(("before", "after", "layout"), REWRITTEN)
def test_nothing_that_matters_is_passed_over(before: str, after: str, layout: Layout) -> None:
    """A file is parsed only if its bytes look as if it concerned the library: a reference would be missed, and `verify` green."""
    for text in (before, after):
        if read(text, layout).references:
            assert may_concern(text.encode(), "compose", (b"/repo",), layout.copy.encode())


@pytest.mark.parametrize(
    ("line", "passed_over"),
    [
        ('command: sh -c "common/wait && exec serve"', True),
        ("image: registry/common", True),
        ("volumes: [common:/app/common]", False),
        ("volumes: [data:/app/common]", True),
        ("build: ./common", False),
        ("build: &it './/./common'", False),
        ("env_file:\n  common/.env", False),
        ("build: {additional_contexts: [shared=./common]}", False),
        ("build:\r      common", False),
    ],
)
def test_what_is_passed_over(line: str, passed_over: bool) -> None:
    """Each commit would wait for a parser of YAML because a command names the copy."""
    assert may_concern(service(line).encode(), "compose", (b"/repo",), b"common") is not passed_over


@deep("what a hostile file costs")
@pytest.mark.parametrize("text", ["# " + ":&" * 200_000, "&a " * 200_000 + "common", "x common" * 100_000])
def test_a_line_that_is_costly_to_look_through(text: str) -> None:
    """A long line in a compose file would stop every commit."""
    with no_hang():
        may_concern(text.encode(), "compose", (b"/repo",), b"common")


@pytest.mark.parametrize(
    ("kind", "text", "copy", "concerns"),
    [
        ("project", 'dependencies = ["x @ file:///my%20repo/common"]', "src/lib", True),
        ("project", 'x = { path = "/repo/./common" }', "src/lib", True),
        ("project", 'x = "my lib"', "my lib", True),
        ("environment", "- my\n  lib", "my lib", True),
        ("lock", 'source = { directory = "lib" }', "src/lib", True),
        ("lock", 'source = { registry = "x" }', "src/lib", False),
        ("requirements", "fastapi", "lib", True),
        ("mention", "make common", "lib", False),
    ],
)
def test_what_may_concern_the_library(kind: Kind, text: str, copy: str, concerns: bool) -> None:
    """A reference in a file that is never parsed would be missed, and `verify` green; or each commit wait for parsers."""
    assert may_concern(text.encode(), kind, (b"/repo",), copy.encode()) is concerns


@pytest.mark.parametrize("count", [50, 5_000])
def test_a_chain_of_merges(count: int) -> None:
    """A file of 50 kB in which each service merges the one before would stop every commit."""
    links = "".join(f"  s{number}: &s{number} {{<<: *s{number - 1}}}\n" for number in range(1, count))
    text = f"services:\n  s0: &s0 {{build: ../../common}}\n{links}"
    if count > 100:
        with pytest.raises(UnparsableError, match="more than 100 mappings"):
            read(text)
    else:
        assert [edit.replacement for edit in read(text).edits] == ["./common"]
