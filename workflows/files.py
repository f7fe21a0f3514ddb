"""Taking the files of one shop, on a Temporal Schedule."""

from __future__ import annotations

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

from activities.contracts import LIST_FILES, TAKE_FILE, FileAsk, FileOutcome, FilesAsk
from domain.texts import text
from workflows.contracts import PULL_FILES_WORKFLOW, FilesStart
from workflows.steps import partner


@workflow.defn(name=PULL_FILES_WORKFLOW)
class PullFilesWorkflow:
    """Every minute and for each shop with a drop: take the files that are complete, the oldest first."""

    @workflow.run
    async def run(self, start: FilesStart) -> int:
        """How many orders were news."""
        listed = await partner(LIST_FILES, FilesAsk(start.feed, start.shop))
        orders = rejects = failed = 0
        for n, file in enumerate(listed.ready):
            rest = len(listed.ready) - n - 1 + listed.waiting
            workflow.set_current_details(
                text("files.progress", name=file.name, rest=rest, orders=orders, rejects=rejects, failed=failed)
            )
            try:
                taken = await partner(TAKE_FILE, FileAsk(start.feed, start.shop, file), name=file.name)
            except ActivityError as error:
                if is_cancelled_exception(error):
                    raise
                failed += 1  # in sight there; the next turn tries it again, and the others come before
                continue
            orders += taken.orders if taken.outcome is FileOutcome.TAKEN else 0
            rejects += taken.rejects if taken.outcome is FileOutcome.TAKEN else 0
        workflow.set_current_details(
            text("files.progress", name="-", rest=listed.waiting, orders=orders, rejects=rejects, failed=failed)
        )
        return orders
