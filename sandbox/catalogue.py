"""What the sandbox's shops sell, and where their made-up buyers live."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Item:
    """One article. `stock` is a suggestion for the opening stock, in pieces."""

    sku: str
    title: str
    unit_price_fen: int
    warranty_months: int = 0
    cold_chain: bool = False
    stock: int = 10_000


GIFT_SKU = "GIFT-TOTE"
HOT_SKU = "HOT-01"

CATALOGUE: tuple[Item, ...] = (
    Item("MUG-01", "马克杯 350ml", 4950, stock=20_000),
    Item("MUG-02", "保温杯 500ml", 12900, 12),
    Item("KETTLE-01", "电热水壶 1.7L", 18900, 24),
    Item("LAMP-01", "护眼台灯", 25999, 24),
    Item("FAN-01", "桌面风扇", 9901, 12),
    Item("TOASTER-01", "多士炉", 22800, 24),
    Item("VACUUM-01", "手持吸尘器", 69900, 24, stock=3_000),
    Item("SCALE-01", "电子体重秤", 7999, 12),
    Item("HEADSET-01", "蓝牙耳机", 39900, 12),
    Item("TOWEL-01", "纯棉毛巾 两条装", 3333),
    Item("SHEET-01", "四件套 1.8m", 29901),
    Item("PILLOW-01", "记忆棉枕", 15800),
    Item("TEA-01", "明前龙井 250g", 26800),
    Item("NUTS-01", "每日坚果 30 包", 9990),
    Item("BEEF-01", "冷冻牛排 10 片", 19900, cold_chain=True),
    Item("SHRIMP-01", "冷冻虾仁 1kg", 13900, cold_chain=True),
    Item("YOGURT-01", "低温酸奶 12 杯", 6990, cold_chain=True),
    Item("PLATE-01", "骨瓷餐盘 六只", 16600),
    Item(HOT_SKU, "限量手办", 59900, 6, stock=100),
    Item(GIFT_SKU, "帆布袋（赠品）", 0, stock=50_000),
)
"""All articles: the gift and the scarce one that everybody wants come last."""

Place = tuple[str, str, str, str]
"""Province, city, district, town."""

DELTA: tuple[Place, ...] = (
    ("上海市", "上海市", "浦东新区", ""),
    ("江苏省", "苏州市", "昆山市", "花桥镇"),
    ("江苏省", "南京市", "鼓楼区", ""),
    ("浙江省", "杭州市", "余杭区", "良渚街道"),
    ("浙江省", "宁波市", "鄞州区", ""),
    ("安徽省", "合肥市", "蜀山区", ""),
)
"""长三角, 48 hours."""

COUNTRY: tuple[Place, ...] = (
    ("北京市", "北京市", "海淀区", ""),
    ("广东省", "东莞市", "", "长安镇"),
    ("广东省", "中山市", "", "小榄镇"),
    ("广东省", "深圳市", "南山区", ""),
    ("四川省", "成都市", "武侯区", ""),
    ("湖北省", "仙桃市", "", "干河街道"),
    ("重庆市", "重庆市", "渝北区", ""),
    ("黑龙江省", "哈尔滨市", "南岗区", ""),
)
"""The rest of the country, 72 hours; some cities have no districts."""

REMOTE: tuple[Place, ...] = (
    ("新疆维吾尔自治区", "乌鲁木齐市", "天山区", ""),
    ("西藏自治区", "拉萨市", "城关区", ""),
    ("内蒙古自治区", "呼和浩特市", "赛罕区", ""),
    ("青海省", "西宁市", "城西区", ""),
    ("甘肃省", "嘉峪关市", "", "新城镇"),
    ("宁夏回族自治区", "银川市", "兴庆区", ""),
    ("海南省", "儋州市", "", "那大镇"),
)
"""偏远, 120 hours."""

UNREACHABLE_CITIES = frozenset({"三沙市"})
"""Where no courier of the sandbox delivers: such a parcel needs a person."""
