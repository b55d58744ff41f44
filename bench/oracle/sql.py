"""A scorecard as SQL for DuckDB, over the Parquet files of a table set. One statement; integers only; days are reckoned by the database.

`sum` of integers is HUGEINT in DuckDB and is cast back. `//` truncates toward zero there, which `divides()` makes sure of.
"""

from dataclasses import replace
from datetime import date

import duckdb

from model import CLASS, CLASSES, All, Among, Answer, Any, Bound, Each, Grade, Ladder, Linear, Not, Present, reach

TYPES = {"choice": "VARCHAR", "choices": "VARCHAR[]", "integer": "BIGINT", "money": "BIGINT", "day": "DATE"}


def connect():
    connection = duckdb.connect(config={"threads": 2, "allow_unsigned_extensions": False, "autoinstall_known_extensions": False})
    divides(connection)
    return connection


def divides(connection):
    found = connection.execute("SELECT -7 // 2, CAST(-1999 AS BIGINT) // 1000").fetchone()
    if found != (-3, -1):
        raise SystemExit(f"this DuckDB does not truncate toward zero: {found}")


def name(text):
    return '"' + text.replace('"', '""') + '"'


def literal(value):
    if isinstance(value, date):
        return f"DATE '{value}'"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value)


def column(code):
    return '"class"' if code == CLASS else name(code)


def condition(kind, what):
    """SQL's own three values are those of the language."""
    if isinstance(what, All | Any):
        word = " AND " if isinstance(what, All) else " OR "
        return "(" + word.join(condition(kind, part) for part in what.parts) + ")"
    if isinstance(what, Not):
        return f"(NOT {condition(kind, what.part)})"
    cell = column(what.column)
    if isinstance(what, Present):
        return f"({cell} IS {'NOT ' if what.filled else ''}NULL)"
    if isinstance(what, Among):
        values = ", ".join(literal(value) for value in what.values)
        several = what.column != CLASS and kind.field(what.column).type == "choices"
        test = f"list_has_any({cell}, [{values}])" if several else f"({cell} IN ({values}))"
        return test if what.inside else f"(NOT {test})"
    assert isinstance(what, Bound)
    operator = ">=" if what.at_least else "<="
    if what.column == CLASS:
        return f"(list_position([{', '.join(map(literal, CLASSES))}], {cell}) {operator} {CLASSES.index(what.value) + 1})"
    return f"({cell} {operator} {literal(what.value)})"


def stairs(cell, bands):
    """The points of the last band that has begun; NULL below the first."""
    lines = (f"WHEN {cell} >= {start} THEN {points}" for start, points in reversed(bands))
    return f"CASE {' '.join(lines)} END"


def worth(each):
    if each.constant is not None:
        return str(each.constant)
    cell = column(each.by)
    if each.named:
        return f"CASE {cell} {' '.join(f'WHEN {literal(title)} THEN {points}' for title, points in each.named)} END"
    return stairs(cell, each.bands)


def since(as_of, months):
    """The last day that has already left a window."""
    return f"CAST({literal(as_of)} - INTERVAL {months} MONTH AS DATE)"


def window(as_of, months, where, kind):
    test = f"day > {since(as_of, months)} AND day <= {literal(as_of)}"
    return test if where is None else f"{test} AND {condition(kind, where)}"


def keep(indicator, as_of):
    fade = indicator.fade
    if isinstance(fade, Linear):
        gone, whole = since(as_of, indicator.window), since(as_of, fade.after)
        # An age of nothing begins with the day of evaluation.
        whole = f"least({whole}, {literal(as_of)} - 1)"
        return f"least(1000, (day - {gone}) * 1000 // ({whole} - {gone} + 1))"
    lines = (f"WHEN day + INTERVAL {after} MONTH <= {literal(as_of)} THEN {left}" for after, left in reversed(fade.steps))
    return f"CASE {' '.join(lines)} ELSE 1000 END" if fade.steps else "1000"


