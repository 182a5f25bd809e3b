"""Tables of claims with known truth, each hard in another way; seeded, for `trust.py`.

Sources err, age, copy, round and write in formats of their own. Made to be unlike each other, so that
nothing is tuned to one. Knows no method that is measured on them.
"""

import random
import string
from dataclasses import dataclass, field

_FIRST = (
    "John", "Mary", "Alice", "Robert", "Wei", "Anna", "Carlos", "Fatima", "Ivan", "Julia",
    "Peter", "Sofia", "Liam", "Noor", "Hugo", "Elena", "Max", "Ruth", "Omar", "Lena",
)  # fmt: skip
_LAST = (
    "Smith", "Jones", "Miller", "Garcia", "Chen", "Novak", "Rossi", "Khan", "Olsen", "Weber",
    "Dubois", "Silva", "Kim", "Popov", "Haas", "Moreau", "Banks", "Reyes", "Stone", "Ito",
)  # fmt: skip
_WORDS = (
    "silent", "river", "last", "winter", "golden", "house", "broken", "empire", "night",
    "garden", "shadow", "king", "paper", "moon", "iron", "road", "lost", "summer",
)  # fmt: skip


@dataclass
class ClaimSet:
    """One table.

    Attributes:
        name: what it is like.
        attributes: names of its columns.
        rows: (object, source, {attribute: text}).
        right: (object, attribute) -> texts in it that are true.
        truth: (object, attribute) -> the truth in one wording.
    """

    name: str
    attributes: tuple[str, ...]
    rows: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    right: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    truth: dict[tuple[str, str], str] = field(default_factory=dict)

    def put(self, key: tuple[str, str], source: str, attribute: str, said: tuple[str, bool]) -> None:
        """Add one claim to the row of (object, source)."""
        if not self.rows or self.rows[-1][:2] != (key[0], source):
            self.rows.append((key[0], source, {}))
        self.rows[-1][2][attribute] = said[0]
        self.right.setdefault((key[0], attribute), set())
        if said[1]:
            self.right[key[0], attribute].add(said[0])


def _draws(name: str) -> random.Random:
    """The draws of one table."""
    return random.Random(name)  # noqa: S311 - data, no secrets


@dataclass
class _Source:
    name: str
    accuracy: float
    coverage: float = 1.0
    style: int = 0
    copies: str = ""
    copy_rate: float = 0.0


def _beliefs(
    rng: random.Random, sources: list[_Source], truth: object, wrong: list[object], hard: float = 1.0
) -> dict[str, object]:
    """What each source that covers the object believes; copiers repeat their original, errors too."""
    held: dict[str, object] = {}
    weights = [1 / (1 + place) for place in range(len(wrong))]
    for source in sources:
        if rng.random() > source.coverage:
            continue
        if source.copies in held and rng.random() < source.copy_rate:
            held[source.name] = held[source.copies]
        else:
            good = rng.random() < 1 - (1 - source.accuracy) * hard
            held[source.name] = truth if good else rng.choices(wrong, weights)[0]
    return held


def _clock(minute: object, style: int) -> str:
    assert isinstance(minute, int)
    hour, rest = divmod(minute % 1440, 60)
    half = "a" if hour < 12 else "p"
    twelve = hour % 12 or 12
    return (
        f"{hour:02}:{rest:02}",
        f"{twelve}:{rest:02} {half}m",
        f"{twelve}:{rest:02}{half}Dec 8",
        f"12/8/2011 {twelve}:{rest:02} {half.upper()}M",
        f"2011-12-08 {hour:02}:{rest:02}",
        f"Thu, Dec 8 {twelve}:{rest:02}{half}m",
    )[style % 6]


