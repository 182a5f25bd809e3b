"""How alike the values of two tables' columns are: shared values, shared words, spelling, numbers, kinds.

`column_pairs` calls `compare`. Works on a bounded sample of the distinct values of each column, in sparse
matrices; never loops over rows.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from scipy import sparse

from muniment.matching import column_lexicon, detect
from muniment.matching.types import Profile

Floats = npt.NDArray[np.float64]

_LONGEST = 120
_MOST = 3000
"""Different values of a column that are compared: the most frequent, then those first in the alphabet."""

_TOGETHER, _SPELT, _FEWEST = 300_000, 50_000, 60
"""Values of all columns of a table together, those of them compared by spelling, and of one column at least."""

_CLOSE = 60
"""Most frequent values of a source column that are also compared by spelling and words."""

_SPECIAL = 5
_WORD = re.compile(r"[^\W_]+")
_CODE = re.compile(r"[^\W\d_]{2}[\dx]\w{0,4}")
"""A code with one letter before another's ("pT2" beside "T2")."""

_EMPTY = frozenset(
    {
        *("unknown", "not reported", "not available", "not applicable", "unspecified", "not specified", "na", "n a"),
        *(
            "none",
            "nan",
            "null",
            "tbd",
            "undefined",
            "missing",
            "not evaluated",
            "not allowed to collect",
            "not set",
            "",
        ),
    }
)
_QUANTILES = np.linspace(0.02, 0.98, 25)


@dataclass(frozen=True, slots=True)
class Values:
    """What is compared of one column: its distinct values, normalised, each with its share of the rows."""

    texts: tuple[str, ...]
    shares: Floats
    numbers: Floats
    kind: str


@dataclass(frozen=True, slots=True)
class Alike:
    """Likeness of values, source x target, 0 to 1.

    Attributes:
        known: share of the source's values that the target has too, rare values counting more.
        covers: share of the target's values that the source has.
        close: how like the likest value of the target is, over the source's values, by words and spelling.
        words: likeness of all words of the two columns.
        numbers: how far the ranges of the numbers overlap.
        spread: how alike the numbers are distributed within them.
        kinds: both are of one kind: numbers, dates, identifiers of one form, texts of one length.
        clash: they are of different kinds.
        unlisted: the source repeats a few words, the target has none though its table lists such values.
        told: the target's header is said in the source's values.
        telling: the source's header is said in the target's values.
        judged: both columns have values.
    """

    known: Floats
    covers: Floats
    close: Floats
    words: Floats
    numbers: Floats
    spread: Floats
    kinds: Floats
    clash: Floats
    unlisted: Floats
    told: Floats
    telling: Floats
    judged: Floats


def read(cells: pa.ChunkedArray, profile: Profile, limit: int = _MOST) -> Values:
    """The distinct values of one column, normalised, the most frequent first, at most `limit`."""
    text = pc.utf8_slice_codeunits(cells.cast(pa.string()), 0, _LONGEST)
    counted = pc.value_counts(text.drop_null())
    order = pc.sort_indices(
        pa.table({"n": counted.field("counts"), "v": counted.field("values")}),
        sort_keys=[("n", "descending"), ("v", "ascending")],
    )[:limit]
    shares: dict[str, float] = {}
    for value, count in zip(
        counted.field("values").take(order).to_pylist(), counted.field("counts").take(order).to_pylist(), strict=True
    ):
        plain = _plain(value)
        if plain not in _EMPTY:
            shares[plain] = shares.get(plain, 0.0) + count
    total = sum(shares.values()) or 1.0
    kind = _kind(profile)
    return Values(
        tuple(shares),
        np.array([share / total for share in shares.values()]),
        _numbers(text) if kind == "number" else np.array([]),
        kind if shares else "empty",
    )


def _plain(value: str) -> str:
    return " ".join(_WORD.findall(unicodedata.normalize("NFKC", value).casefold()))


