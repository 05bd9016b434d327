"""Takes acted before a camera: who acts what, and that a landmarker can read it."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the numeric layer needs torch")
pytest.importorskip("moderngl", reason="pictures need moderngl")

from models.errors import VideoError
from models.performance import Take
from models.synthetic.people import people
from models.synthetic.render_footage import (
    ACTOR,
    Features,
    FootagePlan,
    PlannedClip,
    Sensor,
    improvised_takes,
    planned_clips,
    render_footage,
)
from models.synthetic.synthetic_actor import build_template
from models.synthetic.take_list import TakePlan, make_takes
from models.template.controls import CONTROL_INDEX
from models.video.features import extractor_of
from models.video.resnet import FEATURES, Trunk
from models.video.training.footage import read_footage, read_motion


@pytest.fixture(scope="module")
def takes() -> list:
    return make_takes(build_template(), plan=TakePlan(lines=24))


def shots(takes: list, seed: int = 0) -> list[PlannedClip]:
    return planned_clips(takes, improvised_takes(FootagePlan(), seed), FootagePlan(), seed)


def test_held_out_takes_and_people_are_in_no_training_clip(takes: list) -> None:
    rendered = shots(takes)
    improvised = [take for own in improvised_takes(FootagePlan(), 0).values() for take in own]
    splits = {take.name: take.split for take in [*takes, *improvised]}
    assert {s.split for s in rendered} == {"train", "held_out"}
    assert all(splits[s.take] == s.split for s in rendered)
    strangers = {p.name: p.split for p in people()}
    assert all(s.split == strangers[s.person] for s in rendered if s.person != ACTOR)
    acted = Counter(s.person for s in rendered if s.split == "train")
    assert len(acted) == 1 + sum(p.split == "train" for p in people())
    assert acted[ACTOR] == max(acted.values())


def test_held_out_takes_come_first_and_the_seed_decides(takes: list) -> None:
    rendered = shots(takes)
    held_out = [s.split == "held_out" for s in rendered]
    assert held_out == sorted(held_out, reverse=True)
    assert [s.name for s in rendered] == [s.name for s in shots(takes)]
    assert [s.name for s in rendered] != [s.name for s in shots(takes, 1)]


def test_everybody_improvises_something_else() -> None:
    by_person = improvised_takes(FootagePlan(), 0)
    takes = [take for own in by_person.values() for take in own]
    assert len(by_person) == 1 + sum(p.split == "train" for p in people())
    assert len({take.controls.tobytes() for take in takes}) == len(takes)
    controls = np.concatenate([take.controls for take in takes])
    assert controls.min() >= 0 and controls.max() <= 1
    speed = np.abs(np.diff(controls, axis=0))
    assert np.quantile(speed, 0.99) < 0.15 and np.quantile(speed, 0.5) < 0.02


def test_some_improvise_bared_teeth_over_a_still_jaw() -> None:
    takes = [take for own in improvised_takes(FootagePlan(), 0).values() for take in own]
    values = np.concatenate([take.controls for take in takes])
    jaw, smile, lip = (
        values[:, CONTROL_INDEX[name]] for name in ("jawOpen", "mouthSmileLeft", "mouthUpperUpLeft")
    )
    assert np.mean((jaw < 0.05) & (smile > 0.5) & (lip > 0.4)) > 0.03
    assert np.mean((jaw > 0.2) & (smile > 0.5)) > 0.01


def test_a_sensor_spoils_but_keeps_the_picture() -> None:
    rng = np.random.default_rng(0)
    ramp = np.tile(np.linspace(40, 200, 64, dtype=np.uint8)[:, None], (64, 1, 3))
    sensor = Sensor(np.ones(3), 1.0, np.zeros(2), 0.0, 0.0, 95)
    assert np.abs(sensor(ramp, rng).astype(int) - ramp).mean() < 2
    dark = Sensor(np.full(3, 0.5), 1.0, np.zeros(2), 0.0, 0.0, 95)
    assert dark(ramp, rng).mean() < 0.6 * ramp.mean()


def _beginning(takes: list, split: str, frames: int = 15) -> Take:
    take = next(t for t in takes if t.split == split)
    return replace(take, controls=take.controls[:frames], head_pose=take.head_pose[:frames])


def test_rendered_faces_are_read(takes: list, tmp_path: Path) -> None:
    pytest.importorskip("mediapipe", reason="reading faces needs mediapipe")
    short = [t for t in takes if t.kind == "generated"]
    short = [_beginning(short, split) for split in ("train", "held_out")]
    plan = FootagePlan(share=0.001, people=0, seconds=0.5)
    improvised = improvised_takes(plan, 0)[ACTOR]
    count = render_footage(short, tmp_path, None, {"name": "test"}, plan=plan, processes=0)
    clips = list(read_footage(tmp_path))
    assert len(clips) == count == 3
    for clip in clips:
        take = next(t for t in [*short, *improvised] if t.name == clip.take)
        assert len(clip) == len(take) == 15
        assert np.isfinite(clip.points[:, 0, 0]).mean() > 0.9
    assert set(read_motion(tmp_path)[0]) == {take.name for take in [*short, *improvised]}
    before = {p: p.stat().st_mtime_ns for p in tmp_path.glob("actor*.npz")}
    render_footage(short, tmp_path, None, {"name": "test"}, plan=plan, processes=0)
    assert before == {p: p.stat().st_mtime_ns for p in tmp_path.glob("actor*.npz")}


def test_clips_for_a_users_network_keep_what_it_says(takes: list, tmp_path: Path) -> None:
    pytest.importorskip("mediapipe", reason="reading faces needs mediapipe")
    torch.manual_seed(0)
    torch.save(Trunk().state_dict(), tmp_path / "resnet.pt")
    features = Features("resnet50", tmp_path / "resnet.pt")
    short = [_beginning([t for t in takes if t.kind == "generated"], "train", 4)]
    plan = FootagePlan(share=0.001, people=0, seconds=0.1)
    render_footage(short, tmp_path / "footage", None, {}, plan=plan, processes=0, features=features)
    for clip in read_footage(tmp_path / "footage"):
        assert clip.extractor == extractor_of("resnet50", tmp_path / "resnet.pt").name
        assert clip.descriptors.shape == (len(clip), FEATURES)
        assert np.isfinite(clip.descriptors).all() and clip.descriptors.std(1).min() > 0
    with pytest.raises(VideoError, match="There is no file"):
        render_footage(
            short,
            tmp_path / "no",
            None,
            {},
            plan=plan,
            features=Features("resnet50", tmp_path / "x"),
        )
    assert not (tmp_path / "no").exists()
