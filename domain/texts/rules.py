"""What people read who own rule tables: what is wrong with a version and what to do, and the commands' headings."""

from __future__ import annotations

RULES: dict[str, tuple[str, str]] = {
    "rules.at.table": ("表「{table}」", "table {table}"),
    "rules.at.row": ("第 {number} 行（{row}）", "row {number} ({row})"),
    "rules.at.column": ("列「{column}」", "column {column}"),
    "rules.at.between": ("，", ", "),
    "rules.at.colon": ("：", ": "),
    "rules.kind.text": ('文字（加英文双引号，如 "SF"）', 'a text (in double quotes, like "SF")'),
    "rules.kind.number": ("数字", "a number"),
    "rules.kind.bool": ("true 或 false", "true or false"),
    "rules.kind.or": ("或", " or "),
    "rules.kind.list": ('清单（如 ["a", "b"]）', 'a list (like ["a", "b"])'),
    "rules.bad.form": (
        "不是决策表文件：{reason}。请从 orderhub rules export 导出的文件改起",
        "this is no decision document: {reason}. Start from what orderhub rules export gives",
    ),
    "rules.bad.node": (
        "节点「{node}」的类型 {type} 不允许：只用决策表、表达式、分支",
        "the node {node} has the type {type}, which is not taken: use tables, expressions and switches only",
    ),
    "rules.bad.declaration": (
        '声明「{name}」的写法不对；可以写 bounds {{"输出": [最小, 最大]}}、one_of {{"输出": ["词"]}}、'
        "disjoint true 和示例",
        'the declaration {name} has not its form: there are bounds {{"output": [least, most]}}, one_of {{"output": '
        '["word"]}}, disjoint true, and examples',
    ),
    "rules.bad.tables": ("必须正好有这些表：{tables}", "it must have exactly these tables: {tables}"),
    "rules.bad.policy": (
        "命中方式必须是 {policy}，程序按它来读结果",
        "its hit policy must be {policy}: that is how the program reads it",
    ),
    "rules.bad.fact": (
        "程序不提供「{field}」：条件只能用 {facts}",
        "nobody gives the fact {field}: conditions may use {facts}",
    ),
    "rules.bad.output": (
        "程序不读取「{field}」：结果只能是 {outputs}；请删去此列",
        "nobody reads the output {field}: there are {outputs}; take the column out",
    ),
    "rules.bad.missing": (
        "缺少结果列「{title}」（{field}），程序要读取它；请补上",
        "the output column {title} ({field}) is missing, and the program reads it: put it back",
    ),
    "rules.bad.no_row": (
        "缺少结果列 row：没有它就说不出是哪一行定的",
        "the output column row is missing: without it nobody can say which row decided",
    ),
    "rules.bad.unbounded": (
        "「{field}」会改动金额，却没有上下限；请在声明里写明 bounds 的最小值和最大值",
        "{field} changes money and has no bound: declare its least and most under bounds",
    ),
    "rules.bad.empty": ("一行也没有；至少写一行", "it has no rows: write at least one"),
    "rules.bad.nameless": ("没有行名；请给它一个英文短名", "it has no name: give it a short one"),
    "rules.bad.twice": ("行名与第 {other} 行相同；请改名", "its name is that of row {other}: name it otherwise"),
    "rules.bad.column": ("没有这一列；请删去或改正列名", "there is no such column: take it out, or mend its name"),
    "rules.bad.condition": (
        "条件读不懂：{reason}。文字加英文双引号，比较写 >= 300，区间写 [1..5]，留空表示不限",
        "the condition cannot be read: {reason}. Write texts in double quotes, comparisons like >= 300, ranges like "
        "[1..5], and nothing for any",
    ),
    "rules.bad.value": (
        '结果读不懂：{reason}。文字加英文双引号，没有文字写 ""',
        'the result cannot be read: {reason}. Write texts in double quotes, and "" for none',
    ),
    "rules.bad.cell.any": ("「{cell}」读不懂；不限请留空", "{cell!r} cannot be read: leave the cell empty for any"),
    "rules.bad.cell.yes_no": (
        "「{cell}」读不懂；是写 true，否写 false（小写，不加引号）",
        "{cell!r} cannot be read: write true or false, in small letters and without quotes",
    ),
    "rules.bad.cell.empty_value": (
        '这里不能留空；没有文字写 ""，没有数字写 0',
        'this must not be empty: write "" for no text and 0 for no number',
    ),
    "rules.bad.cell.formula": (
        "「{cell}」是公式或 Excel 的错误值；请直接写值",
        "{cell!r} is a formula or an error of Excel: write the value",
    ),
    "rules.bad.cell.quote": (
        '「{cell}」的引号没有成对；文字前后各写一个英文双引号，如 "SF"',
        'the quotes in {cell!r} do not match: write one before and one after each text, like "SF"',
    ),
    "rules.bad.cell.percent": (
        "「{cell}」带 %；请按本列的单位写数：20% 在百分之的列写 20，在千分之的列写 200",
        "{cell!r} has a %: write the number in the column's unit, 20 % as 20 in percent and as 200 in permille",
    ),
    "rules.bad.cell.comma": (
        "「{cell}」的数字里有逗号；小数点写 . ，千分位不写",
        "{cell!r} has a comma in a number: write . for the decimals, and nothing between thousands",
    ),
    "rules.bad.cell.unit": (
        '「{cell}」不是数字；数字后面不写单位，文字加英文双引号，如 "SF"',
        '{cell!r} is no number: write no unit behind a number, and texts in double quotes, like "SF"',
    ),
    "rules.bad.cell.separator": (
        '「{cell}」读不懂；几个值之间写英文逗号，如 "SF","JD"',
        '{cell!r} cannot be read: write commas between values, like "SF","JD"',
    ),
    "rules.bad.cell.unquoted_cell": (
        '「{cell}」读不懂；文字加英文双引号，如 "SF"，备注写在 note 列',
        '{cell!r} cannot be read: write texts in double quotes, like "SF", and remarks in the column note',
    ),
    "rules.bad.cell.unquoted": (
        '「{cell}」里的 {word} 没有引号，永远不会命中；文字加英文双引号，如 "{word}"',
        '{word} in {cell!r} has no quotes, so it never applies: write texts in double quotes, like "{word}"',
    ),
    "rules.bad.cell.negation": (
        '「{cell}」读出来不是「除外」；请写 not in ["SF"]',
        '{cell!r} does not mean all but that: write not in ["SF"]',
    ),
    "rules.bad.fact_kind": (
        "这里比较的是{kind}，写的却是{found}，永远不会命中；请改正",
        "this is compared with {kind}, and {found} stands here, so it never applies: mend it",
    ),
    "rules.bad.fact_gone": (
        "条件列「{title}」（{field}）不在了，下面的行因此互相盖住；请补上这一列，或删去重复的行",
        "the column {title} ({field}) is gone, so the rows below cover each other: put it back, or take rows out",
    ),
    "rules.bad.fraction": (
        "{value} 像是 Excel 里的百分比；按本列的单位请写 {whole}",
        "{value} looks like a percentage of Excel: in the unit of this column write {whole}",
    ),
    "rules.bad.name_form": (
        "行名不能有空格、引号、/ 和 @，最长 100 字；请改名",
        "a row's name has no spaces, quotes, / or @, and 100 characters at most: name it otherwise",
    ),
    "rules.bad.meaning": ("这一行说不通：{reason}", "the row makes no sense: {reason}"),
    "rules.days.form": (
        "日期要写成 20270101；几天写 20270220, 20270228；连续几天写 [20270101..20270103]",
        "a day is written 20270101, several of them 20270220, 20270228, a stretch [20270101..20270103]",
    ),
    "rules.days.no_day": ("没有 {written} 这一天", "there is no day {written}"),
    "rules.days.long": (
        "一行共 {days} 天，太长（最多 {most} 天）；请核对年月日",
        "{days} days in one row are too many (at most {most}): look at its dates",
    ),
    "rules.days.weekday": (
        "{days} 本来就是工作日；调休上班只写周六、周日，请核对年月日",
        "{days}: worked anyway; only weekend days are made working days, so look at the dates",
    ),
    "rules.bad.row_name": (
        "row 必须等于行名，应写 {name}",
        "row must be the row's own name: write {name}",
    ),
    "rules.bad.kind": ("这里要写{kind}", "this must be {kind}"),
    "rules.bad.fen": ("金额以分为单位，必须是整数", "money is in whole fen"),
    "rules.bad.bound": (
        "{value} 超出允许的范围 {least} 到 {most}；请改小改动，或请管理员放宽声明",
        "{value} is out of the bounds {least} to {most}: change it, or have the declaration changed",
    ),
    "rules.no_coverage": (
        "{name} 没有覆盖率报告；有的是 {with_it}",
        "there is no coverage of {name}, only of {with_it}",
    ),
    "rules.coverage.partner": ("对方", "partner"),
    "rules.coverage.kind": ("说的是", "about"),
    "rules.coverage.mapped": ("已映射", "mapped"),
    "rules.coverage.unmapped": ("出现过但未映射", "came, and mean nothing"),
    "rules.coverage.unnamed": ("已映射但协议未载", "mapped, in no protocol"),
    "rules.bad.form_of_text": ("{value} 的格式不对，应符合 {pattern}", "{value} has not the form {pattern}"),
    "rules.bad.regex": ("{value} 不是正则表达式：{reason}", "{value} is no regular expression: {reason}"),
    "rules.bad.fact_word": (
        "这里要写明一个值（带双引号），可选：{words}",
        "one value in quotes must stand here: {words}",
    ),
    "rules.bad.word": ("{value} 不在可选值里：{words}", "{value} is none of {words}"),
    "rules.bad.impossible": (
        "条件自相矛盾，永远不会命中；请改条件或删去此行",
        "its conditions exclude each other, so it never applies: change them, or take the row out",
    ),
    "rules.bad.shadowed": (
        "前面的行「{by}」已包含它，永远轮不到；请上移此行、收窄那一行或删去此行",
        "the earlier row {by} takes all of it, so it never applies: move it up, narrow that row, or take it out",
    ),
    "rules.bad.shadowed_together": (
        "前面各行合起来已包含它，永远轮不到；请上移此行或删去此行",
        "the earlier rows together take all of it, so it never applies: move it up, or take it out",
    ),
    "rules.bad.overlap": (
        "与行「{other}」会同时命中，而此表不允许；请让两行的条件互不相交",
        "it and the row {other} apply to the same facts, which this table forbids: set their conditions apart",
    ),
    "rules.bad.gap": (
        "有的情况没有任何一行命中，程序将无法决定；请在最后加一行不限条件的兜底",
        "there are facts to which no row applies, and nothing could be decided: add a last row without conditions",
    ),
    "rules.bad.example": (
        "示例 {number} 不符：{facts} 应得 {wanted}，实得 {came}（行 {row}）；请改表或改示例",
        "example {number} came out differently: {facts} should give {wanted} and gave {came} (row {row}): mend the "
        "table or the example",
    ),
    "rules.bad.example_fails": (
        "示例 {number} 无法计算：{facts}：{reason}",
        "example {number} cannot be evaluated: {facts}: {reason}",
    ),
    "rules.row": ("行", "row"),
    "rules.default": ("出厂默认", "as it came"),
    "rules.now": ("（生效中）", " (in force)"),
    "rules.at_once": ("立即", "at once"),
    "rules.until_next": ("直到下一次发布", "until the next one"),
    "rules.takes_back": ("撤回第 {number} 条", "takes number {number} back"),
    "rules.waits": ("{version} 将于 {begins} 生效", "{version} from {begins}"),
    "rules.state.draft": ("{version} 草稿", "{version} draft"),
    "rules.state.tested": ("{version} 已测试", "{version} tested"),
    "rules.list.name": ("规则", "rule set"),
    "rules.list.title": ("名称", "title"),
    "rules.list.version": ("生效版本", "in force"),
    "rules.list.since": ("自", "since"),
    "rules.list.next": ("待生效与草稿", "waiting and drafts"),
    "rules.list.rows": ("行数", "rows"),
    "rules.history.number": ("编号", "number"),
    "rules.history.at": ("时间", "when"),
    "rules.history.what": ("事件", "what"),
    "rules.history.version": ("版本", "version"),
    "rules.history.who": ("谁", "who"),
    "rules.history.why": ("原因", "why"),
    "rules.history.holds": ("有效期", "holds"),
    "rules.what.drafted": ("起草", "drafted"),
    "rules.what.tested": ("测试通过", "tested"),
    "rules.what.published": ("发布", "published"),
    "rules.what.withdrawn": ("回滚", "rolled back"),
    "rules.no_such_set": ("没有规则「{name}」；有：{names}", "there is no rule set {name}; there are {names}"),
    "rules.no_such_version": (
        "{name} 没有版本 {version}；有：{versions}",
        "{name} has no version {version}; it has {versions}",
    ),
    "rules.no_draft": (
        "{name} 没有草稿；先用 orderhub rules import {name} FILE 导入",
        "{name} has no draft: bring one with orderhub rules import {name} FILE",
    ),
    "rules.none_tested": (
        "{name} 没有测试通过的版本；先运行 orderhub rules test {name}",
        "no version of {name} is tested: run orderhub rules test {name} first",
    ),
    "rules.not_tested": (
        "{name} 的版本 {version} 未测试；先运行 orderhub rules test {name} {version}",
        "version {version} of {name} is not tested: run orderhub rules test {name} {version} first",
    ),
    "rules.bad_time": ("时间不对：{reason}", "the time is not right: {reason}"),
    "rules.bad_moment": (
        "「{written}」不是时间；请写北京时间，如 2026-11-11 00:00",
        "{written!r} is no moment: write Beijing time, like 2026-11-11 00:00",
    ),
    "rules.nothing_published": (
        "{name} 没有可撤回的发布，生效的是出厂默认；见 orderhub rules history {name}",
        "nothing of {name} is published that could be taken back: see orderhub rules history {name}",
    ),
    "rules.no_file": ("没有文件 {file}", "there is no file {file}"),
    "rules.confirm_publish": (
        "发布 {name} 的版本 {version}：{begins}生效，{ends}。5 秒内所有进程按它决定。确定吗？",
        "Publish version {version} of {name}: from {begins}, {ends}. All decide by it within 5 seconds. Sure?",
    ),
    "rules.confirm_rollback": (
        "撤回 {name} 的版本 {version}，改由 {then} 决定。确定吗？",
        "Take version {version} of {name} back, and decide by {then} again. Sure?",
    ),
    "rules.not_confirmed": (
        "没有确认，什么都没有改；非交互运行请加 --yes",
        "not confirmed, nothing was changed; without a terminal give --yes",
    ),
    "rules.published": ("已发布 {name} 的版本 {version}", "version {version} of {name} is published"),
    "rules.published_already": (
        "{name} 的版本 {version} 已是这样发布的，没有改动",
        "version {version} of {name} was so published already: nothing changed",
    ),
    "rules.rolled_back": (
        "已撤回 {name} 的版本 {version}，现由 {then} 决定",
        "version {version} of {name} is taken back: {then} decides",
    ),
    "rules.exported": ("已把 {name} 的版本 {version} 写入 {file}", "version {version} of {name} is in {file}"),
    "rules.imported": (
        "已存为 {name} 的草稿 {version}；下一步 orderhub rules test {name}",
        "kept as the draft {version} of {name}; next: orderhub rules test {name}",
    ),
    "rules.imported_already": (
        "{name} 的版本 {version} 已经有了，内容相同",
        "version {version} of {name} is here already, with this content",
    ),
    "rules.sound": (
        "{name} 的版本 {version} 没有问题：{rows} 行，{examples} 个示例通过",
        "version {version} of {name} is sound: {rows} rows, {examples} examples pass",
    ),
    "rules.unsound": (
        "{name} 的版本 {version} 不能发布：{count} 处问题",
        "version {version} of {name} cannot be published: {count} problems",
    ),
    "rules.explain.nothing": ("没有规则对订单 {order} 做过决定", "no rule has decided about the order {order}"),
    "rules.explain.gone": ("（该版本或当时的条件已不在）", "(the version or its facts are gone)"),
    "rules.explain.none": ("（当时没有命中）", "(no row applied)"),
    "rules.explain.step": ("步骤", "step"),
    "rules.explain.rule": ("版本", "version"),
    "rules.explain.row": ("行", "row"),
    "rules.explain.result": ("当时的结果", "what it said"),
    "rules.explain.now": ("现在的行", "row now"),
    "rules.explain.changes": ("现在会不同", "would change"),
    "rules.note": ("说明", "note"),
    "rules.expected": ("应得：{title}", "expected: {title}"),
    "rules.declaration": ("声明", "declaration"),
    "rules.declared": ("内容（JSON，请勿改动 document）", "content (JSON; leave document as it is)"),
    "rules.at.sheet": ("工作表「{sheet}」", "sheet {sheet}"),
    "rules.at.line": ("第 {row} 行", "row {row}"),
    "rules.at.letter": ("{letter} 列（{column}）", "column {letter} ({column})"),
    "rules.file.unreadable": (
        "这个文件打不开：{reason}。请另存为 .xlsx 再试",
        "the file cannot be opened: {reason}. Save it as .xlsx and try again",
    ),
    "rules.file.sealed": (
        "这是有密码的文件，或旧的 .xls；请去掉密码，另存为 .xlsx 再试",
        "the file has a password, or is an old .xls: take the password off, save it as .xlsx and try again",
    ),
    "rules.file.not_utf8": (
        "{file} 不是 UTF-8 编码；请另存为 UTF-8 再试",
        "{file} is not in UTF-8: save it so and try again",
    ),
    "rules.file.too_large": (
        "工作表「{sheet}」到 {cell} 还有内容，最多 {rows} 行 {columns} 列；请选中多余的整行整列删除后再存",
        "the sheet {sheet} has something as far as {cell}; {rows} rows and {columns} columns are the most: mark the "
        "rows and columns that are too much, delete them whole, and save again",
    ),
    "rules.file.error": (
        "这一格是 Excel 的错误值（如 #REF!、#DIV/0!）；请改好公式，或直接写值",
        "this is an error of Excel (like #REF!, #DIV/0!): mend the formula, or write the value",
    ),
    "rules.file.merged": (
        "单元格 {cells} 合并了，合并后只有第一格有内容，其余会当作「不限」；请取消合并，每行都写全",
        "the cells {cells} are merged, and all but the first count as empty: take the merging back, and fill every row",
    ),
    "rules.file.no_keys": (
        "第 2 行应写每列的含义（row、条件 …、结果 …），好像被删了；请从导出的文件复制第 2 行回来",
        "the second row says what each column stands for (row, 条件 …, 结果 …), and seems to be gone: copy it from an "
        "exported file",
    ),
    "rules.file.no_titles": (
        "列的含义（row、条件 …、结果 …）应在第 2 行，标题行好像被删了；请在最上面插入一行标题",
        "what each column stands for (row, 条件 …, 结果 …) belongs into the second row: insert a row of titles above",
    ),
    "rules.file.no_key": (
        "这一列第 2 行是空的，不知道它是什么；请删去此列，备注请写 note，或者写：{marks}",
        "the second row of this column is empty, so nobody knows what it is: take it out, or write note for remarks, "
        "or one of {marks}",
    ),
    "rules.file.no_sheet": (
        "缺少工作表「{sheet}」，文件里有：{sheets}。请从导出的文件改起，不要改工作表名",
        "the sheet {sheet} is missing; there are {sheets}. Start from an exported file, and leave the sheets' names",
    ),
    "rules.file.other_set": (
        "这是规则「{found}」的文件，不是「{name}」的",
        "this is a file of the rule set {found}, not of {name}",
    ),
    "rules.file.no_document": (
        "工作表「{sheet}」里没有 {mark}；请重新导出",
        "the sheet {sheet} has no {mark}: export it again",
    ),
    "rules.file.not_json": (
        "不是 JSON；多半是引号被输入法改成了中文引号，请改回英文引号",
        "this is no JSON; an input method may have changed the quotes: use plain double quotes",
    ),
    "rules.file.not_value": (
        '{value} 不是一个值；文字加英文双引号（如 "SF"），数字直接写，是否写 true / false',
        '{value} is no value: write texts in double quotes (like "SF"), numbers as they are, yes and no as true and '
        "false",
    ),
    "rules.file.unknown_column": (
        "不认识列「{mark}」；第 2 行可以写：{marks}，或者「条件 事实名」「结果 名称」",
        "the column {mark!r} is not known: the second row may say {marks}, or 条件 and a fact, or 结果 and an output",
    ),
    "rules.file.column_twice": ("与 {other} 列重复；请删去一列", "it is the same as column {other}: take one out"),
    "rules.file.no_row_column": (
        "缺少行名列；请在第 2 行写 {mark}",
        "the column with the rows' names is missing: write {mark} in its second row",
    ),
    "rules.file.date": (
        '这一格被 Excel 变成了日期或时间；请把单元格设为文本，并加英文双引号，如 "09:00"',
        'Excel has made this a date or a time: format the cell as text, and write double quotes, like "09:00"',
    ),
    "rules.file.digits": (
        "数字太长，Excel 已丢失末位；编号类请作为文字，加英文双引号",
        "the number is too long and Excel has lost digits of it: write it as a text, in double quotes",
    ),
}
