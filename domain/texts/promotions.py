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
    "promotion.gift": ("赠 {sku} × {pieces}", "gives {sku} × {pieces}"),
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
    "promotion.bad_basket": ("购物篮写错了：{reason}", "the basket is not right: {reason}"),
}
