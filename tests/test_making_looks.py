"""What a making can be looked at by: overlay, preview, card."""

import dataclasses
from pathlib import Path

import cv2
import numpy as np
import pytest
from capture_scenes import bumpy_head, ring_of_cameras
from tiny import CODE_SIZES, tiny_mesh, tiny_performance

from models.actor import Actor
from models.capture.folder import CaptureFolder, CaptureTake, write_capture, write_picture
from models.errors import NeuralFaceError
from models.head.file import read_head_file
from models.head.training.region_data import load_training_data
from models.head.training.region_task import TrainingConfig, start_network
from models.making.card import card_of, write_card
from models.making.overlay import COLOUR, HEIGHT, _lines, draw_mesh, spread_out, write_overlay
from models.making.preview import MOST_MOTION, Previews, sample_of, write_preview
from models.performance import Performance, Take
from models.progress import silent


def test_mesh_is_drawn_where_the_camera_sees_it() -> None:
    mesh, camera = bumpy_head(), ring_of_cameras(400)[0]
    black = np.zeros((400, 400, 3), np.uint8)
    drawn = draw_mesh(black, camera, mesh.vertices, mesh.faces, _lines(mesh)).sum(-1)
    centre = mesh.vertices - mesh.vertices.mean(0)
    pixels, _ = camera.project(mesh.vertices)
    middle = np.flatnonzero(np.hypot(centre[:, 0], centre[:, 2]) < 0.05)
    places = np.floor(pixels[middle]).astype(int)
    near = [drawn[y - 1 : y + 2, x - 1 : x + 2].max() for x, y in places]
    assert min(near) > 0.3 * sum(COLOUR)
    rows, columns = np.nonzero(drawn)
    low, high = pixels.min(0), pixels.max(0)
    assert columns.min() >= low[0] - 2 and columns.max() <= high[0] + 2
    assert rows.min() >= low[1] - 2 and rows.max() <= high[1] + 2


def test_edges_turned_away_are_not_drawn() -> None:
    mesh, camera = tiny_mesh(), ring_of_cameras(400)[0]
    behind = dataclasses.replace(
        camera, world_to_camera=camera.world_to_camera @ np.diag([-1.0, -1, 1, 1])
    )
    black = np.zeros((400, 400, 3), np.uint8)
    assert draw_mesh(black, behind, mesh.vertices, mesh.faces, _lines(mesh)).max() == 0


def test_every_inner_edge_has_two_triangles() -> None:
    mesh = bumpy_head()
    lines = _lines(mesh)
    assert len(lines.edges) == len(mesh.vertices) + len(mesh.faces) - 1  # Euler, a disc
    border = (lines.beside[:, 0] == lines.beside[:, 1]).sum()
    assert border == 2 * (40 - 1) + 2 * (60 - 1)
    for edge, owners in zip(lines.edges[::97], lines.beside[::97], strict=True):
        for owner in owners:
            assert set(edge.tolist()) <= set(mesh.faces[owner].tolist())


@pytest.fixture
def capture(tmp_path: Path) -> tuple[CaptureFolder, Performance]:
    mesh, cameras = bumpy_head(), ring_of_cameras(120)
    take = CaptureTake("a", 25.0, 4, (0, 2, 3))
    write_capture(tmp_path / "capture", cameras, [take], mesh)
    for camera in cameras[1:]:
        for frame in take.pictured:
            picture = np.full((120, 120, 3), 60, np.uint8)
            write_picture(tmp_path / "capture", camera.name, "a", frame, picture)
    tracked = Take(
        name="a",
        kind="motion",
        split="train",
        fps=25.0,
        controls=np.zeros((4, 1), np.float32),
        head_pose=np.zeros((4, 6), np.float32),
        pictured=np.array([0, 2, 3]),
    )
    performance = Performance(tmp_path, mesh, 25.0, [tracked], {})
    return CaptureFolder.open(tmp_path / "capture"), performance


def test_overlay_is_a_video_of_all_cameras(
    capture: tuple[CaptureFolder, Performance], tmp_path: Path
) -> None:
    path = tmp_path / "overlay.mp4"
    assert write_overlay(*capture, path, silent) == 3
    video = cv2.VideoCapture(str(path))
    assert video.get(cv2.CAP_PROP_FRAME_COUNT) == 3 and video.get(cv2.CAP_PROP_FPS) == 25
    picture = video.read()[1][..., ::-1].astype(int)
    assert picture.shape == (HEIGHT, 4 * HEIGHT, 3)
    green = picture[..., 1] - picture[..., 0] > 20
    assert all(green[:, i * HEIGHT : (i + 1) * HEIGHT].mean() > 0.05 for i in range(4))
    assert [path.name for path in tmp_path.glob(".*")] == []


