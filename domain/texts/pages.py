"""The pages."""

from __future__ import annotations

PAGES: dict[str, tuple[str, str]] = {
    "form.title": ("补录运单号", "Enter a waybill number"),
    "form.order": ("订单号", "order"),
    "form.parcel": ("第 {n} 个包裹，共 {total} 个", "parcel {n} of {total}"),
    "form.receiver": ("收件人", "receiver"),
    "form.goods": ("商品", "goods"),
    "form.needs": ("配送要求", "delivery"),
    "form.need.COLD_CHAIN": ("冷链", "cold chain"),
    "form.need.FRAGILE": ("易碎品", "fragile"),
    "form.need.UPRIGHT": ("向上放置", "this side up"),
    "form.number": ("运单号", "waybill number"),
    "form.number_hint": ("面单条形码下方的号码", "the number below the label's bar code"),
    "form.carrier": ("快递公司", "courier"),
    "form.choose": ("请选择", "please choose"),
    "form.submit": ("提交单号", "submit"),
    "form.sending": ("正在提交…", "submitting…"),
    "form.number_missing": ("请输入运单号", "please enter the waybill number"),
    "form.carrier_missing": ("请选择快递公司", "please choose the courier"),
    "form.implausible": (
        "这不像{carrier}的单号，请核对单号和快递公司",
        "this cannot be a number of {carrier}: check the number and the courier",
    ),
    "form.taken": ("单号已录入", "number taken"),
    "form.taken_before": ("该包裹已有单号", "this parcel has a number already"),
    "form.taken_hint": ("无需再操作，可以关闭本页。", "Nothing more to do: you can close this page."),
    "form.other_number": (
        "刚才提交的 {number} 没有录入。",
        "{number}, as you just submitted it, was not taken.",
    ),
    "form.unknown": ("链接无效", "this link is not valid"),
    "form.unknown_hint": ("请从短信中重新打开完整的链接。", "Open the whole link from the message again."),
    "form.expired": ("链接已过期", "this link has expired"),
    "form.expired_hint": (
        "如果包裹还没有单号，请联系主管在系统中补录。",
        "If the parcel still has no number, ask your supervisor to enter it.",
    ),
    "form.busy": ("系统繁忙", "the system is busy"),
    "form.busy_hint": ("请过一分钟再试；重复提交不会出错。", "Try again in a minute: sending it twice does no harm."),
}