def flights(seed: int, objects: int = 400, sources: int = 38) -> ClaimSet:
    """Times in many formats; half of the sources copy a few middling ones."""
    rng = _draws(f"flights {seed}")
    made = ClaimSet("flights: formats, copying", ("scheduled_dept", "actual_dept", "actual_arr", "gate"))
    listed = [_Source(f"air{n}", 0.96, 0.5, n) for n in range(3)]
    listed += [_Source(f"web{n}", rng.uniform(0.55, 0.95), rng.uniform(0.3, 0.9), n) for n in range(sources // 2 - 3)]
    bad = [_Source("feedA", 0.62, 0.95, 1), _Source("feedB", 0.7, 0.95, 3)]
    listed += bad
    left = sources - len(listed)
    listed += [_Source(f"port{n}", 0.7, rng.uniform(0.6, 0.95), n, bad[n % 2].name, 0.95) for n in range(left)]
    for number in range(objects):
        name = f"AA-{1000 + number}-LAX-2011-12-08"
        base = rng.randrange(300, 1380)
        delay = max(0, int(rng.gauss(8, 20)))
        hard = rng.choice((0.4, 0.8, 1.2, 1.8))
        facts = {"scheduled_dept": base, "actual_dept": base + delay, "actual_arr": base + delay + 130, "gate": None}
        gates = [f"{rng.choice('ABCD')}{rng.randrange(1, 60)}" for _ in range(6)]
        said = {
            "scheduled_dept": _beliefs(rng, listed, base, [base + 5, base - 10, base + 60, base + 15], hard * 0.4),
            "actual_dept": _beliefs(
                rng,
                listed,
                base + delay,
                [base, base + delay + 12, base + delay - 15, base + delay + 9, base + 40],
                hard,
            ),
            "actual_arr": _beliefs(
                rng, listed, base + delay + 130, [base + 125, base + delay + 139, base + 150, base + 100], hard
            ),
            "gate": _beliefs(rng, listed, gates[0], list(gates[1:]), hard * 0.8),
        }
        for source in listed:
            for attribute in made.attributes:
                value = said[attribute].get(source.name)
                if value is not None:
                    fact = facts[attribute] if attribute != "gate" else gates[0]
                    text = str(value) if attribute == "gate" else _clock(value, source.style)
                    made.put((name, ""), source.name, attribute, (text, value == fact))
                    made.truth[name, attribute] = str(fact) if attribute == "gate" else _clock(fact, 0)
    return made


def stocks(seed: int, objects: int = 300, sources: int = 50) -> ClaimSet:
    """Prices with currency and percent, volumes as 1.2M; some sources are a day late or use another meaning."""
    rng = _draws(f"stocks {seed}")
    made = ClaimSet("stocks: units, roundings, other meanings", ("last_price", "change_pct", "volume", "pe"))
    listed = [_Source(f"s{n}", rng.uniform(0.75, 0.98), rng.uniform(0.7, 1), n) for n in range(sources - 12)]
    listed += [_Source(f"late{n}", 0.35, 0.9, n) for n in range(5)]
    listed += [_Source(f"mirror{n}", 0.8, 0.95, n, "late0", 0.97) for n in range(7)]
    for number in range(objects):
        name = f"TIC{number}"
        price, pe = round(rng.lognormvariate(3.5, 0.8), 2), round(rng.uniform(5, 60), 2)
        change, volume = round(rng.gauss(0, 2), 2), int(rng.lognormvariate(14, 1))
        facts: dict[str, float] = {"last_price": price, "change_pct": change, "volume": volume, "pe": pe}
        wrong: dict[str, list[object]] = {
            "last_price": [round(price * f, 2) for f in (0.97, 1.03, 0.9)],
            "change_pct": [round(change + d, 2) for d in (1.3, -0.7, 2.2)],
            "volume": [int(volume * f) for f in (0.8, 0.5, 1.4)],
            "pe": [round(pe * f, 2) for f in (1.1, 0.8, 1.25)],
        }
        said = {key: _beliefs(rng, listed, facts[key], wrong[key]) for key in made.attributes}
        for source in listed:
            for key in made.attributes:
                value = said[key].get(source.name)
                if value is None:
                    continue
                made.put((name, ""), source.name, key, (_quoted(key, value, source.style), value == facts[key]))
                made.truth[name, key] = str(facts[key])
    return made


def _quoted(key: str, value: object, style: int) -> str:
    assert isinstance(value, int | float)
    if key == "volume":
        return (f"{value:,}", f"{value}", f"{value / 1e6:.2f}M" if value >= 1e6 else f"{value / 1e3:.1f}K")[style % 3]
    if key == "change_pct":
        return (f"{value:.2f}%", f"{value:+.2f}", f"{value:.2f}")[style % 3]
    if key == "last_price":
        return (f"${value:,.2f}", f"{value:.2f}", f"{value:.2f} USD")[style % 3]
    return (f"{value:.2f}", f"{value:.1f}")[style % 2]


def _person(rng: random.Random) -> tuple[str, str]:
    return rng.choice(_FIRST), rng.choice(_LAST) + rng.choice(("", "", "son", "er"))


def _byline(people: object, style: int) -> str:
    assert isinstance(people, tuple)
    one = [
        (f"{first} {last}", f"{last}, {first}", f"{first[0]}. {last}")[style % 3 if style % 7 else 0]
        for first, last in people
    ]
    return (" and ".join(one) if len(one) < 3 else ", ".join(one)) if style % 3 != 1 else "; ".join(one)


def books(seed: int, objects: int = 500, sources: int = 250) -> ClaimSet:
    """Lists of authors from a long tail of shops: names shortened, authors left out or misspelled."""
    rng = _draws(f"books {seed}")
    made = ClaimSet("books: author lists, long tail", ("authors",))
    listed = [
        _Source(f"shop{n}", min(0.97, max(0.3, rng.gauss(0.72, 0.15))), min(0.6, 0.5 / (1 + n) ** 0.55), n)
        for n in range(sources)
    ]
    for number in range(objects):
        name = f"isbn{9000000 + number}"
        people = tuple(dict.fromkeys(_person(rng) for _ in range(rng.choice((1, 1, 2, 2, 3, 4)))))
        wrong: list[object] = [people[:1]] if len(people) > 1 else []
        if len(people) > 2:
            wrong.append(people[:-1])
        wrong += [(*people, _person(rng)), (_person(rng), *people[1:]), (_person(rng),)]
        held = _beliefs(rng, listed, people, wrong)
        for source in listed:
            value = held.get(source.name)
            if value is not None:
                made.put((name, ""), source.name, "authors", (_byline(value, source.style), value == people))
                made.truth[name, "authors"] = _byline(people, 0)
    return made


def weather(seed: int, objects: int = 400, sources: int = 9) -> ClaimSet:
    """Measurements that nobody shares exactly; few stations, some with a bias. Right: within one degree."""
    rng = _draws(f"weather {seed}")
    made = ClaimSet("weather: measurements", ("temperature", "condition"))
    noise = [(rng.choice((0.3, 0.6, 1.5, 3.0)), rng.choice((0, 0, 0, 2.5))) for _ in range(sources)]
    skies = ["sunny", "cloudy", "rain", "snow", "fog"]
    listed = [_Source(f"station{n}", rng.uniform(0.5, 0.95), 0.9) for n in range(sources)]
    for number in range(objects):
        name, fact, sky = f"city{number}", rng.uniform(-10, 35), rng.choice(skies[:3] if rng.random() < 0.8 else skies)
        held = _beliefs(rng, listed, sky, [one for one in skies if one != sky])
        for place, source in enumerate(listed):
            value = round(fact + noise[place][1] + rng.gauss(0, noise[place][0]), 2)
            made.put((name, ""), source.name, "temperature", (f"{value:.2f}", abs(value - fact) <= 1.0))
            if source.name in held:
                made.put((name, ""), source.name, "condition", (str(held[source.name]), held[source.name] == sky))
        made.truth[name, "temperature"], made.truth[name, "condition"] = f"{fact:.2f}", sky
    return made


def movies(seed: int, objects: int = 400, sources: int = 4) -> ClaimSet:
    """Few sources, names and dates in several wordings, typing errors."""
    rng = _draws(f"movies {seed}")
    made = ClaimSet("movies: few sources, typing errors", ("title", "director", "year", "runtime", "genre"))
    accuracies = {key: [rng.uniform(0.6, 0.97) for _ in range(sources)] for key in made.attributes}
    genres = ["Drama", "Comedy", "Action", "Thriller", "Horror"]
    for number in range(objects):
        name = f"m{number}"
        title = " ".join(rng.sample(_WORDS, rng.choice((2, 3, 4)))).title()
        who, year, length, genre = _person(rng), rng.randrange(1940, 2020), rng.randrange(80, 180), rng.choice(genres)
        facts: dict[str, object] = {"title": title, "director": (who,), "year": year, "runtime": length, "genre": genre}
        wrong: dict[str, list[object]] = {
            "title": [_typo(rng, title), _typo(rng, title), " ".join(rng.sample(_WORDS, 3)).title()],
            "director": [(_person(rng),), ((who[0], _typo(rng, who[1])),)],
            "year": [year + 1, year - 1, year + 10],
            "runtime": [length + 5, length - 3, length + 20],
            "genre": [one for one in genres if one != genre],
        }
        held = {}
        for key in made.attributes:
            listed = [_Source(f"db{n}", accuracies[key][n], 0.85) for n in range(sources)]
            held[key] = _beliefs(rng, listed, facts[key], wrong[key])
        for place in range(sources):
            for key in made.attributes:
                value = held[key].get(f"db{place}")
                if value is None:
                    continue
                made.put((name, ""), f"db{place}", key, (_written(key, value, place), value == facts[key]))
                made.truth[name, key] = _written(key, facts[key], 0)
    return made


def _written(key: str, value: object, style: int) -> str:
    if key == "director":
        return _byline(value, style * 2)
    if key == "runtime":
        return (f"{value} min", f"{value}", f"{value} mins")[style % 3]
    if key == "title":
        return str(value).upper() if style == 2 else f"The {value}" if style == 1 else str(value)
    return str(value)


def _typo(rng: random.Random, text: str) -> str:
    at = rng.randrange(1, len(text) - 1)
    return text[:at] + rng.choice(string.ascii_lowercase) + text[at + 1 :]


def categories(
    seed: int, objects: int = 1000, sources: int = 3, spread: tuple[float, float] = (0.55, 0.95)
) -> ClaimSet:
    """Two or three sources of very different worth, few categories."""
    rng = _draws(f"categories {sources} {seed}")
    made = ClaimSet(f"categories: {sources} sources", ("environment", "status", "region"))
    pools = {
        "environment": ["production", "test", "development"],
        "status": ["running", "stopped"],
        "region": [f"eu-{n}" for n in range(12)],
    }
    accuracy = {key: [rng.uniform(*spread) for _ in range(sources)] for key in pools}
    for number in range(objects):
        name = f"srv{number}"
        held = {}
        for key, pool in pools.items():
            fact = rng.choices(pool, [1 / (1 + n) for n in range(len(pool))])[0]
            made.truth[name, key] = fact
            listed = [_Source(f"tool{n}", accuracy[key][n], 0.95) for n in range(sources)]
            held[key] = _beliefs(rng, listed, fact, [one for one in pool if one != fact])
        for place in range(sources):
            for key in pools:
                value = held[key].get(f"tool{place}")
                if value is not None:
                    made.put((name, ""), f"tool{place}", key, (str(value), value == made.truth[name, key]))
    return made


def copied(seed: int, objects: int = 600) -> ClaimSet:
    """Five sites repeat one poor site; four others work on their own."""
    rng = _draws(f"copied {seed}")
    made = ClaimSet("copied: five copies of a poor source", ("value",))
    listed = [_Source(f"own{n}", 0.82, 0.95) for n in range(4)] + [_Source("poor", 0.6, 1.0)]
    listed += [_Source(f"copy{n}", 0.6, 0.95, 0, "poor", 0.97) for n in range(5)]
    for number in range(objects):
        pool = [f"v{rng.randrange(10**6)}" for _ in range(8)]
        held = _beliefs(rng, listed, pool[0], list(pool[1:]))
        for source in listed:
            if source.name in held:
                made.put(
                    (f"o{number}", ""), source.name, "value", (str(held[source.name]), held[source.name] == pool[0])
                )
        made.truth[f"o{number}", "value"] = pool[0]
    return made


def lonely(seed: int, objects: int = 800, sources: int = 60) -> ClaimSet:
    """Most objects have one or two sources, sources are many and small."""
    rng = _draws(f"lonely {seed}")
    made = ClaimSet("lonely: few claims each", ("city", "population"))
    cities = [f"{rng.choice(_WORDS)}ville {n}" for n in range(300)]
    listed = [_Source(f"u{n}", rng.betavariate(6, 2.5)) for n in range(sources)]
    for number in range(objects):
        fact, people = rng.choice(cities), rng.randrange(1000, 10**6)
        some = rng.sample(listed, rng.choice((1, 1, 2, 2, 3, 4, 6)))
        held = _beliefs(rng, some, fact, rng.sample([c for c in cities if c != fact], 6))
        count = _beliefs(rng, some, people, [people + 1000, people * 10, people // 2])
        for source in some:
            name = f"p{number}"
            made.put((name, ""), source.name, "city", (str(held[source.name]), held[source.name] == fact))
            made.put((name, ""), source.name, "population", (f"{count[source.name]:,}", count[source.name] == people))
            made.truth[name, "city"], made.truth[name, "population"] = fact, str(people)
    return made


def every(seed: int) -> list[ClaimSet]:
    """All sets of a seed."""
    return [
        flights(seed), stocks(seed), books(seed), weather(seed), movies(seed), movies(seed + 100, sources=3),
        categories(seed), categories(seed, sources=2), categories(seed, sources=6), copied(seed), lonely(seed),
    ]  # fmt: skip
