"""Style-aware speech: labels, networks, styles by name, whole lines, its place in the head file."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from models.actor import Actor
from models.animate import animate_text, move
from models.errors import CaptureError, HeadFileError, TextError
from models.head.file import read_head_file
from models.mesh import LIP_CONTACT, REGION_NAMES
from models.phones import INVENTORY, Phones
from models.speech.manner import Manner, StyleCurve
from models.speech.visemes import VISEME_NAMES, cues
from models.style import animator as style_animator
from models.style.frame_labels import FPS, LABELS, frame_labels, phrase_times
from models.style.style_model import StyleModel
from models.style.style_network import DOWN, MotionPrior, Sampler, StyleDims, StyleNetworks
from models.style.training.build_style import make_style, named_axes
from models.style.training.style_data import StyleData, batch_of
from models.style.training.style_task import StyleConfig, core_losses, lip_map, style_window

LINE = Phones.build(
    "sil B AA B M EY sil V IY sil".split(),
    [0, 0.3, 0.4, 0.6, 0.7, 0.8, 1.0, 1.3, 1.4, 1.6],
    [0.3, 0.4, 0.6, 0.7, 0.8, 1.0, 1.3, 1.4, 1.6, 2.0],
    word=[-1, 0, 0, 0, 1, 1, -1, 2, 2, -1],
    words=["bob", "may", "vee"],
)


@pytest.fixture(scope="module")
def head(tiny_head: Path) -> Actor:
    return Actor.open(tiny_head, "cpu")


@pytest.fixture(scope="module")
def data(head: Actor) -> StyleData:
    regions = dict(zip(REGION_NAMES, head.space.slices, strict=True))
    lips = np.asarray(head.mesh.landmarks["lips"])
    return StyleData.build(head.examples, regions, lambda codes: head.decode_points(codes, lips))


def test_labels_say_what_is_spoken_when() -> None:
    times = np.arange(60) / FPS
    labels = frame_labels(LINE, times)
    assert labels.shape == (60, LABELS)
    phones, visemes = labels[:, : len(INVENTORY)], labels[:, len(INVENTORY) :][:, :16]
    assert np.allclose(phones.sum(1), 1) and np.allclose(visemes.sum(1), 1)
    assert INVENTORY[phones[15].argmax()] == "AA"
    assert VISEME_NAMES[visemes[10].argmax()] == "Closed Lips"
    # a boundary between two frames shows in both: B ends at frame 12
    assert 0 < phones[12, INVENTORY.index("B")] < 1
    late = frame_labels(LINE.shifted(10 / FPS), times + 10 / FPS)
    assert np.allclose(labels, late, atol=1e-5)


def test_phrases_begin_and_end_at_pauses() -> None:
    since, until = phrase_times(LINE, np.array([0.1, 0.31, 0.99, 1.15, 1.31, 1.9]))
    assert (since[[1, 2, 4]] > 0).all() and (until[[1, 2, 4]] > 0).all()
    assert (since[[0, 3, 5]] < 0).all() and (until[[0, 3, 5]] < 0).all()
    assert since[1] < since[2] and until[1] > until[2]


def test_silence_alone_has_labels() -> None:
    quiet = Phones.build(["sil"], [0.0], [1.0])
    assert np.isfinite(frame_labels(quiet, np.arange(30) / FPS)).all()


def test_prior_gives_levels_back() -> None:
    torch.manual_seed(0)
    prior = MotionPrior(12, 5, 7, 3, 16)
    latents = prior.encode(torch.randn(2, 12, 40))
    assert latents.shape == (2, 5, 40 // DOWN)
    assert torch.allclose(prior.value(prior.index(latents)), latents, atol=1e-6)
    assert latents.abs().max() <= 1
    assert prior.decode(latents, torch.zeros(2, 3, 10)).shape == (2, 12, 40)


def test_sampler_knows_the_past_only() -> None:
    """A latent depends on those before it in time, and on those drawn before it in its moment."""
    torch.manual_seed(0)
    sampler = Sampler(4, 5, 6, 3).eval()
    latents = torch.randint(0, 5, (1, 4, 12)) / 2 - 1.0
    condition, style = torch.randn(1, 6, 12), torch.randn(1, 3, 12)
    before = sampler(latents, condition, style)
    changed = latents.clone()
    changed[0, 2, 6] += 1
    after = sampler(changed, condition, style)
    same = torch.isclose(before, after).all(-1)[0]
    assert same[:6].all() and same[6, :3].all()
    assert not same[6, 3] and not same[7].all()


def test_sampling_follows_the_logits() -> None:
    """Drawing with the same numbers gives what the distribution says, one by one."""
    torch.manual_seed(0)
    sampler = Sampler(3, 5, 6, 2).eval()
    condition, style = torch.randn(1, 6, 20), torch.randn(1, 2, 20)
    uniform = torch.rand(20, 3)
    levels = sampler.sample(condition, style, uniform)
    latents = ((levels - 2) / 2).T[None]
    share = torch.softmax(sampler(latents, condition, style)[0], -1).cumsum(-1)
    expected = (share < uniform[..., None]).sum(-1)
    assert torch.equal(levels, expected)


def test_losses_ignore_what_is_outside(data: StyleData) -> None:
    batch = batch_of(data.train[:3], data.scale)
    made = batch.motion + 5 * (1 - batch.mask)
    assert all(loss == 0 for loss in core_losses(made, batch, lip_map(data.scale)))
    window = style_window(batch.mask, (0.4, 0.6), torch.Generator().manual_seed(0))
    share = window.sum(2) / batch.mask.sum(2)
    assert (window <= batch.mask).all() and (share > 0.35).all() and (share < 0.65).all()


def test_axes_change_one_measure_each() -> None:
    rng = np.random.default_rng(0)
    encoded = rng.normal(size=(200, 3)) @ rng.normal(size=(3, 3))
    shown = encoded @ rng.normal(size=(3, 6))
    noise = rng.normal(size=(200, 4))
    values = np.concatenate([shown, noise], 1)
    chosen, axes, centre = named_axes(encoded, values, np.full(200, 1 / 200))
    assert max(chosen) < 6  # noise has no axis
    vectors = (encoded - centre) @ np.linalg.inv(axes)
    correlation = np.corrcoef(vectors.T, values[:, chosen].T)[:3, 3:]
    assert np.diag(correlation).min() > 0.99
    assert vectors.std(0) == pytest.approx(np.ones(3), abs=0.05)


def test_few_takes_have_few_axes() -> None:
    """Five takes differ in four ways at most; axes beyond would throw a head out of its range."""
    rng, weights = np.random.default_rng(1), np.full(5, 0.2)
    encoded, values = rng.normal(size=(5, 8)), rng.normal(size=(5, 20))
    chosen, axes, centre = named_axes(encoded, values, weights)
    assert 1 <= len(chosen) <= 4 and axes.shape == (len(chosen), 8)
    vectors = (encoded - centre) @ np.linalg.pinv(axes)
    np.testing.assert_allclose(vectors @ axes + centre, encoded, atol=1e-4)
    assert np.abs(axes).max() < 5 * np.abs(encoded - centre).max()
    alike = named_axes(np.ones((5, 8)), values, weights)
    assert len(alike[0]) == 1 and np.isfinite(alike[1]).all()


def test_styles_by_name(head: Actor) -> None:
    space = head.style.space
    assert {"happy", "neutral"} <= set(space.presets)
    assert "line_0" in space.takes and "line_1" not in space.takes  # held out
    times = np.array([0.0, 0.5, 1.0])
    curve = StyleCurve("neutral", "happy", np.array([0.0, 1.0]), np.array([0.0, 1.0]),
                       np.zeros((2, 0)))  # fmt: skip
    track = space.track(curve, times)
    assert np.allclose(track[0], space.vector("neutral"))
    assert np.allclose(track[2], space.vector("happy"))
    assert np.allclose(track[1], track[[0, 2]].mean(0))
    vectors = np.stack(list(space.takes.values()))
    assert np.allclose(space.vectors(space.encoded(vectors)), vectors, atol=1e-3)
    with pytest.raises(TextError, match="no style or take 'weird'"):
        space.vector("weird")
    size = len(space.names)
    with pytest.raises(TextError, match=f"offset has {size} numbers, not {size + 1}"):
        space.track(dataclasses.replace(curve, offset=np.zeros((2, size + 1))), times)


@pytest.mark.parametrize("fps", [24.0, 25.0, 30.0, 60.0])
def test_whole_line(head: Actor, fps: float) -> None:
    made = move(head, cues(LINE), LINE.words, "STYLE", fps)
    assert len(made.times) == int(np.ceil(2.0 * fps)) + 1
    assert np.isfinite(made.codes).all() and np.isfinite(made.head_pose).all()
    assert not made.codes[[0, -1]].any() and not made.head_pose[[0, -1]].any()
    gap = head.lip_gaps(made.codes)
    for label, start, end in zip(LINE.label, LINE.start, LINE.end, strict=True):
        if label in "BM":
            half = max((end - start) / 2, 0.5 / fps)
            inside = np.abs(made.times - (start + end) / 2) <= half
            assert gap[inside].min() < LIP_CONTACT


def test_seed_and_style_decide(head: Actor) -> None:
    def play(seed: int, style: str) -> np.ndarray:
        return move(
            head, cues(LINE), (), "STYLE", seed=seed, manner=Manner(StyleCurve(style))
        ).codes

    first = play(0, "neutral")
    assert np.array_equal(first, play(0, "neutral"))
    assert not np.array_equal(first, play(1, "neutral"))
    assert not np.array_equal(first, play(0, "happy"))


def test_parts_and_strength(head: Actor) -> None:
    regions = head.regions

    def play(**values: object) -> object:
        return move(head, cues(LINE), (), "STYLE", manner=Manner(**values))

    whole, mouth = play(), play(parts=frozenset({"mouth"}))
    assert not mouth.head_pose.any() and not mouth.codes[:, regions["left_eye"]].any()
    assert np.array_equal(mouth.codes[:, regions["mouth"]], whole.codes[:, regions["mouth"]])
    eyes = play(parts=frozenset({"eyes"}))
    assert not eyes.codes[:, regions["mouth"]].any() and eyes.codes[:, regions["left_eye"]].any()
    still = play(strength=0.0)
    assert not still.codes.any() and not still.head_pose.any()
    rough = np.abs(np.diff(whole.codes, 2, axis=0)).mean()
    assert np.abs(np.diff(play(smoothing=0.1).codes, 2, axis=0)).mean() < rough


def test_long_lines_have_no_seam(head: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    animator = head.speaker.style
    torch.manual_seed(1)
    labels, style = torch.rand(1, LABELS, 300), torch.rand(1, 8, 300)
    with torch.inference_mode():
        whole = animator.raw(labels, style)
        monkeypatch.setattr(style_animator, "CHUNK", 64)
        parts = animator.raw(labels, style)
    assert parts.shape == whole.shape
    assert torch.allclose(parts, whole, atol=1e-4)


def test_a_head_without_networks_says_so(tiny_head: Path) -> None:
    file = read_head_file(tiny_head)
    tensors = {k: v for k, v in file.tensors.items() if not k.startswith("style.")}
    document = {k: v for k, v in file.document.items() if k != "style"}
    plain = Actor(dataclasses.replace(file, document=document, tensors=tensors), "cpu")
    assert plain.methods == ("EXAMPLES",)
    with pytest.raises(TextError, match="no networks for the method STYLE"):
        animate_text(plain, "hello", "STYLE")
    assert len(animate_text(plain, "hello").parameters.codes)


@pytest.mark.parametrize(
    "damage",
    [
        lambda d, t: t.pop("style.centre"),
        lambda d, t: t.update({"style.axes": t["style.axes"][:3]}),
        lambda d, t: t.update({"style.networks.core.inlet.bias": np.zeros(5, np.float16)}),
        lambda d, t: d["style"]["dims"].update(code=7),
        lambda d, t: d["style"]["dims"].update(width=10**9),
        lambda d, t: d["style"]["dims"].update(colour=3),
        lambda d, t: d["style"]["presets"].append("one too many"),
        lambda d, t: t.update({"style.takes": t["style.takes"][1:]}),
    ],
)
def test_damaged_networks_are_refused(tiny_head: Path, damage: object) -> None:
    file = read_head_file(tiny_head)
    document, tensors = dict(file.document), dict(file.tensors)
    document["style"] = {k: (v.copy()) for k, v in document["style"].items()}
    damage(document, tensors)
    with pytest.raises(HeadFileError, match="speech networks do not fit"):
        StyleModel.read(
            dataclasses.replace(file, document=document, tensors=tensors), Actor(file, "cpu")
        )


def test_training_resumes(head: Actor, tmp_path: Path) -> None:
    """The same seed gives the same networks; a finished stage is not trained again."""
    config = StyleConfig(minutes=None, steps=2)
    first, curves = make_style(head, config, tmp_path)
    again, _ = make_style(head, config, tmp_path)
    for name, value in first.tensors().items():
        assert np.array_equal(value, again.tensors()[name]), name
    assert {stage: set(curve[-1][1]) for stage, curve in curves.items()} == {
        "core": {"codes", "change", "lips", "kl"},
        "priors": {"eyes", "head"},
        "samplers": {"eyes", "head"},
    }


def test_too_few_takes(head: Actor) -> None:
    few = dataclasses.replace(head.examples, takes=head.examples.takes[:2])
    regions = dict(zip(REGION_NAMES, head.space.slices, strict=True))
    with pytest.raises(CaptureError, match="at least 4 spoken takes"):
        StyleData.build(few, regions, lambda codes: head.decode_points(codes, np.arange(4)))


def test_networks_learn_a_take(head: Actor, data: StyleData) -> None:
    """A few seconds of training bring the losses well down."""
    _, curves = make_style(
        head, StyleConfig(minutes=None, steps=300, batch=4, shares=(0.3, 0.6, 0.1))
    )
    for stage, names in (("core", ("codes", "lips")), ("priors", ("eyes", "head"))):
        for name in names:
            start, end = (np.mean([p[1][name] for p in part])
                          for part in (curves[stage][:5], curves[stage][-5:]))  # fmt: skip
            assert end < 0.9 * start, (stage, name, start, end)


def test_small_networks_fit_the_head_file() -> None:
    networks = StyleNetworks(StyleDims(code=60, eyes=36))
    assert sum(2 * value.numel() for value in networks.state_dict().values()) < 10e6
