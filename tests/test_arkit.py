"""ARKit's shapes: Live Link Face files, head angles, the map to codes and its place in a head."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from models.__main__ import main
from models.actor import Actor
from models.arkit.arkit_map import ArkitMap, fit_arkit, speaks_arkit
from models.arkit.arkit_take import ArkitTake, from_rest
from models.arkit.head_angles import eye_angles_of, head_angles_of, head_pose_of
from models.arkit.live_link_csv import read_csv, write_csv
from models.arkit.shapes import SHAPE_INDEX, SHAPES, column_name
from models.errors import ArkitError, HeadFileError
from models.files import read_arrays
from models.head.file import HeadFile, read_head_file, write_head_file
from models.parameters import AnimationParameters
from models.pose import to_world

NOSE, TOP = np.array([0.0, -0.1, 0.0]), np.array([0.0, 0.0, 0.1])
HEADER = ["Timecode", "BlendShapeCount", *(column_name(shape) for shape in SHAPES)]


def take_of(count: int, fps: float = 60.0) -> ArkitTake:
    rng = np.random.default_rng(1)
    angles = rng.normal(0, 0.2, (count, 3))
    return ArkitTake(np.arange(count) / fps, rng.random((count, len(SHAPES))), angles)


def row(timecode: str, value: str = "0.5") -> list[str]:
    return [timecode, "61", *[value] * len(SHAPES)]


def table(path: Path, rows: list[list[str]], header: list[str] = HEADER, mark: str = ",") -> Path:
    path.write_text("\n".join(mark.join(cells) for cells in (header, *rows)))
    return path


def refusal(path: Path) -> str:
    with pytest.raises(ArkitError) as refused:
        read_csv(path)
    return str(refused.value)


@pytest.mark.parametrize("fps", [24.0, 25.0, 30.0, 60.0, 120.0])
def test_what_is_written_is_read(tmp_path: Path, fps: float) -> None:
    take = take_of(int(3 * fps), fps)
    write_csv(tmp_path / "a.csv", take)
    again = read_csv(tmp_path / "a.csv")
    # frames have three decimals of a sixtieth
    assert again.times == pytest.approx(take.times, abs=1e-5)
    assert again.weights == pytest.approx(take.weights, abs=1e-9)
    assert again.head_angles == pytest.approx(take.head_angles, abs=1e-9)


def test_file_is_as_the_app_writes_it(tmp_path: Path) -> None:
    write_csv(tmp_path / "a.csv", take_of(70))
    lines = (tmp_path / "a.csv").read_text().splitlines()
    header, cells = lines[0].split(","), lines[62].split(",")
    assert header[:4] == ["Timecode", "BlendShapeCount", "EyeBlinkLeft", "EyeLookDownLeft"]
    assert header[53:57] == ["TongueOut", "HeadYaw", "HeadPitch", "HeadRoll"]
    assert header[-1] == "RightEyeRoll"
    assert cells[:2] == ["00:00:01:01.000", "61"] and len(cells) == len(header) == 63


def test_order_case_and_missing_columns_do_not_matter(tmp_path: Path) -> None:
    header = [name.lower() for name in HEADER[:-1]][::-1]
    rows = [[str(n / 100) for n in range(51)] + ["51", time] for time in ("0:0:0:0", "0:0:0:3")]
    take = read_csv(table(tmp_path / "a.csv", rows, header))
    assert take.weights[0, SHAPE_INDEX["eyeBlinkLeft"]] == pytest.approx(0.5)
    assert take.weights[0, SHAPE_INDEX["noseSneerRight"]] == 0
    assert (take.weights[:, SHAPE_INDEX["tongueOut"]] == 0).all()
    assert (take.head_angles == 0).all()
    assert take.times == pytest.approx([0, 0.05])


def test_semicolons_decimal_commas_and_a_byte_order_mark(tmp_path: Path) -> None:
    rows = [row("10:00:00:00,500", "0,25"), row("10:00:00:01,500", "1,0"), [""] * 54]
    path = table(tmp_path / "a.csv", rows, mark=";")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    take = read_csv(path)
    assert take.weights[:, 0].tolist() == [0.25, 1.0]
    assert take.times == pytest.approx([0, 1 / 60])


def test_plain_times_and_dropped_frames(tmp_path: Path) -> None:
    rows = [[time, value, *["0"] * 51] for time, value in (("2", "0"), ("2.1", "1"), ("2.5", "0"))]
    take = read_csv(table(tmp_path / "a.csv", rows, ["TIME", *HEADER[2:]]))
    assert take.times == pytest.approx([0, 0.1, 0.5])
    even = take.evenly(10.0)
    assert even.weights[:, 0] == pytest.approx([0, 1, 0.75, 0.5, 0.25, 0])


@pytest.mark.parametrize(("rate", "step"), [(24, 1), (25, 1), (30, 1), (60, 1), (60, 2), (120, 1)])
def test_timecodes_tell_how_many_frames_they_count(tmp_path: Path, rate: int, step: int) -> None:
    counts = [n for n in range(0, 3 * rate, step) if n not in (7 * step, 40 * step)]
    rows = [row(f"00:00:{n // rate:02d}:{n % rate:02d}.250") for n in counts]
    take = read_csv(table(tmp_path / "a.csv", rows))
    assert take.times == pytest.approx(np.array(counts) / rate)


def test_midnight_and_repeated_frames(tmp_path: Path) -> None:
    times = ["23:59:59:58", "23:59:59:59", "23:59:59:59", "00:00:00:00", "00:00:00:01"]
    take = read_csv(table(tmp_path / "a.csv", [row(time) for time in times]))
    assert take.times == pytest.approx(np.arange(4) / 60)


def test_wrong_files_are_refused_with_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    good = row("0:0:0:0")
    assert "Cannot read a.csv" in refusal(path)
    path.write_bytes(b"\x89PNG\r\n\x1a\n\x00\xff")
    assert refusal(path) == "a.csv is not a CSV file."
    path.write_text("")
    assert refusal(path) == "a.csv is not a CSV file."
    assert "it names no face shape" in refusal(table(path, [["1", "2"]], ["Timecode", "b"]))
    assert refusal(table(path, [])) == "a.csv holds no frames."
    header = [name for name in HEADER if name not in ("JawOpen", "MouthLeft")]
    assert "it lacks JawOpen, MouthLeft." in refusal(table(path, [good[:-2]], header))
    assert "neither Timecode nor time" in refusal(table(path, [good], ["when", *HEADER[1:]]))
    assert "row 3 has 53 cells, the header 54" in refusal(table(path, [good, good[:-1]]))
    for wrong in ("abc", "nan", "inf", ""):
        rows = [good, [*good[:19], wrong, *good[20:]]]
        assert f"row 3, column JawOpen: {wrong!r} is not a number" in refusal(table(path, rows))
    assert "row 3, column Timecode: 'x'" in refusal(table(path, [good, row("x")]))
    assert "row 3: the time goes back" in refusal(table(path, [row("0:0:9:0"), good]))
    assert "more than 240 frames" in refusal(table(path, [row("0:0:0:700")]))


@pytest.mark.parametrize(
    ("angles", "point", "axis", "sign"),
    [
        ((0.3, 0, 0), NOSE, 0, -1),  # yaw: the nose to the actor's right
        ((0, 0.3, 0), NOSE, 2, -1),  # pitch: the nose down
        ((0, 0, 0.3), TOP, 0, 1),  # roll: the top to the actor's left
    ],
)
def test_head_angles_turn_the_right_way(
    angles: tuple[float, ...], point: np.ndarray, axis: int, sign: int
) -> None:
    pose = head_pose_of(np.array([angles]))
    moved = to_world(point[None], pose, np.zeros(3))[0, 0] - point
    assert moved[axis] == pytest.approx(sign * 0.1 * np.sin(0.3), abs=1e-6)
    across = [n for n in range(3) if n != axis and point[n] == 0]
    assert moved[across] == pytest.approx(0, abs=1e-6)


def test_head_angles_come_back() -> None:
    angles = np.random.default_rng(2).uniform(-1.2, 1.2, (50, 3))
    assert head_angles_of(head_pose_of(angles)) == pytest.approx(angles, abs=1e-5)
    # roll comes first: a nodding, then turned head keeps its nose where pitch and yaw say
    pose = head_pose_of(np.array([[0.5, 0.4, 0.9]]))
    nose = to_world(NOSE[None], pose, np.zeros(3))[0, 0] / 0.1
    expected = [-np.sin(0.5) * np.cos(0.4), -np.cos(0.5) * np.cos(0.4), -np.sin(0.4)]
    assert nose == pytest.approx(expected, abs=1e-5)


def test_eyes_look_where_the_shapes_say() -> None:
    weights = np.zeros((2, len(SHAPES)))
    for name in ("eyeLookInLeft", "eyeLookOutRight"):  # to the actor's right
        weights[0, SHAPE_INDEX[name]] = 0.5
    for name in ("eyeLookDownLeft", "eyeLookDownRight"):
        weights[1, SHAPE_INDEX[name]] = 0.5
    angles = eye_angles_of(weights)
    assert (angles[0, [0, 3]] > 0.2).all() and (angles[1, [1, 4]] > 0.2).all()
    assert angles[0, [1, 2, 4, 5]] == pytest.approx(0) and angles[1, [0, 2, 3, 5]] == pytest.approx(
        0
    )


def test_rest_is_taken_out() -> None:
    weights = np.array([[0.2, 0.0]] * 9 + [[1.0, 0.5]])
    assert from_rest(weights)[0] == pytest.approx([0, 0])
    assert from_rest(weights)[-1] == pytest.approx([1, 0.5])


@pytest.fixture(scope="module")
def problem() -> tuple[np.ndarray, np.ndarray]:
    """Codes (n, 12) that answer weights (n, 52) by mixing, and by a threshold of jawOpen."""
    rng = np.random.default_rng(3)
    weights = rng.random((1500, len(SHAPES))) ** 3 * (rng.random((1500, len(SHAPES))) < 0.15)
    jaw = weights[:, SHAPE_INDEX["jawOpen"]] = rng.random(1500)
    codes = weights @ rng.normal(0, 1, (len(SHAPES), 12))
    codes[:, 0] = 3 * np.clip(jaw - 0.5, 0, 0.2) / 0.2
    codes[:, 1] = np.sin(4 * jaw)
    return weights, codes


def ridge_error(inputs: np.ndarray, outputs: np.ndarray, train: int) -> float:
    padded = np.c_[inputs, np.ones(len(inputs))]
    gram = padded[:train].T @ padded[:train] + 0.1 * np.eye(padded.shape[1])
    made = padded[train:] @ np.linalg.solve(gram, padded[:train].T @ outputs[:train])
    return float(((made - outputs[train:]) ** 2).mean())


def test_map_beats_a_linear_one_both_ways(problem: tuple[np.ndarray, np.ndarray]) -> None:
    weights, codes = problem
    learnt = fit_arkit(codes[:1200], weights[:1200], SHAPES)
    error = ((learnt.codes(weights[1200:]) - codes[1200:]) ** 2).mean()
    assert error < 0.8 * ridge_error(weights, codes, 1200)
    made = learnt.weights(codes[1200:])
    jaw = SHAPE_INDEX["jawOpen"]
    back = ((made[:, jaw] - weights[1200:, jaw]) ** 2).mean()
    assert back < 0.8 * ridge_error(codes, weights[:, [jaw]], 1200)
    assert made.min() >= 0 and made.max() <= 1
    assert np.abs(learnt.codes(np.zeros((1, 52)))).max() < 0.2


def test_map_keeps_to_named_shapes_and_its_seed(problem: tuple[np.ndarray, np.ndarray]) -> None:
    weights, codes = problem
    names = ("mine", *SHAPES[10:])
    controls = np.c_[np.ones(len(weights)), weights[:, 10:]]
    first, second = (fit_arkit(codes, controls, names, seed=4) for _ in range(2))
    assert first.shapes == SHAPES[10:]
    assert (first.weights(codes)[:, :10] == 0).all() and first.weights(codes)[:, 10:].any()
    assert (first.codes(weights) == second.codes(weights)).all()
    changed = weights.copy()
    changed[:, :10] = 1
    assert (first.codes(weights) == first.codes(changed)).all()


def test_map_refuses_what_does_not_fit() -> None:
    codes, controls = np.zeros((5, 3)), np.zeros((5, 52))
    with pytest.raises(ArkitError, match="do not fit"):
        fit_arkit(codes[:4], controls, SHAPES)
    with pytest.raises(ArkitError, match="fewer than 20"):
        fit_arkit(codes, controls[:, :19], SHAPES[:19])
    with pytest.raises(ArkitError, match="do not fit"):
        fit_arkit(codes[:0], controls[:0], SHAPES)
    assert not speaks_arkit(SHAPES[:19]) and speaks_arkit(("mine", *SHAPES[:20]))


@pytest.fixture(scope="module")
def file(tiny_head: Path) -> HeadFile:
    return read_head_file(tiny_head)


def test_a_trained_head_has_its_map(file: HeadFile) -> None:
    head = Actor(file, "cpu")
    train = np.concatenate([
        np.arange(take.start, take.start + take.count)
        for take in head.examples.takes if take.split == "train"
    ])  # fmt: skip
    codes = head.examples.codes[train]
    back = head.arkit.codes(head.arkit.weights(codes))
    assert ((back - codes) ** 2).mean() < 0.5 * codes.var()


def test_map_is_stored_in_the_head_file(file: HeadFile, tmp_path: Path) -> None:
    head = Actor(file, "cpu")
    rng = np.random.default_rng(5)
    codes, controls = rng.normal(size=(60, head.code_size)), rng.random((60, 52))
    learnt = fit_arkit(codes, controls, SHAPES)
    write_head_file(tmp_path / "a.nface", learnt.stored(file))
    again = Actor.open(tmp_path / "a.nface", "cpu")
    assert again.arkit.shapes == SHAPES
    assert (again.arkit.codes(controls) == learnt.codes(controls)).all()
    assert (again.arkit.weights(codes) == learnt.weights(codes)).all()
    assert (again.decode(codes[0]).vertices == head.decode(codes[0]).vertices).all()


def without_map(file: HeadFile) -> HeadFile:
    tensors = {name: v for name, v in file.tensors.items() if not name.startswith("arkit.")}
    document = {name: value for name, value in file.document.items() if name != "arkit"}
    return dataclasses.replace(file, tensors=tensors, document=document)


def test_heads_without_a_map_say_so(file: HeadFile, tmp_path: Path) -> None:
    head = Actor(without_map(file), "cpu")
    assert head.arkit is None
    with pytest.raises(ArkitError, match="has not learnt ARKit's face shapes"):
        head.play_arkit(tmp_path / "a.csv")


def test_maps_that_do_not_fit_are_refused(file: HeadFile) -> None:
    size = len(file.document["sliders"])
    rng = np.random.default_rng(6)
    other = fit_arkit(rng.normal(size=(30, size + 1)), rng.random((30, 52)), SHAPES)
    right = fit_arkit(rng.normal(size=(30, size)), rng.random((30, 52)), SHAPES)
    for name in ("forward", "backward"):
        mixed = dataclasses.replace(right, **{name: getattr(other, name)})
        with pytest.raises(HeadFileError, match="other sizes"):
            Actor(mixed.stored(file), "cpu")
    lacking = {n: v for n, v in file.tensors.items() if n != "arkit.forward.dual"}
    with pytest.raises(HeadFileError, match="face shapes does not fit"):
        Actor(dataclasses.replace(file, tensors=lacking), "cpu")
    document = file.document | {"arkit": {"shapes": ["jawOpen"] * 25}}
    with pytest.raises(HeadFileError, match="other shapes"):
        ArkitMap.read(dataclasses.replace(file, document=document), size)


@pytest.fixture(scope="module")
def head(file: HeadFile) -> Actor:
    return Actor(file, "cpu")


def recording(path: Path, frames: int = 61) -> Path:
    weights = np.zeros((frames, len(SHAPES)))
    weights[:, SHAPE_INDEX["jawOpen"]] = np.sin(np.linspace(0, np.pi, frames)) ** 2
    angles = np.zeros((frames, 3))
    angles[:, 0] = np.linspace(0, 0.4, frames)
    write_csv(path, ArkitTake(np.arange(frames) / 60, weights, angles))
    return path


def test_head_plays_a_recording(head: Actor, tmp_path: Path) -> None:
    path = recording(tmp_path / "a.csv")
    played = head.play_arkit(path)
    assert played.times == pytest.approx(np.arange(31) / head.info.fps)
    assert played.codes.shape == (31, head.code_size) and played.codes.dtype == np.float32
    assert played.head_pose[-1] == pytest.approx([0, 0, -0.4, 0, 0, 0], abs=1e-5)
    gaps = head.lip_gaps(played.codes)
    assert gaps[15] > gaps[[0, -1]].max() + 0.002
    assert len(head.play_arkit(path, fps=25.0).times) == 26
    for wrong in ({"fps": 0.0}, {"fps": 1000.0}):
        with pytest.raises(ArkitError, match="must be from"):
            head.play_arkit(path, **wrong)


def test_resting_readings_can_be_left_out(head: Actor, tmp_path: Path) -> None:
    path = recording(tmp_path / "a.csv")
    take = read_csv(path)
    weights = np.maximum(take.weights, 0.1)
    write_csv(path, dataclasses.replace(take, weights=weights))
    raw = head.play_arkit(path)
    neutral = head.play_arkit(path, neutral=True)
    rest = head.arkit.codes(np.zeros((1, len(SHAPES))))
    assert neutral.codes[:1] == pytest.approx(rest, abs=1e-6)
    assert np.abs(raw.codes[:1] - rest).max() > 0.05


def test_animations_become_recordings(head: Actor, tmp_path: Path) -> None:
    played = head.play_arkit(recording(tmp_path / "a.csv"))
    later = AnimationParameters(played.times + 3.0, played.codes, played.head_pose)
    head.write_arkit(later, tmp_path / "b.csv")
    again = read_csv(tmp_path / "b.csv")
    assert again.times == pytest.approx(np.arange(61) / 60, abs=1e-5)
    expected = head.arkit.weights(played.codes)
    assert again.weights[::2] == pytest.approx(expected, abs=1e-6)
    assert again.head_angles[-1] == pytest.approx([0.4, 0, 0], abs=1e-5)
    with pytest.raises(ArkitError, match="no frames"):
        head.write_arkit(AnimationParameters(*(np.zeros((0, 1)) for _ in range(3))), tmp_path / "c")


def test_command_line_plays_and_writes_recordings(
    tiny_head: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    path, output, shapes = recording(tmp_path / "a.csv"), tmp_path / "a.npz", tmp_path / "b.csv"
    animate = ["animate", str(tiny_head), "-o", str(output), "--device", "cpu"]
    played = [*animate, "--arkit", str(path)]
    assert main([*played, "--arkit-csv", str(shapes), "--fps", "20", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["frames"] == 21
    arrays = read_arrays(output)
    assert arrays["codes"].shape[0] == len(arrays["times"]) == 21
    assert read_csv(shapes).weights[:, SHAPE_INDEX["jawOpen"]].max() > 0.3
    assert main([*animate, "--text", "See papa.", "--arkit-csv", str(shapes)]) == 0
    assert len(read_csv(shapes)) > 30
    assert main([*played, "--text", "See papa."]) == 2
    assert main([*animate, "--arkit", str(tmp_path / "none.csv")]) == 2
    assert "Cannot read none.csv" in capsys.readouterr().err
