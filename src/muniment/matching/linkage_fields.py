"""What the columns of one or two tables are, and which column of one is which of the other.

`linkage` calls it first. A field holds the distinct normalised values once and numbers into them per row;
nothing here compares rows or knows where a table came from.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from muniment.matching import column_profile, columns, names
from muniment.matching.types import Column, Target
from muniment.matching.values_kinds import is_missing

Kind = Literal["name", "text", "code", "number", "date", "words", "models"]
"""How a field is compared; `words` (all words of a row) and `models` (part and model numbers) are made up."""

_Cells = Mapping[str, Sequence[str | None]]

_SAMPLE = 2000
_LONG = 3.5
_MOST = 0.8
_LONGEST = 4000
_WORD = re.compile(r"[^\W_]+")
_LANGUAGE = re.compile(r'["\s]*@[a-z]{2}(-[a-z]{2})?$')
_NUMBER = re.compile(r"-?\d{1,3}(?:[, ]\d{3})+(?:\.\d+)?|-?\d+(?:[.,]\d+)?|-?\.\d+")
_AROUND_NUMBER = re.compile(r"[a-z]{0,4}[\s.,:$€£¥%+~-]*")
_YMD = re.compile(r"(\d{4})[-/. ]?(\d{1,2})[-/. ]?(\d{1,2})(?:[t ].*)?")
_XXY = re.compile(r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4}|\d{2})(?:[t ].*)?")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAMED = re.compile(r"(?:(\d{1,2})[-/. ]?)?([a-z]{3})[a-z]*[-/., ]+(?:(\d{1,2})[,. ]+)?(\d{4})")
_DOTTED = re.compile(r"\d{1,5}(?:\.\d{1,5}){2,}")
"""Numbers that dots hold together: an address, a version; no amount."""

_QUANTITY = re.compile(r"\d{1,4}[a-z]{1,4}|\d{1,4}x\d{1,4}[a-z]*|\d{1,4}p?")


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that both sides say about a row.

    Attributes:
        name: the left column's header; `words` and `models` for the made-up ones.
        other: the right column's header; empty for the made-up ones.
        kind: how it is compared.
        texts: its distinct normalised values.
        left: per left row the number of its value, -1 where it says nothing.
        right: the same for the right rows; the same array for one file.
    """

    name: str
    other: str
    kind: Kind
    texts: Sequence[str]
    left: npt.NDArray[np.int64]
    right: npt.NDArray[np.int64]


def fields(left: pa.Table, right: pa.Table | None) -> list[Field]:
    """The fields by which the rows can be compared; columns without a counterpart add to `words` only."""
    mine = {name: _cells(left[name]) for name in left.column_names}
    mine = {name: cells for name, cells in mine.items() if _speaks(cells)}
    if right is None:
        pairs, theirs = [(name, name) for name in mine], mine
    else:
        theirs = {name: _cells(right[name]) for name in right.column_names}
        theirs = {name: cells for name, cells in theirs.items() if _speaks(cells)}
        pairs = _aligned(left.select(list(mine)), right.select(list(theirs)), mine, theirs)
    found = [_field((one, other), mine[one], theirs[other]) for one, other in pairs]
    kept = [field for field in found if not _counts_rows(field, right is None)]
    dropped = {field.name for field in found} - {field.name for field in kept}
    lone = [name for name in mine if name not in {one for one, _ in pairs}]
    others = [name for name in theirs if name not in {other for _, other in pairs}]
    wordy = [(one, other) for one, other in pairs if one not in dropped]
    kinds = {field.name: field.kind for field in kept}
    if any(kind == "text" for kind in kinds.values()):
        spoken = [(one, other) for one, other in wordy if kinds[one] in {"text", "name", "code"}]
        first = [mine[one] for one, _ in spoken] + [mine[name] for name in lone]
        second = [theirs[other] for _, other in spoken] + [theirs[name] for name in others]
        kept += _made_up(first, second if right is not None else first, only=len(spoken) + len(lone) + len(others) > 1)
    return kept


