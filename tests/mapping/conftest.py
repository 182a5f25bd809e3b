"""A mapping of a column as the log would hold it."""

from datetime import UTC, datetime

import pytest

from muniment import mapping
from muniment.base import ids


@pytest.fixture(scope="session")
def meaning():
    def make(column: str, attribute: str | None, state: str = "auto") -> mapping.ColumnMapping:
        at = datetime(2026, 3, 1, tzinfo=UTC)
        return mapping.ColumnMapping(
            1, ids.new(), column, attribute, {}, state, 0.9, (), None, (), ids.new(), "tester", at
        )

    return make
