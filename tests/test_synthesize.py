"""A whole synthetic capture in miniature, without the data folder."""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.capture.folder import CaptureFolder
from models.errors import CancelledError, CaptureError, MissingDependencyError, NeuralFaceError
from models.performance import Performance
from models.synthetic.camera_rig import PLACES, make_rig
from models.synthetic.synthesize import SynthesisSettings, synthesize
from models.synthetic.synthesize_command import add_arguments, settings_from
from models.synthetic.take_list import TakePlan

PLAN = TakePlan(spoken=0, lines=1, styles=("neutral",))


@pytest.fixture(scope="module")
def rasteriser() -> None:
    from models.render.raster import shared_rasteriser

    try:
        shared_rasteriser()
    except MissingDependencyError as error:
        pytest.skip(str(error))


def tiny(output: Path) -> SynthesisSettings:
    return SynthesisSettings(
        output,
        frames=4,
        held_out=1,
        cameras=3,
        resolution=128,
        texture=128,
        processes=0,
        takes=PLAN,
    )


def fingerprint(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.suffix in (".jpg", ".png"))
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


@pytest.fixture(scope="module")
def finished(rasteriser: None, tmp_path_factory: pytest.TempPathFactory) -> SynthesisSettings:
    settings = tiny(tmp_path_factory.mktemp("capture"))
    synthesize(settings)
    return settings


def test_capture_truth_and_performance_agree(finished: SynthesisSettings) -> None:
    capture = CaptureFolder.open(finished.capture)
    truth = Performance.open(finished.truth)
    performance = Performance.open(finished.output / "performance")
    assert len(capture.cameras) == 3
    pictured = [(take, frame) for take in performance.takes for frame in take.pictured]
    assert sorted({take.split for take, _ in pictured}) == ["held_out", "train"]
    for take, frame in pictured:
        same = truth.take(take.name)
        assert np.allclose(same.controls, take.controls)
        texture, seen = performance.texture(take, frame)
        true, skin = truth.texture(same, frame)
        good = (seen > 200) & (skin > 200)
        assert good.mean() > 0.2
        error = np.abs(texture.astype(float) - true)[good]
        assert np.sqrt((error**2).mean()) < 20
        for camera in capture.cameras:
            picture = capture.picture(camera, take.name, frame)
            assert picture.std() > 20


def test_same_seed_same_pictures_and_a_broken_run_continues(
    finished: SynthesisSettings, tmp_path: Path
) -> None:
    settings = replace(finished, output=tmp_path / "again")

    def stop(fraction: float, message: str) -> None:
        if message.startswith("picture 4 of"):
            raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        synthesize(settings, stop)
    kept = fingerprint(settings.capture)
    assert kept
    synthesize(settings)
    assert fingerprint(settings.output) == fingerprint(finished.output)
    assert kept.items() <= fingerprint(settings.capture).items()


def test_a_folder_keeps_its_settings(finished: SynthesisSettings) -> None:
    with pytest.raises(CaptureError, match="other settings"):
        synthesize(replace(finished, seed=1))


def test_rig_looks_at_the_head_from_all_sides() -> None:
    centre = np.array([0.0, -0.1, 0.8])
    cameras = make_rig(centre, 8, 768)
    assert len({camera.name for camera in cameras}) == 8
    assert make_rig(centre, 3, 768)[2].position == pytest.approx(cameras[2].position)
    yaws = []
    for camera in cameras:
        pixel, depth = camera.project(centre)
        assert 1.0 < depth < 1.25
        assert np.abs(pixel - 384).max() < 40
        away = camera.position - centre
        yaws.append(np.degrees(np.arctan2(away[0], -away[1])))
    assert max(yaws) > 50 and min(yaws) < -50
    assert np.ptp([camera.intrinsics[0, 0] for camera in cameras]) > 5


@pytest.mark.parametrize(
    "arguments", [["--frames", "0"], ["--cameras", str(len(PLACES) + 1)], ["--data", "nowhere"]]
)
def test_wrong_options_are_refused(arguments: list[str], tmp_path: Path) -> None:
    import argparse

    parser = argparse.ArgumentParser()
    add_arguments(parser)
    with pytest.raises(NeuralFaceError):
        settings_from(parser.parse_args([str(tmp_path), *arguments]))
