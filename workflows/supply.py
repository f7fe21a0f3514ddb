"""What goes in and out of the stock pool by itself, each a short workflow on a Temporal Schedule."""

from __future__ import annotations

from temporalio import workflow

from activities.contracts import COMPARE_SHELVES, CompareAsk
from domain.texts import text
from workflows.contracts import COMPARE_SHELVES_WORKFLOW, CompareStart
from workflows.steps import partner


@workflow.defn(name=COMPARE_SHELVES_WORKFLOW)
class CompareShelvesWorkflow:
    """Every minute: compare what is due with the warehouse's own figures."""

    @workflow.run
    async def run(self, start: CompareStart) -> int:
        """How many articles differ."""
        compared = await partner(COMPARE_SHELVES, CompareAsk(start.batch, start.every_s, start.again_s))
        if compared.differing:
            workflow.set_current_details(text("stock.differing", count=compared.differing))
        return compared.differing
