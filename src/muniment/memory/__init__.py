"""Memory: every automatic choice with its evidence, every verdict on one, and what they teach.

Other folders record decisions and feedback here; `learned` gives back what verdicts taught so far.
"""

from muniment.memory.store import Lesson, decide, give_feedback, lessons

__all__ = ["Lesson", "decide", "give_feedback", "lessons"]
