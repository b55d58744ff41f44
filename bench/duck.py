"""The reference scorecard as DuckDB's best SQL, over the same table set, from memory and from Parquet; and whether its results are ours.

    duck.py --tables DIR --pack DIR --scorecard reference --as-of 2026-06-30 --ours RESULT.parquet [--threads 2] [--repeat 3]

Several formulations are tried once each and the fastest is repeated; every one must give the same results as the file that `xinzhi evaluate`
wrote, or this fails. One line of JSON tells the seconds. What a formulation may be is said at `MEMORY` and `FILES`.
"""

import argparse
import json
import sys
import time
from datetime import date, timedelta
from itertools import product
from pathlib import Path
from types import SimpleNamespace

import duckdb

sys.path.insert(0, str(Path(__file__).parent / "oracle"))

import read  # noqa: E402
import sql  # noqa: E402
from model import CLASS, CLASSES, All, Among, Any, Each, Not, Present, Steps, reach  # noqa: E402
from plain import first_day, months_later  # noqa: E402

# How rows are picked for a sum; what is summed, whole numbers being exact in doubles as far as these sums go; how the kinds come
# together; what a choice is in memory.
PICKS, SUMS, TOGETHER, LAYOUTS = ("case", "filter"), ("DOUBLE", "BIGINT"), ("join", "union"), ("codes", "enum")
MEMORY = tuple(product(PICKS, SUMS, TOGETHER, LAYOUTS))
FILES = tuple(product(PICKS, SUMS, TOGETHER, ("text",)))


class Reference:
    """A scorecard of sums with fades by steps and lists that force a grade: what the SQL below can say."""

    def __init__(self, pack, scorecard, as_of):
        self.kinds, cards = read.pack(pack)
        self.card, self.as_of = cards[scorecard], as_of
        self.indicators = [(d, i) for d, dimension in enumerate(self.card.dimensions) for i in dimension.indicators]
        for dimension, indicator in self.indicators:
            assert isinstance(indicator.take, Each) and indicator.take.put == "sum" and isinstance(indicator.fade, Steps)
            assert indicator.weight == 1000
        assert all(d.weight == 1000 and d.floor is None and d.cap is None for d in self.card.dimensions)
        assert all(o.window is None for o in self.card.overrides) and len({o.kind for o in self.card.overrides}) <= 1
        assert all(kind.nature != "positive" for kind in self.kinds if kind.id in {o.kind for o in self.card.overrides})

    def kind(self, id):
        return next(kind for kind in self.kinds if kind.id == id)

    def columns(self, kind):
        """What the scorecard reads of a kind."""
        read_ = set()
        for _, indicator in self.indicators:
            if indicator.kind == kind.id:
                collect(indicator.where, read_)
                read_ |= {indicator.take.by} - {None}
        for override in self.card.overrides:
            if override.kind == kind.id:
                read_ |= set(kind.list) - {None}
        return sorted(read_)


def collect(condition, columns):
    if isinstance(condition, All | Any):
        for part in condition.parts:
            collect(part, columns)
    elif isinstance(condition, Not):
        collect(condition.part, columns)
    elif condition is not None:
        columns.add(condition.column)


