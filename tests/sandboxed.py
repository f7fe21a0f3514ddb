"""The SDK's sandbox for workflows, as the worker has it, for tests that make a worker each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from worker import workflow_runner

_looked_at: set[type[Any]] = set()


@dataclass(frozen=True)
class SandboxedOnce(SandboxedWorkflowRunner):
    """Loads each workflow on trial once in a process.

    The SDK does it for every worker and all its workflows: that was a third of a second for each test.
    """

    def prepare_workflow(self, defn: Any) -> None:
        """Raise what loading it raises."""
        if defn.cls not in _looked_at:
            super().prepare_workflow(defn)
            _looked_at.add(defn.cls)


def sandboxed() -> SandboxedOnce:
    """A runner with the worker's own restrictions."""
    return SandboxedOnce(cast(SandboxedWorkflowRunner, workflow_runner(sandboxed=True)).restrictions)
