"""The turn of one shop's files: one after the other, and one that fails keeps none of the others waiting."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from temporalio import activity
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import Client, WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

from activities.contracts import LIST_FILES, TAKE_FILE, FileAsk, FileFact, FileOutcome, FilesAsk, FilesListed, FileTaken
from tests.sandboxed import sandboxed
from workflows.contracts import PULL_FILES_WORKFLOW, FilesStart
from workflows.files import PullFilesWorkflow

START = FilesStart("jd/files", "10001")


class Files:
    """A shop's drop as the activities tell of it."""

    def __init__(self, **files: FileTaken | Exception) -> None:
        self.files = files
        self.asked: list[str] = []
        self.waiting = 0

    @activity.defn(name=LIST_FILES.name)
    async def list(self, ask: FilesAsk) -> FilesListed:
        assert (ask.feed, ask.shop) == (START.feed, START.shop)
        return FilesListed([FileFact(name, 1, "x") for name in self.files], self.waiting)

    @activity.defn(name=TAKE_FILE.name)
    async def take(self, ask: FileAsk) -> FileTaken:
        self.asked.append(ask.file.name)
        outcome = self.files[ask.file.name]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


@asynccontextmanager
async def turn(client: Client, files: Files) -> AsyncIterator[WorkflowHandle[PullFilesWorkflow, int]]:
    queue = f"files-{uuid.uuid4()}"
    async with Worker(
        client,
        task_queue=queue,
        workflows=[PullFilesWorkflow],
        activities=[files.list, files.take],
        workflow_runner=sandboxed(),
    ):
        yield await client.start_workflow(PULL_FILES_WORKFLOW, START, id=queue, task_queue=queue, result_type=int)


async def details(handle: WorkflowHandle[PullFilesWorkflow, int]) -> str:
    described = await handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
    return str(described.current_details)


async def test_all_files_are_taken_in_their_order(client: Client) -> None:
    files = Files(
        a=FileTaken(FileOutcome.TAKEN, rows=5, orders=3, known=1, rejects=1),
        b=FileTaken(FileOutcome.REPEATED, rows=5, orders=3),
        c=FileTaken(FileOutcome.TAKEN, rows=2, orders=2),
    )
    files.waiting = 4
    async with turn(client, files) as handle:
        assert await handle.result() == 5
        assert files.asked == ["a", "b", "c"]
        assert await details(handle) == "文件 -，还有 4 个；新订单 5，不合格行 1，失败 0"


async def test_a_file_that_fails_keeps_none_of_the_others_waiting(client: Client) -> None:
    broken = ApplicationError("broken", non_retryable=True)
    files = Files(a=broken, b=FileTaken(FileOutcome.TAKEN, rows=1, orders=1))
    async with turn(client, files) as handle:
        assert await handle.result() == 1
        assert files.asked == ["a", "b"]
        assert (await details(handle)).endswith("失败 1")


async def test_nothing_there(client: Client) -> None:
    async with turn(client, Files()) as handle:
        assert await handle.result() == 0


def test_a_failing_file_is_not_tried_for_ever() -> None:
    assert 1 < TAKE_FILE.retry.maximum_attempts < 10
    assert TAKE_FILE.heartbeat is not None
