"""What the extension's files import, by their syntax trees; for tests and drawings."""

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LAYERS = ("models", "neural_face_addon", "operators", "panels")


@cache
def sources() -> list[Path]:
    """Every Python file of the extension."""
    files = [ROOT / "__init__.py"]
    for layer in LAYERS:
        files += sorted((ROOT / layer).rglob("*.py"))
    return files


@dataclass(frozen=True)
class Import:
    """One imported module: its dotted name from the root, or of another package.

    Lazy ones stand in functions; those for type checkers never run.
    """

    line: int
    name: str
    relative: bool
    lazy: bool
    types_only: bool

    @property
    def top(self) -> str:
        return self.name.split(".")[0]


class _Collector(ast.NodeVisitor):
    """Collects the imports of a file."""

    def __init__(self, path: str) -> None:
        self.package = path.split("/")[:-1]
        self.found: list[Import] = []
        self.lazy = self.types_only = False

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        outer, self.lazy = self.lazy, True
        self._visit_all(node.body)
        self.lazy = outer

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815

    def visit_If(self, node: ast.If) -> None:
        if not ast.unparse(node.test).endswith("TYPE_CHECKING"):
            self.generic_visit(node)
            return
        outer, self.types_only = self.types_only, True
        self._visit_all(node.body)
        self.types_only = outer
        self._visit_all(node.orelse)

    def _visit_all(self, nodes: list[ast.stmt]) -> None:
        for node in nodes:
            self.visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._add(node, alias.name, relative=False)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if not node.level:
            self._add(node, node.module, relative=False)
            return
        kept = self.package[: len(self.package) - node.level + 1]
        base = [*kept, *(node.module.split(".") if node.module else [])]
        if node.level - 1 > len(self.package):
            base = ["(above the root)"]
        for alias in node.names:
            self._add(node, ".".join([*base, alias.name]), relative=True)

    def visit_Call(self, node: ast.Call) -> None:
        """`import_module("x")` and `__import__("x")` with a plain name are imports as well."""
        called = ast.unparse(node.func).split(".")[-1]
        first = node.args[0] if node.args else None
        if called in {"import_module", "__import__"} and isinstance(first, ast.Constant):
            name = str(first.value)
            if not name.startswith("."):
                self._add(node, name, relative=False)
        self.generic_visit(node)

    def _add(self, node: ast.AST, name: str, *, relative: bool) -> None:
        self.found.append(Import(node.lineno, name, relative, self.lazy, self.types_only))


def imports_of(path: str, source: str) -> list[Import]:
    """All imports of the file at `path`, from the root, with this text."""
    collector = _Collector(path)
    collector.visit(ast.parse(source))
    return collector.found


@cache
def files_imported(path: str) -> frozenset[str]:
    """Files of the extension that one of them imports, also lazily or for types."""
    known = {str(file.relative_to(ROOT)) for file in sources()}
    found = imports_of(path, (ROOT / path).read_text(encoding="utf-8"))
    names = [item.name.split(".") for item in found if item.relative]
    wanted = {f"{'/'.join(part)}.py" for name in names for part in (name, name[:-1])}
    return frozenset(wanted & known - {path})


def reachable(paths: set[str]) -> set[str]:
    """The files at `paths` and all that they import, directly or not."""
    found: set[str] = set()
    waiting = set(paths)
    while waiting:
        found |= waiting
        waiting = {other for path in waiting for other in files_imported(path)} - found
    return found
