import hashlib

import numpy as np

from muniment.base import embeddings
from muniment.base.embeddings import lexical


def similarity(one, other):
    first, second = lexical.vectors([one, other])
    return float(first @ second)


def test_vectors_are_float32_of_length_one_and_carry_the_name_of_their_model():
    made = embeddings.built_in().embed(["RAM (GB)", "Serial number", "", "¿?", "数据 中心"])
    assert (made.model.name, made.model.dimension) == ("built-in/lexical-1", 512)
    assert made.values.shape == (5, 512)
    assert made.values.dtype == np.float32
    assert np.allclose(np.linalg.norm(made.values, axis=1), 1, atol=1e-6)
    assert made.fallback == ""


def test_the_same_text_has_the_same_vector_whatever_stands_beside_it_and_for_ever():
    alone = lexical.vectors(["Memory (GB)"])
    beside = lexical.vectors(["something else"] * 5_000 + ["Memory (GB)"])
    assert np.array_equal(alone[0], beside[-1])
    rounded = np.round(alone * 1_000).astype("<i4").tobytes()
    assert hashlib.sha256(rounded).hexdigest()[:12] == "9b566d893b02"  # another digest is another model: see VERSION


def test_what_is_written_alike_is_near_and_what_is_not_is_far():
    assert similarity("serial_number", "SerialNumber") > 0.99
    assert similarity("data center", "datacenter") > 0.3
    assert similarity("Red Hat Enterprise Linux 8.4", "RedHat Linux 8") > 0.4
    assert abs(similarity("serial number", "operating system")) < 0.15


def test_nothing_at_all_gives_no_vectors():
    assert embeddings.built_in().embed([]).values.shape == (0, 512)


def test_a_huge_text_is_cut_and_costs_little():
    assert np.array_equal(*lexical.vectors(["a b " * 2_000, "a b " * 2_000_000]))
