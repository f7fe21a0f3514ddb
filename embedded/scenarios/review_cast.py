"""Who orders what in a review with something to find, and which findings that is to bring: drawn from the seed, no I/O.

Half of the orders have nothing wrong with them, on all channels. The other half is dealt to the plays in turn, so that
a large run has several of each and a small one those that it has room for.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from domain.order import PaymentTerms
from embedded.plan import CHANNELS
from sandbox.buyers import Buyers, Draft
from sandbox.catalogue import CATALOGUE, GIFT_SKU, HOT_SKU
from sandbox.drafts import DraftChannel, DraftCustomer, DraftDeclaration, DraftLine, DraftReceiver
from store.articles import Article

FORMULA = Article("FORMULA-2", "婴幼儿配方奶粉 2 段", category="infant_formula", grade=2)
DEVICE = Article("DEVICE-2", "电子血压计", category="medical_device", grade=2)
LENS = Article("DEVICE-3", "软性亲水接触镜", category="medical_device", grade=3)
VACCINE = Article("VACCINE-1", "狂犬疫苗", category="never_online")
PLASTER = Article("DEVICE-1", "医用退热贴", category="medical_device", grade=1)
CAT_FOOD = Article("CATFOOD-1", "冻干猫粮", category="pet_food")
METER = Article("METER-9", "激光测距仪")
LATE = Article("LATE-1", "加湿器滤芯")
SAFE = Article("SAFE-1", "应急手电", safety_stock=1_000)
GONE = Article("GONE-1", "停产投影仪")
HERE, THERE = Article("PART-N", "会议桌"), Article("PART-S", "会议椅")
ARTICLES = (FORMULA, DEVICE, LENS, PLASTER, VACCINE, CAT_FOOD, METER, LATE, SAFE, GONE, HERE, THERE)

_FEN = {
    FORMULA.sku: 26_800,
    DEVICE.sku: 29_900,
    LENS.sku: 15_900,
    PLASTER.sku: 3_900,
    VACCINE.sku: 8_800,
    CAT_FOOD.sku: 9_900,
    METER.sku: 39_900,
    LATE.sku: 4_900,
    SAFE.sku: 6_900,
    GONE.sku: 139_900,
    HERE.sku: 189_900,
    THERE.sku: 29_900,
}
ASKED_BACK, KEPT = 4, 1
"""Orders whose money a buyer asks back, and one that they keep, before the one that is looked at."""
_ON_PHONE, _USUAL = 5, 3
_CONSIGNEE = {
    "consignee_name": "Ann Example",
    "consignee_addr": "1 Example Street",
    "consignee_city": "Springfield",
    "consignee_state": "CA",
    "consignee_postcode": "94105",
    "consignee_phone": "+1 555 0100",
    "duty_payer": "seller",
}
LINE_DECLARED = {
    "hs_code": "6911101900",
    "goods_desc_en": "Household article",
    "origin_country": "CN",
    "net_weight_g": "350",
    "gross_weight_g": "500",
}


@dataclass(frozen=True)
class Play:
    """One kind of what happens: so many orders each time, the codes that they bring, and how they are drawn."""

    orders: int
    brings: frozenset[str]
    draw: Callable[[Draws, int], list[Draft]]


@dataclass
class Draws:
    """Made-up buyers who have nothing wrong with them, and numbers for those who need one."""

    own: Iterator[Draft]
    crowd: Buyers
    _numbered: Counter[str] = field(default_factory=Counter)

    def one(self) -> Draft:
        """A person who pays at once, without a discount."""
        return plain(next(self.own))

    def on(self, channel: DraftChannel) -> Draft:
        """Somebody on another channel."""
        return self.crowd.drafts(1, [channel])[0]

    def company(self, name: str, terms: PaymentTerms, fen: int) -> Draft:
        """A business customer of its own, whose order costs about so much."""
        self._numbered["company"] += 1
        n = self._numbered["company"]
        who = DraftCustomer(id=f"K{n:03d}-{name}", name=f"测试账期{n}有限公司", tax_no=f"{900 + n:018d}", terms=terms)
        change = {"channel": "b2b", "customer": who}
        return basket(self.one(), 1, max(1, fen // 69_900)).model_copy(update=change)


def plain(draft: Draft) -> Draft:
    """The same order of a person who pays at once, without a discount, a freight or a gift."""
    person = DraftCustomer(id=draft.customer.id)
    change = {"customer": person, "discount_fen": 0, "requirements": [], "freight_fen": 0}
    return draft.model_copy(update=change)


def basket(draft: Draft, articles: int, pieces: int) -> Draft:
    """So many articles; of the dearest one so many pieces."""
    dear = sorted(
        (item for item in CATALOGUE if item.sku not in {GIFT_SKU, HOT_SKU} and not item.cold_chain),
        key=lambda item: -item.unit_price_fen,
    )[:articles]
    lines = [
        DraftLine(sku=item.sku, title=item.title, quantity=1 if n else pieces, unit_price_fen=item.unit_price_fen)
        for n, item in enumerate(dear)
    ]
    return draft.model_copy(update={"lines": lines})


def cheap(draft: Draft, pieces: int) -> Draft:
    """A few towels."""
    item = next(one for one in CATALOGUE if one.sku == "TOWEL-01")
    line = DraftLine(sku=item.sku, title=item.title, quantity=pieces, unit_price_fen=item.unit_price_fen)
    return draft.model_copy(update={"lines": [line]})


def of(draft: Draft, *articles: Article) -> Draft:
    """One piece of each of these."""
    lines = [DraftLine(sku=one.sku, title=one.title, quantity=1, unit_price_fen=_FEN[one.sku]) for one in articles]
    return draft.model_copy(update={"lines": lines})


def certificate(n: int) -> bytes:
    """The file that the nth order names before it is handed in."""
    return f"%PDF-1.4\n% certificate {n}\n".encode()


# ----------------------------------------------------------------------------------------------- how they are drawn

_NOWHERE_IN_TOWN = DraftReceiver(
    name="测试缺区", phone="13800000066", province="江苏省", city="南京市", detail="中山路示例 8 号"
)
_NOWHERE_AT_ALL = DraftReceiver(name="测试无址", phone="13800000065", province="", city="", detail="地址待定")
_HALF_HIDDEN = DraftReceiver(name="", phone="138", province="江苏省", city="南京市", district="玄武区", detail="8*")


def _addresses(draws: Draws, _: int) -> list[Draft]:
    places = (_NOWHERE_IN_TOWN, _NOWHERE_AT_ALL, _HALF_HIDDEN)
    return [draws.one().model_copy(update={"receiver": place}) for place in places]


def _flawed(channel: DraftChannel) -> Callable[[Draws, int], list[Draft]]:
    def draw(draws: Draws, _: int) -> list[Draft]:
        draft = plain(draws.on(channel))
        # two lines at least, for numbers to be the same
        return [basket(draft, 2, 1).model_copy(update={"flawed": True})]

    return draw


def _article(article: Article) -> Callable[[Draws, int], list[Draft]]:
    return lambda draws, _: [of(draws.one(), article)]


def _locked(draws: Draws, _: int) -> list[Draft]:
    """It waits for a number when the platform's risk control takes it up."""
    return [of(plain(draws.on("pdd")), PLASTER)]


