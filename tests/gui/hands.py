"""Hands and eyes of a user at Blender's window: mouse, keyboard, looking for buttons, pictures.

Everything that takes time is a generator of pauses in seconds, which a timer advances.
"""

import subprocess
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import bpy

Steps = Iterator[float]
TICK = 0.05
REACH = 9
"""Buttons are 20 pixels high or more: looking at every ninth row misses none."""


class NotSeenError(AssertionError):
    """What a scenario expected did not come; the message is a sentence."""


def check(holds: object, sentence: str) -> None:
    """Fail with a sentence unless it holds."""
    if not holds:
        raise NotSeenError(sentence)


def wait_for(condition: Callable[[], object], sentence: str, seconds: float = 60.0) -> Steps:
    """Wait until `condition` gives something true; the sentence says what did not come.

    Counts ticks of Blender's own loop: on a busy machine that is slow, too, the wait is longer.
    """
    for _ in range(int(seconds / TICK)):
        if condition():
            return
        yield TICK
    raise NotSeenError(f"{sentence} (waited {seconds:.0f} s)")


def window() -> bpy.types.Window:
    """The main window."""
    return bpy.context.window_manager.windows[0]


def viewport() -> bpy.types.Area:
    """The 3D viewport."""
    return next(area for area in window().screen.areas if area.type == "VIEW_3D")


def region(kind: str) -> bpy.types.Region:
    """A region of the viewport: 'WINDOW' or 'UI' (the sidebar)."""
    return next(region for region in viewport().regions if region.type == kind)


def in_viewport() -> AbstractContextManager:
    """Let operators of Blender's own run as if called from the viewport."""
    return bpy.context.temp_override(window=window(), area=viewport(), region=region("WINDOW"))


def middle() -> tuple[int, int]:
    """Where the viewport is not covered by toolbar or sidebar."""
    view = region("WINDOW")
    return view.x + view.width // 3, view.y + view.height // 2


def move(x: float, y: float) -> Steps:
    """Move the mouse; y counts from the bottom."""
    window().event_simulate("MOUSEMOVE", "NOTHING", x=int(x), y=int(y))
    yield TICK


def press(key: str, at: tuple[int, int] | None = None, **modifiers: bool) -> Steps:
    """Press and release a key or mouse button, over the middle of the viewport or elsewhere."""
    x, y = at or middle()
    yield from move(x, y)
    for value in ("PRESS", "RELEASE"):
        window().event_simulate(key, value, x=x, y=y, **modifiers)
        yield TICK


def click(at: tuple[int, int]) -> Steps:
    """Click with the left button; a little later the window has answered."""
    yield from press("LEFTMOUSE", at)
    yield 6 * TICK


def drag(start: tuple[int, int], right: int) -> Steps:
    """Drag to the right with the left button held."""
    x, y = start
    yield from move(x, y)
    window().event_simulate("LEFTMOUSE", "PRESS", x=x, y=y)
    yield TICK
    for step in range(1, 11):
        yield from move(x + right * step / 10, y)
    window().event_simulate("LEFTMOUSE", "RELEASE", x=x + right, y=y)
    yield 6 * TICK


def write(text: str, at: tuple[int, int]) -> Steps:
    """Write into a text field: click into it, type, Return."""
    yield from click(at)
    yield from press("A", at, ctrl=True)
    for letter in text:
        window().event_simulate("A", "PRESS", unicode=letter, x=at[0], y=at[1])
        window().event_simulate("A", "RELEASE", x=at[0], y=at[1])
        yield TICK / 2
    yield from press("RET", at)


def hovered() -> str:
    """What the mouse is over in the sidebar: a property's path or an operator's Python call."""
    with bpy.context.temp_override(window=window(), area=viewport(), region=region("UI")):
        if bpy.context.property:
            _owner, path, index = bpy.context.property
            return f"{path}[{index}]" if index >= 0 else path
        if bpy.ops.ui.copy_python_command_button.poll():
            bpy.ops.ui.copy_python_command_button()
            return bpy.context.window_manager.clipboard
    return ""


def find(name: str, column: float = 0.6) -> Generator[float, None, tuple[int, int]]:
    """Look for a button in the sidebar as a user does, hovering from top to bottom.

    Args:
        name: Part of what `hovered` calls it.
        column: Where to look, as a share of the sidebar's width.

    Returns:
        Where it is in the window, by `yield from`.
    """
    sidebar, seen = region("UI"), set()
    x = sidebar.x + int(sidebar.width * column)
    for y in range(sidebar.y + sidebar.height - REACH, sidebar.y, -REACH):
        yield from move(x, y)
        found = hovered()
        if name in found:
            return x, y
        seen.add(found)
    raise NotSeenError(f"There is no {name} in the sidebar, but: {', '.join(sorted(seen))}.")


def open_tab() -> Steps:
    """Show the sidebar with the tab of the extension."""
    viewport().spaces.active.show_region_ui = True
    yield 10 * TICK
    region("UI").active_panel_category = "Neural Face"
    viewport().tag_redraw()
    yield 10 * TICK


def picture(path: Path, area: bpy.types.Area | None = None) -> Steps:
    """Save what the screen shows, or only one area of it."""
    yield 10 * TICK
    crop = []
    if area:
        top = window().height - area.y - area.height
        crop = ["-crop", f"{area.width}x{area.height}+{area.x}+{top}", "+repage"]
    subprocess.run(["import", "-window", "root", *crop, str(path)], check=True)
    yield TICK
