"""Which pairs are worth a person's verdict."""

import numpy as np
import pytest

from muniment import matching


def asked(pairs, count, **more):
    left, right, probability = (np.array(column) for column in zip(*pairs, strict=True))
    return matching.most_telling(left, right, probability.astype(float), count, **more).tolist()


def test_doubtful_pairs_come_before_sure_ones():
    assert asked([(0, 1, 0.99), (2, 3, 0.5), (4, 5, 0.01), (6, 7, 0.7)], 2) == [1, 3]


def test_a_pair_that_would_join_large_clusters_comes_first():
    clusters = np.array([0, 0, 0, 0, 4, 4, 4, 4, 8, 9])
    assert asked([(8, 9, 0.5), (0, 4, 0.4)], 1, clusters=clusters) == [1]


def test_a_pair_that_alone_holds_a_cluster_comes_before_one_that_others_support():
    clusters = np.array([0, 0, 0, 3, 3, 3])
    three = [(0, 1, 0.7), (1, 2, 0.7), (3, 4, 0.7), (4, 5, 0.7), (3, 5, 0.7)]
    assert asked(three, 1, clusters=clusters)[0] in {0, 1}


def test_questions_spread_over_clusters():
    near = [(0, other, 0.5) for other in range(1, 9)]
    far = [(20, 21, 0.3), (30, 31, 0.25)]
    assert {8, 9} <= set(asked([*near, *far], 4))


def test_a_pattern_of_many_pairs_is_asked_though_the_model_is_sure():
    sure = [(number, number + 500, 0.97) for number in range(400)]
    doubtful = [(number, number + 500, 0.5) for number in range(400, 404)]
    patterns = np.array([7] * 400 + [1, 2, 3, 4])
    found = asked([*sure, *doubtful], 5, patterns=patterns)
    assert sum(place < 400 for place in found) == 1 or found[0] < 400
    assert {400, 401, 402, 403} & set(found)


@pytest.mark.parametrize(("pairs", "count"), [([(0, 1, 0.5)], 0), ([(0, 1, 0.5)], 9)])
def test_no_more_is_asked_than_there_is(pairs, count):
    assert len(asked(pairs, count)) == min(count, len(pairs))


def test_without_pairs_nothing_is_asked():
    empty = np.zeros(0, np.int64)
    assert len(matching.most_telling(empty, empty, np.zeros(0), 10)) == 0


def test_the_same_pairs_give_the_same_questions_whatever_their_order():
    draw = np.random.default_rng(3)
    left, right = np.arange(300), np.arange(300, 600)
    probability = draw.uniform(0, 1, 300)
    first = matching.most_telling(left, right, probability, 20)
    order = draw.permutation(300)
    again = matching.most_telling(left[order], right[order], probability[order], 20)
    assert left[first].tolist() == left[order][again].tolist()