def _serials(draws: Draws, _: int) -> list[Draft]:
    """A serial number is missing, and the cost centre is written as it may not be any more."""
    draft = of(draws.one(), METER)
    who = draft.customer.model_copy(update={"ext": {"cost_centre": "cc-9"}})
    return [draft.model_copy(update={"customer": who})]


def _certified(draws: Draws, n: int) -> list[Draft]:
    named = {"overseas_certificate": hashlib.sha256(certificate(n)).hexdigest()}
    return [draws.one().model_copy(update={"ext": named})]


def _priced(draws: Draws, _: int) -> list[Draft]:
    draft = plain(draws.on("pos"))
    return [draft.model_copy(update={"discount_fen": draft.goods_fen // 3})]


def _twice(minutes: int) -> Callable[[Draws, int], list[Draft]]:
    def draw(draws: Draws, _: int) -> list[Draft]:
        draft = draws.one()
        return [draft.model_copy(update={"paid_minutes_ago": minutes}), draft]

    return draw


def _abroad(draws: Draws, n: int) -> list[Draft]:
    """To the United States; of some nothing is known of the goods either."""
    draft = draws.one()
    lines = [line for line in draft.lines if line.gift_of is None]
    known = {str(number): LINE_DECLARED for number in range(1, len(lines) + 1)} if n % 2 else {}
    said = DraftDeclaration(destination="US", fields=_CONSIGNEE, lines=known)
    return [draft.model_copy(update={"lines": lines, "declaration": said})]


def _to_the_eu(draws: Draws, _: int) -> list[Draft]:
    said = DraftDeclaration(destination="DE", fields=_CONSIGNEE)
    return [of(draws.one(), CAT_FOOD).model_copy(update={"declaration": said})]


def _very_large(draws: Draws, _: int) -> list[Draft]:
    """So much that directors are asked."""
    return [basket(draws.one(), 1, 80)]


def _asks_back(draws: Draws, _: int) -> list[Draft]:
    draft = draws.one()
    return [cheap(draft, n) for n in range(1, ASKED_BACK + KEPT + 2)]


def _on_one_phone(draws: Draws, _: int) -> list[Draft]:
    drafts = [draws.one() for _ in range(_ON_PHONE)]
    return [
        one.model_copy(update={"receiver": one.receiver.model_copy(update={"phone": drafts[0].receiver.phone})})
        for one in drafts
    ]


def _unlike_before(draws: Draws, _: int) -> list[Draft]:
    draft = draws.one()
    return [*(cheap(draft, n) for n in range(1, _USUAL + 1)), basket(draft, 1, 6)]


def _on_account(name: str, orders: int) -> Callable[[Draws, int], list[Draft]]:
    def draw(draws: Draws, n: int) -> list[Draft]:
        draft = draws.company(name, PaymentTerms.NET60 if n % 2 else PaymentTerms.NET30, 140_000)
        # another amount each time, or the second would be taken for the first
        return [basket(draft, 1, 2 + k) for k in range(orders)]

    return draw


def _called_off(draws: Draws, _: int) -> list[Draft]:
    """The first waits for goods that never come."""
    draft = draws.company("thinks-again", PaymentTerms.NET30, 210_000)
    return [of(draft, GONE), draft]


def _in_parts(draws: Draws, _: int) -> list[Draft]:
    return [of(draws.company("parts", PaymentTerms.NET30, 0), HERE, THERE)]


def _prepaid(draws: Draws, _: int) -> list[Draft]:
    return [draws.company("prepaid", PaymentTerms.PREPAID, 210_000).model_copy(update={"unpaid": True})]


_DIRECTORS = frozenset({"approval.needed", "risk.very_large"})
_LIMIT = frozenset({"credit.limit"})

PLAYS: dict[str, Play] = {
    "large": Play(
        1,
        frozenset({"risk.very_large", "risk.many_articles"}),
        lambda draws, _: [basket(draws.one(), 6, 50)],
    ),
    "twice": Play(2, frozenset({"duplicate.hold"}), _twice(0)),
    "addresses": Play(
        3,
        frozenset(
            {
                *("address.province_missing", "address.city_missing", "address.district_missing"),
                *("address.detail_too_short", "address.detail_says_wait", "address.detail_masked"),
                *("address.phone_invalid", "address.name_missing"),
            }
        ),
        _addresses,
    ),
    "unregistered": Play(1, frozenset({"compliance.missing"}), _article(FORMULA)),
    "abroad": Play(1, frozenset({"declaration.missing"}), _abroad),
    "approval": Play(1, _DIRECTORS, _very_large),
    "many": Play(1, frozenset({"risk.many_articles"}), lambda draws, _: [basket(draws.one(), 5, 1)]),
    "forbidden": Play(1, frozenset({"compliance.blocked"}), _article(VACCINE)),
    "settled": Play(2, _LIMIT, _on_account("settles", 2)),
    "called_off": Play(2, _LIMIT | {"stock.not_enough"}, _called_off),
    "raised": Play(1, _LIMIT, _on_account("grows", 1)),
    "refused": Play(1, _LIMIT, _on_account("gives-up", 1)),
    "let_in": Play(1, _LIMIT, _on_account("is-trusted", 1)),
    "in_parts": Play(1, frozenset(), _in_parts),
    "prepaid": Play(1, frozenset(), _prepaid),
    "deputy": Play(1, _DIRECTORS, _very_large),
    "escalated": Play(1, _DIRECTORS, _very_large),
    "taken_back": Play(1, _DIRECTORS, _very_large),
    "expired": Play(1, frozenset({"compliance.expired"}), _article(DEVICE)),
    "malformed": Play(1, frozenset({"compliance.malformed"}), _article(LENS)),
    "to_the_eu": Play(1, frozenset({"declaration.blocked"}), _to_the_eu),
    "no_oaid": Play(1, frozenset({"address.ciphertext_missing"}), _flawed("taobao")),
    "garbled": Play(
        1,
        frozenset({"format.line_repeated", "format.negative", "format.negative_total"}),
        _flawed("douyin"),
    ),
    "locked": Play(1, frozenset({"channel.locked", "compliance.missing"}), _locked),
    "late_goods": Play(1, frozenset({"stock.not_enough"}), _article(LATE)),
    "safety": Play(1, frozenset({"stock.safety"}), _article(SAFE)),
    "serials": Play(1, frozenset({"fields.missing", "fields.invalid"}), _serials),
    "certified": Play(1, frozenset({"fields.no_file"}), _certified),
    "priced": Play(1, frozenset({"price.differs"}), _priced),
    "again": Play(2, frozenset({"duplicate.note"}), _twice(15)),
    "asks_back": Play(
        ASKED_BACK + KEPT + 1,
        frozenset({"risk.returns_in_a_day", "risk.return_rate", "channel.refund_pending"}),
        _asks_back,
    ),
    "phone": Play(_ON_PHONE, frozenset({"risk.shared_phone"}), _on_one_phone),
    "unlike": Play(_USUAL + 1, frozenset({"risk.unlike_before"}), _unlike_before),
}
"""In the order in which they are dealt."""

_AT_THE_DOOR = "every connector refuses such a document at its door, or never writes one: it never comes to a review"
UNPLAYED: dict[str, str] = {
    "format.no_lines": _AT_THE_DOOR,
    "format.quantity": _AT_THE_DOOR,
    "format.sku_missing": _AT_THE_DOOR,
    "format.gift_unbound": _AT_THE_DOOR,
    "format.paid_differs": _AT_THE_DOOR,
    "format.lines_differ": _AT_THE_DOOR,
}
"""Codes that no play brings, and why not."""


@dataclass(frozen=True)
class Cast:
    """What is played: by kind, each time it is played, its drafts; and everybody else."""

    parts: dict[str, list[list[Draft]]]
    crowd: list[Draft]

    @property
    def drafts(self) -> list[Draft]:
        """All orders."""
        return [draft for times in self.parts.values() for part in times for draft in part] + self.crowd

    @property
    def brings(self) -> frozenset[str]:
        """The codes that must be found."""
        return frozenset(code for kind in self.parts for code in PLAYS[kind].brings)


def cast(orders: int, seed: int) -> Cast:
    """Deal half of the orders to the plays, in turn, as long as one fits; the rest have nothing wrong with them."""
    times: Counter[str] = Counter()
    left, dealt = orders // 2, True
    while dealt:
        dealt = False
        for kind, play in PLAYS.items():
            if play.orders <= left:
                times[kind] += 1
                left -= play.orders
                dealt = True
    own = iter(Buyers(seed, hot_share=0).drafts(4 * orders + 8, ["own"]))
    draws = Draws(own, Buyers(seed + 2, hot_share=0))
    parts = {kind: [PLAYS[kind].draw(draws, n) for n in range(count)] for kind, count in times.items()}
    special = sum(len(part) for several in parts.values() for part in several)
    return Cast(parts, Buyers(seed + 1, hot_share=0).drafts(orders - special, CHANNELS))
