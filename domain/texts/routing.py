"""Where an order comes from and by when it is promised, in words."""

from __future__ import annotations

ROUTING: dict[str, tuple[str, str]] = {
    "routing.alone": (
        "由仓库 {warehouse} 整单发出（策略：{strategy}）",
        "warehouse {warehouse} sends the whole order (strategy: {strategy})",
    ),
    "routing.full": ("当日已满，顺延", "full today, so later"),
    "routing.split": (
        "没有一个仓库能整单发出，拆为 {count} 张发货单：{warehouses}",
        "no warehouse has all of it: {count} consignments, from {warehouses}",
    ),
    "routing.split_roughly": (
        "没有一个仓库能整单发出，拆为 {count} 张发货单：{warehouses}（仓库过多，近似最优）",
        "no warehouse has all of it: {count} consignments, from {warehouses} (by rule of thumb: too many warehouses)",
    ),
    "routing.part": (
        "行 {now} 现货先发；行 {later} 等采购到货，最晚 {day}",
        "now: line {now}; when purchases come in, the last on {day}: line {later}",
    ),
    "routing.part_short": (
        "行 {now} 现货先发；行 {later} 还有缺货（已知到货日：{day}）",
        "now: line {now}; short: line {later} (known day of arrival: {day})",
    ),
    "routing.incoming": ("整单等采购到货，{day} 可发", "the whole order waits for a purchase and can go on {day}"),
    "routing.small": (
        "小单不拆，且没有一个仓库齐货：{missing}",
        "a small order is not split, and no warehouse has all of it: {missing}",
    ),
    "routing.whole_lines": (
        "渠道的一行只能从一个仓库发，而没有一个仓库有整行的货：{missing}",
        "the channel has one number for a line, so that it comes from one warehouse, and none has all of it: {missing}",
    ),
    "routing.dispersed": (
        "货分散在太多仓库，超过允许的拆单数：{missing}",
        "it lies in more warehouses than an order may be split over: {missing}",
    ),
    "routing.short": ("缺货：{missing}", "short: {missing}"),
    "stock.decide": (
        "{why}。请决定：等货、从别仓调拨、退款或取消",
        "{why}; please decide: wait, transfer from another warehouse, refund or cancel",
    ),
    "warehouses.code": ("仓库", "warehouse"),
    "warehouses.name": ("名称", "name"),
    "warehouses.province": ("省", "province"),
    "warehouses.city": ("市", "city"),
    "warehouses.cut_off": ("截单时间", "cut-off"),
    "warehouses.weekdays": ("工作日", "works on"),
    "warehouses.capacity": ("日处理上限", "a day at most"),
    "warehouses.today": ("今日应发", "to send today"),
    "warehouses.state": ("状态", "state"),
    "warehouses.rests": ("，法定节假日休息", ", rests on holidays"),
    "warehouses.any": ("不限", "any"),
    "warehouses.active": ("启用", "active"),
    "warehouses.paused": ("已暂停", "paused"),
    "promise.stock": ("现货", "in stock"),
    "promise.purchase": ("等采购单 {number}，{day} 到货", "waits for purchase {number}, in on {day}"),
    "promise.goods_come": ("等待到货，{day} 到仓", "waits for goods that come in on {day}"),
    "promise.made": ("定制商品 {sku}，{moment} 完工", "{sku} is made to order, done at {moment}"),
    "promise.after_cut_off": ("过了截单时间 {cut_off}，从 {day} 起算", "after the cut-off at {cut_off}, so from {day}"),
    "promise.closed": ("仓库休息 {days} 天", "days on which the warehouse is closed: {days}"),
    "promise.full": ("仓库已排满 {days} 天", "days on which the warehouse is full: {days}"),
    "promise.road": ("{zone}，在途 {days} 天", "{zone}, days on the road: {days}"),
    "promise.no_days": ("{zone}，快递不承诺时效", "{zone}, no courier promises a day"),
    "zone.city": ("同城", "same city"),
    "zone.province": ("省内", "same province"),
    "zone.delta": ("江浙沪皖", "Yangtze delta"),
    "zone.region": ("同大区", "same region"),
    "zone.neighbour": ("邻近大区", "neighbouring region"),
    "zone.far": ("跨区", "far"),
    "zone.remote": ("偏远", "remote"),
    "zone.special": ("港澳台", "Hong Kong, Macao, Taiwan"),
}
