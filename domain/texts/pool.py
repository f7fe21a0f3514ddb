"""The stock pool: what people do with it, and what they are told."""

from __future__ import annotations

POOL: dict[str, tuple[str, str]] = {
    "pool.sku": ("商品", "SKU"),
    "pool.warehouse": ("仓库", "warehouse"),
    "pool.on_hand": ("在库", "on hand"),
    "pool.reserved": ("订单占用", "reserved"),
    "pool.frozen_pieces": ("调拨冻结", "frozen"),
    "pool.free": ("可用", "free"),
    "pool.defective_pieces": ("残次", "defective"),
    "pool.in_transit": ("在途", "in transit"),
    "pool.short": (
        "库存不足：{missing}；已被订单占用或调拨冻结的不能动，先用 orderhub stock show 查看",
        "too few are free: {missing}; what is locked for orders or frozen stays: see orderhub stock show",
    ),
    "pool.count_below": (
        "盘点数 {counted} 少于已占用：订单 {reserved}、冻结 {frozen}；请先释放订单或取消调拨，或重新盘点",
        "{counted} counted, but {reserved} are locked for orders and {frozen} frozen:"
        " free some of these first, or count again",
    ),
    "pool.unknown": ("没有找到：{what}", "not found: {what}"),
    "pool.refused": ("不能这样做：{why}", "this is not done: {why}"),
    "pool.received": (
        "{warehouse} 收到 {sku} {count} 件（{note}）",
        "{count} × {sku} received at {warehouse} ({note})",
    ),
    "pool.received_before": ("送货单 {note} 已入库，未重复登记", "delivery note {note} was booked before"),
    "pool.before": ("{paper} 已登记过，未重复登记", "{paper} was booked before"),
    "pool.adjusted": ("{warehouse} 的 {sku} 已调整 {count}", "{sku} in {warehouse} was corrected by {count}"),
    "pool.counted": (
        "{warehouse} 的 {sku} 盘点为 {counted}，差异 {difference}",
        "{sku} in {warehouse} was counted: {counted}, a difference of {difference}",
    ),
    "pool.defective": ("{warehouse} 的 {sku} 转残次 {count} 件", "{count} of {sku} in {warehouse} are defective"),
    "pool.scrapped": ("{warehouse} 的 {sku} 报废 {count} 件", "{count} of {sku} in {warehouse} were scrapped"),
    "pool.frozen": (
        "调拨 {number}（{source} → {target}）已冻结，{until} 前未出库自动释放",
        "transfer {number} ({source} to {target}) is frozen; it is let go if it was not sent by {until}",
    ),
    "pool.frozen_before": (
        "调拨 {number}（{source} → {target}）已在冻结中，有效至 {until}",
        "transfer {number} ({source} to {target}) is frozen already, until {until}",
    ),
    "pool.sent": ("调拨 {number} 已出库，货物在途", "transfer {number} is on its way"),
    "pool.taken_in": ("调拨 {number} 已入库", "transfer {number} was taken in"),
    "pool.taken_in_before": ("调拨 {number} 已入库，未重复登记", "transfer {number} was taken in before"),
    "pool.cancelled": ("调拨 {number} 已取消，冻结已释放", "transfer {number} is cancelled, its goods are free"),
    "pool.cancelled_before": ("调拨 {number} 已没有冻结", "transfer {number} binds nothing any more"),
    "pool.expected": (
        "采购 {number}：{sku} {count} 件，预计 {day} 到 {warehouse}",
        "purchase {number}: {count} of {sku} are expected in {warehouse} by {day}",
    ),
    "pool.came": (
        "采购 {number} 已入库，{locked} 件锁给等待的订单，{ready} 个订单已到齐",
        "purchase {number} was taken in: {locked} pieces are locked for orders that waited, {ready} orders have all",
    ),
    "pool.called_off": (
        "采购 {number} 的 {sku} 未到部分已作废，{orders} 个订单需要重新分配",
        "what had not come of {sku} in purchase {number} is called off: {orders} orders must be planned again",
    ),
    "pool.share_set": (
        "{channel} 最多占 {sku} 库存的 {percent}%",
        "{channel} may take {percent} % of the pool of {sku}",
    ),
    "pool.share_removed": ("{channel} 对 {sku} 不再限额", "{channel} may take what it gets of {sku}"),
    "pool.no_share": ("{channel} 对 {sku} 没有限额", "{channel} has no share of {sku}"),
}
