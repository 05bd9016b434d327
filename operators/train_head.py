"""Make a head from a capture in a process of its own: begin, or go on."""

from collections.abc import Callable
from pathlib import Path

import bpy
from bpy.props import StringProperty

from ..neural_face_addon.making import head_making
from ..neural_face_addon.system.classes import classes_factory
from ..neural_face_addon.system.reporting import reported


class _MakingOperator:
    """Mixin: begins a making by the scene's settings; a script waits for its end, a user does not.

    It is no `TaskOperator`: the work goes on when Blender is closed.
    """

    capture_directory: StringProperty(
        name="Capture",
        description="Capture or performance folder; the scene's where it is empty",
        subtype="DIR_PATH",
        options={"SKIP_SAVE"},
    )
    filepath: StringProperty(
        name="Head File",
        description="Head file to make; the scene's where it is empty",
        subtype="FILE_PATH",
        options={"SKIP_SAVE"},
    )
    until = ""
    ended: Callable[[bpy.types.Scene, Path], str]
    report: Callable[[set[str], str], None]

    @reported
    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Begin and return, where there is a window."""
        if bpy.app.background:
            return self.execute(context)
        self.begin(context)
        return {"FINISHED"}

    @reported
    def execute(self, context: bpy.types.Context) -> set[str]:
        """Begin and wait."""
        output = self.begin(context)
        head_making.wait(output)
        self.report({"INFO"}, self.ended(context.scene, output))
        return {"FINISHED"}

    def begin(self, context: bpy.types.Context) -> Path:
        """Start the process; the head file that it makes."""
        group = context.scene.neural_face_making
        for name in ("capture_directory", "filepath"):
            if getattr(self, name):
                setattr(group, name, getattr(self, name))
        asked = head_making.request(context.scene, self.until)
        head_making.start(asked)
        return asked.output


class NEURALFACE_OT_train_head(_MakingOperator, bpy.types.Operator):
    """Make a head from a capture, outside Blender; goes on where it was stopped"""

    bl_idname = "neural_face.train_head"
    bl_label = "Make Head"

    def ended(self, _scene: bpy.types.Scene, output: Path) -> str:
        """Where the head is."""
        return f"Made {output.name}"


class NEURALFACE_OT_check_capture(_MakingOperator, bpy.types.Operator):
    """Look at the capture and say what would go wrong, before hours are spent on it"""

    bl_idname = "neural_face.check_capture"
    bl_label = "Check"
    until = "check"

    def ended(self, scene: bpy.types.Scene, _output: Path) -> str:
        """How many warnings there are."""
        status = head_making.seen(scene).status
        return f"Checked: {len(status.findings.get('warnings', [])) if status else 0} warnings"


register, unregister = classes_factory(NEURALFACE_OT_train_head, NEURALFACE_OT_check_capture)
