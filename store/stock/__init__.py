"""The stock pool: one for all warehouses and channels, exact whoever takes of it at the same moment.

Each (SKU, warehouse) has pieces on hand; of these some are reserved for orders and some frozen by transfers, and the
rest is free to lock. Beside them it has defective pieces and pieces on their way from another warehouse. Whoever moves
something holds the row, and writes a line of the append-only ledger; the ledger's sums are the stock.

| file | subject |
|---|---|
| `nouns` | the words, and why something is refused |
| `moving` | one guarded movement and its line in the ledger; in which order rows are locked |
| `goods` | receive, adjust, count, defective, scrap |
| `snapshot` | what can be had, for whoever plans picks |
| `claiming` | locking picks of many orders at once, each all or nothing |
| `together` | the same for callers that come at the same moment |
| `reserving` | what one order does: lock, plan again, fit, free, ship |
| `parts` | what leaves with one consignment |
| `shares` | how much of the pool a channel may take |
| `incoming` | purchases that orders wait for |
| `transfers` | goods that move between warehouses |
| `freezes` | what transfers bind, and when it is free again |

Rows are locked in this order by everybody: plans of orders, transfers, purchases, reservations, stock (by SKU and
warehouse), what channels have.
"""

from __future__ import annotations

from store.stock.claiming import Answer, Claim, claim_all
from store.stock.goods import adjust, count, mark_defective, receive, scrap
from store.stock.incoming import (
    Arrived,
    PurchasePromised,
    UnknownPurchase,
    call_off,
    expect,
    purchases,
    receive_incoming,
)
from store.stock.nouns import (
    CountBelowBound,
    Kind,
    Movement,
    Pick,
    ReservationChanged,
    StaleReservation,
    StaleSnapshot,
    StockBroken,
    StockShort,
)
from store.stock.parts import ship_part
from store.stock.reserving import (
    channel_of,
    free_excess,
    release,
    replan,
    reservation_token,
    reservations,
    reserve,
    reserve_plan,
    ship,
)
from store.stock.shares import ALL, list_shares, remove_share, set_share
from store.stock.snapshot import Incoming, OnHand, Snapshot, snapshot
from store.stock.together import Plain, Reserving, Wish
from store.stock.transfers import (
    FROZEN_FOR,
    Sent,
    TransferChanged,
    UnknownTransfer,
    cancel,
    freeze,
    let_expired_go,
    list_transfers,
    send,
    take_in,
)

__all__ = [
    "ALL",
    "FROZEN_FOR",
    "Answer",
    "Arrived",
    "Claim",
    "CountBelowBound",
    "Incoming",
    "Kind",
    "Movement",
    "OnHand",
    "Pick",
    "Plain",
    "PurchasePromised",
    "ReservationChanged",
    "Reserving",
    "Sent",
    "Snapshot",
    "StaleReservation",
    "StaleSnapshot",
    "StockBroken",
    "StockShort",
    "TransferChanged",
    "UnknownPurchase",
    "UnknownTransfer",
    "Wish",
    "adjust",
    "call_off",
    "cancel",
    "channel_of",
    "claim_all",
    "count",
    "expect",
    "free_excess",
    "freeze",
    "let_expired_go",
    "list_shares",
    "list_transfers",
    "mark_defective",
    "purchases",
    "receive",
    "receive_incoming",
    "release",
    "remove_share",
    "replan",
    "reservation_token",
    "reservations",
    "reserve",
    "reserve_plan",
    "scrap",
    "send",
    "set_share",
    "ship",
    "ship_part",
    "snapshot",
    "take_in",
]
