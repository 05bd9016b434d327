"""Choices that panels and properties know by heart: what they choose from never changes."""

VISEMES = {
    "Rest": ("sil",),
    "Closed Lips": ("P", "B", "M"),
    "Lip on Teeth": ("F", "V"),
    "Tongue on Teeth": ("TH", "DH"),
    "Tongue Tip": ("T", "D", "N"),
    "Tongue Up": ("L",),
    "Narrow Teeth": ("S", "Z"),
    "Pushed Teeth": ("SH", "ZH", "CH", "JH"),
    "Back of Tongue": ("K", "G", "NG", "HH"),
    "Small Round": ("W", "UW"),
    "Round R": ("R", "ER"),
    "Round": ("OW", "AO", "OY", "UH"),
    "Wide Open": ("AA", "AY", "AW"),
    "Open": ("AE", "EH", "EY"),
    "Half Open": ("AH", "IH"),
    "Wide": ("IY", "Y"),
}
"""As `models.speech.visemes.VISEMES`; a test compares them."""
REST = "Rest"
NEED_LIPS = ("P", "B", "M", "F", "V")
"""As `models.speech.lip_contact.LIMITS`."""

PARTS = {
    "mouth": "Mouth with cheeks and jaw",
    "eyes": "Lids and gaze",
    "brows": "Brows",
    "head": "Turns of the head",
}
"""As `models.speech.manner.PARTS`."""

METHOD_ITEMS = (
    ("STYLE", "Style", "The whole face and head, in a style you choose"),
    ("EXAMPLES", "Examples", "Captured mouth movements, chosen and joined"),
)
TARGET_ITEMS = (
    ("CURRENT", "Current Action", "The head's action, beside its other keys"),
    ("NEW", "New Action", "An action of its own; the one before is kept"),
)
EXISTING_ITEMS = (
    ("CLEAR", "Replace", "Clear the layer in the range first"),
    ("ADD", "Add", "Add to what the layer has there"),
)
SOURCE_ITEMS = (
    ("VIDEO", "Video", "A video, which can be put on the head anew with other settings"),
    ("RECORDED", "Recorded", "A performance of this head, from a file or a camera"),
)
VISEME_ITEMS = tuple((name, name, f"As in {' '.join(phones)}") for name, phones in VISEMES.items())
PART_ITEMS = tuple((name, name.capitalize(), tip) for name, tip in PARTS.items())
