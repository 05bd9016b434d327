"""What a user does in the window, one scenario after the other; runs inside Blender.

`blender … --python scenarios.py -- STAGE`: STAGE holds the zip, the heads (*.nface) and takes the
pictures. Writes one line per scenario; the exit status is 1 when one failed.
"""

import os
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import bpy
import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
import hands
from hands import Steps, check, wait_for

STAGE = Path(sys.argv[sys.argv.index("--") + 1])
HERE = Path(__file__).parent
LINE = "We move papa, five big fish."
LONG_LINE = "See my baby, we move papa, five big fish, bob may phone. " * 60
RANDOM = "neural_face.random_expression(region='ALL')"
RESET = "neural_face.reset_expression(region='ALL')"
FOLLOWED_FRAME = 58
LEFT, RIGHT = 0.25, 0.65
"""Where two buttons of a row stand, as shares of the sidebar's width."""


def head() -> bpy.types.Object:
    """The head that the sidebar shows."""
    obj = bpy.context.view_layer.objects.active
    return obj if obj.type == "MESH" else obj.children[0]


def looks() -> tuple[np.ndarray, np.ndarray]:
    """Vertices and pixels that the head shows now."""
    mesh = head().data
    image = head().material_slots[0].material.node_tree.nodes["Head Texture"].image
    vertices = np.empty(3 * len(mesh.vertices), np.float32)
    pixels = np.empty(len(image.pixels), np.float32)
    mesh.vertices.foreach_get("co", vertices)
    image.pixels.foreach_get(pixels)
    return vertices, pixels


def check_looks(before: tuple, changed: bool, what: str) -> None:
    """Compare mesh and image with what they were."""
    for name, old, new in zip(("mesh", "texture"), before, looks(), strict=True):
        same = old.shape == new.shape and np.allclose(old, new, atol=1e-6)
        check(same != changed, f"{what}: the {name} {'did not change' if changed else 'changed'}.")


def heads_in_file() -> list[bpy.types.Object]:
    """All of them."""
    return [obj for obj in bpy.data.objects if obj.type == "MESH" and obj.neural_face.filepath]


def code() -> np.ndarray:
    """The code of the head's hand layer, with the places no slider uses."""
    group = head().neural_face
    return np.concatenate([group.mouth, group.left_eye, group.right_eye, group.face])


def enable() -> Steps:
    """The zip installs, says which packages it misses, and finds them in a chosen folder."""
    archive = next(STAGE.glob("neural_face-*.zip"))
    with hands.in_viewport():
        bpy.ops.extensions.package_install_files(filepath=str(archive), repo="user_default")
    name = _extension()
    check(name, "The extension was not enabled by its installation.")
    status = sys.modules[f"{name}.neural_face_addon.system.packages"].status
    check(not status().ready, "It is said to be ready although safetensors is missing.")
    check("safetensors" in status().sentence, f"The wrong thing is missing: {status().sentence}")
    with hands.in_viewport():
        bpy.ops.object.select_all(action="SELECT")
        bpy.ops.object.delete()
    yield from hands.open_tab()
    yield from hands.picture(STAGE / "missing.png")
    bpy.context.preferences.addons[name].preferences.packages = "/opt/packages"
    yield hands.TICK
    check(status().ready, f"It is not ready with the packages: {status().sentence}")


