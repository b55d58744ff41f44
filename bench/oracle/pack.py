"""Writes a case's pack as the YAML that an author would write."""

import hashlib
import re
import shutil

from datetime import timedelta

from model import CLASS, All, Among, Any, Bound, Each, Ladder, Linear, Not, Present

NATURES = {"adverse": "失信信息", "neutral": "一般信息", "positive": "守信信息"}
PLAIN = re.compile(r"[\w（）、/-]+(?: (?:month|months|year|years|元|万元))?%?")
CARD = "drawn"
PACK = "drawn"
# The field that the day of a document stands in.
DATED = "dated"


def scalar(value):
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text if PLAIN.fullmatch(text) or re.fullmatch(r"-?[\d.]+%?", text) else '"' + text.replace('"', '\\"') + '"'


def flow(value):
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{scalar(key)}: {flow(part)}" for key, part in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(flow(part) for part in value) + "]"
    return scalar(value)


def block(value, indent=""):
    """Lists of maps and wide maps stand in blocks, everything else on one line."""
    if isinstance(value, list):
        return "".join(f"{indent}- {block(part, indent + '  ').lstrip()}" for part in value)
    lines = []
    for key, part in value.items():
        shown = flow(part)
        if len(shown) > 110 and isinstance(part, dict) or isinstance(part, list) and any(isinstance(p, dict) for p in part):
            lines.append(f"{indent}{scalar(key)}:\n{block(part, indent + '  ')}")
        else:
            lines.append(f"{indent}{scalar(key)}: {shown}\n")
    return "".join(lines)


def points(thousandths):
    whole, rest = divmod(abs(thousandths), 1000)
    return ("-" if thousandths < 0 else "") + str(whole) + (f".{rest:03}".rstrip("0") if rest else "")


def share(thousandths):
    return f"{thousandths // 10}{f'.{thousandths % 10}' if thousandths % 10 else ''}%"


def months(count):
    return f"{count // 12} {'year' if count == 12 else 'years'}" if count % 12 == 0 and count else f"{count} {'month' if count == 1 else 'months'}"


def money(fen):
    return f"{fen // 100}.{fen % 100:02} 元" if fen % 100 else f"{fen // 100} 元"


def value(kind, code, what):
    return money(what) if code != CLASS and kind.field(code).type == "money" else what


def titled(kind, code):
    return "失信程度" if code == CLASS else kind.field(code).title


def condition(kind, what):
    if isinstance(what, All):
        return {"all": [condition(kind, part) for part in what.parts]}
    if isinstance(what, Any):
        return {"any": [condition(kind, part) for part in what.parts]}
    if isinstance(what, Not):
        return {"not": condition(kind, what.part)}
    column = titled(kind, what.column)
    if isinstance(what, Present):
        return {column: {"present": what.filled}}
    if isinstance(what, Among):
        return {column: {"any_of" if what.inside else "none_of": list(what.values)}}
    assert isinstance(what, Bound)
    return {column: {"at_least" if what.at_least else "at_most": value(kind, what.column, what.value)}}


def bands(kind, field, steps):
    return [{"from": value(kind, field, start) if field else start, "points": points(worth)} for start, worth in steps]


def indicator(case, what):
    kind = case.kind(what.kind)
    out = {"id": what.id, "title": f"指标{what.id}", "record": kind.title}
    if what.where is not None:
        out["where"] = condition(kind, what.where)
    out["window"] = months(what.window)
    take = what.take
    if isinstance(take, Each):
        if take.constant is not None:
            out["each"] = {"points": points(take.constant)}
        elif take.named:
            out["each"] = {"by": titled(kind, take.by), "points": {title: points(worth) for title, worth in take.named}}
        else:
            out["each"] = {"by": titled(kind, take.by), "bands": bands(kind, take.by, take.bands)}
        if take.put != "sum":
            out["put"] = take.put
        if take.silence != "nothing":
            out["silence"] = take.silence
    else:
        field = take.field if take.what == "total" else None
        out["number"] = number(case, kind, take)
        out["bands"] = [dict(line) for line in bands(kind, field, take.bands)]
        if take.what in ("rate", "ratio"):
            for line, (start, _) in zip(out["bands"], take.bands, strict=True):
                line["from"] = share(start)
    if isinstance(what.fade, Linear):
        out["fade"] = {"linear_after": months(what.fade.after)}
    elif what.fade.steps:
        out["fade"] = [{"after": months(after), "keep": share(left)} for after, left in what.fade.steps]
    return out | bounds(what) | {"basis": ["rules"]}


def number(case, kind, take):
    if take.what == "count":
        return "count"
    if take.what == "ratio":
        other = case.kind(take.other)
        return {"ratio_to": {"record": other.title} | ({"where": condition(other, take.of)} if take.of is not None else {})}
    return {take.what: condition(kind, take.of) if take.what == "rate" else titled(kind, take.field)}


def bounds(what):
    out = {key: points(bound) for key, bound in (("floor", what.floor), ("cap", what.cap)) if bound is not None}
    return out | ({"weight": share(what.weight)} if what.weight != 1000 else {})


def span(since, until):
    return {"from": since} | ({"until": until} if until else {})


def override(case, what):
    kind = case.kind(what.kind)
    if what.window is None:
        when = {"on_list": kind.title}
    else:
        when = {"record": kind.title} | ({"where": condition(kind, what.where)} if what.where is not None else {})
        when["window"] = months(what.window)
    return {"when": when, "grade": case.card.grades[what.grade].name, "basis": ["rules"]}


