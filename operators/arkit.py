"""Recordings of ARKit's face shapes (Live Link Face, CSV): onto a head, and from what it shows."""

from pathlib import Path
from typing import Any

import bpy
from bpy.props import BoolProperty, IntProperty, StringProperty

from ..neural_face_addon.clip import clip_solving
from ..neural_face_addon.clip.clip_solving import Reader
from ..neural_face_addon.scene import heads, layer_curves, playback
from ..neural_face_addon.stored.clip_properties import recording_settings
from ..neural_face_addon.stored.timing import frame_rate
from ..neural_face_addon.system.classes import classes_factory, menu_entry
from ..neural_face_addon.system.jobs import Work
from ..neural_face_addon.system.reporting import NeuralFaceError
from .new_clip import NewClipOperator
from .shared import FileOperator, HeadOperator


class NEURALFACE_OT_animate_arkit(
    recording_settings(options=frozenset({"SKIP_SAVE"})), NewClipOperator, bpy.types.Operator
):
    """Let the head do what a face recorded by Live Link Face did; keys go to its video layer"""

    bl_idname = "neural_face.animate_arkit"
    bl_label = "Animate Head from ARKit Recording"

    filter_glob: StringProperty(default="*.csv", options={"HIDDEN", "SKIP_SAVE"})

    def reader(self) -> Reader:
        """What reads the recording."""
        return clip_solving.read_arkit(Path(bpy.path.abspath(self.filepath)), self.neutral)


class NEURALFACE_FH_arkit(bpy.types.FileHandler):
    """Recordings dropped into a viewport with a head."""

    bl_idname = "NEURALFACE_FH_arkit"
    bl_label = "ARKit Recording for the Head"
    bl_import_operator = "neural_face.animate_arkit"
    bl_file_extensions = ".csv"

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        """3D viewports with a head; which is meant is seen when the file falls."""
        there = context.area is not None and context.area.type == "VIEW_3D"
        return there and bool(heads.every())


class NEURALFACE_OT_export_arkit(HeadOperator, FileOperator, bpy.types.Operator):
    """Write what the head shows, all layers together, as a Live Link Face recording"""

    bl_idname = "neural_face.export_arkit"
    bl_label = "Export ARKit Recording"
    bl_options = {"REGISTER"}

    filter_glob: StringProperty(default="*.csv", options={"HIDDEN", "SKIP_SAVE"})
    check_existing: BoolProperty(default=True, options={"HIDDEN", "SKIP_SAVE"})
    frame_start: IntProperty(
        name="First Frame", description="The scene's if it is after the last", default=1,
        options={"SKIP_SAVE"},
    )  # fmt: skip
    frame_end: IntProperty(name="Last Frame", default=0, options={"SKIP_SAVE"})

    def prepare(self, context: bpy.types.Context) -> Work:
        """Take down what the head does."""
        obj, scene = heads.required(context), context.scene
        if not self.filepath:
            raise NeuralFaceError("Choose a file to write.")
        path = Path(bpy.path.abspath(self.filepath)).with_suffix(".csv")
        span = self.frame_start, self.frame_end
        frames = layer_curves.whole_frames(
            span if span[0] <= span[1] else (scene.frame_start, scene.frame_end)
        )
        times = (frames - frames[0]) / frame_rate(scene)
        shown = layer_curves.shown_at(obj, frames), layer_curves.pose_at(obj, frames)
        head = playback.open_head(obj)

        def work(_progress: object) -> str:
            clip_solving.write_arkit(head, path, times, *shown)
            return f"{len(frames)} frames written to {path.name}"

        return work

    def finish(self, context: bpy.types.Context, result: Any) -> None:
        """Say so."""
        self.report({"INFO"}, result)


register, unregister = classes_factory(
    NEURALFACE_OT_animate_arkit,
    NEURALFACE_FH_arkit,
    NEURALFACE_OT_export_arkit,
    menus={
        "TOPBAR_MT_file_import": menu_entry(
            NEURALFACE_OT_animate_arkit, text="ARKit Recording for a Head (.csv)"
        ),
        "TOPBAR_MT_file_export": menu_entry(
            NEURALFACE_OT_export_arkit, text="ARKit Recording of a Head (.csv)"
        ),
    },
)
