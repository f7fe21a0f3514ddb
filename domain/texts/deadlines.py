"""Deadlines of stages: what people are told, and the command's headings."""

from __future__ import annotations

DEADLINES: dict[str, tuple[str, str]] = {
    "deadline.stage.REVIEW": ("审核", "review"),
    "deadline.stage.LOCK": ("锁库", "lock stock"),
    "deadline.stage.PACK": ("打包", "pack"),
    "deadline.stage.WAYBILL": ("回传单号", "waybill"),
    "deadline.stage.SHIP": ("承诺发货", "promised to ship"),
    "deadline.stage.SIGN": ("送达签收", "sign"),
    "deadline.calendar.ALWAYS": ("自然时间", "around the clock"),
    "deadline.calendar.OFFICE": ("办公时间", "office hours"),
    "deadline.calendar.WAREHOUSE": ("仓库作业时间", "warehouse hours"),
    "deadline.limit": ("时限 {lasts}（{calendar}），依据 {rule}", "limit {lasts} ({calendar}) by {rule}"),
    "deadline.official_day": ("按放假调休（{title}），依据 {rule}", "by the official days ({title}), {rule}"),
    "deadline.no_limit": ("不设时限，依据 {rule}", "without a limit by {rule}"),
    "deadline.no_rule": ("时限规则有误：{why}", "the rules for its limit are broken: {why}"),
    "deadline.not_judged": ("时限将在一分钟内算出", "its limit is worked out within a minute"),
    "deadline.no_calendar": (
        "{year} 年放假调休安排尚未载入，调休的周末按平常计算",
        "the shifted weekends of {year} are not known yet: they count as any",
    ),
    "task.calendar_soon": (
        "{year} 年放假调休安排尚未载入，办公时间的时限届时会算错：国务院公布后请发布为规则，"
        "orderhub rules export official_days official_days.xlsx，添上该年的放假与调休，再导入、测试、发布，几秒内生效",
        "the shifted weekends of {year} are not there, and deadlines in office hours will be wrong: once the State "
        "Council has published them, publish them as a rule: orderhub rules export official_days official_days.xlsx, "
        "add that year's days, then import, test and publish it, which counts within seconds",
    ),
    "task.calendar_now": (
        "{year} 年放假调休安排未载入，办公时间的时限现已不准：请立即发布为规则，"
        "orderhub rules export official_days official_days.xlsx，添上该年的放假与调休，再导入、测试、发布，几秒内生效",
        "the shifted weekends of {year} are not there, and deadlines in office hours are wrong: publish them as a rule "
        "now: orderhub rules export official_days official_days.xlsx, add that year's days, then import, test and "
        "publish it, which counts within seconds",
    ),
    "deadline.stands": ("自 {since} 起停表：{badge}", "its clock stands since {since}: {badge}"),
    "deadline.stood": ("{since} 至 {until} 停表：{badge}", "its clock stood from {since} to {until}: {badge}"),
    "deadline.soon": (
        "「{stage}」即将超时，应在 {due} 前完成，请{who}处理",
        "the stage '{stage}' is due at {due}: {who}, please",
    ),
    "deadline.late": (
        "「{stage}」已超时（应在 {due} 前完成），第 {level} 级升级，请{who}处理",
        "the stage '{stage}' is late (it was due at {due}), escalation level {level}: {who}, please",
    ),
    "deadline.now_late": ("{count} 个环节已超时", "{count} stages are late"),
    "sla.title": ("各环节时限", "deadlines by stage"),
    "sla.stage": ("环节", "stage"),
    "sla.open": ("进行中", "open"),
    "sla.stopped": ("停表", "stopped"),
    "sla.warned": ("即将超时", "warned"),
    "sla.late": ("已超时", "late"),
    "sla.durations": ("近 {days} 天各环节用时", "how long stages took in the last {days} days"),
    "sla.channel": ("渠道", "channel"),
    "sla.warehouse": ("仓库", "warehouse"),
    "sla.name": ("渠道／仓库", "channel or warehouse"),
    "sla.count": ("单数", "orders"),
    "sla.in_time": ("按时", "in time"),
    "sla.order": ("订单", "order"),
    "sla.due": ("应完成", "due"),
    "sla.told": ("已通知", "told"),
    "sla.latest": ("超时最久的订单", "the orders that are late for longest"),
}