PUT = {
    "sum": "sum(p)",
    "best": "max(p)",
    "worst": "min(p)",
    "latest": "max(p) FILTER (day = last_day)",
    "first": "max(p) FILTER (day = first_day)",
    "mean": "CAST(sum(p) AS BIGINT) // count(*)",
}


def gathered(case, indicator):
    """By subject: `found`, the points or the number that its records amount to; NULL or no row where there is none."""
    kind = case.kind(indicator.kind)
    source = f"FROM {name(kind.id)} WHERE {window(case.as_of, indicator.window, indicator.where, kind)}"
    take = indicator.take
    if isinstance(take, Each):
        rows = f"SELECT subject, day, CAST({worth(take)} AS BIGINT) * {keep(indicator, case.as_of)} // 1000 AS p {source}"
        ends = "max(day) OVER (PARTITION BY subject) AS last_day, min(day) OVER (PARTITION BY subject) AS first_day"
        rows = f"SELECT *, {ends} FROM ({rows}) WHERE p IS NOT NULL"
        return f"SELECT subject, CAST({PUT[take.put]} AS BIGINT) AS found FROM ({rows}) GROUP BY subject"
    if take.what == "ratio":
        return ratio(case, indicator, source)
    if take.what == "rate":
        test = condition(kind, take.of)
        found = f"CASE WHEN count({test}) > 0 THEN count_if({test}) * 1000 // count({test}) END"
    else:
        cell = column(take.field) if take.field else "*"
        found = {"count": "count(*)", "distinct": f"count(DISTINCT {cell})", "total": f"sum({cell})"}[take.what]
    return f"SELECT subject, CAST({found} AS BIGINT) AS found {source} GROUP BY subject"


def ratio(case, indicator, source):
    """By whom at least one other record is certain: `found`, in thousandths of the number of the others."""
    other, of = case.kind(indicator.take.other), indicator.take.of
    test = "true" if of is None else condition(other, of)
    divides = "IS NOT FALSE" if case.kind(indicator.kind).nature == "adverse" else "IS TRUE"
    others = (
        f"SELECT subject, count_if({test} {divides}) AS many FROM {name(other.id)}"
        f" WHERE {window(case.as_of, indicator.window, None, other)} GROUP BY subject HAVING count_if({test} IS TRUE) > 0"
    )
    own = f"SELECT subject, count(*) AS many {source} GROUP BY subject"
    return (
        f"SELECT o.subject, CAST(coalesce(n.many, 0) * 1000 // o.many AS BIGINT) AS found"
        f" FROM ({others}) o LEFT JOIN ({own}) n ON n.subject = o.subject"
    )


def clamp(cell, floor, cap):
    if floor is not None:
        cell = f"greatest({cell}, {floor})"
    return cell if cap is None else f"least({cell}, {cap})"


def points(indicator, position):
    """Points of an indicator before its weight, NULL where it is unknown."""
    found, covered = f"i{position}.found", f"c{position}"
    if isinstance(indicator.take, Each):
        cell = found if indicator.take.silence == "unknown" else f"coalesce({found}, CASE WHEN {covered} THEN 0 END)"
    else:
        if indicator.take.what not in ("rate", "ratio"):
            found = f"coalesce({found}, 0)"
        cell = f"CASE WHEN {covered} THEN {stairs(found, indicator.take.bands)} END"
    # `least` and `greatest` pass over NULL.
    return f"CASE WHEN {cell} IS NOT NULL THEN {clamp(cell, indicator.floor, indicator.cap)} END"


AREA = "regexp_replace(regexp_replace(regexp_replace({0}, '^(\\d{{9}})000$', '\\1'), '^(\\d{{6}})000$', '\\1'), '^((\\d\\d){{1,2}})00$', '\\1')"


