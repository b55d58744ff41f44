"""One kernel: what the wheel says is what the command says, whatever way the tables come in."""

import pickle

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pytest

import xinzhi
from conftest import AS_OF


def the_same(found, expected):
    """Columns, types, rows and their order; what is said beside them is asked apart."""
    assert found.schema.remove_metadata().equals(expected.schema.remove_metadata()), (found.schema, expected.schema)
    assert found.replace_schema_metadata().equals(expected.replace_schema_metadata())


def test_a_table_set_is_evaluated_as_by_the_command(made):
    for threads in [1, 3, None]:
        found = xinzhi.evaluate(made.pack, made.scorecard, made.tables, AS_OF, threads)
        the_same(found, made.result)
        assert found.schema.metadata == made.result.schema.metadata
    assert len(found) > 0


def test_partitions_put_together_are_the_whole(made):
    opened = xinzhi.Evaluator(made.pack, made.scorecard, AS_OF).open(made.tables)
    assert opened.partitions == 5 and opened.same_pack
    the_same(pa.concat_tables([opened.partition(index) for index in range(5)]), made.result)


def test_tables_in_memory_are_evaluated_as_files_are(made):
    found = xinzhi.evaluate(xinzhi.Pack.load(made.pack), made.scorecard, made.in_memory(), AS_OF, threads=2)
    the_same(found, made.result)
    said = {key: word for key, word in made.result.schema.metadata.items() if key not in (b"xinzhi.tables", b"xinzhi.position")}
    assert found.schema.metadata == said


def test_rows_need_no_order_and_batches_no_sense(made):
    for seed, size in [(1, 1), (2, 1000)]:
        spoilt = {}
        for name, table in made.in_memory().items():
            order = pc.random(len(table), initializer=seed)
            table = table.take(pc.sort_indices(order))
            spoilt[name] = pa.Table.from_batches(table.to_batches(max_chunksize=size), table.schema)
        the_same(xinzhi.evaluate(made.pack, made.scorecard, spoilt, AS_OF), made.result)


def widened(table, word, listed):
    """The same cells in other types of Arrow for words."""
    columns = []
    for field in table.schema:
        column = table.column(field.name)
        if pa.types.is_string(field.type):
            column = word(column)
        elif pa.types.is_list(field.type):
            column = column.cast(listed)
        columns.append(column)
    return pa.table(columns, names=table.column_names)


@pytest.mark.parametrize(
    "word, listed",
    [
        (lambda column: column.cast(pa.large_string()), pa.large_list(pa.large_string())),
        (lambda column: column.cast(pa.string_view()), pa.list_(pa.string_view())),
        (lambda column: column.dictionary_encode(), pa.list_(pa.string())),
        (lambda column: pa.chunked_array(column.combine_chunks().dictionary_encode()), pa.list_(pa.large_string())),
    ],
    ids=["large", "view", "dictionary by chunk", "dictionary"],
)
def test_words_of_every_type_are_understood(made, word, listed):
    spoilt = {name: widened(table, word, listed) for name, table in made.in_memory().items()}
    the_same(xinzhi.evaluate(made.pack, made.scorecard, spoilt, AS_OF), made.result)


def test_other_programs_hand_their_tables_over_by_the_c_interface(made):
    tables = made.in_memory()
    the_same(xinzhi.evaluate(made.pack, made.scorecard, {name: pl.from_arrow(table) for name, table in tables.items()}, AS_OF), made.result)
    relations = {name: duckdb.sql("select * from found", connection=link(found)) for name, found in tables.items()}
    the_same(xinzhi.evaluate(made.pack, made.scorecard, relations, AS_OF), made.result)


def link(found):
    connection = duckdb.connect()
    connection.register("found", found)
    return connection


