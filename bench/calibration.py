"""Whether confidences mean what they say: expected calibration error and reliability diagram.

Used by `trust.py` and `estate_claims.py`; ten bins of equal width, as in Naeini, Cooper and Hauskrecht (AAAI 2015).
"""

import numpy as np

Diagram = list[tuple[float, float, int]]
"""Per bin: mean confidence, share right, how many."""


def calibration(judged: list[tuple[bool, float]]) -> tuple[float, Diagram]:
    """The error and the diagram of (right, confidence) pairs."""
    confidence = np.array([one[1] for one in judged], dtype=float)
    right = np.array([one[0] for one in judged], dtype=float)
    bins = np.minimum((confidence * 10).astype(int), 9)
    diagram = [
        (round(float(confidence[mine].mean()), 4), round(float(right[mine].mean()), 4), int(mine.sum()))
        for number in range(10)
        if (mine := bins == number).any()
    ]
    return sum(abs(mean - share) * count for mean, share, count in diagram) / max(len(judged), 1), diagram
