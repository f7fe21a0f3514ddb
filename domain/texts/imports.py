"""Orders in files: what is wrong with a row."""

from __future__ import annotations

IMPORTS: dict[str, tuple[str, str]] = {
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
    "file.reject_line": ("行号", "line"),
    "file.reject_reason": ("不合格原因", "reason"),
    "file.too_large": ("文件超过 {most} 字节", "larger than {most} bytes"),
    "file.quote": ("引号没有闭合", "a quote is never closed"),
    "file.too_many_rows": ("一个订单多出 {more} 行", "{more} rows too many for one order"),
    "file.no_number": ("没有订单号", "no order number"),
    "file.cells": ("单元格与表头不符", "the row does not have the header's cells"),
    "file.differs": ("同一订单各行的{column}不一致", "the rows of the order differ in {column}"),
    "file.missing": ("缺少{column}", "no {column}"),
    "file.quantity": ("{column}不是件数", "{column} is no number of pieces"),
    "file.amount": ("{column}不是金额", "{column} is no amount"),
    "file.time": ("{column}不是时间", "{column} is no time"),
    "file.no_order": ("不能成为订单：{why}", "no order can be made of it: {why}"),
    "file.encoding": ("编码无法识别，既不是 UTF-8 也不是 GBK", "neither UTF-8 nor GBK"),
    "file.columns": ("缺少列：{columns}", "columns are missing: {columns}"),
}