def test_overlay_of_nothing_is_refused(
    capture: tuple[CaptureFolder, Performance], tmp_path: Path
) -> None:
    folder, performance = capture
    blind = dataclasses.replace(performance.takes[0], pictured=np.zeros(0, int))
    with pytest.raises(NeuralFaceError, match="no frame"):
        write_overlay(
            folder, dataclasses.replace(performance, takes=[blind]), tmp_path / "o.mp4", silent
        )


def test_cameras_are_chosen_from_all_around() -> None:
    cameras = ring_of_cameras(100)
    names = [camera.name for camera in spread_out(cameras)]
    assert len(set(names)) == 4 and {"c2", "c4"} <= set(names)  # the outermost two
    assert spread_out(cameras[:2]) == sorted(cameras[:2], key=lambda c: names.index(c.name))


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> tuple:
    import torch

    torch.set_num_threads(1)
    performance = tiny_performance(tmp_path_factory.mktemp("tiny"))
    data = load_training_data(performance)
    config = TrainingConfig(steps=1)
    networks = [
        start_network(region, data.train, config, CODE_SIZES[region.region.name]).eval()
        for region in data.regions
    ]
    return performance, data, networks


def test_preview_shows_an_expressive_held_out_frame(started: tuple, tmp_path: Path) -> None:
    performance, data, networks = started
    sample = sample_of(performance, data)
    assert not sample.data.train[sample.shown]
    size = np.linalg.norm(data.controls, axis=1)
    shown = np.linalg.norm(sample.data.controls[sample.shown])
    assert shown == pytest.approx(size[~data.train].max())
    assert sum(len(take) for take in sample.performance.takes) <= MOST_MOTION
    before = [p.clone() for n in networks for p in n.parameters()]
    path, picture, code = write_preview(sample, networks, tmp_path)
    assert all((a == b).all() for a, b in zip(
        before, (p for n in networks for p in n.parameters()), strict=True))  # fmt: skip
    head = Actor.open(path, "cpu")
    assert len(code) == head.code_size == sum(CODE_SIZES.values())
    decoded = head.decode(np.array(code, np.float32))
    true = sample.data.vertices[sample.shown]
    still = head.decode(np.zeros(head.code_size, np.float32)).vertices
    apart, rest = (np.linalg.norm(v - true, axis=1).mean() for v in (decoded.vertices, still))
    assert apart < 0.4 * rest
    sheet = cv2.imread(str(picture))
    assert sheet.shape == (512, 1024, 3)
    truth, made = sheet[:256].astype(int), sheet[256:].astype(int)
    assert np.abs(truth - made).mean() < 8


def test_previews_go_on_until_the_training_ends(started: tuple, tmp_path: Path) -> None:
    import threading

    performance, data, networks = started
    twice, reports = threading.Event(), []

    def tell(*what: object) -> None:
        reports.append(what)
        if len(reports) == 2:
            twice.set()

    with Previews(sample_of(performance, data), tmp_path, tell, 0.01) as previews:
        previews.watch(networks)
        assert twice.wait(300)
    count = len(reports)
    assert not previews._thread.is_alive() and len(reports) == count


def test_card_tells_texts_figures_and_pictures(tiny_head: Path, tmp_path: Path) -> None:
    file = read_head_file(tiny_head)
    file.document["consent"] = "Anna <anna@example.org> agreed"
    methods = {
        m: {"psnr_db": 31.25, "vertex_mm": 0.5, "detail_ratio": 0.9}
        for m in ("model", "pca", "static_texture")
    }
    file.document["training"]["figures"] = {"left_eye": methods}
    card = card_of(file, ["Take 3 was not understood."])
    assert (card["takes"], card["held_out_takes"]) == (9, 2)
    assert card["can"] == {"speak_with_style": True, "follow_videos": True, "arkit": True}
    assert card["seconds"]["spoken"] < card["seconds"]["takes"]
    picture = tmp_path / "sheet.png"
    picture.write_bytes(b"PNG")
    pictures = {"Sheet": picture, "Nothing": tmp_path / "none.png"}
    write_card(tmp_path / "card.html", card, pictures)
    page = (tmp_path / "card.html").read_text()
    assert "Anna &lt;anna@example.org&gt; agreed" in page and "<anna" not in page
    assert "left eye" in page and "31.25" in page and "Take 3 was not understood." in page
    assert "data:image/png;base64,UE5H" in page and "Nothing" not in page
    silent_card = card | {"licence": "", "figures": {}}
    write_card(tmp_path / "card.html", silent_card, {})
    page = (tmp_path / "card.html").read_text()
    assert "not stated: ask before you use this head" in page and "nothing was measured" in page
