"""`python -m tests.bench [--only NAMES] [--device cpu|cuda]`: measure and print."""

import argparse
import logging
import sys
from pathlib import Path

import torch

from models.errors import NeuralFaceError
from models.files import write_bytes

from . import (
    actor_speech,
    alignment,
    blender_frame,
    decode,
    discriminator,
    reconstruction,
    speech_examples,
    speech_recordings,
    speech_style,
    speech_text,
    storage,
    texture,
    tracking,
    tracking_trouble,
    video,
    video_people,
    video_speed,
)
from .figures import Bench, Context

BENCHES: dict[str, Bench] = {
    "reconstruction": reconstruction.run,
    "discriminator": discriminator.run,
    "decode": decode.run,
    "blender_frame": blender_frame.run,
    "storage": storage.run,
    "actor_speech": actor_speech.run,
    "alignment": alignment.run,
    "speech_examples": speech_examples.run,
    "speech_recordings": speech_recordings.run,
    "speech_style": speech_style.run,
    "speech_text": speech_text.run,
    "tracking": tracking.run,
    "tracking_trouble": tracking_trouble.run,
    "texture": texture.run,
    "video": video.run,
    "video_people": video_people.run,
    "video_speed": video_speed.run,
}
ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Run the chosen benchmarks; 1 when one could not be measured."""
    options = _options()
    context = Context(
        options.head, options.device, options.cache, options.data, options.performance
    )
    lines, missing = [], 0
    for name in options.only.split(",") if options.only else BENCHES:
        try:
            for figure in BENCHES[name](context):
                lines.append(figure.line(options.device))
                print(lines[-1], flush=True)
                print(figure.row(), file=sys.stderr)
        except NeuralFaceError as error:
            missing += 1
            print(f"{name}: not measured: {error}", file=sys.stderr)
    write_bytes(options.out / "bench.jsonl", ("\n".join(lines) + "\n").encode())
    return 1 if missing else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", default="", help=f"of {', '.join(BENCHES)}; separated by commas")
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--head", type=Path, default=ROOT / "models/bundled/actor.nface")
    parser.add_argument("--performance", type=Path, help="that another head was trained on")
    parser.add_argument("--cache", type=Path, default=ROOT / "cache")
    parser.add_argument("--out", type=Path, default=ROOT / "out")
    parser.add_argument("--data", type=Path, default=None, help="recordings and actor assets")
    options = parser.parse_args()
    unknown = set(filter(None, options.only.split(","))) - set(BENCHES)
    if unknown:
        parser.error(f"no benchmark called {', '.join(sorted(unknown))}")
    if options.device == "cuda" and not torch.cuda.is_available():
        parser.error("this machine has no CUDA GPU that torch can use")
    return options


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    sys.exit(main())