def _cells(column: pa.ChunkedArray) -> list[str | None]:
    """Lower case, without accents, language tags and doubled blanks; None for what says nothing."""
    encoded = column.cast(pa.string()).combine_chunks().dictionary_encode()
    texts = [_plain(text) for text in encoded.dictionary.to_pylist()]
    return [None if number is None else texts[number] for number in encoded.indices.to_pylist()]


def _plain(text: str | None) -> str | None:
    if text is None or is_missing(text):
        return None
    text = unicodedata.normalize("NFKD", text[:_LONGEST]).casefold()
    text = "".join(letter for letter in text if not unicodedata.combining(letter))
    text = _LANGUAGE.sub("", " ".join(text.split())).strip("\"' ")
    return None if is_missing(text) or not any(map(str.isalnum, text)) else text


def _speaks(cells: Sequence[str | None]) -> bool:
    """Whether a column says different things of different rows."""
    return len({cell for cell in cells if cell is not None}) > 1


def _counts_rows(field: Field, single: bool) -> bool:  # noqa: FBT001
    """Whether it only numbers the rows: whole numbers, all different, that leave few gaps."""
    for side in (field.left,) if single else (field.left, field.right):
        numbers = [field.texts[one] for one in side[side >= 0]]
        if len(numbers) < len(side) or len(set(numbers)) < len(numbers) or not all(one.isdigit() for one in numbers):
            return False
        whole = [int(one) for one in numbers if len(one) < 16]  # noqa: PLR2004
        if len(whole) < len(numbers) or max(whole) - min(whole) > 1.2 * len(whole):
            return False
    return True


def words(text: str) -> list[str]:
    """The words of a normalised text, numbers among them."""
    return _WORD.findall(text)


def _aligned(left: pa.Table, right: pa.Table, mine: _Cells, theirs: _Cells) -> list[tuple[str, str]]:
    """Which column is which: equal headers first, then by names and values, each column once."""
    keyed = {names.name_key(name): name for name in reversed(right.column_names)}
    pairs = [(name, keyed[key]) for name in left.column_names if (key := names.name_key(name)) in keyed]
    pairs = list({other: (one, other) for one, other in reversed(pairs)}.values())[::-1]
    taken = {one for one, _ in pairs}, {other for _, other in pairs}
    rest = [name for name in left.column_names if name not in taken[0]]
    open_ = [name for name in right.column_names if name not in taken[1]]
    if rest and open_:
        sketches = [_sketch(mine[name]) for name in rest], [_sketch(theirs[name]) for name in open_]
        alike = np.array([[_alike(one, other) for other in sketches[1]] for one in sketches[0]])
        pairs += _by_values(left.select(rest), right.select(open_), alike)
    order = {name: place for place, name in enumerate(left.column_names)}
    return sorted(pairs, key=lambda pair: order[pair[0]])


def _by_values(left: pa.Table, right: pa.Table, alike: npt.NDArray[np.float64]) -> list[tuple[str, str]]:
    """Columns of different names: what the column matcher says, and how alike their values are."""
    from scipy.optimize import linear_sum_assignment

    mine = column_profile.profile(left, left.column_names)
    targets = [_target(one) for one in column_profile.profile(right, right.column_names)]
    ranked = columns.rank(mine, targets)
    place = {target.name: number for number, target in enumerate(targets)}
    named = np.zeros((len(mine), len(targets)))
    for row, column in enumerate(mine):
        for candidate in ranked[column.name]:
            if candidate.target in place:
                named[row, place[candidate.target]] = candidate.probability
    score = alike * (1 + named) + 0.3 * named * (alike > 0.1)  # noqa: PLR2004
    rows, places = linear_sum_assignment(-score)
    return [
        (left.column_names[row], right.column_names[at])
        for row, at in zip(rows.tolist(), places.tolist(), strict=True)
        if score[row, at] >= 0.35  # noqa: PLR2004
    ]


def _target(column: Column) -> Target:
    kinds = column.profile.kinds
    kind = max(kinds, key=lambda name: (kinds[name], name)) if kinds else "text"
    values = frozenset(value for value, _ in column.profile.common)
    return Target(column.name, column.name, "", (), kind, None, multi=False, values=values, group="")


