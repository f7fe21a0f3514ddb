"""The rules of upload_shipping_info (protocol file, section 3): what may be told of a payment's parcels, how often."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import datetime

from domain.shipping import Carrier
from sandbox.wechat.params import OrderKey, ShippingItem, UploadShippingInfo
from sandbox.wechat.purchases import Parcel, Purchase, Shipping
from sandbox.wechat.tokens import Refused

COMPANIES = {
    "SF": Carrier.SF,
    "ZTO": Carrier.ZTO,
    "YTO": Carrier.YTO,
    "STO": Carrier.STO,
    "YUNDA": Carrier.YUNDA,
    "YD": Carrier.YUNDA,
    "JD": Carrier.JD,
    "EMS": Carrier.EMS,
    "JTSD": Carrier.JTSD,
    "DBL": Carrier.DEPPON,
    "OTHER": Carrier.OTHER,
}
"""Our code for each delivery id. Yunda has two: documents of WeChat's other services write YUNDA, its list says YD."""

_EXPRESS, _UNIFIED, _SPLIT = 1, 1, 2
_PARCELS = 15
_DESC_LENGTH = 120
_CODE_LENGTH = 128
_MASKED = re.compile(r"^(?=.*\*)[0-9*-]*[0-9]{4}$")
_MOMENT = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$")


class ShippingDesk:
    """Takes the parcels of payments, and hands each over to the road when its number is told for the first time."""

    def __init__(
        self, find: Callable[[OrderKey], Purchase | None], visible_after_s: float, hand_over: Callable[[str, str], None]
    ) -> None:
        self._find = find
        self._visible_after_s = visible_after_s
        self._hand_over = hand_over

    def known(self, key: OrderKey) -> Purchase:
        """A payment that has reached the server's store: that takes a while after it was made. Raises Refused."""
        purchase = self._find(key)
        if purchase is None or purchase.paid_at is None or time.time() < purchase.paid_at + self._visible_after_s:
            raise Refused(10060001, "支付单不存在")
        return purchase

    def upload(self, wanted: UploadShippingInfo) -> None:
        """Take one upload. Raises Refused; then nothing has changed, but for the count of a number told again."""
        check_key(wanted.order_key)
        _check_mode(wanted)
        for item in wanted.shipping_list:
            _check_item(item, wanted.logistics_type)
        moment = _moment(wanted.upload_time)
        if not wanted.payer.openid:
            raise Refused(10060014, "参数错误: payer.openid")
        purchase = self.known(wanted.order_key)
        if purchase.openid != wanted.payer.openid:
            raise Refused(10060031, "该笔支付单不属于 openid 所指定的用户")
        if purchase.cancelled or purchase.refunded_fen >= purchase.draft.paid_fen:
            raise Refused(10060004, "支付单处于不可发货的状态")
        shipping = purchase.shipping
        if shipping is None:
            shipping = Shipping(wanted.logistics_type, wanted.delivery_mode, moment)
        else:
            shipping = self._following(shipping, wanted, moment)
        self._keep(purchase, shipping, wanted)

    def _following(self, shipping: Shipping, wanted: UploadShippingInfo, moment: datetime) -> Shipping:
        """What a payment's next upload goes on with: the parcels told so far, or none when it is shipped anew."""
        same_mode = (shipping.logistics_type, shipping.delivery_mode) == (wanted.logistics_type, wanted.delivery_mode)
        if same_mode and _nothing_new(shipping, wanted):
            _count(shipping, wanted)
            if shipping.finished and wanted.delivery_mode == _SPLIT:
                raise Refused(10060002, "支付单已完成发货，无法继续发货")
            raise Refused(10060023, "发货信息未更新")
        if moment <= shipping.uploaded:
            raise Refused(268485216, "上传时间非法: 必须晚于上一次上传")
        again = shipping.finished or not same_mode
        if again and shipping.reshipped:
            raise Refused(10060003, "支付单已使用重新发货机会")
        following = Shipping(
            wanted.logistics_type,
            wanted.delivery_mode,
            moment,
            parcels=[] if again else list(shipping.parcels),
            finished_times=shipping.finished_times,
            reshipped=shipping.reshipped or again,
        )
        if len(_told(following) | {item.tracking_no for item in wanted.shipping_list}) > _PARCELS:
            raise Refused(10060024, "物流信息列表太长")
        return following

    def _keep(self, purchase: Purchase, shipping: Shipping, wanted: UploadShippingInfo) -> None:
        before = _told(purchase.shipping) if purchase.shipping else set()
        known = {parcel.tracking_no: parcel for parcel in shipping.parcels}
        for item in wanted.shipping_list:
            parcel = _parcel(item)
            if item.tracking_no in known:
                parcel.times += known[item.tracking_no].times
            elif wanted.logistics_type == _EXPRESS and item.tracking_no not in before:
                self._hand_over(COMPANIES[item.express_company], item.tracking_no)
            known[item.tracking_no] = parcel
        shipping.parcels = list(known.values())
        shipping.finished = wanted.delivery_mode == _UNIFIED or bool(wanted.is_all_delivered)
        shipping.finished_times += shipping.finished
        purchase.shipping = shipping
        purchase.change()


