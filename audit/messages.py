"""No message is sent twice."""

from __future__ import annotations

from collections import Counter

from audit.evidence import Evidence
from audit.report import Outcome


async def messages_once(evidence: Evidence) -> Outcome:
    """Each message was taken by the messenger at most once, and is one that the store wanted to send."""
    seen = Outcome()
    wanted = {notification.out_id for notification in evidence.notifications}
    messages = evidence.books.sms.messages if evidence.books else []
    for out_id, times in Counter(message.out_id for message in messages).items():
        seen.looked_at += 1
        if times > 1:
            seen.find(out_id, f"sent {times} times")
        if out_id not in wanted:
            seen.find(out_id, "sent, but the store knows nothing of it")
    return seen
