"""Stock that goes in and out of the pool: warehouses' own figures."""

from __future__ import annotations

SUPPLY: dict[str, tuple[str, str]] = {
    "listings.channel": ("渠道", "channel"),
    "listings.shop": ("店铺", "shop"),
    "listings.sku": ("商品", "SKU"),
    "listings.item_id": ("平台商品 ID", "item"),
    "listings.sku_id": ("平台规格 ID", "listing's SKU"),
    "listings.pieces": ("库存数", "pieces"),
    "listings.told_at": ("更新时间", "told at"),
    "listings.trouble": ("问题", "trouble"),
    "listings.at": ("时间", "at"),
    "listings.status": ("结果", "outcome"),
    "listings.inputs": ("公式取值", "inputs"),
    "listings.status.asked": ("已发出", "asked"),
    "listings.status.taken": ("已接受", "taken"),
    "listings.status.refused": ("未接受", "not taken"),
    "listings.status.unknown": ("结果未知", "not known"),
    "listings.no_column": ("缺少列：{columns}", "columns are missing: {columns}"),
    "listings.no_csv": ("不是可读取的 CSV 文件：{why}", "not a CSV file that can be read: {why}"),
    "listings.bad_row": ("第 {row} 行：{why}", "row {row}: {why}"),
    "listings.no_channel": ("没有渠道 {channel}", "there is no channel {channel}"),
    "listings.empty": ("{column} 不能为空", "{column} is empty"),
    "listings.taken": (
        "新增 {added}，变更 {changed}，不变 {same}，有问题 {bad}",
        "{added} added, {changed} changed, {same} as before, {bad} bad",
    ),
    "step.publish_stock": ("向渠道发布库存", "tell channels their stock"),
    "stock.not_taken": ("{count} 个库存数未被渠道接受", "{count} figures were not taken"),
    "task.stock_not_told": (
        "{channel}店铺 {shop} 的商品 {sku}（{listing}）库存未能更新为 {pieces}：{why}",
        "{channel} shop {shop}: the stock of {sku} ({listing}) could not be set to {pieces}: {why}",
    ),
    "task.stock_rule_broken": (
        "商品 {sku} 的库存发布规则有误，暂不发布：{why}",
        "the rule for publishing the stock of {sku} is broken, nothing is told: {why}",
    ),
    "task.stock_takes_none": (
        "{channel}不支持库存同步，店铺 {shop} 的商品 {sku} 不会更新，请移除该映射或在平台后台维护",
        "{channel} takes no stock figures: {sku} in shop {shop} is not told; remove the listing, or keep it by hand",
    ),
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
