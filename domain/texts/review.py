"""What the review finds."""

from __future__ import annotations

REVIEW: dict[str, tuple[str, str]] = {
    "hold.RISK": ("风险待核", "risk"),
    "hold.DUPLICATE": ("疑似重复下单", "ordered twice?"),
    "flag.note": ("提示", "note"),
    "flag.status.open": ("待处理", "open"),
    "flag.status.noted": ("仅提示", "a note only"),
    "flag.status.released": ("已放行", "released"),
    "flag.status.gone": ("已消除", "gone"),
    "flag.stock.not_enough": ("可用库存不足：{what}", "too little free stock: {what}"),
    "flag.stock.safety": ("发货后低于安全库存：{what}", "below the safety stock after this order: {what}"),
    "flag.stock.short": ("{sku} 可用 {free} 件，需 {count} 件", "{sku} {free} free, {count} needed"),
    "flag.stock.low": ("{sku} 剩 {left} 件，安全库存 {safety} 件", "{sku} {left} left, safety stock {safety}"),
    "flag.duplicate": (
        "同一买家 {minutes} 分钟内下过相同订单 {order}（商品、地址一致）",
        "the same buyer ordered the same goods to the same address within {minutes} minutes: {order}",
    ),
}