def _kind(profile: Profile) -> str:
    kinds = profile.kinds
    if not profile.filled:
        return "empty"
    for kind, names in (("date", ("date", "datetime")), ("number", ("number", "size", "money"))):
        if max(kinds.get(name, 0.0) for name in names) >= 0.75:  # noqa: PLR2004
            return kind
    if profile.distinct <= max(12, 0.2 * profile.filled):
        return "listed"
    return "text"


def _numbers(text: pa.ChunkedArray) -> Floats:
    clean = pc.replace_substring_regex(text, r"[^\d.eE+-]", "")
    good = clean.filter(pc.match_substring_regex(clean, r"^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$"))
    return np.sort(good.cast(pa.float64()).to_numpy()[:100_000])


def compare(
    sources: Sequence[Values],
    targets: Sequence[Values],
    profiles: tuple[Sequence[Profile], Sequence[Profile]],
    headers: tuple[Sequence[str], Sequence[str]],
) -> Alike:
    """Compare the values of the columns of two tables.

    Args:
        sources: of one table.
        targets: of the other.
        profiles: of both.
        headers: of both.
    """
    filled = [np.array([float(held.kind != "empty") for held in part]) for part in (sources, targets)]
    judged = np.outer(*filled)
    known, covers = _shared(sources, targets)
    words = _all_words(sources, targets)
    numbers, spread = _overlap(sources, targets)
    kinds, clash = _kinds(sources, targets, profiles)
    listed = np.array([v.kind == "listed" for v in sources], float)[:, None]
    bare = np.array([v.kind == "empty" for v in targets], float)[None, :]
    lists = sum(v.kind in {"listed", "text"} for v in targets) / max(1, len(targets))
    return Alike(
        known=known,
        covers=covers,
        close=_close(sources, targets),
        words=words,
        numbers=numbers,
        spread=spread,
        kinds=kinds * judged,
        clash=clash * judged,
        unlisted=listed * bare * min(1.0, 2 * lists),
        told=_said(headers[1], sources).T,
        telling=_said(headers[0], targets),
        judged=judged,
    )


def most(sizes: Sequence[int], together: int = _TOGETHER) -> int:
    """How many values of each column are looked at, so that those of all columns are bounded.

    Args:
        sizes: how many different values each column has; what short columns leave is for the long ones.
        together: how many all columns may have.
    """
    left = together
    for place, size in enumerate(sorted(sizes)):
        share = left // (len(sizes) - place)
        if size > share:
            return min(_MOST, max(share, _FEWEST))
        left -= size
    return _MOST


def _bounded(columns: Sequence[Values], together: int) -> list[Values]:
    cut = most([len(held.texts) for held in columns], together)
    return [replace(held, texts=held.texts[:cut], shares=held.shares[:cut]) for held in columns]


def _grid(values: Sequence[Values], place: dict[str, int], *, shares: bool) -> sparse.csr_matrix:
    rows, columns, data = [], [], []
    for row, held in enumerate(values):
        for text, share in zip(held.texts, held.shares.tolist(), strict=True):
            number = place.get(text) if _tells(held, text) else None
            if number is not None:
                rows.append(row)
                columns.append(number)
                data.append(share if shares else 1.0)
    return sparse.csr_matrix((data, (rows, columns)), shape=(len(values), len(place)))


def _tells(held: Values, text: str) -> bool:
    """Whether two columns that both have a value share more than a small number."""
    return held.kind != "number" or len(text) >= _SPECIAL


def _shared(sources: Sequence[Values], targets: Sequence[Values]) -> tuple[Floats, Floats]:
    texts = sorted({text for held in (*sources, *targets) for text in held.texts if _tells(held, text)})
    place = {text: number for number, text in enumerate(texts)}
    mine, theirs = _grid(sources, place, shares=True), _grid(targets, place, shares=False)
    holders = np.asarray(theirs.sum(axis=0)).ravel()
    rarity = 1 / (1 + np.log1p(np.maximum(holders - 1, 0)))
    weighed = mine @ sparse.diags(rarity)
    total = np.asarray(weighed.sum(axis=1)).ravel()
    known = (weighed @ theirs.T).toarray() / np.maximum(total, 1e-9)[:, None]
    rare = theirs @ sparse.diags(rarity)
    size = np.asarray(rare.sum(axis=1)).ravel()
    covers = ((mine > 0).astype(float) @ rare.T).toarray() / np.maximum(size, 1e-9)[None, :]
    # what "yes" and "no" of one column are worth, where two hundred columns have them
    worth = np.minimum(1.0, total / np.maximum(np.asarray(mine.sum(axis=1)).ravel(), 1e-9))
    return known * worth[:, None], covers