def check_key(key: OrderKey) -> None:
    """Raise Refused for a key that names no payment."""
    match key.order_number_type:
        case 1 if not key.mchid:
            raise Refused(268485196, "商户侧单号形式下 mchid 字段不能为空")
        case 1 if not key.out_trade_no:
            raise Refused(268485197, "商户侧单号形式下 out_trade_no 字段不能为空")
        case 2 if not key.transaction_id:
            raise Refused(268485195, "微信支付单号形式下 transaction_id 字段不能为空")
        case 1 | 2:
            return
        case _:
            raise Refused(268485194, "订单单号类型非法")


def _check_mode(wanted: UploadShippingInfo) -> None:
    if wanted.logistics_type not in {1, 2, 3, 4}:
        raise Refused(10060005, "物流类型有误")
    if wanted.delivery_mode not in {_UNIFIED, _SPLIT}:
        raise Refused(268485224, "发货模式非法")
    if wanted.delivery_mode == _SPLIT:
        if wanted.logistics_type != _EXPRESS:
            raise Refused(10060006, "非快递发货时不允许分拆发货")
        if wanted.is_all_delivered is None:
            raise Refused(10060007, "分拆发货模式下必须填写 is_all_delivered 字段")
        if not wanted.shipping_list:
            raise Refused(10060014, "参数错误: shipping_list")
        if len(wanted.shipping_list) > _PARCELS:
            raise Refused(10060024, "物流信息列表太长")
    elif len(wanted.shipping_list) != 1:
        raise Refused(268485228, "统一发货模式下，物流信息列表长度必须为 1")


def _check_item(item: ShippingItem, logistics_type: int) -> None:
    if not item.item_desc:
        raise Refused(10060008, "商品描述 item_desc 字段不能为空")
    if len(item.item_desc) > _DESC_LENGTH:
        raise Refused(10060009, "商品描述 item_desc 字段太长")
    if logistics_type != _EXPRESS:
        return
    if not item.tracking_no:
        raise Refused(268485226, "物流单号不能为空")
    if len(item.tracking_no) > _CODE_LENGTH:
        raise Refused(10060026, "物流单号太长")
    if not item.express_company:
        raise Refused(268485227, "物流公司编码不能为空")
    if len(item.express_company) > _CODE_LENGTH:
        raise Refused(10060025, "物流公司编码太长")
    if item.express_company not in COMPANIES:
        raise Refused(10060014, "参数错误: express_company")
    contacts = [] if item.contact is None else [item.contact.consignor_contact, item.contact.receiver_contact]
    given = [contact for contact in contacts if contact]
    if item.express_company == "SF" and not given:
        raise Refused(10060014, "参数错误: 顺丰必须填写 contact")
    if not all(_MASKED.match(contact) for contact in given):
        raise Refused(10060014, "参数错误: contact 必须掩码，且最后 4 位数字不能打掩码")


def _moment(text: str) -> datetime:
    if not _MOMENT.match(text):
        raise Refused(268485216, "上传时间非法，请按照 RFC 3339 格式填写")
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise Refused(268485216, "上传时间非法，请按照 RFC 3339 格式填写") from None


def _told(shipping: Shipping) -> set[str]:
    return {parcel.tracking_no for parcel in shipping.parcels}


def _nothing_new(shipping: Shipping, wanted: UploadShippingInfo) -> bool:
    """Whether an upload in the same mode says what is known already."""
    known = {parcel.content for parcel in shipping.parcels}
    news = {(item.tracking_no, item.express_company, item.item_desc) for item in wanted.shipping_list}
    if wanted.delivery_mode == _UNIFIED:
        return news == known
    return news <= known and (shipping.finished or not wanted.is_all_delivered)


def _count(shipping: Shipping, wanted: UploadShippingInfo) -> None:
    again = {item.tracking_no for item in wanted.shipping_list}
    for parcel in shipping.parcels:
        parcel.times += parcel.tracking_no in again


def _parcel(item: ShippingItem) -> Parcel:
    contact = {} if item.contact is None else item.contact.model_dump(exclude_defaults=True)
    return Parcel(item.tracking_no, item.express_company, item.item_desc, contact, int(time.time()))
