"""Panel: make a head from a capture, and watch how far it is."""

import bpy

from ..neural_face_addon.making import head_making
from ..neural_face_addon.making.head_making import RESUMABLE, MakingState, MakingStatus
from ..neural_face_addon.making.making_properties import MakingSettings
from ..neural_face_addon.stored.declared import settings_of
from ..neural_face_addon.system import packages
from ..neural_face_addon.system.classes import classes_factory
from .base import SidebarPanel, wrapped

_ICONS = {"errors": "CANCEL", "warnings": "ERROR", "notes": "INFO"}
_PICTURES = {"Overlay": "FILE_MOVIE", "Card": "TEXT"}
_STAGES = {"waiting": "RADIOBUT_OFF", "running": "PLAY", "done": "CHECKMARK"}


class NEURALFACE_PT_make_head(SidebarPanel, bpy.types.Panel):
    """A head in the making."""

    bl_idname = "NEURALFACE_PT_make_head"
    bl_label = "Make a Head"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Show the settings, the buttons that fit the state, and the state."""
        seen = head_making.seen(context.scene)
        self._draw_settings(context.scene.neural_face_making, not seen.busy)
        self._draw_buttons(seen)
        reported = seen.status is not None and seen.status.findings.get("errors")
        if seen.trouble and not reported:
            self._draw_lines(seen.trouble, "CANCEL", alert=True)
        if seen.status is not None:
            self._draw_progress(seen.state, seen.status)
            self._draw_findings(seen.status)
            self._draw_pictures(seen.status)
        if context.scene.neural_face_making.live and not packages.status().ready:
            self._draw_lines(
                "The live head needs packages that are missing here: see System", "INFO"
            )

    def _draw_settings(self, group: bpy.types.PropertyGroup, enabled: bool) -> None:
        column = self.layout.column()
        column.enabled = enabled
        column.use_property_split = True
        column.prop(group, "capture_directory")
        column.prop(group, "filepath")
        words, times = column.column(), column.column(align=True)
        for name, item in settings_of(MakingSettings).items():
            if item.kind == "minutes":
                times.prop(group, name, text=f"{item.label} (min)")
            else:
                words.prop(group, name)
        self.layout.prop(group, "live")

    def _draw_buttons(self, seen: MakingState) -> None:
        row = self.layout.row(align=True)
        if seen.busy:
            row.operator("neural_face.stop_making", icon="PAUSE")
            return
        row.operator("neural_face.check_capture", icon="VIEWZOOM")
        resumes = seen.state in RESUMABLE and not (seen.status and seen.status.until)
        text = "Resume" if resumes else "Start"
        row.operator("neural_face.train_head", text=text, icon="PLAY")

    def _draw_progress(self, state: str, status: MakingStatus) -> None:
        layout = self.layout
        if state == "starting":
            layout.label(text="Starting…", icon="SORTTIME")
        elif state == "done":
            text = "Checked" if status.until == "check" else "Finished"
            layout.label(text=text, icon="CHECKMARK")
        elif state == "running":
            left = f", {_clock(status.seconds_left)} left" if status.seconds_left >= 0 else ""
            layout.progress(factor=status.fraction, text=f"{status.fraction:.0%}{left}")
            layout.progress(factor=status.stage_fraction, text=status.label)
            self._draw_lines(status.message.partition(",")[0], "BLANK1")  # without the losses
        else:
            layout.label(text=f"Stopped at {status.fraction:.0%}: {status.label}", icon="PAUSE")
        column = layout.column(align=True)
        for stage in status.stages:
            column.label(text=stage.label, icon=_STAGES[stage.state])

    def _draw_findings(self, status: MakingStatus) -> None:
        for kind, icon in _ICONS.items():
            for sentence in status.findings.get(kind, []):
                self._draw_lines(sentence, icon, alert=kind == "errors")

    def _draw_pictures(self, status: MakingStatus) -> None:
        column = self.layout.column(align=True)
        for name in status.pictures:
            icon = _PICTURES.get(name, "IMAGE_DATA")
            column.operator(
                "neural_face.show_making", text=f"Show {name}", icon=icon
            ).picture = name

    def _draw_lines(self, text: str, icon: str, alert: bool = False) -> None:
        column = self.layout.column(align=True)
        column.alert = alert
        for place, line in enumerate(wrapped(text, 34)):
            column.label(text=line, icon="BLANK1" if place else icon)


def _clock(seconds: float) -> str:
    minutes = int(seconds // 60)
    if minutes < 1:
        return "less than a minute"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min"


register, unregister = classes_factory(NEURALFACE_PT_make_head)
