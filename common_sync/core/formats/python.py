"""Paths that a Python file says or computes: what it puts on `sys.path`, and what it requires, as far as its text tells."""

import ast
import warnings
from collections.abc import Callable, Iterator
from posixpath import dirname, join, normpath
from typing import NamedTuple

from common_sync.core.expressions import expression

_DIRECT = expression(r"\s*[A-Za-z0-9][\w.-]*\s*(?:\[[^]]*\]\s*)?@\s*(?:file:|[{%]|$)")


class PathEntry(NamedTuple):
    """A folder that a file puts on `sys.path`."""

    line: int  # the line that does it
    written: str  # the expression
    path: str  # the folder, absolute


def find_path_entries(text: str, file: str, folder: str) -> list[PathEntry]:
    """Return what a file puts on `sys.path`; what it computes in another way is left out.

    Args:
        text: The file's text.
        file: Its absolute path.
        folder: The absolute path of the folder that the program runs in.
    """
    tree = _parse(text)
    names = _read_names(tree, file, folder)
    found = []
    for node in ast.walk(tree):
        for added in _added(node):
            value = _evaluate(added, names, folder)
            if value is not None:
                found.append(PathEntry(added.lineno, ast.unparse(added), normpath(join(folder, value))))
    return sorted(found)


class Text(NamedTuple):
    """An expression that makes a text: its line, the expression, and the text, or None where that cannot be told."""

    line: int
    written: str
    value: str | None


def find_requirements(text: str, file: str, folder: str) -> list[Text]:
    """Return what a `setup.py` says or computes as `name @ file:…`, in its order; what is an extra is left out.

    Args:
        text: The file's text.
        file: Its path.
        folder: The path of the folder that the program runs in.
    """
    tree = _parse(text)
    names = _read_names(tree, file, folder)
    extras = (node for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg == "extras_require")
    optional = {id(inner) for word in extras for inner in ast.walk(word)}
    nodes = (node for node in _list_texts(tree) if id(node) not in optional)
    nodes = (node for node in nodes if _DIRECT.match("".join(_list_constants(node))))
    return sorted(Text(node.lineno, ast.unparse(node), _evaluate(node, names, folder)) for node in nodes)


def find_required(text: str) -> list[Text]:
    """Return what a `setup.py` requires where that is written out: the texts in `install_requires`, an argument's or a dictionary's."""
    tree = _parse(text)
    lists = {
        target.id: node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    given = [node.value for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg == "install_requires"]
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
            given += [one for key, one in pairs if isinstance(key, ast.Constant) and key.value == "install_requires"]
    values = [lists.get(one.id, one) if isinstance(one, ast.Name) else one for one in given]
    nodes = (node for one in values for node in ast.walk(one) if isinstance(node, ast.Constant))
    return sorted(Text(node.lineno, node.value, node.value) for node in nodes if isinstance(node.value, str))


def find_paths(text: str, file: str, folder: str = ".") -> list[Text]:
    """Return the texts that a file computes.

    Args:
        text: The file's text.
        file: Its path.
        folder: The path of the folder that the program runs in.
    """
    tree = _parse(text)
    names = _read_names(tree, file, folder)
    computed = (node for node in _list_texts(tree) if not isinstance(node, ast.Constant))
    found = (Text(node.lineno, ast.unparse(node), _evaluate(node, names, folder)) for node in computed)
    return sorted(one for one in found if one.value is not None)


def find_words(text: str) -> list[Text]:
    """Return the plain texts in a file."""
    nodes = (node for node in ast.walk(_parse(text)) if isinstance(node, ast.Constant))
    return sorted(Text(node.lineno, node.value, node.value) for node in nodes if isinstance(node.value, str))


def _parse(text: str) -> ast.AST:
    """Return a file's tree; an empty one where it is no Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an invalid escape in it is not this program's
            return ast.parse(text.removeprefix("\ufeff"))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module([], [])


def _read_names(tree: ast.AST, file: str, folder: str) -> "Names":
    """Return what a file's names stand for, as far as its text tells."""
    names = {"__file__": file}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            value = _evaluate(node.value, names, folder)
            if value is not None:
                names.setdefault(node.targets[0].id, value)
    return names


def _list_texts(tree: ast.AST) -> Iterator[ast.expr]:
    """Yield the expressions that may make a text, not those in one of them."""
    pending = [tree]
    while pending:
        node = pending.pop()
        inner = [*ast.iter_child_nodes(node)]
        if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str)):
            yield node
        elif _makes_text(node):
            assert isinstance(node, ast.expr)
            yield node
        else:
            pending += inner


