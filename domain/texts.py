"""The one catalogue of everything that operators, clerks and buyers read: Simplified Chinese, and English beside it.

`text("hold.stock", sku="A1")` gives the sentence in the language that `use_language` set (Chinese unless told).
A missing key is a programming error and raises KeyError; a test checks that both languages use the same parameters.
"""

from __future__ import annotations

from typing import Literal

Language = Literal["zh", "en"]

_current: dict[str, Language] = {"language": "zh"}


def use_language(wanted: Language) -> None:
    """Set the language of this process."""
    _current["language"] = wanted


def language() -> Language:
    """The language of this process."""
    return _current["language"]


def text(key: str, **params: object) -> str:
    """The sentence under `key`, with its parameters filled in."""
    zh, en = CATALOGUE[key]
    return (zh if language() == "zh" else en).format(**params)


def partner_name(partner: str) -> str:
    """A partner as people know it; one that the catalogue does not have (a connector from outside) by its own name."""
    key = f"partner.{partner}"
    return text(key) if key in CATALOGUE else partner


CATALOGUE: dict[str, tuple[str, str]] = {
    # partners
    "partner.own": ("自有商城", "own shop"),
    "partner.pos": ("门店收银", "POS"),
    "partner.b2b": ("B2B 客户", "B2B shop"),
    "partner.wechat_orders": ("小程序后台", "the mini-program's own backend"),
    "partner.douyin": ("抖店", "Douyin shop"),
    "partner.qimen": ("奇门仓库", "Qimen warehouse"),
    "partner.sf": ("顺丰", "SF Express"),
    "partner.cainiao": ("菜鸟", "Cainiao"),
    "partner.kdniao": ("快递鸟", "Kuaidiniao"),
    "partner.credit": ("CRM 信用", "CRM credit"),
    "partner.sms": ("短信", "SMS"),
    "partner.pdd": ("拼多多", "Pinduoduo"),
    "partner.xiaohongshu": ("小红书", "Xiaohongshu"),
    "partner.taobao": ("淘宝天猫", "Taobao/Tmall"),
    "partner.jd": ("京东", "JD"),
    "partner.wechat": ("微信小程序", "WeChat mini-program"),
    "partner.error": ("{partner}出错：{detail}", "{partner} failed: {detail}"),
    "partner.rejected": ("{partner}拒绝：{code} {detail}", "{partner} refused: {code} {detail}"),
    "partner.throttled": ("{partner}限流，稍后重试", "{partner} is throttling, will retry"),
    "partner.unavailable": ("{partner}不可用：{detail}", "{partner} is not available: {detail}"),
    "partner.breaker_open": ("{partner}连续失败，已熔断，暂不调用", "{partner} failed too often, not called for now"),
    "partner.outcome_unknown": (
        "{partner}没有回答，结果未知，先查询再重试",
        "{partner} did not answer; will ask before trying again",
    ),
    "partner.misconfigured": (
        "{partner}配置或权限有误，需要人工处理：{code} {detail}",
        "{partner} is misconfigured, a person must mend it: {code} {detail}",
    ),
    # golden states and exits
    "state.PAID": ("支付成功", "paid"),
    "state.RISK_PASSED": ("风控通过", "review passed"),
    "state.STOCK_LOCKED": ("库存锁定", "stock locked"),
    "state.PACKED": ("打包完成", "packed"),
    "state.WAYBILL_RETURNED": ("物流单号回传", "waybill returned"),
    "state.SIGNED": ("签收确认", "signed"),
    "state.WARRANTY_ACTIVATED": ("质保激活", "warranty activated"),
    "state.CANCELLED": ("已取消", "cancelled"),
    "state.UNDELIVERED": ("未妥投关闭", "closed undelivered"),
    "state.none": ("未支付", "not paid yet"),
    # roles
    "role.it": ("集成工程师", "integration engineer"),
    "role.service": ("客服", "customer service"),
    "role.finance": ("财务", "finance"),
    "role.operations": ("运营", "operations"),
    "role.warehouse": ("仓库", "warehouse"),
    # holds: badge, and the sentence
    "shops.channel": ("渠道", "channel"),
    "shops.shop": ("店铺", "shop"),
    "shops.state": ("状态", "state"),
    "shops.why": ("原因", "why"),
    "shops.tested": ("上次测试", "last test"),
    "shops.origin": ("来源", "origin"),
    "shop.active": ("正常", "active"),
    "shop.paused": ("已暂停", "paused"),
    "shop.unauthorised": ("授权失效", "unauthorised"),
    "hold.FORMAT_INVALID": ("格式错误", "format"),
    "hold.ADDRESS_INCOMPLETE": ("地址不完整", "address"),
    "hold.CHANNEL_LOCKED": ("渠道锁单", "locked by the channel"),
    "hold.REFUND_PENDING": ("退款处理中", "refund pending"),
    "hold.CREDIT_REFUSED": ("信用未通过", "credit"),
    "hold.STOCK_SHORT": ("缺货", "out of stock"),
    "hold.ADDRESS_CHANGE": ("改地址待确认", "address change"),
    "hold.WAREHOUSE_EXCEPTION": ("仓库异常", "warehouse exception"),
    "hold.SCAN_MISMATCH": ("扫描不符", "scan mismatch"),
    "hold.WAYBILL_BY_PERSON": ("人工补录运单", "waybill by hand"),
    "hold.CHANNEL_REFUSED": ("渠道拒收单号", "channel refused"),
    "hold.DELIVERY_PROBLEM": ("派送异常", "delivery problem"),
    "release.OPERATOR": ("运营放行", "release by an operator"),
    "release.DOCUMENT": ("渠道更新订单", "a newer order from the channel"),
    "release.ADDRESS": ("确认新地址", "a confirmed address"),
    "release.CLERK": ("仓库人员补录单号", "a number from the clerk"),
    "release.RETRY": ("系统自动重试", "the next automatic retry"),
    "release.PARTNER": ("合作方的后续回复", "a later answer of the partner"),
    "release.CANCEL": ("取消订单", "cancelling the order"),
    # review
    "channel.locked": ("渠道要求暂不发货", "the channel says not to ship for now"),
    "channel.refund_pending": ("买家申请退款，尚未处理完", "the buyer asked for a refund that is not decided yet"),
    "format.no_lines": ("订单没有商品行", "the order has no lines"),
    "format.line_repeated": ("商品行号重复", "a line number is repeated"),
    "format.quantity": ("第 {line} 行数量为 {quantity}", "line {line} has quantity {quantity}"),
    "format.sku_missing": ("第 {line} 行没有商家编码", "line {line} has no SKU"),
    "format.negative": ("第 {line} 行金额为负", "line {line} has a negative amount"),
    "format.gift_unbound": ("第 {line} 行赠品没有对应的主商品", "gift line {line} has no main line"),
    "format.negative_total": ("订单金额为负", "an amount of the order is negative"),
    "format.paid_differs": (
        "实付 {paid} 分，与商品＋运费－优惠 {expected} 分不符",
        "paid {paid} fen, but goods + freight - discount is {expected} fen",
    ),
    "format.lines_differ": (
        "各行金额与运费合计 {lines} 分，与实付 {paid} 分不符",
        "lines and freight sum to {lines} fen, but {paid} fen were paid",
    ),
    "address.province_missing": ("缺少省份", "the province is missing"),
    "address.city_missing": ("缺少城市", "the city is missing"),
    "address.district_missing": ("缺少区县", "the district is missing"),
    "address.detail_too_short": ("详细地址太短", "the street address is too short"),
    "address.detail_says_wait": ("地址中写着暂不发货", "the address says not to ship yet"),
    "address.detail_masked": ("地址被打码", "the address is masked"),
    "address.phone_invalid": ("电话号码无效", "the phone number is not valid"),
    "address.name_missing": ("缺少收件人姓名", "the receiver's name is missing"),
    "address.ciphertext_missing": ("平台没有给出完整密文", "the platform gave no complete ciphertext"),
    # what the order waits for
    "wait.review": ("等待审单放行", "waits for the review"),
    "wait.packed": ("等待仓库打包", "waits for the warehouse to pack"),
    "wait.signed": ("等待签收", "waits for the signature"),
    "wait.since": ("自 {moment} 起", "since {moment}"),
    "wait.finished": ("已完成", "finished"),
    "wait.cancelling": ("正在取消，撤销已做的步骤", "being cancelled, undoing what was done"),
    # summaries in the Temporal UI
    "step.accept_order": ("接单与审单", "take in and review"),
    "step.pass_review": ("风控通过", "pass the review"),
    "step.reserve_stock": ("锁定库存", "lock stock"),
    "step.plan_couriers": ("制定快递方案", "plan the couriers"),
    "step.check_credit": ("信用校验", "check credit"),
    "step.assume_credit": ("信用超时，按正常处理", "credit not answered, assume good"),
    "step.commit_credit": ("占用信用额度", "use reserved credit"),
    "step.release_credit": ("释放信用额度", "release reserved credit"),
    "step.push_to_warehouse": ("下发仓库", "instruct the warehouse"),
    "step.hold_at_warehouse": ("仓库挂起", "hold at the warehouse"),
    "step.restore_at_warehouse": ("仓库恢复", "go on at the warehouse"),
    "step.cancel_at_warehouse": ("仓库取消", "cancel at the warehouse"),
    "step.ask_warehouse": ("询问仓库进度", "ask the warehouse"),
    "step.record_report": ("核对仓库扫描", "compare the scan"),
    "step.request_waybill": ("取运单号 {courier}", "waybill from {courier}"),
    "step.settle_waybill": ("追查未知运单 {courier}", "settle an unknown waybill at {courier}"),
    "step.record_manual_waybill": ("人工补录单号", "take a number by hand"),
    "step.send_clerk_link": ("短信通知补录", "send the clerk a link"),
    "step.write_back": ("单号回传渠道", "tell the channel"),
    "step.finish_shipping": ("全部包裹已回传", "all parcels told"),
    "step.ask_tracker": ("查询物流轨迹", "ask the tracker"),
    "step.record_signed": ("签收确认", "confirm the signature"),
    "step.activate_warranty": ("质保激活", "activate the warranty"),
    "step.open_hold": ("拦截：{badge}", "hold: {badge}"),
    "step.close_hold": ("放行：{badge}", "release: {badge}"),
    "step.escalate_hold": ("超时升级：{badge}", "escalate: {badge}"),
    "task.reauthorise": (
        "{channel}店铺 {shop} 的授权将于 {until} 到期，请让店主重新授权",
        "the authorisation of {channel} shop {shop} ends at {until}: its owner must renew it",
    ),
    "step.renew_authorisations": ("续期店铺授权", "renew the shops' authorisations"),
    "step.list_feeds": ("列出可对账的店铺", "list what can be compared"),
    "step.reconcile_shop": ("对账：店铺 {shop}，{day}", "compare shop {shop}, {day}"),
    "reconcile.title": ("{day} 渠道对账", "{day}: the channels' lists against ours"),
    "reconcile.channel": ("渠道", "channel"),
    "reconcile.shop": ("店铺", "shop"),
    "reconcile.listed": ("渠道列出", "listed"),
    "reconcile.missing": ("漏单已补", "missed, taken in"),
    "reconcile.stale": ("旧版已更新", "stale, renewed"),
    "reconcile.waiting": ("排队中", "waiting"),
    "reconcile.quarantined": ("无法识别", "quarantined"),
    "reconcile.at": ("对账时间", "compared at"),
    "reconcile.never": ("尚未对账", "not yet"),
    "reconcile.without": ("没有可对账列表的渠道：{channels}", "channels without a list to compare with: {channels}"),
    "reconcile.done": ("{day} 对账：已完成 {shops}/{all} 个店铺", "{day} compared: {shops} of {all} shops"),
    "step.fit_stock": ("按最新商品调整库存锁定", "free what is needed no more"),
    "step.release_stock": ("释放库存", "release stock"),
    "step.record_cancelled": ("取消完成", "cancelled"),
    "step.record_undelivered": ("未妥投关闭", "closed undelivered"),
    "step.apply_address": ("采用新地址", "take the new address"),
    "step.drop_address": ("放弃新地址", "drop the new address"),
    "step.raise_task": ("转人工", "ask a person"),
    "wait.release": ("等待放行", "waits for release"),
    "wait.stock": ("等待补货", "waits for stock"),
    "wait.person": ("等待人工补录运单号", "waits for a number by hand"),
    "wait.channel": ("等待渠道接受单号", "waits for the channel to take the number"),
    "details.reason": ("拦截", "hold"),
    "details.detail": ("原因", "why"),
    "details.since": ("开始", "since"),
    "details.deadline": ("时限", "deadline"),
    "details.who": ("处理人", "who"),
    "details.ways": ("放行方式", "released by"),
    "credit.no_answer": ("信用系统未在时限内回复", "the credit bureau did not answer in time"),
    "hold.not_open": ("当前没有这个拦截：{reason}", "no such hold is open: {reason}"),
    "hold.not_by_hand": ("“{badge}”不能人工放行", "'{badge}' cannot be released by hand"),
    "hold.released": ("已放行：{badge}", "released: {badge}"),
    "cancel.by_channel": ("渠道取消", "cancelled by the channel"),
    "cancel.too_late": ("已打包或已结束，不能取消", "packed or finished: too late to cancel"),
    "cancel.done": ("已取消，全部步骤已撤销", "cancelled, everything undone"),
    "warehouse.hold": ("订单被拦截，请暂停", "the order is on hold"),
    "warehouse.changed": ("订单信息变更，重新下发", "the order changed and will be sent again"),
    "address.wished": ("{by} 申请修改地址", "{by} wants another address"),
    "address.held": ("已暂停仓库作业，等待确认新地址", "the warehouse waits until the new address is confirmed"),
    "address.taken": ("已采用新地址", "the new address is taken"),
    "address.lapsed": ("超时未确认，保留原地址", "not confirmed in time, the old address stays"),
    "address.not_waiting": ("没有待确认的地址", "no address is waiting to be confirmed"),
    "address.one_at_a_time": ("已有一个地址修改在等待确认", "another change of address is waiting already"),
    "address.too_late_packed": ("已打包，不能修改地址", "packed already: too late to change the address"),
    "address.too_late_window": (
        "付款已超过 {minutes} 分钟，不能修改地址",
        "paid more than {minutes} minutes ago: too late to change the address",
    ),
    "waybill.has_number": ("该包裹已有单号 {number}", "this parcel has number {number} already"),
    "waybill.not_waiting": ("该包裹不在等待补录", "this parcel is not waiting for a number"),
    "waybill.implausible": ("单号与快递公司不符", "this number cannot be one of this carrier"),
    "waybill.number_taken": ("该单号已用于其他包裹", "this number belongs to another parcel"),
    "waybill.taken": ("已录入单号 {number}", "number {number} taken"),
    "parcel.refused": ("收件人拒收", "refused by the receiver"),
    "parcel.lost": ("包裹丢失", "lost"),
    "parcel.returned": ("包裹已退回", "returned"),
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
    "refund.stopped": ("打包后、发货前已全额退款", "paid back after packing, before it left"),
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
    "stock.short": ("缺货：{missing}", "out of stock: {missing}"),
    "credit.pending": ("信用系统稍后回复", "the credit bureau will answer later"),
    "warehouse.stopped_before": ("指令在到达仓库前已取消", "stopped before it reached the warehouse"),
    "warehouse.packed_already": ("仓库已打包", "packed already"),
    "warehouse.cancelled_itself": ("仓库自行取消了出库单", "the warehouse cancelled by itself"),
    "warehouse.exception": ("仓库报告异常", "the warehouse reports an exception"),
    "warehouse.mismatch": (
        "扫描与订单不符：缺 {missing}；多 {extra}",
        "scan differs: missing {missing}; extra {extra}",
    ),
    "waybill.no_such_courier": ("没有配置 {courier}", "{courier} is not configured"),
    "waybill.absent": ("{courier} 确认没有该运单", "{courier} surely has no such waybill"),
    "waybill.voided": ("包裹已有其他运单，已作废", "the parcel has another waybill: voided"),
    "task.hold_overdue": ("“{badge}”超时未处理：{detail}", "'{badge}' is overdue: {detail}"),
    "task.credit_review": ("信用未及时回复，按正常放行，请复核", "credit not answered in time, passed: please review"),
    "task.packed_after_stop": ("仓库打包了已取消的出库单，请拦截", "a cancelled instruction was packed: stop it"),
    "task.second_waybill": (
        "多余运单 {number} 无法作废，请联系快递",
        "waybill {number} cannot be voided: call the courier",
    ),
    "task.sms_failed": ("短信发送失败：{code}", "the SMS failed: {code}"),
    "step.list_waiting": ("列出待补录订单", "list orders waiting for a number"),
    "step.follow_parcels": ("订阅与追踪包裹", "follow parcels"),
    # channels
    "channel.taobao": ("淘宝天猫", "Taobao/Tmall"),
    "channel.douyin": ("抖店", "Douyin"),
    "channel.jd": ("京东", "JD"),
    "channel.pdd": ("拼多多", "Pinduoduo"),
    "channel.wechat": ("微信小程序", "WeChat mini-program"),
    "channel.xiaohongshu": ("小红书", "Xiaohongshu"),
    "channel.own": ("自有商城", "own shop"),
    "channel.pos": ("门店", "POS"),
    "channel.b2b": ("B2B", "B2B"),
    "channel.wechat_orders": ("小程序后台", "mini-program backend"),
    # importing files
    "import.at_cell": ("{sheet} 第 {row} 行「{column}」：{what}", "{sheet}, row {row}, {column}: {what}"),
    "import.at_row": ("{sheet} 第 {row} 行：{what}", "{sheet}, row {row}: {what}"),
    "import.missing": ("没有填写，请补上", "is empty: fill it in"),
    "import.no_order_no": (
        "这一行没有订单号，请补上；同一订单的续行只填商品列",
        "this row has no order number: fill it in; a further row of an order fills in its article's columns only",
    ),
    "import.digits_lost": (
        "长数字被表格软件改写，末尾几位已丢失；请把该列设为文本格式后重新填写",
        "the spreadsheet rounded this long number: format the column as text, and enter it again",
    ),
    "import.not_integer": ("不是整数，请填整数，例如 2", "is no whole number: enter one, like 2"),
    "import.not_amount": (
        "不是金额，请填人民币元，最多两位小数，例如 49.50",
        "is no amount: enter yuan with two decimals at most, like 49.50",
    ),
    "import.not_time": (
        "不是时间，请写成 2026-03-01 10:20:00（北京时间）",
        "is no time: write it like 2026-03-01 10:20:00 (Beijing time)",
    ),
    "import.unknown_word": ("不认识这个词，可以填：{words}", "is no word that is known here: use one of {words}"),
    "import.differs": (
        "与第 {row} 行不一致，同一订单的这一列请填相同内容",
        "differs from row {row}: all rows of an order must say the same here",
    ),
    "import.sum": (
        "应为 {yuan} 元（商品金额＋运费－优惠），请核对",
        "should be {yuan} yuan (goods + freight - discount): check the amounts",
    ),
    "import.line_sum": (
        "各行金额之和应为 {yuan} 元（实付－运费），请核对",
        "the lines' amounts should add up to {yuan} yuan (paid - freight): check them",
    ),
    "import.line_amount": (
        "大于单价×数量（{yuan} 元），请核对",
        "is more than price × quantity ({yuan} yuan): check it",
    ),
    "import.discount": ("优惠大于商品金额与运费之和，请核对", "is more than goods and freight together: check it"),
    "import.undecodable": (
        "有无法识别的字符，请改正后另存为 CSV UTF-8",
        "holds characters that cannot be read: mend them, and save the file as CSV UTF-8",
    ),
    "import.quote": (
        "英文双引号没有成对，从这里起 {rows} 行未能读取，请检查双引号",
        "a double quote is not closed, and {rows} rows from here on could not be read: check the quotes",
    ),
    "import.cells": ("列数比表头多，请检查逗号和引号", "has more cells than the header: check commas and quotes"),
    "import.neighbour": (
        "相邻的第 {row} 行无法归属，可能是本订单的一行，请先改正那一行",
        "row {row} beside it belongs to nobody, and may be a line of this order: mend that row first",
    ),
    "import.gift_first": (
        "赠品前面没有主商品，请把赠品放在主商品之后",
        "a gift without an article before it: put it behind the article that it goes with",
    ),
    "import.customer": (
        "请填客户编号、会员号、税号中的一个",
        "enter one of customer number, member code and tax number",
    ),
    "import.too_many_lines": ("一个订单超过 {limit} 行，请拆分", "an order of more than {limit} lines: split it"),
    "import.refused": ("不符合接口要求：{why}", "is not as the API wants it: {why}"),
    "import.conflict": (
        "版本 {version} 之前来过，内容不同；请加大版本号",
        "version {version} was here before with other content: give it a greater version",
    ),
    "import.file.unreadable": (
        "文件打不开（{why}），请另存为 .xlsx 或 CSV UTF-8 后重试",
        "the file cannot be opened ({why}): save it as .xlsx or CSV UTF-8",
    ),
    "import.file.old_excel": (
        "这是旧版 .xls 或加密的文件，请另存为不加密的 .xlsx",
        "this is an old .xls or an encrypted file: save it as .xlsx without a password",
    ),
    "import.file.utf16": ("文件是 UTF-16 编码，请另存为 CSV UTF-8", "the file is UTF-16: save it as CSV UTF-8"),
    "import.file.too_large": (
        "文件解压后超过 {limit} MB，请拆分或改用 CSV",
        "the file is larger than {limit} MB once unpacked: split it, or use CSV",
    ),
    "import.file.no_header": (
        "前 {rows} 行里没有找到带订单号的表头；orderhub import --template 可生成模板",
        "no header with an order number in the first {rows} rows: orderhub import --template writes an empty file",
    ),
    "import.file.no_column": ("{sheet} 缺少列：{columns}", "{sheet} lacks columns: {columns}"),
    "import.file.two_columns": (
        "{sheet} 的列「{one}」和「{other}」含义相同，请只保留一列",
        "{sheet}: the columns {one} and {other} mean the same, keep one",
    ),
    "import.file.not_written": ("{path} 写不进去：{why}", "{path} cannot be written: {why}"),
    "import.no_shop": (
        "没有 {channel} 店铺 {shop}：orderhub shops list 可查看",
        "there is no {channel} shop {shop} that files can be imported for: see orderhub shops list",
    ),
    "import.progress": ("已读取 {percent}%", "{percent} % read"),
    "import.sheet": (
        "{sheet}：表头在第 {row} 行，识别 {columns} 列",
        "{sheet}: header in row {row}, {columns} columns known",
    ),
    "import.unknown_columns": ("不认识、不读取的列：{columns}", "columns that are not known, and not read: {columns}"),
    "import.order": (
        "{order}  {lines} 行  {yuan} 元  {effect}",
        "{order}  {lines} lines  {yuan} yuan  {effect}",
    ),
    "import.effect.new": ("新订单", "new"),
    "import.effect.changed": ("有变化", "changed"),
    "import.effect.unchanged": ("无变化", "unchanged"),
    "import.effect.stale": ("旧版本，不接收", "an old version, not taken"),
    "import.effect.conflict": ("版本冲突，不接收", "a version that was used before, not taken"),
    "import.previewed": (
        "预览：新订单 {new}，有变化 {changed}，无变化 {unchanged}，旧版本 {stale}，版本冲突 {conflict}，有误 {bad}，"
        "问题 {problems} 处。未做任何修改",
        "preview: {new} new, {changed} changed, {unchanged} unchanged, {stale} old, {conflict} in conflict, {bad} bad, "
        "{problems} problems. Nothing was changed",
    ),
    "import.taken": (
        "已接收：新订单 {new}，有变化 {changed}。未接收：无变化 {unchanged}，旧版本 {stale}，版本冲突 {conflict}，"
        "有误 {bad}，问题 {problems} 处",
        "taken: {new} new, {changed} changed. Not taken: {unchanged} unchanged, {stale} old, {conflict} in conflict, "
        "{bad} bad, {problems} problems",
    ),
    "import.template.written": ("模板已写入 {path}", "an empty file is at {path}"),
    "import.template.orders": ("订单", "orders"),
    "import.template.about": ("说明", "about"),
    "import.template.column": ("列", "column"),
    "import.template.must": ("必填", "required"),
    "import.template.says": ("填在哪一行", "where it is filled in"),
    "import.template.example": ("示例或可选值", "example, or the words to choose from"),
    "import.template.line": ("每行各填各的", "in every row, for its line"),
    "import.template.order": (
        "同一订单只填首行，或各行相同",
        "in the first row of an order, or the same in all its rows",
    ),
    "import.template.yes": ("是", "yes"),
    "import.template.no": ("否", "no"),
    "import.template.advice": (
        "一行一个商品，同一订单号为一个订单；金额单位为元；时间为北京时间；收货省市区请分列填写",
        "one row per line, rows of one order number are one order; amounts in yuan; times in Beijing; the receiver's "
        "province, city and district in columns of their own",
    ),
    "order.summary": ("{channel}订单 {number}", "{channel} order {number}"),
    # what people may ask of an order
    "order.unknown_or_closed": ("没有这个订单，或订单已结束", "there is no such order, or it is finished"),
    "order.away": (
        "系统暂时没有响应，不确定是否已处理；请稍后查看结果再试",
        "no answer for now, and it is not certain whether this was done: look again in a moment",
    ),
    "order.still_running": (
        "已提交，正在处理，请稍后刷新查看结果",
        "taken and under way: look again in a moment",
    ),
    "order.update_failed": ("处理失败，请联系集成工程师", "this failed: please call an integration engineer"),
    # staff API
    "staff.unauthorized": ("没有有效的令牌", "no valid token"),
    "staff.no_such_order": ("没有这个订单", "no such order"),
    "staff.invalid": ("提交的内容不正确", "what was sent is not right"),
    "staff.store_away": ("数据库暂时不可用，请稍后重试", "the database is away for now, please try again"),
    "staff.encrypted_receiver": (
        "平台加密的收件人只能由买家在平台上修改地址",
        "the platform keeps this receiver encrypted: only the buyer can change the address, on the platform",
    ),
    "staff.codec_title": ("查看明文", "Read payloads"),
    "staff.codec_explain": (
        "输入令牌后，本浏览器可以在 Temporal 界面上看到解密内容，12 小时内有效。",
        "With a token, this browser shows decrypted payloads in the Temporal UI for 12 hours.",
    ),
    "staff.codec_token": ("令牌", "token"),
    "staff.codec_open": ("打开", "open"),
    "staff.codec_wrong": ("令牌不对", "this token is not valid"),
    "staff.codec_opened": ("已打开。请回到 Temporal 界面刷新页面。", "Open. Go back to the Temporal UI and reload."),
    # couriers, as a clerk knows them
    "carrier.SF": ("顺丰速运", "SF Express"),
    "carrier.ZTO": ("中通快递", "ZTO"),
    "carrier.YTO": ("圆通速递", "YTO"),
    "carrier.STO": ("申通快递", "STO"),
    "carrier.YUNDA": ("韵达快递", "Yunda"),
    "carrier.EMS": ("邮政 EMS", "EMS"),
    "carrier.JD": ("京东物流", "JD Logistics"),
    "carrier.DEPPON": ("德邦快递", "Deppon"),
    "carrier.JTSD": ("极兔速递", "J&T"),
    "carrier.OTHER": ("其他快递", "another courier"),
    # the clerk's form
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
    # the demo and `up`
    "demo.held": ("拦截中", "on hold"),
    "demo.arrived": ("已到订单", "arrived"),
    "demo.placed": ("{count} 单已全部下单", "all {count} orders are placed"),
    "demo.noise": ("渠道重发了 {count} 次旧单据", "channels sent {count} old documents again"),
    "demo.restocked": ("{sku} 补货 {count} 件", "{count} pieces of {sku} came in"),
    "demo.killed": ("kill -9 {process}", "kill -9 {process}"),
    "demo.keep": (
        "全部进程继续运行，Ctrl-C 结束。Temporal 界面：{ui}",
        "still running, Ctrl-C ends it. Temporal UI: {ui}",
    ),
    "demo.summary": ("{orders} 单，用时 {seconds} 秒：{states}", "{orders} orders in {seconds} s: {states}"),
    "demo.couriers": (
        "运单：顺丰 {sf}，菜鸟 {cainiao}，平台面单 {platform}，人工 {manual}",
        "waybills: SF {sf}, Cainiao {cainiao}, platform {platform}, by hand {manual}",
    ),
    "demo.credit": (
        "信用：通过 {approved}，超时按正常 {assumed}，拒绝 {refused}",
        "credit: approved {approved}, assumed {assumed}, refused {refused}",
    ),
    "demo.resent": (
        "重复单据 {duplicates}，过期版本 {stale}，造成影响 {effective}",
        "duplicates {duplicates}, stale versions {stale}, with an effect {effective}",
    ),
    "demo.people": (
        "人工：补录 {numbers_typed}，改地址 {addresses_changed}（太晚 {addresses_too_late}），取消 {cancelled}（太晚 "
        "{cancelled_too_late}），放行 {holds_released}，补全地址 {addresses_completed}，退款 {refunds}",
        "people: numbers {numbers_typed}, addresses {addresses_changed} (too late {addresses_too_late}), cancelled "
        "{cancelled} (too late {cancelled_too_late}), released {holds_released}, completed {addresses_completed}, "
        "refunds {refunds}",
    ),
    "demo.cost": (
        "每单历史事件 {events}（最多 {max_events}），计费动作 {actions}（最多 {max_actions}）",
        "per order {events} history events (at most {max_events}), {actions} actions (at most {max_actions})",
    ),
    "demo.kills": ("kill -9：worker {worker} 次，Temporal {server} 次", "kill -9: worker {worker}, Temporal {server}"),
    "demo.unfinished": ("[red]未完成：{order}[/]", "[red]unfinished: {order}[/]"),
    "demo.look": (
        "接下来：`orderhub demo --keep` 后打开 Temporal 界面 {ui} 查看每个订单；日志在 {logs}",
        "next: `orderhub demo --keep`, then open the Temporal UI at {ui} and look at an order; logs are in {logs}",
    ),
    "up.ready": (
        "已就绪。\n  Temporal 界面  {ui}\n  网关           {gateway}\n  沙盒           {sandbox}\n"
        "  数据与日志     {home}\n  其他命令先执行 set -a; . {env}\nCtrl-C 结束。",
        "ready.\n  Temporal UI  {ui}\n  gateway      {gateway}\n  sandbox      {sandbox}\n"
        "  data, logs   {home}\n  for other commands first: set -a; . {env}\nCtrl-C ends it.",
    ),
    "up.stopping": ("正在停止", "stopping"),
    # health of partners' interfaces
    "step.watch_partners": ("检查合作方接口健康", "judge partners' interfaces"),
    "health.ill": ("接口异常：{partners}", "not well: {partners}"),
    "health.title": ("合作方接口", "partners' interfaces"),
    "health.partner": ("合作方", "partner"),
    "health.calls": ("调用次数（{window}）", "calls in {window}"),
    "health.success": ("成功率（{window}）", "worked in {window}"),
    "health.latency": ("P95 延迟（{window}）", "p95 in {window}"),
    "health.breaker": ("熔断", "breaker"),
    "health.breaker.closed": ("未熔断", "closed"),
    "health.breaker.opened": ("已熔断", "open"),
    "health.breaker.half-opened": ("试探中", "half open"),
    "health.worst": ("失败最多的操作", "most failures"),
    "health.alert": ("告警", "alert"),
    "health.since": ("自 {moment} 起", "since {moment}"),
    "health.minutes": ("{n} 分钟", "{n} min"),
    "task.partner_unhealthy": (
        "{partner}接口异常：最近 5 分钟成功率 {rate}，{calls} 次调用中 {failed} 次失败，主要是 {operation}",
        "{partner} is not well: {rate} of {calls} calls worked in 5 minutes, {failed} failed, mostly {operation}",
    ),
    "task.partner_breaker": (
        "{partner}接口已熔断，暂不调用：最近 5 分钟 {calls} 次调用中 {failed} 次失败，主要是 {operation}",
        "{partner} is not called for now, its breaker is open: of {calls} calls in 5 minutes {failed} failed, mostly "
        "{operation}",
    ),
    "step.pull_changes": ("拉取渠道变更", "pull the channel's changes"),
    "pull.behind": ("新单据 {fresh}，落后 {seconds} 秒", "{fresh} new documents, {seconds} s behind"),
}
