"""The stored heads that other tests open: they are what they were when made, and fit `tiny.py`."""

import hashlib

import numpy as np
from tiny import CODE_SIZES, tiny_mesh

from models.head.file import read_head_file
from tests.heads import FOLDER, SUMS, TINY

MOST_BYTES = 3 << 20
"""Of all stored heads together."""


def test_the_files_are_those_that_were_made() -> None:
    listed = dict(line.split("  ")[::-1] for line in SUMS.read_text().splitlines())
    stored = {path.name: path for path in FOLDER.glob("*.nface")}
    assert set(listed) == set(stored)
    for name, path in stored.items():
        assert hashlib.sha256(path.read_bytes()).hexdigest() == listed[name], name
    assert sum(path.stat().st_size for path in stored.values()) < MOST_BYTES


def test_the_head_is_that_of_the_made_up_actor() -> None:
    """Where this fails, `tiny.py` has changed: `python -m tests.heads.make` makes it anew."""
    file = read_head_file(TINY)
    stored, made = file.mesh.arrays(), tiny_mesh().arrays()
    assert set(stored) == set(made)
    for name, values in made.items():
        if values.dtype.kind == "f":
            np.testing.assert_allclose(stored[name], values, atol=1e-6, err_msg=name)
        else:
            np.testing.assert_array_equal(stored[name], values, err_msg=name)
    sizes = {region["name"]: region["dims"]["code"] for region in file.document["regions"]}
    assert sizes == CODE_SIZES