def import_by_button() -> Steps:
    """Import Head opens the file browser, Return takes the file."""
    button = yield from hands.find("neural_face.import_head(", LEFT)
    yield from hands.click(button)
    yield from wait_for(
        lambda: any(area.type == "FILE_BROWSER" for area in hands.window().screen.areas),
        "Import Head opened no file browser.",
    )
    browser = next(area for area in hands.window().screen.areas if area.type == "FILE_BROWSER")
    yield from wait_for(lambda: browser.spaces.active.params, "The file browser stayed empty.")
    browser.spaces.active.params.directory = str(STAGE).encode()
    browser.spaces.active.params.filename = "tiny.nface"
    yield 10 * hands.TICK
    yield from hands.press("RET", (browser.x + browser.width // 2, browser.y + browser.height // 2))
    yield from wait_for(heads_in_file, "The chosen head was not imported.")
    yield from look_at_head()


def look_at_head() -> Steps:
    """From the front, filling the viewport."""
    yield 10 * hands.TICK
    with hands.in_viewport():
        bpy.ops.view3d.view_axis(type="FRONT")
        bpy.ops.view3d.view_selected()
    yield 10 * hands.TICK


def show_texture() -> Steps:
    """Solid view is grey; the panel's button brings the texture and goes."""
    button = yield from hands.find("neural_face.show_texture(")
    yield from hands.click(button)
    shading = hands.viewport().spaces.active.shading
    shown = shading.color_type == "TEXTURE" and shading.light == "FLAT"
    check(shown, "Show Texture did not show the texture as it was captured.")


def drag_a_slider() -> Steps:
    """The first slider of the mouth moves mesh and texture."""
    before = looks()
    slider = yield from hands.find("neural_face.mouth[0]")
    yield from hands.drag(slider, 40)
    check(head().neural_face.mouth[0] > 0.1, "Dragging the slider did not change its value.")
    check_looks(before, True, "After dragging a slider")


def press_buttons() -> Steps:
    """Random, Reset; Ctrl-Z and Ctrl-Shift-Z go through what was done."""
    random = yield from hands.find(RANDOM, RIGHT)
    reset = yield from hands.find(RESET, LEFT)
    yield from hands.click(random)
    posed, drawn = code(), looks()
    check(np.count_nonzero(posed) > 10, "Random Expression left the sliders alone.")
    yield from hands.click(reset)
    check(not code().any(), "Reset Expression did not reset every slider.")
    check_looks(drawn, True, "After a reset")
    neutral = looks()
    yield from hands.press("Z", ctrl=True)
    yield 6 * hands.TICK
    check(np.allclose(code(), posed, atol=1e-5), "Ctrl-Z did not bring the random pose back.")
    check_looks(drawn, False, "After undoing the reset, against the random pose")
    yield from hands.press("Z", ctrl=True, shift=True)
    yield 6 * hands.TICK
    check(not code().any(), "Ctrl-Shift-Z did not reset again.")
    check_looks(neutral, False, "After the redo, against the neutral face")


def type_a_line() -> Steps:
    """A typed line and Animate give keys; playback moves the face."""
    field = yield from hands.find("neural_face.speech.text")
    yield from hands.write(LINE, field)
    typed = head().neural_face.speech.text
    check(typed == LINE, f"The text field holds {typed!r} instead of the typed line.")
    button = yield from hands.find("neural_face.animate_text(")
    yield from hands.click(button)
    yield from wait_for(lambda: len(head().neural_face.lines), "No line was animated.", 120)
    check(key_count() > 1000, f"The line gave only {key_count()} keys.")
    check(len(line().cues) > 10, "The line left no cues.")
    yield from playback()


def line() -> bpy.types.PropertyGroup:
    """The line that the sidebar shows."""
    group = head().neural_face
    return group.lines[group.active_line]


def mouth_keys() -> list[float]:
    """Values of the speech layer's first curve."""
    data = head().animation_data
    bag = data.action.layers[0].strips[0].channelbag(data.action_slot)
    curve = bag.fcurves.find("neural_face.speech_layer.mouth", index=0)
    return [point.co[1] for point in curve.keyframe_points]


def show_panel(name: str, path: Path) -> Steps:
    """A panel as a pop-up where the mouse is, and a picture of it."""
    yield from hands.move(*hands.middle())
    with hands.in_viewport():
        bpy.ops.wm.call_panel("INVOKE_DEFAULT", name=name, keep_open=True)
    yield from hands.picture(path, hands.viewport())
    yield from hands.press("ESC")
    yield 4 * hands.TICK


def edit_a_cue() -> Steps:
    """An edited cue and another style move the face by themselves; Ctrl-Z takes it back."""
    yield from show_panel("NEURALFACE_PT_cues", STAGE / "cues.png")
    yield from show_panel("NEURALFACE_PT_style", STAGE / "style.png")
    before, name = mouth_keys(), head().name
    number = next(i for i, cue in enumerate(line().cues) if cue.stress >= 0)
    line().cues[number].strength = 0.0
    yield from wait_for(lambda: mouth_keys() != before, "An edited cue moved nothing.")
    yield 6 * hands.TICK
    edited = mouth_keys()
    line().style_first = "happy"
    yield from wait_for(lambda: mouth_keys() != edited, "Another style moved nothing.")
    yield 6 * hands.TICK
    yield from hands.press("Z", ctrl=True)
    yield 6 * hands.TICK
    check(mouth_keys() == edited, "Ctrl-Z did not take the style back.")
    yield from hands.press("Z", ctrl=True)
    yield 6 * hands.TICK
    check(mouth_keys() == before, "Ctrl-Z did not take the edited cue back.")
    check(line().cues[number].strength == 1.0, "Ctrl-Z did not restore the cue.")
    check(bpy.data.objects[name].neural_face.lines, "Ctrl-Z took the whole line.")


def playback() -> Steps:
    """Space bar: frames go by and the face with them."""
    scene = bpy.context.scene
    scene.frame_set(1)
    yield hands.TICK
    before, first = looks(), scene.frame_current
    yield from hands.press("SPACE")
    yield from wait_for(lambda: scene.frame_current > first + 8, "The space bar plays nothing.")
    yield from hands.press("SPACE")
    yield 4 * hands.TICK
    check_looks(before, True, "During playback")
    check(not hands.window().screen.is_animation_playing, "The space bar does not stop.")


def key_count() -> int:
    """Keys of all curves in the file."""
    return sum(
        len(curve.keyframe_points)
        for action in bpy.data.actions
        for layer in action.layers
        for strip in layer.strips
        for bag in strip.channelbags
        for curve in bag.fcurves
    )


def escape() -> Steps:
    """Esc during a job leaves everything as it was."""
    speech = head().neural_face.speech
    speech.text = LONG_LINE
    yield 4 * hands.TICK
    keys, report, face = key_count(), line().report, looks()
    button = yield from hands.find("neural_face.animate_text(")
    yield from hands.press("LEFTMOUSE", button)
    yield from wait_for(_task_runs, "Animate Text did not begin.")
    yield from hands.press("ESC")
    yield from wait_for(lambda: not _task_runs(), "Esc did not end the job.")
    yield 6 * hands.TICK
    check(key_count() == keys, "A cancelled line left keys.")
    check(len(head().neural_face.lines) == 1, "A cancelled line is in the list.")
    check(line().report == report, "A cancelled line changed the report.")
    check_looks(face, False, "After Esc")
    head().neural_face.speech.text = LINE


def _task_runs() -> bool:
    names = {operator.bl_idname for operator in hands.window().modal_operators}
    return "NEURAL_FACE_OT_animate_text" in names


def drop(path: Path) -> Steps:
    """Another program drops a file onto the middle of the viewport."""
    x, y = hands.middle()
    yield from hands.move(x, y)
    command = [sys.executable, str(HERE / "drop.py"), str(path)]
    process = subprocess.Popen([*command, str(x), str(hands.window().height - y)])
    yield from wait_for(lambda: process.poll() is not None, "The drop was not taken.")
    check(process.returncode == 0, "The window refused the dropped file.")


def drop_a_file() -> Steps:
    """A head file dropped onto the viewport by another program becomes a head."""
    count = len(heads_in_file())
    yield from drop(STAGE / "tiny.nface")
    yield from wait_for(lambda: len(heads_in_file()) > count, "The dropped head was not imported.")
    check(head().name != heads_in_file()[0].name, "The dropped head is not the active object.")


def drop_a_video() -> Steps:
    """A video dropped on a head: ours is the first entry of the menu; a slider moves its keys."""
    yield from look_at_head()
    yield from put_on_the_head(STAGE / "drop.png")
    clip = clips()[0]
    check(clip.id_data.neural_face.video_layer.influence == 1.0, "The video layer is hidden.")
    check(clip.frame_last > clip.frame_first + 20, "The clip is too short.")
    check(clip.picture is not None, "The video is not beside the head.")
    bpy.context.view_layer.objects.active = clip.id_data
    before = key_values()
    clip.strength = 0.3
    yield from wait_for(lambda: key_values() != before, "A slider of the clip moved nothing.")


def put_on_the_head(picture: Path) -> Steps:
    """Drop the video and take the first entry of the menu, of which there is a picture."""
    count = len(clips())
    yield from drop(STAGE / "acted.mp4")
    yield 10 * hands.TICK
    yield from hands.picture(picture, hands.viewport())
    yield from hands.press("RET")
    yield from wait_for(lambda: len(clips()) > count, "The dropped video was not put on a head.")


def clips() -> list[bpy.types.PropertyGroup]:
    """Of all heads."""
    return [clip for obj in heads_in_file() for clip in obj.neural_face.clips]


def key_values() -> list[float]:
    """Values of the first curve of the video layer in the file."""
    data = clips()[0].id_data.animation_data
    bag = data.action.layers[0].strips[0].channelbag(data.action_slot)
    curve = bag.fcurves.find("neural_face.video_layer.mouth", index=0)
    return [point.co[1] for point in curve.keyframe_points]


def save_and_reopen() -> Steps:
    """A saved file shows the same faces when it is opened again."""
    random = yield from hands.find(RANDOM, RIGHT)
    yield from hands.click(random)
    before, posed, keys = looks(), code(), key_count()
    path = str(STAGE / "saved.blend")
    with hands.in_viewport():
        bpy.ops.wm.save_as_mainfile(filepath=path)
        bpy.ops.wm.open_mainfile(filepath=path)
    yield 20 * hands.TICK
    check(len(heads_in_file()) == 2, f"{len(heads_in_file())} of 2 heads came back.")
    check(np.allclose(code(), posed), "The code is another one after reopening.")
    check(key_count() == keys, "Keys were lost by saving.")
    check_looks(before, False, "After reopening")
    yield from hands.open_tab()
    slider = yield from hands.find("neural_face.mouth[0]")
    yield from hands.drag(slider, 30)
    check_looks(before, True, "After dragging a slider of the reopened head")


def make_a_head() -> Steps:
    """A head is trained outside Blender; the viewport shows it meanwhile, then the finished one."""
    making = bpy.context.scene.neural_face_making
    making.capture_directory = str(STAGE / "performance")
    making.filepath = str(STAGE / "made.nface")
    making.minutes, making.speech_minutes, making.consent = 0.5, 0.0, "made up by a test"
    before = set(heads_in_file())
    with hands.in_viewport():
        bpy.ops.neural_face.train_head("INVOKE_DEFAULT")
    yield from wait_for(
        lambda: set(heads_in_file()) - before, "No live head came while it was trained.", 180
    )
    live = (set(heads_in_file()) - before).pop()
    check(live.neural_face.making_version > 0, "The live head does not know its version.")
    yield from show_panel("NEURALFACE_PT_make_head", STAGE / "make_head.png")
    finished = str(STAGE / "made.nface")
    yield from wait_for(
        lambda: live.neural_face.filepath == finished, "The finished head was not shown.", 240
    )
    yield from show_panel("NEURALFACE_PT_make_head", STAGE / "made_head.png")


def bundled_head() -> Steps:
    """The bundled head comes by its button and speaks; the picture of the panel shows it."""
    runtime = sys.modules[f"{_extension()}.neural_face_addon.system.runtime"]
    if not runtime.bundled_path().exists():
        sys.stdout.write("This zip has no bundled head: its scenario is left out.\n")
        return
    yield from add_the_bundled_head()
    yield from type_a_line()
    bpy.context.scene.frame_set(20)
    yield from hands.picture(STAGE / "panel.png", hands.viewport())
    with hands.in_viewport():
        bpy.ops.neural_face.check_contacts()
    for name in ("cues", "style", "contacts"):
        yield from show_panel(f"NEURALFACE_PT_{name}", STAGE / f"{name}.png")


def bundled_head_follows() -> Steps:
    """A video dropped on the bundled head; the pictures show the drop and what comes of it."""
    runtime = sys.modules[f"{_extension()}.neural_face_addon.system.runtime"]
    if not runtime.bundled_path().exists():
        sys.stdout.write("This zip has no bundled head: its scenario is left out.\n")
        return
    yield from add_the_bundled_head()
    yield from put_on_the_head(STAGE / "bundled_drop.png")
    bpy.context.view_layer.objects.active = clips()[0].id_data
    bpy.context.scene.frame_set(FOLLOWED_FRAME)
    yield 4 * hands.TICK
    with hands.in_viewport():
        bpy.ops.view3d.view_all()
    yield from hands.picture(STAGE / "bundled_video.png", hands.viewport())
    for name in ("video", "retargeting", "clip", "clip_residual"):
        yield from show_panel(f"NEURALFACE_PT_{name}", STAGE / f"{name}.png")


def add_the_bundled_head() -> Steps:
    """Instead of all that is there."""
    with hands.in_viewport():
        bpy.ops.object.select_all(action="SELECT")
        bpy.ops.object.delete()
    yield 4 * hands.TICK
    button = yield from hands.find("neural_face.add_bundled_head(", RIGHT)
    yield from hands.click(button)
    yield from wait_for(heads_in_file, "Bundled Head added no head.")
    yield from look_at_head()


def _extension() -> str:
    """Name of the module that Blender loaded from the zip."""
    names = bpy.context.preferences.addons.keys()
    return next((name for name in names if name.endswith(".neural_face")), "")


SCENARIOS: tuple[Callable[[], Steps], ...] = (
    enable,
    import_by_button,
    show_texture,
    drag_a_slider,
    press_buttons,
    type_a_line,
    edit_a_cue,
    escape,
    drop_a_file,
    save_and_reopen,
    drop_a_video,  # its panels push the others out of the sidebar
    make_a_head,
    bundled_head,
    bundled_head_follows,
)


def play() -> Steps:
    """One scenario after the other, until one fails: each goes on where the last one ended."""
    for scenario in SCENARIOS:
        start = time.monotonic()
        outcome = "ok"
        try:
            yield from scenario()
        except hands.NotSeenError as error:
            outcome = f"FAILED: {error}"
        except Exception:
            outcome = f"FAILED:\n{traceback.format_exc()}"
        seconds = time.monotonic() - start
        sys.stdout.write(f"{scenario.__name__} ({seconds:.1f} s): {outcome}\n")
        sys.stdout.flush()
        if outcome != "ok":
            yield from hands.picture(STAGE / f"failed_{scenario.__name__}.png")
            os._exit(1)
    os._exit(0)


def main() -> None:
    """Begin when the window is there."""
    view = bpy.context.preferences.view
    view.show_splash = False
    view.filebrowser_display_type = "SCREEN"
    steps = play()
    bpy.app.timers.register(lambda: next(steps), first_interval=3.0, persistent=True)


main()
