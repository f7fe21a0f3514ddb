"""What a person must do."""

from __future__ import annotations

TASKS: dict[str, tuple[str, str]] = {
    "task.invoice_undecided": (
        "发票类型待确认：请核对买家的税号，由渠道更正后会自动重新判断，或由财务人工开具",
        "which invoice this order gets is undecided: look at the buyer's tax number; a corrected document is judged by "
        "itself, or finance writes it by hand",
    ),
    "task.quarantine": (
        "{partner}{shop}有单据（{kind}）无法识别，已隔离：用 orderhub quarantine list 查看原因，修复后重读或丢弃；"
        "清空后本任务自动关闭",
        "documents of {partner}{shop} ({kind}) cannot be read: orderhub quarantine list says why; "
        "have them read again when that is mended, or drop them. Done by itself when none is left",
    ),
    "task.unknown_word": (
        "{partner}的{about}出现了未知状态 {word}，相关单据已暂停处理：请在规则集 status_map 中说明它的含义并发布",
        "{partner} says {word} of {about}, and nobody knows what it means; what hangs on it waits: say it in the rule "
        "set status_map, and publish",
    ),
    "task.reauthorise": (
        "{channel}店铺 {shop} 的授权将于 {until} 到期，请让店主重新授权",
        "the authorisation of {channel} shop {shop} ends at {until}: its owner must renew it",
    ),
    "task.address_choice": (
        "地址不完整，可能是 {places}：请与买家确认后修改地址",
        "the address lacks a level and may mean {places}: ask the buyer, and change it",
    ),
    "task.cancel_too_late": ("取消太晚：{why}，请拦截包裹或走售后", "cancelled too late: {why}; stop the parcel"),
    "task.goods_changed": ("锁定库存后商品有变化，请人工处理", "the goods changed after stock was locked"),
    "task.changed_too_late": ("仓库已打包，订单变更未生效：{why}", "packed before the change: {why}"),
    "task.changed_after_packing": ("打包后渠道又修改了订单，请人工处理", "the channel changed the order after packing"),
    "task.payment_differs": (
        "收到付款 {paid} 元，而订单应付 {due} 元，订单不会发货，请核对",
        "{paid} yuan came for an order of {due} yuan: it is not shipped until somebody has looked into it",
    ),
    "task.paid_but_cancelled": (
        "订单取消后收到付款 {amount} 元，请退款给买家",
        "{amount} yuan came for an order that is cancelled: pay it back",
    ),
    "task.stop_parcel": (
        "{why}：请拦下包裹，商品退回货架并登记入库",
        "{why}: keep the parcel, put its goods back and book them in",
    ),
    "task.refund_after_packing": (
        "打包后买家申请退款 {amount} 元，请拦截包裹或走售后",
        "a refund of {amount} yuan was asked for after packing: stop the parcel, or treat it as an after-sale",
    ),
    "task.pull_refused": ("拉单被拒绝：{why}", "the question for changes is refused: {why}"),
    "task.shop_unauthorised": (
        "{channel}店铺 {shop} 拒绝了我们的授权，已停止拉单，请重新授权",
        "{channel} shop {shop} refuses our credentials, its orders are not read: authorise it again",
    ),
    "task.pack_overdue": ("仓库超时未打包", "packing is overdue"),
    "task.sign_overdue": ("超时未签收，请联系快递", "the signature is overdue: call the courier"),
    "task.credit_refused_late": ("发货后信用被拒：{why}", "credit refused after shipping: {why}"),
    "task.hold_overdue": ("“{badge}”超时未处理：{detail}", "'{badge}' is overdue: {detail}"),
    "task.credit_review": ("信用未及时回复，按正常放行，请复核", "credit not answered in time, passed: please review"),
    "task.packed_after_stop": ("仓库打包了已取消的出库单，请拦截", "a cancelled instruction was packed: stop it"),
    "task.fields_untold": (
        "仓库已打包出库单 {code}，之后提供的字段没有告诉它：{fields}。请到订单的扩展字段中查看，并告知仓库人员",
        "{code} was packed before these fields came, so its warehouse does not know them: {fields}. They are among the "
        "order's fields: tell the warehouse's people",
    ),
    "task.packed_not_locked": (
        "仓库已按出库单 {code} 打包，但其中 {missing} 在打包前已释放且无法重新预占，账面未扣减：请盘点",
        "{code} was packed, but {missing} of it was freed, cannot be locked again and is not booked out: count",
    ),
    "task.second_waybill": (
        "多余运单 {number} 无法作废，请联系快递",
        "waybill {number} cannot be voided: call the courier",
    ),
    "task.unsettled_waybill": (
        "取号没有收到回答，现在也查不到结果（{why}）：请到平台后台查看该订单有无多余面单，有则作废",
        "a request for a waybill had no answer, and its outcome cannot be asked for any more ({why}): look in the "
        "platform's back office whether this order has a waybill too many, and void it",
    ),
    "task.sms_failed": ("短信发送失败：{code}", "the SMS failed: {code}"),
    "task.partner_unhealthy": (
        "{partner}接口异常：最近 5 分钟成功率 {rate}，{calls} 次调用中 {failed} 次失败，失败最多的调用：{operation}",
        "{partner} is not well: {rate} of {calls} calls worked in 5 minutes, {failed} failed, mostly {operation}",
    ),
    "task.partner_breaker": (
        "{partner}接口已熔断，暂不调用：最近 5 分钟 {calls} 次调用中 {failed} 次失败，失败最多的调用：{operation}",
        "{partner} is not called for now, its breaker is open: of {calls} calls in 5 minutes {failed} failed, mostly "
        "{operation}",
    ),
    "task.file_refused": (
        "店铺 {shop} 的文件 {name} 无法读取：{why}。已移到错误目录，请修正后重新上传",
        "the file {name} of shop {shop} cannot be read: {why}. It is in the error directory: mend it, upload it again",
    ),
    "task.file_rejects": (
        "店铺 {shop} 的文件 {name} 有 {rows} 行不合格，见 {where}",
        "the file {name} of shop {shop} has {rows} rejected rows: see {where}",
    ),
    "task.file_failed": (
        "店铺 {shop} 的文件 {name} 读取失败，会继续重试：{why}",
        "the file {name} of shop {shop} fails and is tried again: {why}",
    ),
    "task.file_stays": (
        "店铺 {shop} 的文件 {name} 已处理，但无法移走：{why}，请检查归档目录权限",
        "the file {name} of shop {shop} is done, but cannot be moved away: {why}; look at the rights of the archive",
    ),
    "task.transfer_invalid": (
        "调拨 {number}（{source} → {target}）出库时冻结已失效，货物不能发出，请用新单号重新冻结",
        "transfer {number} ({source} to {target}): its freeze was over when it was to leave, so nothing may leave;"
        " freeze the goods again under a new number",
    ),
    "task.transfer_lost": (
        "调拨 {number} 收货少 {lost} 件 {sku}（发自 {source}），已从在途核销，请查明",
        "transfer {number}: {lost} of {sku} from {source} did not arrive and were written off; find out why",
    ),
    "task.paused": (
        "{says}。请{who}处理；恢复：orderhub pauses end {number}",
        "{says}. {who}, please; to go on: orderhub pauses end {number}",
    ),
    "task.replenish": (
        "建议给 {warehouse} 补货 {sku} {count} 件：{why}",
        "{warehouse} should be given {count} of {sku}: {why}",
    ),
}