def coverage(case):
    """Spans that touch or overlap, joined, for each area that a subject lies in."""
    area, reported = AREA.format("a.area"), AREA.format("c.area")
    # Two stages take `330000` to `33`.
    area, reported = (f"regexp_replace({cell}, '^(\\d\\d)00$', '\\1')" for cell in (area, reported))
    return f"""
areas AS (SELECT DISTINCT area FROM subjects),
spans AS (
  SELECT a.area, c.kind, c."from" AS s, coalesce(c."until", DATE '9999-12-30') AS e
  FROM areas a JOIN coverage c ON c.area IS NULL OR starts_with({area}, {reported})),
edges AS (
  SELECT *, coalesce(s > max(e) OVER (PARTITION BY area, kind ORDER BY s, e ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) + 1, true)
    AS opens FROM spans),
islands AS (SELECT *, count_if(opens) OVER (PARTITION BY area, kind ORDER BY s, e ROWS UNBOUNDED PRECEDING) AS island FROM edges),
covered AS (SELECT area, kind, min(s) AS s, max(e) AS e FROM islands GROUP BY area, kind, island)"""


def covers(case, indicator, position):
    first = f"CAST({since(case.as_of, indicator.window)} + 1 AS DATE)"
    reached = f"CAST({literal(case.as_of)} - {case.card.lag} AS DATE)"
    tests = (
        f"EXISTS (SELECT 1 FROM covered v WHERE v.area IS NOT DISTINCT FROM a.area AND v.kind = {literal(kind)}"
        f" AND v.s <= {first} AND {first} <= v.e AND v.e >= {reached})"
        for kind in indicator.kinds()
    )
    return f"{' AND '.join(tests)} AS c{position}"


def forcing(case):
    lines = []
    for order, override in enumerate(case.card.overrides):
        kind = case.kind(override.kind)
        if override.window is None:
            entry, removal = kind.list
            test = f"coalesce({name(entry)}, day) <= {literal(case.as_of)}"
            if removal:
                test += f" AND coalesce({name(removal)} > {literal(case.as_of)}, true)"
        else:
            test = window(case.as_of, override.window, override.where, kind)
        lifts = str(kind.nature == "positive").lower()
        lines.append(f"SELECT subject, {override.grade} AS grade, {order} AS place, {lifts} AS lifts FROM {name(kind.id)} WHERE {test}")
    if not lines:
        lines = ["SELECT subject, 0 AS grade, 0 AS place, false AS lifts FROM subjects WHERE false"]
    rows = " UNION ALL ".join(lines)
    return f"SELECT * FROM ({rows}) QUALIFY row_number() OVER (PARTITION BY subject ORDER BY grade DESC, place) = 1"


def asleep(case):
    card, as_of = case.card, literal(case.as_of)
    within = " OR ".join(f"{as_of} BETWEEN {literal(s)} AND {literal(u or date(9999, 12, 30))}" for s, u in card.bases) or "false"
    until = f"WHEN {as_of} > {literal(card.until)} THEN 'no-longer-in-force' " if card.until else ""
    return (
        f"CASE WHEN {as_of} < {literal(card.since)} THEN 'not-yet-in-force' {until}"
        f"WHEN {as_of} > {literal(card.review_by)} THEN 'review-overdue' WHEN NOT ({within}) THEN 'no-basis-in-force'"
        f" {limited(case, as_of)} ELSE '' END"
    )


def limited(case, as_of):
    if case.card.peers is None:
        return ""
    spans = " OR ".join(f"{as_of} BETWEEN {literal(c.since)} AND {literal(c.until)}" for c in case.cutoffs) or "false"
    return f"WHEN NOT ({spans}) THEN 'no-cutoffs-in-force'"


