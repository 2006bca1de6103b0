"""Reads every module of webapp and tests as a syntax tree, with its imports."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeGuard

ROOT = Path(__file__).resolve().parents[2]
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, order=True)
class Import:
    """One imported module, by its full name. `import webapp`, for its folder, is none."""

    name: str
    line: int


@dataclass(frozen=True)
class Module:
    """One Python file. `name` is its dotted name, a package's without `__init__`."""

    path: Path
    name: str

    @cached_property
    def text(self) -> str:
        return self.path.read_text()

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def place(self) -> str:
        return str(self.path.relative_to(ROOT))

    def at(self, node: ast.AST) -> str:
        """Where a node stands, as editors understand it."""
        return f"{self.place}:{getattr(node, 'lineno', 1)}"

    @cached_property
    def imports(self) -> list[Import]:
        """What is imported anywhere in the module, also what only the type checker sees."""
        found = []
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names if alias.name != "webapp"]
                found += [Import(name, node.lineno) for name in names]
            elif isinstance(node, ast.ImportFrom):
                found += [Import(name, node.lineno) for name in self._taken_from(node)]
        return sorted(set(found))

    @cached_property
    def functions(self) -> list[Function]:
        return [node for node in ast.walk(self.tree) if is_function(node)]

    def calls(self, *names: str) -> Iterator[ast.Call]:
        """Calls whose dotted form is, or ends in `.` and, one of `names`."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call) and written(node.func).endswith(names):
                dotted = written(node.func)
                if any(dotted == name or dotted.endswith(f".{name}") for name in names):
                    yield node

    def _taken_from(self, node: ast.ImportFrom) -> list[str]:
        base = node.module or ""
        if node.level:
            package = self.name.split(".")
            if self.path.name != "__init__.py":
                package = package[:-1]
            package = package[: len(package) - node.level + 1]
            base = ".".join([*package, *([base] if base else [])])
        return [
            full if (full := f"{base}.{alias.name}") in names_of_modules() else base
            for alias in node.names
        ]


def is_function(node: ast.AST) -> TypeGuard[Function]:
    return isinstance(node, Function)


def written(node: ast.AST) -> str:
    """A name or attribute as it is written: `store.commit`."""
    return ast.unparse(node) if isinstance(node, ast.Name | ast.Attribute) else ""


def modules(under: str = "webapp") -> list[Module]:
    """Every module under a folder of the repository, migrations' scripts left out."""
    return [
        Module(path, _name(path))
        for path in sorted((ROOT / under).rglob("*.py"))
        if "versions" not in path.parts
    ]


def names_of_modules() -> frozenset[str]:
    """The dotted names of everything in webapp."""
    if not _names:
        _names.update(_name(path) for path in (ROOT / "webapp").rglob("*.py"))
    return frozenset(_names)


_names: set[str] = set()


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def told(broken: list[str], remedy: str) -> str:
    """A failure message: what breaks the rule, and what to do."""
    return "\n".join(["", *broken, "", remedy])
