"""The head's card: who it is, what it may be used for, how it was made, how good it is."""

import base64
import html
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..files import write_bytes
from ..head.codes import ExampleSet
from ..head.file import HeadFile

SUFFIX = ".card.html"
_METHODS = {"model": "this head", "pca": "PCA of the same size", "static_texture": "still texture"}
_UNITS = {"psnr_db": "PSNR, dB", "vertex_mm": "vertices, mm", "detail_ratio": "detail"}
_STYLE = (
    "body{font:15px/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 1em;color:#222}"
    "table{border-collapse:collapse}td,th{padding:.2em .8em;border-bottom:1px solid #ccc;"
    "text-align:right}th:first-child,td:first-child{text-align:left}img{max-width:100%}"
    "dt{font-weight:bold}"
)


def card_of(file: HeadFile, notes: Sequence[str] = ()) -> dict:
    """What a head's card says, as it stands in head.json.

    Args:
        file: The finished head.
        notes: Sentences about the making that its users should know.
    """
    document, examples = file.document, ExampleSet.from_arrays(file.examples)
    training = document.get("training", {})
    spoken = [take for take in examples.takes if take.kind != "motion"]
    seconds = {
        "takes": len(examples.codes) / examples.fps,
        "spoken": sum(take.count for take in spoken) / examples.fps,
    }
    return {
        **{key: document[key] for key in ("name", "licence", "consent", "provenance", "credits")},
        "takes": len(examples.takes),
        "held_out_takes": sum(take.split == "held_out" for take in examples.takes),
        "seconds": {key: round(value, 1) for key, value in seconds.items()},
        "can": {
            "speak_with_style": "style" in document,
            "follow_videos": "video" in document,
            "arkit": any(name.startswith("arkit.") for name in file.tensors),
        },
        "figures": training.get("figures", {}),
        "video_figures": training.get("video", {}).get("figures", {}),
        "notes": list(notes),
    }


def write_card(path: Path, card: Mapping, pictures: Mapping[str, Path]) -> None:
    """Write a card as one readable page, its pictures inside.

    Args:
        path: HTML file.
        card: `card_of`'s result.
        pictures: Title → PNG; those that are not there are left out.
    """
    parts = [_about(card), _abilities(card), _figures(card["figures"])]
    parts += [_video(card["video_figures"]), _notes(card["notes"])]
    parts += [_image(title, file) for title, file in pictures.items() if file.is_file()]
    title = html.escape(str(card["name"]))
    page = (
        f'<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style><h1>{title}</h1>\n{''.join(parts)}</html>\n"
    )
    write_bytes(path, page.encode())


def _about(card: Mapping) -> str:
    said = {
        "Licence": card["licence"] or "not stated: ask before you use this head",
        "Consent": card["consent"] or "not stated: ask before you use this head",
        "Made from": card["provenance"],
        "Credits": ", ".join(str(credit) for credit in card["credits"]),
        "Takes": f"{card['takes']} ({card['held_out_takes']} held out), "
        f"{card['seconds']['takes']:.0f} s, of which {card['seconds']['spoken']:.0f} s are spoken",
    }
    rows = [f"<dt>{key}</dt><dd>{html.escape(text)}</dd>" for key, text in said.items() if text]
    return f"<dl>{''.join(rows)}</dl>\n"


def _abilities(card: Mapping) -> str:
    names = {"speak_with_style": "speaks in styles", "follow_videos": "follows videos"}
    names["arkit"] = "plays ARKit's face shapes"
    yes = [text for key, text in names.items() if card["can"][key]]
    no = [text for key, text in names.items() if not card["can"][key]]
    lines = [("Can", yes), ("Cannot", no)]
    return "".join(f"<p>{word}: {', '.join(texts)}.</p>\n" for word, texts in lines if texts)


def _figures(figures: Mapping) -> str:
    if not figures:
        return "<p>No take was held out, so nothing was measured.</p>\n"
    head = "".join(f"<th>{unit}, {name}</th>" for unit in _UNITS.values() for name in
                   _METHODS.values())  # fmt: skip
    rows = []
    for region, methods in figures.items():
        cells = "".join(f"<td>{methods[m][unit]:.2f}</td>" for unit in _UNITS for m in _METHODS)
        rows.append(f"<tr><td>{region.replace('_', ' ')}</td>{cells}</tr>")
    return (
        "<h2>Frames that the head was not trained on</h2>\n"
        f"<table><tr><th></th>{head}</tr>{''.join(rows)}</table>\n"
    )


def _video(figures: Mapping) -> str:
    if not figures:
        return ""
    rows = [
        f"<tr><td>{who.replace('_', ' ')}, {name.replace('_', ' ')}</td><td>{value:.2f}</td></tr>"
        for who, values in figures.items()
        for name, value in values.items()
    ]
    table = f"<table><tr><th></th><th>lips, mm</th></tr>{''.join(rows)}</table>\n"
    return f"<h2>Following videos of takes it was not trained on</h2>\n{table}"


def _notes(notes: Sequence[str]) -> str:
    items = "".join(f"<li>{html.escape(note)}</li>" for note in notes)
    return f"<h2>To know</h2><ul>{items}</ul>\n" if items else ""


def _image(title: str, path: Path) -> str:
    data = base64.b64encode(path.read_bytes()).decode()
    name = html.escape(title)
    return f'<h2>{name}</h2>\n<img alt="{name}" src="data:image/png;base64,{data}">\n'
