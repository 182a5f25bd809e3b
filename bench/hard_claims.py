"""More tables of claims with known truth: few sources, other meanings, defaults, stale copies, lists cut short.

Called by `claim_sets.every`; made after the first ones, and unlike them, to see what does not carry over.
Knows no method that is measured on them.
"""

import random
from collections.abc import Callable, Sequence

from claim_sets import ClaimSet

_NAMES = (
    "Ada Brandt", "Ben Castillo", "Cleo Duarte", "Dan Eriksen", "Eva Fontaine", "Finn Gruber", "Gia Hollis",
    "Hal Ibsen", "Ines Jansen", "Jon Kessler", "Kai Lindqvist", "Lea Marchetti", "Mia Nowak", "Nils Ortega",
    "Ola Petrov", "Pia Quinn", "Rex Sandoval", "Sara Thorne", "Tim Ulrich", "Uma Vasquez", "Vic Wagner", "Zoe Young",
)  # fmt: skip
_STREETS = ("Mill Lane", "High Street", "Station Road", "Park Avenue", "Church Row", "Harbour Way", "Kings Court")

Belief = Callable[[random.Random, int], tuple[str, bool]]
"""What a source says of the object in hand, and whether that is right."""


def _draws(name: str) -> random.Random:
    return random.Random(name)  # noqa: S311 - data, no secrets


def _tell(made: ClaimSet, name: str, attribute: str, said: Sequence[tuple[str, str, bool]], truth: str) -> None:
    """What sources (source, text, right) say of one thing."""
    for source, text, right in said:
        made.put((name, ""), source, attribute, (text, right))
    made.truth[name, attribute] = truth


def casts(seed: int, objects: int = 300) -> ClaimSet:
    """Three lists of people: one is whole, one cut to the first, one has most; hardly any name is wrong."""
    rng = _draws(f"casts {seed}")
    made = ClaimSet("casts: lists cut short, 3 sources", ("cast",))
    for number in range(objects):
        cast = rng.sample(_NAMES, rng.choice((1, 2, 3, 4)))
        whole = cast if rng.random() < 0.95 else [*cast, rng.choice(_NAMES)]
        some = [one for one in cast if rng.random() < 0.75] or cast[:1]
        listed = [("whole", whole, 0.95), ("first", cast[:1], 0.9), ("some", rng.sample(some, len(some)), 0.6)]
        said = [
            (source, "; ".join(each), set(each) == set(cast)) for source, each, part in listed if rng.random() < part
        ]
        _tell(made, f"m{number}", "cast", said, "; ".join(cast))
    return made


def shifted(seed: int, objects: int = 500) -> ClaimSet:
    """Years in two meanings: two big sources mean the one, two small ones the other, a year later throughout."""
    rng = _draws(f"shifted {seed}")
    made = ClaimSet("shifted: another meaning in small sources", ("year",))
    parts = {"archive": (0.95, 0, 0.04), "library": (0.3, 0, 0.08), "prizes": (0.25, 1, 0.02), "fans": (0.1, 1, 0.05)}
    for number in range(objects):
        year, said = rng.randrange(1930, 2020), []
        for source, (part, shift, error) in parts.items():
            if rng.random() < part:
                told = year + shift + (rng.choice((-2, 3, 10)) if rng.random() < error else 0)
                said.append((source, str(told), told == year))
        _tell(made, f"f{number}", "year", said, str(year))
    return made


def skewed(seed: int, objects: int = 500) -> ClaimSet:
    """Three good sources among twelve poor ones that err on their own."""
    rng = _draws(f"skewed {seed}")
    made = ClaimSet("skewed: three good of fifteen", ("code",))
    accuracy = [0.93] * 3 + [rng.uniform(0.25, 0.4) for _ in range(12)]
    for number in range(objects):
        pool = [f"K{rng.randrange(10**5)}" for _ in range(5)]
        picked = [
            (f"site{n}", pool[0] if rng.random() < share else rng.choice(pool[1:]))
            for n, share in enumerate(accuracy)
            if rng.random() < 0.8
        ]
        _tell(made, f"k{number}", "code", [(source, text, text == pool[0]) for source, text in picked], pool[0])
    return made


