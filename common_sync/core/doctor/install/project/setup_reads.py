"""What a `setup.py` and a `setup.cfg` have the build of a project read: files, packages, modules, a compiler.

Source of the format: https://setuptools.pypa.io/en/latest/userguide/declarative_config.html.
"""

import re
from collections.abc import Iterator
from configparser import Error, RawConfigParser
from posixpath import join

from common_sync.core.doctor.install.project.build_reads import Read
from common_sync.core.doctor.install.project.packages import attribute_read
from common_sync.core.expressions import expression
from common_sync.core.formats.python import find_words

_FILE = expression(r"(?:[\w.-]+/)*[\w.-]+\.(?:txt|md|rst|in|toml|json|c|cc|cpp|h|pyx|pxd|py|ya?ml|sh)", re.ASCII)
_CAPITALS = expression(r"(?:[\w.-]+/)*[A-Z]{4,}", re.ASCII)
_COMPILED = expression(r"^[^#\n]*\b(ext_modules|cffi_modules|rust_extensions|cythonize)\b", re.MULTILINE)
_PACKAGES = expression(r"^[^#\n]*\bpackages\s*=\s*\[([^\]]*)\]", re.MULTILINE)
_RUNS = expression(r"^[^#\n]*\b(subprocess|os\.system|os\.popen)\b", re.MULTILINE)
_WHERE = expression(r"find_(?:namespace_)?packages\(\s*(?:where\s*=\s*)?['\"]([^'\"]+)['\"]")


def list_setup_reads(name: str, text: str) -> Iterator[Read]:
    """Yield what a file of setuptools has the build read; of a script nobody can tell whether it has to be there.

    Args:
        name: Its name: `setup.py` or `setup.cfg`.
        text: Its text.
    """
    yield from _in_settings(text) if name == "setup.cfg" else _in_script(text)


def _in_script(text: str) -> Iterator[Read]:
    for word in find_words(text):
        value = word.written
        read = _CAPITALS.fullmatch(value) and re.search(
            rf"(?:open|read\w*|join|Path)\(.*{value}\b|/\s*.{value}\b", text
        )
        if read or _FILE.fullmatch(value):
            yield Read(f'"{value}"', value, word.line, False, (f"*/{value}", f"*/*/{value}", f"*/*/*/{value}"))
    for match in _PACKAGES.finditer(text):
        for package in re.findall(r"['\"]([\w.]+)['\"]", match[1]):
            path = package.replace(".", "/")
            yield Read(
                f'packages = "{package}"', path, _line(text, match.start(1)), False, (f"*/{path}", f"*/*/{path}")
            )
    for match in _WHERE.finditer(text):
        yield Read(f'find_packages("{match[1]}")', match[1], _line(text, match.start()), False)
    if found := _RUNS.search(text):
        yield Read(found[1], "", _line(text, found.start(1)), False, (), "it runs other programs")
    if found := _COMPILED.search(text):
        yield Read(found[1], "", _line(text, found.start(1)), False, (), "it is compiled, and needs a compiler")


def _line(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1


def _in_settings(text: str) -> Iterator[Read]:
    parser = RawConfigParser(strict=False)
    try:
        parser.read_string(text)
    except Error:
        yield Read("setup.cfg", "", 1, False, (), "it cannot be read")
        return
    roots = dict(re.split(r"\s*=\s*", one, maxsplit=1) for one in _list(parser, "options", "package_dir") if "=" in one)
    yield from (_may(text, "version", one) for one in _list_version_files(parser))
    for path in [*roots.values(), *_list(parser, "options.packages.find", "where")]:
        yield _may(text, "package_dir", path)
    for attribute in _list(parser, "metadata", "version"):
        if attribute.startswith("attr:"):
            yield attribute_read(attribute, _line_of(text, attribute), roots.get("", ""))
    for package in _list(parser, "options", "packages"):
        if not package.startswith("find"):
            path = join(roots.get("", ""), package.replace(".", "/"))
            yield Read(f"packages = {package}", path, _line_of(text, package), set(roots) <= {""})
    for path in _list(parser, "options", "scripts"):
        yield Read(f"scripts = {path}", path, _line_of(text, path))
    for key in parser.options("options.data_files") if parser.has_section("options.data_files") else ():
        yield from (_may(text, "data_files", path) for path in _list(parser, "options.data_files", key))


def _list(parser: RawConfigParser, section: str, key: str) -> list[str]:
    """Return what a key lists, by commas or in lines."""
    return [one for one in re.split(r"\s*[\n,]\s*", parser.get(section, key, fallback="")) if one]


def _list_version_files(parser: RawConfigParser) -> list[str]:
    version = parser.get("metadata", "version", fallback="")
    return [one.strip() for one in version.removeprefix("file:").split(",")] if version.startswith("file:") else []


def _may(text: str, key: str, path: str) -> Read:
    return Read(f"{key} = {path}", path, _line_of(text, path), sure=False)


def _line_of(text: str, value: str) -> int:
    """Return the first line that holds a value."""
    return next((number for number, line in enumerate(text.splitlines(), 1) if value in line), 1)
