"""ResNet-50 features: the network's known numbers, crops, published layouts, unsafe files."""

import dataclasses
import os
import pickle
import sys
import types
from collections import OrderedDict
from pathlib import Path

import cv2
import numpy as np
import pytest
from rendered_faces import needs_landmarker, rendered

torch = pytest.importorskip("torch", reason="ResNet-50 needs torch")

from models.actor import Actor
from models.errors import CaptureError, VideoError
from models.faces.finder import Face
from models.head.file import read_head_file, write_head_file
from models.video.analysis import Analysis
from models.video.features import LandmarkFeatures, extractor_of
from models.video.resnet import (
    FACE_POINTS,
    FEATURES,
    BottleneckBlock,
    ResNet50,
    Trunk,
    face_crop,
    load_checkpoint,
)
from models.video.training.build_video import make_video, video_data
from models.video.training.footage import write_clip, write_motion
from models.video.training.video_evaluation import errors, players
from models.video.training.video_task import VideoConfig
from tests import tiny


@pytest.fixture(scope="module")
def weights() -> dict[str, torch.Tensor]:
    """Of a trunk whose normalisation does something."""
    torch.manual_seed(3)
    state = Trunk().state_dict()
    for name, value in state.items():
        if "running_var" in name:
            value.uniform_(0.5, 2)
        elif "running_mean" in name:
            value.uniform_(-0.1, 0.1)
    return state


def with_prefix(weights: dict, prefix: str, factor: float = 1.0) -> OrderedDict:
    return OrderedDict(
        (prefix + name, factor * value if name == "conv1.weight" else value)
        for name, value in weights.items()
    )


def deca(weights: dict) -> dict:
    """As DECA's `model_dict` saves it."""
    flame = with_prefix(weights, "encoder.")
    flame |= {"layers.0.weight": torch.zeros(4, 2048), "layers.0.bias": torch.zeros(4)}
    detail = with_prefix(weights, "encoder.", 5.0)
    return {"E_detail": detail, "E_flame": flame, "D_detail": {"l1.0.weight": torch.zeros(2)}}


def emoca(weights: dict) -> dict:
    """As Lightning saves EMOCA: the expression's encoder has weights of its own."""
    state = with_prefix(weights, "deca.E_flame.encoder.", 5.0)
    state |= with_prefix(weights, "deca.E_detail.encoder.", 5.0)
    state |= with_prefix(weights, "deca.E_expression.encoder.")
    return {"epoch": 3, "global_step": 7, "state_dict": state, "optimizer_states": []}


def test_the_trunk_has_the_known_number_of_parameters() -> None:
    with torch.device("meta"):
        trunk = Trunk()
    assert sum(p.numel() for p in trunk.parameters()) == 23_508_032
    assert sum("conv" in name or "downsample.0" in name for name in trunk.state_dict()) == 53


def test_a_picture_becomes_2048_numbers_at_seven_by_seven_places() -> None:
    trunk, seen = Trunk().eval(), []
    trunk.layer4.register_forward_hook(lambda _, __, result: seen.append(result.shape))
    with torch.no_grad():
        assert trunk(torch.rand(2, 3, 224, 224)).shape == (2, FEATURES)
    assert seen == [(2, FEATURES, 7, 7)]


def test_a_bottleneck_does_what_the_paper_says() -> None:
    """Against loops in NumPy, with a stride and a shortcut of its own."""
    torch.manual_seed(1)
    block = BottleneckBlock(3, 2, 2).eval()
    for module in block.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.uniform_(-1, 1)
            module.running_var.uniform_(0.5, 2)
            torch.nn.init.uniform_(module.weight, 0.5, 2)
            torch.nn.init.uniform_(module.bias, -1, 1)
    x = np.random.default_rng(0).normal(size=(3, 6, 6)).astype(np.float32)

    def conv(x: np.ndarray, layer: torch.nn.Conv2d, stride: int, pad: int) -> np.ndarray:
        kernel = layer.weight.detach().numpy()
        x, size = np.pad(x, ((0, 0), (pad, pad), (pad, pad))), kernel.shape[-1]
        places = range(0, x.shape[1] - size + 1, stride)
        rows = [
            [(kernel * x[:, r : r + size, c : c + size]).sum((1, 2, 3)) for c in places]
            for r in places
        ]
        return np.moveaxis(np.array(rows), -1, 0)

    def norm(x: np.ndarray, layer: torch.nn.BatchNorm2d) -> np.ndarray:
        mean, var, gain, shift = (
            value.detach().numpy()[:, None, None]
            for value in (layer.running_mean, layer.running_var, layer.weight, layer.bias)
        )
        return (x - mean) / np.sqrt(var + 1e-5) * gain + shift

    y = np.maximum(norm(conv(x, block.conv1, 1, 0), block.bn1), 0)
    y = np.maximum(norm(conv(y, block.conv2, 2, 1), block.bn2), 0)
    y = norm(conv(y, block.conv3, 1, 0), block.bn3)
    y = np.maximum(y + norm(conv(x, block.downsample[0], 2, 0), block.downsample[1]), 0)
    with torch.no_grad():
        np.testing.assert_allclose(block(torch.from_numpy(x)[None])[0], y, atol=1e-5)


