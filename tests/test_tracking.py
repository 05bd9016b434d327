"""Tracking, part by part: where pictures pull, what is solved from it, and what comes after."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from models.cameras import Camera, look_at
from models.errors import CancelledError, MissingDependencyError
from models.render.drawables import Drawable
from models.texture.photo import Photo
from models.tracking import landmark_fit
from models.tracking.closed_lips import rim_pairs, sealed
from models.tracking.data_terms import PointObservation, data_terms, projection
from models.tracking.dense_alignment import DenseAligner, surface_samples
from models.tracking.face_model import FaceModel, LandmarkPoints, template, view_terms
from models.tracking.frame_tracking import FrameInput, FrameTracker, Tracked
from models.tracking.landmark_fit import LandmarkFit, fit_landmarks, rough_poses
from models.tracking.lids import LOWER, UPPER, LidGaps, openness
from models.tracking.linear_face import Motion, Samples
from models.tracking.neutral import PersonEstimate, choose_key_frames, person_mesh, shown_skin
from models.tracking.rims import RimFinder
from models.tracking.stabilise import stabilised

SIDE = 256
MM = 1e-3


@pytest.fixture(scope="module")
def model() -> FaceModel:
    return template()


def around(model: FaceModel, side: int = SIDE) -> list[Camera]:
    middle = model.mesh.vertices[model.face].mean(0)
    cameras = []
    for name, yaw, pitch in (("a", 0, 5), ("b", 30, 0), ("c", -35, 8), ("d", 4, -22), ("e", 0, 32)):
        a, b = np.radians([yaw, pitch])
        away = np.array([np.sin(a) * np.cos(b), -np.cos(a) * np.cos(b), np.sin(b)])
        cameras.append(look_at(name, middle + away, middle, 3.6 * side, (side, side)))
    return cameras


def motion_of(model: FaceModel, turn: tuple = (0, 0, 0), **units: float) -> Motion:
    weights = np.zeros(len(model.mesh.control_names))
    for name, value in units.items():
        weights[model.mesh.control_names.index(name)] = value
    rotation = Rotation.from_euler("xyz", turn, degrees=True).as_matrix()
    return Motion(rotation, np.array([0.004, -0.002, 0.003]), weights)


def face_mm(model: FaceModel, a: np.ndarray, b: np.ndarray) -> float:
    return float(np.linalg.norm(a - b, axis=-1)[..., model.face].mean() / MM)


def test_the_template_is_whole_and_read_as_it_was_written(model: FaceModel, tmp_path: Path) -> None:
    model.save(tmp_path / "t.npz")
    again = FaceModel.load(tmp_path / "t.npz")
    assert np.allclose(again.components, model.components, atol=1e-7)
    assert all(
        (a == b).all()
        for n in model.rims
        for a, b in zip(model.rims[n], again.rims[n], strict=True)
    )
    assert np.array_equal(again.landmarks.slide, model.landmarks.slide)
    spread = np.linalg.norm(model.components[:, model.face], axis=-1).mean(1) / MM
    assert spread[0] > 1 and (model.landmarks.spread > 0.5 * MM).all()
    inner = np.concatenate([model.rims["mouth"][0], model.rims["left_eye"][1]])
    assert model.face[inner].all() and 0.4 < model.face.mean() < 0.7


def test_landmarks_slide_with_the_view_by_a_second_order_rule() -> None:
    ahead, left = np.array([0.0, -1, 0]), np.array([np.sin(0.5), -np.cos(0.5), 0])
    assert np.allclose(view_terms(ahead), [1, 0, 0, 0, 0, 0])
    assert np.allclose(view_terms(left), [1, 0.5, 0, 0.25, 0, 0])


def test_a_projections_derivative_is_its_difference(model: FaceModel) -> None:
    camera, random = around(model)[2], np.random.default_rng(0)
    points = model.mesh.vertices[::97].astype(np.float64)
    pixels, slope = projection(camera, points)
    step = random.normal(0, 1e-5, points.shape)
    moved = camera.project(points + step)[0]
    assert np.allclose(moved - pixels, np.einsum("pij,pj->pi", slope, step), atol=1e-4)


def test_views_pull_points_to_where_they_are_and_outliers_do_not(model: FaceModel) -> None:
    points = model.mesh.vertices[model.face][::19].astype(np.float64)
    target = points + np.random.default_rng(1).normal(0, MM, points.shape)
    observations = [
        PointObservation(c, c.project(target)[0], np.ones(len(points))) for c in around(model)
    ]
    for _ in range(3):
        terms = data_terms(points, observations, 20.0)
        points = points + np.linalg.solve(terms.stiffness, terms.force[..., None])[..., 0]
    assert np.abs(points - target).max() < 0.01 * MM
    wrong = replace(observations[0], pixels=observations[0].pixels + 40)
    terms = data_terms(points, [wrong, *observations[1:]], 2.0)
    step = np.linalg.solve(terms.stiffness, terms.force[..., None])[..., 0]
    assert np.abs(step).max() < 0.05 * MM


def test_a_sight_along_one_direction_says_nothing_about_the_other(model: FaceModel) -> None:
    camera, point = around(model)[0], model.mesh.vertices[model.face][:1].astype(np.float64)
    pixels = camera.project(point)[0] + [3.0, 50.0]
    terms = data_terms(
        point, [PointObservation(camera, pixels, np.ones(1), np.array([[1.0, 0.0]]))], 1e6
    )
    assert np.linalg.matrix_rank(terms.stiffness[0], tol=1e-3) == 1
    right = camera.world_to_camera[0, :3]
    assert terms.force[0] @ right > 0
    assert abs(terms.force[0] @ camera.world_to_camera[1, :3]) < 1e-6 * (terms.force[0] @ right)


def test_a_blind_pull_says_nothing_along_its_direction(model: FaceModel) -> None:
    points = model.mesh.vertices[model.face][::97].astype(np.float64)
    target = points + np.array([0.0, 2 * MM, MM])
    observations = [
        PointObservation(c, c.project(target)[0], np.ones(len(points))) for c in around(model)[:3]
    ]
    depth = np.array([0.0, 1.0, 0.0])
    terms = data_terms(points, observations, 20.0).blind(depth)
    assert np.abs(terms.stiffness @ depth).max() < 1e-6 * np.abs(terms.stiffness).max()
    assert np.abs(terms.force @ depth).max() < 1e-6 * np.abs(terms.force).max()
    plane = np.eye(3)[[0, 2]]
    step = np.linalg.solve(plane @ terms.stiffness @ plane.T, (terms.force @ plane.T)[..., None])
    assert np.allclose(step[..., 0], (0, MM), atol=0.1 * MM)


def test_a_motions_step_is_what_its_jacobian_says(model: FaceModel) -> None:
    samples = Samples.of(model.mesh, *surface_samples(model.mesh, model.face))
    motion = motion_of(model, (5, -3, 20), jawOpen=0.4)
    points, jacobian = samples.jacobian(motion)
    step = np.random.default_rng(2).normal(0, 1e-5, jacobian.shape[2])
    moved = samples.jacobian(motion.stepped(step))[0]
    assert np.allclose(moved - points, jacobian @ step, atol=1e-8)


def test_exact_landmarks_give_person_and_motion(model: FaceModel, tmp_path: Path) -> None:
    exact = replace(
        model,
        landmarks=replace(
            model.landmarks,
            slide=np.zeros_like(model.landmarks.slide),
            spread=np.full_like(model.landmarks.spread, 0.1 * MM),
        ),
    )
    random, cameras = np.random.default_rng(3), around(model)
    identity = np.r_[random.normal(0, 1, 12), np.zeros(len(model.components) - 12)]
    mesh = person_mesh(model, identity, np.zeros(len(model.mesh.vertices)))
    truth = [motion_of(model, (3, 0, 25 * np.sin(t)), jawOpen=0.1 * t, mouthSmileLeft=0.1 * t)
             for t in range(6)]  # fmt: skip
    worlds = np.stack([m.world(mesh.pose(m.units), mesh.pivot) for m in truth])
    marks = exact.landmarks.on(worlds)
    seen = np.stack([[c.project(p)[0] for c in cameras] for p in marks]).astype(np.float32)
    starts = rough_poses(exact, marks)
    assert Rotation.from_matrix(starts[3].rotation @ truth[3].rotation.T).magnitude() < 0.1
    given = exact, cameras, seen, marks, np.arange(6) > 0
    fit = fit_landmarks(*given, tmp_path / "fit.npz")
    found = person_mesh(model, fit.identity, np.zeros(len(model.mesh.vertices)))
    tracked = np.stack([m.world(found.pose(m.units), found.pivot) for m in fit.motions])
    still = np.stack([m.world(model.mesh.pose(m.units), model.mesh.pivot) for m in truth])
    assert face_mm(model, tracked, worlds) < 0.35 < 0.2 * face_mm(model, still, worlds)
    again = LandmarkFit.load(tmp_path / "fit.npz")
    assert np.array_equal(again.motions[4].rotation, fit.motions[4].rotation) and again.done == 6


def test_a_stopped_fit_to_landmarks_goes_on(
    model: FaceModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cameras, mesh = around(model), model.mesh
    marks = model.landmarks.on(
        np.stack([motion_of(model, (0, 0, 3.0 * t)).world(mesh.vertices, mesh.pivot)
                  for t in range(5)])
    )  # fmt: skip
    seen = np.stack([[c.project(p)[0] for c in cameras] for p in marks]).astype(np.float32)
    given = model, cameras, seen, marks, np.arange(5) > 0
    whole = fit_landmarks(*given, tmp_path / "whole.npz")
    monkeypatch.setattr(landmark_fit, "KEPT_EVERY", 2)

    def stop(share: float, message: str) -> None:
        if share > 0.5:
            raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        fit_landmarks(*given, tmp_path / "part.npz", stop)
    assert LandmarkFit.load(tmp_path / "part.npz").done == 4
    tried = []
    round_of = landmark_fit.LandmarkTerms.frame_round
    monkeypatch.setattr(
        landmark_fit.LandmarkTerms, "frame_round",
        lambda *a: tried.append(1) or round_of(*a),
    )  # fmt: skip
    again = fit_landmarks(*given, tmp_path / "part.npz")
    assert len(tried) == landmark_fit.FRAME_ROUNDS
    for one, other in zip(again.motions, whole.motions, strict=True):
        assert np.array_equal(one.units, other.units)


def test_a_frame_without_a_face_takes_the_nearest_pose(model: FaceModel) -> None:
    marks = model.landmarks.on(model.mesh.vertices.astype(np.float64))
    points = np.stack([marks, np.full_like(marks, np.nan), marks + 0.01])
    poses = rough_poses(model, points)
    assert np.allclose(poses[1].shift, poses[0].shift, atol=1e-6)
    assert np.allclose(poses[2].shift, 0.01, atol=1e-6)


def test_key_frames_begin_at_rest_and_differ_in_pose(model: FaceModel) -> None:
    motions = [motion_of(model, (0, 0, 3 * t), jawOpen=0.5 * (t % 2)) for t in range(40)]
    chosen = choose_key_frames(motions, 5)
    assert chosen[0] == 0 and len(chosen) == 5
    assert all(t % 2 == 0 for t in chosen) and max(chosen) - min(chosen) > 20


@pytest.fixture(scope="module")
def stage(model: FaceModel) -> tuple:
    """A person with freckles, alone in the dark."""
    try:
        from models.render.raster import shared_rasteriser

        rasteriser = shared_rasteriser()
    except (ImportError, MissingDependencyError) as error:
        pytest.skip(str(error))
    random = np.random.default_rng(5)
    texture = np.full((512, 512, 3), (150, 120, 100), np.float64)
    for cells, contrast in ((12, 25), (40, 20), (90, 12)):
        noise = random.normal(0, contrast, (cells, cells, 1)).repeat(3, 2)
        texture += cv2.resize(noise, (512, 512), interpolation=cv2.INTER_CUBIC)
    texture = np.clip(texture, 0, 255).astype(np.uint8)

    def photos(vertices: np.ndarray) -> list[Photo]:
        drawable = Drawable(
            "skin", vertices.astype(np.float32), model.mesh.faces, model.mesh.uvs, texture
        )
        return [Photo(c, rasteriser.render([drawable], c)) for c in around(model)]

    return rasteriser, texture, photos


def test_flow_finds_where_the_surface_went(model: FaceModel, stage: tuple) -> None:
    rasteriser, texture, photos = stage
    mesh = model.mesh
    samples = Samples.of(mesh, *surface_samples(mesh, model.face))
    aligner = DenseAligner(rasteriser, mesh, shown_skin(model), samples)
    true = motion_of(model, (2, 0, 8), mouthSmileLeft=0.15)
    guess = motion_of(model, (2, 0.4, 8.6))
    worlds = [m.world(mesh.pose(m.units).astype(np.float64), mesh.pivot) for m in (true, guess)]
    points = [samples.jacobian(m)[0] for m in (true, guess)]
    for observation in aligner.observations(worlds[1], texture, photos(worlds[0])):
        seen = observation.weights > 0.2 * observation.weights.max()
        wanted, before = (observation.camera.project(p)[0][seen] for p in points)
        miss = np.linalg.norm(observation.pixels[seen] - wanted, axis=1)
        assert seen.sum() > 500
        assert np.median(miss) < 0.12 < np.median(np.linalg.norm(before - wanted, axis=1))


def test_another_light_is_not_taken_for_motion(model: FaceModel, stage: tuple) -> None:
    rasteriser, texture, photos = stage
    mesh, samples = model.mesh, Samples.of(model.mesh, *surface_samples(model.mesh, model.face))
    aligner = DenseAligner(rasteriser, mesh, shown_skin(model), samples)
    world = motion_of(model).world(mesh.vertices.astype(np.float64), mesh.pivot)
    points = samples.jacobian(motion_of(model))[0]
    ramp = np.linspace(0.75, 1.2, SIDE)[None, :, None]
    plain = photos(world)
    lit = [replace(p, picture=np.clip(p.picture * ramp, 0, 255).astype(np.uint8)) for p in plain]
    for observation, same in zip(
        aligner.observations(world, texture, lit),
        aligner.observations(world, texture, plain),
        strict=True,
    ):
        seen = same.weights > 0.2 * same.weights.max()
        miss = np.linalg.norm(observation.pixels - observation.camera.project(points)[0], axis=1)[
            seen
        ]
        assert np.median(miss) < 0.05 and np.percentile(miss, 95) < 0.4
        assert (
            np.median(observation.weights[seen] / same.weights[seen]) > 0.94
        )  # 0.90 where light is not matched


def test_what_masks_hide_tells_nothing(model: FaceModel, stage: tuple) -> None:
    rasteriser, texture, photos = stage
    mesh, samples = model.mesh, Samples.of(model.mesh, *surface_samples(model.mesh, model.face))
    aligner = DenseAligner(rasteriser, mesh, shown_skin(model), samples)
    world = motion_of(model).world(mesh.vertices.astype(np.float64), mesh.pivot)
    points = samples.jacobian(motion_of(model))[0]
    plain = photos(world)
    left = np.zeros((SIDE, SIDE), np.uint8)
    left[:, : SIDE // 2] = 255
    hidden = [replace(photo, mask=left) for photo in plain]
    for observation, all_of_it in zip(
        aligner.observations(world, texture, hidden),
        aligner.observations(world, texture, plain),
        strict=True,
    ):
        seen = observation.camera.project(points)[0][:, 0] < SIDE / 2 - 1
        np.testing.assert_allclose(observation.weights[seen], all_of_it.weights[seen], rtol=1e-6)
        beyond = observation.camera.project(points)[0][:, 0] > SIDE / 2 + 1
        assert observation.weights[beyond].max() == 0 < all_of_it.weights[beyond].max()


def test_a_frame_is_tracked_from_a_rough_start_beyond_its_units(
    model: FaceModel, stage: tuple
) -> None:
    _, texture, photos = stage
    mesh, cameras = model.mesh, around(model)
    person = PersonEstimate(
        mesh, texture, np.zeros(len(model.components)), np.zeros(len(mesh.vertices)),
        np.zeros((478, 3)), np.zeros((len(cameras), 3)), {}, [], 0,
    )  # fmt: skip
    true = motion_of(model, (2, 0, 10), jawOpen=0.2, browInnerUp=0.3)
    bump = np.exp(-((np.linalg.norm(mesh.vertices - mesh.vertices[mesh.landmarks["chin"]], axis=1)
                     / 0.02) ** 2))  # fmt: skip
    free = bump[:, None] * np.array([0.0, -1.5 * MM, 0.0])
    world = Tracked(true, free).world(mesh)
    marks = model.landmarks.on(world) + np.random.default_rng(6).normal(0, MM, (478, 3))
    seen = np.stack([c.project(marks)[0] for c in cameras])
    tracker = FrameTracker(model, person, cameras)
    known = FrameInput(photos(world), seen, np.ones(2))
    start = tracker.from_landmarks(motion_of(model), known)
    begun = Tracked(start, np.zeros_like(free))
    tracked = tracker.track(known, begun)
    before, after = (face_mm(model, t.world(mesh), world) for t in (begun, tracked))
    assert after < 0.25 and after < 0.5 * before
    chin = bump > 0.5
    left = np.linalg.norm(tracked.world(mesh) - world, axis=1)[chin].mean()
    assert left < 0.5 * MM


def test_rims_are_where_colours_part(model: FaceModel) -> None:
    cameras = around(model, 512)
    eye = {n: model.rims[n] for n in ("left_eye", "right_eye")}
    vertices = model.mesh.vertices.astype(np.float64)

    def photo(camera: Camera, lift: float) -> Photo:
        picture = np.full((512, 512, 3), (150, 110, 90), np.uint8)
        for upper, lower in eye.values():
            points = vertices.copy()
            points[upper[1:-1], 2] += lift
            loop = camera.project(points[np.r_[upper, lower[::-1]]])[0] - 0.5
            scaled = np.round(loop * 16).astype(np.int32)
            cv2.fillPoly(picture, [scaled], (225, 225, 225), cv2.LINE_AA, 4)
        noise = np.random.default_rng(7).normal(0, 4, picture.shape)
        return Photo(camera, np.clip(picture + noise, 0, 255).astype(np.uint8))

    finder = RimFinder(model)
    assert finder.observations(vertices, [photo(cameras[0], 0)]) == []
    finder.learn([(vertices, [photo(c, 0) for c in cameras])])
    # Filled polygons are half a pixel too large: so the two pictures are compared.
    before, after = (finder.observations(vertices, [photo(cameras[0], x)])[0] for x in (0.0, MM))
    shift = ((after.pixels - before.pixels) * after.along).sum(1)
    sure = (before.weights > 0) & (after.weights > 0)
    uppers, lowers = (
        np.isin(finder.vertices, np.concatenate([pair[side][4:-4] for pair in eye.values()]))
        for side in (0, 1)
    )
    assert sure[uppers].mean() > 0.8
    rims = vertices[finder.vertices]
    lifted, rest = (cameras[0].project(rims + np.array([0, 0, up]))[0] for up in (MM, 0.0))
    wanted = ((lifted - rest) * after.along).sum(1)
    assert wanted[uppers & sure].mean() > 1.2
    assert abs((shift - wanted)[uppers & sure].mean()) < 0.25
    assert abs(shift[lowers & sure].mean()) < 0.15


def test_a_jaw_that_opens_does_not_turn_the_head(model: FaceModel) -> None:
    mesh, t = model.mesh, np.linspace(0, 1, 5)
    true = [motion_of(model, (0, 0, 10 * x), jawOpen=0.8 * x, browInnerUp=0.5 * x) for x in t]
    local = np.stack([mesh.pose(m.units) for m in true]).astype(np.float64)
    world = np.stack([m.world(v, mesh.pivot) for m, v in zip(true, local, strict=True)])
    leaked = []
    for m, x in zip(true, t, strict=True):
        turn = Rotation.from_euler("x", 2 * x, degrees=True).as_matrix()
        rotation = m.rotation @ turn
        back = (world[len(leaked)] - m.shift - mesh.pivot) @ rotation + mesh.pivot
        local[len(leaked)] = back
        leaked.append(Motion(rotation, m.shift, m.units))
    still, poses = stabilised(mesh, local, leaked)
    for m, p, v, w in zip(true, poses, still, world, strict=True):
        assert np.allclose(p.world(v, mesh.pivot), w, atol=1e-6)
        assert np.degrees(Rotation.from_matrix(p.rotation @ m.rotation.T).magnitude()) < 0.25


def test_lips_that_nearly_close_touch_and_do_not_cross(model: FaceModel) -> None:
    mesh = model.mesh
    upper, lower = rim_pairs(mesh).T
    rest = mesh.vertices[upper, 2] - mesh.vertices[lower, 2]
    open_, crossed, nearly = (motion_of(model, jawOpen=v).units for v in (0.3, 0.0, 0.0))
    local = np.stack([mesh.pose(u) for u in (open_, crossed, nearly)]).astype(np.float64)
    below = mesh.vertices[:, 2] < mesh.vertices[upper, 2].mean()
    local[1, below, 2] += 1.0 * MM
    local[2, below, 2] -= 0.5 * MM
    touched = sealed(mesh, local)
    gap = touched[:, upper, 2] - touched[:, lower, 2] - rest
    assert np.abs(gap[1:]).max() < 0.35 * MM
    middle = [*upper[6:-6], *lower[6:-6]]
    assert np.allclose(touched[0][middle], local[0][middle], atol=0.05 * MM)
    far = np.linalg.norm(mesh.vertices - mesh.vertices[upper].mean(0), axis=1) > 0.05
    assert np.array_equal(touched[:, far], local[:, far])


def test_landmark_points_lie_on_the_surface(model: FaceModel) -> None:
    marks = model.landmarks
    assert isinstance(marks, LandmarkPoints) and marks.weights.shape == (478, 3)
    assert np.allclose(marks.weights.sum(1), 1, atol=1e-5)
    nose, chin = 4, 152
    points = marks.on(model.mesh.vertices)
    for index, name in ((nose, "nose_tip"), (chin, "chin")):
        there = model.mesh.vertices[model.mesh.landmarks[name][0]]
        assert np.linalg.norm(points[index] - there) < 0.02


def test_the_least_opening_of_a_session_is_a_closed_eye(model: FaceModel) -> None:
    rest = model.landmarks.on(model.mesh.vertices.astype(np.float64))
    points = np.repeat(rest[None], 20, 0)
    for side in UPPER:
        upper, lower = list(UPPER[side]), list(LOWER[side])
        for t, share in ((7, 0.25), (8, 0.15), (9, 0.6)):
            points[t, upper] = rest[lower] + share * (rest[upper] - rest[lower])
    found = openness(points)
    assert np.allclose(found[:7], 1, atol=1e-6) and np.allclose(found[8], 0, atol=1e-6)
    assert np.allclose(found[9], (0.6 - 0.15) / 0.85, atol=0.02)
    points[3] = np.nan
    assert np.isnan(openness(points)[3]).all()
    unblinking = openness(np.delete(points, (7, 8), 0))
    assert np.nanmin(unblinking) > 0.4


def test_lids_are_brought_as_far_apart_as_they_are(model: FaceModel) -> None:
    mesh, motion = model.mesh, motion_of(model, (4, 2, -12))
    gaps = LidGaps.of(mesh, mesh.vertices.astype(np.float64))
    for _ in range(4):
        normal, right = gaps.normal(motion, np.array([0.2, np.nan]))
        assert not normal[:6].any() and not right[:6].any(), "turning the head opens no eye"
        motion = motion.stepped(np.linalg.solve(normal + np.eye(len(right)), right))
    vertices = mesh.pose(motion.units)
    left, same = (
        (u.local(motion.units) - low.local(motion.units)).mean(0)[2] / rest
        for u, low, rest in zip(gaps.upper, gaps.lower, gaps.rest, strict=True)
    )
    assert abs(left - 0.2) < 0.02 < 0.9 < same
    assert np.isfinite(vertices).all()
