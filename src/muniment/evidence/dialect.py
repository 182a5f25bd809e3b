"""How a delimited text is written, and its records one by one with their physical lines.

Called by `read_text`. Knows no columns and no types: it splits, and says where it cannot.
"""

from __future__ import annotations

import csv
import math
import re
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Final, NamedTuple

from muniment.evidence.delivery import CELL_LIMIT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DELIMITERS: Final = ",;\t|"
RARE_DELIMITERS: Final = "%#^~"
"""Believed only where no other splits the text, and these split it evenly into three columns or more."""
NO_DELIMITER: Final = "\x1f"
"""The delimiter of a file with one column: the ASCII unit separator, which text does not hold."""
_SHORT_ROW_CREDIT: Final = 0.5
_RARE_WIDTH: Final = 3
_RARE_EVEN: Final = 0.95
_EVEN_ENOUGH: Final = 0.1  # below this share of even rows no delimiter is believed
_ROWS_TO_JUDGE: Final = 10


@dataclass(frozen=True, slots=True)
class Dialect:
    """One way of writing delimited text; `escape` is a backslash or None."""

    delimiter: str
    quote: str
    escape: str | None
    skip_space: bool


class Record(NamedTuple):
    """One record: index of its first line, how many lines, its fields or what is wrong."""

    first: int
    lines: int
    fields: list[str] | None
    problem: str


class _Lines:
    """Physical lines that can be set back, so that a runaway quote costs one line only."""

    __slots__ = ("at", "lines")

    def __init__(self, lines: Sequence[str], at: int) -> None:
        self.lines = lines
        self.at = at

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        try:
            line = self.lines[self.at]
        except IndexError:
            raise StopIteration from None
        self.at += 1
        return line


def records(lines: Sequence[str], dialect: Dialect, first: int = 0, width: int = 0) -> Iterator[Record]:
    """Split `lines` (with their line ends) from index `first` into records.

    A quote that is not closed properly gives a record without fields for the lines up to where
    it opened; reading goes on with the next line. Blank lines give an empty list of fields.

    Args:
        lines: Physical lines with their ends.
        dialect: How they are written.
        first: Index of the line to begin with.
        width: Fields expected in a record; with it, a record of another width that spans
            several lines, one of which is a whole row, is taken for a quote not closed.
    """
    csv.field_size_limit(CELL_LIMIT)
    feed = _Lines(lines, first)
    reader = csv.reader(
        feed,
        delimiter=dialect.delimiter,
        quotechar=dialect.quote,
        escapechar=dialect.escape,
        skipinitialspace=dialect.skip_space,
        strict=True,
    )
    while True:
        start = feed.at
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            opened = _quote_opened(lines, start, feed.at, dialect.quote)
            feed.at = opened + 1
            yield Record(start, opened + 1 - start, None, _problem(error, opened, dialect))
        else:
            end = feed.at
            if width and end - start > 1 and _swallows(lines[start + 1 : end], dialect, fields, width):
                feed.at = start + 1
                yield Record(start, 1, None, f"{_opened(dialect, start)} is not closed")
            else:
                yield Record(start, end - start, fields, "")


def detect(lines: Sequence[str], delimiter: str | None = None) -> Dialect:
    """Find the dialect of a sample of whole lines, header first.

    Each candidate splits the sample; the score is the share of rows as wide as the header,
    times the logarithm of that width, so that an accidental delimiter of one column cannot
    win over the real one. Ties go to the plainer dialect.

    Args:
        lines: Physical lines with their ends, not blank at the beginning.
        delimiter: The delimiter, when the file names it itself (`sep=;`).
    """
    return _best(lines, delimiter)[0]


def evenness(lines: Sequence[str], delimiter: str | None = None) -> tuple[float, float]:
    """Tell how evenly the best dialect splits a sample: the share of even rows, and its score."""
    best, score = _best(lines, delimiter)
    if not score:
        return 0.0, 0.0
    width = len(next((r.fields for r in records(lines, best) if r.fields), []))
    return (score / math.log2(width) if width > 1 else 0.0), score