def test_parts_that_threads_share_are_the_whole(tmp_path):
    """More subjects than one thread takes at a time, with numbers that lie apart."""
    from conftest import Made

    big = Made(tmp_path, "reference", subjects=40_000, partition=9_000)
    spread = lambda table: table.set_column(0, table.schema.field(0), pc.add(pc.multiply(table.column("subject"), 1_000_003), -7))
    tables = {name: table if name == "coverage" else spread(table) for name, table in big.in_memory().items()}
    for threads in [1, 4]:
        the_same(xinzhi.evaluate(big.pack, big.scorecard, tables, AS_OF, threads), spread(big.result))


def test_null_is_not_known_whatever_lies_in_its_slot(reference, tables):
    """Arrow leaves arbitrary bytes below a null: with other bytes there the result is the same, with zeros in their place it is not."""

    def refilled(table, value):
        columns = []
        for field in table.schema:
            column = table.column(field.name).combine_chunks()
            if field.name not in ("subject", "record") and pa.types.is_int64(field.type) and column.null_count:
                filled = column.fill_null(value)
                column = filled if value == 0 else pa.Array.from_buffers(field.type, len(filled), [column.buffers()[0], filled.buffers()[1]])
            columns.append(column)
        return pa.table(columns, names=table.column_names)

    hidden = {name: refilled(table, 999_999_999_999) for name, table in tables.items()}
    the_same(xinzhi.evaluate(reference.pack, reference.scorecard, hidden, AS_OF), reference.result)
    shown = {name: refilled(table, 0) for name, table in tables.items()}
    assert any(not shown[name].equals(tables[name]) for name in tables)
    points = xinzhi.evaluate(reference.pack, reference.scorecard, shown, AS_OF).column("points")
    assert not points.equals(reference.result.column("points"))


def test_what_was_selected_away_is_nobodys_value(reference, tables):
    """A dictionary keeps the words of rows that are gone."""
    kind, word = "penalty", "organ_kind"
    table = tables[kind]
    place = table.schema.get_field_index(word)
    strange = table.slice(len(table) - 1).set_column(place, table.schema.field(word), pa.array(["没有这个"]))
    mixed = pa.concat_tables([table, strange]).combine_chunks()
    encoded = mixed.set_column(place, word, mixed.column(word).dictionary_encode())
    kept = encoded.slice(0, len(table))
    the_same(xinzhi.evaluate(reference.pack, reference.scorecard, {**tables, kind: kept}, AS_OF), reference.result)
    with pytest.raises(xinzhi.Refused, match="没有这个"):
        xinzhi.evaluate(reference.pack, reference.scorecard, {**tables, kind: encoded}, AS_OF)


def test_a_kind_of_which_nobody_has_a_record_is_none_or_empty(reference, tables):
    kind = sorted(xinzhi.Evaluator(reference.pack, reference.scorecard, AS_OF).columns)[0]
    none = xinzhi.evaluate(reference.pack, reference.scorecard, {**tables, kind: None}, AS_OF)
    the_same(xinzhi.evaluate(reference.pack, reference.scorecard, {**tables, kind: tables[kind].slice(0, 0)}, AS_OF), none)
    assert not none.equals(reference.result)


def test_packs_and_evaluators_travel(reference, tables):
    evaluator = pickle.loads(pickle.dumps(xinzhi.Evaluator(reference.pack, reference.scorecard, AS_OF)))
    the_same(evaluator.evaluate(tables), reference.result)
    assert evaluator.schema == evaluator.evaluate(tables).schema
    assert sum(len(columns) for columns in evaluator.columns.values()) > 20


def test_partitions_are_written_as_the_command_writes_them(reference, tmp_path):
    import pyarrow.parquet as pq

    opened = xinzhi.Evaluator(reference.pack, reference.scorecard, AS_OF).open(reference.tables)
    assert opened.write([0, 1, 2, 3, 4], tmp_path / "out.parquet") == len(reference.result)
    written = pq.read_table(tmp_path / "out.parquet")
    the_same(written, reference.result)
    assert written.schema.metadata == reference.result.schema.metadata
    with pytest.raises(xinzhi.Refused, match="已存在"):
        opened.write([0], tmp_path / "out.parquet")
