"""What Blender is told about, in one order, undone in reverse; all of it or nothing."""

import importlib
import logging
from types import ModuleType

log = logging.getLogger(__name__)

MODULES = (
    "neural_face_addon.preferences",
    "neural_face_addon.stored.head_properties",
    "neural_face_addon.making.making_properties",
    "neural_face_addon.handlers",
    "neural_face_addon.system.jobs",
    "neural_face_addon.live_solving",
    "neural_face_addon.making.head_making",
    "operators.import_head",
    "operators.bundled_head",
    "operators.performance_from_mesh",
    "operators.animate_text",
    "operators.animate_video",
    "operators.live_video",
    "operators.arkit",
    "operators.update_line",
    "operators.update_clip",
    "operators.copy_residual",
    "operators.edit_cues",
    "operators.edit_words",
    "operators.correct_contacts",
    "operators.clear_layer",
    "operators.set_expression",
    "operators.train_head",
    "operators.stop_training",
    "operators.show_texture",
    "operators.manage_packages",
    "panels.head",
    "panels.speak",
    "panels.style",
    "panels.cue_list",
    "panels.contact_list",
    "panels.video",
    "panels.residual_sliders",
    "panels.layer_list",
    "panels.expression_sliders",
    "panels.make_head",
    "panels.system",
)
"""Below the package's root; each has `register()` and `unregister()`."""

_ROOT = __name__.rsplit(".", 2)[0]
_registered: list[ModuleType] = []


def register() -> None:
    """Register every module; when one fails, undo it and those before it and pass its error on."""
    try:
        for name in MODULES:
            module = importlib.import_module(f"{_ROOT}.{name}")
            _registered.append(module)
            module.register()
    except Exception:
        unregister()
        raise


def unregister() -> None:
    """Unregister in reverse; one that fails does not keep the others."""
    while _registered:
        module = _registered.pop()
        try:
            module.unregister()
        except Exception:
            log.exception("Cannot unregister %s", module.__name__)