def _makes_text(node: ast.AST) -> bool:
    """Tell whether something is put together of texts: by `+`, `%`, `/`, `format`, `join` or a path's own ways."""
    if isinstance(node, ast.BinOp):
        parts = (node.left,) if isinstance(node.op, ast.Mod) else (node.left, node.right)
        return not any(isinstance(part, ast.List | ast.Tuple | ast.ListComp) for part in parts)
    if not isinstance(node, ast.Call):
        return False
    called = getattr(node.func, "attr", None) or getattr(node.func, "id", "")
    return called in {*_SAME, "format", "join", "joinpath", "as_uri", "dirname"}


def _list_constants(node: ast.AST) -> Iterator[str]:
    """Yield the texts that an expression is put together of, in their order."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=pieces):
            yield from (text for piece in pieces for text in _list_constants(piece))
        case ast.BinOp(left=left, op=ast.Add() | ast.Mod(), right=right):
            yield from _list_constants(left)
            yield from _list_constants(right) if isinstance(node.op, ast.Add) else ()
        case ast.Call(func=ast.Attribute(value=inner, attr="format")):
            yield from _list_constants(inner)


def _added(node: ast.AST) -> Iterator[ast.expr]:
    """Yield the expressions that a statement puts on `sys.path`."""
    match node:
        case ast.Call(
            func=ast.Attribute(value=ast.Attribute(attr="path", value=ast.Name(id="sys")), attr=method), args=arguments
        ):
            if method in {"append", "insert"} and arguments:
                yield arguments[-1]
            elif method == "extend" and arguments:
                yield from _items(arguments[0])
        case ast.Call(func=ast.Attribute(attr="addsitedir"), args=[argument, *_]):
            yield argument
        case ast.AugAssign(target=ast.Attribute(attr="path", value=ast.Name(id="sys")), value=value):
            yield from _items(value)
        case ast.Assign(targets=[target], value=value) if _is_path(target):
            yield from _items(value)


def _is_path(target: ast.expr) -> bool:
    inner = target.value if isinstance(target, ast.Subscript) else target
    return isinstance(inner, ast.Attribute) and inner.attr == "path" and getattr(inner.value, "id", "") == "sys"


def _items(value: ast.expr) -> Iterator[ast.expr]:
    if isinstance(value, ast.BinOp):
        yield from (*_items(value.left), *_items(value.right))
    elif isinstance(value, ast.List | ast.Tuple):
        yield from value.elts


Names = dict[str, str]

_SAME = frozenset(
    (
        *("str", "Path", "PurePath", "PosixPath", "fspath", "abspath", "realpath", "normpath", "resolve"),
        *("absolute", "as_posix"),
    )
)


def _evaluate(node: ast.expr, names: Names, folder: str) -> str | None:
    """Return the path that an expression comes to, or None where the text does not tell."""

    def value(inner: ast.expr) -> str | None:
        return _evaluate(inner, names, folder)

    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.Name(id=name):
            return names.get(name)
        case ast.Attribute(value=inner, attr="parent"):
            return _up(value(inner), 1)
        case ast.Subscript(value=ast.Attribute(value=inner, attr="parents"), slice=ast.Constant(value=int(number))):
            return _up(value(inner), number + 1)
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return _join([value(left), value(right)])
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            parts = [value(left), value(right)]
            return "".join(part for part in parts if part is not None) if None not in parts else None
        case ast.JoinedStr(values=pieces):
            parts = [value(piece.value if isinstance(piece, ast.FormattedValue) else piece) for piece in pieces]
            return "".join(part for part in parts if part is not None) if None not in parts else None
        case ast.Call():
            return _call(node, value, folder)
    return None


def _call(node: ast.Call, value: Callable[[ast.expr], str | None], folder: str) -> str | None:
    called = getattr(node.func, "attr", None) or getattr(node.func, "id", "")
    owner = node.func.value if isinstance(node.func, ast.Attribute) else None
    if called in {"getcwd", "cwd"}:
        return folder
    arguments = [value(argument) for argument in node.args]
    if called in _SAME and not arguments and owner is not None:
        return value(owner)
    if called == "as_uri" and owner is not None:
        path = value(owner)
        return None if path is None else f"file://{path}"
    if called in _SAME and arguments:
        return _join(arguments) if called in {"Path", "PurePath", "PosixPath"} else arguments[0]
    if called == "dirname" and arguments:
        return _up(arguments[0], 1)
    if called == "join" and arguments:
        return _join(arguments)
    return _join([value(owner), *arguments]) if called == "joinpath" and owner is not None else None


def _join(parts: list[str | None]) -> str | None:
    known = [part for part in parts if part is not None]
    return join(known[0], *known[1:]) if known and len(known) == len(parts) else None


def _up(path: str | None, levels: int) -> str | None:
    """Return the folder some levels above a path; above the top is the top."""
    for _ in range(levels):
        path = None if path is None else dirname(path) if path.strip("/.") else join(path or ".", "..")
    return path