def _grams(text: str) -> set[str]:
    words = text.split()
    grams = {f"={word}" for word in words}
    for word in words:
        if _CODE.fullmatch(word):
            grams.add(f"={word[1:]}")
        if len(word) <= 14 or len(words) == 1:  # noqa: PLR2004
            edged = f"{word}$" if len(word) > 1 else f"^{word}$"
            grams |= {edged[at : at + 3] for at in range(max(1, len(edged) - 2))}
    if len(words) > 1:
        grams.add("@" + "".join(word[0] for word in words))
    elif 2 <= len(text) <= 5:  # noqa: PLR2004
        grams.add("@" + text)
    return grams


def _close(sources: Sequence[Values], targets: Sequence[Values]) -> Floats:
    """Mean over the source's most frequent values of the cosine with the likest value of the target."""
    result = np.zeros((len(sources), len(targets)))
    targets = _bounded(targets, _SPELT)
    theirs = sorted({text for held in targets if held.kind != "number" for text in held.texts})
    if not theirs:
        return result
    mine = sorted({text for held in sources if held.kind != "number" for text in held.texts[:_CLOSE]})
    ours, yours = _vectors(mine, theirs)
    place = {text: number for number, text in enumerate(theirs)}
    own = {text: number for number, text in enumerate(mine)}
    owners = [np.array([place[text] for text in held.texts], np.int64) for held in targets if held.kind != "number"]
    columns = [number for number, held in enumerate(targets) if held.kind != "number" and held.texts]
    owners = [held for held in owners if len(held)]
    if not columns:
        return result
    flat = np.concatenate(owners)
    starts = np.cumsum([0, *map(len, owners)])[:-1]
    for row, held in enumerate(sources):
        if held.kind == "number" or not held.texts:
            continue
        shares = held.shares[:_CLOSE]
        alike = (ours[[own[text] for text in held.texts[:_CLOSE]]] @ yours).toarray()
        best = np.maximum.reduceat(alike[:, flat], starts, axis=1)
        best = np.where(best >= 0.3, best, 0.0)  # noqa: PLR2004
        result[row, columns] = shares @ best / shares.sum()
    return result


def _vectors(mine: Sequence[str], theirs: Sequence[str]) -> tuple[sparse.csr_matrix, sparse.csc_matrix]:
    bags = [_grams(text) for text in (*mine, *theirs)]
    place: dict[str, int] = {}
    for bag in bags:
        for gram in sorted(bag):
            place.setdefault(gram, len(place))
    counts = np.bincount([place[gram] for bag in bags for gram in bag], minlength=len(place))
    weight = np.log(1 + len(bags) / np.maximum(counts, 1))
    rows = np.repeat(np.arange(len(bags)), [len(bag) for bag in bags])
    columns = np.array([place[gram] for bag in bags for gram in bag], np.int64)
    grid = sparse.csr_matrix((weight[columns], (rows, columns)), shape=(len(bags), len(place)), dtype=np.float32)
    norm = np.sqrt(np.asarray(grid.multiply(grid).sum(axis=1)).ravel())
    grid = sparse.diags(1 / np.maximum(norm, 1e-9)) @ grid
    return grid[: len(mine)].tocsr(), grid[len(mine) :].T.tocsc()


