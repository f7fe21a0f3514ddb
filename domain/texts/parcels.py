"""Parcels on their way: what is the matter, and what to do about it."""

from __future__ import annotations

PARCELS: dict[str, tuple[str, str]] = {
    "task.parcel_trouble": ("{carrier} {number}：{what}", "{carrier} {number}: {what}"),
    "task.parcel_stuck": (
        "{carrier} {number} 已 {hours} 小时没有新轨迹（{phase}），超过通常时长（依据 {rule}）",
        "{carrier} {number} has been silent for {hours} hours ({phase}), longer than is usual (by {rule})",
    ),
    "address.freight": ("运费估算由 {was} 元变为 {now} 元", "the freight is estimated at {now} yuan now, {was} before"),
    "address.promise": ("预计 {day} 前送达", "to be there by {day}"),
    "task.freight_differs": (
        "改址后运费估算多 {more} 元，请与买家确认由谁承担",
        "the new address costs about {more} yuan more freight: agree with the buyer who bears it",
    ),
    "task.reroute_refused": (
        "包裹 {parcel} 未能改址：{why}",
        "parcel {parcel} goes to its old address: {why}",
    ),
    "task.refund_stop": (
        "买家申请退款，包裹 {parcel} {what} {why}",
        "the buyer wants a refund; parcel {parcel}: {what} {why}",
    ),
    "intercept.asked": (
        "已发货，正在请快递改址，结果稍后可见",
        "it has left: its courier is being asked, the outcome comes later",
    ),
    "intercept.one_at_a_time": ("快递正在处理上一次改址", "its courier is still being asked about another address"),
    "intercept.too_late_signed": ("已签收或已结束，不能改址", "signed or finished: too late to change the address"),
    "intercept.shared": (
        "包裹内还有其他订单的商品，不能单独拦截：{orders}",
        "other orders' goods are in the same box, so it cannot be stopped for one of them: {orders}",
    ),
    "intercept.never_left": ("订单没有发出", "the order never left"),
    "intercept.no_waybill": ("包裹没有有效运单", "the parcel has no live waybill"),
    "intercept.over": ("包裹状态为{status}，不能再拦截", "the parcel cannot be stopped any more: {status}"),
    "intercept.encrypted": (
        "收件人由平台加密，平台不允许改寄，请买家在平台上修改",
        "the platform keeps the receiver encrypted and forbids it: the buyer changes it there",
    ),
    "intercept.not_supported": (
        "{courier}不支持在途拦截，请电话联系",
        "{courier} cannot stop parcels on their way: call it",
    ),
    "intercept.no_sign": (
        "快递没有答复，轨迹上也没有拦截记录，请电话核实",
        "the courier did not answer, and shows no sign of it: call it",
    ),
    "intercept.rerouted": ("已改寄新地址", "on its way to the new address"),
    "intercept.returning": ("快递已受理退回", "the courier brings it back"),
    "intercept.void": ("快递尚未揽收，运单已作废", "not collected, its waybill is void"),
    "intercept.refused": ("未能拦下", "not stopped"),
    "parcel.stopped": ("揽收前已拦下", "stopped before it was collected"),
    "parcel.packed": ("已打包", "packed"),
    "parcel.signed": ("已签收", "signed"),
    "phase.WAITING": ("等待揽收", "not collected yet"),
    "phase.COLLECTED": ("已揽收未发出", "collected, not moving"),
    "phase.IN_TRANSIT": ("运输途中", "in transit"),
    "phase.OUT_FOR_DELIVERY": ("派送中", "out for delivery"),
    "phase.PROBLEM": ("问题件", "in trouble"),
    "trouble.NOT_COLLECTED": ("快递公司没有揽收信息", "the courier has not collected it"),
    "trouble.NOT_SIGNED": ("派送后超时未签收", "out for delivery for too long"),
    "trouble.NO_UPDATE": ("轨迹超时未更新", "no news for too long"),
    "trouble.DELIVERY_FAILED": ("派送异常", "the delivery failed"),
    "trouble.LEFT_IN_LOCKER": ("快递柜超时未取", "left in a locker for too long"),
    "trouble.TAKEN_FROM_LOCKER": ("快件已从柜中取出，未见签收", "taken out of the locker without a signature"),
    "trouble.INTERCEPTED": ("快件已被拦截", "intercepted"),
    "trouble.DAMAGED": ("快件破损", "damaged"),
    "trouble.LOST": ("快件遗失", "lost, says the courier"),
    "trouble.CALLED_OFF": ("寄件方取消发货", "called off by the sender"),
    "trouble.UNREACHABLE": ("联系不上收件人", "the receiver cannot be reached"),
    "trouble.DELAYED": ("配送延迟", "delayed"),
    "trouble.NEXT_TRY": ("将再次派送", "the courier comes again"),
    "trouble.ADDRESS": ("地址不详", "the address is not clear"),
    "trouble.PHONE": ("收件人电话错误", "the receiver's phone number is wrong"),
    "trouble.MISSORTED": ("快件错分", "sorted to the wrong place"),
    "trouble.OUT_OF_AREA": ("超出派送范围", "outside the area that the courier serves"),
    "trouble.FORWARDED": ("快件已转寄到其他地址", "sent on to another address"),
    "trouble.CUSTOMS": ("清关异常", "held up in customs"),
    "trouble.OTHER": ("快递公司报告异常", "the courier reports a problem"),
    "proposal.CALL_COURIER": (
        "联系派件员或网点（电话 {phone}），约定再次派送",
        "call the courier ({phone}), agree on a new try",
    ),
    "proposal.URGE_COURIER": (
        "向快递公司催件（电话 {phone}），查清包裹在哪里",
        "ask the courier ({phone}) where the parcel is",
    ),
    "proposal.URGE_COLLECTION": (
        "核对包裹是否已交给快递，催促揽收（电话 {phone}）；未交出则换单重发",
        "look whether the courier has the parcel, and let it be collected ({phone}); else send it by a new number",
    ),
    "proposal.CALL_BUYER": (
        "联系买家确认收货方式，再告知派件员（电话 {phone}）",
        "ask the buyer, then tell the courier ({phone})",
    ),
    "proposal.REMIND_BUYER": ("提醒买家取件", "remind the buyer to fetch it"),
    "proposal.MEND_ADDRESS": (
        "向买家问清地址，再改址或告知派件员（电话 {phone}）",
        "ask the buyer for the address, and change it or tell the courier ({phone})",
    ),
    "proposal.MEND_PHONE": (
        "向买家问清电话，告知派件员（电话 {phone}）",
        "ask the buyer for the number, tell the courier ({phone})",
    ),
    "proposal.AWAIT_RETURN": (
        "等待包裹退回（约 {days} 天），验收后退款；逾期向快递查询（电话 {phone}）",
        "wait for the parcel to come back (about {days} days), then pay back; ask the courier if it does not ({phone})",
    ),
    "proposal.RESTOCK_AND_REFUND": ("验收退回的商品并入库，然后退款", "check the goods, book them in, then pay back"),
    "parcel.unknown_word": (
        "{partner}自 {since} 起报告未知状态 {word}，包裹状态保持不变，说明含义后自动补上",
        "{partner} has said {word} since {since}, which nobody knows: the parcel is where it was until that is mapped",
    ),
    "proposal.CLAIM_AND_RESEND": (
        "向快递公司申请理赔（{days} 天内，电话 {phone}），并给买家补发",
        "claim at the courier within {days} days ({phone}), and send the goods again",
    ),
    "proposal.SEND_AGAIN": ("换新单号重新发货", "send it again by a new number"),
    "proposal.WAIT": (
        "等待 {hours} 小时，仍无进展再联系快递（电话 {phone}）",
        "wait {hours} hours, then call the courier ({phone})",
    ),
    "proposal.CLEAR_CUSTOMS": (
        "补交清关资料，联系快递（电话 {phone}）",
        "give the courier ({phone}) what customs want",
    ),
    "proposal.CONFIRM_RECEIPT": (
        "向买家确认是否收到；未收到则联系快递（电话 {phone}）",
        "ask the buyer; if it is not there, the courier ({phone})",
    ),
    "proposal.KEEP_AND_REFUND": (
        "从待发区取出包裹，商品退回货架并登记入库，可以同意退款",
        "take the parcel off the belt, book its goods in: the refund can be granted",
    ),
    "proposal.GRANT_REFUND": (
        "包裹正在退回，可以同意退款；收到退件后验收入库",
        "the parcel is coming back: the refund can be granted; book its goods in when they are here",
    ),
    "proposal.REFUSE_REFUND": (
        "包裹未能拦下：拒绝仅退款，请买家拒收或签收后走退货",
        "the parcel was not stopped: refuse the refund, let the buyer refuse the parcel or send it back",
    ),
}
