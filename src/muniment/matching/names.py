"""Headers as words: tokens, units, abbreviations, and how near each header is to each target's names.

`columns` calls `NameIndex.compare`; memory keeps learned pairs under `name_key`. Headers are hostile text:
they are cut before anything else, and everything here is linear in what is left.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from rapidfuzz import fuzz, process

from muniment.matching.types import Target
from muniment.matching.words import ABBREVIATIONS, ENTITIES, GLUE, ONLY_IN_BRACKETS, UNITS

_LONGEST = 160
"""Characters of a header that are read; and tokens longer than `_LONG_TOKEN` are not taken apart."""
_LONG_TOKEN = 40

_KNOWN = 0.9
"""Above this level a header is the very name of a target."""

_CUSTOM = ("u",)
"""What ServiceNow puts before the columns that its users add ("u_cost_center")."""

_WHOLE = re.compile(
    r"(?i:ipv[46]|vmware|esxi|vcenter|vcpus?|vram|macos|idrac|ilo|netbios|fqdns?|[kmgtp]i?b|[kmg]hz)"
    r"(?![a-z])"
)
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])(?![A-Z]s(?![a-z]))|(?<=[A-Za-z]{3})(?<!ipv)(?=\d)")
_BRACKETS = re.compile(r"[(\[{]([^)\]}]{0,40})[)\]}]")
_WORD = re.compile(r"[^\W_]+|[%$€£#]")
_STEPS = re.compile(r"->|:|\.(?=\S)|(?<=\S)[/@\]](?=\S)")
_SINGULAR_END = re.compile(r"(?<=[^\Wsiuo_])s$")


@dataclass(frozen=True, slots=True)
class Header:
    """A header taken apart: its words, the words of its last path step, its units, all lower-cased."""

    words: tuple[str, ...]
    leaf: tuple[str, ...]
    units: tuple[str, ...]
    numbered: bool


@lru_cache(maxsize=8192)
def read(name: str) -> Header:
    """Take a header apart; a header of punctuation only has no words."""
    text = unicodedata.normalize("NFKC", name[:_LONGEST])[:_LONGEST]
    text = "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
    steps = [step for step in _STEPS.split(text) if _WORD.search(step)]
    words, units, numbered = _words(text)
    leaf = _words(steps[-1])[0] if len(steps) > 1 else words
    return Header(words, leaf, units, numbered)


def _words(text: str) -> tuple[tuple[str, ...], tuple[str, ...], bool]:
    """Split text into words, units and whether it ends in a number that only counts ("Network #1")."""
    units: list[str] = []

    def unit_out(match: re.Match[str]) -> str:
        inside = match[1].strip().casefold()
        if inside in UNITS:
            units.append(inside)
            return " "
        return f" {match[1]} "

    text = _WHOLE.sub(lambda match: f" {match[0].lower()} ", _BRACKETS.sub(unit_out, text))
    words = [word.casefold() for word in _WORD.findall(_HUMP.sub(" ", text))]
    counting = len(words) > 1 and words[0] in {"number", "num", "nr", "no"} and words[1] != "id"
    if counting or words[:1] == ["#"]:
        words[0] = "count"
    words = ["number" if word == "#" else word for word in words]
    while len(words) > 1 and words[-1] in UNITS and words[-1] not in ONLY_IN_BRACKETS:
        units.append(words.pop())
    if len(words) > 1 and "%" in words:
        units.append("%")
        words = [word for word in words if word != "%"]
    numbered = len(words) > 1 and words[-1].isdecimal()
    if numbered:
        words.pop()
        if len(words) > 1 and words[-1] == "number":
            words.pop()
    return tuple(words), tuple(units), numbered


def name_key(name: str) -> str:
    """Return the form of a header under which pairs are learned.

    Tokens lower-cased, camelCase split, units, punctuation and a counting number left out: "Memory (MB)",
    "memory_GiB" and "Memory" share one key. A header without words is kept as it is.
    """
    return " ".join(read(name).words) or name[:_LONGEST].strip().casefold()


def families(units: Iterable[str]) -> frozenset[str]:
    """Return the unit families that units belong to; unknown units belong to none."""
    return frozenset(family for unit in map(str.casefold, units) for family in UNITS.get(unit, "").split())


def _expand(words: Iterable[str]) -> tuple[str, ...]:
    full: list[str] = []
    for word in words:
        known = ABBREVIATIONS.get(word)
        if known is None and len(word) > 3:  # noqa: PLR2004
            word = _SINGULAR_END.sub("", word)  # noqa: PLW2901
            known = ABBREVIATIONS.get(word)
        elif known is None and word in {"cpus", "ids", "oss", "vms", "nics"}:
            word = word[:-1]  # noqa: PLW2901
        full += (known or word).split()
    return tuple(full)


def _bag(words: Iterable[str]) -> frozenset[str]:
    return frozenset(words) - GLUE


@dataclass(frozen=True, slots=True)
class Names:
    """How near headers are to targets; arrays are headers x targets (`specific`: headers x 1), 0 to 1.

    Attributes:
        exact: the same name: 1 letter for letter, less when abbreviations, order or plurals differ.
        specific: how much the words of the header tell: 0 one word of many targets, 1 two rare words.
        own: the exact match is with the target's own name or label, not with a synonym.
        early: where among its synonyms the exactly matching one stands: 1 the first, less later.
        near: the same words after words that say whose attribute it is are left out.
        leaf: the last step of a path is a name of the target ("devices.sda.model").
        words: overlap of words, weighted by how rare a word is among the targets (soft Dice).
        letters: similarity of the letters, for misspellings.
    """

    exact: npt.NDArray[np.float64]
    specific: npt.NDArray[np.float64]
    own: npt.NDArray[np.float64]
    early: npt.NDArray[np.float64]
    near: npt.NDArray[np.float64]
    leaf: npt.NDArray[np.float64]
    words: npt.NDArray[np.float64]
    letters: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Form:
    target: int
    own: bool
    early: float
    text: str
    words: tuple[str, ...]
    full: tuple[str, ...]


class NameIndex:
    """All names of a list of targets, ready to be compared with headers; immutable once made."""

    def __init__(self, targets: Sequence[Target]) -> None:
        """Index the name, label and synonyms of each target."""
        self._targets = len(targets)
        self._multi = np.array([target.multi for target in targets])
        self._forms: list[_Form] = []
        for place, target in enumerate(targets):
            seen = set()
            for rank, text in enumerate((target.name, target.label, *target.synonyms)):
                words = read(text).words
                if words not in seen and (words or not rank):
                    seen.add(words)
                    own = rank < 2  # noqa: PLR2004
                    early = 1.0 / (1.0 + max(0, rank - 2) / 4)
                    self._forms.append(_Form(place, own, early, text, words, _expand(words)))
        self._by_target: list[list[_Form]] = [[] for _ in targets]
        for form in self._forms:
            self._by_target[form.target].append(form)
        self._exact: dict[str, dict[int, tuple[float, int]]] = {}
        self._near: dict[str, dict[int, tuple[float, int]]] = {}
        for number, form in enumerate(self._forms):
            for key, level in _keys(form.words, form.full):
                _note(self._exact, key, form.target, level, number)
            for key, level in _near_keys(form.full):
                _note(self._near, key, form.target, level, number)
        frequency: dict[str, set[int]] = {}
        for form in self._forms:
            for word in _bag(form.full):
                frequency.setdefault(word, set()).add(form.target)
        self._vocabulary = {word: place for place, word in enumerate(sorted(frequency))}
        self._long = [word for word in sorted(frequency) if len(word) >= 5]  # noqa: PLR2004
        share = [len(frequency[word]) for word in sorted(frequency)]
        top = np.log1p(max(1, self._targets))
        self._rarity = np.maximum(top - np.log(np.array(share, np.float64)), 0.3)
        self._unknown = float(top)
        self._grid = np.zeros((len(self._forms), len(share)), np.float32)
        for number, form in enumerate(self._forms):
            for word in _bag(form.full):
                self._grid[number, self._vocabulary[word]] = 1.0
        self._letters = ["".join(form.full) for form in self._forms]
        owners = np.array([form.target for form in self._forms], np.int64)
        self._starts = np.searchsorted(owners, np.arange(self._targets))
        self._known = frozenset(frequency) | ABBREVIATIONS.keys()

    def words_of(self, header: str) -> tuple[str, ...]:
        """Return the expanded words of a header, words run together taken apart where all are known."""
        return self._full(read(header).words)

    def _full(self, words: Iterable[str]) -> tuple[str, ...]:
        full = []
        for word in _expand(words):
            if word in self._vocabulary or not 5 <= len(word) <= _LONG_TOKEN:  # noqa: PLR2004
                full.append(word)
            else:
                full += _expand(self._split(word))
        return tuple(full)

    def _split(self, word: str) -> Sequence[str]:
        """Split a word into the fewest known words of two letters or more; itself where that fails."""
        best: list[tuple[str, ...] | None] = [(), *[None] * len(word)]
        for end in range(2, len(word) + 1):
            for start in range(max(0, end - 16), end - 1):
                before = best[start]
                if before is not None and word[start:end] in self._known:
                    now = (*before, word[start:end])
                    held = best[end]
                    if held is None or len(now) < len(held):
                        best[end] = now
        return best[-1] or (word,)

    def compare(self, headers: Sequence[str], things: Sequence[AbstractSet[str]] = ()) -> Names:
        """Compare headers with all targets.

        Args:
            headers: the headers of one table.
            things: per header, words for what its table lists: "Version" of databases may be the
                database version. None by default.
        """
        shape = (len(headers), self._targets)
        exact, own, early, near, leaf = (np.zeros(shape) for _ in range(5))
        shared = self._shared_starts([read(header).words for header in headers])
        bags: list[frozenset[str]] = []
        for row, header in enumerate(headers):
            parts = read(header)
            bags.append(_bag(self._full(parts.words)))
            into = (exact[row], own[row], early[row], near[row])
            self._look_up(parts.words, 1.0, into)
            for start in shared:
                if len(parts.words) > len(start) and parts.words[: len(start)] == start:
                    self._look_up(parts.words[len(start) :], 0.95, into)
            whole = own[row].max(initial=0.0) > _KNOWN  # "name" needs no completion to "instance name"
            for thing in things[row] if things and not whole else ():
                if thing in self._vocabulary:
                    self._look_up((thing, *parts.words), 0.9, into)
            if parts.numbered:  # one of several values of the same thing
                exact[row] *= np.where(self._multi, 0.97, 0.8)
            if parts.leaf != parts.words:
                unused = tuple(np.zeros((3, self._targets)))
                self._look_up(parts.leaf, 1.0, (leaf[row], *unused))
        specific = np.array([[self._telling(bag)] for bag in bags])
        return Names(exact, specific, own, early, near, leaf, *self._fuzzy(headers, bags))

    def _telling(self, bag: frozenset[str]) -> float:
        known = [self._rarity[self._vocabulary[word]] for word in bag if word in self._vocabulary]
        return float(min(1.0, sum(known) / (2 * self._unknown)))

    def _look_up(self, words: tuple[str, ...], level: float, into: tuple[npt.NDArray[np.float64], ...]) -> None:
        exact, own, early, near = into
        full = self._full(words)
        for key, quality in _keys(words, full):
            for target, (held, number) in self._exact.get(key, {}).items():
                score = level * min(quality, held)
                exact[target] = max(exact[target], score)
                early[target] = max(early[target], self._forms[number].early * score)
                if self._forms[number].own:
                    own[target] = max(own[target], score)
        for key, quality in _near_keys(full):
            for target, (held, _) in self._near.get(key, {}).items():
                near[target] = max(near[target], level * min(quality, held))

    def _shared_starts(self, headers: Sequence[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
        """Return what many headers of a table start with: "ansible", "v info", "server"; and `_CUSTOM`.

        A start of unknown words needs five headers and a twentieth of them; a start that means something
        ("server name", "server os") needs three fifths of them.
        """
        found = []
        for size in (1, 2):
            counts = Counter(words[:size] for words in headers if len(words) > size)
            for start, count in counts.items():
                unknown = not any(word in self._vocabulary for word in _expand(start))
                if count >= max(5, (0.05 if unknown else 0.6) * len(headers)):
                    found.append(start)
        return (_CUSTOM, *sorted(found))

    def _fuzzy(
        self, headers: Sequence[str], bags: Sequence[frozenset[str]]
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        grid = np.zeros((len(bags), len(self._vocabulary)), np.float32)
        weight = np.zeros(len(bags))
        for row, bag in enumerate(bags):
            for word in bag:
                place, likeness = self._nearest(word)
                if place < 0:
                    weight[row] += self._unknown
                else:
                    weight[row] += self._rarity[place]
                    grid[row, place] = likeness
        inside = (grid * self._rarity.astype(np.float32)) @ self._grid.T
        size = self._grid @ self._rarity
        dice = 2 * inside / np.maximum(weight[:, None] + size[None, :], 1e-9)
        letters = process.cdist(
            ["".join(self.words_of(header))[:64] for header in headers],
            self._letters,
            scorer=fuzz.ratio,
            score_cutoff=60,
        )
        return self._best(dice), self._best(letters / 100.0)

    def _nearest(self, word: str) -> tuple[int, float]:
        """Find the known word a word is or is misspelt from: its place and likeness, or -1 and 0."""
        place = self._vocabulary.get(word)
        if place is not None:
            return place, 1.0
        if not 5 <= len(word) <= _LONG_TOKEN:  # noqa: PLR2004
            return -1, 0.0
        found = process.extractOne(word, self._long, scorer=fuzz.ratio, score_cutoff=84)
        return (self._vocabulary[found[0]], found[1] / 100.0) if found else (-1, 0.0)

    def _best(self, scores: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
        if not self._forms:
            return np.zeros((len(scores), self._targets))
        result: npt.NDArray[np.float64] = np.maximum.reduceat(scores.astype(np.float64), self._starts, axis=1)
        return result

    def said(self, header: str, target: int) -> str:
        """Return the name of a target that is nearest to a header, as the model wrote it."""
        letters = "".join(self.words_of(header))[:64]
        return max(self._by_target[target], key=lambda form: (fuzz.ratio(letters, "".join(form.full)), form.own)).text


@lru_cache(maxsize=16)
def index(targets: tuple[Target, ...]) -> NameIndex:
    """Return the name index of targets, made once per list."""
    return NameIndex(targets)


def _keys(words: tuple[str, ...], full: tuple[str, ...]) -> tuple[tuple[str, float], ...]:
    if not words:
        return ()
    return (
        ("=" + "".join(words), 1.0),
        ("~" + "".join(full), 0.98),
        ("&" + " ".join(sorted(_bag(full))), 0.92),
    )


def _near_keys(full: tuple[str, ...]) -> tuple[tuple[str, float], ...]:
    bag = _bag(full)
    core = bag - ENTITIES
    return ((" ".join(sorted(core)), 1.0),) if core else ()


def _note(table: dict[str, dict[int, tuple[float, int]]], key: str, target: int, level: float, number: int) -> None:
    held = table.setdefault(key, {}).get(target)
    if held is None or level > held[0]:
        table[key][target] = (level, number)


def closest(name: str, known: Sequence[str], most: int = 3) -> tuple[str, ...]:
    """The known names that are spelt most like `name`, best first; for "did you mean"."""
    from rapidfuzz import fuzz, process

    found = process.extract(name[:200], known, scorer=fuzz.WRatio, limit=most, score_cutoff=60)
    return tuple(str(match) for match, _, _ in found)
