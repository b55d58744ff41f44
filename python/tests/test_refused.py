"""What cannot be evaluated is refused with a sentence that names the table and the column. Nothing comes out by half."""

import datetime
import os
import shutil

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import xinzhi
from conftest import AS_OF, ROOT

#: A record kind of the reference pack that has a column of every type.
KIND, WORD, LISTED, NUMBER = "penalty", "organ_kind", "penalty_kinds", "fine"


@pytest.fixture
def asked(reference):
    """Evaluates and hands back the sentence."""

    def ask(tables, **other):
        question = {"pack": reference.pack, "scorecard": reference.scorecard, "tables": tables, "as_of": AS_OF, **other}
        with pytest.raises(xinzhi.Refused) as refused:
            xinzhi.evaluate(**question)
        assert isinstance(refused.value, ValueError)
        return str(refused.value)

    return ask


def put(tables, name, column, cells):
    """The tables with other cells in one column, the same in every row where it is a single value."""
    table = tables[name]
    if not isinstance(cells, (pa.Array, pa.ChunkedArray)):
        cells = pa.array([cells] * len(table))
    return {**tables, name: table.set_column(table.schema.get_field_index(column), column, cells)}


def test_the_question(asked, reference, tables):
    assert "没有评价模型 `nothing`，可用的有：reference" in asked(tables, scorecard="nothing")
    assert "as_of `2026-02-30`" in asked(tables, as_of="2026-02-30")
    assert "线程数至少为 1" in asked(tables, threads=0)


def test_what_is_no_table(asked, reference, tables):
    for name in ("subjects", "coverage", KIND):
        for wrong, kind in (([1, 2], "list"), ("x", "str"), (7, "int"), ({"subject": [1], "kind": [1, 2]}, "dict")):
            sentence = asked({**tables, name: wrong})
            assert sentence.startswith(f"表 `{name}` 是 {kind}，不能读作 Arrow 表，请传入 pyarrow、polars、DuckDB 的表"), sentence


def test_packs_that_cannot_be_read(asked, tables, reference, tmp_path):
    assert "请核对路径和权限" in asked(tables, pack=tmp_path / "nowhere")
    alone = shutil.copytree(ROOT / "packs/zhejiang", tmp_path / "alone/zhejiang")
    assert "`national` 不在同一目录下" in asked(tables, pack=alone)
    broken = shutil.copytree(reference.pack, tmp_path / "broken")
    (broken / "scorecards/more.yaml").write_text("scorecard: x\n", encoding="utf-8")
    assert "处错误，第一处：" in asked(tables, pack=broken)


def test_a_pack_that_was_changed_on_its_way(reference):
    pack = xinzhi.Pack.load(reference.pack)
    files = {**pack.files, "pack.yaml": pack.files["pack.yaml"] + "\n"}
    with pytest.raises(xinzhi.Refused, match="与摘要"):
        xinzhi.Pack.from_files(pack.id, files, pack.digest)
    assert xinzhi.Pack.from_files(pack.id, pack.files, pack.digest).digest == pack.digest


def test_a_day_outside_of_force_gives_reasons_and_no_points(reference, tables):
    early = reference.command(reference.tables, "early.parquet", "1999-12-31")
    found = xinzhi.evaluate(reference.pack, reference.scorecard, tables, datetime.date(1999, 12, 31))
    assert found.replace_schema_metadata().equals(early.replace_schema_metadata())
    assert set(found.column("reason").to_pylist()) == {"not-yet-in-force"}
    assert found.column("points").null_count == len(found)


def test_tables_that_are_not_there(asked, tables):
    gone = [("subjects", "没有传入表 `subjects`"), ("coverage", "没有传入表 `coverage`"), (KIND, f"表 `{KIND}` 没有传入")]
    for name, said in gone:
        assert said in asked({key: table for key, table in tables.items() if key != name})
    assert "没有信息种类 `penalties`" in asked({**tables, "penalties": tables[KIND]})


