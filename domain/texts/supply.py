"""Stock that goes in and out of the pool: warehouses' own figures."""

from __future__ import annotations

SUPPLY: dict[str, tuple[str, str]] = {
    "step.compare_shelves": ("与仓库核对库存", "compare stock with the warehouse"),
    "shelves.warehouse": ("仓库", "warehouse"),
    "shelves.sku": ("商品", "SKU"),
    "shelves.available": ("仓库可用", "available there"),
    "shelves.locked": ("仓库锁定", "locked there"),
    "shelves.on_hand": ("我方在库", "on hand here"),
    "shelves.told": ("已下发未出库", "told to pack"),
    "shelves.difference": ("差异", "difference"),
    "shelves.asked_at": ("核对时间", "compared at"),
    "task.stock_differs": (
        "仓库 {warehouse} 的 {sku} 库存不一致：仓库可用 {available}（另锁定 {locked}），"
        "我方在库 {on_hand}，其中已下发未出库 {told}、正在下发或撤回 {doubtful}；"
        "仓库比我方{more} {pieces} 件。{reported}"
        "请核实；确认以仓库为准时执行 orderhub stock adopt，或在接口中采纳",
        "{sku} in {warehouse} differs: the warehouse has {available} available (and {locked} locked), "
        "we have {on_hand} on hand, {told} of it told to be packed and {doubtful} being told or taken back; "
        "it has {pieces} {more}. {reported}Find out why; to go by it: orderhub stock adopt, or the staff API",
    ),
    "task.stock_more": ("多", "more"),
    "task.stock_less": ("少", "less"),
    "task.stock_unknown_there": ("仓库没有这个商品。", "The warehouse does not keep this article. "),
    "task.stock_reported": ("仓库最近上报的变动：{changes}。", "The warehouse told of these changes: {changes}. "),
    "task.stock_compare_refused": (
        "仓库 {warehouse} 拒绝库存查询，无法核对：{why}",
        "warehouse {warehouse} refuses to say what it has, so that nothing is compared: {why}",
    ),
    "stock.differing": ("{count} 个商品与仓库不一致", "{count} articles differ from the warehouse"),
    "stock.adopted": (
        "{warehouse} 的 {sku} 已按仓库数量调整 {difference}，现在库 {on_hand}",
        "{sku} in {warehouse} was changed by {difference} to what the warehouse has: {on_hand} on hand",
    ),
    "stock.never_compared": ("{warehouse} 的 {sku} 尚未核对过", "{sku} in {warehouse} was never compared"),
    "stock.difference_changed": (
        "{warehouse} 的 {sku} 现在的差异是 {now}，请重新查看",
        "{sku} in {warehouse} differs by {now} by now: look again",
    ),
    "stock.held_by_orders": (
        "不能减少：{warehouse} 的 {sku} 有订单占用，缺 {missing} 件可用",
        "{sku} in {warehouse} cannot go down: orders hold it, {missing} too few are free",
    ),
}
