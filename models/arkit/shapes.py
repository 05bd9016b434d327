"""Names of what a Live Link Face file holds, in the app's order."""

_EYE = ("Blink", "LookDown", "LookIn", "LookOut", "LookUp", "Squint", "Wide")
SHAPES = (
    *(f"eye{name}Left" for name in _EYE),
    *(f"eye{name}Right" for name in _EYE),
    *("jawForward", "jawRight", "jawLeft", "jawOpen"),
    *("mouthClose", "mouthFunnel", "mouthPucker", "mouthRight", "mouthLeft"),
    *("mouthSmileLeft", "mouthSmileRight", "mouthFrownLeft", "mouthFrownRight"),
    *("mouthDimpleLeft", "mouthDimpleRight", "mouthStretchLeft", "mouthStretchRight"),
    *("mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper"),
    *("mouthPressLeft", "mouthPressRight", "mouthLowerDownLeft", "mouthLowerDownRight"),
    *("mouthUpperUpLeft", "mouthUpperUpRight", "browDownLeft", "browDownRight", "browInnerUp"),
    *("browOuterUpLeft", "browOuterUpRight", "cheekPuff", "cheekSquintLeft", "cheekSquintRight"),
    *("noseSneerLeft", "noseSneerRight", "tongueOut"),
)
"""The 52 shapes, in ARKit's spelling; the app's files write a capital first letter."""
SHAPE_INDEX = {name: index for index, name in enumerate(SHAPES)}
ANGLES = ("Yaw", "Pitch", "Roll")
HEAD_ANGLES = tuple(f"Head{angle}" for angle in ANGLES)
EYE_ANGLES = tuple(f"{side}Eye{angle}" for side in ("Left", "Right") for angle in ANGLES)


def column_name(shape: str) -> str:
    """How the app's files spell a shape."""
    return shape[0].upper() + shape[1:]