def test_what_is_no_table(reference, tables):
    for wrong in [7, "penalty", object()]:
        with pytest.raises((TypeError, ValueError, AttributeError)):
            xinzhi.evaluate(reference.pack, reference.scorecard, {**tables, KIND: wrong}, AS_OF)


@pytest.mark.parametrize("name, column", [("subjects", "area"), ("coverage", "until"), (KIND, "day"), (KIND, "subject"), (KIND, WORD)])
def test_columns_that_are_not_there_or_there_twice(asked, tables, name, column):
    assert f"表 `{name}` 没有列 `{column}`" in asked({**tables, name: tables[name].drop_columns([column])})
    more = tables[name].append_column(column, tables[name].column(column))
    assert f"表 `{name}` 的列 `{column}` 出现两次" in asked({**tables, name: more})


def test_a_column_of_what_was_known_when(asked, tables):
    more = tables[KIND].append_column("known", tables[KIND].column("record"))
    assert f"表 `{KIND}` 的列 `known` 是本版式保留的列名" in asked({**tables, KIND: more})


@pytest.mark.parametrize(
    "column, other, shown, wanted",
    [
        (NUMBER, pa.int32(), "Int32", "int64"),
        (NUMBER, pa.float64(), "Float64", "int64"),
        (NUMBER, pa.decimal128(20, 0), "Decimal128", "int64"),
        (NUMBER, pa.string(), "utf8", "int64"),
        ("subject", pa.uint64(), "UInt64", "int64"),
        ("day", pa.timestamp("us"), "Timestamp", "date32"),
        ("day", pa.date64(), "Date64", "date32"),
        ("day", pa.int32(), "Int32", "date32"),
        (WORD, pa.binary(), "Binary", "utf8"),
    ],
)
def test_wrong_types(asked, tables, column, other, shown, wanted):
    cells = tables[KIND].column(column).cast(other, safe=False)
    said = asked(put(tables, KIND, column, cells))
    assert f"表 `{KIND}` 的列 `{column}` 的类型是 {shown}" in said and f"应为 {wanted}" in said


def test_words_numbers_and_days_that_the_pack_does_not_know(asked, tables):
    assert f"表 `{KIND}` 的列 `{WORD}` 含有规则包没有列出的取值 `别的`" in asked(put(tables, KIND, WORD, "别的"))
    assert f"表 `{KIND}` 的列 `{LISTED}` 含有规则包没有列出的取值 `别的`" in asked(put(tables, KIND, LISTED, ["别的"]))
    assert "含有规则包没有列出的取值 `特别严重`" in asked(put(tables, KIND, "class", "特别严重"))
    assert f"表 `{KIND}` 的列 `{NUMBER}` 含有超出允许范围的值 -5" in asked(put(tables, KIND, NUMBER, -5))
    assert "含有超出允许范围的值 1900-01-01" in asked(put(tables, KIND, "day", datetime.date(1900, 1, 1)))
    assert "表 `subjects` 的列 `area` 含有 `x`，不是行政区划代码" in asked(put(tables, "subjects", "area", "x"))
    assert "表 `subjects` 的列 `kind` 含有规则包没有列出的取值 `x`" in asked(put(tables, "subjects", "kind", "x"))


@pytest.mark.parametrize("name, column", [("subjects", "subject"), ("subjects", "kind"), (KIND, "subject"), (KIND, "day"), ("coverage", "kind")])
def test_empty_cells_where_none_may_be(asked, tables, name, column):
    cells = tables[name].column(column)
    holed = pa.concat_arrays([pa.nulls(1, cells.type), *cells.slice(1).chunks])
    assert f"表 `{name}` 的列 `{column}` 含有空值" in asked(put(tables, name, column, holed))


