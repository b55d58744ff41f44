"""Makes a case that differs as small as it goes: fewer subjects, records, indicators, conditions."""

import time
from dataclasses import replace

from model import All, Any, Each, Linear, Not, Number, Steps

SECONDS = 120


def shrink(case, differs):
    """The smallest case found in two minutes that still differs in the same way: one that is refused instead shows something else."""
    until = time.monotonic() + SECONDS
    word = differs(case).word

    def same(smaller):
        found = differs(smaller) if time.monotonic() < until else None
        return found is not None and found.word == word

    while time.monotonic() < until:
        smaller = next((c for c in smaller_ones(case) if same(c)), None)
        if smaller is None:
            break
        case = smaller
    return case


def smaller_ones(case):
    yield from of_subjects(case)
    yield from of_records(case)
    yield from of_card(case)
    if case.cuts:
        yield replace(case, cuts=())
    for n in range(len(case.coverage)):
        yield replace(case, coverage=case.coverage[:n] + case.coverage[n + 1 :])


def halves(items):
    """Less of a list: a half, a quarter, and so on down to all but one."""
    size = len(items)
    step = size // 2
    while step:
        for start in range(0, size, step):
            yield items[:start] + items[start + step :]
        step //= 2


def of_subjects(case):
    for left in halves(case.subjects):
        if left:
            mine = {subject for subject, _, _ in left}
            rows = {kind: [row for row in rows if row["subject"] in mine] for kind, rows in case.rows.items()}
            yield replace(case, subjects=left, rows=rows, cuts=())


def of_records(case):
    for kind, rows in case.rows.items():
        if len(rows) > 1:
            yield from (replace(case, rows=case.rows | {kind: left}) for left in halves(rows))
        elif rows:
            yield replace(case, rows=case.rows | {kind: []})
        for n, row in enumerate(rows if len(rows) < 5 else []):
            for code in [code for code in row if code not in ("subject", "record", "day") and row[code] is not None]:
                yield replace(case, rows=case.rows | {kind: rows[:n] + [row | {code: None}] + rows[n + 1 :]})


def of_card(case):
    card = case.card
    for n in range(len(card.overrides)):
        yield replace(case, card=replace(card, overrides=card.overrides[:n] + card.overrides[n + 1 :]))
    for n, override in enumerate(card.overrides):
        for where in simpler(override.where):
            rule = replace(override, where=where)
            yield replace(case, card=replace(card, overrides=card.overrides[:n] + (rule,) + card.overrides[n + 1 :]))
    for d, dimension in enumerate(card.dimensions):
        if len(card.dimensions) > 1:
            yield replace(case, card=replace(card, dimensions=card.dimensions[:d] + card.dimensions[d + 1 :]))
        for changed in of_dimension(dimension):
            yield replace(case, card=replace(card, dimensions=card.dimensions[:d] + (changed,) + card.dimensions[d + 1 :]))
    for n in range(len(case.cutoffs)):
        yield replace(case, cutoffs=case.cutoffs[:n] + case.cutoffs[n + 1 :])
    used = {kind for d in card.dimensions for i in d.indicators for kind in i.kinds()} | {o.kind for o in card.overrides}
    used |= {card.peers.by[0]} if card.peers and card.peers.by else set()
    for kind in case.kinds:
        if kind.id not in used:
            rows = {id: rows for id, rows in case.rows.items() if id != kind.id}
            yield replace(case, kinds=tuple(k for k in case.kinds if k != kind), rows=rows)


def of_dimension(dimension):
    if dimension.weight != 1000:
        yield replace(dimension, weight=1000)
    if dimension.floor is not None or dimension.cap is not None:
        yield replace(dimension, floor=None, cap=None)
    for n, indicator in enumerate(dimension.indicators):
        before, after = dimension.indicators[:n], dimension.indicators[n + 1 :]
        if before or after:
            yield replace(dimension, indicators=before + after)
        for changed in of_indicator(indicator):
            yield replace(dimension, indicators=(*before, changed, *after))


def of_indicator(indicator):
    for where in simpler(indicator.where):
        yield replace(indicator, where=where)
    if isinstance(indicator.take, Number) and indicator.take.what == "ratio":
        for of in simpler(indicator.take.of):
            yield replace(indicator, take=replace(indicator.take, of=of))
    if indicator.weight != 1000:
        yield replace(indicator, weight=1000)
    if isinstance(indicator.fade, Linear) or indicator.fade.steps:
        yield replace(indicator, fade=Steps())
    take = indicator.take
    if isinstance(take, Each) and take.silence != "nothing":
        yield replace(indicator, take=replace(take, silence="nothing"))
    if isinstance(take, Each) and take.put != "sum" and (indicator.floor or indicator.cap):
        yield replace(indicator, take=replace(take, put="sum"))
    for n in range(1, len(take.bands)):
        yield replace(indicator, take=replace(take, bands=take.bands[:n] + take.bands[n + 1 :]))


def simpler(where):
    if where is None:
        return
    yield None
    if isinstance(where, All | Any):
        yield from where.parts
        for n, part in enumerate(where.parts):
            rest = where.parts[:n], where.parts[n + 1 :]
            yield from (replace(where, parts=(*rest[0], left, *rest[1])) for left in simpler(part) if left is not None)
    if isinstance(where, Not):
        yield where.part
