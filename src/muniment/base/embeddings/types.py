"""What every embedder takes and gives. No I/O.

Implemented by `lexical`, `local` and `endpoint`; used by whoever stores or compares vectors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Array = npt.NDArray[np.float32]

LONGEST_TEXT = 8_000
"""Characters of a text that are looked at."""

BLANK = "empty"
"""What is embedded for a text without content: endpoints refuse an empty text, and it has no direction."""


@dataclass(frozen=True, slots=True)
class Model:
    """What made a vector. Two vectors are comparable only if this is equal."""

    name: str
    dimension: int


@dataclass(frozen=True, slots=True)
class Vectors:
    """One vector of length 1 per text, in their order: float32 of shape (texts, dimension).

    Attributes:
        model: what made them.
        values: the vectors.
        fallback: why they are not of the model that was asked for; empty where they are.
    """

    model: Model
    values: Array = field(repr=False)
    fallback: str = ""


class Embedder(Protocol):
    """Turns texts into vectors. The same text gives the same vector."""

    @property
    def name(self) -> str:
        """The model's name, as stored beside its vectors."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Embed texts.

        Raises:
            Retryable: the model cannot be reached at the moment.
            Permanent: it cannot be used as configured, or what it answers cannot be used.
        """


def prepared(texts: Sequence[str]) -> list[str]:
    """The texts as they are embedded: one line each, cut at `LONGEST_TEXT`, never blank."""
    return [" ".join(text[:LONGEST_TEXT].split()) or BLANK for text in texts]


def normalised(values: Array) -> Array:
    """Vectors brought to length 1."""
    import numpy as np

    lengths = np.linalg.norm(values.astype(np.float64), axis=1, keepdims=True)
    result: Array = (values / np.where(lengths > 0, lengths, 1)).astype(np.float32)
    return result