def grouped(case):
    """By subject: `g`, the place of its group; NULL or no row where it has none."""
    by = case.card.peers and case.card.peers.by
    if by is None:
        places = " ".join(f"WHEN {literal(kind)} THEN {n}" for n, kind in enumerate(case.card.subjects))
        return f"SELECT subject, CASE kind {places} END AS g FROM subjects"
    kind, code = case.kind(by[0]), by[1]
    places = f"list_position([{', '.join(map(literal, kind.field(code).values))}], {name(code)}) - 1"
    told = f"{name(code)} IS NOT NULL AND {window(case.as_of, kind.retention, None, kind)}"
    rows = f"SELECT subject, {places} AS place, rank() OVER (PARTITION BY subject ORDER BY day DESC) AS age FROM {name(kind.id)} WHERE {told}"
    return f"SELECT subject, min(place) AS g FROM ({rows}) WHERE age = 1 GROUP BY subject"


def graded(case):
    """The place of the grade that points reach."""
    card = case.card

    def rungs(starts):
        return "CASE " + " ".join(f"WHEN points >= {start} THEN {n}" for n, start in enumerate(starts)) + " END"

    if card.peers is None:
        return rungs([grade.start for grade in card.grades])
    limits = case.in_force()
    if limits is None:
        return "NULL"
    own = [(n, ladder) for n, (_, ladder) in enumerate(limits.groups) if isinstance(ladder, Ladder)]
    everyone = rungs([*limits.everyone.limits, card.least])
    branches = " ".join(f"WHEN {n} THEN {rungs([*ladder.limits, card.least])}" for n, ladder in own)
    return f"CASE g {branches} ELSE {everyone} END" if own else everyone