class Statement:
    """One formulation. `known` says by indicator whether every subject's area is covered, none is, or some are."""

    def __init__(self, reference, style, known):
        self.reference, self.known = reference, known
        self.pick, self.sum, self.together, self.layout = style

    def values(self, kind, code):
        return CLASSES if code == CLASS else kind.field(code).values

    def constant(self, kind, code, title):
        return str(self.values(kind, code).index(title)) if self.layout == "codes" else sql.literal(title)

    def condition(self, kind, what):
        if isinstance(what, All | Any):
            word = " AND " if isinstance(what, All) else " OR "
            return "(" + word.join(self.condition(kind, part) for part in what.parts) + ")"
        if isinstance(what, Not):
            return f"(NOT {self.condition(kind, what.part)})"
        cell = sql.column(what.column)
        if isinstance(what, Present):
            return f"({cell} IS {'NOT ' if what.filled else ''}NULL)"
        if isinstance(what, Among):
            several = what.column != CLASS and kind.field(what.column).type == "choices"
            if several and self.layout == "codes":
                bits = sum(1 << self.values(kind, what.column).index(title) for title in what.values)
                return f"(({cell} & {bits}) {'<>' if what.inside else '='} 0)"
            if several:
                return sql.condition(kind, what)
            titles = ", ".join(self.constant(kind, what.column, title) for title in what.values)
            return f"({cell} {'' if what.inside else 'NOT '}IN ({titles}))"
        if what.column == CLASS:
            # Few classes: those that are meant, by name.
            at = CLASSES.index(what.value)
            titles = CLASSES[at:] if what.at_least else CLASSES[: at + 1]
            return self.condition(kind, Among(CLASS, titles, True))
        return sql.condition(kind, what)

    def worth(self, kind, each):
        if each.named:
            lines = (f"WHEN {self.constant(kind, each.by, title)} THEN {points}" for title, points in each.named)
            return f"CASE {sql.column(each.by)} {' '.join(lines)} END"
        return sql.worth(each)

    def row(self, kind, indicator):
        """Where a row counts, and its points."""
        first, as_of = first_day(self.reference.as_of, indicator.window), self.reference.as_of
        test = f"day >= {sql.literal(first)} AND day <= {sql.literal(as_of)}"
        if indicator.where is not None:
            test += f" AND {self.condition(kind, indicator.where)}"
        points = self.worth(kind, indicator.take)
        steps = reversed(indicator.fade.steps)
        lines = " ".join(f"WHEN day <= {sql.literal(latest_aged(as_of, after))} THEN {keep}" for after, keep in steps)
        return test, f"({points}) * (CASE {lines} ELSE 1000 END) // 1000" if lines else points

    def gathered(self, kind):
        """By subject of one kind: its part of each dimension, which indicators have a row that counts, and whether it is listed."""
        parts, out = {}, []
        for n, (d, indicator) in enumerate(self.reference.indicators):
            if indicator.kind != kind.id:
                continue
            test, points = self.row(kind, indicator)
            added = f"sum(CAST({points} AS {self.sum})) FILTER ({test})"
            counted = f"count({points}) FILTER ({test})"
            if self.pick == "case":
                cell = f"CASE WHEN {test} THEN {points} END"
                added, counted = f"sum(CAST({cell} AS {self.sum}))", f"count({cell})"
            parts.setdefault(d, []).append(sql.clamp(f"coalesce({added}, 0)", indicator.floor, indicator.cap))
            if self.known[n] != "all":
                out.append(f"{counted} > 0 AS n{n}")
        out += [f"CAST({' + '.join(cells)} AS INTEGER) AS p{d}" for d, cells in parts.items()]
        if any(o.kind == kind.id for o in self.reference.card.overrides):
            as_of = sql.literal(self.reference.as_of)
            entry, removal = (code and sql.name(code) for code in kind.list)
            still = f" AND coalesce({removal} > {as_of}, true)" if removal else ""
            out.append(f"bool_or(coalesce({entry}, day) <= {as_of}{still}) AS listed")
        return list(parts), f"SELECT subject, {', '.join(out)} FROM {sql.name(kind.id)} GROUP BY subject"

    def joined(self):
        """One row a subject: dimensions, marks, listed."""
        gathers = {kind.id: self.gathered(kind) for kind in self.reference.kinds}
        dimensions = range(len(self.reference.card.dimensions))
        marks = [n for n, known in enumerate(self.known) if known != "all"]
        marked = {n: self.reference.indicators[n][1].kind for n in marks}
        lists = {o.kind for o in self.reference.card.overrides}
        if self.together == "join":
            name = lambda kind: sql.name(f"of {kind}")  # noqa: E731
            tables = ", ".join(f"{name(kind)} AS ({query})" for kind, (_, query) in gathers.items())
            cells = [
                " + ".join(f"coalesce({name(kind)}.p{d}, 0)" for kind, (parts, _) in gathers.items() if d in parts) + f" AS d{d + 1}"
                for d in dimensions
            ]
            cells += [f"coalesce({name(marked[n])}.n{n}, false) AS n{n}" for n in marks]
            cells += [f"coalesce({name(kind)}.listed, false) AS listed" for kind in lists] or ["false AS listed"]
            joins = "".join(f" LEFT JOIN {name(kind)} ON {name(kind)}.subject = s.subject" for kind in gathers)
            return tables, f"SELECT s.*, {', '.join(cells)} FROM subjects s{joins}"
        rows = []
        for kind, (parts, query) in gathers.items():
            cells = [f"p{d}" if d in parts else "0" for d in dimensions]
            cells += [f"n{n}" if marked[n] == kind else "false" for n in marks] + ["listed" if kind in lists else "false"]
            rows.append(f"SELECT subject, {', '.join(cells)} FROM ({query})")
        names = ["subject"] + [f"d{d + 1}" for d in dimensions] + [f"n{n}" for n in marks] + ["listed"]
        sums = [f"CAST(sum(d{d + 1}) AS BIGINT) AS d{d + 1}" for d in dimensions]
        sums += [f"bool_or({name}) AS {name}" for name in names[len(sums) + 1 :]]
        tables = f"rows ({', '.join(names)}) AS ({' UNION ALL '.join(rows)}), sums AS (SELECT subject, {', '.join(sums)} FROM rows GROUP BY subject)"
        cells = [f"coalesce({name}, {0 if name.startswith('d') else 'false'}) AS {name}" for name in names[1:]]
        return tables, f"SELECT s.*, {', '.join(cells)} FROM subjects s LEFT JOIN sums ON sums.subject = s.subject"

    def text(self):
        card, indicators = self.reference.card, self.reference.indicators
        tables, joined = self.joined()
        shares = [reach(indicator) for _, indicator in indicators]
        sure = sum(share for share, known in zip(shares, self.known, strict=True) if known == "all")
        weighed = [str(sure)]
        for n, (share, known) in enumerate(zip(shares, self.known, strict=True)):
            if known != "all":
                told = f"n{n}" if known == "none" else f"(n{n} OR c{n})"
                weighed.append(f"CASE WHEN {told} THEN {share} ELSE 0 END")
        mixed = " LEFT JOIN known k ON k.area = coalesce(j.area, '')" if "some" in self.known else ""
        total = " + ".join([str(card.base)] + [f"d{d + 1}" for d in range(len(card.dimensions))])
        by_points = " ".join(f"WHEN points >= {grade.start} THEN {n}" for n, grade in enumerate(card.grades))
        worst = max((o.grade for o in card.overrides), default=0)
        named = " ".join(f"WHEN {n} THEN {sql.literal(grade.name)}" for n, grade in enumerate(card.grades))
        kinds = ", ".join(sql.literal(kind) for kind in card.subjects)
        dimensions = ", ".join(f"CAST(d{d + 1} AS BIGINT) AS d{d + 1}" for d in range(len(card.dimensions)))
        return f"""
WITH {tables},
joined AS ({joined} WHERE s.kind IN ({kinds})),
weighed AS (SELECT j.*, {' + '.join(weighed)} AS weighed FROM joined j{mixed}),
judged AS (SELECT *, CASE WHEN weighed * 1000 >= {card.assessed_share * sum(shares)}
  THEN CAST({sql.clamp(f'({total})', card.least, card.most)} AS BIGINT) END AS points FROM weighed),
graded AS (SELECT *, CASE {by_points} END AS own FROM judged),
settled AS (SELECT *, CASE WHEN listed THEN greatest(coalesce(own, {worst}), {worst}) ELSE own END AS final FROM graded)
SELECT number AS subject, code, kind, area, CASE WHEN points IS NULL THEN 'too-little-known' END AS reason, points,
  CASE final {named} END AS grade, listed AS forced, CAST(weighed * 1000 // {sum(shares)} AS INTEGER) AS assessed_share,
  CAST(NULL AS BIGINT) AS amount, {dimensions}
FROM settled"""


