"""Pre-flight check of the user's own scan of the neutral face."""

from collections.abc import Iterator

from ..errors import CaptureError
from ..scan.neutral_scan import Scan
from .check_report import Entry
from .folder import CaptureFolder


def check_scan(capture: CaptureFolder) -> Iterator[Entry]:
    """Whether the scan, if there is one, can be read and shows a face."""
    if capture.scan is None:
        return
    name = capture.scan.name
    try:
        scan = Scan.read(capture.scan)
    except CaptureError as error:
        yield Entry(
            "error", "scan", str(error), name, "Repair or delete it: tracking does without one."
        )
        return
    unit = f"in units of {1000 * scan.unit:g} mm"
    yield Entry("ok", "scan", f"The scan {name} shows the face, {unit}.", name, figure=scan.unit)
