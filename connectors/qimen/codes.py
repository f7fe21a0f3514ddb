"""Qimen's words for channels, couriers and states."""

from __future__ import annotations

from domain.order import Channel
from domain.shelves import Quality
from domain.shipping import Carrier, WarehouseStatus
from domain.words import About, Glossary

PLATFORMS: dict[Channel, str] = {
    Channel.TAOBAO: "TB",
    Channel.DOUYIN: "DYXD",
    Channel.JD: "JD",
    Channel.PDD: "PDD",
    Channel.XIAOHONGSHU: "XHS",
    Channel.OWN: "GW",
    Channel.POS: "POS",
    Channel.WECHAT: "OTHERS",
    Channel.B2B: "OTHERS",
}
"""sourcePlatformCode. Qimen has no word for WeChat and B2B."""

COURIERS: dict[Carrier, tuple[str, str]] = {
    Carrier.SF: ("SF", "顺丰"),
    Carrier.ZTO: ("ZTO", "中通"),
    Carrier.YTO: ("YTO", "圆通"),
    Carrier.STO: ("STO", "申通"),
    Carrier.YUNDA: ("YUNDA", "韵达"),
    Carrier.EMS: ("EMS", "EMS"),
    Carrier.JD: ("JD", "京东"),
    Carrier.DEPPON: ("DBL", "德邦"),
    Carrier.JTSD: ("OTHER", "极兔"),
    Carrier.OTHER: ("OTHER", ""),
}
"""logisticsCode and logisticsName. The name tells apart what Qimen has no code for."""

DELIVERY_STATUS = Glossary(
    "qimen",
    About.DELIVERY,
    WarehouseStatus,
    {
        "NEW": WarehouseStatus.ACCEPTED,
        "ACCEPT": WarehouseStatus.ACCEPTED,
        # The warehouse's confirm lists the boxes as they leave the packing table: packed is what it means to an order.
        "PARTDELIVERED": WarehouseStatus.PACKED,
        "DELIVERED": WarehouseStatus.PACKED,
        "EXCEPTION": WarehouseStatus.EXCEPTION,
        "REJECT": WarehouseStatus.EXCEPTION,
        "CANCELEDFAIL": WarehouseStatus.EXCEPTION,
        "CANCELED": WarehouseStatus.CANCELLED,
        "CLOSED": WarehouseStatus.CANCELLED,
    },
)
"""`status` of deliveryorder.confirm and deliveryorder.query."""

PROCESS_STATUS = Glossary(
    "qimen",
    About.DELIVERY_STEP,
    WarehouseStatus,
    {
        "ACCEPT": WarehouseStatus.ACCEPTED,
        "EXCEPTION": WarehouseStatus.EXCEPTION,
        "REJECT": WarehouseStatus.EXCEPTION,
        "CLOSED": WarehouseStatus.CANCELLED,
        "CANCELED": WarehouseStatus.CANCELLED,
        # Steps inside the warehouse, and shipping, which deliveryorder.confirm tells with the boxes.
        **dict.fromkeys(("PRINT", "PICK", "CHECK", "PACKAGE", "WEIGH", "READY", "OTHER")),
        **dict.fromkeys(("DELIVERED", "PARTDELIVERED", "FULFILLED", "PARTFULFILLED")),
        # What the courier did, which the tracker tells.
        **dict.fromkeys(("REFUSE", "SIGN", "TMSCANCELED", "TMSCANCELFAILED")),
    },
    field="processStatus",
)
"""`processStatus` of orderprocess.report; None for a step that changes nothing for the order."""

QUALITIES = Glossary(
    "qimen",
    About.QUALITY,
    Quality,
    {
        "ZP": Quality.GOOD,
        "CC": Quality.DEFECTIVE,
        "JS": Quality.DEFECTIVE,
        "XS": Quality.DEFECTIVE,
        "ZT": Quality.IN_TRANSIT,
    },
    field="inventoryType",
)
"""inventoryType."""
