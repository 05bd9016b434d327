"""The last stage: the head file with what its maker says of it, its card and its pictures."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..files import replacing
from ..head.file import read_head_file, write_head_file
from .card import SUFFIX, card_of, write_card
from .workspace import Outcome

REPORT_SUFFIX = ".report.png"


def finish_head(
    source: Path,
    output: Path,
    said: Mapping[str, str | None],
    report: tuple[Path, Path],
    pictures: Mapping[str, Path],
    notes: Sequence[str],
) -> Outcome:
    """Write the head file with its card, and the card as a page beside it.

    Args:
        source: Head file of the last training.
        output: Head file to write.
        said: name, licence, consent; None keeps what the source says.
        report: Picture of the training, which may be missing, and where to put it.
        pictures: Title → PNG for the page.
        notes: Sentences for the card.
    """
    file = read_head_file(source)
    file.document.update({key: value for key, value in said.items() if value is not None})
    card = card_of(file, notes)
    file.document["card"] = card
    write_head_file(output, file)
    page = output.with_suffix(SUFFIX)
    write_card(page, card, pictures)
    result = {"head": str(output), "megabytes": output.stat().st_size / 1e6, "card": str(page)}
    shown = {"Card": str(page)}
    drawn, beside = report
    if drawn.is_file():
        with replacing(beside) as temporary:
            shutil.copyfile(drawn, temporary)
        result["report"] = shown["Contact Sheet"] = str(beside)
    return Outcome(result, shown)
