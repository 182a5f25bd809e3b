"""Tables of many kinds, made from a seed, whose pairs are known: what `records.py` shows besides real data.

No column tells which rows are one thing. Tables of these kinds, of other words and seeds, were looked at while the
way of learning weights was chosen; on tracks of albums an earlier one failed.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

Row = dict[str, str]
Made = tuple[list[Row], list[Row] | None, set[tuple[int, int]]]

_PARTS = (
    "ba",
    "den",
    "ko",
    "lu",
    "mar",
    "ni",
    "os",
    "pe",
    "ri",
    "sa",
    "tor",
    "ul",
    "ven",
    "wi",
    "ya",
    "zel",
    "an",
    "ek",
)
_TOWNS = tuple(
    f"{a}{b}" for a in ("nor", "sud", "est", "wes", "ober", "alt") for b in ("ham", "burg", "stad", "field", "ville")
)
_KINDS = ("thai", "french", "grill", "pizza", "sushi", "cafe", "vegan")


def _word(draw: random.Random, parts: int) -> str:
    return "".join(draw.choice(_PARTS) for _ in range(parts)).title()


def _person(draw: random.Random) -> Row:
    year, month, day = draw.randint(1935, 2005), draw.randint(1, 12), draw.randint(1, 28)
    return {
        "first": _word(draw, 2), "last": _word(draw, draw.choice((2, 3))), "born": f"{year}-{month:02d}-{day:02d}",
        "street": f"{draw.randint(1, 200)} {_word(draw, 2)} Street", "town": draw.choice(_TOWNS),
        "phone": f"{draw.randint(200, 999)}-{draw.randint(1000000, 9999999)}",
    }  # fmt: skip


def _slip(text: str, draw: random.Random) -> str:
    if len(text) < 3:
        return text
    at = draw.randrange(len(text) - 1)
    return draw.choice(
        (
            text[:at] + text[at + 1 :],
            text[:at] + text[at + 1] + text[at] + text[at + 2 :],
            text[:at] + "x" + text[at + 1 :],
        )
    )


def _dirty(row: Row, draw: random.Random, slips: float = 0.2, missing: float = 0.1) -> Row:
    return {
        name: "" if draw.random() < missing else _slip(cell, draw) if draw.random() < slips else cell
        for name, cell in row.items()
    }


def _shuffled(rows: list[tuple[int, Row]], draw: random.Random) -> Made:
    draw.shuffle(rows)
    groups = defaultdict[int, list[int]](list)
    for place, (thing, _) in enumerate(rows):
        groups[thing].append(place)
    same = {(a, b) for group in groups.values() for at, a in enumerate(group) for b in group[at + 1 :]}
    return [row for _, row in rows], None, same


def _people(count: int, seed: int, copies: tuple[int, ...], slips: float = 0.2, missing: float = 0.1) -> Made:
    draw = random.Random(seed)  # noqa: S311
    rows: list[tuple[int, Row]] = []
    for thing in range(count):
        row = _person(draw)
        rows += [(thing, row)] + [(thing, _dirty(row, draw, slips, missing)) for _ in range(draw.choice(copies) - 1)]
    return _shuffled(rows, draw)


def _linked(count: int, seed: int, *, shared: float, again: float = 0.0, more: int = 0) -> Made:
    """Two lists of people: other headers, order of columns and form of dates; `again`: listed twice on the right."""
    draw = random.Random(seed)  # noqa: S311
    left: list[tuple[int, Row]] = []
    right: list[tuple[int, Row]] = []
    for thing in range(count):
        row = _person(draw)
        both = draw.random() < shared
        mine = both or draw.random() < 0.5
        if mine:
            left.append((thing, row))
        if both or not mine:
            right += [(thing, _turned(_dirty(row, draw), draw)) for _ in range(2 if draw.random() < again else 1)]
    right += [(count + number, _turned(_person(draw), draw)) for number in range(more)]
    draw.shuffle(left)
    draw.shuffle(right)
    places = defaultdict[int, list[int]](list)
    for place, (thing, _) in enumerate(right):
        places[thing].append(place)
    same = {(place, other) for place, (thing, _) in enumerate(left) for other in places[thing]}
    return [row for _, row in left], [row for _, row in right], same


def _turned(row: Row, draw: random.Random) -> Row:
    born = ".".join(reversed(row["born"].split("-")))
    return {
        "nr": str(draw.randint(10**7, 10**8)), "nachname": row["last"].upper(), "vorname": row["first"],
        "tel": row["phone"],
        "geboren": born, "ort": row["town"], "anschrift": row["street"].replace("Street", "St."),
    }  # fmt: skip


def _guide(seed: int) -> Made:
    draw = random.Random(seed)  # noqa: S311
    rows: list[tuple[int, Row]] = []
    for thing in range(800):
        town = thing % 4
        row = {
            "name": f"{_word(draw, 2)} {draw.choice(('bar', 'house', 'room', ''))}".strip(),
            "address": f"{draw.randint(1, 400)} {draw.choice(('elm', 'high', 'mill', 'park'))} street",
            "city": _TOWNS[town], "phone": f"{310 + town}/555-{draw.randint(1000, 9999)}", "kind": draw.choice(_KINDS),
        }  # fmt: skip
        rows.append((thing, row))
        if thing % 8 == 0:
            changed = {**row, "name": _slip(row["name"], draw), "phone": row["phone"].replace("/", "-"), "kind": "food"}
            rows.append((thing, changed))
    return _shuffled(rows, draw)


def _albums(seed: int) -> Made:
    draw = random.Random(seed)  # noqa: S311
    rows: list[tuple[int, Row]] = []
    for album in range(150):
        artist, title, year = f"The {_word(draw, 2)}s", f"{_word(draw, 2)} {_word(draw, 1)}", draw.randint(1965, 2015)
        for track in range(1, 9):
            song = " ".join(_word(draw, draw.choice((1, 2))) for _ in range(draw.choice((1, 2, 3))))
            row = {"title": song, "artist": artist, "album": title, "track": str(track), "year": str(year)}
            rows.append((album * 10 + track, row))
            for _ in range(draw.choice((0, 0, 1, 2))):
                form = draw.choice((f"{song} (Live)", f"{track:02d} - {song}", song.lower(), _slip(song, draw)))
                album_ = draw.choice((title, f"{title} (Remastered)", ""))
                other = {**row, "title": form, "album": album_, "year": draw.choice((str(year), ""))}
                rows.append((album * 10 + track, other))
    return _shuffled(rows, draw)


def _one_column(seed: int) -> Made:
    draw = random.Random(seed)  # noqa: S311
    names = [
        f"{_word(draw, 2)} {_word(draw, 2)} {draw.choice(('Steel', 'Foods', 'Bank', 'Media'))}" for _ in range(600)
    ]
    forms = (("Ltd", "Limited"), ("Inc", "Incorporated"), ("GmbH", "Gmbh"))
    left = [{"company": f"{name} {forms[at % 3][0]}"} for at, name in enumerate(names[:400])]
    right = [
        {"firm": f"{_slip(name, draw) if at % 4 == 0 else name} {forms[at % 3][1]}"} for at, name in enumerate(names)
    ]
    return left, right[200:], {(at, at - 200) for at in range(200, 400)}


def _cyrillic(seed: int) -> Made:
    draw = random.Random(seed)  # noqa: S311
    letters = [chr(code) for code in range(0x0430, 0x0450)]
    rows: list[tuple[int, Row]] = []
    for thing in range(800):
        row = {
            "имя": "".join(draw.choices(letters, k=5)).title(), "фамилия": "".join(draw.choices(letters, k=7)).title(),
            "дата рождения": f"{draw.randint(1, 28):02d}.{draw.randint(1, 12):02d}.{draw.randint(1940, 2004)}",
            "паспорт": str(draw.randint(10**9, 10**10)),
        }  # fmt: skip
        rows += [(thing, row)] + [(thing, _dirty(row, draw)) for _ in range(draw.choice((0, 0, 1, 2)))]
    return _shuffled(rows, draw)


MADE: Mapping[str, Callable[[], Made]] = {
    "people, nothing twice": lambda: _people(2000, 1, (1,)),
    "people, one to three times": lambda: _people(1000, 2, (1, 1, 2, 3)),
    "people, five to fifteen times": lambda: _people(150, 3, tuple(range(5, 16))),
    "people, half of the cells empty": lambda: _people(1000, 4, (1, 1, 2, 3), 0.1, 0.5),
    "people in Cyrillic": lambda: _cyrillic(5),
    "a guide of four towns": lambda: _guide(6),
    "tracks of albums": lambda: _albums(7),
    "two lists, other headers and dates": lambda: _linked(1500, 8, shared=0.6),
    "two lists, every tenth twice on the right": lambda: _linked(1000, 9, shared=0.6, again=0.1),
    "two lists, all twice on the right": lambda: _linked(800, 10, shared=0.6, again=1.0),
    "two lists, nothing in common": lambda: _linked(2000, 11, shared=0.0),
    "60 rows and 8,000": lambda: _linked(100, 12, shared=0.6, more=8000),
    "names of companies alone": lambda: _one_column(13),
    "50,000 people": lambda: _people(30_000, 14, (1, 1, 2, 3)),
}


def as_task(name: str, task: Any) -> Any:
    """A made table as a task of `records`."""
    left, right, same = MADE[name]()
    return task(left, right, same)