@pytest.mark.parametrize("layout", ["deca", "emoca", "flat emoca", "plain"])
def test_published_layouts(layout: str, weights: dict, tmp_path: Path) -> None:
    document = {
        "deca": lambda: deca(weights),
        "emoca": lambda: emoca(weights),
        "flat emoca": lambda: with_prefix(weights, "deca.E_expression.encoder."),
        "plain": lambda: {n: v for n, v in weights.items() if not n.endswith("tracked")},
    }[layout]()
    torch.save(document, tmp_path / "model.tar")
    loaded = load_checkpoint(tmp_path / "model.tar")
    assert not loaded.training
    for name in ("conv1.weight", "layer3.0.downsample.1.running_var", "layer4.2.bn3.bias"):
        assert torch.equal(loaded.state_dict()[name], weights[name])


def test_an_old_file_without_zip(weights: dict, tmp_path: Path) -> None:
    torch.save(deca(weights), tmp_path / "old.tar", _use_new_zipfile_serialization=False)
    assert torch.equal(load_checkpoint(tmp_path / "old.tar").conv1.weight, weights["conv1.weight"])


def test_settings_of_absent_packages_beside_the_weights(
    weights: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = types.ModuleType("omegaconf.dictconfig")
    module.DictConfig = type("DictConfig", (), {"__module__": "omegaconf.dictconfig"})
    monkeypatch.setitem(sys.modules, "omegaconf", types.ModuleType("omegaconf"))
    monkeypatch.setitem(sys.modules, "omegaconf.dictconfig", module)
    settings = module.DictConfig()
    settings.learning_rate = 1e-4
    torch.save(emoca(weights) | {"hyper_parameters": settings}, tmp_path / "last.ckpt")
    monkeypatch.undo()
    assert torch.equal(
        load_checkpoint(tmp_path / "last.ckpt").conv1.weight, weights["conv1.weight"]
    )


class _Attack:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("how", ["torch", "old torch", "pickle"])
def test_code_in_a_file_is_refused_and_not_run(how: str, weights: dict, tmp_path: Path) -> None:
    document, path = deca(weights) | {"extra": _Attack(tmp_path / "ran")}, tmp_path / "bad.tar"
    if how == "pickle":
        path.write_bytes(pickle.dumps(_Attack(tmp_path / "ran")))
    else:
        torch.save(document, path, _use_new_zipfile_serialization=how == "torch")
    with pytest.raises(VideoError, match="bad.tar cannot be read safely: it would run code"):
        load_checkpoint(path)
    assert not (tmp_path / "ran").exists()


def test_what_is_no_resnet50(weights: dict, tmp_path: Path) -> None:
    path = tmp_path / "model.tar"

    def refused(document: object, message: str) -> None:
        torch.save(document, path)
        with pytest.raises(VideoError, match=message):
            load_checkpoint(path)

    refused({"E_flame": {"encoder.layer1.0.conv1.weight": torch.zeros(2)}}, "holds no ResNet-50")
    refused([1, 2, 3], "holds no ResNet-50")
    lacking = {name: value for name, value in weights.items() if name != "layer2.0.bn1.weight"}
    refused(
        {"E_flame": with_prefix(lacking, "encoder.")},
        "it lacks E_flame.encoder.layer2.0.bn1.weight",
    )
    wrong = dict(weights) | {"conv1.weight": torch.zeros(64, 1, 7, 7)}
    refused(wrong, r"conv1.weight is \(64, 1, 7, 7\), not \(64, 3, 7, 7\)")
    refused(dict(weights) | {"bn1.bias": torch.full((64,), torch.nan)}, "not numbers")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (None, "There is no file"),
        (b"", "model.tar"),
        (b"this is no checkpoint " * 50, "model.tar"),
        (b"PK\x03\x04" + bytes(500), "model.tar"),
    ],
)
def test_what_is_no_checkpoint(data: bytes | None, message: str, tmp_path: Path) -> None:
    if data is not None:
        (tmp_path / "model.tar").write_bytes(data)
    with pytest.raises(VideoError, match=message):
        load_checkpoint(tmp_path / "model.tar")


def a_face(low: tuple[float, float], high: tuple[float, float]) -> Face:
    points = np.full((478, 3), -500, np.float32)
    points[list(FACE_POINTS), :2] = np.linspace(low, high, len(FACE_POINTS))
    return Face(points, np.zeros(51, np.float32), np.eye(4, dtype=np.float32))


def test_the_crop_is_centred_and_has_decas_margin() -> None:
    """A face of 80 × 80 pixels fills 1 / (1.1 · 1.25) of the side."""
    picture = np.zeros((300, 400, 3), np.uint8)
    picture[100:180, 150:230] = 255, 100, 0
    crop = face_crop(picture, a_face((150, 100), (230, 180)))
    assert crop.shape == (224, 224, 3)
    inside = crop[..., 0] > 127
    assert inside.any(0).sum() == pytest.approx(224 / (1.1 * 1.25), abs=2)
    middle = np.argwhere(inside).mean(0)
    np.testing.assert_allclose(middle, 111.5, atol=1.5)
    np.testing.assert_array_equal(crop[112, 112], (255, 100, 0))


