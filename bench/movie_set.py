"""The movie fusion set (winter_movie) as a table of claims: three sources linked by their correspondences.

Read from MUNIMENT_DATA, never copied; `trust.py` leaves it out, visibly, where it is absent.
"""

import csv
import os
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

from claim_sets import ClaimSet

from muniment import matching

ATTRIBUTES = ("title", "director", "actors", "date")


def load() -> ClaimSet | None:
    """The set, None where it is not there."""
    place = Path(os.environ.get("MUNIMENT_DATA", "../shared/data")) / "fusion" / "winter_movie"
    if not place.is_dir():
        return None
    cluster: dict[str, str] = {}
    for file in sorted((place / "correspondences").glob("*.csv")):
        for one, other, *_ in csv.reader(file.read_text(encoding="utf-8").splitlines()):
            first, second = _root(cluster, one), _root(cluster, other)
            cluster[max(first, second)] = min(first, second)
    gold = {_root(cluster, name): movie for name, movie in _movies(place / "goldstandard" / "fused.xml")}
    made = ClaimSet("movies: winter_movie", ATTRIBUTES)
    for source in ("academy_awards", "actors", "golden_globes"):
        for name, movie in _movies(place / "input" / f"{source}.xml"):
            known = gold.get(_root(cluster, name), {})
            for attribute, text in movie.items():
                fact = known.get(attribute)
                true = fact is not None and _same(attribute, text, fact)
                made.put((_root(cluster, name), ""), source, attribute, (text, true))
    made.truth = {(name, key): text for name, movie in gold.items() for key, text in movie.items()}
    return made


def _root(cluster: dict[str, str], name: str) -> str:
    while name in cluster and cluster[name] != name:
        name = cluster[name]
    return name


def _movies(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    for movie in ET.parse(path).getroot().iter("movie"):  # noqa: S314 - a file of the benchmark's own data
        found = {
            "title": movie.findtext("title", "").strip(),
            "director": (movie.findtext("director/name") or "").strip(),
            "actors": "; ".join(one.findtext("name", "").strip() for one in movie.iter("actor")),
            "date": movie.findtext("date", "").strip(),
        }
        yield movie.findtext("id", ""), {key: text for key, text in found.items() if text}


def _same(attribute: str, text: str, fact: str) -> bool:
    if attribute == "date":
        return text[:4] == fact[:4]
    kinds: dict[str, matching.Kind] = {"actors": "people", "director": "person"}
    return matching.same(kinds.get(attribute, "text"), text, fact)
