"""The table of the partners' words (rules/tables/status_map.json) and its page, out of the connectors' glossaries.

`python -m tests.house.statuses` writes both anew.
"""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

from domain.words import GLOSSARIES, Act, Glossary
from rules.documents import Document, declared, grids

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "rules" / "tables" / "status_map.json"
PAGE = ROOT / "docs" / "statuses.md"
_BLOCK = "<!-- computed: words -->\n", "\n<!-- end -->"

_PARTNERS = {
    "taobao": ("trades", "refunds"),
    "douyin": ("orders", "refunds"),
    "jd": ("orders", "refunds", "csv_rows"),
    "pdd": ("orders", "refunds"),
    "xiaohongshu": ("orders", "refunds"),
    "wechat": ("payments",),
    "qimen": ("codes",),
    "kdniao": ("codes",),
    "sf": ("routes",),
}


def glossaries() -> list[Glossary[Any]]:
    """All glossaries of the house's connectors, by partner."""
    for partner, modules in _PARTNERS.items():
        for module in modules:
            importlib.import_module(f"connectors.{partner}.{module}")
    order = list(_PARTNERS)
    return sorted((one for one in GLOSSARIES.values() if one.partner in order), key=lambda g: order.index(g.partner))


def document() -> Document:
    """The table as the glossaries have it."""
    rows: list[dict[str, str]] = []
    words: dict[str, list[str]] = {}
    acts: dict[str, list[str]] = {}
    for glossary in glossaries():
        about = str(glossary.about)
        words[about] = sorted({*words.get(about, []), "", *(str(one) for one in glossary.ours)})
        acts[about] = [str(Act.TAKE), str(Act.ASK)]
        if any(found is None for found in glossary.means.values()):
            acts[about] = [str(Act.TAKE), str(Act.NOTHING), str(Act.ASK)]
        for word in (*glossary.means, *sorted(glossary.asks)):
            entry = glossary.entry(word)
            assert entry is not None
            name = f"{glossary.partner}.{about}.{word or 'none'}"
            cells = {
                "partner": glossary.partner,
                "kind": about,
                "word": word,
                "row": name,
                "ours": entry.ours,
                "act": str(entry.act),
                "named": word not in glossary.unnamed,
            }
            rows.append({"_id": name, **{key: json.dumps(cell, ensure_ascii=False) for key, cell in cells.items()}})
    inputs = [("partner", "对方"), ("kind", "说的是"), ("word", "对方的状态")]
    outputs = [("row", "行"), ("ours", "我们的状态"), ("act", "怎么办"), ("named", "协议有载")]
    content = {
        "hitPolicy": "first",
        "inputs": [{"id": key, "name": title, "field": key} for key, title in inputs],
        "outputs": [{"id": key, "name": title, "field": key} for key, title in outputs],
        "rules": rows,
    }
    return {
        "contentType": "application/vnd.gorules.decision",
        "orderhub": {
            "disjoint": True,
            "fits": {"ours": {"by": "kind", "words": words}, "act": {"by": "kind", "words": acts}},
            "examples": [
                {"facts": {"partner": "jd", "kind": "order", "word": "LOCKED"}, "expect": {"ours": "LOCKED"}},
                {"facts": {"partner": "jd", "kind": "order", "word": "NEVER_HEARD"}, "expect": {}},
            ],
        },
        "nodes": [
            {"id": "in", "name": "word", "type": "inputNode", "position": {"x": 0, "y": 0}},
            {
                "id": "table",
                "name": "订单状态映射对照表",
                "type": "decisionTableNode",
                "position": {"x": 200, "y": 0},
                "content": content,
            },
            {"id": "out", "name": "status_map", "type": "outputNode", "position": {"x": 400, "y": 0}},
        ],
        "edges": [
            {"id": "e1", "type": "edge", "sourceId": "in", "targetId": "table"},
            {"id": "e2", "type": "edge", "sourceId": "table", "targetId": "out"},
        ],
    }


def written(table: Document) -> str:
    """The document with a row of the table in a line, as people compare them."""
    whole = json.dumps(table, ensure_ascii=False, indent=1)
    rows = table["nodes"][1]["content"]["rules"]
    loose = json.dumps(rows, ensure_ascii=False, indent=1).replace("\n", "\n    ")
    tight = "[\n" + ",\n".join(f"      {json.dumps(row, ensure_ascii=False)}" for row in rows) + "\n    ]"
    assert loose in whole
    return whole.replace(loose, tight) + "\n"


def page(text: str) -> str:
    """The page with its tables computed anew from the file."""
    table = json.loads(TABLE.read_text(encoding="utf-8"))
    (grid,) = grids(table)
    assert declared(table)
    parts, last = [], ("", "")
    for row in grid.rows:
        cell = {key: json.loads(row[key]) for key in ("partner", "kind", "word", "ours", "act", "named")}
        if (cell["partner"], cell["kind"]) != last:
            last = (cell["partner"], cell["kind"])
            parts.append(
                f"\n### {cell['partner']}: {cell['kind']}\n\n| word | ours | the protocol names it |\n|---|---|---|"
            )
        ours = {"take": f"`{cell['ours']}`", "nothing": "changes nothing", "ask": "a person is asked"}[cell["act"]]
        word = f"`{cell['word']}`" if cell["word"] else "(none)"
        parts.append(f"| {word} | {ours} | {'yes' if cell['named'] else 'no'} |")
    begin, rest = text.split(_BLOCK[0])
    _, end = rest.split(_BLOCK[1])
    return begin + _BLOCK[0] + "\n".join(parts) + "\n" + _BLOCK[1] + end


if __name__ == "__main__":
    TABLE.write_text(written(document()), encoding="utf-8")
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
