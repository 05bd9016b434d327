"""Recorded sentences with the phones that this project finds in their sound."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from models.alignment import align as alignment
from models.alignment.sound import Sound, read_sound
from models.errors import AlignmentError, CaptureError
from models.files import read_arrays, write_arrays
from models.phones import Phones
from models.synthetic.spoken import SpokenEnglish, SpokenSentence

from .figures import Context
from .lip_opening import Truth


@dataclass(frozen=True)
class Heard:
    """A recorded sentence: what was measured, and what can be heard.

    Attributes:
        sentence: The recording.
        truth: Its opening in outer-eye distances, with the data set's own phones.
        phones: Found by this project in the sound, from the text.
        path: The sound.
    """

    sentence: SpokenSentence
    truth: Truth
    phones: Phones
    path: Path

    @property
    def sound(self) -> Sound:
        """The sound, mono."""
        return read_sound(self.path)


def spoken_english(context: Context) -> tuple[SpokenEnglish, Path]:
    """The recording and its folder.

    Raises:
        CaptureError: It is not at hand.
    """
    if context.data is None:
        raise CaptureError("The recordings are not at hand: say where with DATA=…")
    folder = context.data / "spoken_english"
    return SpokenEnglish.open(folder), folder


def heard(
    data: SpokenEnglish, folder: Path, sentences: Sequence[SpokenSentence], cache: Path
) -> tuple[list[Heard], list[str]]:
    """The sentences with their phones, and the names of those that could not be aligned."""
    found, failed = [], []
    for sentence in sentences:
        path = folder / "audio" / f"{sentence.name}.ogg"
        try:
            phones = _aligned(path, sentence.text, cache)
        except AlignmentError:
            failed.append(sentence.name)
            continue
        judged = sentence.speaking & sentence.measured
        truth = Truth(data.opening(sentence.lips), sentence.fps, judged, sentence.phones)
        found.append(Heard(sentence, truth, phones, path))
    return found, failed


def _aligned(path: Path, text: str, cache: Path) -> Phones:
    """Phones of a recording; kept as long as sound, text and the alignment's code are the same."""
    key = hashlib.sha256(path.read_bytes() + text.encode() + _code().encode()).hexdigest()
    kept = cache / "alignments" / f"{key[:32]}.npz"
    if kept.exists():
        return Phones.from_arrays(read_arrays(kept))
    phones = alignment.align(path, text).phones
    write_arrays(kept, **phones.to_arrays())
    return phones


def _code() -> str:
    """What changes when the alignment's code does."""
    sources = sorted(Path(alignment.__file__).parent.glob("*.py"))
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()