def stale(seed: int, objects: int = 500) -> ClaimSet:
    """Addresses that change: who is behind says the old one, and several are behind together."""
    rng = _draws(f"stale {seed}")
    made = ClaimSet("stale: several sources behind alike", ("address", "phone"))
    behind = {f"dir{n}": share for n, share in enumerate((0.05, 0.15, 0.3, 0.5, 0.6, 0.7))}
    for number in range(objects):
        for attribute in made.attributes:
            new, old = (
                (f"{rng.randrange(1, 200)} {rng.choice(_STREETS)}" if attribute == "address" else
                 f"+49 30 {rng.randrange(10**6, 10**7)}")
                for _ in range(2)
            )  # fmt: skip
            moved, when = rng.random() < 0.5, rng.random()
            said = []
            for source, share in behind.items():
                if rng.random() < 0.8:
                    late = moved and (when < share if rng.random() < 0.8 else rng.random() < share)
                    said.append((source, old if late else new, not late))
            _tell(made, f"a{number}", attribute, said, new)
    return made


def typed(seed: int, objects: int = 500) -> ClaimSet:
    """Two sources; one is typed by hand: letters fall out or swap, values are of few kinds."""
    rng = _draws(f"typed {seed}")
    made = ClaimSet("typed: two sources, one with slips", ("owner", "town"))
    towns = [f"{one} {two}" for one in ("Upper", "Lower", "Old") for two in ("Marsh", "Bridgeton", "Hallow", "Kirkby")]
    for number in range(objects):
        for attribute, pool in (("owner", list(_NAMES)), ("town", towns)):
            fact = rng.choice(pool)
            clean = fact if rng.random() < 0.92 else rng.choice(pool)
            at = rng.randrange(1, len(fact) - 1)
            slip = fact[:at] + rng.choice(("", fact[at + 1], "x")) + fact[at + 1 :]
            hand = slip if rng.random() < 0.25 else fact
            _tell(made, f"t{number}", attribute, [("system", clean, clean == fact), ("hand", hand, hand == fact)], fact)
    return made


def defaults(seed: int, objects: int = 600) -> ClaimSet:
    """Four tools, two of which say the commonest value wherever they do not know."""
    rng = _draws(f"defaults {seed}")
    made = ClaimSet("defaults: two tools fill in the commonest", ("tier", "criticality"))
    pools = {"tier": ["gold", "silver", "bronze", "none"], "criticality": ["low", "medium", "high", "very high"]}
    for number in range(objects):
        for attribute, pool in pools.items():
            fact = rng.choices(pool, (5, 3, 2, 1))[0]
            said = []
            for place, (accuracy, filled) in enumerate(((0.9, 0.0), (0.8, 0.0), (0.9, 0.4), (0.85, 0.35))):
                told = pool[0] if rng.random() < filled else fact if rng.random() < accuracy else rng.choice(pool)
                said.append((f"tool{place}", told, told == fact))
            _tell(made, f"s{number}", attribute, said, fact)
    return made


def answers(seed: int, sources: int = 5, objects: int = 400) -> ClaimSet:
    """Yes or no, mostly no; accuracies from a little above chance to good."""
    rng = _draws(f"answers {sources} {seed}")
    made = ClaimSet(f"answers: yes or no, {sources} sources", ("in_use", "backed_up"))
    accuracy = {key: [rng.uniform(0.55, 0.95) for _ in range(sources)] for key in made.attributes}
    for number in range(objects):
        for attribute in made.attributes:
            fact = rng.random() < 0.3
            said = [
                (f"p{n}", fact if rng.random() < share else not fact) for n, share in enumerate(accuracy[attribute])
            ]
            told = [(source, "yes" if one else "no", one == fact) for source, one in said]
            _tell(made, f"h{number}", attribute, told, "yes" if fact else "no")
    return made


