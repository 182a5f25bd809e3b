"""What a hardware model tells of the thing that it is a model of: a "ThinkPad" is a laptop.

Called by `normalise` for cells of the attribute `model`; the knowledge is in hardware_models.toml.
"""

import functools
import re
import tomllib
from pathlib import Path

from muniment.model.types import Attribute, Context, Normalised

_WORD_END = r"(?![a-z])"


@functools.cache
def _families() -> tuple[tuple[re.Pattern[str], str, str], ...]:
    text = Path(__file__).with_name("hardware_models.toml").read_text(encoding="utf-8")
    found = []
    for key, words in tomllib.loads(text).items():
        asset_type, _, subtype = key.partition("/")
        listed = "|".join(re.escape(word.strip()) for word in words.split(" | "))
        found.append((re.compile(rf"(?<![a-z0-9])(?:{listed}){_WORD_END}"), asset_type, subtype))
    return tuple(found)


@functools.lru_cache(maxsize=8192)
def type_of_model(text: str) -> tuple[str, str] | None:
    """Give the asset type and subtype ("" where it tells none) of a hardware model, None where it tells nothing."""
    lowered = text[:200].lower()
    return next(((kind, finer) for pattern, kind, finer in _families() if pattern.search(lowered)), None)


def model_cell(_attribute: Attribute, text: str, _context: Context) -> Normalised:
    """Keep the model as it is written; what it is a model of is derived."""
    found = type_of_model(text)
    if found is None:
        return Normalised((text,))
    derived = {"asset_type": (found[0],)} | ({"subtype": (found[1],)} if found[1] else {})
    return Normalised((text,), derived)
