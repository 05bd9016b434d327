"""Drops a file onto a window as a file manager does (XDND). A process of its own.

`python drop.py FILE X Y`, root coordinates from the top left.
"""

import sys
import time
from pathlib import Path

from Xlib import X, display
from Xlib.protocol import event
from Xlib.xobject.drawable import Window

VERSION = 5
PATIENCE = 20.0


class Drag:
    """One file on its way from an invisible window of ours to the one under the mouse."""

    def __init__(self, path: Path) -> None:
        self.display = display.Display()
        self.atom = self.display.intern_atom
        root = self.display.screen().root
        self.target = self._aware(root)
        self.source = root.create_window(0, 0, 1, 1, 0, X.CopyFromParent)
        self.source.set_selection_owner(self.atom("XdndSelection"), X.CurrentTime)
        self.data = f"{path.resolve().as_uri()}\r\n".encode()

    def _aware(self, window: Window) -> Window:
        """The first window below `window` that takes drops."""
        for child in window.query_tree().children:
            if child.get_full_property(self.atom("XdndAware"), X.AnyPropertyType):
                return child
        sys.exit("No window takes drops.")

    def tell(self, message: str, *values: int) -> None:
        """Send the target a message."""
        data = (32, [self.source.id, *values, *[0] * (4 - len(values))])
        kind = self.atom(message)
        self.target.send_event(event.ClientMessage(window=self.target, client_type=kind, data=data))
        self.display.flush()

    def answer_until(self, message: str) -> None:
        """Hand out the file's address when asked, until the target sends `message`."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if not self.display.pending_events():
                time.sleep(0.02)
                continue
            received = self.display.next_event()
            if received.type == X.SelectionRequest:
                self._hand_out(received)
            elif received.type == X.ClientMessage and received.client_type == self.atom(message):
                return
        sys.exit(f"The window never sent {message}.")

    def _hand_out(self, request: event.SelectionRequest) -> None:
        request.requestor.change_property(request.property, request.target, 8, self.data)
        request.requestor.send_event(
            event.SelectionNotify(
                time=request.time,
                requestor=request.requestor,
                selection=request.selection,
                target=request.target,
                property=request.property,
            )
        )
        self.display.flush()


def main(path: Path, x: int, y: int) -> None:
    """Enter the window, move to the place, drop."""
    drag = Drag(path)
    copy = drag.atom("XdndActionCopy")
    drag.tell("XdndEnter", VERSION << 24, drag.atom("text/uri-list"))
    for _ in range(3):
        drag.tell("XdndPosition", 0, x << 16 | y, X.CurrentTime, copy)
        drag.answer_until("XdndStatus")
    drag.tell("XdndDrop", 0, X.CurrentTime)
    drag.answer_until("XdndFinished")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
