"""Finds where a table begins and ends on a sheet or in a text: banners above it, totals and notes below.

Called by the readers of workbooks and of delimited text. It tells which rows are no data and why; it
never changes a cell, and a row it is not sure of stays data.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

from muniment.evidence.delivery import LINE, excerpt

if TYPE_CHECKING:
    from collections.abc import Sequence

SAMPLE: Final = 300
"""Rows looked at to tell the usual width of a table; banners are sought in the first of them."""
_LONGEST_BANNER: Final = 40
_FOOTER: Final = 30
_NARROW: Final = 2
_WIDE: Final = 4
_PROSE: Final = 3  # words
_LONG_CELL: Final = 40
_SHOWN: Final = 60
_NAMED: Final = 5
_LABEL: Final = re.compile(
    r"\b(name|host|hostname|server|id|ip|address|mac|serial|uuid|os|type|status|state|date|owner"
    r"|model|version|site|location|description|notes?|tags?)\b",
    re.IGNORECASE,
)
_DAY: Final = r"\d{4}-\d\d-\d\d(?:[T ].*)?|\d{1,2}[./]\d{1,2}[./]\d{2,4}(?: .*)?"
_DATA: Final = re.compile(
    r"(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}"  # MAC
    r"|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"  # UUID
    rf"|{_DAY}",
    re.IGNORECASE,
)
_NUMBER: Final = re.compile(r"[-+]?\d[\d.,]*\s?%?")
_DATED: Final = re.compile(r"\b(?:\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]\d{2,4})")
_TOTAL_WORD: Final = (
    r"(?:(?:grand|sub|in|overall)[ -]?)?(?:totals?|totales|sum|count|average|gesamt(?:summe|zahl|anzahl)?|summe"
    r"|insgesamt|zwischensumme"
    r"|anzahl|total général|somme|totaal|totale|somma|suma|celkem|razem|łącznie|összesen|yhteensä|summa)"
)
_COUNTED: Final = (
    r"(?:(?:of |der |de )?(?:rows?|records?|servers?|serveurs?|servidores|serwerów|serverů|hosts?|vms?|machines?"
    r"|systems?|systeme|maschinen|rechner|assets?|devices?|geräte|items?|einträge|entries|count|anzahl))"
)
_TOTAL: Final = re.compile(
    rf"{_TOTAL_WORD}(?:\s{_COUNTED})?\s*[:=]?\s*(?:\d[\d.,]*\s*{_COUNTED}?)?"
    rf"|\d[\d.,]*\s*{_COUNTED}?\s*{_TOTAL_WORD}",
    re.IGNORECASE,
)
_SUMMED: Final = re.compile(r"=.*|[-+]?\d[\d.,]*\s?(?:%|[kmgt]i?b)?", re.IGNORECASE | re.DOTALL)
_IDENTIFYING: Final = re.compile(
    r"\b(?:name|host|hostname|fqdn|ip|address|adresse|mac|serial|seriennummer|uuid|guid|id|asset tag)\b", re.IGNORECASE
)
_NOTE: Final = re.compile(
    r"\*.*|-{3,}.*|={3,}.*|\(?\d[\d,.]* (?:rows?|records?)\b.*"
    r"|(?:notes?|source|legend|disclaimer|confidential|page \d+|hinweis|quelle|stand)(?:[:\s].*|$)"
    r"|(?:exported|generated|created|printed|downloaded|end of|erstellt|exportiert)(?:[:\s].*|$)",
    re.IGNORECASE | re.DOTALL,
)


def is_data(header: Sequence[str]) -> bool:
    """Tell a first row that is clearly data: mostly addresses, dates and numbers, no label."""
    cells = [cell.strip() for cell in header if cell.strip()]
    if any(_LABEL.search(cell) for cell in cells):
        return False
    strong = sum(1 for cell in cells if _DATA.fullmatch(cell) or _is_address(cell))
    numbers = sum(1 for cell in cells if _NUMBER.fullmatch(cell) and not _is_address(cell))
    addresses = sum(1 for cell in cells if _DATA.fullmatch(cell) and not _DATED.match(cell)) or any(
        _is_address(cell) for cell in cells
    )
    return bool(addresses) or (strong > 0 and 2 * (strong + numbers) > len(cells))


def header_row(sample: Sequence[Sequence[str]]) -> int:
    """Find the row the header is in, below titles, "exported on ..." lines and blank rows.

    A row is passed over only if it is much narrower than the table, looks like a title, and a row
    that can be a header follows. Without such a row it is the first that is not blank.

    Args:
        sample: The first rows, blank ones as rows without a filled cell.

    Returns:
        An index into `sample`.
    """
    filled = [[cell.strip() for cell in row if cell.strip()] for row in sample[:SAMPLE]]
    first = next((index for index, cells in enumerate(filled) if cells), 0)
    for index in range(first, min(len(filled), first + _LONGEST_BANNER)):
        cells = filled[index]
        if not cells:
            continue
        usual = _usual(filled[index + 1 :])
        blank_below = index + 1 < len(filled) and not filled[index + 1]
        following = next((row for row in filled[index + 1 :] if row), [])
        if not _is_banner(
            cells, usual, blank_below=blank_below, labelled_below=_labels(following) > _labels(cells) + 1
        ):
            return index if index == first or _may_be_header(cells, usual) else first
    return first


def _usual(rows: Sequence[Sequence[str]]) -> int:
    counts = sorted(len(cells) for cells in rows if cells)
    return counts[len(counts) // 2] if counts else 0


def _labels(cells: Sequence[str]) -> int:
    return sum(1 for cell in cells if _LABEL.search(cell))


def _is_banner(cells: Sequence[str], usual: int, *, blank_below: bool, labelled_below: bool) -> bool:
    """Tell a title from the header of a table whose rows usually have `usual` filled cells."""
    distinct = len(set(cells))  # a title merged over all columns is one text
    if distinct == 1:
        return usual > _NARROW or (usual == _NARROW and (blank_below or len(cells[0].split()) >= _PROSE))
    telling = any(_DATED.search(cell) or cell.endswith(":") or len(cell) > _LONG_CELL for cell in cells)
    if 2 * distinct <= usual and usual >= _WIDE:
        return telling or cells[0].startswith(("#", "//")) or (distinct == _NARROW and (blank_below or labelled_below))
    return cells[0].startswith(("# ", "//")) and distinct < usual


def _may_be_header(cells: Sequence[str], usual: int) -> bool:
    words = [cell for cell in cells if not (_NUMBER.fullmatch(cell) or _DATA.fullmatch(cell) or _is_address(cell))]
    return 2 * len(cells) >= usual and 2 * len(words) > len(cells) and not is_data(cells)


def _is_address(cell: str) -> bool:
    try:
        ipaddress.ip_interface(cell)
    except ValueError:
        return False
    return "." in cell or ":" in cell


def trimmed(rows: pa.Table, header: Sequence[str]) -> tuple[pa.Table, list[tuple[int, str, str]]]:
    """Take out repeated header rows, and the totals and notes at the end.

    Args:
        rows: As `Table.rows`.
        header: The header's cells as written.

    Returns:
        The rows that are data, and of each other one its line, what it is, and its text.
    """
    out: list[tuple[int, str, str]] = []
    again = _repeats(rows, header)
    if again is not None:
        out += [(row[LINE], "the header again", _shown(row)) for row in rows.filter(again).to_pylist()]
        rows = rows.filter(pc.invert(again))
    tail = rows.slice(max(0, rows.num_rows - _FOOTER))
    usual = _usual([_cells(row) for row in rows.slice(0, SAMPLE).to_pylist()])
    kept = rows.num_rows
    before = [row[LINE] for row in tail.to_pylist()]
    for number, row in reversed(list(enumerate(tail.to_pylist()))):
        gap = number > 0 and row[LINE] > before[number - 1] + 1
        what = footer(_cells(row), usual, gap=gap)
        if what is None or kept == 1 or (what == "a total" and _identified(row, header)):
            break
        kept -= 1
        out.append((row[LINE], what, _shown(row)))
    return rows.slice(0, kept), sorted(out)


def footer(cells: Sequence[str], usual: int, *, gap: bool) -> str | None:
    """Tell what a last row is, a total or a note; None if it may be data.

    Args:
        cells: Its filled cells.
        usual: How many of them a row of the table usually has.
        gap: Whether a blank line lies above it.
    """
    if not cells or usual < _NARROW:
        return None
    rest = cells[1:]
    summed = all(_SUMMED.fullmatch(cell) and not _is_address(cell) for cell in rest)
    if _TOTAL.fullmatch(cells[0]) and summed and (rest or usual > _NARROW):
        return "a total"
    prose = len(cells) == 1 and usual > _NARROW and len(cells[0].split()) >= (_PROSE if gap else 2 * _PROSE)
    return "a note" if prose or (2 * len(cells) <= usual and _NOTE.fullmatch(cells[0])) else None


def told(out: Sequence[tuple[int, str, str]]) -> dict[str, str]:
    """Say which rows were left out, as a detail of the table; nothing if none was."""
    if not out:
        return {}
    named = [f'line {line}: {what} ("{text}")' for line, what, text in out[:_NAMED]]
    more = [f"and {len(out) - _NAMED:,} more"] if len(out) > _NAMED else []
    return {"left out": "; ".join([*named, *more])}


def shown(cells: Sequence[str]) -> str:
    """Show how a row begins."""
    text = excerpt(" | ".join(cell.strip() for cell in cells if cell.strip()))
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _shown(row: dict[str, str | None]) -> str:
    return shown(_cells(row))


def _cells(row: dict[str, str | None]) -> list[str]:
    return [cell.strip() for cell in list(row.values())[2:] if cell and cell.strip()]


def _identified(row: dict[str, str | None], header: Sequence[str]) -> bool:
    """Tell a row that says, behind its first cell, which thing it is."""
    filled = [name for name, cell in zip(header, list(row.values())[2:], strict=False) if cell and cell.strip()]
    return any(_IDENTIFYING.search(name.replace("_", " ")) for name in filled[1:])


def _repeats(rows: pa.Table, header: Sequence[str]) -> pa.Array | None:
    """Mark the rows that say the header again; None if no row does."""
    same = None
    named = 0
    for column, name in zip(rows.columns[2:], header, strict=False):
        if not name.strip():
            continue
        named += 1
        equal = pc.fill_null(pc.equal(column, name), fill_value=False)
        same = equal if same is None else pc.and_(same, equal)
        if not pc.any(same).as_py():
            return None
    return same if named > 1 else None
