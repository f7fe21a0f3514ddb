"""The catalogue is complete: both languages alike, every key that the source names is there, and no other."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from string import Formatter
from typing import TypeGuard

import pytest

from activities import contracts
from activities.contracts import OwnStep, PartnerStep
from connectors.facts import ReceiverKind, Way
from domain.approvals import Mode as ApprovalMode
from domain.approvals import RequestStatus, Standing, Verdict
from domain.approvals import Stage as ApprovalStage
from domain.approvals import Way as WayOfDeciding
from domain.deadlines import Stage
from domain.declaring import LINE_FIELDS, ORDER_FIELDS
from domain.extensions import Scope
from domain.finance import ROWS, Sheet, columns
from domain.gifts import GiftStatus
from domain.golden import Exit, GoldenState
from domain.healing import HealingOutcome, HealingRule
from domain.holds import POLICIES, HoldReason, Release
from domain.invoices import InvoiceType
from domain.merging import MemberState, MergeState
from domain.order import Channel, ChannelStatus, PaymentTerms, Requirement
from domain.partner_health import Breaker
from domain.pauses import Measure, Slice
from domain.promotion import Why
from domain.proposals import ProposalKind
from domain.refund import RefundKind, RefundStatus
from domain.rulesets import What
from domain.shadow import Kind, PlanKind, Would
from domain.shipping import Carrier, TrackCode, Trouble, VoidOutcome
from domain.tags import KINDS
from domain.texts import CATALOGUE, language, partner_name, text, use_language
from domain.tracking import Phase
from domain.words import About
from intake.files import Effect
from rules.engine import tables
from rules.subjects import Of
from rules.trial_report import AS_OF_REVIEW
from store.shops import ShopState
from tests.domain.events_in_code import kinds
from tests.domain.texts_in_code import ROOT, Uses, uses
from workflows.delivery import PROBLEMS

STEPS = {name: step for name, step in vars(contracts).items() if isinstance(step, OwnStep | PartnerStep)}


def _constants(path: str, function: str) -> set[str]:
    """The first items of the tuples, or the arguments, that a function appends: codes of problems."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    found = next(n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name == function)
    appended = [
        n.args[0]
        for n in ast.walk(found)
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and n.func.attr == "append"
    ]
    firsts = [n.elts[0] if isinstance(n, ast.Tuple) else n for n in appended]
    return {str(first.value) for first in firsts if isinstance(first, ast.Constant)}


def _first_arguments(path: str, called: set[str]) -> set[str]:
    """The texts that come first in every call of these names."""
    found = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            found |= {str(node.args[0].value)} if name in called else set()
    return found


