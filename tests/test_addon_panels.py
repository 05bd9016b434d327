"""What the panels draw, recorded by a layout that only listens."""

from pathlib import Path

import pytest

bpy = pytest.importorskip("bpy", reason="Blender's Python module is not installed")


class Layout:
    """Notes labels, properties and operators; rows and columns note into the same lists."""

    def __init__(self, notes: dict[str, list] | None = None) -> None:
        kinds = ("label", "prop", "operator", "alert", "progress", "list")
        self.notes = notes or {kind: [] for kind in kinds}

    def __setattr__(self, name: str, value: object) -> None:
        if name == "alert" and value:
            self.notes["alert"].append(True)
        super().__setattr__(name, value)

    def row(self, **_: object) -> "Layout":
        return Layout(self.notes)

    column = box = row

    def separator(self) -> None:
        pass

    def template_list(
        self, cls: str, _identifier: str, data: object, name: str, *rest: object, **_: object
    ) -> None:
        assert hasattr(bpy.types, cls) and hasattr(rest[0], rest[1])
        self.notes["list"].append((cls, len(getattr(data, name))))

    def panel(self, _identifier: str, **_: object) -> tuple["Layout", "Layout"]:
        return self, self

    def label(self, text: str = "", **_: object) -> None:
        self.notes["label"].append(text)

    def progress(self, factor: float, text: str) -> None:
        self.notes["progress"].append((factor, text))

    def prop(self, owner: object, name: str, index: int = -1, text: str = "", **_: object) -> None:
        assert name in owner.bl_rna.properties
        self.notes["prop"].append((name, index, text))

    def prop_decorator(self, owner: object, name: str, index: int = -1) -> None:
        assert (name, index) == self.notes["prop"][-1][:2]
        assert name in owner.bl_rna.properties

    def operator(self, name: str, **_: object) -> object:
        module, _dot, function = name.partition(".")
        properties = getattr(getattr(bpy.ops, module), function).get_rna_type().properties
        assert "rna_type" in properties
        button = Button(set(properties.keys()))
        self.notes["operator"].append((name, button))
        return button


class Button:
    def __init__(self, names: set[str]) -> None:
        object.__setattr__(self, "names", names)

    def __setattr__(self, name: str, value: object) -> None:
        assert name in self.names
        object.__setattr__(self, name, value)


def draw(identifier: str) -> dict[str, list] | None:
    """Notes of the panel, None where it is not shown."""
    cls = getattr(bpy.types, identifier)
    if hasattr(cls, "poll") and not cls.poll(bpy.context):
        return None
    methods = {
        key: value
        for base in reversed(cls.__mro__)
        for key, value in vars(base).items()
        if callable(value) and not key.startswith("__")
    }
    chosen = {name: getattr(cls, name, None) for name in ("region", "kind")}
    plain = type("Plain", (), methods | chosen)()
    plain.layout = Layout()
    plain.draw(bpy.context)
    return plain.layout.notes


def test_without_a_head(scene: object) -> None:
    notes = draw("NEURALFACE_PT_head")
    assert [name for name, _ in notes["operator"]] == [
        "neural_face.import_head",
        "neural_face.add_bundled_head",
    ]
    assert "import one first" in notes["label"][-1]
    assert draw("NEURALFACE_PT_mouth") is None
    assert draw("NEURALFACE_PT_speech") is None
    assert draw("NEURALFACE_PT_system") is not None


def test_show_texture_needs_a_viewport_and_sets_solid_view(scene: object) -> None:
    assert not bpy.ops.neural_face.show_texture.poll()
    area = bpy.data.screens["Layout"].areas[0]
    area.type = "VIEW_3D"
    shading = area.spaces.active.shading
    with bpy.context.temp_override(screen=bpy.data.screens["Layout"], area=area):
        assert bpy.ops.neural_face.show_texture() == {"FINISHED"}
    assert (shading.type, shading.color_type, shading.light) == ("SOLID", "TEXTURE", "FLAT")


