"""A house that merges the orders of its own shops, its mini-programs and its tills."""

from __future__ import annotations

from domain.clock import utc_now
from domain.rulesets import RuleEvent, What
from rules import engine
from rules.documents import version_of
from tests.rules.documents import changed

MERGES = changed("merge_rules", "open", merge="true", most="3")


def merging() -> None:
    """This process decides so from now on; `engine.use(engine.Book())` ends it."""
    version = version_of(MERGES)
    event = RuleEvent(1, "merge_rules", version, What.PUBLISHED, "li", "", utc_now(), begins=utc_now())
    engine.use(engine.Book([event], [engine.Table("merge_rules", MERGES)]))
