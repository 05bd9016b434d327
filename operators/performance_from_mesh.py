"""Bake an animated character, or an Alembic or USD file of one, into a performance."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import bpy
from bpy.props import IntProperty, StringProperty

from ..neural_face_addon.making import mesh_baking
from ..neural_face_addon.making.mesh_baking import Source
from ..neural_face_addon.system import runtime
from ..neural_face_addon.system.classes import classes_factory, menu_entry
from ..neural_face_addon.system.jobs import Work
from ..neural_face_addon.system.reporting import NeuralFaceError
from ..neural_face_addon.system.tasks import Step, TaskOperator


class NEURALFACE_OT_performance_from_mesh(TaskOperator, bpy.types.Operator):
    """Make a performance, from which heads are trained, of the animated face of the active mesh"""

    bl_idname = "neural_face.performance_from_mesh"
    bl_label = "Performance from Animated Mesh"
    bl_options = {"REGISTER"}

    directory: StringProperty(
        name="Performance", description="Folder to make", subtype="DIR_PATH",
        options={"SKIP_SAVE"},
    )  # fmt: skip
    filepath: StringProperty(
        name="Alembic or USD", description="File to import for this; empty for the active mesh",
        subtype="FILE_PATH", options={"SKIP_SAVE"},
    )  # fmt: skip
    texture_filepath: StringProperty(
        name="Texture",
        description="Picture, or folder with one for each frame; empty for the material's image",
        subtype="FILE_PATH", options={"SKIP_SAVE"},
    )  # fmt: skip
    audio_filepath: StringProperty(
        name="Recording", description="What is heard from the first frame on",
        subtype="FILE_PATH", options={"SKIP_SAVE"},
    )  # fmt: skip
    text: StringProperty(name="Text", description="What is said", options={"SKIP_SAVE"})
    frame_start: IntProperty(
        name="First Frame", description="The scene's, or the file's, where it is not set",
        options={"SKIP_SAVE"},
    )  # fmt: skip
    frame_end: IntProperty(
        name="Last Frame", description="The scene's, or the file's, where it is not set",
        options={"SKIP_SAVE"},
    )  # fmt: skip

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Anywhere: a file needs no mesh."""
        return context.scene is not None

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask where to, unless it is told."""
        if self.directory:
            return super().invoke(context, event)
        self._browsed = True
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """With the folder that was chosen: still in the background, for there is a user."""
        browsed, self._browsed = getattr(self, "_browsed", False), False
        if browsed:
            # a file browser tells in `filepath` which new folder was typed
            self.directory, self.filepath = self.filepath or self.directory, ""
            return self.begin(context)
        return super().execute(context)

    def gather(self, context: bpy.types.Context) -> Iterator[Step]:
        """Sample the mesh frame by frame, into a folder that lasts as long as this."""
        if not self.directory:
            raise NeuralFaceError("Choose a folder for the performance.")
        self._output = Path(bpy.path.abspath(self.directory))
        if self._output.exists() and any(self._output.iterdir()):
            raise NeuralFaceError(f"The folder {self._output.name} is not empty: choose another.")
        self._temporary = tempfile.mkdtemp(prefix="neural_face_")
        try:
            with ExitStack() as stack:
                yield from self._bake(context, stack)
        except BaseException:
            shutil.rmtree(self._temporary, ignore_errors=True)
            raise

    def _bake(self, context: bpy.types.Context, stack: ExitStack) -> Iterator[Step]:
        scene, obj = context.scene, context.active_object
        if self.filepath:
            path = Path(bpy.path.abspath(self.filepath))
            obj = stack.enter_context(mesh_baking.Imported(scene, path))
        reason = mesh_baking.disabled_reason(obj)
        if reason or obj is None:
            raise NeuralFaceError(f"{reason}.")
        self._name = Path(self.filepath).stem if self.filepath else obj.name
        first, last = (
            getattr(self if self.properties.is_property_set(name) else scene, name)
            for name in ("frame_start", "frame_end")
        )
        texture = self.texture_filepath and Path(bpy.path.abspath(self.texture_filepath))
        source = Source(path=texture) if texture else mesh_baking.source_of(obj)
        self._take = Path(self._temporary) / bpy.path.clean_name(self._name)
        self._take.mkdir()
        mesh_baking.add_speech(self._take, bpy.path.abspath(self.audio_filepath), self.text)
        frames = range(first, last + 1)
        yield from mesh_baking.bake(scene, obj, frames, source, self._take)

    def prepare(self, _context: bpy.types.Context) -> Work:
        """What is left to do needs no Blender."""
        take, output, name, temporary = self._take, self._output, self._name, self._temporary

        def work(progress: Callable[[float, str], None]) -> str:
            try:
                return runtime.performance_from_sequence(take, output, name, progress)
            except BaseException:
                shutil.rmtree(output, ignore_errors=True)  # it was not there, or empty
                raise
            finally:
                shutil.rmtree(temporary, ignore_errors=True)

        return work

    def finish(self, _context: bpy.types.Context, result: Any) -> None:
        """Say what was made."""
        self.report({"INFO"}, result)


register, unregister = classes_factory(
    NEURALFACE_OT_performance_from_mesh,
    menus={
        "TOPBAR_MT_file_export": menu_entry(
            NEURALFACE_OT_performance_from_mesh, text="Performance for Neural Face (folder)"
        )
    },
)
