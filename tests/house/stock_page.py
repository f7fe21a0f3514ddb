"""The numbers on the page docs/stock-and-routing.md, computed by the code.

    python -m tests.house.stock_page

writes them into the page anew. A test compares, so that the page cannot go stale.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

from domain.clock import BEIJING
from domain.making import done_at, schedule
from domain.order import Amounts, Channel, ClearReceiver, Customer, Order, OrderLine, Region
from domain.order import ChannelStatus as Status
from domain.promise import Promise, Road, promise
from domain.routing import Availability, Purchase, Routing, Wanted
from domain.shipping import Carrier
from domain.texts import language, text, use_language
from domain.warehouses import Warehouse, WorkWeek
from rules.engine import TABLES
from rules.making import centre, steps_of
from rules.routing import route_order
from rules.workdays import official
from rules.zones import way
from store.stock.shares import Shares

PAGE = Path(__file__).parents[2] / "docs" / "stock-and-routing.md"
_BLOCK = re.compile(r"<!-- computed: (\w+) -->\n.*?<!-- end -->", re.DOTALL)

HZ = Warehouse("HZ", "杭州仓", "浙江省", "杭州市", daily_capacity=200)
GZ = Warehouse("GZ", "广州仓", "广东省", "广州市")
CD = Warehouse("CD", "成都仓", "四川省", "成都市", week=WorkWeek("123456", rests=True))
ALL = (HZ, GZ, CD)
LOADS = {"HZ": 150, "GZ": 20, "CD": 20}
TO = {
    "Nanjing": ("江苏省", "南京市"),
    "Wuhan": ("湖北省", "武汉市"),
    "Kunming": ("云南省", "昆明市"),
    "Lhasa": ("西藏自治区", "拉萨市"),
}

Cells = Iterable[Sequence[object]]


def table(head: Sequence[str], rows: Cells) -> str:
    """A Markdown table."""
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    return "\n".join([*lines, *(f"| {' | '.join(str(cell) for cell in row)} |" for row in rows)])


def rules_of(name: str) -> list[dict[str, str]]:
    """The rows of a decision table as they are written, quotes taken off."""
    content = json.loads((TABLES / f"{name}.json").read_text(encoding="utf-8"))
    rows = next(node["content"]["rules"] for node in content["nodes"] if node["type"] == "decisionTableNode")
    return [{key: value.replace('"', "") for key, value in row.items()} for row in rows]


def _order(city: str, fen: int, channel: Channel = Channel.OWN) -> Order:
    province, name = TO[city]
    region = Region(province=province, city=name, district="示例区")
    moment = datetime(2026, 3, 2, 10, tzinfo=BEIJING)
    return Order(
        channel=channel,
        shop="main",
        channel_order_no="SO1",
        version=1,
        status=Status.PAID,
        placed_at=moment,
        paid_at=moment,
        lines=(OrderLine(line_no="1", sku="A", title="", quantity=1, unit_price_fen=fen, amount_fen=fen),),
        amounts=Amounts(goods_fen=fen, paid_fen=fen),
        receiver=ClearReceiver(name="测试", phone="13800000000", region=region, detail="示例路1号"),
        customer=Customer(external_id="C1"),
    )


def _routed(city: str, yuan: int, wanted: Sequence[Wanted], stock: Availability, **more: Any) -> Routing:
    return route_order(_order(city, yuan * 100, **more), wanted, stock, ALL, LOADS, Carrier.SF)


def _stock(*purchases: Purchase, **free: dict[str, int]) -> Availability:
    return Availability({(sku, code): n for code, skus in free.items() for sku, n in skus.items()}, purchases)


THREE = (Wanted("1", "CUP", 2, weight_g=500), Wanted("2", "BAG", 1, "1", weight_g=100), Wanted("3", "LAMP", 1))


def strategies() -> str:
    """The strategies as the table has them."""
    head = ("strategy", "for", "takes part", "distance", "depth", "freight", "load")
    rows = [
        (
            row["en"],
            {"true": "cold chain", "false": "all but cold chain"}.get(row["cold"], "all orders"),
            f"distance up to {row['at_most']}" + (", not full today" if row["spare"] == "true" else ""),
            *(row[name] for name in ("distance", "depth", "freight", "load")),
        )
        for row in rules_of("routing_strategies")
    ]
    return table(head, rows)


def split_rules() -> str:
    """When and how far orders are split."""
    head = ("orders", "consignments at most", "small below", "small, and not in one place", "short", "a line")
    whole = "Taobao, Douyin, Xiaohongshu"
    names = {"cold": "cold chain", "b2b": "B2B", "remote": "to remote regions", "default": "all others"}
    names |= {"remote_lines": f"{whole}, to remote regions", "lines": whole}
    words = {"wait": "waits", "ask": "a person decides"}
    rows = []
    for row in rules_of("split_rules"):
        yuan, pieces = int(row["small_fen"]), int(row["small_pieces"])
        small = f"{yuan // 100} yuan or {pieces} pieces" if yuan or pieces else "never small"
        torn = {"true": "may be torn", "false": "stays whole"}[row["tear"]]
        rows.append((names[row["_id"]], row["most"], small, words[row["small"]], words[row["short"]], torn))
    return table(head, rows)


def merge_rules() -> str:
    """Which orders are merged, and how far."""
    names = {
        "encrypted": "encrypted receivers",
        "b2b": "B2B",
        "open": "own shops, WeChat, POS",
        "default": "all others",
    }
    words = {"true": "yes", "false": "no"}
    rows = [
        (
            names[row["_id"]],
            words[row["merge"]],
            row["group"] or "–",
            f"{row['window']} minutes" if row["window"] != "0" else "–",
            row["most"],
        )
        for row in rules_of("merge_rules")
    ]
    return table(("orders", "merged", "group", "window", "orders at most"), rows)


def zones() -> str:
    """Provinces by region and service zone, without the overrides for single cities."""
    rows = [
        (row["region"], row["service"], row["province"].replace(",", "、") or "whatever else")
        for row in rules_of("region_zones")
        if not row["city"]
    ]
    return table(("region", "service zone", "provinces"), rows)


def distances() -> str:
    """Zones between two places, with what SF costs and takes."""
    freight = {(row["carrier"], row["zone"]): row for row in rules_of("freight")}
    days = {(row["carrier"], row["zone"]): row["days"] for row in rules_of("courier_days")}
    seen = dict.fromkeys((row["distance"], row["zone"]) for row in rules_of_distance())

    def cost(carrier: str, zone: str) -> str:
        row = freight.get((carrier, zone)) or freight["", zone]
        return f"{int(row['base']) / 100:.2f} + {int(row['kg']) / 100:.2f}/kg"

    def takes(carrier: str, zone: str) -> str:
        return (days.get((carrier, zone)) or days["", zone]).replace("0", "–")

    rows = [
        (f"{text(f'zone.{zone}')} `{zone}`", far, cost("SF", zone), takes("SF", zone), cost("", zone), takes("", zone))
        for far, zone in sorted(seen)
    ]
    return table(("zone", "distance", "SF, yuan", "days", "others, yuan", "days"), rows)


def rules_of_distance() -> list[dict[str, str]]:
    """The rows of the distance table with `zone` and `distance` as they come out."""
    content = json.loads((TABLES / "distance_zones.json").read_text(encoding="utf-8"))
    node = next(node["content"] for node in content["nodes"] if node["type"] == "decisionTableNode")
    return [{"zone": row["zone"].replace('"', ""), "distance": row["distance"]} for row in node["rules"]]


def scores() -> str:
    """An order to Kunming that two warehouses could send."""
    found = _routed("Kunming", 300, THREE, _stock(HZ=_have(50, 50, 6), GZ=_have(3, 9, 2), CD=_have(1, 0, 4)))
    out = {"": "", "stock": "not all in stock", "far": "too far", "full": "full today"}
    rows = [
        (
            score.strategy,
            score.warehouse,
            score.distance,
            score.depth,
            f"{score.freight_fen / 100:.2f}",
            f"{score.load / 10:.1f} %",
            f"{score.points:,}" if not score.out else f"– {out[score.out]}",
        )
        for score in found.scores
    ]
    head = ("strategy", "warehouse", "distance", "depth", "freight, yuan", "load", "points")
    return f"{table(head, rows)}\n\nResult: {found.reason.text()}."


def _have(cups: int, bags: int, lamps: int) -> dict[str, int]:
    return {"CUP": cups, "BAG": bags, "LAMP": lamps}


def splits() -> str:
    """The same goods in different places."""
    halves = _stock(HZ=_have(2, 5, 0), GZ=_have(0, 9, 4))
    cases = [
        ("Nanjing", 300, "HZ: 2 CUP, 5 BAG; GZ: 9 BAG, 4 LAMP", halves),
        ("Nanjing", 80, "the same", halves),
        ("Lhasa", 150, "the same", halves),
        ("Nanjing", 300, "HZ: 2 CUP; GZ: 1 BAG, 4 LAMP", _stock(HZ=_have(2, 0, 0), GZ=_have(0, 1, 4))),
        ("Nanjing", 300, "HZ: 1 CUP, 1 LAMP; GZ: 1 CUP; CD: 2 CUP, 1 BAG", _three()),
    ]
    rows = []
    for city, yuan, where, stock in cases:
        found = _routed(city, yuan, THREE, stock)
        rows.append((city, yuan, where, _consignments(found) or "–", found.reason.text()))
    return table(("to", "paid, yuan", "free stock", "consignments", "why"), rows)


def _three() -> Availability:
    return _stock(HZ=_have(1, 0, 1), GZ=_have(1, 0, 0), CD=_have(2, 1, 0))


def _consignments(found: Routing) -> str:
    parts = []
    for one in found.consignments:
        goods = ", ".join(f"{n} {sku}" for _, sku, n in one.lines)
        waits = f" (waits for {one.incoming_no}, {one.ready_at})" if one.waits else ""
        parts.append(f"{one.n}: {one.warehouse} {goods}{waits}")
    return "; ".join(parts)


def backorders() -> str:
    """What is not there now."""
    first = Purchase("PO-7", "LAMP", "HZ", 20, date(2026, 3, 9))
    second = Purchase("PO-8", "LAMP", "GZ", 5, date(2026, 3, 6))
    here = {"HZ": _have(2, 5, 0)}
    cases = [
        (300, "PO-7: 20 LAMP to HZ on 9 March", _stock(first, **here)),
        (300, "PO-7, and PO-8: 5 LAMP to GZ on 6 March", _stock(first, second, **here)),
        (80, "PO-7, and PO-8", _stock(first, second, **here)),
        (300, "nothing", _stock(**here)),
    ]
    rows = []
    for yuan, coming, stock in cases:
        found = _routed("Nanjing", yuan, THREE, stock)
        rows.append((yuan, coming, found.verdict, _consignments(found) or "–", found.reason.text()))
    return table(("paid, yuan", "coming in", "verdict", "consignments", "why"), rows)


def shares() -> str:
    """A live-stream channel with 60 % of 100 pieces."""
    sku, channel = "CUP", "douyin"
    rows = []
    for what, on_hand, locked, shipped, others in (
        ("at first", 100, 0, 0, 0),
        ("it has locked 45", 100, 45, 0, 0),
        ("30 of them are shipped", 70, 15, 30, 0),
        ("other channels ship 20", 50, 15, 30, 20),
        ("it has locked 15 more", 50, 30, 30, 20),
        ("50 come in: a new count begins", 100, 30, 0, 0),
    ):
        found = Shares({(sku, channel): 60})
        found.pool[sku] = on_hand + shipped + others
        found.used[sku, channel] = locked + shipped
        may = next(n for n in range(1000) if found.missing(sku, channel, n + 1) > 0)
        free = on_hand - locked
        rows.append((what, on_hand, found.pool[sku], found.used[sku, channel], min(may, free)))
    return table(("what happened", "on hand", "pool", "counted for it", "it may still lock"), rows)


def promised() -> str:
    """Days for one consignment."""
    cases = [
        (HZ, "Nanjing", "2026-03-02 15:30"),
        (HZ, "Nanjing", "2026-03-02 16:00"),
        (HZ, "Nanjing", "2026-03-02 16:01"),
        (HZ, "Lhasa", "2026-03-02 15:30"),
        (CD, "Wuhan", "2026-03-07 17:00"),
        (CD, "Wuhan", "2026-02-14 15:30"),
        (CD, "Wuhan", "2026-02-14 17:00"),
    ]
    rows = []
    for warehouse, city, ready in cases:
        found = _promise(warehouse, city, datetime.fromisoformat(ready).replace(tzinfo=BEIJING))
        why = "; ".join(reason.text() for reason in found.why)
        rows.append((warehouse.code, city, ready, f"{found.ship_by:%m-%d}", f"{found.deliver_by:%m-%d}", why))
    return table(("from", "to", "all there at", "leaves by", "there by", "why"), rows)


def _promise(warehouse: Warehouse, city: str, ready: datetime) -> Promise:
    province, name = TO[city]
    between = way(warehouse, Region(province=province, city=name), Carrier.SF)
    return promise(ready, warehouse, Road(between.zone, between.days), official)


def making() -> str:
    """Two sofas, when another order is at the sewing machine."""
    steps = steps_of("MTO-SOFA-3")
    start = datetime(2026, 3, 5, 14, 0, tzinfo=BEIJING)
    busy = {"SEW": [(datetime(2026, 3, 5, 17, 0, tzinfo=BEIJING), datetime(2026, 3, 5, 19, 0, tzinfo=BEIJING))]}
    centres = {step.centre: centre(step.centre) for step in steps}
    slots = schedule(steps, 2, start, centres, busy, official)
    rows = [
        (
            slot.step + 1,
            f"{centres[slot.centre].title} `{slot.centre}`",
            f"{steps[slot.step].setup_min} + 2 × {steps[slot.step].piece_min}",
            f"{slot.begins:%a %d %b %H:%M}",
            f"{slot.ends:%a %d %b %H:%M}",
        )
        for slot in slots
    ]
    done = done_at(slots, start)
    found = _promise(HZ, "Nanjing", done)
    words = f"Done on {done:%A} at {done:%H:%M}: it leaves HZ by {found.ship_by:%A}, and is in Nanjing by "
    return f"{table(('step', 'work centre', 'minutes', 'begins', 'ends'), rows)}\n\n{words}{found.deliver_by:%A}."


BLOCKS: dict[str, Callable[[], str]] = {
    "strategies": strategies,
    "split_rules": split_rules,
    "merge_rules": merge_rules,
    "zones": zones,
    "distances": distances,
    "scores": scores,
    "splits": splits,
    "backorders": backorders,
    "shares": shares,
    "promised": promised,
    "making": making,
}


def computed(page: str) -> str:
    """The page with every block computed anew. Raises KeyError for a block that nothing computes."""
    with _english():
        return _BLOCK.sub(lambda block: f"<!-- computed: {block[1]} -->\n{BLOCKS[block[1]]()}\n<!-- end -->", page)


@contextmanager
def _english() -> Iterator[None]:
    before = language()
    use_language("en")
    try:
        yield
    finally:
        use_language(before)


if __name__ == "__main__":
    PAGE.write_text(computed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
