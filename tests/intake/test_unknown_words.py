"""A partner's word that nobody knows: a person is asked, its documents wait, and go on when it means something."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from pydantic import SecretStr
from sqlmodel import select

import connectors.jd.orders  # noqa: F401 - its words are to be known here
import domain.words
from connectors.errors import DocumentUnreadable
from connectors.kdniao import KdniaoPush, KdniaoSettings
from connectors.ports import Document
from domain.clock import utc_now
from domain.words import About, Act, Entry, Glossary, UnknownWord, Word, take_heard, translate_by
from rules import engine
from rules.documents import version_of
from rules.statuses import NAME
from runtime.rules import RuleKeeper
from runtime.words import keep_heard
from store import rules, words
from store.orders import Untold
from store.rules import Version
from store.tables import ParcelRow, TaskRow, WaybillRow
from tests.intake.stage import ScriptedSource, Stage
from tests.rules.test_statuses import with_row
from tests.store.test_shipping import parcel, waybill

WORD = Word("jd", About.ORDER, "ON_HOLD")


@pytest.fixture(autouse=True)
def _nothing_heard() -> Iterator[None]:
    take_heard()
    yield
    take_heard()
    translate_by(None)
    engine.use(engine.Book())


def unreadable() -> DocumentUnreadable:
    try:
        try:
            raise UnknownWord(WORD, "unknown order state ON_HOLD")
        except ValueError as error:
            raise DocumentUnreadable("jd", str(error)) from None
    except DocumentUnreadable as outer:
        return outer


async def tasks(stage: Stage) -> list[TaskRow]:
    async with stage.db.reading() as tx:
        return list((await tx.execute(select(TaskRow).where(TaskRow.kind == "unknown_word"))).scalars())


async def test_a_document_waits_for_the_meaning_of_a_word(stage: Stage) -> None:
    stage.sources["jd"] = ScriptedSource("jd", unreadable(), [])
    await stage.put_news("jd", "1")
    dispatcher = stage.dispatcher()
    await dispatcher.living_documents()
    row = await stage.row("1")
    assert (row.status, row.outcome) == ("quarantined", "unknown word jd/order/ON_HOLD: unknown order state ON_HOLD")
    (task,) = await tasks(stage)
    assert (task.closed_at, task.severity) == (None, "alert")
    assert "ON_HOLD" in task.text
    assert await dispatcher.heed_words() == 0, "nobody has said what it means"

    document = with_row(partner="jd", kind="order", word="ON_HOLD", ours="LOCKED", act="take")
    async with stage.db.transaction() as tx:
        await rules.draft(tx, Version(NAME, version_of(document), document, "command", utc_now()), "li", "")
        await rules.publish(tx, NAME, version_of(document), "li", "", utc_now())
    await RuleKeeper(stage.db).look()
    later = stage.dispatcher()
    assert await later.heed_words() == 1
    await later.living_documents()
    assert (await stage.row("1")).status == "done"
    (task,) = await tasks(stage)
    assert task.closed_by == "rules"
    assert await stage.dispatcher().heed_words() == 0


async def test_only_the_documents_of_that_word_are_read_again(stage: Stage) -> None:
    other = DocumentUnreadable("jd", "no orderId")
    stage.sources["jd"] = ScriptedSource("jd", other)
    await stage.put_news("jd", "1")
    await stage.dispatcher().living_documents()
    async with stage.db.transaction() as tx:
        await words.keep(tx, WORD, 1)
        assert await words.learnt(tx, WORD) == 0
    assert (await stage.row("1")).status == "quarantined"


async def test_a_parcel_goes_on_by_itself_when_its_trackers_word_means_something(stage: Stage) -> None:
    """Pushed: the document is read again. Asked for: the tracker is asked in its next round."""
    source = KdniaoPush(KdniaoSettings(business_id="1", app_key=SecretStr("key")))
    stage.sources["kdniao"] = source
    stage.orders.running["O1"] = Untold("O1", 1, "own", "main", 0)
    async with stage.db.transaction() as tx:
        tx.add_all([parcel(), waybill("K1", number="SF1"), parcel(2), waybill("K2", "O1#2", number="SF2")])
    pushed = {"ShipperCode": "SF", "State": "499", "Traces": [{"AcceptTime": "2026-03-01 10:00:00", "Action": "499"}]}
    body = json.dumps({**pushed, "LogisticCode": "SF1"})
    await stage.put(Document("kdniao", "tracking", "SF1:digest", 0, body))
    other = json.dumps({**pushed, "LogisticCode": "SF1", "State": "2", "Traces": []})
    await stage.put(Document("kdniao", "tracking", "SF1:before", 0, other))
    await stage.dispatcher().living_documents()
    await keep_heard(stage.db)
    row = await stage.row("SF1:digest")
    assert (row.status, row.outcome) == ("done", "unknown word kdniao/parcel/499: kept"), "it stops nothing"
    assert len(await tasks(stage)) == 1
    async with stage.db.transaction() as tx:
        for key in ("K1", "K2"):
            bill = await tx.get_one(WaybillRow, key)
            bill.unknown_word, bill.last_news_at = "kdniao/parcel/499", utc_now()

    document = with_row(partner="kdniao", kind="parcel", word="499", ours="SIGNED", act="take")
    async with stage.db.transaction() as tx:
        await rules.draft(tx, Version(NAME, version_of(document), document, "command", utc_now()), "li", "")
        await rules.publish(tx, NAME, version_of(document), "li", "", utc_now())
    await RuleKeeper(stage.db).look()
    later = stage.dispatcher()
    assert await later.heed_words() == 1
    assert (await stage.row("SF1:before")).status == "done", "what says nothing of the word is not read again"
    await later.living_documents()
    assert [(order_id, name) for order_id, name, *_ in stage.orders.told] == [("O1", "tracked")]
    assert (await stage.row("SF1:digest")).outcome == "told"
    async with stage.db.reading() as tx:
        assert (await tx.get_one(ParcelRow, "O1#1")).status == "signed"
        assert (await tx.get_one(WaybillRow, "K1")).unknown_word == ""
        asked = await tx.get_one(WaybillRow, "K2")
        assert (asked.unknown_word, asked.last_news_at) == ("kdniao/parcel/499", None)


async def test_words_that_no_document_hangs_on_are_asked_about_and_counted(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Other tests look at those of the connectors.
    monkeypatch.setattr(domain.words, "GLOSSARIES", dict(domain.words.GLOSSARIES))
    glossary: Glossary = Glossary("jd", About.PARCEL, Act, {})  # type: ignore[type-arg]
    for _ in range(2):
        with pytest.raises(UnknownWord):
            glossary.sense("LOST_IN_SPACE")
    before = utc_now()
    await keep_heard(stage.db)
    await keep_heard(stage.db)
    with pytest.raises(UnknownWord):
        glossary.sense("LOST_IN_SPACE")
    await keep_heard(stage.db)
    async with stage.db.reading() as tx:
        (heard,) = await words.since(tx, before)
        assert (heard.word.key, heard.times) == ("jd/parcel/LOST_IN_SPACE", 3)
        assert await words.since(tx, utc_now()) == []
    assert len(await tasks(stage)) == 1
    # Closed by a person, it is opened again when the word comes again.
    async with stage.db.transaction() as tx:
        await words.learnt(tx, heard.word)
        await words.keep(tx, heard.word, 1)
    (task,) = await tasks(stage)
    assert task.closed_at is None
    translate_by(lambda word: Entry(Act.TAKE, "take") if word == heard.word else None)
    await stage.dispatcher().heed_words()
    (task,) = await tasks(stage)
    assert task.closed_by == "rules"
