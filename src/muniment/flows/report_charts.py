"""Charts of a report as SVG drawn here: bars, stacked bars, small multiples. No script, no outside resource.

Called by the page's template. Every text is escaped; each chart has a title and a description, and its
colours are classes, so that the page's light, dark and printed looks apply.
"""

from collections.abc import Sequence
from itertools import count
from typing import NamedTuple

from markupsafe import Markup

_WIDTH = 720
_LABEL = 190
_ROW = 26
_BAR = 16
_NUMBER = 70
_LETTERS = 28
_numbers = count(1)


class Part(NamedTuple):
    """A stretch of a stacked bar: its class (colour), its word, how much."""

    colour: str
    word: str
    value: int


def _cut(text: str, letters: int = _LETTERS) -> str:
    return text if len(text) <= letters else text[: letters - 1] + "…"


def _frame(title: str, description: str, width: int, height: int, body: Markup) -> Markup:
    number = next(_numbers)
    return Markup(
        '<svg class="chart" viewBox="0 0 {w} {h}" role="img" aria-labelledby="c{n}t c{n}d">'
        '<title id="c{n}t">{title}</title><desc id="c{n}d">{description}</desc>{body}</svg>'
    ).format(w=width, h=height, n=number, title=title, description=description, body=body)


def stacked(title: str, rows: Sequence[tuple[str, Sequence[Part]]], *, share: bool = False) -> Markup:
    """Horizontal bars in parts, one row per label; all as wide as the sum where `share`, else to one scale."""
    longest = max((sum(part.value for part in parts) for _, parts in rows), default=0) or 1
    space = _WIDTH - _LABEL - _NUMBER
    body = []
    for place, (label, parts) in enumerate(rows):
        y = place * _ROW
        total = sum(part.value for part in parts)
        scale = space / ((total or 1) if share else longest)
        body.append(
            Markup('<text class="label" x="{x}" y="{y}" text-anchor="end">{short}<title>{label}</title></text>').format(
                x=_LABEL - 10, y=y + 17, short=_cut(label), label=label
            )
        )
        x = float(_LABEL)
        for part in parts:
            width = part.value * scale
            if not part.value:
                continue
            body.append(
                Markup(
                    '<rect class="{colour}" x="{x:.1f}" y="{y}" width="{w:.1f}" height="{h}">'
                    "<title>{label}: {value:,} {word}</title></rect>"
                ).format(
                    colour=part.colour,
                    x=x,
                    y=y + 5,
                    w=max(width - 1, 1),
                    h=_BAR,
                    label=label,
                    value=part.value,
                    word=part.word,
                )
            )
            x += width
        number = Markup('<text class="number" x="{x:.1f}" y="{y}">{total:,}</text>')
        body.append(number.format(x=x + 6, y=y + 17, total=total))
    spoken = "; ".join(
        f"{label}: " + ", ".join(f"{part.value:,} {part.word}" for part in parts if part.value) for label, parts in rows
    )
    return _frame(title, spoken, _WIDTH, max(len(rows), 1) * _ROW + 4, Markup("").join(body))


def legend(parts: Sequence[tuple[str, str]]) -> Markup:
    """What the colours mean: (class, word)."""
    key = Markup(
        '<span class="key"><svg viewBox="0 0 10 10" aria-hidden="true">'
        '<rect class="{colour}" width="10" height="10"/></svg>{word}</span>'
    )
    items = (key.format(colour=colour, word=word) for colour, word in parts)
    return Markup('<p class="legend">{}</p>').format(Markup(" ").join(items))


_LIMITS = (90, 70, 40, 1)


def share(part: int, whole: int) -> Markup:
    """A cell of small multiples: a bar of a share with its number."""
    exact = 100 * part / whole if whole else 0
    percent = round(exact) if exact in {0, 100} else min(max(round(exact), 1), 99)
    band = next((4 - place for place, limit in enumerate(_LIMITS) if percent >= limit), 0)
    return Markup(
        '<svg class="cell" viewBox="0 0 64 10" aria-hidden="true"><rect class="rest" width="64" height="10" rx="1"/>'
        '<rect class="band{band}" width="{w:.1f}" height="10" rx="1"/></svg><span class="percent">{percent} %</span>'
    ).format(band=band, w=0.64 * percent, percent=percent)