def test_sliders_have_the_names_and_order_of_the_head(scene: object, tiny_head: Path) -> None:
    from heads_in_blender import import_head

    obj = import_head(tiny_head)
    names = [slider.name.partition(": ")[2] for slider in obj.neural_face.sliders]
    assert draw("NEURALFACE_PT_mouth")["prop"] == [("mouth", i, names[i]) for i in range(8)]
    assert draw("NEURALFACE_PT_right_eye")["prop"] == [
        ("right_eye", i, names[12 + i]) for i in range(4)
    ]
    assert draw("NEURALFACE_PT_face")["prop"] == [("face", i, names[16 + i]) for i in range(8)]


def test_sliders_beyond_the_first_are_under_more(scene: object, tiny_head: Path) -> None:
    from heads_in_blender import import_head

    obj = import_head(tiny_head)
    obj.neural_face.sizes = (12, 4, 4, 4)
    notes = draw("NEURALFACE_PT_mouth")
    assert [index for _, index, _ in notes["prop"]] == list(range(12))
    assert notes["label"] == ["More"]


def test_speech_button_takes_the_settings(scene: object, tiny_head: Path) -> None:
    from heads_in_blender import import_head

    speech = import_head(tiny_head).neural_face.speech
    speech.text, speech.rate, speech.frame_start = "Hello.", 1.25, 40
    assert speech.style_first == "neutral" and speech.method == "STYLE"
    [(name, button)] = draw("NEURALFACE_PT_speech")["operator"]
    assert name == "neural_face.animate_text"
    assert (button.text, button.rate, button.frame_start) == ("Hello.", 1.25, 40)


LINE_PANELS = ("style", "cues", "words", "contacts")


def test_panels_of_a_line_come_with_it(scene: object, tiny_head: Path) -> None:
    pytest.importorskip("g2p_en", reason="reading text needs g2p-en")
    from heads_in_blender import import_head

    obj = import_head(tiny_head)
    assert [draw(f"NEURALFACE_PT_{name}") for name in LINE_PANELS] == [None] * 4
    axes = [axis.name for axis in obj.neural_face.style_axes]
    assert 1 <= len(axes) <= 4, "five spoken takes differ in four ways at most"
    bpy.ops.neural_face.animate_text(text="Bob may move my baby")
    line = obj.neural_face.lines[0]
    style, cues, words, contacts = (draw(f"NEURALFACE_PT_{name}") for name in LINE_PANELS)
    assert [name for name, _, _ in style["prop"]] == [
        *("style_first", "style_second", "style_mix"),
        *["style_offset"] * len(axes),
        *("strength", "articulation", "smoothing", "parts"),
    ]
    assert [text for _, _, text in style["prop"]][3 : 3 + len(axes)] == axes
    assert cues["list"] == [("NEURALFACE_UL_cues", len(line.cues))]
    assert words["list"] == [("NEURALFACE_UL_words", 5)]
    assert contacts["list"] == []
    bpy.ops.neural_face.check_contacts()
    assert draw("NEURALFACE_PT_contacts")["list"] == [
        ("NEURALFACE_UL_contacts", len(line.contacts))
    ]
    speech = draw("NEURALFACE_PT_speech")
    assert speech["list"] == [("NEURALFACE_UL_lines", 1)]
    assert line.report.split()[0] in " ".join(speech["label"])


