"""What people read of a dry run: what a table is asked about, what was tried, and what would change."""

from __future__ import annotations

DRY_RUNS: dict[str, tuple[str, str]] = {
    "rules.run": (
        "在 {tried} {things}上试算：{changed} 个（{percent}）结果不同，{moved} 次换了行而结果不变，{failed} 个算不出来",
        "tried on {tried} {things}: {changed} ({percent}) come out differently, {moved} answers are the same by "
        "another row, {failed} cannot be answered",
    ),
    "rules.run.things.order": ("个最近的订单", "of the newest orders"),
    "rules.run.things.word": ("个对方的状态词", "words of partners"),
    "rules.run.things.listing": ("个店铺商品", "listings"),
    "rules.run.things.article": ("个有安全库存的商品", "articles with a safety stock"),
    "rules.run.things.spike": ("个统计数", "counts"),
    "rules.run.none.order": (
        "还没有订单，无从试算（这张表问的是：{asks}）；先用示例检验，或取回订单后再试",
        "there are no orders yet to try it on (it is asked about {asks}): rely on examples, or try again when orders "
        "have come",
    ),
    "rules.run.none.word": (
        "没有状态词可以试算（这张表问的是：{asks}）；请写示例检验",
        "there are no words to try it on (it is asked about {asks}): write examples",
    ),
    "rules.run.none.listing": (
        "还没有登记店铺商品，无从试算（这张表问的是：{asks}）；先用 orderhub listings import 登记，或写示例检验",
        "no listing is known yet to try it on (it is asked about {asks}): bring them with orderhub listings import, or "
        "write examples",
    ),
    "rules.run.none.article": (
        "没有设了安全库存的商品，无从试算（这张表问的是：{asks}）；先用 orderhub articles import 写明，或写示例检验",
        "no article has a safety stock to try it on (it is asked about {asks}): give safety stocks with orderhub "
        "articles import, or write examples",
    ),
    "rules.run.none.spike": (
        "近来没有统计到异常，也没有过熔断，无从试算（这张表问的是：{asks}）；请写示例检验",
        "nothing was counted of late, and nothing ever paused, to try it on (it is asked about {asks}): write examples",
    ),
    "rules.run.not_asked": (
        "这 {tried} {things}一次也没有问到这张表，看不出差别（它问的是：{asks}）；请多试一些，或写示例检验",
        "not one of {tried} {things} makes anybody ask this table, so nothing can be seen (it is asked about {asks}): "
        "try more of them, or write examples",
    ),
    "rules.run.same": ("发布它，这些都不会有任何变化", "published, it would change nothing for these"),
    "rules.run.idle": (
        "草稿有 {count} 行一次也没有命中：{rows}",
        "rows of the draft that never decide ({count}): {rows}",
    ),
    "rules.run.asks": ("这张表问的是：{asks}", "the table is asked about {asks}"),
    "rules.run.facts.order": (
        "订单按最新的内容，商品资料与仓库按现在的",
        "orders, articles and warehouses are as they are now",
    ),
    "rules.run.facts.risk_rules": (
        "买家的其他订单与退款申请按该单最近一次审单时的；其后退款的结论按现在的",
        "a buyer's other orders and what was asked back are as of the order's last review; what became of it since is "
        "as of now",
    ),
    "rules.run.facts.duplicate_rules": (
        "只看当时还在的、更早的订单：按该单最近一次审单时",
        "only earlier orders count that were still there at the order's last review",
    ),
    "rules.run.facts.declaration_rules": (
        "申报日期按该单最近一次审单的那天；补充的申报要素按现在的",
        "the day is that of the order's last review; what was supplied for a declaration is as of now",
    ),
    "rules.run.facts.official_days": (
        "各订单从最近一次审单的那天算起，只问到其时限与发货日为止：其后的日子（如明年的）问不到，请用示例核对",
        "each order is reckoned from the day of its last review, and asks no further than its deadlines and the day on "
        "which it leaves: examples show what later days (next year's) are",
    ),
    "rules.run.facts.word": (
        "包括来过而没有意义的词，以及现行版本已映射的词；草稿删去的词由连接器自己的词表解释",
        "these are words that came and meant nothing, and all that the version in force maps; of a word that the draft "
        "leaves out, the connector's own list decides",
    ),
    "rules.run.facts.listing": ("库存按此刻的", "stock is as of now"),
    "rules.run.facts.article": (
        "库存与销量按此刻的；只有低于安全库存的才建议采购",
        "stock and sales are as of now; only of what is below its safety stock is more suggested",
    ),
    "rules.run.facts.spike": (
        "包括过去触发的熔断，以及每种窗口往回 12 段逐段统计的数；实际每分钟都统计，峰值可能更高",
        "these are what led to pauses, and the counts of the last 12 windows of each length; in fact "
        "it is counted every minute, and may be higher at times",
    ),
    "rules.run.total.due_fen": (
        "这些订单按促销应付合计：{before} 元 → {after} 元（不计每人限次）",
        "by the promotions these orders cost {before} yuan now and {after} yuan then (limits per buyer left out)",
    ),
    "rules.run.total.held": ("转质控的订单：{before} → {after}", "orders held for quality control: {before} → {after}"),
    "rules.run.total.pieces": ("发布的件数合计：{before} → {after}", "pieces published in all: {before} → {after}"),
    "rules.run.total.quantity": (
        "建议采购的件数合计：{before} → {after}",
        "pieces to order in all: {before} → {after}",
    ),
    "rules.run.total.paused": ("触发熔断：{before} → {after}", "pauses: {before} → {after}"),
    "rules.run.effect.due_fen": ("应付 {before} → {after} 元", "costs {before} → {after} yuan"),
    "rules.run.effect.held": ("转质控：{before} → {after}", "held: {before} → {after}"),
    "rules.run.effect.pieces": ("{before} → {after} 件", "{before} → {after} pieces"),
    "rules.run.effect.quantity": ("建议采购 {before} → {after} 件", "to order {before} → {after}"),
    "rules.run.effect.paused": ("熔断：{before} → {after}", "pauses: {before} → {after}"),
    "rules.run.yes": ("是", "yes"),
    "rules.run.no": ("否", "no"),
    "rules.run.nothing": ("无", "nothing"),
    "rules.run.count": ("数量", "how many"),
    "rules.run.examples": ("例如", "such as"),
    "rules.run.before": ("现在", "now"),
    "rules.run.after": ("草稿", "draft"),
    "rules.run.what": ("变化", "what changes"),
    "rules.run.places": ("各行换了先后", "rows change places"),
    "rules.run.more_rows": ("还有 {count} 行，用 --json 看全部", "and {count} more rows: --json shows all"),
    "rules.run.more": ("还有 {count} 种，用 --json 看全部", "and {count} more kinds: --json shows all"),
    "rules.asks.anomalies": (
        "某个对象在一个统计窗口内的异常数",
        "what was counted of a slice within a window",
    ),
    "rules.asks.approvals": (
        "订单及其每个商品类别",
        "an order, and each class of its goods",
    ),
    "rules.asks.compliance_rules": (
        "订单里每个有类别的商品",
        "each article of an order that has a class",
    ),
    "rules.asks.courier_days": (
        "订单可由哪个仓库、哪家快递送到收货地",
        "the way of an order from each warehouse that might send it",
    ),
    "rules.asks.courier_plan": (
        "订单",
        "an order",
    ),
    "rules.asks.credit_rules": (
        "订单",
        "an order",
    ),
    "rules.asks.declaration_rules": (
        "发往境外的订单及其每个商品类别",
        "an order that goes abroad, and each class of its goods",
    ),
    "rules.asks.distance_zones": (
        "订单从每个可能发货的仓库到收货地",
        "the way of an order from each warehouse that might send it",
    ),
    "rules.asks.duplicate_rules": (
        "一小时内同一买家先下过同样一单的订单",
        "an order whose buyer ordered the same within the hour before",
    ),
    "rules.asks.extension_fields": (
        "订单、订单的每一行与客户",
        "an order, each of its lines, and its customer",
    ),
    "rules.asks.freight": (
        "订单从每个可能发货的仓库到收货地",
        "the way of an order from each warehouse that might send it",
    ),
    "rules.asks.invoice_types": (
        "订单及其每个商品类别",
        "an order, and each class of its goods",
    ),
    "rules.asks.list_prices": (
        "订单里的每个商品，按下单时",
        "each article of an order, as of its placing",
    ),
    "rules.asks.merge_rules": (
        "订单",
        "an order",
    ),
    "rules.asks.pricing": (
        "订单",
        "an order",
    ),
    "rules.asks.official_days": (
        "订单各阶段的时限与各仓发货所经的日子（只问按节假日休息的）",
        "the days until an order's deadlines, and until a warehouse sends it, where holidays are rested on",
    ),
    "rules.asks.production_steps": (
        "订单里的每个商品",
        "each article of an order",
    ),
    "rules.asks.promotion_stacking": (
        "订单，按下单时",
        "an order, as of its placing",
    ),
    "rules.asks.promotions": (
        "订单里的每个商品，按下单时",
        "each article of an order, as of its placing",
    ),
    "rules.asks.publish_stock": (
        "店铺里在卖的每个商品",
        "a listing of a shop",
    ),
    "rules.asks.region_zones": (
        "订单收货地与每个可能发货的仓库",
        "an order's receiver, and each warehouse that might send it",
    ),
    "rules.asks.replenishment": (
        "有安全库存的商品",
        "an article with a safety stock",
    ),
    "rules.asks.risk_rules": (
        "订单与它的买家",
        "an order and its buyer",
    ),
    "rules.asks.routing_strategies": (
        "订单",
        "an order",
    ),
    "rules.asks.silence": (
        "订单的快递、收货地区与每个物流阶段",
        "an order's courier and region, in each phase of its way",
    ),
    "rules.asks.sla_calendars": (
        "订单的每个阶段",
        "each stage of an order",
    ),
    "rules.asks.sla_clock": (
        "每个阶段与每种挂起原因",
        "each stage of an order and each reason to hold it",
    ),
    "rules.asks.sla_escalation": (
        "订单的每个阶段",
        "each stage of an order",
    ),
    "rules.asks.sla_limits": (
        "订单的每个阶段",
        "each stage of an order",
    ),
    "rules.asks.split_rules": (
        "订单",
        "an order",
    ),
    "rules.asks.status_map": (
        "对方的每个状态词",
        "a partner's word",
    ),
    "rules.asks.tax_rates": (
        "订单里每个商品的类别",
        "the class of each article of an order",
    ),
    "rules.asks.work_centres": (
        "按单生产商品的每道工序",
        "each step of goods that are made to order",
    ),
}
