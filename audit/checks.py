"""All checks, in the order in which they are reported."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum

from audit.approvals import approvals_given
from audit.cancelled import cancelled_undone
from audit.channels import told_once
from audit.credit import credit_settled
from audit.credit_limits import credit_limits_kept
from audit.deadlines import deadlines_follow
from audit.evidence import Evidence
from audit.gifts import gifts_given
from audit.golden import golden_sequence
from audit.holds import holds_closed
from audit.inbox import inbox_empty
from audit.interceptions import intercepted_once
from audit.listings import stock_told
from audit.merges import merges_kept
from audit.messages import messages_once
from audit.orders import orders_arrived, orders_ended
from audit.parcels import parcels_are_the_order
from audit.pauses import pauses_kept
from audit.pool import pool_bound, shares_kept
from audit.report import Outcome
from audit.rules import rules_unmixed
from audit.shadows import shadow_silent
from audit.splits import splits_sum
from audit.stock import not_oversold, stock_conserved
from audit.warehouse import warehouse_once
from audit.waybills import ciphertext_kept, one_live_waybill


class UseOfBooks(Enum):
    """What a check does with the partners' books."""

    NONE = "none"
    COMPARED = "compared"
    """Looks at the store without them, at both with them."""
    NEEDED = "needed"


@dataclass(frozen=True)
class Check:
    """One check. `what` says what it proves; `at_end` that it makes sense only when nothing moves any more."""

    name: str
    what: str
    run: Callable[[Evidence], Awaitable[Outcome]]
    books: UseOfBooks
    at_end: bool = False


_NONE, _COMPARED, _NEEDED = UseOfBooks

CHECKS: tuple[Check, ...] = (
    Check("orders_arrived", "every paid order of the channels is here, as it is there", orders_arrived, _NEEDED),
    Check("orders_ended", "every order is at its right end", orders_ended, _COMPARED, at_end=True),
    Check("shadow_silent", "orders in shadow are decided, and nothing of them is sent", shadow_silent, _COMPARED),
    Check("golden_sequence", "golden states one by one, never back, none skipped", golden_sequence, _NONE),
    Check(
        "credit_limits_kept", "no order was let in over its customer's limit but by a person", credit_limits_kept, _NONE
    ),
    Check("approvals_given", "nothing passed without the approvals that the table demanded", approvals_given, _NONE),
    Check("stock_conserved", "stock adds up: ledger, reservations, what was ordered", stock_conserved, _NONE),
    Check("pool_bound", "frozen, promised and counted is what transfers and orders say", pool_bound, _NONE),
    Check("shares_kept", "no channel locked more of the pool than its share", shares_kept, _NONE),
    Check("not_oversold", "nothing is locked or shipped that was not received", not_oversold, _NONE),
    Check("one_live_waybill", "at most one live waybill per parcel, anywhere", one_live_waybill, _COMPARED),
    Check("told_once", "the channel was told of each parcel once, with its live number", told_once, _NEEDED),
    Check("intercepted_once", "couriers stop parcels when we ask, and are asked once", intercepted_once, _COMPARED),
    Check("stock_told", "channels have the stock figure that they were told last", stock_told, _NEEDED),
    Check("warehouse_once", "the warehouse has each order once, as ordered and demanded", warehouse_once, _NEEDED),
    Check("gifts_given", "every gift is in a parcel that left, or off with its main line", gifts_given, _COMPARED),
    Check("parcels_complete", "all parcels together are the order", parcels_are_the_order, _NONE),
    Check("merges_kept", "orders packed together have one receiver, one number for a box", merges_kept, _NONE),
    Check("cancelled_undone", "of a cancelled order nothing is left", cancelled_undone, _COMPARED),
    Check("splits_sum", "every split sums to its order, to the fen", splits_sum, _COMPARED),
    Check("ciphertext_kept", "encrypted receivers stay with their platform", ciphertext_kept, _COMPARED),
    Check("messages_once", "no message is sent twice", messages_once, _NEEDED),
    Check("credit_settled", "reserved credit is used or freed", credit_settled, _COMPARED, at_end=True),
    Check("rules_unmixed", "each step was decided by one version of a rule set", rules_unmixed, _NONE),
    Check("deadlines_follow", "a stage has an open deadline while its order is in it", deadlines_follow, _NONE),
    Check("pauses_kept", "nothing of a slice passed its step while that was paused", pauses_kept, _COMPARED),
    Check("inbox_empty", "no document is left lying", inbox_empty, _NONE, at_end=True),
    Check("holds_closed", "every hold has an exit, closed orders have none open", holds_closed, _NONE),
)
