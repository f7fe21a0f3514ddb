"""Fields that a merchant adds to orders, and the invoice that an order gets."""

from __future__ import annotations

EXTENSIONS: dict[str, tuple[str, str]] = {
    "hold.FIELDS_MISSING": ("待补全字段", "fields missing"),
    "invoice.DIGITAL_ORDINARY": ("数电票（普通发票）", "digital ordinary invoice"),
    "invoice.DIGITAL_SPECIAL": ("数电票（增值税专用发票）", "digital special VAT invoice"),
    "invoice.PLATFORM": ("由平台开具", "written by the platform"),
    "invoice.NONE": ("不开票", "no invoice"),
    "invoice.UNDECIDED": ("待确认", "to be decided by a person"),
    "ext.says": (
        "{where}的字段 {field}：{why}（规则 extension_fields/{row}）",
        "{field} of {where} {why} (rule extension_fields/{row})",
    ),
    "ext.names": ("{where}的 {field}", "{field} of {where}"),
    "ext.of.order": ("订单", "the order"),
    "ext.of.line": ("商品行 {line} ", "line {line}"),
    "ext.of.customer": ("客户", "the customer"),
    "ext.missing": ("必填，尚未提供", "is required, and is not there"),
    "ext.unknown": ("没有定义这个字段", "is no field that there is"),
    "ext.number": ("应为数字", "should be a number"),
    "ext.date": ("应为日期，如 2026-03-01", "should be a date like 2026-03-01"),
    "ext.choice": ("应为其中之一：{choices}", "should be one of {choices}"),
    "ext.file": ("应为已上传文件的编号", "should be the id of a file that was handed in"),
    "ext.pattern": ("格式不对，应符合 {pattern}", "has not the form {pattern}"),
    "ext.too_many": ("有 {count} 个值，而商品只有 {pieces} 件", "has {count} values, and the line {pieces} pieces"),
    "ext.twice": ("有重复的值", "has the same value twice"),
    "ext.unbound": (
        "有 {count} 个值，而对应的 {other} 有 {others} 个，应一一对应",
        "has {count} values, and {other}, to which each belongs, has {others}",
    ),
    "ext.no_line": ("订单没有商品行 {line}", "the order has no line {line}"),
    "flag.fields.no_file": ("文件 {file}… 没有上传过", "the file {file}… was never handed in"),
    "files.no_such_file": ("没有这个文件", "there is no such file"),
    "files.media": ("不支持这种文件；可以是 {kinds}", "no such files are kept; they may be {kinds}"),
    "files.size": ("文件不能为空，也不能超过 {most} MB", "a file is not empty, and has {most} MB at most"),
}
