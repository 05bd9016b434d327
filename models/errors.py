"""Errors a user can act on. Everything else is a defect and keeps its traceback."""


class NeuralFaceError(Exception):
    """An expected failure; its message is a sentence the user can act on."""


class HeadFileError(NeuralFaceError):
    """The head file is damaged, unsafe, or of an unsupported schema."""


class CaptureError(NeuralFaceError):
    """A capture folder or a performance is incomplete or inconsistent."""


class TextError(NeuralFaceError):
    """The text cannot be spoken."""


class SoundError(NeuralFaceError):
    """A recording cannot be read, or holds nothing that could be speech."""


class AlignmentError(NeuralFaceError):
    """Text and sound do not belong together."""


class TimingsError(NeuralFaceError):
    """A file of timed phones, words or subtitles cannot be understood."""


class VideoError(NeuralFaceError):
    """A video cannot be read, or shows no face that could be followed."""


class ArkitError(NeuralFaceError):
    """A table of face shapes cannot be read, or a head cannot play or write any."""


class MissingDependencyError(NeuralFaceError):
    """A package, program or driver that this task needs is not installed."""


class CancelledError(NeuralFaceError):
    """The user stopped the task; nothing was changed."""