def statement(case):
    card = case.card
    numbered = [(d, i) for d, dimension in enumerate(card.dimensions) for i in dimension.indicators]
    gathers = [f"i{n} AS ({gathered(case, indicator)})" for n, (_, indicator) in enumerate(numbered)]
    known = [covers(case, indicator, n) for n, (_, indicator) in enumerate(numbered)]
    values = [f"{points(indicator, n)} AS v{n}" for n, (_, indicator) in enumerate(numbered)]
    joins = "".join(f" LEFT JOIN i{n} ON i{n}.subject = s.subject" for n in range(len(numbered)))
    shares = [reach(i) * i.weight // 1000 * card.dimensions[d].weight // 1000 for d, i in numbered]
    sums = []
    for d, dimension in enumerate(card.dimensions):
        cells = [f"coalesce(v{n}, 0) * {i.weight} // 1000" for n, (at, i) in enumerate(numbered) if at == d]
        sums.append(f"{clamp('(' + ' + '.join(cells) + ')', dimension.floor, dimension.cap)} * {dimension.weight} // 1000 AS d{d + 1}")
    weighed = " + ".join(f"CASE WHEN v{n} IS NULL THEN 0 ELSE {share} END" for n, share in enumerate(shares))
    total = " + ".join([str(card.base)] + [f"d{d + 1}" for d in range(len(card.dimensions))])
    named = " ".join(f"WHEN {n} THEN {literal(grade.name)}" for n, grade in enumerate(card.grades))
    amounts = " ".join(f"WHEN {n} THEN {grade.amount}" for n, grade in enumerate(card.grades) if grade.amount is not None)
    kinds = ", ".join(literal(kind) for kind in card.subjects)
    columns = ", ".join(f"CASE WHEN asleep = '' THEN d{d + 1} END" for d in range(len(card.dimensions)))
    return f"""
WITH {coverage(case)},
known AS (SELECT a.area, {", ".join(known)} FROM areas a),
{", ".join(gathers)},
forced AS ({forcing(case)}),
worths AS (SELECT s.subject, {", ".join(values)} FROM subjects s JOIN known k ON k.area IS NOT DISTINCT FROM s.area{joins}
  WHERE s.kind IN ({kinds})),
sums AS (SELECT subject, {weighed} AS weighed, {", ".join(sums)} FROM worths),
judged AS (SELECT *, CASE WHEN asleep = '' AND weighed * 1000 >= {card.assessed_share * sum(shares)}
    THEN {clamp(f"({total})", card.least, card.most)} END AS points
  FROM sums CROSS JOIN (SELECT {asleep(case)} AS asleep)),
grouped AS ({grouped(case)}),
graded AS (SELECT j.*, {graded(case)} AS own FROM judged j LEFT JOIN grouped p ON p.subject = j.subject),
settled AS (SELECT g.*, f.grade AS forced, CASE WHEN asleep <> '' THEN NULL WHEN f.grade IS NULL THEN own WHEN own IS NULL THEN f.grade
    WHEN f.lifts THEN least(own, f.grade) ELSE greatest(own, f.grade) END AS final
  FROM graded g LEFT JOIN forced f ON f.subject = g.subject)
SELECT subject, CASE WHEN asleep <> '' THEN asleep WHEN points IS NULL THEN 'too-little-known' ELSE '' END, points,
  CASE final {named} END, forced IS NOT NULL AND asleep = '', CASE WHEN asleep = '' THEN weighed * 1000 // {sum(shares)} ELSE 0 END,
  {f"CASE final {amounts} END" if amounts else "NULL"}, {columns}
FROM settled ORDER BY subject"""


def load(connection, case, tables):
    """The files of a table set as tables of the database; kinds without a file are empty."""
    parts = sorted(tables.glob("part=*"))

    def read(files):
        return f"read_parquet([{', '.join(literal(str(file)) for file in files)}], hive_partitioning = false)"

    connection.execute(f"CREATE OR REPLACE TEMP TABLE subjects AS FROM {read([part / 'subjects.parquet' for part in parts])}")
    connection.execute(f"CREATE OR REPLACE TEMP TABLE coverage AS FROM {read([tables / 'coverage.parquet'])}")
    for kind in case.kinds:
        files = [file for file in (part / f"{kind.id}.parquet" for part in parts) if file.exists()]
        cells = "".join(f", {name(f.code)} {TYPES[f.type]}" for f in kind.fields)
        empty = f"(subject BIGINT, record BIGINT, day DATE, class VARCHAR{cells})"
        made = f"AS FROM {read(files)}" if files else empty
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {name(kind.id)} {made}")


def answers(connection, case, tables):
    """By subject, for the subjects whom the scorecard is for."""
    load(connection, case, tables)
    found = connection.execute(statement(case)).fetchall()
    return {row[0]: Answer(row[1], row[2], row[3], row[4], row[5], row[6], tuple(row[7:])) for row in found}


def limits(connection, case):
    """Everybody's ladder and those of all groups, from the points that the statement gives where nothing limits or forces a grade."""
    free = replace(case, card=replace(case.card, peers=None, overrides=(), grades=(Grade("A", case.card.least),)))
    sums = [sum(case.card.peers.shares[: n + 1]) for n in range(len(case.card.grades) - 1)]
    places = ", ".join(f"max(points) FILTER (place = ({share} * many + 999) // 1000)" for share in sums)
    names = case.groups()
    connection.execute(f"CREATE OR REPLACE TEMP TABLE points AS SELECT * FROM ({statement(free)}) AS s(subject, asleep, points)")
    found = connection.execute(f"""
WITH mine AS (SELECT p.points, g.g FROM points p LEFT JOIN ({grouped(case)}) g ON g.subject = p.subject WHERE p.points IS NOT NULL),
united AS (SELECT points, -1 AS g FROM mine UNION ALL SELECT points, g FROM mine WHERE g IS NOT NULL),
placed AS (SELECT *, row_number() OVER (PARTITION BY g ORDER BY points DESC) AS place, count(*) OVER (PARTITION BY g) AS many FROM united)
SELECT g, count(*){", " + places if places else ""} FROM placed GROUP BY g""").fetchall()
    ladders = {row[0]: Ladder(row[1], tuple(row[2:])) for row in found}
    empty = Ladder(0, ())
    return ladders.get(-1, empty), {name: ladders.get(n, empty) for n, name in enumerate(names)}