def test_outside_the_picture_it_is_black() -> None:
    crop = face_crop(np.full((100, 100, 3), 200, np.uint8), a_face((-40, 20), (40, 80)))
    assert crop[112, 10].max() == 0 and crop[112, 200].min() == 200


@pytest.fixture(scope="module")
def deca_file(weights: dict, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("deca") / "deca_model.tar"
    torch.save(deca(weights), path)
    return path


def test_the_extractor(deca_file: Path) -> None:
    extractor = ResNet50(deca_file, device="cpu")
    picture = np.random.default_rng(0).integers(0, 256, (120, 120, 3), np.uint8)
    face = a_face((30, 30), (90, 90))
    describe = extractor.describe(picture, face)
    assert (
        describe.shape == (extractor.size,) == extractor.parts.shape
        and describe.dtype == np.float32
    )
    crop = torch.from_numpy(face_crop(picture, face) / np.float32(255)).permute(2, 0, 1)[None]
    with torch.no_grad():
        truth = load_checkpoint(deca_file)(crop)[0]
    np.testing.assert_allclose(describe, truth, atol=1e-5)
    assert np.abs(describe - extractor.describe(0 * picture, face)).max() > 1e-3


def test_without_weights_there_is_a_sentence() -> None:
    picture, face = np.zeros((120, 120, 3), np.uint8), a_face((30, 30), (90, 90))
    with pytest.raises(VideoError, match="need the weights of DECA"):
        ResNet50().describe(picture, face)
    assert ResNet50(which="0123456789ab").name == "resnet50/0123456789ab", "a name needs no weights"


def test_other_weights_than_those_trained_with(weights: dict, tmp_path: Path) -> None:
    torch.save(with_prefix(weights, "", 2.0), tmp_path / "other.tar")
    extractor = extractor_of("resnet50/0123456789ab", tmp_path / "other.tar")
    with pytest.raises(VideoError, match=r"other.tar holds other weights"):
        extractor.describe(np.zeros((120, 120, 3), np.uint8), a_face((30, 30), (90, 90)))


def test_a_head_is_trained_on_these_features_and_follows_by_them(
    deca_file: Path, tiny_head: Path, tmp_path: Path
) -> None:
    """From made descriptors, then a real picture of a face: the way that landmarks take."""
    needs_landmarker()
    name = ResNet50(deca_file).name
    train_on_made_descriptors(tiny_head, tmp_path, name)
    head = Actor.open(tmp_path / "head.nface", "cpu")
    assert head.video.extractor == name
    video = tmp_path / "face.mp4"
    writer = cv2.VideoWriter(str(video), cv2.VideoWriter_fourcc(*"mp4v"), 25.0, (256, 256))
    for share in np.linspace(0, 1, 8):
        writer.write(rendered((0, 0, 0), share)[..., ::-1])
    writer.release()
    with pytest.raises(VideoError, match="need the weights of DECA"):
        head.analyse_video(video)
    analysis = head.analyse_video(video, weights=deca_file)
    assert analysis.extractor == name and analysis.descriptors.shape == (8, FEATURES)
    again = Analysis.from_bytes(analysis.to_bytes())
    made = head.retarget(again)
    assert np.isfinite(made.codes).all() and np.ptp(made.codes, axis=0).max() > 0
    assert head.video.extractor not in (LandmarkFeatures().name, "resnet50")


def train_on_made_descriptors(tiny_head: Path, folder: Path, name: str) -> None:
    """Write a head whose video network knows the features called `name`."""
    mix = np.random.default_rng(1).standard_normal((len(tiny.CONTROLS), FEATURES))
    takes = tiny.tiny_takes(6)
    for take in takes:
        descriptors = np.maximum(take.controls @ mix, 0)
        clip = tiny.tiny_clip(take, "actor")
        write_clip(
            folder / "footage", dataclasses.replace(clip, extractor=name, descriptors=descriptors)
        )
    write_motion(folder / "footage", takes, tiny.CONTROLS)
    head = Actor.open(tiny_head, "cpu")
    config = VideoConfig(minutes=None, steps=60, batch=8, frames=48)
    model, _, data = make_video(head, folder / "footage", config)
    assert not any("mirrored" in clip.name for clip in data.train), "no mirror is known"
    still = errors(
        head, data, data.held_out, lambda s: np.tile(data.scale.mean, (len(s.motion), 1))
    )
    network = errors(head, data, data.held_out, players(head, model, data)["network"])
    assert network.lip_vertex_mm < 0.6 * still.lip_vertex_mm
    write_head_file(folder / "head.nface", model.stored(read_head_file(tiny_head)))


def test_footage_for_other_features_is_refused(tiny_head: Path, tmp_path: Path) -> None:
    footage = tiny.tiny_footage(tmp_path, tiny.tiny_takes(6))
    with pytest.raises(CaptureError, match="made for other features"):
        video_data(Actor.open(tiny_head, "cpu"), footage, extractor_of("resnet50/0123456789ab"))