@dataclass(frozen=True, slots=True)
class _Sketch:
    """What a column's values look like: its words, the share of each shape, and how long they are."""

    words: frozenset[str]
    shapes: Mapping[str, float]
    length: float


def _sketch(cells: Sequence[str | None]) -> _Sketch:
    said = [cell for cell in cells if cell is not None]
    drawn = said[:: max(1, len(said) // _SAMPLE)]
    shapes: dict[str, float] = {}
    for cell in drawn:
        shape = re.sub(r"[^\W\d_]+", "a", re.sub(r"\d", "9", cell))[:12]
        shapes[shape] = shapes.get(shape, 0) + 1 / len(drawn)
    length = float(np.mean([len(cell) for cell in drawn])) if drawn else 0.0
    return _Sketch(frozenset(word for cell in said for word in words(cell)), shapes, length)


def _alike(mine: _Sketch, theirs: _Sketch) -> float:
    """How alike two columns' values are, 0 to 1: shared words weigh as much as shared shapes."""
    if not mine.words or not theirs.words:
        return 0.0
    shared = len(mine.words & theirs.words) / min(len(mine.words), len(theirs.words))
    common = sum(min(share, theirs.shapes.get(key, 0.0)) for key, share in mine.shapes.items())
    longer = max(mine.length, theirs.length, 1e-9)
    return float(0.5 * shared + 0.3 * common + 0.2 * min(mine.length, theirs.length) / longer)


def _field(name: tuple[str, str], left: Sequence[str | None], right: Sequence[str | None]) -> Field:
    kind = _kind(left, right)
    single = right is left
    if kind == "date":
        left, right = _dates(left), _dates(right)
    elif kind == "number":
        left, right = [_number(cell) for cell in left], [_number(cell) for cell in right]
    elif kind == "code":
        left, right = [_squashed(cell) for cell in left], [_squashed(cell) for cell in right]
    return _encoded(name, kind, left, left if single else right)


def _encoded(name: tuple[str, str], kind: Kind, left: Sequence[str | None], right: Sequence[str | None]) -> Field:
    """Number the distinct values."""
    said = sorted({cell for side in (left, right) for cell in side if cell is not None})
    place: dict[str | None, int] = {text: number for number, text in enumerate(said)}
    place[None] = -1
    one = np.fromiter((place[cell] for cell in left), np.int64, len(left))
    other = one if right is left else np.fromiter((place[cell] for cell in right), np.int64, len(right))
    return Field(*name, kind, said, one, other)


def _kind(left: Sequence[str | None], right: Sequence[str | None]) -> Kind:
    said: list[str] = []
    for side in (left, right):
        full = [cell for cell in side if cell is not None]
        said += full[:: max(1, len(full) // _SAMPLE)]
    count = len(said)
    if sum(cell is not None for cell in _dates(said)) >= _MOST * count:
        return "date"
    numeric = sum(_number(cell) is not None for cell in said) >= _MOST * count
    lengths = {len(cell) for cell in said if cell.isdigit()}
    plain = sum(cell.isdigit() for cell in said) >= _MOST * count
    if numeric and not (plain and _one_length(said, lengths)):
        return "number"
    sizes = [len(cell.split()) for cell in said]
    digits = sum(any(map(str.isdigit, cell)) for cell in said) / count
    if float(np.mean(sizes)) >= _LONG and len(set(said)) > 0.2 * count:
        return "text"
    if digits >= 0.7 and float(np.mean([" " not in cell for cell in said])) >= _MOST:  # noqa: PLR2004
        return "code"
    return "name"


def _one_length(said: Sequence[str], lengths: set[int]) -> bool:
    """Whether numbers of several digits mostly have one length: codes, not amounts (years are amounts)."""
    if not lengths:
        return False
    common = max(lengths, key=lambda size: sum(len(cell) == size for cell in said))
    if common == 4 and np.mean([cell[:2] in {"18", "19", "20"} for cell in said]) > _MOST:  # noqa: PLR2004
        return False
    return common >= 3 and sum(len(cell) == common for cell in said) >= 0.7 * len(said)  # noqa: PLR2004


def _number(cell: str | None) -> str | None:
    """The number in a cell of currency signs and the like, as plain digits."""
    if cell is None:
        return None
    found = None if _DOTTED.fullmatch(cell) else _NUMBER.search(cell)
    if not found or not (_AROUND_NUMBER.fullmatch(cell[: found.start()]) and len(cell) - found.end() <= 5):  # noqa: PLR2004
        return None
    text = found.group()
    text = text.replace(",", ".") if re.fullmatch(r"-?\d+,\d{1,2}", text) else text.replace(",", "").replace(" ", "")
    return f"{float(text):.10g}"


def _squashed(cell: str | None) -> str | None:
    """A code without blanks and hyphens: one serial or MAC address is written in many ways; dots tell parts apart."""
    return None if cell is None else "".join(letter for letter in cell if letter.isalnum() or letter == ".")


def _dates(cells: Sequence[str | None]) -> list[str | None]:
    """Dates as YYYYMMDD; whether the day or the month comes first is told from the whole column."""
    parts = [None if cell is None else _XXY.fullmatch(cell) for cell in cells]
    first = sum(int(part[1]) > 12 for part in parts if part)  # noqa: PLR2004
    second = sum(int(part[2]) > 12 for part in parts if part)  # noqa: PLR2004
    return [
        _swapped(part, day_first=first > second) if part else _date(cell)
        for cell, part in zip(cells, parts, strict=True)
    ]


def _swapped(part: "re.Match[str]", *, day_first: bool) -> str | None:
    day, month = (part[1], part[2]) if day_first else (part[2], part[1])
    year = part[3] if len(part[3]) == 4 else ("19" if int(part[3]) > 30 else "20") + part[3]  # noqa: PLR2004
    return _checked(year, month, day)


def _date(cell: str | None) -> str | None:
    if cell is None:
        return None
    if found := _YMD.fullmatch(cell):
        return _checked(found[1], found[2], found[3])
    if (found := _NAMED.fullmatch(cell)) and found[2] in _MONTHS:
        return _checked(found[4], str(_MONTHS.index(found[2]) + 1), found[1] or found[3] or "1")
    return None


def _checked(year: str, month: str, day: str) -> str | None:
    """A date; digits that were mistyped so that it never was are kept, for they still agree with most."""
    right = 1000 <= int(year) <= 2200 and int(month) <= 39 and int(day) <= 39  # noqa: PLR2004
    return f"{year}{int(month):02d}{int(day):02d}" if right else None


def _made_up(first: list[list[str | None]], second: list[list[str | None]], *, only: bool) -> list[Field]:
    """All words of a row, whatever column they are in, and its part and model numbers."""
    left = [_joined(cells) for cells in zip(*first, strict=True)]
    right = left if second is first else [_joined(cells) for cells in zip(*second, strict=True)]
    found = [_encoded(("words", ""), "words", left, right)] if only else []
    codes = [_models(text) for text in left]
    others = codes if right is left else [_models(text) for text in right]
    told = [np.mean([code is not None for code in side]) for side in (codes, others)]
    return found + ([_encoded(("models", ""), "models", codes, others)] if min(told) > 0.2 else [])  # noqa: PLR2004


def _joined(cells: Sequence[str | None]) -> str | None:
    return " ".join(cell for cell in cells if cell is not None) or None


def _models(text: str | None) -> str | None:
    """Part and model numbers: letters mixed with digits, or long numbers; quantities are none."""
    found = set()
    for token in re.split(r"[\s,;()/\"'|:]+", text or ""):
        code = "".join(filter(str.isalnum, token))
        if len(code) > 24 or sum(map(str.isdigit, code)) < 2 or _QUANTITY.fullmatch(code):  # noqa: PLR2004
            continue
        if len(code) >= 5 or (len(code) >= 4 and not code.isdigit()):  # noqa: PLR2004
            found.add(code)
    return " ".join(sorted(found)) or None
