"""Blender's own share of a frame: writing mesh and texture."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from models.errors import MissingDependencyError

from .figures import Context, Figure

BUDGET = 6.0
CHILD = Path(__file__).with_name("blender_child.py")


def in_blender(context: Context, *arguments: str) -> dict:
    """What `blender_child` measures, in a process where the add-on is loaded as Blender loads it.

    Raises:
        MissingDependencyError: Blender could not show the head.
    """
    command = [sys.executable, CHILD, str(context.head_path), *arguments]
    child = subprocess.run(command, capture_output=True, text=True, check=False)
    if child.returncode:
        raise MissingDependencyError(f"Blender could not show the head: {child.stderr[-300:]}")
    return json.loads(child.stdout.strip().splitlines()[-1])


def run(context: Context) -> Iterator[Figure]:
    """Frames of the head's takes, beside what Blender needs for an image's pixels alone."""
    cost = in_blender(context)
    yield Figure(
        *("blender_frame", "mesh_and_texture_1024", "ms_per_frame", cost["write_ms"], "ms"),
        bar=f"<= {BUDGET:g} ms",
        holds=cost["write_ms"] <= BUDGET,
        baselines={
            "image_pixels_alone": cost["pixels_ms"],
            "all_rounds": cost["all_ms"],
            "decode_and_write": cost["show_ms"],
        },
        note=f"Blender {cost['blender']}, median of {cost['frames']} frames, each the best of "
        f"{cost['rounds']} rounds",
    )
