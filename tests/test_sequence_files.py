"""Mesh sequences of others: .obj and .ply, textures, and a mesh's own UVs as the atlas."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from models.errors import CaptureError
from models.scan.mesh_files import SourceMesh, read_mesh
from models.scan.texture_files import read_texture
from models.sequences.sequence_files import open_sequence
from models.sequences.uv_atlas import atlas_of

CUBE = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], np.float32)
STRIP = """# two quads that share an edge in space, not in the texture
o thing
v 0 0 0
v 1 0 0
v 1 1 0
v 0 1 0
v 2 0 0 0.5 0.5 0.5
v 2 1 0 0.5 0.5 0.5
vt 0.0 0.0
vt 0.4 0.0
vt 0.4 0.4
vt 0.0 0.4
vt 0.6 0.0
vt 1.0 0.0
vt 1.0 0.4
vt 0.6 0.4
vn 0 0 1
usemtl one
f 1/1/1 2/2/1 3/3/1 4/4/1
usemtl two
f 2/5/1 5/6/1 6/7/1 3/8/1
"""
COLOURLESS = STRIP.replace(" 0.5 0.5 0.5", "")


def _written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def _sheet(shift: float = 0.0) -> str:
    """A quad as two triangles."""
    corners = [(0, 0), (1, 0), (1, 1), (0, 1)]
    lines = [f"v {x + shift} {y} 0" for x, y in corners]
    lines += [f"vt {u} {v}" for u, v in corners]
    return "\n".join([*lines, "f 1/1 2/2 3/3", "f 1/1 3/3 4/4"])


def _picture(path: Path, level: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((8, 8, 3), level, np.uint8))
    return path


def test_an_obj_keeps_its_order_and_its_corners_uvs(tmp_path: Path) -> None:
    mesh = read_mesh(_written(tmp_path / "a.obj", COLOURLESS))
    assert mesh.positions.tolist()[4] == [2, 0, 0] and len(mesh.positions) == 6
    assert mesh.triangles.tolist() == [[0, 1, 2], [0, 2, 3], [1, 4, 5], [1, 5, 2]]
    corner = mesh.uvs[mesh.uv_triangles]
    np.testing.assert_allclose(corner[2], [[0.6, 0], [1, 0], [1, 0.4]])
    np.testing.assert_allclose(corner[1], [[0, 0], [0.4, 0.4], [0, 0.4]])


@pytest.mark.parametrize(
    "faces",
    [
        "f -6/-8 -5/-7 -4/-6 -3/-5\nf -5/-4 -2/-3 -1/-2 -4/-1\n",
        "f 1/1 2/2 3/3\nf 1/1 3/3 4/4\nf 2/5 5/6 6/7 3/8 # a quad\n",
        "f 1/1 2/2 \\\n3/3 4/4\nf 2/5 5/6 6/7 3/8\n",
    ],
)
def test_objs_written_otherwise_are_the_same(tmp_path: Path, faces: str) -> None:
    whole = read_mesh(_written(tmp_path / "a.obj", COLOURLESS))
    head = COLOURLESS[: COLOURLESS.index("usemtl one")]
    other = read_mesh(_written(tmp_path / "b.obj", head + faces))
    assert whole.same_topology(other)
    assert np.array_equal(whole.uvs[whole.uv_triangles], other.uvs[other.uv_triangles])


def test_faces_without_uvs(tmp_path: Path) -> None:
    text = COLOURLESS.replace("f 2/5/1 5/6/1 6/7/1 3/8/1", "f 2//1 5//1 6//1 3//1")
    mesh = read_mesh(_written(tmp_path / "a.obj", text))
    assert len(mesh.triangles) == 4 and not len(mesh.uvs)
    with pytest.raises(CaptureError, match="has no UVs: unwrap it"):
        atlas_of(mesh)


@pytest.mark.parametrize("kind", ["ascii", "binary", "corners"])
def test_plys_are_read(tmp_path: Path, kind: str) -> None:
    plyfile = pytest.importorskip("plyfile", reason="PLY files need plyfile")
    uvs = np.linspace(0, 1, 16).reshape(8, 2).astype(np.float32)
    quads = np.array([[0, 1, 3, 2], [4, 5, 7, 6]])
    if kind == "corners":
        vertex = np.array([tuple(p) for p in CUBE], [(n, "f4") for n in "xyz"])
        face = np.empty(2, [("vertex_indices", "i4", (4,)), ("texcoord", "f4", (8,))])
        face["texcoord"] = uvs[quads].reshape(2, 8)
    else:
        rows = [(*p, *uv) for p, uv in zip(CUBE, uvs, strict=True)]
        vertex = np.array(rows, [(n, "f4") for n in ("x", "y", "z", "s", "t")])
        face = np.empty(2, [("vertex_indices", "i4", (4,))])
    face["vertex_indices"] = quads
    elements = [plyfile.PlyElement.describe(vertex, "vertex")]
    elements.append(plyfile.PlyElement.describe(face, "face"))
    path = tmp_path / "a.ply"
    plyfile.PlyData(elements, text=kind == "ascii").write(str(path))
    mesh = read_mesh(path)
    assert np.array_equal(mesh.positions, CUBE)
    assert mesh.triangles.tolist() == [[0, 1, 3], [0, 3, 2], [4, 5, 7], [4, 7, 6]]
    np.testing.assert_allclose(mesh.uvs[mesh.uv_triangles], uvs[mesh.triangles], atol=1e-6)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.obj", "v 0 0 0\nv 1 0 0\nf 1 2 3\n", "vertices or UVs are missing"),
        ("a.obj", "v 0 0 0\nv 1 0 0\n", "has no faces"),
        ("a.obj", "v 0 0 x\nf 1 1 1\n", "cannot be read"),
        ("a.obj", "v 0 0 nan\nv 1 0 0\nv 1 1 0\nf 1 2 3\n", "not finite"),
        ("a.obj", "v 0 0 0\nv 1 0 0\nf 1 2\n", "fewer than three corners"),
        ("a.ply", "ply\nnonsense\n", "a.ply cannot be read"),
        ("a.fbx", "", "is no mesh; known are .obj and .ply"),
    ],
)
def test_damaged_meshes_are_named(tmp_path: Path, name: str, content: str, sentence: str) -> None:
    if name.endswith(".ply"):
        pytest.importorskip("plyfile", reason="PLY files need plyfile")
    with pytest.raises(CaptureError, match=sentence):
        read_mesh(_written(tmp_path / name, content))


def test_a_sequence_in_its_order_with_a_texture_each(tmp_path: Path) -> None:
    for number in (1, 2, 10):
        _written(tmp_path / f"f{number}.obj", _sheet(number))
        _picture(tmp_path / "textures" / f"t{number}.png", 10 * number)
    (tmp_path / "sequence.json").write_text('{"fps": 25}')
    (take,) = open_sequence(tmp_path)
    assert len(take) == 3 and take.fps == 25 and not take.static
    assert [take.positions(k)[0, 0] for k in range(3)] == [1, 2, 10]
    assert read_texture(take.texture_path(2))[0, 0, 0] == 100
    assert open_sequence(tmp_path, 50)[0].fps == 50


def test_textures_of_some_frames_are_matched_by_their_numbers(tmp_path: Path) -> None:
    for number in range(5):
        _written(tmp_path / f"f_{number:03d}.obj", _sheet(number))
    for number in (0, 3):
        _picture(tmp_path / f"t{number}.png", 50 + number)
    (take,) = open_sequence(tmp_path)
    assert take.pictured.tolist() == [0, 3]
    assert read_texture(take.texture_path(3))[0, 0, 0] == 53
    _picture(tmp_path / "t7.png", 1)
    with pytest.raises(CaptureError, match="3 textures for 5 frames"):
        open_sequence(tmp_path)


def test_folders_of_folders_are_takes(tmp_path: Path) -> None:
    for name in ("smile wide", "talk"):
        (tmp_path / name).mkdir()
        _written(tmp_path / name / "0.obj", _sheet())
        _picture(tmp_path / name / "skin.jpg", 9)
    (tmp_path / "talk" / "transcript.txt").write_text("Hello.\n")
    first, second = open_sequence(tmp_path)
    assert (first.name, second.name) == ("smile_wide", "talk")
    assert second.transcript == "Hello." and second.sound is None and first.static


def test_a_baked_sequence(tmp_path: Path) -> None:
    mesh = read_mesh(_written(tmp_path / "one.obj", _sheet()))
    folder = tmp_path / "baked"
    _picture(folder / "skin.png", 9)
    positions = np.stack([mesh.positions, mesh.positions + 1])
    topology = {key: getattr(mesh, key) for key in ("triangles", "uvs", "uv_triangles")}
    np.savez(folder / "geometry.npz", positions=positions, **topology)
    (take,) = open_sequence(folder)
    assert len(take) == 2 and take.topology.same_topology(mesh)
    assert np.array_equal(take.positions(1), mesh.positions + 1)


def test_what_is_wrong_with_a_sequence_is_said(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="There is no folder none"):
        open_sequence(tmp_path / "none")
    with pytest.raises(CaptureError, match="holds no mesh sequence"):
        open_sequence(tmp_path)
    _written(tmp_path / "f1.obj", _sheet())
    with pytest.raises(CaptureError, match="holds no texture"):
        open_sequence(tmp_path)
    _picture(tmp_path / "skin.png", 9)
    _written(tmp_path / "f2.obj", _sheet().replace("f 1/1 3/3 4/4", "f 1/1 4/4 3/3"))
    (take,) = open_sequence(tmp_path)
    with pytest.raises(CaptureError, match=r"f2\.obj .* another arrangement than f1\.obj"):
        take.positions(1)
    (tmp_path / "sequence.json").write_text('{"fps": 0}')
    with pytest.raises(CaptureError, match="cannot have 0 frames a second"):
        open_sequence(tmp_path)
    (tmp_path / "sequence.json").write_text("{}")
    with pytest.raises(CaptureError, match="tells no fps"):
        open_sequence(tmp_path)
    (tmp_path / "sequence.json").unlink()
    _written(tmp_path / "f3.ply", "")
    with pytest.raises(CaptureError, match="keep one of the two"):
        open_sequence(tmp_path)


def test_seams_split_vertices_and_nothing_else(tmp_path: Path) -> None:
    mesh = read_mesh(_written(tmp_path / "a.obj", COLOURLESS))
    atlas = atlas_of(mesh)
    assert len(atlas.source) == 8 and np.bincount(atlas.source).tolist() == [1, 2, 2, 1, 1, 1]
    assert np.array_equal(atlas.source[atlas.faces], mesh.triangles)
    np.testing.assert_allclose(atlas.uvs[atlas.faces], mesh.uvs[mesh.uv_triangles], atol=1e-6)
    assert set(atlas.island) == {0}  # the seam does not part the surface
    covered = atlas.covered(100) > 0
    assert abs(covered.mean() - 0.32) < 0.02
    assert covered[90, 20] and covered[90, 80] and not covered[90, 50] and not covered[30, 20]


def _square(u: float, v: float, side: float) -> np.ndarray:
    return np.array([[u, v], [u + side, v], [u + side, v + side], [u, v + side]], np.float32)


def _two_sheets(second: np.ndarray) -> SourceMesh:
    sheet = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], np.float32)
    triangles = np.array([[0, 1, 2], [0, 2, 3], [4, 5, 6], [4, 6, 7]], np.int32)
    uvs = np.concatenate([_square(0.1, 0.1, 0.4), second])
    behind = sheet + np.float32((0, 0, 1))
    return SourceMesh(np.concatenate([sheet, behind]), triangles, uvs, triangles)


def test_overlapping_uvs_are_refused() -> None:
    apart = atlas_of(_two_sheets(_square(0.55, 0.1, 0.4)))
    assert apart.overlap() == 0 and sorted(np.bincount(apart.island)) == [4, 4]
    with pytest.raises(CaptureError, match="UVs overlap"):
        atlas_of(_two_sheets(_square(0.2, 0.2, 0.4)))
    with pytest.raises(CaptureError, match="UVs overlap"):
        atlas_of(_two_sheets(_square(0.1, 0.1, 0.4)))


def test_uvs_of_another_tile_are_moved_and_of_several_refused() -> None:
    moved = _two_sheets(_square(0.55, 0.1, 0.4))
    moved = replace(moved, uvs=moved.uvs + np.float32((2, 1)))
    atlas = atlas_of(moved)
    np.testing.assert_allclose(atlas.uvs[atlas.faces][0, 0], [0.1, 0.1], atol=1e-6)
    with pytest.raises(CaptureError, match="several tiles"):
        atlas_of(_two_sheets(_square(1.1, 0.1, 0.4)))
