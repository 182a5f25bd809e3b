"""Why two records are one thing, or are not: bits of evidence from what was expected to what was found.

Made by whoever scored the pair (`linkage`, `records`) and rendered here as text, JSON and SVG; the doors
show it. Pure and quick to load: it scores nothing, and knows neither records nor columns.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_SILENT = 0.05
"""Bits below which a comparison has said nothing: it is not in the match key."""

_CERTAIN = 60.0
"""Bits from which a probability is 1 or 0 in floating point, near enough."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one comparison adds: its name, what was compared in words, bits for (or, below zero, against)."""

    comparison: str
    compared: str
    bits: float


@dataclass(frozen=True, slots=True)
class Waterfall:
    """The evidence on a pair of records, summed in bits: log2 of how much likelier "same" is than "different".

    Attributes:
        left, right: the two records, as a person knows them.
        prior: bits before anything is compared.
        steps: what each comparison adds, in the order of the sum.
        threshold: bits from which the pair is a match.
        probability: that they are one thing, calibrated where the scorer can.
    """

    left: str
    right: str
    prior: float
    steps: tuple[Step, ...]
    threshold: float
    probability: float

    @property
    def total(self) -> float:
        """The sum of prior and steps, in bits."""
        return self.prior + sum(step.bits for step in self.steps)

    @property
    def accepted(self) -> bool:
        """Whether the sum reaches the threshold."""
        return self.total >= self.threshold

    @property
    def key(self) -> str:
        """What agrees and what differs, the strongest first: `+SERIAL +FQDN -SITE`."""
        return match_key([(step.comparison, step.bits) for step in self.steps])

    def as_json(self) -> dict[str, Any]:
        """An object of plain values: what JSON has, with bits rounded to a thousandth."""
        return {
            "left": self.left,
            "right": self.right,
            "prior": round(self.prior, 3),
            "steps": [
                {"comparison": step.comparison, "compared": step.compared, "bits": round(step.bits, 3)}
                for step in self.steps
            ],
            "total": round(self.total, 3),
            "threshold": round(self.threshold, 3),
            "probability": round(self.probability, 6),
            "accepted": self.accepted,
            "key": self.key,
        }

    def as_text(self, width: int = 100) -> str:
        """Lines of at most `width` signs (and never below 60): bits, a bar, the comparison, what was compared."""
        rows = [("before comparing", "", self.prior, 0.0)]
        reached = self.prior
        for step in self.steps:
            rows.append((step.comparison, step.compared, step.bits, reached))
            reached += step.bits
        low, high = self._reach()
        width = max(width, _NARROWEST)
        across = min(_BAR, width // 5)
        scale = (across - 1) / (high - low)
        names = min(max(len(name) for name, *_ in rows), _NAME)
        room = width - names - across - 13
        lines = [_cut(self.key, width) or "nothing was said on both sides that can be compared"]
        for name, compared, bits, start in rows:
            first, last = sorted((round((start - low) * scale), round((start + bits - low) * scale)))
            bar = " " * first + ("█" if bits > 0 else "░") * max(last - first, 1)
            shown = "·" if abs(bits) < _SILENT else ""
            lines.append(
                f"{bits:+7.1f}  {shown or bar:<{across}}  {_cut(name, names):<{names}}  {_cut(compared, room)}".rstrip()
            )
        verdict = "a match" if self.accepted else "no match"
        lines.append(
            f"{self.total:+7.1f}  bits in all, {abs(self.total - self.threshold):.1f} "
            f"{'above' if self.accepted else 'below'} the {self.threshold:.1f} of a match: "
            f"{verdict}, probability {_share(self.probability)}"
        )
        return "\n".join(lines)

    def as_svg(self) -> str:
        """A picture that stands alone: no script, no outside resource, every text escaped, light and dark."""
        rows = len(self.steps) + 2
        height = _TOP + rows * _ROW + _FOOT
        low, high = self._reach()
        scale = (_WIDTH - _PLOT - _NUMBERS) / (high - low)

        def place(bits: float) -> float:
            return _PLOT + (bits - low) * scale

        sides = " · ".join(_escaped(_cut(side, 44)) for side in (self.left, self.right))
        body = [
            f'<text class="title" x="{_MARGIN}" y="26">{sides}</text>',
            f'<text class="key" x="{_MARGIN}" y="46">{_escaped(_cut(self.key, 104))}</text>',
        ]
        for bits, name in ((0.0, "zero"), (self.threshold, "limit")):
            x = place(bits)
            body.append(f'<line class="{name}" x1="{x:.1f}" y1="{_TOP}" x2="{x:.1f}" y2="{_TOP + rows * _ROW}"/>')
        reached, y = 0.0, _TOP
        entries = [("before comparing", "", self.prior), *((s.comparison, s.compared, s.bits) for s in self.steps)]
        for name, compared, bits in entries:
            body += _bar(name, compared, bits, (place(reached), place(reached + bits)), y)
            reached += bits
            y += _ROW
        word = f"{self.total:+.1f} bits, {'a match' if self.accepted else 'no match'}"
        body += _bar("in all", word, self.total, (place(0.0), place(self.total)), y, total=True)
        body.append(
            f'<text class="limit-word" x="{place(self.threshold):.1f}" y="{y + _ROW + 16}" text-anchor="middle">'
            f"match from {self.threshold:.1f}</text>"
            f'<text class="said" x="{_MARGIN}" y="{y + _ROW + 16}">probability {_share(self.probability)}</text>'
        )
        title = f"Evidence on {self.left} and {self.right}"
        spoken = "; ".join(f"{name} {bits:+.1f} bits" for name, _, bits in entries)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" '
            f'height="{height}" role="img" aria-label="{_escaped(title)}"><title>{_escaped(title)}</title>'
            f"<desc>{_escaped(spoken)}; in all {_escaped(word)}</desc><style>{_STYLE}</style>"
            f'<rect class="page" width="{_WIDTH}" height="{height}"/>{"".join(body)}</svg>\n'
        )

    def _reach(self) -> tuple[float, float]:
        """The least and the most that the sum passes, threshold and zero included, with some air."""
        passed = [0.0, self.threshold, self.prior]
        reached = self.prior
        for step in self.steps:
            reached += step.bits
            passed.append(reached)
        low, high = min(passed), max(passed)
        air = max(high - low, 1.0) * 0.04
        return low - air, high + air


