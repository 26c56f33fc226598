"""Imports that leave the service: what a Python file puts on `sys.path`, as far as its text tells."""

import ast
import warnings
from collections.abc import Callable, Iterator
from posixpath import dirname, join, normpath
from typing import NamedTuple


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
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an invalid escape in it is not this program's
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    names = {"__file__": file}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            value = _evaluate(node.value, names, folder)
            if value is not None:
                names.setdefault(node.targets[0].id, value)
    for node in ast.walk(tree):
        for expression in _added(node):
            value = _evaluate(expression, names, folder)
            if value is not None:
                found.append(PathEntry(expression.lineno, ast.unparse(expression), normpath(join(folder, value))))
    return sorted(found)


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
