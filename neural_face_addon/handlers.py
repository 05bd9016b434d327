"""When heads are shown anew: frame changes, edits, undo, loading, renders."""

import contextlib

import bpy
from bpy.app.handlers import persistent

from . import live_solving
from .making import head_making
from .scene import heads, playback

_rendering = False
_objects_seen = 0


@persistent
def _frame_changed(_scene: bpy.types.Scene, depsgraph: bpy.types.Depsgraph) -> None:
    _show(depsgraph)


@persistent
def _edited(_scene: bpy.types.Scene, depsgraph: bpy.types.Depsgraph) -> None:
    """Also where duplicates get a mesh and an image of their own: on the main thread."""
    global _objects_seen
    if not _rendering and len(bpy.data.objects) != _objects_seen:
        _objects_seen = len(bpy.data.objects)
        playback.separate()
    _show(depsgraph)


def _show(depsgraph: bpy.types.Depsgraph) -> None:
    """While a render runs, the frame it renders is the only one shown."""
    if not _rendering or depsgraph.mode == "RENDER":
        playback.show_all(depsgraph)


@persistent
def _replaced(*_arguments: object) -> None:
    """Undo, redo or another file: nothing that was known is certain any more."""
    global _objects_seen
    _objects_seen = -1
    heads.forget()
    live_solving.forget()
    playback.forget_all()
    playback.show_all()
    head_making.watch()


@persistent
def _render_began(*_arguments: object) -> None:
    global _rendering
    _rendering = True


@persistent
def _render_ended(*_arguments: object) -> None:
    global _rendering
    _rendering = False


_HANDLERS = {
    "frame_change_post": _frame_changed,
    "depsgraph_update_post": _edited,
    "load_post": _replaced,
    "undo_post": _replaced,
    "redo_post": _replaced,
    "render_init": _render_began,
    "render_complete": _render_ended,
    "render_cancel": _render_ended,
}


def register() -> None:
    """Hand the functions to Blender."""
    for name, function in _HANDLERS.items():
        getattr(bpy.app.handlers, name).append(function)


def unregister() -> None:
    """Take them back and forget what was shown."""
    for name, function in _HANDLERS.items():
        with contextlib.suppress(ValueError):
            getattr(bpy.app.handlers, name).remove(function)
    heads.forget()
    playback.forget_all()