def as_picture(waterfalls: Sequence[Waterfall]) -> str:
    """Several waterfalls below each other in one picture that stands alone."""
    height, parts = 0, []
    for one in waterfalls:
        parts.append(one.as_svg().replace("<svg ", f'<svg y="{height}" ', 1).rstrip())
        height += _TOP + (len(one.steps) + 2) * _ROW + _FOOT
    if len(parts) == 1:
        return waterfalls[0].as_svg()
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}">'
        f"{''.join(parts)}</svg>\n"
    )


def probability(bits: float) -> float:
    """The probability that so many bits mean: 2^b / (1 + 2^b)."""
    if abs(bits) >= _CERTAIN:
        return 1.0 if bits > 0 else 0.0
    return 1 / (1 + math.exp2(-bits))


def match_key(found: Sequence[tuple[str, float]]) -> str:
    """The match key of comparisons (name, bits): what agrees, then what differs, the strongest first."""
    told = sorted((pair for pair in found if abs(pair[1]) >= _SILENT), key=lambda pair: (-abs(pair[1]), pair[0]))
    signed = [(name, "+" if bits > 0 else "-") for name, bits in told]
    ordered = [item for item in signed if item[1] == "+"] + [item for item in signed if item[1] == "-"]
    return " ".join(f"{sign}{name.upper().replace(' ', '_')}" for name, sign in ordered)


def _share(value: float) -> str:
    """A probability in words that do not claim more than is known."""
    return "above .999" if value > 0.999 else "below .001" if value < 0.001 else f"{value:.3f}".lstrip("0")  # noqa: PLR2004


def _cut(text: str, letters: int) -> str:
    clean = "".join(sign if sign.isprintable() else "�" for sign in text)
    return clean if len(clean) <= letters else clean[: max(letters - 1, 0)] + "…"


def _escaped(text: str) -> str:
    """Safe in XML, as text and in an attribute; signs that XML does not allow are replaced."""
    clean = "".join(sign if sign.isprintable() else "�" for sign in text)
    signs = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}
    return "".join(signs.get(sign, sign) for sign in clean)


_BAR, _NAME, _NARROWEST = 24, 20, 60
_WIDTH, _MARGIN, _PLOT, _NUMBERS, _TOP, _ROW, _FOOT = 840, 16, 400, 64, 62, 26, 36
_LEFT_LETTERS, _WORDS_AT, _WORDS_LETTERS = 18, 136, 38
_STYLE = (
    ".page{fill:#fff}text{font:13px system-ui,sans-serif;fill:#1c2430}.title{font-size:15px;font-weight:600}"
    ".key,.said{fill:#4a5566}.key{font-family:ui-monospace,monospace;font-size:12px}"
    ".words,.limit-word{fill:#5d6878;font-size:12px}.for{fill:#2b7a4b}.against{fill:#b3402e}"
    ".in-all{fill:#3a5fa8}.zero{stroke:#c3cad4;fill:#c3cad4}.limit{stroke:#3a5fa8;stroke-dasharray:4 3}"
    "@media (prefers-color-scheme:dark){.page{fill:#14181f}text{fill:#e4e8ee}.key,.said{fill:#aab4c2}"
    ".words,.limit-word{fill:#9aa5b4}.for{fill:#57b67f}.against{fill:#e0735f}.in-all{fill:#7fa3ea}"
    ".zero{stroke:#3c4654;fill:#3c4654}.limit{stroke:#7fa3ea}}"
)


def _bar(
    name: str, compared: str, bits: float, ends: tuple[float, float], y: float, *, total: bool = False
) -> list[str]:
    first, last = sorted(ends)
    colour = "in-all" if total else "zero" if abs(bits) < _SILENT else "for" if bits > 0 else "against"
    words = f"{_escaped(_cut(compared, _WORDS_LETTERS))}<title>{_escaped(compared)}</title>"
    return [
        f'<text x="{_MARGIN}" y="{y + 17}">{_escaped(_cut(name, _LEFT_LETTERS))}</text>',
        f'<text class="words" x="{_WORDS_AT}" y="{y + 17}">{words}</text>',
        f'<rect class="{colour}" x="{first:.1f}" y="{y + 5}" width="{max(last - first, 1.5):.1f}" height="16" rx="2"/>',
        f'<text x="{last + 6:.1f}" y="{y + 17}">{bits:+.1f}</text>',
    ]
