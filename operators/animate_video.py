"""Put the performance of a video on a head: button, drag and drop, script."""

import bpy
from bpy.props import StringProperty

from ..neural_face_addon.scene import heads
from ..neural_face_addon.system.classes import classes_factory, menu_entry
from .new_clip import NewClipOperator

EXTENSIONS = (".mp4", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".m4v", ".wmv", ".mts")


class NEURALFACE_OT_animate_video(NewClipOperator, bpy.types.Operator):
    """Let the head do what a face in a video does; the keys go to its video layer"""

    bl_idname = "neural_face.animate_video"
    bl_label = "Animate Head from Video"

    filter_glob: StringProperty(
        default=";".join(f"*{extension}" for extension in EXTENSIONS),
        options={"HIDDEN", "SKIP_SAVE"},
    )


class NEURALFACE_FH_video(bpy.types.FileHandler):
    """Videos dropped into a viewport with a head."""

    bl_idname = "NEURALFACE_FH_video"
    bl_label = "Performance for the Head"
    bl_import_operator = "neural_face.animate_video"
    bl_file_extensions = ";".join(EXTENSIONS)

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        """3D viewports with a head; which is meant is seen when the video falls."""
        there = context.area is not None and context.area.type == "VIEW_3D"
        return there and bool(heads.every())


register, unregister = classes_factory(
    NEURALFACE_OT_animate_video,
    NEURALFACE_FH_video,
    menus={
        "TOPBAR_MT_file_import": menu_entry(
            NEURALFACE_OT_animate_video, text="Performance for a Head (video)"
        )
    },
)