def latest_aged(as_of, months):
    """The latest day that has reached an age."""
    day = months_later(as_of, -months)
    while months_later(day + timedelta(1), months) <= as_of:
        day += timedelta(1)
    return day


class Duck:
    """A database in memory over a table set."""

    def __init__(self, reference, tables, threads):
        self.reference, self.parts = reference, sorted(tables.glob("part=*"))
        self.coverage = tables / "coverage.parquet"
        self.connection = duckdb.connect(config={"threads": threads, "autoinstall_known_extensions": False})
        sql.divides(self.connection)
        # Rows need not come out in the order of the files.
        self.connection.execute("SET preserve_insertion_order = false")

    def files(self, name):
        found = [part / f"{name}.parquet" for part in self.parts if (part / f"{name}.parquet").exists()]
        return f"read_parquet([{', '.join(sql.literal(str(file)) for file in found)}], hive_partitioning = false)"

    def schema(self, name):
        self.connection.execute(f"CREATE SCHEMA IF NOT EXISTS {name}; USE memory.{name}")

    def over_files(self):
        """Every table is its files."""
        self.schema("files")
        self.connection.execute(f"CREATE OR REPLACE VIEW coverage AS FROM read_parquet({sql.literal(str(self.coverage))})")
        self.connection.execute(f"CREATE OR REPLACE VIEW subjects AS SELECT subject, subject AS number, code, kind, area FROM {self.files('subjects')}")
        for kind in self.reference.kinds:
            self.connection.execute(f"CREATE OR REPLACE VIEW {sql.name(kind.id)} AS FROM {self.files(kind.id)}")

    def into_memory(self, layout):
        """Tables sorted by subject, subjects numbered without gaps, only the columns that are read, choices as numbers or as ENUM."""
        self.schema(layout)
        run = self.connection.execute
        run(f"CREATE OR REPLACE TABLE coverage AS FROM read_parquet({sql.literal(str(self.coverage))})")
        run(f"""CREATE OR REPLACE TABLE subjects AS SELECT CAST(row_number() OVER (ORDER BY subject) - 1 AS INTEGER) AS subject,
          subject AS number, code, kind, area FROM {self.files('subjects')} ORDER BY number""")
        for kind in self.reference.kinds:
            cells = "".join(f", {self.cell(kind, code, layout)} AS {sql.name(code)}" for code in self.reference.columns(kind))
            run(f"""CREATE OR REPLACE TABLE {sql.name(kind.id)} AS SELECT s.subject, r.day{cells}
              FROM {self.files(kind.id)} r JOIN subjects s ON s.number = r.subject ORDER BY s.subject""")

    def cell(self, kind, code, layout):
        cell, type_, values = f"r.{sql.column(code)}", "choice", CLASSES
        if code != CLASS:
            field = kind.field(code)
            type_, values = field.type, field.values
        titles = ", ".join(map(sql.literal, values))
        if type_ == "integer":
            return f"CAST({cell} AS INTEGER)"
        if type_ == "choice":
            return f"CAST(list_position([{titles}], {cell}) - 1 AS UTINYINT)" if layout == "codes" else f"CAST({cell} AS ENUM({titles}))"
        if type_ == "choices" and layout == "codes":
            bits = " + ".join(f"CASE WHEN list_contains({cell}, {sql.literal(title)}) THEN {1 << n} ELSE 0 END" for n, title in enumerate(values))
            return f"CAST(CASE WHEN {cell} IS NOT NULL THEN {bits} END AS UBIGINT)"
        return cell

    def known(self):
        """Which indicators are covered for every area, for none, or for some; the last by area in a table."""
        reference = self.reference
        case = SimpleNamespace(card=reference.card, as_of=reference.as_of)
        cells = ", ".join(sql.covers(case, indicator, n) for n, (_, indicator) in enumerate(reference.indicators))
        names = [f"c{n}" for n in range(len(reference.indicators))]
        told = f"WITH {sql.coverage(case)}, told AS (SELECT a.area, {cells} FROM areas a) SELECT coalesce(area, '') AS area, {', '.join(names)} FROM told"
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE known AS {told}")
        counts = self.connection.execute(f"SELECT count(*), {', '.join(f'count_if({name})' for name in names)} FROM known").fetchone()
        return ["all" if many == counts[0] else "some" if many else "none" for many in counts[1:]]

    def evaluate(self, style):
        """Everybody, and nothing but sums out of it, so that no part of the work is left out."""
        text = Statement(self.reference, style, self.known()).text()
        sums = ", ".join(f"sum(d{d + 1})" for d in range(len(self.reference.card.dimensions)))
        told = f"SELECT sum(points), count(reason), count_if(forced), sum(assessed_share), sum(ord(grade)), {sums} FROM ({text})"
        return self.connection.execute(told).fetchone()

    def write(self, style, out):
        text = Statement(self.reference, style, self.known()).text()
        self.connection.execute(f"COPY ({text}) TO {sql.literal(str(out))} (FORMAT parquet)")

    def differences(self, style, ours):
        """How many rows are not the same in our result and in this formulation's."""
        text = Statement(self.reference, style, self.known()).text()
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE theirs AS {text}")
        file = f"(SELECT * FROM read_parquet({sql.literal(str(ours))}))"
        both = [f"SELECT * FROM {a} EXCEPT ALL SELECT * FROM {b}" for a, b in ((file, "theirs"), ("theirs", file))]
        return sum(len(self.connection.execute(f"SELECT * FROM ({query}) LIMIT 5").fetchall()) for query in both)