def _reported() -> set[str]:
    """What the demo's scenarios say of themselves: the keys of what their `report` gives."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in (ROOT / "embedded" / "scenarios").glob("*.py")]
    functions = [n for tree in trees for n in ast.walk(tree) if isinstance(n, ast.AsyncFunctionDef)]
    reports = [function for function in functions if function.name == "report"]
    given = [n.value for report in reports for n in ast.walk(report) if isinstance(n, ast.Return)]
    return {str(key.value) for each in given if isinstance(each, ast.Dict) for key in each.keys if _is_text(key)}


def _is_text(key: ast.expr | None) -> TypeGuard[ast.Constant]:
    return isinstance(key, ast.Constant)


@pytest.fixture(scope="module")
def source() -> Uses:
    return uses()


@pytest.fixture(scope="module")
def families(source: Uses) -> dict[str, set[str]]:
    """Every key that is put together in the source, by its beginning."""
    address = _constants("domain/address.py", "region_problems") | _constants("domain/address.py", "_detail_problems")
    return {
        "event.": kinds(),
        "event.who.": {
            "orderhub",
            "timer",
            "warehouse",
            "tracker",
            "rules",
            "channel",
            "clerk",
            "operator",
            "staff",
            "manual",
        },
        "event.late.": {stage.name for stage in ApprovalStage},
        "event.void.": set(VoidOutcome),
        "channel_status.": set(ChannelStatus),
        "country.": {
            *("US", "CA", "MX", "BR", "GB", "DE", "FR", "IT", "ES", "PT", "NL", "BE", "LU", "IE"),
            *("AT", "CH", "DK", "SE", "FI", "NO", "PL", "CZ", "HU", "RO", "BG", "GR", "RU", "JP"),
            *("KR", "SG", "MY", "TH", "VN", "PH", "ID", "IN", "AE", "SA", "AU", "NZ", "ZA"),
        },
        "change.": {"wished", "asked", "confirmed", "refused", "lapsed", "rerouted", "rerouted_in_part"},
        "consignment.is.": {"waiting", "ready", "packed", "off"},
        "track.": set(TrackCode),
        "ago.": {"days", "hours", "minutes"},
        "desk.next.": {"none", *GoldenState} - {GoldenState.WARRANTY_ACTIVATED},
        "desk.due.": {"open", "warned", "stopped", "late", "missed", "met", "left"},
        "desk.waybill.": {"live", "asked", "unknown", "absent", "refused", "void"},
        "desk.parcel_is.": {"packed", "numbered", "signed", *PROBLEMS},
        "desk.link.": {"member", "phone", "receiver", "buyer", "purchase"},
        "state.": {*GoldenState, *Exit, "none"},
        "hold.": set(HoldReason),
        "release.": set(Release),
        "step.": {step.name for step in STEPS.values()},
        "channel.": {*Channel, "wechat_orders"},
        "import.effect.": set(Effect),
        "channels.": {"channel", "intake", "receivers", "stock", "couriers", "shops", "tests"},
        "way.": set(Way),
        "happened.": _reported(),
        "receiver.": set(ReceiverKind),
        "shop.": {*ShopState} - {ShopState.REMOVED},
        "zone.": {"city", "province", "delta", "region", "neighbour", "far", "remote", "special"},
        "warehouses.": {
            *("code", "name", "province", "city", "cut_off", "weekdays", "capacity", "today", "state"),
        },
        "shops.": {"channel", "shop", "state", "why", "tested", "origin"},
        "reconcile.": {
            *("channel", "shop", "listed", "missing", "stale", "waiting", "quarantined", "at"),
            *("title", "never", "without", "done"),
        },
        "replenish.": {
            *("number", "date", "warehouse", "sku", "title", "quantity", "free", "safety", "coming", "sold"),
            *("window_days", "sold_per_day", "turnover_days", "forecast", "lasts_days", "out_days", "lead_days"),
            *("factor_percent", "cause", "status", "purchase_no"),
        },
        "quarantine.column.": {"seq", "source", "shop", "kind", "order_id", "at", "why"},
        "finance.sheet.": set(Sheet),
        "finance.column.": {name.removesuffix("_fen") for row in ROWS.values() for name in columns(row)},
        "finance.kind.": set(RefundKind),
        "finance.status.": set(RefundStatus),
        "replenish.cause.": {"below_safety", "invalid_freeze", "shortage"},
        "replenish.status.": {"open", "accepted", "dropped"},
        "articles.": {"sku", "title", "abc", "safety_stock", "below_safety", "category", "grade", "weight_g"},
        "tags.": {"sku", "kind", "value", "area", "issuer", "valid_from", "valid_to"},
        "tag.": {"grade", *KINDS},
        "articles.below.": {"alert", "suggest", "pause"},
        "listings.": {
            *("channel", "shop", "sku", "item_id", "sku_id", "pieces", "told_at", "trouble", "at", "status", "inputs"),
        },
        "listings.status.": {"asked", "taken", "refused", "unknown"},
        "shadow.": {
            *("slice", "state", "since", "by", "why", "waiting", "living", "day", "orders", "kinds", "examples"),
            *("order", "placed", "would", "did"),
        },
        "shadow.do.": set(Would),
        "shadow.kind.": {*Kind, *PlanKind},
        "shelves.": {"warehouse", "sku", "available", "locked", "on_hand", "told", "difference", "asked_at"},
        "carrier.": set(Carrier),
        "pause.slice.": set(Slice),
        "pause.measure.": set(Measure),
        "pauses.": {"n", "what", "why", "since", "until", "by", "ended_at"},
        "deadline.stage.": set(Stage),
        "deadline.calendar.": {"ALWAYS", "OFFICE", "WAREHOUSE"},
        "sla.": {
            *("stage", "open", "stopped", "warned", "late", "channel", "warehouse"),
            *("name", "count", "in_time", "order", "due", "told"),
        },
        "parcel.": {*PROBLEMS, "packed", "signed"},
        "phase.": set(Phase),
        "intercept.": {*contracts.InterceptHow, "waiting"},
        "trouble.": set(Trouble),
        "proposal.": set(ProposalKind),
        "task.": {kind for kind, _, _ in source.tasks},
        "flag.": {"stock.not_enough", "stock.safety"},
        "flag.compliance.": {"missing", "expired", "malformed", "blocked"},
        "declare.": {*ORDER_FIELDS, *LINE_FIELDS} - set(KINDS),
        "mine.mode.": set(ApprovalMode),
        "mine.as_": set(map(str, Standing)) - {"own"},
        "declare.is_": {"missing", "expired", "malformed", "contradicts"},
        "declarations.": {"order", "destination", "status", "opened", "missing"},
        "declarations.status.": {"incomplete", "blocked"},
        "flag.status.": {"open", "left", "noted", "released", "gone"},
        "format.": _constants("domain/review/formats.py", "_format_problems"),
        "address.": address | {"ciphertext_missing"},
        "partner.": {
            *("own", "pos", "b2b", "wechat_orders", "douyin", "pdd", "xiaohongshu", "taobao", "jd", "wechat"),
            *("qimen", "sf", "cainiao", "kdniao", "credit", "sms", "files", "other"),
        },
        "health.breaker.": set(Breaker),
        "healings.": {"at", "order", "rule", "outcome", "before", "after"},
        "healing.": set(HealingOutcome),
        "healing.rule.": set(HealingRule),
        "gift.": set(GiftStatus),
        "merge.": set(MergeState),
        "merge.member.": set(MemberState),
        "merges.": {
            *("number", "state", "group", "warehouse", "orders", "opened_at", "order", "instruction", "why", "by"),
            "joined_at",
        },
        "delivery.": {"asked", "pushed", "refused", "stopping", "cancelled", "packed"},
        "scan.": {"gift", "missing", "wrong", "extra"},
        "details.": {"reason", "detail", "since", "deadline", "who", "ways"},
        "form.need.": set(Requirement),
        "approver.": {"sales_director", "technical_director", "finance_director", "general_manager", "quality_manager"},
        "approval.link_": {part for kind in ("unknown", "expired") for part in (kind, f"{kind}_hint")},
        "approval.done.": set(Verdict),
        "approval.verdict.": set(Verdict),
        "approval.status.": set(RequestStatus),
        "approval.standing.": set(Standing),
        "approval.way.": set(WayOfDeciding),
        "approval.terms.": set(PaymentTerms),
        "approvers.": {"id", "name", "roles", "phone", "deputy", "absent_until"},
        "customers.": {
            *("channel", "customer", "name", "limit", "reserved", "used", "free"),
            *("at", "kind", "order", "after", "by", "why"),
        },
        "customers.kind.": {"limit", "reserve", "forced", "release", "use", "return", "paid"},
        "approvals.": {
            *("order", "n", "role", "amount", "status", "deadline", "asked", "rule"),
            *("at", "who", "verdict", "way", "why"),
        },
        "rules.bad.": _first_arguments("rules/lint.py", {"_bad", "Problem", "_unread"}),
        "rules.bad.cell.": {
            *("any", "yes_no", "empty_value", "formula", "quote", "percent", "comma", "unit", "separator"),
            *("unquoted", "unquoted_cell", "negation"),
        },
        "promotion.why.": set(Why),
        "word.": set(About),
        "invoice.": set(InvoiceType),
        "ext.of.": set(Scope),
        "ext.": {
            *("says", "missing", "unknown", "number", "date", "choice", "file", "pattern"),
            *("too_many", "twice", "unbound", "no_line"),
        },
        "rules.kind.": {"text", "number", "bool", "list"},
        "rules.file.": {"date", "digits", "no_keys", "no_titles"},
        "rules.state.": {"draft", "tested"},
        "rules.what.": {str(what) for what in What},
        "rules.list.": {"name", "title", "version", "since", "next", "rows"},
        "rules.history.": {"number", "at", "what", "version", "who", "why", "holds"},
        "rules.coverage.": {"partner", "kind", "mapped", "unmapped", "unnamed"},
        "rules.explain.": {"step", "rule", "row", "result", "now", "changes"},
        "rules.run.": {"count", "before", "after", "what", "examples"},
        "rules.run.things.": set(Of),
        "rules.run.none.": set(Of),
        "rules.run.facts.": {*Of, *AS_OF_REVIEW},
        "rules.run.total.": {"due_fen", "held", "pieces", "quantity", "paused"},
        "rules.run.effect.": {"due_fen", "held", "pieces", "quantity", "paused"},
        "rules.asks.": set(tables()),
        "label.": {part for kind in ("unknown", "expired") for part in (kind, f"{kind}_hint")},
        "label.off.": {"voided", "changed", "withdrawn"},
        "label.state.": {"packed", "numbered", *PROBLEMS, "signed"},
        "labels.": {
            *("warehouse", "carrier", "area", "window", "parcels", "state", "sheet", "size", "printed"),
        },
        "form.": {part for kind in ("unknown", "expired", "busy") for part in (kind, f"{kind}_hint")},
    }


@pytest.fixture(autouse=True)
def _chinese_again() -> Iterator[None]:
    yield
    use_language("zh")


def _placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}


@pytest.mark.parametrize("key", CATALOGUE)
def test_both_languages_take_the_same_parameters(key: str) -> None:
    zh, en = CATALOGUE[key]
    assert _placeholders(zh) == _placeholders(en)
    assert zh.strip()
    assert en.strip()


def test_no_key_stands_twice() -> None:
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in (ROOT / "domain" / "texts").glob("*.py")]
    dicts = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Dict)]
    keys = [str(key.value) for found in dicts for key in found.keys if isinstance(key, ast.Constant)]
    assert sorted(keys) == sorted({*CATALOGUE, "language"})


def test_every_key_that_the_source_names_is_there(source: Uses) -> None:
    assert source.asked - set(CATALOGUE) == set()


def test_every_family_in_the_source_is_known_here(source: Uses, families: dict[str, set[str]]) -> None:
    assert source.families - set(families) == set()


def test_every_member_of_every_family_has_its_text(families: dict[str, set[str]]) -> None:
    members = {f"{beginning}{name}" for beginning, names in families.items() for name in names}
    assert members - set(CATALOGUE) == set()


def test_no_text_is_without_use(source: Uses, families: dict[str, set[str]]) -> None:
    members = {f"{beginning}{name}" for beginning, names in families.items() for name in names}
    members |= {policy.who for policy in POLICIES.values()}
    members |= {"role.supervisor", "role.director"}  # who hear of late stages, by the rules
    assert set(CATALOGUE) - source.literals - source.asked - members == set()


def test_every_call_gives_what_its_text_needs(source: Uses) -> None:
    wrong = [
        f"{place} text({key!r}) gives {sorted(names)}"
        for key, names, place in source.given
        if "**" not in names and names != _placeholders(CATALOGUE[key][0])
    ]
    assert wrong == []


def test_every_step_is_summed_up_with_what_its_text_needs(source: Uses) -> None:
    wrong = [
        f"{place} {constant} gives {sorted(names)}"
        for constant, names, place in source.steps
        if names != _placeholders(CATALOGUE[f"step.{STEPS[constant].name}"][0])
    ]
    assert wrong == []
    assert {constant for constant, _, _ in source.steps} == set(STEPS), "a step that no workflow takes"


def test_every_task_is_put_into_words_with_what_its_text_needs(source: Uses) -> None:
    wrong = [place for kind, names, place in source.tasks if names != _placeholders(CATALOGUE[f"task.{kind}"][0])]
    assert wrong == []


def test_the_language_is_chosen_for_the_process() -> None:
    assert language() == "zh"
    assert text("state.PAID") == "支付成功"
    use_language("en")
    assert text("state.PAID") == "paid"
    assert text("cancel.by_channel") == "cancelled by the channel"


def test_parameters_are_filled_in_as_they_are() -> None:
    assert text("waybill.taken", number="{0} {x}") == "已录入单号 {0} {x}"


def test_a_partner_of_a_connector_from_outside_is_called_by_its_own_name() -> None:
    assert partner_name("sf") == "顺丰"
    assert partner_name("acme") == "acme"


def test_a_missing_key_or_parameter_is_an_error() -> None:
    with pytest.raises(KeyError):
        text("no.such.key")
    with pytest.raises(KeyError):
        text("waybill.taken")
