"""What was learned of names like a new one: lessons found by the likeness of their subjects.

Called by whoever proposes a choice for something that has no lesson of its own, such as a column with a new header.
Stays within the tenant, as lessons do; only names are embedded, never cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from muniment.base import embeddings
from muniment.base.embeddings import Embedder, Vectors
from muniment.base.tenancy import Scope
from muniment.memory import store, vector_store
from muniment.memory.store import Lesson
from muniment.memory.vector_store import Space

FLOOR = 0.55
"""Names less similar than this say little about each other ("serial number" and "part number" are .49 alike)."""


@dataclass(frozen=True, slots=True)
class LikeLesson:
    """A lesson about a name like the one asked about, and how alike the two are (0 to 1)."""

    lesson: Lesson
    similarity: float


def lessons_like(
    connection: sa.Connection,
    scope: Scope,
    kind: str,
    names: Sequence[str],
    embedder: Embedder | None = None,
    *,
    limit: int = 3,
    floor: float = FLOOR,
) -> dict[str, list[LikeLesson]]:
    """Lessons about the subjects most like each name, the most alike first; names without any are left out.

    Args:
        connection: of a tenant's transaction, in which vectors of new subjects are kept.
        scope: whose lessons.
        kind: of which decisions, such as `mapping`.
        names: what to find the like of, written as the subjects are.
        embedder: what judges likeness; the built-in one without. Where it cannot be reached, the built-in one does.
        limit: of how many subjects at most.
        floor: from which likeness.
    """
    learned: dict[str, list[Lesson]] = {}
    for lesson in store.lessons(connection, kind):
        learned.setdefault(lesson.subject, []).append(lesson)
    wanted = list(dict.fromkeys(names))
    if not learned or not wanted:
        return {}
    chosen = embeddings.with_fallback(embedder or embeddings.built_in())
    space, asked = _embedded(connection, scope, kind, list(learned), wanted, chosen)
    found = {}
    for number, name in enumerate(wanted):
        one = Vectors(asked.model, asked.values[number : number + 1])
        near = [item for item in vector_store.nearest(connection, space, one, limit) if item.similarity >= floor]
        alike = [LikeLesson(lesson, item.similarity) for item in near for lesson in learned.get(item.subject, [])]
        if alike:
            found[name] = alike
    return found


def _embedded(
    connection: sa.Connection, scope: Scope, kind: str, subjects: list[str], wanted: list[str], embedder: Embedder
) -> tuple[Space, Vectors]:
    """The space with all subjects in it, and the vectors of the names, both of one model.

    New subjects and names are embedded in one call, which one model answers as a whole.
    """
    space = vector_store.find_space(connection, kind, None, embedder.name)
    known = vector_store.known_digests(connection, space) if space else {}
    missing = [subject for subject in subjects if subject not in known]
    made = embedder.embed([*missing, *wanted])
    if made.model.name != embedder.name:
        return _embedded(connection, scope, kind, subjects, wanted, embeddings.built_in())
    space = vector_store.open_space(connection, scope, kind, None, made.model, "active")
    stored = Vectors(made.model, made.values[: len(missing)])
    vector_store.add_vectors(connection, scope, space, dict.fromkeys(missing, ""), stored)
    return space, Vectors(made.model, made.values[len(missing) :])
