"""Pauses: what is paused and why."""

from __future__ import annotations

PAUSES: dict[str, tuple[str, str]] = {
    "hold.PAUSED": ("异常熔断", "paused"),
    "pause.slice.channel": ("渠道“{name}”的新订单", "new orders of the channel {name}"),
    "pause.slice.sku": ("商品 {name} 的锁库", "locking stock of {name}"),
    "pause.slice.warehouse": ("仓库 {name} 的出库指令", "instructions to the warehouse {name}"),
    "pause.slice.courier": ("快递渠道“{name}”的取号", "waybills by {name}"),
    "pause.measure.returns": ("退款申请", "refunds asked for"),
    "pause.measure.scan_mismatches": ("扫码不符", "wrong scans"),
    "pause.measure.warehouse_exceptions": ("仓库异常", "warehouse exceptions"),
    "pause.measure.write_back_refusals": ("渠道拒收单号", "numbers refused by the channel"),
    "pause.measure.courier_failures": ("取号失败", "failed waybills"),
    "pause.spike": (
        "{minutes} 分钟内{measure} {count} 次（样本 {sample}）",
        "{count} {measure} of {sample} within {minutes} minutes",
    ),
    "pause.says": ("{what}已暂停：{why}，恢复时间：{until}", "{what}: paused because of {why}, until {until}"),
    "pause.by_time": ("到时自动恢复", "by its time"),
    "task.resumed": (
        "{what}已恢复（{by}），此前因「{why}」暂停了 {minutes} 分钟；请留意是否再出问题",
        "{what}: goes on again ({by}) after {minutes} minutes, paused because of {why}; see whether it stays well",
    ),
    "pause.by_hand": ("人工恢复", "a person says so"),
    "pause.now": ("{count} 项熔断中", "{count} slices are paused"),
    "pause.begun": ("已暂停（编号 {number}）：{says}", "paused as number {number}: {says}"),
    "pause.already": ("{what}已在暂停中", "{what}: paused already"),
    "pause.ended": ("编号 {number} 已恢复", "number {number} goes on"),
    "pause.not_open": ("没有进行中的熔断，编号 {number}", "there is no open pause of number {number}"),
    "pauses.n": ("编号", "number"),
    "pauses.what": ("暂停了什么", "what stands still"),
    "pauses.why": ("原因", "why"),
    "pauses.since": ("开始", "since"),
    "pauses.until": ("恢复时间", "until"),
    "pauses.by": ("由谁", "by"),
    "pauses.ended_at": ("已恢复", "ended"),
    "pauses.none": ("没有暂停", "nothing is paused"),
    "pauses.waiting": ("{count} 单因熔断在等待", "orders that wait for the end of a pause: {count}"),
    "pauses.rule": ("按规则 {rule}", "by the rule {rule}"),
}