def timed(work):
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def fastest(styles, work, repeat):
    """Each formulation once, the fastest of them again."""
    once = {style: timed(lambda: work(style)) for style in styles}
    best = min(once, key=once.get)
    for style, seconds in sorted(once.items(), key=lambda item: item[1]):
        print(f"  {seconds:8.3f} s  {' '.join(style)}", file=sys.stderr)
    return best, min([once[best]] + [timed(lambda: work(best)) for _ in range(repeat)])


def main():
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--tables", type=Path, required=True)
    asked.add_argument("--pack", type=Path, required=True)
    asked.add_argument("--scorecard", default="reference")
    asked.add_argument("--as-of", type=date.fromisoformat, required=True)
    asked.add_argument("--ours", type=Path)
    asked.add_argument("--threads", type=int, default=2)
    asked.add_argument("--repeat", type=int, default=3)
    asked = asked.parse_args()
    duck = Duck(Reference(asked.pack, asked.scorecard, asked.as_of), asked.tables, asked.threads)
    out = asked.tables.parent / "duck.parquet"
    said, wrong = {"duckdb": duckdb.__version__, "threads": asked.threads}, 0

    print("DuckDB from Parquet", file=sys.stderr)
    duck.over_files()
    best, said["parquet"] = fastest(FILES, lambda style: duck.write(style, out), asked.repeat)
    said["parquet_how"] = " ".join(best)
    wrong += sum(duck.differences(style, asked.ours) for style in FILES) if asked.ours else 0
    print("DuckDB from memory", file=sys.stderr)
    found = {}
    for layout in LAYOUTS:
        duck.into_memory(layout)
        mine = [style for style in MEMORY if style[-1] == layout]
        best, seconds = fastest(mine, duck.evaluate, asked.repeat)
        found[" ".join(best)] = seconds
        wrong += sum(duck.differences(style, asked.ours) for style in mine) if asked.ours else 0
        duck.connection.execute(f"USE memory.files; DROP SCHEMA {layout} CASCADE")
    said["memory_how"], said["memory"] = min(found.items(), key=lambda item: item[1])
    said["equal"] = wrong == 0 if asked.ours else None
    print(json.dumps(said))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
