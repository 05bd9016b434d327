"""Work spread over processes."""

import operator

import pytest

from models.parallel import spread


@pytest.mark.parametrize("processes", [0, 2])
def test_every_item_is_worked_on_once(processes: int) -> None:
    results = list(spread(operator.add, [0], [1, 2, 3, 4, 5], processes, 2))
    assert sorted(results) == [[0, 1, 2], [0, 3, 4], [0, 5]]
