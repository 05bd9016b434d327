"""Command line of the numeric layer: `python -m models COMMAND …`."""

import argparse
import importlib.util
import json
import logging
import sys

from .errors import NeuralFaceError

COMMANDS = {
    "check": ("capture.check_command", "look at a capture: cameras, frames, faces, what to mend"),
    "track": ("tracking.track_command", "a capture to a performance: geometry and textures"),
    "import-sequence": ("sequences.import_sequence_command", "a mesh sequence to a performance"),
    "train": ("making.train_command", "a capture, a performance or a head file to a head file"),
    "align": ("alignment.align_command", "a recording (and its text or timings) to timed phones"),
    "animate": ("animate_command", "text, a video or ARKit shapes to animation parameters"),
    "info": ("head.info_command", "what is in a head file"),
    "synthesize": ("synthetic.synthesize_command", "a synthetic capture (in a checkout only)"),
    "footage": ("synthetic.footage_command", "footage of synthetic people (in a checkout only)"),
}
"""Name → (module with `add_arguments(parser)` and `run(args)`, help line)."""
CHECKOUT_ONLY = (
    "This command belongs to a checkout of the source and is not part of the installed extension;"
    " see docs/making_the_bundled_head.md in the source."
)


def main(arguments: list[str] | None = None) -> int:
    """Run one command; exit status 1 when what it looked at is not ok, 2 on expected failures."""
    name = next((a for a in (arguments or sys.argv[1:]) if a in COMMANDS), None)
    parser = argparse.ArgumentParser(prog="python -m models", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for command, (module, text) in COMMANDS.items():
        missing = command == name and not _is_here(command)
        description = f"{text}. {CHECKOUT_ONLY}" if missing else text
        sub = commands.add_parser(command, help=text, description=description)
        sub.add_argument("--json", action="store_true", help="machine-readable result on stdout")
        sub.add_argument("--verbose", action="store_true", help="log what happens")
        if command == name and not missing:
            importlib.import_module(f".{module}", __package__).add_arguments(sub)
    if name and not _is_here(name):
        parser.parse_known_args(arguments)  # so that --help is answered
        print(f"error: {CHECKOUT_ONLY}", file=sys.stderr)
        return 2
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO if options.verbose else logging.WARNING)
    module = importlib.import_module(f".{COMMANDS[options.command][0]}", __package__)
    try:
        result = module.run(options)
    except NeuralFaceError as error:
        over_progress = "\r\x1b[K" if sys.stderr.isatty() else ""
        print(f"{over_progress}error: {error}", file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps(result, ensure_ascii=False))
    else:
        for key, value in (result or {}).items():
            print(f"{key}: {value}")
    return 1 if result and result.get("ok") is False else 0


def _is_here(command: str) -> bool:
    """Whether the command's room is part of this copy: the extension's zip leaves some out."""
    room = COMMANDS[command][0].split(".")[0]
    return importlib.util.find_spec(f".{room}", __package__) is not None


if __name__ == "__main__":
    sys.exit(main())
