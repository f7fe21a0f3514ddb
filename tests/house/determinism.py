"""The check that workflow code stays replayable: `python -m tests.house.determinism workflows`.

Forbidden in `workflows/`: raising anything but ApplicationError (a plain exception retries the workflow task for ever),
the wall clock, randomness, floats, files, processes, threads, the network, and every import outside a short list.
Annotations are left alone: a duration that arrives as data may be typed float, only no float is made here.
It reads the syntax tree only; what it cannot see is left to the workflow sandbox and the replay tests.
"""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass
from pathlib import Path

ALLOWED_IMPORTS = frozenset(
    {
        "__future__",
        "activities.contracts",
        "asyncio",
        "collections",
        "dataclasses",
        "datetime",
        "domain",
        "enum",
        "functools",
        "temporalio",
        "typing",
        "workflows",
    }
)
"""Modules that workflow code may import, with everything below them."""

NETWORKED = frozenset({"temporalio.client", "temporalio.runtime", "temporalio.service", "temporalio.testing"})
"""Below an allowed module, and yet not for workflows."""

RAISABLE = frozenset({"temporalio.exceptions.ApplicationError", "temporalio.workflow.ContinueAsNewError"})

FORBIDDEN_NAMES = {
    "asyncio.as_completed": "order of a set; use workflow.as_completed",
    "asyncio.create_subprocess_exec": "starts a process",
    "asyncio.create_subprocess_shell": "starts a process",
    "asyncio.open_connection": "opens a connection",
    "asyncio.run": "starts a loop of its own",
    "asyncio.to_thread": "starts a thread",
    "asyncio.wait": "order of a set; use workflow.wait",
    "datetime.date.today": "wall clock; use workflow.now",
    "datetime.datetime.now": "wall clock; use workflow.now",
    "datetime.datetime.today": "wall clock; use workflow.now",
    "datetime.datetime.utcnow": "wall clock; use workflow.now",
    "domain.clock.utc_now": "wall clock; use workflow.now",
    "temporalio.workflow.unsafe.sandbox_unrestricted": "leaves the workflow sandbox",
}
"""Names that may not be mentioned at all, called or not, by what they do."""

FORBIDDEN_BUILTINS = {
    "__import__": "imports in secret",
    "eval": "runs text",
    "exec": "runs text",
    "float": "float; money is integer fen, rates are data of activities",
    "hash": "differs between processes",
    "id": "differs between processes",
    "input": "reads the terminal",
    "open": "opens a file",
}


@dataclass(frozen=True)
class Finding:
    """One thing that does not belong in workflow code."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


def check_source(source: str, file: str = "<workflow>") -> list[Finding]:
    """All findings in one module, in the order of its lines."""
    checker = _Checker(file)
    checker.visit(ast.parse(source, file))
    return sorted(checker.findings, key=lambda finding: finding.line)


def check_folder(folder: Path) -> list[Finding]:
    """All findings below a folder. Raises FileNotFoundError where there is no module to check."""
    files = sorted(folder.rglob("*.py"))
    if not files:
        raise FileNotFoundError(f"no Python module in {folder}")
    return [finding for file in files for finding in check_source(file.read_text(encoding="utf-8"), str(file))]


class _Checker(ast.NodeVisitor):
    def __init__(self, file: str) -> None:
        self.findings: list[Finding] = []
        self._file = file
        self._known: dict[str, str] = {}  # local name → dotted name of what was imported
        self._in_handler = False

    def _find(self, node: ast.stmt | ast.expr, message: str) -> None:
        self.findings.append(Finding(self._file, node.lineno, message))

    # imports

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._check_import(node, alias.name)
            top = alias.name.partition(".")[0]
            self._known[alias.asname or top] = alias.name if alias.asname else top

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if node.level:
            if node.level > 1:
                self._find(node, "import from outside the package")
            return
        module = node.module or ""
        for alias in node.names:
            dotted = f"{module}.{alias.name}"
            self._check_import(node, dotted)
            self._check_name(node, dotted)
            self._known[alias.asname or alias.name] = dotted

    def _check_import(self, node: ast.stmt, dotted: str) -> None:
        allowed = any(_within(dotted, root) for root in ALLOWED_IMPORTS)
        if not allowed or any(_within(dotted, root) for root in NETWORKED):
            self._find(node, f"import of {dotted}")

    # names

    def visit_Name(self, node: ast.Name) -> None:
        if node.id in self._known:
            self._check_name(node, self._known[node.id])
        elif isinstance(node.ctx, ast.Load) and node.id in FORBIDDEN_BUILTINS:
            self._find(node, f"{node.id}: {FORBIDDEN_BUILTINS[node.id]}")

    def visit_Attribute(self, node: ast.Attribute) -> None:
        dotted = self._dotted(node)
        if dotted is not None:
            self._check_name(node, dotted)
        self.generic_visit(node)

    def _check_name(self, node: ast.stmt | ast.expr, dotted: str) -> None:
        if dotted in FORBIDDEN_NAMES:
            self._find(node, f"{dotted}: {FORBIDDEN_NAMES[dotted]}")

    def _dotted(self, node: ast.expr) -> str | None:
        """The dotted name of what an expression refers to, through import aliases."""
        if isinstance(node, ast.Name):
            return self._known.get(node.id)
        if isinstance(node, ast.Attribute):
            base = self._dotted(node.value)
            return None if base is None else f"{base}.{node.attr}"
        return None

    # floats

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, (float, complex)):
            self._find(node, f"float literal {node.value!r}")

    def visit_BinOp(self, node: ast.BinOp) -> None:
        if isinstance(node.op, ast.Div):
            self._find(node, "true division makes floats; use //")
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.op, ast.Div):
            self._find(node, "true division makes floats; use //=")
        self.generic_visit(node)

    # raising

    def visit_Raise(self, node: ast.Raise) -> None:
        if node.exc is None:
            if not self._in_handler:
                self._find(node, "bare raise outside of except")
        else:
            raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            if self._dotted(raised) not in RAISABLE:
                self._find(node, f"raise of {ast.unparse(raised)}; only ApplicationError ends a workflow")
        self.generic_visit(node)

    def visit_Assert(self, node: ast.Assert) -> None:
        self._find(node, "assert raises a plain exception")
        self.generic_visit(node)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        outside, self._in_handler = self._in_handler, True
        self.generic_visit(node)
        self._in_handler = outside

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._visit_function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._visit_function(node)

    def _visit_function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        # A function that is defined inside an except clause runs later, when there may be nothing to re-raise.
        outside, self._in_handler = self._in_handler, False
        for part in (*node.decorator_list, node.args, *node.body):
            self.visit(part)
        self._in_handler = outside

    # annotations

    def visit_arg(self, node: ast.arg) -> None:
        """Nothing in it runs."""

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        for part in (node.target, node.value):
            if part is not None:
                self.visit(part)


def _within(dotted: str, root: str) -> bool:
    return dotted == root or dotted.startswith(f"{root}.")


def main(folders: list[str]) -> int:
    """Print the findings of each folder; 0 when there are none."""
    findings = [finding for folder in folders for finding in check_folder(Path(folder))]
    sys.stdout.writelines(f"{finding}\n" for finding in findings)
    return 1 if findings or not folders else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
