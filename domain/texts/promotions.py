"""What a basket costs, step by step, and where a price differs."""

from __future__ import annotations

PROMOTIONS: dict[str, tuple[str, str]] = {
    "promotion.off": ("减 {off} 元 × {times} 次", "{off} yuan off, {times} times"),
    "promotion.rate": ("按 {percent}% 付款", "{percent} % is paid"),
    "promotion.nth": (
        "每 {nth} 件有 1 件按 {percent}% 付款，共 {times} 件",
        "of every {nth} pieces one is paid at {percent} %, {times} in all",
    ),
    "promotion.price": ("特价 {price} 元，{times} 件", "a price of {price} yuan for {times} pieces"),
    "promotion.bundle": ("套装价 {price} 元，{times} 套", "{times} sets at {price} yuan"),
    "promotion.gift": ("{title}：赠 {sku} × {pieces}", "{title}: gives {sku} × {pieces}"),
    "promotion.step": ("{title}：{what}，共减 {off} 元", "{title}: {what}; {off} yuan off in all"),
    "promotion.step_borne": ("{step}（平台承担 {platform} 元）", "{step} (the platform bears {platform} yuan)"),
    "promotion.skipped": ("{title}：未享受，{why}", "{title}: does not count, {why}"),
    "promotion.why.no_layer": ("叠加规则里没有它的分组", "no row of the stacking table has its group"),
    "promotion.why.limit": ("已达每人限次", "its buyer had it as often as one may"),
    "promotion.why.taken": ("商品已享受与它互斥的优惠", "its goods have another one that excludes it"),
    "promotion.why.threshold": ("未达门槛", "its threshold is not reached"),
    "promotion.why.nothing": ("没有可减的金额", "it would take nothing off"),
    "promotion.line": (
        "第 {line} 行 {sku} × {pieces}：原价 {full} 元，优惠 {off} 元（平台 {platform}，店铺 {shop}），应付 {due} 元",
        "line {line}, {sku} × {pieces}: {full} yuan, {off} off (platform {platform}, shop {shop}), {due} to pay",
    ),
    "promotion.total": (
        "合计：原价 {full} 元，优惠 {off} 元（平台 {platform}，店铺 {shop}），应付 {due} 元",
        "in all: {full} yuan, {off} off (platform {platform}, shop {shop}), {due} to pay",
    ),
    "price.differs": (
        "实付与促销不符，相差 {difference} 元（容差 {tolerance}）。我方：原价 {full}{steps}，应付 {expected}；"
        "渠道：商品 {goods} − 优惠 {discount} ＋ 运费 {freight} ＝ 实付 {paid}，不含运费 {came}",
        "the price differs by {difference} yuan (tolerance {tolerance}). Ours: list {full}{steps}, due {expected}; the "
        "channel's: goods {goods} - discount {discount} + freight {freight} = paid {paid}, {came} without freight",
    ),
    "price.step": (" − {title} {off}", " - {title} {off}"),
    "price.more": (" − 另 {count} 项", " - {count} more"),
    "price.borne": (" ＋ 平台承担 {fen}", " + borne by the platform {fen}"),
    "rules.promotion.unread": (
        "类型 {kind} 不读取 {field}，请写 {nothing}",
        "a promotion of the kind {kind} does not read {field}: write {nothing}",
    ),
    "rules.promotion.excludes_itself": (
        "{group} 不能排除自己；同组内怎么取由 pick 决定",
        "{group} cannot exclude itself: pick says what counts within a group",
    ),
    "rules.promotion.off": ("off_fen 要写减多少", "off_fen must say how much is taken off"),
    "rules.promotion.off_more": ("off_fen 比门槛还多", "off_fen takes off more than must be bought"),
    "rules.promotion.rate": (
        "pay_permille 要在 {least} 到 999 之间；88 折写 880",
        "pay_permille must be from {least} to 999; 880 is 88 %",
    ),
    "rules.promotion.nth": (
        "第二件半价写 nth 2、pay_permille 500；pay_permille 要小于 1000",
        "half price for the second piece is nth 2 and pay_permille 500; pay_permille must be less than 1000",
    ),
    "rules.promotion.price": ("price_fen 要写每件特价", "price_fen must say the price of a piece"),
    "rules.promotion.bundle": (
        '套装要写 price_fen 和 bundle，如 "A:1 B:2"',
        'a bundle needs price_fen, and bundle like "A:1 B:2"',
    ),
    "rules.promotion.bundle_twice": ("bundle 里同一商品写了两次", "a SKU stands twice in bundle"),
    "rules.promotion.gift": ("赠品要写 gift_sku 和 gift_pieces", "a gift needs gift_sku and gift_pieces"),
    "rules.promotion.every": (
        "每满（every）要有门槛：at_least_fen 或 at_least_pieces",
        "every needs a threshold: at_least_fen or at_least_pieces",
    ),
    "rules.promotion.ends": ("结束早于开始", "it ends before it begins"),
    "rules.promotion.whole": (
        "{field} 的 {value} 不是不小于 0 的整数",
        "{field}: {value} is no whole number from 0 on",
    ),
    "promotion.no_price": (
        "商品 {sku} 没有价格：写 unit_price_fen，或在 list_prices 里加一行",
        "{sku} has no price: give unit_price_fen, or a row in list_prices",
    ),
    "promotion.bad_basket": ("购物篮写错了：{reason}", "the basket is not right: {reason}"),
}