def _best(lines: Sequence[str], delimiter: str | None) -> tuple[Dialect, float]:
    text = "".join(lines)
    best = Dialect(delimiter or NO_DELIMITER, '"', None, skip_space=False)
    best_score = 0.0
    for sign in delimiter or DELIMITERS:
        if sign not in text:
            continue
        for candidate in _candidates(text, sign):
            score = _score(lines, candidate)
            if score > best_score + 1e-9:
                best, best_score = candidate, score
    return (best, best_score) if best_score or delimiter else _rarely(lines, text, best)


def _rarely(lines: Sequence[str], text: str, best: Dialect) -> tuple[Dialect, float]:
    """A rare delimiter that splits the sample evenly, else what was found without."""
    found = (best, 0.0)
    for sign in RARE_DELIMITERS:
        width = lines[0].count(sign) + 1 if lines else 0
        if width < _RARE_WIDTH or len(lines) < _RARE_WIDTH:
            continue
        score, candidate = max(
            ((_score(lines, one), one) for one in _candidates(text, sign)), key=lambda scored: scored[0]
        )
        if score > max(found[1], _RARE_EVEN * math.log2(width)):
            found = (candidate, score)
    return found


def _candidates(text: str, delimiter: str) -> Iterator[Dialect]:
    header = text.splitlines()[0]
    quotes = ['"', "'"]
    if _encloses(header, "'", delimiter) > _encloses(header, '"', delimiter):
        quotes = ["'"]
    elif not _encloses(text, "'", delimiter):
        quotes = ['"']
    escaped = re.search(r"\\[\"'" + re.escape(delimiter) + "]", text) is not None
    spaced = any(f"{delimiter} {quote}" in text for quote in quotes)
    for quote, skip_space, escape in product(
        quotes, (False, True) if spaced else (False,), (None, "\\") if escaped else (None,)
    ):
        yield Dialect(delimiter, quote, escape, skip_space)


def _encloses(text: str, quote: str, delimiter: str) -> int:
    """Count the cells that begin and end with `quote`."""
    edge = re.escape(delimiter)
    cell = rf"(?:^|(?<=[{edge}\r\n])) ?{quote}[^{quote}]*{quote}(?=[{edge}\r\n]|$)"
    return len(re.findall(cell, text))


def _score(lines: Sequence[str], dialect: Dialect) -> float:
    width = rows = 0
    even = 0.0
    for record in records(lines, dialect):
        if record.fields == []:
            continue
        rows += 1
        if record.fields is None:
            continue
        count = len(record.fields)
        width = width or count
        if count == width or (count > width and not any(record.fields[width:])):
            even += 1
        elif 1 < count < width:
            even += _SHORT_ROW_CREDIT
    if width < 2 or (rows >= _ROWS_TO_JUDGE and even < _EVEN_ENOUGH * rows):  # noqa: PLR2004
        return 0.0
    return even / rows * math.log2(width)


def _swallows(inner: Sequence[str], dialect: Dialect, fields: Sequence[str], width: int) -> bool:
    if len(fields) == width or (len(fields) > width and not any(fields[width:])):
        return False
    return any(len(part.fields or ()) == width > 1 for part in records(inner, dialect))


def _quote_opened(lines: Sequence[str], first: int, end: int, quote: str) -> int:
    """Find the line of the last opening quote before the record failed in line `end - 1`."""
    opened, inside = first, False
    for index in range(first, end - 1):
        if lines[index].count(quote) % 2:
            inside = not inside
            if inside:
                opened = index
    return opened


def _opened(dialect: Dialect, line: int) -> str:
    return f"the quote ({dialect.quote}) opened in line {line + 1}"


def _problem(error: csv.Error, line: int, dialect: Dialect) -> str:
    text = str(error)
    if "field limit" in text:
        return (
            f"a cell that begins in line {line + 1} is longer than {CELL_LIMIT // 2**20} MB: "
            f"a quote ({dialect.quote}) that is not closed?"
        )
    if "end of data" in text:
        return f"{_opened(dialect, line)} is not closed"
    return f"{_opened(dialect, line)} is not closed before the end of its cell"
