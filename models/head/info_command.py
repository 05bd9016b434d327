"""`python -m models info HEAD.nface`: what is in a head file."""

import argparse
from pathlib import Path

from .codes import ExampleSet
from .file import read_head_file


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("head", type=Path, help="head file")


def run(options: argparse.Namespace) -> dict:
    """Read and check the file without building its networks (needs no torch)."""
    file = read_head_file(options.head)
    document, examples = file.document, ExampleSet.from_arrays(file.examples)
    about = ("name", "schema", "licence", "consent", "provenance", "credits", "fps", "training")
    return {key: document.get(key) for key in about} | {
        "sha256": file.sha256,
        "megabytes": round(options.head.stat().st_size / 1e6, 2),
        "vertices": len(file.mesh.vertices),
        "parts": [part.name for part in file.mesh.parts],
        "code": {region["name"]: region["dims"]["code"] for region in document["regions"]},
        "resolution": {r["name"]: r["dims"]["resolution"] for r in document["regions"]},
        "sliders": [
            f"{s['name']} ({s['low']:.1f} to {s['high']:.1f})" for s in document["sliders"]
        ],
        "style": document.get("style"),
        "video": document.get("video"),
        "takes": len(examples.takes),
        "example_seconds": round(len(examples.codes) / examples.fps, 1),
    }