def _all_words(sources: Sequence[Values], targets: Sequence[Values]) -> Floats:
    place: dict[str, int] = {}
    grids = []
    held = [_bag(values) for values in (*sources, *targets)]
    for bag in held:
        for word in bag:
            place.setdefault(word, len(place))
    counts = np.zeros(len(place))
    for bag in held:
        for word in bag:
            counts[place[word]] += 1
    rarity = np.log(1 + len(held) / np.maximum(counts, 1))
    for part in (held[: len(sources)], held[len(sources) :]):
        rows = [row for row, bag in enumerate(part) for _ in bag]
        columns = [place[word] for bag in part for word in bag]
        data = [np.sqrt(share) * rarity[place[word]] for bag in part for word, share in bag.items()]
        grid = sparse.csr_matrix((data, (rows, columns)), shape=(len(part), len(place)))
        norm = np.sqrt(np.asarray(grid.multiply(grid).sum(axis=1)).ravel())
        grids.append(sparse.diags(1 / np.maximum(norm, 1e-9)) @ grid)
    result: Floats = (grids[0] @ grids[1].T).toarray()
    return result


def _bag(values: Values) -> dict[str, float]:
    bag: dict[str, float] = {}
    if values.kind == "number":
        return bag
    for text, share in zip(values.texts[:500], values.shares.tolist(), strict=False):
        for word in set(text.split()):
            bag[word] = bag.get(word, 0.0) + share
    return bag


def _overlap(sources: Sequence[Values], targets: Sequence[Values]) -> tuple[Floats, Floats]:
    """Share of quantiles of each within the range of most of the other (the less of both), and how alike they lie."""
    result, spread = np.zeros((2, len(sources), len(targets)))
    mine = {n: np.quantile(v.numbers, _QUANTILES) for n, v in enumerate(sources) if len(v.numbers)}
    theirs = {n: np.quantile(v.numbers, _QUANTILES) for n, v in enumerate(targets) if len(v.numbers)}
    if theirs:
        others = np.stack(list(theirs.values()))
        for row, one in mine.items():
            forth = ((one >= others[:, :1]) & (one <= others[:, -1:])).mean(axis=1)
            back = ((others >= one[0]) & (others <= one[-1])).mean(axis=1)
            result[row, list(theirs)] = np.minimum(forth, back)
            below = np.stack([np.interp(one, other, _QUANTILES, left=0.0, right=1.0) for other in others])
            spread[row, list(theirs)] = np.maximum(0.0, 1 - 3 * np.abs(below - _QUANTILES).mean(axis=1))
    return result, spread


def _kinds(
    sources: Sequence[Values], targets: Sequence[Values], profiles: tuple[Sequence[Profile], Sequence[Profile]]
) -> tuple[Floats, Floats]:
    names = sorted(set(detect.DETECTORS) - {"label", "digit", "words"})
    grids = []
    for held in profiles:
        grid = np.array([[one.kinds.get(name, 0.0) for name in names] for one in held]).reshape(len(held), len(names))
        lengths = np.array([[np.log1p(one.lengths[1])] for one in held]).reshape(len(held), 1)
        grids.append((grid, lengths))
    (one, short), (other, long) = grids
    apart = np.abs(one[:, None, :] - other[None, :, :]).max(axis=2, initial=0.0)
    sizes = np.exp(-np.abs(short - long.T))
    broad = {"listed": "words", "text": "words"}
    clash = np.array(
        [[broad.get(a.kind, a.kind) != broad.get(b.kind, b.kind) for b in targets] for a in sources], float
    ).reshape(len(sources), len(targets))
    return (1 - apart) * (0.5 + 0.5 * sizes), clash


def _said(headers: Sequence[str], values: Sequence[Values]) -> Floats:
    """Headers x columns: the share of a header's words that say something and are said in the values."""
    weak = column_lexicon.lexicon().weak
    spoken = [
        {column_lexicon.stem(word) for text in held.texts[:300] for word in text.split()}
        if held.kind != "number"
        else set()
        for held in values
    ]
    result = np.zeros((len(headers), len(values)))
    for row, header in enumerate(headers):
        words = {column_lexicon.stem(word) for word in column_lexicon.read(header) if word not in weak}
        words = {word for word in words if len(word) > 2}  # noqa: PLR2004
        if words:
            result[row] = [len(words & said) / len(words) for said in spoken]
    return result
