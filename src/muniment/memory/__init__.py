"""Memory: automatic choices with their evidence, verdicts on them, what they teach, and the log of people's acts.

Other folders record decisions, feedback and acts here; `lessons` gives back what verdicts taught so far,
`take_back` is the one undo.
"""

from muniment.memory.store import Act, Lesson, add_act, decide, give_feedback, lessons, list_acts, take_back, undone

__all__ = [
    "Act",
    "Lesson",
    "add_act",
    "decide",
    "give_feedback",
    "lessons",
    "list_acts",
    "take_back",
    "undone",
]
