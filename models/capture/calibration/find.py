"""A capture's calibration, whichever program wrote it."""

from dataclasses import dataclass
from pathlib import Path

from ...errors import CaptureError
from .colmap import find_colmap, read_colmap
from .entries import Calibrated
from .opencv import read_opencv
from .transforms import FILE, read_transforms


@dataclass(frozen=True)
class Calibration:
    """All cameras of a capture.

    Attributes:
        source: What was read, for people.
        cameras: In the file's order.
    """

    source: str
    cameras: tuple[Calibrated, ...]


def read_calibration(root: Path) -> Calibration:
    """Find and read a capture's cameras: `transforms.json`, else COLMAP's model, else OpenCV's.

    Raises:
        CaptureError: There is none, or it is damaged, mirrored, or of a kind that is not read.
    """
    root = Path(root)
    if not root.is_dir():
        raise CaptureError(f"There is no capture folder {root.name}.")
    if (root / FILE).is_file():
        return Calibration(FILE, tuple(read_transforms(root / FILE)))
    model = find_colmap(root)
    if model is not None:
        return Calibration("COLMAP model", tuple(read_colmap(model, root)))
    cameras = read_opencv(root)
    if not cameras:
        raise CaptureError(
            f"The capture {root.name} has no calibration: it needs transforms.json (nerfstudio, "
            "instant-ngp), COLMAP's cameras and images (text or binary), or OpenCV's calibration "
            "as JSON or YAML."
        )
    return Calibration("OpenCV calibration", tuple(cameras))
