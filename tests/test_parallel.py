"""Work spread over processes."""

import argparse
import operator

import pytest

from models.parallel import add_processes, spread, usable_processes


@pytest.mark.parametrize("processes", [0, 2])
def test_every_item_is_worked_on_once(processes: int) -> None:
    results = list(spread(operator.add, [0], [1, 2, 3, 4, 5], processes, 2))
    assert sorted(results) == [[0, 1, 2], [0, 3, 4], [0, 5]]


def test_processes_are_counted() -> None:
    parser = argparse.ArgumentParser()
    add_processes(parser)
    assert parser.parse_args([]).processes == usable_processes() >= 1
    assert parser.parse_args(["--processes", "0"]).processes == 0
    with pytest.raises(SystemExit):
        parser.parse_args(["--processes", "-1"])
