"""Edits of cues outlive everything: solving again, undo and redo, saving; hand keys stay."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

bpy = pytest.importorskip("bpy", reason="Blender's Python module is not installed")
pytest.importorskip("g2p_en", reason="reading text needs g2p-en")

from heads_in_blender import curves, import_head, keys

TEXT = "Bob may move my baby"


@pytest.fixture
def head(scene: object, tiny_head: Path) -> object:
    return import_head(tiny_head)


def update() -> None:
    assert bpy.ops.neural_face.update_line() == {"FINISHED"}


def cue_rows(line: object) -> list[tuple]:
    names = ("start", "end", "viseme", "phone", "stress", "word", "strength", "edited", "sealed")
    return [tuple(getattr(cue, name) for name in names) for cue in line.cues]


def assert_tiles(line: object) -> None:
    edges = [(cue.start, cue.end) for cue in line.cues]
    assert all(start < end for start, end in edges)
    assert [start for start, _ in edges[1:]] == [end for _, end in edges[:-1]]


def test_edges_move_for_both_cues_and_no_further_than_there_is_room(
    scene: object, head: object
) -> None:
    bpy.ops.neural_face.animate_text(text=TEXT)
    line = head.neural_face.lines[0]
    cues = line.cues
    middle = 0.5 * (cues[2].start + cues[2].end)
    cues[2].start = middle
    assert cues[1].end == cues[2].start == pytest.approx(middle)
    assert cues[1].edited and cues[2].edited and not cues[3].edited
    cues[3].end = 100.0
    assert cues[3].end == cues[4].start == pytest.approx(cues[4].end - 0.005)
    cues[3].start = 0.0
    assert cues[3].start == pytest.approx(cues[2].start + 0.005)
    frame = 1 / scene.render.fps
    end = cues[5].end
    bpy.ops.neural_face.nudge_cue(index=5, edge="END", frames=-1)
    assert cues[5].end == cues[6].start == pytest.approx(end - frame, abs=1e-5)
    cues[-1].end = 9.0
    assert cues[-1].end == 9.0
    assert_tiles(line)
    update()
    assert line.seconds == 9.0 and line.frame_last == 1 + 9 * scene.render.fps


def test_insert_delete_and_change(scene: object, head: object) -> None:
    bpy.ops.neural_face.animate_text(text=TEXT)
    line = head.neural_face.lines[0]
    count, span = len(line.cues), (line.cues[4].start, line.cues[4].end)
    bpy.ops.neural_face.insert_cue(index=4)
    assert (line.active_cue, len(line.cues)) == (5, count + 1)
    assert (line.cues[4].start, line.cues[5].end) == span
    bpy.ops.neural_face.insert_cue(index=4, after=False)
    assert line.active_cue == 4
    for index in (4, 4):
        bpy.ops.neural_face.delete_cue(index=index)
    assert len(line.cues) == count
    bpy.ops.neural_face.delete_cue(index=0)
    assert line.cues[0].start == 0.0
    bpy.ops.neural_face.delete_cue(index=len(line.cues) - 1)
    assert_tiles(line)
    line.cues[2].viseme = "Lip on Teeth"
    assert line.cues[2].phone == "F"
    bpy.ops.neural_face.jump_to_cue(index=2)
    middle = 0.5 * (line.cues[2].start + line.cues[2].end) * scene.render.fps
    assert scene.frame_current == 1 + round(middle) and line.active_cue == 2
    update()


@pytest.mark.parametrize("retime", [{"rate": 2.0}, {"text": f"Well, {TEXT.lower()} away"}])
def test_edits_outlive_new_times(scene: object, head: object, retime: dict) -> None:
    bpy.ops.neural_face.animate_text(text=TEXT)
    line = head.neural_face.lines[0]
    mine = [number for number, cue in enumerate(line.cues) if cue.word == 2]
    line.cues[mine[1]].viseme, line.cues[mine[1]].strength = "Wide", 1.5
    line.cues[mine[0]].end -= 0.02
    line.cues[-2].sealed = True
    lengths = [line.cues[n].end - line.cues[n].start for n in mine]
    before = [(cue.word, cue.end - cue.start) for cue in line.cues]
    for name, value in retime.items():
        setattr(line, name, value)
    update()
    assert_tiles(line)
    word = [other.text for other in line.words].index("move")
    kept = [cue for cue in line.cues if cue.word == word]
    assert [cue.viseme for cue in kept] == ["Closed Lips", "Wide", "Lip on Teeth"]
    assert kept[1].strength == 1.5 and kept[1].edited
    np.testing.assert_allclose([c.end - c.start for c in kept], lengths, atol=1e-4)
    assert [(cue.word, cue.end - cue.start) for cue in line.cues] != before
    sealed = [cue for cue in line.cues if cue.sealed]
    assert [(line.words[cue.word].text, cue.phone) for cue in sealed] == [("baby", "IY")]


def test_a_cue_that_is_played_weaker_moves_less(scene: object, head: object) -> None:
    bpy.ops.neural_face.animate_text(text=TEXT)
    line = head.neural_face.lines[0]
    before = keys(head)
    number = next(i for i, cue in enumerate(line.cues) if cue.word == 2 and cue.stress >= 0)
    line.cues[number].strength = 0.0
    update()
    changed = {
        round(new[0])
        for key, points in keys(head).items()
        for new, old in zip(points, before[key], strict=True)
        if abs(new[1] - old[1]) > 1e-4
    }
    fps = scene.render.fps
    span = [1 + time * fps for time in (line.cues[number - 1].start, line.cues[number + 1].end)]
    assert changed and span[0] - 1 <= min(changed) and max(changed) <= span[1] + 1


class State:
    """Everything that edits touch, as plain values."""

    def __init__(self, name: str) -> None:
        from neural_face.neural_face_addon.scene import heads

        obj = bpy.data.objects[name]
        armature = heads.rig(obj)
        animated = [owner for owner in (obj, armature) if owner.animation_data]
        self.keys = [keys(owner) for owner in animated if owner.animation_data.action]
        self.lines = [
            (line.text, line.style_first, cue_rows(line), [word.text for word in line.words])
            for line in obj.neural_face.lines
        ]

    def __eq__(self, other: "State") -> bool:
        return (self.keys, self.lines) == (other.keys, other.lines)

    __hash__ = None


def steps(name: str) -> list[Callable[[], object]]:
    """What the user does, one undo step each. Objects are found by name: undo replaces them."""

    def head() -> object:
        return bpy.data.objects[name]

    def line() -> object:
        return head().neural_face.lines[0]

    def cue(index: int, **values: object) -> Callable[[], None]:
        def edit() -> None:
            for key, value in values.items():
                setattr(line().cues[index], key, value)

        return edit

    def hand_keys() -> None:
        for frame, value in ((5, 0.0), (12, 1.5)):
            head().neural_face.mouth[0] = value
            head().keyframe_insert("neural_face.mouth", index=0, frame=frame)

    def happy() -> None:
        line().style_first = "happy"

    operators = bpy.ops.neural_face
    return [
        lambda: operators.animate_text(text=TEXT, frame_start=3),
        cue(3, start=0.42),
        cue(5, viseme="Round"),
        cue(7, strength=0.6),
        lambda: operators.delete_cue(index=9),
        lambda: operators.insert_cue(index=4),
        update,
        hand_keys,
        happy,
        update,
        lambda: operators.check_contacts(),
    ]


def test_a_session_of_edits(scene: object, head: object, tmp_path: Path) -> None:
    name = head.name
    bpy.ops.ed.undo_push(message="imported")
    states = [State(name)]
    for step in steps(name):
        step()
        bpy.ops.ed.undo_push(message="step")
        states.append(State(name))
    hand = [p[:2] for p in states[-1].keys[0]["neural_face.mouth", 0]]
    assert hand == [(5.0, 0.0), (12.0, 1.5)]
    edited = [row for row in states[-1].lines[0][2] if row[7]]
    assert len(edited) >= 6 and "Round" in [row[2] for row in edited]
    assert pytest.approx(0.6) in [row[6] for row in edited]
    assert states[7].lines[0][2] == states[11].lines[0][2]
    assert states[7].keys != states[1].keys and states[10].keys != states[9].keys
    for back in range(1, 11):
        bpy.ops.ed.undo()
        assert State(name) == states[-1 - back], f"undo {back}"
    for forth in range(1, 11):
        bpy.ops.ed.redo()
        assert State(name) == states[1 + forth], f"redo {forth}"
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "a.blend"))
    assert State(name) == states[-1]
    update()
    again = State(name)
    assert again.lines == states[-1].lines
    for owner, before in zip(again.keys, states[-1].keys, strict=True):
        assert owner.keys() == before.keys()
        for key, points in owner.items():
            np.testing.assert_allclose(
                [p[:2] for p in points], [p[:2] for p in before[key]], atol=1e-5
            )


class App:
    """Stands for the `bpy.app` of a Blender with a window."""

    background = False

    class timers:  # noqa: N801
        """Never runs anything: tests do."""

        @staticmethod
        def register(_function: object, **_: object) -> None:
            pass

        @staticmethod
        def is_registered(_function: object) -> bool:
            return False


def test_edits_are_solved_shortly_after(
    scene: object, head: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    import time

    from neural_face.neural_face_addon import live_solving

    bpy.ops.neural_face.animate_text(text=TEXT)
    line, name = head.neural_face.lines[0], head.name
    before = keys(head)
    App.tempdir = bpy.app.tempdir
    monkeypatch.setattr(live_solving.bpy, "app", App)
    line.style_first = "happy"
    assert live_solving.state(line) == "BUSY" and live_solving._tick() is not None
    assert keys(head) == before
    time.sleep(live_solving.DELAY)
    live_solving._tick()
    first = next(iter(live_solving._running.values()))[0]
    line.strength = 0.5  # what is being solved is out of date
    assert first._stop.is_set() and not live_solving._running
    time.sleep(live_solving.DELAY)
    while live_solving._tick() is not None:
        time.sleep(0.01)
    monkeypatch.undo()
    head = bpy.data.objects[name]
    line = head.neural_face.lines[0]
    assert live_solving.state(line) == ""
    written = keys(head)
    assert written != before
    update()
    assert keys(bpy.data.objects[name]) == written


def test_undo_forgets_what_was_to_be_solved(
    scene: object, head: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    from neural_face.neural_face_addon import live_solving

    bpy.ops.neural_face.animate_text(text=TEXT)
    bpy.ops.ed.undo_push(message="line")
    name = head.name
    App.tempdir = bpy.app.tempdir
    monkeypatch.setattr(live_solving.bpy, "app", App)
    head.neural_face.lines[0].style_first = "bored"
    live_solving._due = dict.fromkeys(live_solving._due, 0.0)
    live_solving._tick()
    monkeypatch.undo()
    assert "no style 'bored'" in live_solving.state(head.neural_face.lines[0])
    bpy.ops.ed.undo_push(message="edit")
    bpy.ops.ed.undo()
    assert live_solving.state(bpy.data.objects[name].neural_face.lines[0]) == ""
    assert not live_solving._due and not live_solving._running
    assert curves(bpy.data.objects[name])