def test_lists_with_holes_and_columns_of_no_type(asked, tables, reference):
    holed = pa.array([[None]] * len(tables[KIND]), pa.list_(pa.string()))
    assert f"表 `{KIND}` 的列 `{LISTED}` 的列表中有空元素" in asked(put(tables, KIND, LISTED, holed))
    # A column that somebody filled with nothing has no type: nothing is known of it.
    typed = {column: pa.nulls(len(tables[KIND]), tables[KIND].schema.field(column).type) for column in (WORD, LISTED, NUMBER, "class")}
    known, unknown = tables, tables
    for column, cells in typed.items():
        known, unknown = put(known, KIND, column, cells), put(unknown, KIND, column, pa.nulls(len(cells)))
    expected = xinzhi.evaluate(reference.pack, reference.scorecard, known, AS_OF)
    assert xinzhi.evaluate(reference.pack, reference.scorecard, unknown, AS_OF).equals(expected)
    assert "含有空值" in asked(put(tables, KIND, "day", pa.nulls(len(tables[KIND]))))


def test_subjects_that_are_not_there_or_there_twice(asked, tables):
    numbers = tables[KIND].column("subject")
    nobody = tables["subjects"].column("subject")[-1].as_py() + 1
    strange = pc.if_else(pc.equal(numbers, numbers[-1]), nobody, numbers)
    assert f"表 `{KIND}` 的列 `subject` 含有主体 {nobody}，而 subjects 表中没有它" in asked(put(tables, KIND, "subject", strange))
    between = tables["subjects"].filter(pc.not_equal(tables["subjects"].column("subject"), numbers[0]))
    assert f"含有主体 {numbers[0].as_py()}，" in asked({**tables, "subjects": between})
    twice = pa.concat_tables([tables["subjects"], tables["subjects"].slice(3, 1)])
    assert "表 `subjects` 的列 `subject` 有重复的主体" in asked({**tables, "subjects": twice})


def test_natural_persons(tmp_path):
    pack = shutil.copytree(ROOT / "packs/national", tmp_path / "national")
    evaluator = xinzhi.Evaluator(pack, "market-entity", AS_OF)
    types = {"int64": pa.int64(), "date32": pa.date32(), "utf8": pa.string(), "list<utf8>": pa.list_(pa.string())}
    empty = lambda columns: pa.table({column: pa.array([], types[held]) for column, held in columns})
    coverage = empty([("area", "utf8"), ("kind", "utf8"), ("from", "date32"), ("until", "date32")])
    tables = {"coverage": coverage, **{kind: empty(columns) for kind, columns in evaluator.columns.items()}}
    subjects = lambda kind: pa.table({"subject": [1], "kind": [kind], "area": pa.nulls(1, pa.string()), "code": ["x"]})
    assert len(evaluator.evaluate({**tables, "subjects": subjects("enterprise")})) == 1
    with pytest.raises(xinzhi.Refused, match="自然人不作公共信用评价"):
        evaluator.evaluate({**tables, "subjects": subjects("resident")})


@pytest.fixture
def spoilt(reference, tmp_path):
    """A copy of the set on disk."""
    return shutil.copytree(reference.tables, tmp_path / "tables")


def test_a_set_that_is_not_whole(asked, spoilt, tmp_path):
    assert "不是表集" in asked(tmp_path)
    victim = spoilt / "part=00002/penalty.parquet"
    os.truncate(victim, victim.stat().st_size - 1)
    assert f"文件 `{victim}`" in asked(spoilt) and "文件不完整或已被替换" in asked(spoilt)


def test_a_set_with_a_changed_byte(asked, spoilt):
    victim = spoilt / "part=00001/subjects.parquet"
    content = bytearray(victim.read_bytes())
    content[len(content) // 3] ^= 1
    victim.write_bytes(content)
    assert f"文件 `{victim}`" in asked(spoilt) and "已损坏或不完整" in asked(spoilt)


def test_a_set_with_a_foreign_file(asked, spoilt):
    victim = spoilt / "part=00001/subjects.parquet"
    pq.write_table(pa.table({"subject": [1, 2]}), victim)
    assert f"文件 `{victim}`" in asked(spoilt)
