"""Recorded range of motion and the limits of a face."""

from pathlib import Path

import numpy as np
import pytest
from bench.reanalysis import LipReader

from models.errors import CaptureError, MissingDependencyError
from models.synthetic.limits import limited
from models.synthetic.practice import practice_block
from models.synthetic.recorded_motion import read_live_link, read_shapes, shape_controls
from models.template.controls import CONTROL_INDEX, CONTROL_NAMES, controls_from

ARKIT = [name for name in CONTROL_NAMES if name not in ("tongueUp", "tongueBack")]


def limit(**values: float) -> dict[str, float]:
    return dict(zip(CONTROL_NAMES, limited(controls_from(values)[None])[0].tolist(), strict=True))


def write_live_link(path: Path, values: np.ndarray) -> None:
    columns = ["Timecode", "BlendShapeCount", *(n[0].upper() + n[1:] for n in ARKIT)]
    lines = [",".join(columns)]
    for frame, value in enumerate(values):
        shapes = ["0.0"] * len(ARKIT)
        shapes[ARKIT.index("jawOpen")] = f"{value:.4f}"
        time = f"10:59:{58 + frame // 30:02d}:{2 * (frame % 30):02d}.500"
        lines.append(",".join([time, "61", *shapes]))
    path.write_text("\n".join(lines))


def test_live_link_is_read_at_its_own_times(tmp_path: Path) -> None:
    values = np.concatenate([np.zeros(20), np.linspace(0, 0.5, 20)])
    write_live_link(tmp_path / "a.csv", values)
    controls = read_live_link(tmp_path / "a.csv", 30.0)
    assert controls.shape == (40, len(CONTROL_NAMES))
    np.testing.assert_allclose(controls[:, CONTROL_INDEX["jawOpen"]], values, atol=2e-3)
    assert len(read_live_link(tmp_path / "a.csv", 60.0)) == 79


def test_other_files_are_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_text("Timecode,Something\n1,2\n")
    with pytest.raises(CaptureError, match="not a Live Link Face recording"):
        read_live_link(tmp_path / "b.csv", 30.0)


def test_shape_columns_keep_their_sides() -> None:
    assert shape_controls("mouth_lipCornerPull_l") == [("mouthSmileLeft", 0.9)]
    assert shape_controls("mouth_funnel_dr") == [("mouthFunnel", 0.22)]
    assert shape_controls("eye_lookLeft_l") == [("eyeLookOutLeft", 0.7)]
    assert shape_controls("eye_lookLeft_r") == [("eyeLookInRight", 0.7)]
    assert shape_controls("tongue_Rot_1X") == []


def test_shapes_are_read_one_column_late(tmp_path: Path) -> None:
    (tmp_path / "columns.txt").write_text("mouth_stretch_c\nmouth_press_l\ntongue_d\n")
    weights = np.zeros((30, 3))
    weights[:, 1] = 0.6
    np.save(tmp_path / "bs_value_x.npy", weights)
    controls = read_shapes(tmp_path, "x", 30.0)
    np.testing.assert_allclose(controls[:, CONTROL_INDEX["jawOpen"]], 0.51, atol=1e-6)
    np.save(tmp_path / "bs_value_x.npy", weights[:, :2])
    with pytest.raises(CaptureError, match="3 named columns"):
        read_shapes(tmp_path, "x", 30.0)


def test_impossible_mixes_become_possible() -> None:
    assert limit(mouthFunnel=1.0)["mouthFunnel"] == pytest.approx(0.8)
    assert limit(jawOpen=0.2, mouthClose=0.9)["mouthClose"] <= 0.2 + 1e-6
    long = limit(jawOpen=1.0, mouthFunnel=0.8, mouthLowerDownLeft=1.0, mouthLowerDownRight=1.0)
    assert long["jawOpen"] < 0.3
    lids = limit(eyeBlinkLeft=1.0, eyeSquintLeft=1.0, eyeWideLeft=1.0)
    assert lids["eyeBlinkLeft"] + 0.4 * lids["eyeSquintLeft"] <= 1.0 + 1e-6
    assert lids["eyeWideLeft"] == 0.0
    assert limit(tongueOut=1.0)["tongueOut"] <= 0.1 + 1e-6
    both = limit(mouthSmileLeft=0.8, mouthFrownLeft=0.5)
    assert both["mouthSmileLeft"] == pytest.approx(0.45)
    assert both["mouthFrownLeft"] == pytest.approx(0.15)


def test_possible_poses_are_left_alone() -> None:
    pose = {"jawOpen": 0.4, "mouthSmileLeft": 0.5, "browInnerUp": 0.3, "eyeBlinkRight": 0.6}
    found = limit(**pose)
    assert {name: found[name] for name in pose} == pytest.approx(pose)


def test_practice_exercises_nearly_every_control() -> None:
    blocks = [practice_block(30.0, np.random.default_rng(seed)) for seed in range(4)]
    largest = np.concatenate(blocks).max(0)
    assert (largest > 0.3).mean() > 0.8
    assert all(np.abs(block[-1]).max() < 0.05 for block in blocks)


def test_a_missing_face_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingDependencyError, match=r"none\.task"):
        LipReader(tmp_path / "none.task")