def test_panels_of_a_clip_come_with_it(
    scene: object, tiny_head: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch", reason="following a video needs torch")
    from heads_in_blender import import_head
    from made_video import made_analysis, made_video
    from neural_face.neural_face_addon.system import runtime

    monkeypatch.setattr(runtime, "analyse_video", lambda head, *_: made_analysis(head))
    obj = import_head(tiny_head)
    names = ("clip", "retargeting", "clip_residual", "line_residual")
    assert [draw(f"NEURALFACE_PT_{name}") for name in names] == [None] * 4
    bpy.ops.neural_face.animate_video(filepath=str(made_video(tmp_path / "a.mp4")))
    clip, played, residual, line = (draw(f"NEURALFACE_PT_{name}") for name in names)
    assert line is None
    assert "face is turned away." in " ".join(clip["label"])
    assert {name for name, _, _ in played["prop"]} == {
        *("strength", "mouth_strength", "eyes_strength", "brows_strength", "head_strength"),
        *("smoothing", "speed", "mirror", "use_head", "facing", "eye_contact"),
        *("trim_start", "trim_end"),
    }
    axes = [axis.name for axis in obj.neural_face.residual_axes]
    assert [text for _, _, text in residual["prop"]] == axes and axes
    video = draw("NEURALFACE_PT_video")
    assert video["list"] == [("NEURALFACE_UL_clips", 1)]
    assert "a: 1–" in " ".join(draw("NEURALFACE_PT_layers")["label"])


def test_video_button_takes_the_settings(scene: object, tiny_head: Path) -> None:
    from heads_in_blender import import_head

    video = import_head(tiny_head).neural_face.video
    video.filepath, video.frame_start = "/take.mp4", 40
    name, button = draw("NEURALFACE_PT_video")["operator"][0]
    assert name == "neural_face.animate_video"
    assert (button.filepath, button.frame_start) == ("/take.mp4", 40)


def test_a_cue_that_is_too_short_is_marked(scene: object, tiny_head: Path) -> None:
    pytest.importorskip("g2p_en", reason="reading text needs g2p-en")
    from heads_in_blender import import_head

    obj = import_head(tiny_head)
    bpy.ops.neural_face.animate_text(text="Bob")
    line = obj.neural_face.lines[0]
    line.active_cue = 1
    assert not draw("NEURALFACE_PT_cues")["alert"]
    line.cues[1].end = line.cues[1].start + 0.02
    assert "Too short to be seen" in draw("NEURALFACE_PT_cues")["label"]
    line.cues[1].end = line.cues[1].start + 0.6
    assert not draw("NEURALFACE_PT_cues")["alert"]  # its neighbour leaves no more room
    line.cues[1].viseme = "Rest"
    assert not draw("NEURALFACE_PT_cues")["alert"]


def test_layers_say_what_is_keyed(scene: object, tiny_head: Path) -> None:
    from heads_in_blender import import_head

    import_head(tiny_head)
    scene.frame_set(7)
    bpy.ops.neural_face.key_expression()
    notes = draw("NEURALFACE_PT_layers")
    assert notes["label"] == [
        *("Hand", "24 keys, frames 7–7", "Speech", "no keys", "Video", "no keys")
    ]
    assert [name for name, _, _ in notes["prop"]] == ["influence"] * 2


def test_rests_are_listed_on_wish(scene: object, tiny_head: Path) -> None:
    pytest.importorskip("g2p_en", reason="reading text needs g2p-en")
    from heads_in_blender import import_head

    obj = import_head(tiny_head)
    bpy.ops.neural_face.animate_text(text="Bob")
    listed = bpy.types.NEURALFACE_UL_cues.filter_items
    plain = type("Plain", (), {"bitflag_filter_item": 1, "filter_name": "", "show_rests": False})()
    assert listed(plain, bpy.context, obj.neural_face.lines[0], "cues")[0] == [0, 1, 1, 1, 0]
    plain.show_rests = True
    assert listed(plain, bpy.context, obj.neural_face.lines[0], "cues")[0] == [1] * 5
    plain.filter_name = "closed"
    assert listed(plain, bpy.context, obj.neural_face.lines[0], "cues")[0] == [0, 1, 0, 1, 0]


def test_meter_warns_outside_the_capture(scene: object, tiny_head: Path) -> None:
    from heads_in_blender import import_head

    obj = import_head(tiny_head)
    notes = draw("NEURALFACE_PT_head")
    assert notes["progress"][0][1] == "Inside the Capture" and not notes["alert"]
    obj.neural_face.mouth[0] = 60.0
    bpy.context.view_layer.update()
    notes = draw("NEURALFACE_PT_head")
    assert notes["progress"][0] == (1.0, "Outside the Capture") and notes["alert"]


def test_what_is_wrong_is_shown(scene: object, tiny_head: Path) -> None:
    from heads_in_blender import import_head

    obj = import_head(tiny_head)
    obj.neural_face.filepath = "/nowhere/gone.nface"
    bpy.ops.neural_face.reload_heads()
    notes = draw("NEURALFACE_PT_head")
    assert "gone.nface" in " ".join(notes["label"])
    assert "neural_face.reload_heads" in [name for name, _ in notes["operator"]]
