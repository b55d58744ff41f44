"""The kernel on Apache Spark. Two ways, with the same rows as a local run.

The usual way, :func:`evaluate_table_set` and :func:`write_table_set`: Spark hands out the partitions of a table set, and each task
reads its own files. Nothing is shuffled. Every executor must see the directory under the same path.

The general way, :func:`evaluate_frames`: any DataFrames, brought together by subject. A task sees its subjects one after another and
never holds more than some of them.

Executors get the pack as text with its digest, and keep what they compiled for the tasks that follow. They need this package, which
holds native code: ship it in an environment (``docs/spark.md``), not by ``--py-files``.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Optional, Union

import pyarrow as pa
import pyarrow.compute as pc

from . import Day, Evaluator, Folders, Pack, PathLike, Refused, TableSet, _loaded

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["evaluate_frames", "evaluate_table_set", "write_table_set"]

#: Tasks for each place where one can run: more, and nobody waits long for the last one; fewer, and less goes into starting them.
TASKS_A_SLOT = 2
#: Rows that a task brings together before it evaluates them.
ROWS_AT_ONCE = 200_000

_SUBJECT = "subject"
_TABLE = "table"
_SUBJECTS = [("kind", "utf8"), ("area", "utf8"), ("code", "utf8")]


@dataclasses.dataclass(frozen=True)
class _Question:
    """What a task is asked, small enough to travel with it. Two are the same where their digests are."""

    pack: str = dataclasses.field(compare=False)
    files: dict[str, str] = dataclasses.field(compare=False)
    digest: str
    scorecard: str
    as_of: str

    @classmethod
    def of(cls, evaluator: Evaluator) -> _Question:
        pack = evaluator.pack
        return cls(pack.id, pack.files, pack.digest, evaluator.scorecard, evaluator.as_of)


@functools.lru_cache(maxsize=8)
def _evaluator(question: _Question) -> Evaluator:
    """Compiled once in each Python worker, which Spark keeps for the tasks that follow."""
    return Evaluator(Pack.from_files(question.pack, question.files, question.digest), question.scorecard, question.as_of)


@functools.lru_cache(maxsize=8)
def _opened(evaluator: Evaluator, tables: str, digest: str) -> TableSet:
    opened = evaluator.open(tables)
    if opened.digest != digest:
        raise Refused(f"执行器看到的表集 `{tables}` 与提交作业时的不是同一个，请核对各节点的挂载目录")
    return opened


def evaluate_table_set(
    spark: SparkSession,
    pack: Union[Pack, Folders],
    scorecard: str,
    tables: PathLike,
    as_of: Day,
    tasks: Optional[int] = None,
) -> DataFrame:
    """Evaluate a table set as a DataFrame with the columns of a standings file.

    ``tables`` is a path that the driver and every executor see. ``tasks`` is how many tasks share the partitions; some for each place
    where one can run, unless said otherwise.
    """
    evaluator, opened, place = _begin(pack, scorecard, tables, as_of)
    question, digest = _Question.of(evaluator), opened.digest

    def read(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        mine = _opened(_evaluator(question), place, digest)
        for batch in batches:
            for index in batch.column(0).to_pylist():
                yield from mine.partition(index).to_batches()

    numbers = spark.range(0, opened.partitions, 1, _tasks(spark, opened.partitions, tasks))
    return numbers.mapInArrow(read, _spark_schema(evaluator.schema))


def write_table_set(
    spark: SparkSession,
    pack: Union[Pack, Folders],
    scorecard: str,
    tables: PathLike,
    as_of: Day,
    out: PathLike,
    tasks: Optional[int] = None,
) -> int:
    """Evaluate a table set into standings files in a new directory, and say how many rows they have together.

    Each task writes one file itself, the fastest way where executors share a file system. File names rise with the numbers of the
    subjects. The directory has its name only when all of it is there.
    """
    evaluator, opened, place = _begin(pack, scorecard, tables, as_of)
    target = os.path.abspath(os.fspath(out))
    partial = target + ".partial"
    if os.path.lexists(target):
        raise Refused(f"`{target}` 已存在，不会覆盖，请换一个名称或先移走")
    if os.path.lexists(partial):
        raise Refused(f"`{partial}` 正在由另一次运行写入，或是上次中断后留下的；确认没有别的运行后删除它再试")
    question, digest = _Question.of(evaluator), opened.digest

    def write(numbers: Iterator[int]) -> Iterator[tuple[str, int]]:
        from pyspark import TaskContext

        mine = list(numbers)
        if not mine:
            return
        # A task may be tried again, or twice at once; the driver keeps the file of the attempt that counts.
        name = f"part-{mine[0]:08}-{TaskContext.get().taskAttemptId()}.parquet"
        yield name, _opened(_evaluator(question), place, digest).write(mine, os.path.join(partial, name))

    os.makedirs(partial)
    try:
        # Not a DataFrame: a line a task comes back, which is not worth the planning.
        numbers = spark.sparkContext.parallelize(range(opened.partitions), _tasks(spark, opened.partitions, tasks))
        written = numbers.mapPartitions(write).collect()
        kept = {name for name, _ in written}
        for name in os.listdir(partial):
            if name not in kept:
                os.remove(os.path.join(partial, name))
        os.rename(partial, target)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return sum(rows for _, rows in written)


def evaluate_frames(
    pack: Union[Pack, Folders],
    scorecard: str,
    subjects: DataFrame,
    records: Mapping[str, Optional[DataFrame]],
    coverage: Any,
    as_of: Day,
    partitions: Optional[int] = None,
    rows_at_once: int = ROWS_AT_ONCE,
) -> DataFrame:
    """Evaluate any DataFrames, with the columns of a standings file; rows come in no order.

    ``subjects`` has the columns ``subject`` (long), ``kind``, ``area``, ``code``; ``records`` a DataFrame for each record kind that the
    scorecard reads, by the kind's id, ``None`` where nobody has a record; ``coverage`` is a small table: a DataFrame, or anything that
    offers ``__arrow_c_stream__``. Names and types are those of a table set (``docs/tables.md``).

    Only columns that the scorecard reads are shuffled, once, into ``partitions`` (``spark.sql.shuffle.partitions`` unless said
    otherwise). A task sorts by subject, on disk where memory does not suffice, and evaluates some ``rows_at_once`` together; a subject
    with more rows than that is still evaluated whole.
    """
    evaluator = _compiled(pack, scorecard, as_of)
    layout = _Layout.of(evaluator, records)
    frame = layout.together(subjects, records)
    frame = frame.repartition(partitions, _SUBJECT) if partitions else frame.repartition(_SUBJECT)
    if hasattr(coverage, "toArrow"):
        coverage = coverage.toArrow()
    question, reported = _Question.of(evaluator), _packed(pa.table(coverage))

    def read(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        mine, told = _evaluator(question), pa.ipc.open_stream(reported).read_all()
        for part in _whole_subjects(batches, rows_at_once):
            tables = {**layout.apart(part), "coverage": told}
            yield from mine.evaluate(tables, threads=1).to_batches()

    return frame.sortWithinPartitions(_SUBJECT).mapInArrow(read, _spark_schema(evaluator.schema))


def _compiled(pack: Union[Pack, Folders], scorecard: str, as_of: Day, tables: Optional[PathLike] = None) -> Evaluator:
    """Compile on the driver, so that what is wrong with the question is told before any task begins."""
    return Evaluator(_loaded(pack, tables), scorecard, as_of)


def _begin(pack: Union[Pack, Folders], scorecard: str, tables: PathLike, as_of: Day) -> tuple[Evaluator, TableSet, str]:
    evaluator = _compiled(pack, scorecard, as_of, tables)
    place = os.path.abspath(os.fspath(tables))
    return evaluator, evaluator.open(place), place


def _tasks(spark: SparkSession, partitions: int, wanted: Optional[int]) -> int:
    if wanted is None:
        wanted = TASKS_A_SLOT * spark.sparkContext.defaultParallelism
    return max(1, min(wanted, partitions))


def _spark_schema(schema: pa.Schema) -> Any:
    from pyspark.sql import types

    known = {pa.int64(): types.LongType(), pa.int32(): types.IntegerType(), pa.string(): types.StringType(), pa.bool_(): types.BooleanType()}
    return types.StructType([types.StructField(field.name, known[field.type]) for field in schema])


def _packed(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def _whole_subjects(batches: Iterable[pa.RecordBatch], rows_at_once: int) -> Iterator[pa.Table]:
    """Sorted rows in pieces between which no subject is divided, however the batches were cut."""
    held: list[pa.RecordBatch] = []
    rows, wanted = 0, rows_at_once
    for batch in batches:
        held.append(batch)
        rows += batch.num_rows
        if rows < wanted:
            continue
        piece = pa.Table.from_batches(held)
        numbers = piece.column(_SUBJECT)
        # The last subject may go on in the next batch.
        begin = pc.index(numbers, numbers[-1]).as_py()
        if begin <= 0:
            wanted = 2 * rows
            continue
        yield piece.slice(0, begin)
        rest = piece.slice(begin)
        held, rows, wanted = rest.to_batches(), rest.num_rows, rows_at_once
    if rows:
        yield pa.Table.from_batches(held)


@dataclasses.dataclass(frozen=True)
class _Layout:
    """How tables of different columns travel as one: each row says of which table it is, and columns of one type share their places."""

    #: By table, in the order of its number: its name, then for each of its columns name, type, and the place where it travels.
    tables: tuple[tuple[str, tuple[tuple[str, str, str], ...]], ...]
    #: Kinds that are read and of which nobody has a record.
    absent: tuple[str, ...]

    @classmethod
    def of(cls, evaluator: Evaluator, records: Mapping[str, Any]) -> _Layout:
        read = evaluator.columns
        lacking = sorted(set(read) - set(records))
        if lacking:
            raise Refused(f"没有传入表 `{lacking[0]}`；它是评价模型要读的信息种类，确实没有记录时请传入 None")
        there = {kind: columns for kind, columns in read.items() if records[kind] is not None}
        tables = [("subjects", _SUBJECTS), *((kind, columns) for kind, columns in sorted(there.items()))]
        placed = tuple((name, _places([column for column in columns if column[0] != _SUBJECT])) for name, columns in tables)
        return cls(placed, tuple(sorted(set(read) - set(there))))

    def together(self, subjects: DataFrame, records: Mapping[str, Any]) -> DataFrame:
        """One DataFrame of all tables."""
        from pyspark.sql import functions as f

        places = dict(sorted((place, held) for _, columns in self.tables for _, held, place in columns))
        frames = []
        for number, (name, columns) in enumerate(self.tables):
            frame = subjects if name == "subjects" else records[name]
            _judge(name, frame, [(_SUBJECT, "int64"), *((column, held) for column, held, _ in columns)])
            mine = {place: column for column, _, place in columns}
            cells = [
                (_quoted(frame, mine[place]) if place in mine else f.lit(None).cast(_spark_types()[held])).alias(place)
                for place, held in places.items()
            ]
            frames.append(frame.select(_quoted(frame, _SUBJECT).alias(_SUBJECT), f.lit(number).alias(_TABLE), *cells))
        return functools.reduce(lambda one, other: one.union(other), frames)

    def apart(self, part: pa.Table) -> dict[str, Optional[pa.Table]]:
        """The tables again."""
        out: dict[str, Optional[pa.Table]] = dict.fromkeys(self.absent)
        numbers = part.column(_TABLE)
        for number, (name, columns) in enumerate(self.tables):
            table = part.select([_SUBJECT, *(place for _, _, place in columns)]).filter(pc.equal(numbers, number))
            empty = table.num_rows == 0 and name != "subjects"
            out[name] = None if empty else table.rename_columns([_SUBJECT, *(column for column, _, _ in columns)])
        return out


def _places(columns: list[tuple[str, str]]) -> tuple[tuple[str, str, str], ...]:
    counts: dict[str, int] = {}
    placed = []
    for name, held in columns:
        counts[held] = counts.get(held, 0) + 1
        placed.append((name, held, f"{held.strip('>').replace('<', '_')}_{counts[held]}"))
    return tuple(placed)


def _spark_types() -> dict[str, Any]:
    from pyspark.sql import types

    word = types.StringType()
    return {"int64": types.LongType(), "date32": types.DateType(), "utf8": word, "list<utf8>": types.ArrayType(word)}


def _quoted(frame: DataFrame, column: str) -> Any:
    """A column by its whole name, also where that holds a point."""
    return frame["`" + column.replace("`", "``") + "`"]


def _judge(name: str, frame: DataFrame, columns: list[tuple[str, str]]) -> None:
    """Names and types before any task begins."""
    from pyspark.sql import types

    wanted = _spark_types()
    for column, held in columns:
        found = [field.dataType for field in frame.schema.fields if field.name == column]
        if not found:
            raise Refused(f"表 `{name}` 没有列 `{column}`，请补上该列，没有数据也要给出空列")
        if len(found) > 1:
            raise Refused(f"表 `{name}` 的列 `{column}` 出现两次，请只留一列")
        same = isinstance(found[0], type(wanted[held]))
        if same and isinstance(found[0], types.ArrayType):
            same = isinstance(found[0].elementType, types.StringType)
        if not same:
            shown = found[0].simpleString()
            raise Refused(f"表 `{name}` 的列 `{column}` 的类型是 {shown}，应为 {held}，请按表集的格式转换后再传入")