def card(case):
    what = case.card
    out = {
        "scorecard": CARD,
        "title": "随机模型",
        "purpose": "核对",
        "subjects": list(what.subjects),
        "in_force": span(what.since, what.until),
        "basis": [f"basis-{n}" for n, _ in enumerate(what.bases)],
        "range": {"base": points(what.base), "min": points(what.least), "max": points(what.most)},
        "assessed_share": share(what.assessed_share),
        "coverage_lag_days": what.lag,
        "valid_days": 31,
        "dimensions": [
            {"title": d.title} | bounds(d) | {"indicators": [indicator(case, i) for i in d.indicators]} for d in what.dimensions
        ],
    }
    if what.overrides:
        out["overrides"] = [override(case, rule) for rule in what.overrides]
    if what.peers is None:
        out["grades"] = [{"grade": g.name, "title": f"等级{g.name}", "from": points(g.start)} for g in what.grades]
    else:
        by = "kind" if what.peers.by is None else {"record": case.kind(what.peers.by[0]).title, "field": titled(case.kind(what.peers.by[0]), what.peers.by[1])}
        out["peers"] = {"by": by, "group_size": what.peers.size}
        shares = zip(what.grades, what.peers.shares, strict=True)
        out["grades"] = [{"grade": g.name, "title": f"等级{g.name}", "share": share(part)} for g, part in shares]
    if any(g.amount is not None for g in what.grades):
        out["amount"] = {"title": "授信参考额度", "by_grade": {g.name: money(g.amount) for g in what.grades}}
    return out


def cutoffs(case, what, rule):
    """A file of limits; what made it is not looked at, but for the text of the scorecard."""
    grades = case.card.grades
    ladder = lambda own: {"size": own.size, "limits": {g.name: points(limit) for g, limit in zip(grades, own.limits, strict=False)}}  # noqa: E731
    title = lambda name: f"类型{name}" if case.card.peers.by is None else name  # noqa: E731
    return {
        "cutoffs": f"{CARD}-{what.since}",
        "scorecard": CARD,
        "made": {"as_of": what.since - timedelta(1), "tables": "a" * 64, "pack": "b" * 64, "rule": rule},
        "in_force": span(what.since, what.until),
        "everyone": ladder(what.everyone),
        "groups": [{"group": title(name)} | (ladder(own) if isinstance(own, Ladder) else {"size": own}) for name, own in what.groups],
    }


def field(what):
    out = {"code": what.code, "title": what.title, "type": what.type, "need": "optional"}
    if what.values:
        out["values"] = [{"title": title} for title in what.values]
    if what.type == "integer":
        out |= {"min": what.least, "max": what.most}
    return out | {"money": {"unit": "元"}, "day": {"future": True}}.get(what.type, {})


# What a document of any kind has and no rule may read.
PAPERS = (("party", "主体名称"), ("number", "文书号"), ("organ", "机关"))


def catalogue(kind, subjects):
    out = {
        "kind": kind.id,
        "title": kind.title,
        "category": "行政管理信息",
        "basis": ["rules"],
        "supplier": "各机关",
        "nature": NATURES[kind.nature],
        "subjects": subjects,
        "roles": {"party_name": "主体名称", "document_number": "文书号", "document_date": "文书日期", "organ_name": "机关"},
        "key": ["文书号"],
    }
    if kind.nature == "adverse":
        out["class"] = [{"otherwise": "待核实"}]
    out["retention_months"] = kind.retention
    papers = [{"code": code, "title": title, "type": "text", "need": "required"} for code, title in PAPERS]
    dated = {"code": DATED, "title": "文书日期", "type": "day", "need": "required"}
    out["fields"] = [*papers, dated, *(field(f) for f in kind.fields)]
    if kind.list:
        entry, removal = kind.list
        out["list"] = {"from": titled(kind, entry)} | ({"until": titled(kind, removal)} if removal else {})
    return out


def laws(case):
    law = {"id": "rules", "title": "规则", "level": "行政法规", "issued_by": "国务院", "in_force": span("1990-01-01", None)}
    own = [
        {"id": f"basis-{n}", "title": f"模型说明{n}", "level": "自定模型", "issued_by": "本系统", "in_force": span(since, until)}
        for n, (since, until) in enumerate(case.card.bases)
    ]
    return [law, *own]


def write(case, folder):
    """The whole pack, into a fresh folder named PACK; gives its digest."""
    assert folder.name == PACK
    if folder.exists():
        shutil.rmtree(folder)
    subjects = sorted({kind for _, kind, _ in case.subjects} | set(case.card.subjects))
    head = {
        "title": "随机规则包",
        "version": "1",
        "jurisdiction": "试验",
        "review": "演示,未经合法性审查",
        "review_by": case.card.review_by,
    }
    files = {
        "pack.yaml": head,
        "laws.yaml": laws(case),
        "subjects/all.yaml": [
            {"id": kind, "title": f"类型{kind}", "person": False, "code": {"id": kind, "title": f"编号{kind}"}} for kind in subjects
        ],
        f"scorecards/{CARD}.yaml": card(case),
    } | {f"catalog/{kind.id}.yaml": catalogue(kind, subjects) for kind in case.kinds}
    rule = hashlib.sha256(block(files[f"scorecards/{CARD}.yaml"]).encode()).hexdigest()
    files |= {f"cutoffs/{CARD}-{what.since}.yaml": cutoffs(case, what, rule) for what in case.cutoffs}
    for path, content in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(block(content), encoding="utf-8")
    return digest(folder)


def digest(folder):
    """SHA-256 over the sorted files, each as length and bytes of its path, length and bytes of its text."""
    found = hashlib.sha256()
    files = {str(file.relative_to(folder)).encode(): file.read_bytes() for file in folder.rglob("*.yaml")}
    for path in sorted(files):
        for part in (path, files[path]):
            found.update(len(part).to_bytes(8, "big") + part)
    return found.hexdigest()