def tiny(seed: int) -> ClaimSet:
    """Twenty-five objects, five sources, no source with more than twenty claims."""
    rng = _draws(f"tiny {seed}")
    made = ClaimSet("tiny: 25 objects, 5 sources", ("capital", "founded", "members"))
    accuracy = [rng.uniform(0.5, 0.95) for _ in range(5)]
    for number in range(25):
        facts = {
            "capital": rng.choice(_STREETS),
            "founded": str(rng.randrange(1700, 2000)),
            "members": str(number * 37),
        }
        for attribute, fact in facts.items():
            wrong = (
                [rng.choice(_STREETS), "unsure"]
                if attribute == "capital"
                else [str(int(fact) + 1), str(int(fact) + 10)]
            )
            said = []
            for n, share in enumerate(accuracy):
                if rng.random() < 0.75:
                    told = fact if rng.random() < share else rng.choice(wrong)
                    said.append((f"wiki{n}", told, told == fact))
            if said:
                _tell(made, f"c{number}", attribute, said, fact)
    return made


def swarm(seed: int, objects: int = 500, people: int = 700) -> ClaimSet:
    """Hundreds of people with a handful of claims each, as in a crowd; some guess."""
    rng = _draws(f"swarm {seed}")
    made = ClaimSet("swarm: 700 sources, few claims each", ("label",))
    labels = [f"kind {letter}" for letter in "ABCDEFGH"]
    worth = [0.15 if rng.random() < 0.25 else rng.uniform(0.6, 0.95) for _ in range(people)]
    for number in range(objects):
        fact, said = rng.choice(labels), []
        for one in rng.sample(range(people), 5):
            told = fact if rng.random() < worth[one] else rng.choice(labels)
            said.append((f"u{one}", told, told == fact))
        _tell(made, f"i{number}", "label", said, fact)
    return made


def rounded(seed: int, objects: int = 400) -> ClaimSet:
    """Counts as exact numbers, in thousands and millions, and years beside full dates; some are another year's."""
    rng = _draws(f"rounded {seed}")
    made = ClaimSet("rounded: precision differs, 5 sources", ("population", "opened"))
    for number in range(objects):
        count, day = (
            int(rng.lognormvariate(13, 1)),
            (rng.randrange(1900, 2020), rng.randrange(1, 13), rng.randrange(1, 29)),
        )
        said, opened = [], []
        for n, share in enumerate((0.9, 0.85, 0.8, 0.7, 0.6)):
            if rng.random() < 0.85:
                good = rng.random() < share
                told = count if good else int(count * rng.choice((0.9, 1.07, 1.3)))
                text = (f"{told:,}", f"{told / 1e3:.1f} thousand", f"{told / 1e6:.2f} million", str(told))[n % 4]
                said.append((f"atlas{n}", text, good))
            if rng.random() < 0.85:
                good = rng.random() < share
                year, month, date = day if good else (day[0] + rng.choice((-1, 1, 2)), day[1], day[2])
                text = (f"{year}-{month:02}-{date:02}", str(year), f"{year}-{month:02}")[n % 3]
                opened.append((f"atlas{n}", text, good))
        for attribute, told_by, fact in (
            ("population", said, str(count)),
            ("opened", opened, "{}-{:02}-{:02}".format(*day)),
        ):
            if told_by:
                _tell(made, f"p{number}", attribute, told_by, fact)
    return made


def gauges(seed: int, sources: int = 4, objects: int = 400) -> ClaimSet:
    """Measurements by few gauges, one of which is now and then far off. Right: within half a degree."""
    rng = _draws(f"gauges {seed}")
    made = ClaimSet("gauges: measurements, 4 sources", ("level",))
    noise = [0.1, 0.3, 0.4, 1.2][:sources]
    for number in range(objects):
        fact, said = rng.uniform(2, 30), []
        for n, wide in enumerate(noise):
            told = fact + rng.gauss(0, wide) + (rng.choice((-8, 8)) if rng.random() < 0.05 else 0)
            said.append((f"g{n}", f"{told:.3f}", abs(told - fact) <= 0.5))
        _tell(made, f"w{number}", "level", said, f"{fact:.3f}")
    return made


def every(seed: int) -> list[ClaimSet]:
    """All sets of a seed."""
    return [
        casts(seed), shifted(seed), skewed(seed), stale(seed), typed(seed), defaults(seed), answers(seed),
        answers(seed, sources=3), tiny(seed), swarm(seed), rounded(seed), gauges(seed),
    ]  # fmt: skip
