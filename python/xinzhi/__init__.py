"""The evaluation kernel of 信治 Xinzhi over Arrow tables.

    import xinzhi

    standings = xinzhi.evaluate("packs/national", "market-entity", "tables", "2026-11-24")

What comes out is a ``pyarrow.Table`` with the columns of a standings file: what ``xinzhi evaluate --tables`` writes of the same
tables. Data, rules and arguments that cannot be evaluated raise :class:`Refused`, whose Chinese sentence says what to do.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterable, Mapping
from typing import Any, Optional, Union

import pyarrow as pa
import pyarrow.compute as pc

from . import _native
from ._native import Refused

__all__ = ["Evaluator", "Pack", "Refused", "TableSet", "evaluate"]

PathLike = Union[str, "os.PathLike[str]"]
#: The folder of a rule pack, or those of several that are read as one.
Folders = Union[PathLike, Iterable[PathLike]]
Day = Union[str, datetime.date]


class Pack:
    """A checked rule pack with the packs that it stands on. It can be pickled: it travels as text and is checked on arrival."""

    def __init__(self, native: _native.Pack) -> None:
        self._native = native

    @classmethod
    def load(cls, directory: Folders, tables: Optional[PathLike] = None) -> Pack:
        """Read a folder, or several in any order, as the command does with a ``--pack`` for each.

        What a pack stands on (``extends``) is one of them or lies beside it. ``tables`` is the table set that they are for: packs of
        which none stands on the other are then put together as its maker had them, so that digests agree.
        """
        folders = [directory] if isinstance(directory, (str, os.PathLike)) else directory
        return cls(_native.Pack.load([os.fspath(folder) for folder in folders], None if tables is None else os.fspath(tables)))

    @classmethod
    def from_files(cls, id: str, files: Mapping[str, str], digest: str) -> Pack:
        """Put a pack together from its files; they must have this digest."""
        return cls(_native.Pack.from_files(id, dict(files), digest))

    @property
    def id(self) -> str:
        """Name of the folder."""
        return self._native.id

    @property
    def version(self) -> str:
        """What the pack says of its version."""
        return self._native.version

    @property
    def digest(self) -> str:
        """SHA-256 over all files in hexadecimal, to which every result is pinned."""
        return self._native.digest

    @property
    def files(self) -> dict[str, str]:
        """Text of every file by its path inside the pack."""
        return self._native.files

    @property
    def scorecards(self) -> dict[str, str]:
        """Ids of the scorecards and their titles."""
        return self._native.scorecards

    def __reduce__(self) -> tuple[Any, ...]:
        return Pack.from_files, (self.id, self.files, self.digest)

    def __repr__(self) -> str:
        return repr(self._native)


class Evaluator:
    """A scorecard of a pack on a day, compiled once and asked as often as one likes. It can be pickled."""

    def __init__(self, pack: Union[Pack, Folders], scorecard: str, as_of: Day) -> None:
        self.pack = _loaded(pack)
        self.scorecard = scorecard
        self.as_of = as_of.isoformat() if isinstance(as_of, datetime.date) else str(as_of)
        self._native = _native.Evaluator(self.pack._native, scorecard, self.as_of)

    def __reduce__(self) -> tuple[Any, ...]:
        return Evaluator, (self.pack, self.scorecard, self.as_of)

    @property
    def columns(self) -> dict[str, list[tuple[str, str]]]:
        """By id of each record kind that the scorecard reads: the columns that it reads and their types; no others are looked at."""
        return self._native.columns

    @property
    def schema(self) -> pa.Schema:
        """Columns of a result."""
        return pa.table(self._native.nothing()).schema

    def open(self, tables: PathLike) -> TableSet:
        """Open a table set on disk."""
        return TableSet(self._native.open(os.fspath(tables)))

    def evaluate(self, tables: Union[PathLike, Mapping[str, Any]], threads: Optional[int] = None) -> pa.Table:
        """Evaluate a table set on disk, or tables in memory; see :func:`evaluate`."""
        if not isinstance(tables, Mapping):
            return self.open(tables).evaluate(threads)
        named = dict(tables)
        envelope = tuple(_sorted(_arrow(name, _required(named, name)), by) for name, by in (("subjects", "subject"), ("coverage", None)))
        kinds = {kind: None if table is None else _sorted(_arrow(kind, table), "subject") for kind, table in named.items()}
        return pa.table(self._native.evaluate(envelope, kinds, _threads(threads)))


class TableSet:
    """A table set that is open for one scorecard and day."""

    def __init__(self, native: _native.Tables) -> None:
        self._native = native

    @property
    def partitions(self) -> int:
        """How many partitions it has."""
        return self._native.partitions

    @property
    def digest(self) -> str:
        """SHA-256 of ``tables.json`` in hexadecimal, which stands for the content of all files."""
        return self._native.digest

    @property
    def same_pack(self) -> bool:
        """Whether it was made by this very version of the pack."""
        return self._native.same_pack

    def evaluate(self, threads: Optional[int] = None) -> pa.Table:
        """Evaluate every partition, in the order of subjects."""
        return pa.table(self._native.evaluate(_threads(threads)))

    def partition(self, index: int) -> pa.Table:
        """Evaluate one partition: what an executor does."""
        return pa.table(self._native.partition(index))

    def write(self, partitions: list[int], out: PathLike) -> int:
        """Evaluate some partitions into a standings file, which must not be there yet. Returns how many rows it has."""
        return self._native.write(list(partitions), os.fspath(out))


def evaluate(
    pack: Union[Pack, Folders],
    scorecard: str,
    tables: Union[PathLike, Mapping[str, Any]],
    as_of: Day,
    threads: Optional[int] = None,
) -> pa.Table:
    """Evaluate everybody in some tables by a scorecard.

    ``pack`` is the folder of a rule pack, a list of such folders, or a :class:`Pack`. What a pack stands on (``extends``) is in the list
    or lies beside it; the order of the list does not matter. ``as_of`` is the day of evaluation, a ``date`` or ``YYYY-MM-DD``.

    ``tables`` is the directory of a table set, or a mapping with ``"subjects"``, ``"coverage"`` and a table for each record kind that
    the scorecard reads, under the kind's id; ``None`` where nobody has a record. Their columns are those of the files of a table set
    (``docs/tables.md``). A table is anything that offers ``__arrow_c_stream__``: of pyarrow, polars, DuckDB. Rows need not be sorted.
    Null is *not known*, never zero.

    Returns a ``pyarrow.Table`` with a row for each subject of the kinds that the scorecard evaluates, in the order of their numbers.
    Raises :class:`Refused` where anything is wrong; there never is half a result.
    """
    made = None if isinstance(tables, Mapping) else tables
    return Evaluator(_loaded(pack, made), scorecard, as_of).evaluate(tables, threads)


def _loaded(pack: Union[Pack, Folders], tables: Optional[PathLike] = None) -> Pack:
    return pack if isinstance(pack, Pack) else Pack.load(pack, tables)


def _threads(threads: Optional[int]) -> int:
    if threads is None:
        return os.cpu_count() or 1
    if threads < 1:
        raise Refused(f"threads 是 {threads}，线程数至少为 1")
    return threads


def _required(named: dict[str, Any], name: str) -> Any:
    table = named.pop(name, None)
    if table is None:
        raise Refused(f"没有传入表 `{name}`，请补上；格式见 docs/tables.md")
    return table


def _arrow(name: str, table: Any) -> pa.Table:
    """As a pyarrow table. What pyarrow says where it makes none of it stands behind our words."""
    if isinstance(table, pa.Table):
        return table
    try:
        return pa.table(table)
    except (TypeError, ValueError, pa.ArrowException) as fault:
        kind, remedy = type(table).__name__, "请传入 pyarrow、polars、DuckDB 的表，或提供 __arrow_c_stream__ 的对象"
        raise Refused(f"表 `{name}` 是 {kind}，不能读作 Arrow 表，{remedy}（{fault}）") from fault


def _sorted(table: pa.Table, by: Optional[str]) -> pa.Table:
    """Sorted by a column of numbers where it is not yet. What else is wrong is told by whoever reads it."""
    if by is None or by not in table.column_names or table.column_names.count(by) > 1:
        return table
    numbers = table.column(by)
    if not pa.types.is_int64(numbers.type) or numbers.null_count or len(numbers) < 2:
        return table
    rising = pc.all(pc.less_equal(numbers.slice(0, len(numbers) - 1), numbers.slice(1))).as_py()
    return table if rising else table.sort_by(by)
