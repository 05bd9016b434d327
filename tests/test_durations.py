"""Durations: a known answer is found, rare phones keep their prior, rate and pause do as told."""

import numpy as np
import pytest

from models.errors import TextError
from models.phones import Phones, is_vowel
from models.speech.durations import LEAD, TAIL, DurationModel
from models.speech.text import pronounce

_TRUE_MS = {"AA": 140, "IY": 100, "T": 60, "M": 80, "S": 120}


def _made(rng: np.random.Generator, count: int = 24) -> Phones:
    """Words of three phones, consonant vowel consonant; phones before silence 1.5 times as long."""
    labels, words = ["sil"], [-1]
    for word in range(count // 3):
        labels += [rng.choice(["T", "M", "S"]), rng.choice(["AA", "IY"]), rng.choice(["T", "M"])]
        words += [word] * 3
    labels, words = [*labels, "sil"], [*words, -1]
    seconds = np.array([_TRUE_MS.get(label, 300) / 1000 for label in labels])
    seconds[-2] *= 1.5
    seconds *= np.exp(rng.normal(0, 0.05, len(seconds)))
    end = np.cumsum(seconds)
    stress = [1 if is_vowel(label) else -1 for label in labels]
    names = [
        f"{labels[1 + 3 * i]}{labels[2 + 3 * i]}{labels[3 + 3 * i]}" for i in range(count // 3)
    ]
    return Phones(labels, end - seconds, end, stress, words, names)


@pytest.fixture(scope="module")
def model() -> DurationModel:
    rng = np.random.default_rng(0)
    return DurationModel.fit([_made(rng) for _ in range(60)])


def test_known_durations_are_found(model: DurationModel) -> None:
    take = _made(np.random.default_rng(9))
    sounding = ~take.silent
    wanted = np.array([_TRUE_MS.get(label, 0) / 1000 for label in take.label])
    wanted[-2] *= 1.5
    found = model.seconds(take.label, take.stress, take.word)
    assert np.abs(np.log(found[sounding] / wanted[sounding])).max() < 0.15
    assert not found[~sounding].any()


def test_phones_never_heard_follow_prior_and_pace() -> None:
    rng = np.random.default_rng(1)
    slow = [_made(rng).scaled(1.6) for _ in range(40)]
    fast = [_made(rng).scaled(0.8) for _ in range(40)]
    line = pronounce("usual joy")
    ratio = DurationModel.fit(slow).time(line).seconds / DurationModel.fit(fast).time(line).seconds
    assert 1.3 < ratio < 2.1


def test_rate_halves_and_pause_scales(model: DurationModel) -> None:
    line = pronounce("Tea, mass. Meet me!")
    once, twice = model.time(line), model.time(line, rate=2.0)
    assert np.allclose(twice.duration * 2, once.duration)
    inner = [once.select(once.silent).duration[1:-1], None]
    inner[1] = model.time(line, pause=2.0)
    assert np.allclose(inner[1].select(inner[1].silent).duration[1:-1], 2 * inner[0])
    assert not model.time(line, pause=0.0).silent[1:-1].any()


def test_times_are_whole(model: DurationModel) -> None:
    line = pronounce("Please buy the map, and go.")
    phones = model.time(line)
    assert phones.label[0] == phones.label[-1] == "sil"
    assert phones.duration[0] == pytest.approx(LEAD)
    assert phones.duration[-1] == pytest.approx(TAIL)
    assert np.allclose(phones.start[1:], phones.end[:-1])
    assert phones.words == [word.text for word in line.words]
    assert phones.label[~phones.silent].tolist() == line.label.tolist()


def _talk(rng: np.random.Generator, rule: str) -> Phones:
    """One phrase of words of two or three phones, all 0.1 s long but for what a rule lengthens."""
    labels, words, stress = ["sil"], [-1], [-1]
    for word in range(6):
        spoken = [rng.choice(["T", "S"]), rng.choice(["AA", "IY"]), rng.choice(["T", "M"])]
        spoken = spoken[: rng.integers(2, 4)]
        labels, words = labels + spoken, words + [word] * len(spoken)
        stress += [int(rng.integers(0, 2)) if is_vowel(label) else -1 for label in spoken]
    labels, words, stress = [*labels, "sil"], [*words, -1], [*stress, -1]
    seconds = np.full(len(labels), 0.1)
    after = np.array([*labels[1:], "sil"])
    if rule == "phrase":
        seconds[-3:-1] *= 1.5
    elif rule == "stress":
        seconds[np.array(stress) == 1] *= 1.5
    else:
        seconds[np.isin(after, ["M"])] *= 1.5
    end = np.cumsum(seconds)
    return Phones(labels, end - seconds, end, stress, words, [f"w{i}" for i in range(6)])


@pytest.mark.parametrize("rule", ["phrase", "stress", "neighbour"])
def test_what_lengthens_phones_is_learnt(rule: str) -> None:
    """By half: the two last before a pause, what is stressed, what is before an M."""
    rng = np.random.default_rng(3)
    model = DurationModel.fit([_talk(rng, rule) for _ in range(60)])
    line = _talk(np.random.default_rng(77), rule)
    found = model.seconds(line.label, line.stress, line.word)[~line.silent]
    wanted = line.duration[~line.silent]
    assert wanted.max() == pytest.approx(0.15)
    assert np.abs(np.log(found / wanted)).max() < 0.12


def test_the_last_word_before_a_pause_is_drawn_out() -> None:
    """The same phones last longer where a phrase ends, by the shipped model."""
    line = pronounce("I saw the man, and then the man came back")
    phones = DurationModel.default().time(line)
    first, second = (i for i, word in enumerate(phones.words) if word == "man")
    before_pause = phones.duration[phones.word == first].sum()
    inside = phones.duration[phones.word == second].sum()
    assert before_pause > 1.15 * inside


def test_arrays_round_trip(model: DurationModel) -> None:
    again = DurationModel.from_arrays(model.to_arrays())
    line = pronounce("hello there")
    assert np.allclose(again.time(line).end, model.time(line).end, atol=1e-5)


def test_shipped_model_is_plausible() -> None:
    phones = DurationModel.default().time(pronounce("People who live in glass houses"))
    spoken = phones.select(~phones.silent)
    assert 0.04 < spoken.duration.mean() < 0.12
    vowels = np.array([is_vowel(label) for label in spoken.label])
    assert spoken.duration[vowels].mean() > 0.8 * spoken.duration[~vowels].mean()


@pytest.mark.parametrize("rate", [0.0, 0.1, 9.0, float("nan")])
def test_rates_out_of_range_are_refused(model: DurationModel, rate: float) -> None:
    with pytest.raises(TextError, match="speaking rate"):
        model.time(pronounce("hello"), rate=rate)


def test_damaged_arrays_are_refused(model: DurationModel) -> None:
    arrays = model.to_arrays()
    with pytest.raises(TextError, match="does not fit"):
        DurationModel.from_arrays(arrays | {"weights": arrays["weights"][:-1]})
    with pytest.raises(TextError, match="incomplete"):
        DurationModel.from_arrays({"prior": arrays["prior"]})
    with pytest.raises(TextError, match="no phones"):
        DurationModel.fit([])
