import inspect

import pytest

from muniment.base import errors

KINDS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass)]


@pytest.mark.parametrize("kind", KINDS)
def test_without_words_an_error_says_its_docstring_on_one_line(kind):
    said = str(kind())
    assert said == " ".join(kind.__doc__.split())
    assert ":" in said or kind is errors.MunimentError


def test_each_kind_has_the_exit_code_that_the_help_promises():
    codes = {kind.__name__: kind("x").exit_code for kind in KINDS}
    assert codes == {"MunimentError": 1, "Rejected": 2, "NotFound": 3, "Permanent": 4, "Retryable": 5}


def test_not_found_is_a_kind_of_rejected_and_what_may_be_retried_is_not_permanent():
    assert issubclass(errors.NotFound, errors.Rejected)
    assert not issubclass(errors.Retryable, errors.Permanent)


def test_a_retryable_error_says_after_how_long():
    assert errors.Retryable("busy").after == 1.0
    assert errors.Retryable("busy", 60).after == 60
