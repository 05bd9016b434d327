"""The face landmarker says nothing where the program's own words belong."""

import subprocess
import sys

from rendered_faces import needs_landmarker

LOOKED = """
import sys
import numpy as np
from models.faces.finder import FaceFinder
with FaceFinder(most=1) as finder:
    print(len(finder.find(np.zeros((64, 64, 3), np.uint8))))
print("afterwards", file=sys.stderr)
"""


def test_only_our_own_words_reach_the_terminal() -> None:
    needs_landmarker()
    done = subprocess.run(
        [sys.executable, "-c", LOOKED], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["0"]
    assert done.stderr.split() == ["afterwards"]
