"""Reads a pack that `xinzhi pack check` has passed into the oracle's own description: what stands beside the rules is left out."""

from dataclasses import replace
from decimal import Decimal

import yaml

from model import CLASS, CLASSES, All, Among, Any, Bound, Card, Dimension, Each, Field, Grade, Indicator, Kind, Linear, Not, Number
from model import Override, Present, Steps

NATURES = {"失信信息": "adverse", "一般信息": "neutral", "守信信息": "positive"}
RULES_READ = ("choice", "choices", "integer", "money", "day")


def load(file):
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def pack(folder):
    """Kinds by every name that rules may use, and scorecards by id."""
    kinds = [kind(load(file)) for file in sorted((folder / "catalog").glob("*.yaml"))]
    named = {name: k for k in kinds for name in (k.id, k.title)}
    laws = {law["id"]: law for law in load(folder / "laws.yaml")}
    review_by = load(folder / "pack.yaml")["review_by"]
    files = sorted((folder / "scorecards").glob("*.yaml"))
    return kinds, {file.stem: card(load(file), named, laws, review_by) for file in files}


def kind(what):
    fields = []
    for f in what["fields"]:
        if f["type"] in RULES_READ:
            values = tuple(str(value["title"]) for value in f.get("values", ()))
            fields.append(Field(f["code"], f["title"], f["type"], values, f.get("min", 0), f.get("max", 0)))
    codes = {f.title: f.code for f in fields} | {f.code: f.code for f in fields}
    span = what.get("list")
    return Kind(what["kind"], what["title"], NATURES[what["nature"]], tuple(fields), span and (codes[span["from"]], codes.get(span.get("until"))))


def thousandths(number):
    whole = Decimal(str(number)) * 1000
    assert whole == int(whole)
    return int(whole)


def share(text):
    return thousandths(Decimal(text.rstrip("%")) / 100)


def months(text):
    count, unit = text.split()
    return int(count) * (12 if unit.startswith("year") else 1)


def fen(text):
    text = str(text)
    unit = 1_000_000 if text.endswith("万元") else 100
    found = Decimal(text.removesuffix("元").removesuffix("万").strip()) * unit
    assert found == int(found)
    return int(found)


def code_of(of, name):
    if name == "失信程度":
        return CLASS
    return next(f.code for f in of.fields if name in (f.title, f.code))


def value(of, code, what):
    return fen(what) if code != CLASS and of.field(code).type == "money" else what


def condition(of, what):
    if what is None:
        return None
    parts = [part for key, inner in what.items() for part in entry(of, key, inner)]
    return parts[0] if len(parts) == 1 else All(tuple(parts))


def entry(of, key, inner):
    if key in ("all", "any"):
        return [{"all": All, "any": Any}[key](tuple(condition(of, part) for part in inner))]
    if key == "not":
        return [Not(condition(of, inner))]
    code = code_of(of, key)
    return [test(of, code, operator, what) for operator, what in inner.items()]


def test(of, code, operator, what):
    if operator == "present":
        return Present(code, what)
    if operator in ("at_least", "at_most"):
        return Bound(code, operator == "at_least", value(of, code, what))
    values = what if isinstance(what, list) else [what]
    return Among(code, tuple(map(str, values)), operator != "none_of")


def bands(of, code, lines):
    return tuple((value(of, code, line["from"]) if code else line["from"], thousandths(line["points"])) for line in lines)


def take(kinds, of, what):
    if "number" in what:
        return number(kinds, of, what)
    return replace(worth(of, what["each"], what.get("put", "sum")), silence=what.get("silence", "nothing"))


def worth(of, each, put):
    if "by" not in each:
        return Each(put, constant=thousandths(each["points"]))
    code = code_of(of, each["by"])
    if "bands" in each:
        return Each(put, by=code, bands=bands(of, code, each["bands"]))
    titles = CLASSES if code == CLASS else of.field(code).values
    return Each(put, by=code, named=tuple((title, thousandths(each["points"][title])) for title in titles))


def number(kinds, of, what):
    if what["number"] == "count":
        return Number("count", bands(of, None, what["bands"]))
    [(word, inner)] = what["number"].items()
    if word in ("rate", "ratio_to"):
        lines = tuple((share(line["from"]), thousandths(line["points"])) for line in what["bands"])
        if word == "rate":
            return Number("rate", lines, of=condition(of, inner))
        other = kinds[inner["record"]]
        return Number("ratio", lines, of=condition(other, inner.get("where")), other=other.id)
    code = code_of(of, inner)
    return Number(word, bands(of, code if word == "total" else None, what["bands"]), code)


def fade(what):
    if isinstance(what, dict):
        return Linear(months(what["linear_after"]))
    return Steps(tuple((months(step["after"]), share(step["keep"])) for step in what or ()))


def bounds(what):
    out = {key: thousandths(what[key]) for key in ("floor", "cap") if key in what}
    return out | ({"weight": share(what["weight"])} if "weight" in what else {})


def indicator(kinds, what):
    of = kinds[what["record"]]
    where = condition(of, what.get("where"))
    return Indicator(what["id"], of.id, months(what["window"]), take(kinds, of, what), where, fade(what.get("fade")), **bounds(what))


def override(kinds, names, what):
    when = what["when"]
    of = kinds[when.get("on_list") or when["record"]]
    grade = names.index(what["grade"])
    if "on_list" in when:
        return Override(of.id, grade)
    return Override(of.id, grade, months(when["window"]), condition(of, when.get("where")))


def card(what, kinds, laws, review_by):
    assert "peers" not in what, "grades by peers are not read back"
    dimensions = tuple(
        Dimension(d["title"], tuple(indicator(kinds, i) for i in d["indicators"]), **bounds(d)) for d in what["dimensions"]
    )
    paid = {name: fen(amount) for name, amount in what.get("amount", {}).get("by_grade", {}).items()}
    grades = tuple(Grade(str(g["grade"]), thousandths(g["from"]), paid.get(str(g["grade"]))) for g in what["grades"])
    names = [grade.name for grade in grades]
    spans = (laws[law]["in_force"] for law in what["basis"])
    return Card(
        subjects=tuple(what["subjects"]),
        since=what["in_force"]["from"],
        until=what["in_force"].get("until"),
        review_by=review_by,
        bases=tuple((span["from"], span.get("until")) for span in spans),
        base=thousandths(what["range"]["base"]),
        least=thousandths(what["range"]["min"]),
        most=thousandths(what["range"]["max"]),
        assessed_share=share(what["assessed_share"]),
        lag=what["coverage_lag_days"],
        dimensions=dimensions,
        grades=grades,
        overrides=tuple(override(kinds, names, rule) for rule in what.get("overrides", ())),
    )
