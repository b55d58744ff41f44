"""What a task of the general way does, without Spark: rows arrive sorted, cut anywhere, and leave as whole subjects."""

import random

import pyarrow as pa
import pytest

import xinzhi
from conftest import AS_OF
from xinzhi import spark

TYPES = {"int64": pa.int64(), "date32": pa.date32(), "utf8": pa.string(), "list<utf8>": pa.list_(pa.string())}


def batches(table, seed, longest):
    """A table in batches of any length, some of none."""
    dice, begin = random.Random(seed), 0
    while begin < len(table):
        length = dice.randint(0, longest)
        yield from table.slice(begin, length).to_batches() or [pa.RecordBatch.from_pylist([], table.schema)]
        begin += length


@pytest.mark.parametrize("longest, rows_at_once", [(1, 1), (3, 5), (50, 7), (1000, 100), (10, 10_000)])
def test_no_subject_is_divided(longest, rows_at_once):
    dice = random.Random(longest)
    numbers = sorted(number for number in range(300) for _ in range(dice.choice([1, 1, 2, 3, 40])))
    table = pa.table({"subject": pa.array(numbers, pa.int64()), "row": range(len(numbers))})
    pieces = list(spark._whole_subjects(batches(table, longest, longest), rows_at_once))
    assert pa.concat_tables(pieces).equals(table)
    seen = [set(piece.column("subject").to_pylist()) for piece in pieces]
    assert sum(len(piece) for piece in seen) == 300
    # A piece that one subject fills is waited for twice as long before it is looked at again.
    assert max(len(piece) for piece in pieces) <= 2 * (rows_at_once + longest + 40)


def together(tables, layout):
    """What Spark brings together, with pyarrow alone."""
    places = dict(sorted((place, held) for _, columns in layout.tables for _, held, place in columns))
    frames = []
    for number, (name, columns) in enumerate(layout.tables):
        table, mine = tables[name], {place: column for column, _, place in columns}
        cells = {place: table[mine[place]] if place in mine else pa.nulls(len(table), TYPES[held]) for place, held in places.items()}
        frames.append(pa.table({"subject": table["subject"], "table": pa.array([number] * len(table), pa.int32()), **cells}))
    return pa.concat_tables(frames).combine_chunks().sort_by("subject")


@pytest.mark.parametrize("longest, rows_at_once", [(3, 1), (100, 500), (10_000, 1_000_000)])
def test_tables_that_travelled_as_one_are_evaluated_as_they_were(made, longest, rows_at_once):
    tables = made.in_memory()
    evaluator = xinzhi.Evaluator(made.pack, made.scorecard, AS_OF)
    kinds = {kind: tables.get(kind) for kind in evaluator.columns}
    layout = spark._Layout.of(evaluator, kinds)
    pieces = spark._whole_subjects(batches(together(tables, layout), 1, longest), rows_at_once)
    found = [evaluator.evaluate({**layout.apart(piece), "coverage": tables["coverage"]}, threads=1) for piece in pieces]
    assert pa.concat_tables(found).replace_schema_metadata().equals(made.result.replace_schema_metadata())


def test_columns_of_one_type_share_their_places(reference):
    evaluator = xinzhi.Evaluator(reference.pack, reference.scorecard, AS_OF)
    there = {kind: None if kind == "penalty" else "there" for kind in evaluator.columns}
    layout = spark._Layout.of(evaluator, there)
    places = {place for _, columns in layout.tables for _, _, place in columns}
    assert layout.absent == ("penalty",)
    assert len(places) < sum(len(columns) for _, columns in layout.tables) / 3
    with pytest.raises(xinzhi.Refused, match="没有传入表"):
        spark._Layout.of(evaluator, {})


def test_a_task_compiles_a_pack_once(reference):
    import pickle

    question = spark._Question.of(xinzhi.Evaluator(reference.pack, reference.scorecard, AS_OF))
    again = pickle.loads(pickle.dumps(question))
    assert spark._evaluator(question) is spark._evaluator(again)
    opened = spark._evaluator(question).open(reference.tables)
    assert spark._opened(spark._evaluator(again), reference.tables, opened.digest).digest == opened.digest
    with pytest.raises(xinzhi.Refused, match="不是同一个"):
        spark._opened(spark._evaluator(again), reference.tables, "0" * 64)
