"""Reads delimited text of any dialect and encoding into a table, every cell as written.

Called by `read`. Clean files go through Arrow without a Python loop over rows; a file with
anything odd is read again record by record, for exact line numbers and rejects. Both ways give
the same table for the same file; neither interprets a value.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from muniment.base.errors import Rejected
from muniment.evidence import frame
from muniment.evidence.decode import decode
from muniment.evidence.delivery import (
    COLUMN_LIMIT,
    LINE,
    Reject,
    Table,
    excerpt,
    name_columns,
)
from muniment.evidence.dialect import NO_DELIMITER, Dialect, Record, detect, evenness, records
from muniment.evidence.rows import no_rows, table_of, without_blank

if TYPE_CHECKING:
    from collections.abc import Sequence

    from muniment.evidence.containers import Member

_SAMPLE_BYTES: Final = 1024 * 1024
_SAMPLE_LINES: Final = 1000
_BLOCK: Final = 8 * 1024 * 1024  # Arrow refuses a row longer than this; it is then read slowly
_SCAN: Final = 4 * 1024 * 1024
_BATCH: Final = 1_000
_UNEVEN_ALLOWED: Final = 1_000  # more of them, and the whole file is read record by record
_SHORT_BY_HABIT: Final = 0.2
"""Above this share of short rows the writer leaves out trailing empty cells on purpose."""
_SEP_LINE: Final = re.compile(r'"?sep=([,;\t|:^~#])"?\s*', re.IGNORECASE)
_WINDOW: Final = 60  # lines that show whether a text splits evenly from one on
_LONGEST_BANNER: Final = 40
_CLEAN: Final = 0.8
_BETTER: Final = 1.3
_DELIMITER_NAMES: Final = {"\t": "tab", NO_DELIMITER: "none"}


@dataclass(frozen=True, slots=True)
class Plan:
    """Where the rows of a text begin and how they are to be split."""

    dialect: Dialect
    columns: tuple[str, ...]
    first: int  # index of the physical line the rows begin in
    offset: int  # the same place in bytes
    header_line: int | None
    above: tuple[tuple[int, str, str], ...] = ()  # lines before the header: line, what it is, how it begins


def read_text(member: Member) -> Table:
    """Read one CSV or TSV file.

    Raises:
        Rejected: It is not text, holds only blank lines, or has more than 10,000 columns.
    """
    decoded = decode(member.data)
    if decoded is None:
        raise Rejected(f"{member.file} is not text: export it as CSV, XLSX or JSON")
    utf8 = decoded.utf8
    split = plan(member.file, utf8)
    rows, rejects = read_at_once(member.file, utf8, split) or read_by_record(member.file, utf8, split)
    rows, rejects, left_out = _without_frame(rows, rejects, split)
    dialect = split.dialect
    details = {
        "encoding": decoded.encoding,
        "delimiter": _DELIMITER_NAMES.get(dialect.delimiter, dialect.delimiter),
        "quote": dialect.quote,
        "header": f"line {split.header_line}" if split.header_line else "none",
    }
    if dialect.escape:
        details["escape"] = dialect.escape
    details |= frame.told(left_out)
    return Table(
        file=member.file,
        tab=None,
        format="tsv" if dialect.delimiter == "\t" else "csv",
        details=details,
        columns=split.columns,
        rows=rows,
        rejects=rejects,
        observed=member.observed,
    )


def plan(file: str, utf8: bytes) -> Plan:
    """Find dialect, header and beginning of the rows from the first lines of a text.

    Raises:
        Rejected: It holds no line to split, or more than 10,000 columns.
    """
    lines = _sample(utf8)
    first = next((index for index, line in enumerate(lines) if line.strip()), None)
    if first is None:
        raise Rejected(f"{file} is empty: it holds only blank lines, export it again")
    delimiter = None
    if named := _SEP_LINE.fullmatch(lines[first]):
        delimiter = named[1]
        first += 1
        first = next((i for i in range(first, len(lines)) if lines[i].strip()), len(lines))
    if first == len(lines):
        raise Rejected(f"{file} is empty: it holds only its separator line, export it again")
    dialect = detect(lines[_table_start(lines, first, delimiter) :], delimiter)
    sample = list(records(lines, dialect, first))
    at = frame.header_row([lines[r.first : r.first + 1] if r.fields is None else r.fields for r in sample])
    above = [
        (record.first + 1, "above the header", frame.shown(record.fields or lines[record.first : record.first + 1]))
        for record in sample[:at]
        if record.fields is None or any(cell.strip() for cell in record.fields)
    ]
    sample = [record for record in sample[at:] if record.fields != []]
    start, count, header, _ = sample[0]
    if header is None:  # a broken quote in the header itself
        count, header = 1, lines[start].rstrip("\r\n").split(dialect.delimiter)
    if len(header) > COLUMN_LIMIT:
        raise Rejected(
            f"{file} has {len(header):,} columns, at most {COLUMN_LIMIT:,} are read: "
            "is its delimiter right? export it with the columns that matter"
        )
    header = [*header, *[""] * (_usual_width(sample[1:], len(header)) - len(header))]
    if frame.is_data(header):
        header, count = [""] * len(header), 0
    after = start + count
    offset = sum(len(line.encode("utf-8")) for line in lines[:after])
    return Plan(dialect, name_columns(header), after, offset, start + 1 if count else None, tuple(above))


def _table_start(lines: Sequence[str], first: int, delimiter: str | None) -> int:
    """Find the line from which the text splits evenly: banners above a table hide its delimiter."""
    best, best_score = first, evenness(lines[first : first + _WINDOW], delimiter)
    title = lines[first].strip()
    blank_below = first + 1 < len(lines) and not lines[first + 1].strip()
    if best_score[0] >= _CLEAN or (len(title.split()) == 1 and not blank_below and title.isalnum()):
        return first
    for at in range(first + 1, min(first + _LONGEST_BANNER, len(lines) - 1)):
        if not lines[at].strip():
            continue
        score = evenness(lines[at : at + _WINDOW], delimiter)
        if score[0] >= _CLEAN and score[1] > _BETTER * best_score[1]:
            best, best_score = at, score
    return best if evenness(lines[best:], delimiter)[0] >= _CLEAN else first


def _without_frame(
    rows: pa.Table, rejects: tuple[Reject, ...], split: Plan
) -> tuple[pa.Table, tuple[Reject, ...], list[tuple[int, str, str]]]:
    """Take out what is no data: lines above the header, the header said again, totals and notes at the end."""
    last = pc.max(rows[LINE]).as_py() or 0
    kept, below = [], []
    usual = len(split.columns)
    for reject in rejects:
        fields = [reject.excerpt] if reject.line is None or reject.line < last else _fields(reject, split.dialect)
        what = frame.footer(fields, usual, gap=True) if reject.line is not None and reject.line > last > 0 else None
        if what is None or reject.line is None:
            kept.append(reject)
        else:
            below.append((reject.line, what, frame.shown(fields)))
    rows, out = frame.trimmed(rows, split.columns if split.header_line else ())
    return rows, tuple(kept), sorted([*split.above, *out, *below])


def _fields(reject: Reject, dialect: Dialect) -> list[str]:
    record = next(records([reject.excerpt], dialect), None)
    fields = record.fields if record else None
    return [cell.strip() for cell in fields or [reject.excerpt] if cell.strip()]


def _sample(utf8: bytes) -> list[str]:
    """Give whole physical lines from the beginning, with their ends."""
    size = _SAMPLE_BYTES
    while True:
        text = utf8[:size].decode("utf-8", "ignore")
        lines = io.StringIO(text, newline="").readlines()
        if size < len(utf8):
            lines = lines[:-1]  # it may be cut, or its line feed
        filled = next((index for index, line in enumerate(lines) if line.strip()), None)
        if filled is not None or size >= len(utf8):
            return lines[: (filled or 0) + _SAMPLE_LINES]
        size *= 4


def _usual_width(sample: Sequence[Record], width: int) -> int:
    """Widen a header that is too short for more than half of the rows, all alike."""
    counts = [len(record.fields) for record in sample if record.fields]
    usual = max(set(counts), key=counts.count, default=width)
    wide = [r.fields for r in sample if r.fields and len(r.fields) == usual]
    named = any(any(fields[width:]) for fields in wide)
    many = 2 * len(wide) > len(counts) and len(wide) > 1
    return usual if width < usual <= COLUMN_LIMIT and many and named and width > 1 else width


def read_at_once(file: str, utf8: bytes, split: Plan) -> tuple[pa.Table, tuple[Reject, ...]] | None:
    """Read all rows through Arrow; None when something is odd enough to need a closer look."""
    dialect = split.dialect
    end = len(utf8)
    while end > split.offset and utf8[end - 1] in b"\r\n":
        end -= 1
    body = utf8[split.offset : end]
    if not body:
        return no_rows(split.columns), ()
    quoted = dialect.quote.encode() in body
    if (
        dialect.escape
        or dialect.skip_space
        or b"\0" in body
        or (quoted and not _quotes_are_regular(np.frombuffer(body, np.uint8), dialect))
    ):
        return None
    uneven: list[pa_csv.InvalidRow] = []
    cells = _parse(body, split, None, quoted=quoted)
    if cells is None:
        cells = _parse(body, split, uneven, quoted=quoted)
    return None if cells is None else _numbered(file, body, split, cells, uneven)


def _numbered(
    file: str, body: bytes, split: Plan, cells: pa.Table, uneven: list[pa_csv.InvalidRow]
) -> tuple[pa.Table, tuple[Reject, ...]] | None:
    bad = np.array([row.number - 1 for row in uneven], dtype=np.int64)
    starts = _line_numbers(cells, bad, body, split.first + 1)
    if starts is None:
        return None
    lines = pa.array(np.delete(starts, bad))
    rows = without_blank(table_of(lines, None, dict(zip(split.columns, cells, strict=True))))
    width = len(split.columns)
    short = sum(row.actual_columns < width for row in uneven)
    if short > _SHORT_BY_HABIT * (rows.num_rows + short):
        return None
    return rows, tuple(
        Reject(file, None, line, None, _uneven(line, row.actual_columns, width), excerpt(row.text))
        for line, row in zip(starts[bad].tolist(), uneven, strict=True)
    )


def _parse(body: bytes, split: Plan, uneven: list[pa_csv.InvalidRow] | None, *, quoted: bool) -> pa.Table | None:
    """Parse the rows; those of another width than the header's go to `uneven`, if it is given.

    Only then does Arrow number the rows, and uses one thread to do so.
    """

    def keep(row: pa_csv.InvalidRow) -> str:
        if uneven is None or len(uneven) == _UNEVEN_ALLOWED or not _is_reject(row, split):
            return "error"
        uneven.append(row)
        return "skip"

    try:
        return pa_csv.read_csv(
            pa.BufferReader(pa.py_buffer(body)),
            read_options=pa_csv.ReadOptions(column_names=split.columns, block_size=_BLOCK, use_threads=uneven is None),
            parse_options=pa_csv.ParseOptions(
                delimiter=split.dialect.delimiter,
                quote_char=split.dialect.quote,
                newlines_in_values=quoted,
                invalid_row_handler=keep,
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(split.columns, pa.string()),
                null_values=[""],
                strings_can_be_null=True,
                check_utf8=False,
            ),
        )
    except pa.ArrowInvalid:
        return None


def _is_reject(row: pa_csv.InvalidRow, split: Plan) -> bool:
    """Tell a row that is surely a reject; blank, padded and broken ones need a closer look."""
    lines = io.StringIO(row.text, newline="").readlines()
    (record, *more) = records(lines, split.dialect)
    if more or record.lines > 1 or record.fields is None:
        return False
    beyond = record.fields[len(split.columns) :]
    return any(beyond) or (not beyond and bool("".join(record.fields).strip()))


def _quotes_are_regular(body: np.ndarray, dialect: Dialect) -> bool:
    """Tell whether every quote opens a cell, closes one, or is doubled inside one.

    Then Arrow and the csv module read the text alike; anything else (inches in a bare cell,
    text after a closing quote, an odd quote) is left to the slow way.
    """
    quote = ord(dialect.quote)
    edge = np.zeros(256, dtype=bool)
    edge[[quote, ord(dialect.delimiter), ord("\r"), ord("\n")]] = True
    parity = 0
    for begin in range(0, len(body), _SCAN):
        at = np.flatnonzero(body[begin : begin + _SCAN] == quote) + begin
        openings, closings = at[parity::2], at[1 - parity :: 2]
        openings = openings[1:] if len(openings) and openings[0] == 0 else openings
        closings = closings[:-1] if len(closings) and closings[-1] == len(body) - 1 else closings
        if not (edge[body[openings - 1]].all() and edge[body[closings + 1]].all()):
            return False
        parity = (parity + len(at)) % 2
    return parity == 0


def _line_numbers(cells: pa.Table, bad: np.ndarray, body: bytes, first: int) -> np.ndarray | None:
    """Give the physical line of each row, the bad ones between them; None if that is a guess.

    Args:
        cells: The good rows.
        bad: Positions of the others among all rows, each of one line.
        body: All rows as text, without a line end at the end.
        first: Physical line of the first row.
    """
    lines = body.count(b"\n") + body.count(b"\r") - body.count(b"\r\n") + 1
    count = cells.num_rows + len(bad)
    if lines == count:
        return np.arange(first, first + count, dtype=np.int64)
    inner = np.zeros(cells.num_rows, dtype=np.int64)
    for column in cells.columns:
        feeds, returns, both = (
            pc.fill_null(pc.count_substring(column, end), 0).to_numpy() for end in ("\n", "\r", "\r\n")
        )
        inner += feeds + returns - both
    if inner.sum() + count != lines:  # blank lines between the rows
        return None
    spans = np.ones(count, dtype=np.int64)
    spans[np.delete(np.arange(count), bad)] += inner
    return first + np.cumsum(spans) - spans


@dataclass(slots=True)
class _Rows:
    """Collects rows into Arrow batches, with what is known of the short ones."""

    columns: tuple[str, ...]
    lines: list[int] = field(default_factory=list)
    cells: list[list[str]] = field(default_factory=list)
    done: list[pa.Table] = field(default_factory=list)
    count: int = 0

    def add(self, line: int, fields: list[str]) -> None:
        self.lines.append(line)
        self.cells.append(fields)
        self.count += 1
        if len(self.lines) == _BATCH:
            self.flush()

    def flush(self) -> None:
        cells = zip(*self.cells, strict=True) if self.cells else ((),) * len(self.columns)
        arrays = [pa.array(column, pa.string()) for column in cells]
        empty = [pc.if_else(pc.equal(array, ""), None, array) for array in arrays]
        lines = pa.array(self.lines, pa.int64())
        self.done.append(table_of(lines, None, dict(zip(self.columns, empty, strict=True))))
        self.lines, self.cells = [], []

    def table(self) -> pa.Table:
        self.flush()
        return pa.concat_tables(self.done).combine_chunks()


def read_by_record(file: str, utf8: bytes, split: Plan) -> tuple[pa.Table, tuple[Reject, ...]]:
    """Read record by record: exact lines, and a reject for each record that cannot be read."""
    lines = io.StringIO(utf8.decode("utf-8"), newline="").readlines()
    width = len(split.columns)
    has_nul = utf8.find(b"\0", split.offset) >= 0
    rows = _Rows(split.columns)
    short: list[tuple[int, Record]] = []  # with the number of the row they were padded to
    bad: list[tuple[Record, str]] = []
    for record in records(lines, split.dialect, split.first, width):
        fields = record.fields
        line = record.first + 1
        if fields is None:
            bad.append((record, record.problem))
        elif not any(fields) or (len(fields) < width and not "".join(fields).strip()):
            continue
        elif any(fields[width:]):
            bad.append((record, _uneven(line, len(fields), width)))
        elif has_nul and any("\0" in cell for cell in fields):
            bad.append((record, f"line {line} holds a NUL byte: damaged on the way?"))
        elif len(fields) < width:
            short.append((rows.count, record))
            rows.add(line, [*fields, *[""] * (width - len(fields))])
        else:
            rows.add(line, fields[:width])
    table = rows.table()
    if short and len(short) <= _SHORT_BY_HABIT * rows.count:
        kept = np.ones(rows.count, dtype=bool)
        kept[[row for row, _ in short]] = False
        table = table.filter(pa.array(kept))
        bad += [(record, _uneven(record.first + 1, len(record.fields or ()), width)) for _, record in short]
    rejects = []
    for record, reason in sorted(bad, key=lambda pair: pair[0].first):
        text = "".join(lines[record.first : record.first + record.lines]).rstrip("\r\n")
        rejects.append(Reject(file, None, record.first + 1, None, reason, excerpt(text)))
    return table, tuple(rejects)


def _uneven(line: int, count: int, width: int) -> str:
    cause = "an unquoted delimiter?" if count > width else "a missing delimiter, a broken line?"
    return f"line {line} has {count} fields, the header {width}: {cause}"
