"""Memory: automatic choices with their evidence, verdicts on them, what they teach, and the log of people's acts.

Other folders record decisions, feedback and acts here; `lessons` gives back what verdicts taught so far,
`take_back` is the one undo. Vectors live in spaces of one model each; `nearest` finds what is alike, `lessons_like`
what was learned of names like this one.
"""

from muniment.memory.alike import LikeLesson, lessons_like
from muniment.memory.store import Act, Lesson, add_act, decide, give_feedback, lessons, list_acts, take_back, undone
from muniment.memory.vector_store import (
    EXACT_BELOW,
    Near,
    Space,
    activate,
    add_vectors,
    drop_space,
    find_space,
    index_space,
    list_spaces,
    nearest,
    open_space,
    remove_vectors,
    vector_of,
)

__all__ = [
    "EXACT_BELOW",
    "Act",
    "Lesson",
    "LikeLesson",
    "Near",
    "Space",
    "activate",
    "add_act",
    "add_vectors",
    "decide",
    "drop_space",
    "find_space",
    "give_feedback",
    "index_space",
    "lessons",
    "lessons_like",
    "list_acts",
    "list_spaces",
    "nearest",
    "open_space",
    "remove_vectors",
    "take_back",
    "undone",
    "vector_of",
]
