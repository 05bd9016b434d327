"""Sentences for measuring alignment: those judged and, of other words, those for calibration."""

import numpy as np

_JUDGED = (
    "The old teacher|My younger brother|A quiet stranger|Our best singer|The village baker"
    "|Every good doctor|Their noisy cousin|The chief engineer|Some young actors|A huge white goose",
    "carefully measured|gave away|never found|usually watches|suddenly dropped|would choose"
    "|is painting|should have borrowed|jumped over|enjoyed",
    "the blue paper boat|thirty fresh oranges|an ancient oil lamp|her yellow gloves"
    "|five cheap postcards|the broken kitchen chair|both heavy boxes|the southern weather chart"
    "|six thick books|the usual pleasure",
    "before the evening train leaves|beneath the wooden bridge|at half past eight"
    "|while everybody was asleep|without a single mistake|near the frozen harbor"
    "|in the middle of the night|because nobody asked|through the park this morning"
    "|with a cup of coffee",
)
_CALIBRATION = (
    "Two tall farmers|The young queen|A clever fox|Your uncle George|Nobody here|The bus driver"
    "|That wealthy merchant|Both sisters|An angry neighbor|The hungry judge",
    "quickly opened|sold|will bring|has thrown|often cleaned|refused|kept|pulled|shared|noticed",
    "a jar of honey|the garage door|seven silver spoons|his thick woolen vest|that chocolate cake"
    "|a yellow raincoat|the measuring tape|an empty bottle|the largest pumpkin|eight young horses",
    "during the long voyage|behind our house|on Thursday|for much too little money"
    "|when the church bell rang|under a shady tree|just to be funny|with both hands"
    "|after a short vacation|from the top of the hill",
)


def judged(count: int = 100) -> list[str]:
    """Sentences on which alignment is judged."""
    return _made(_JUDGED, count, seed=11)


def calibration(count: int = 60) -> list[str]:
    """Sentences on which systematic errors are measured; they share no content word."""
    return _made(_CALIBRATION, count, seed=12)


def _made(parts: tuple[str, ...], count: int, seed: int) -> list[str]:
    rng = np.random.default_rng(seed)
    choices = [part.split("|") for part in parts]
    made: dict[str, None] = {}
    while len(made) < count:
        made[" ".join(str(rng.choice(choice)) for choice in choices) + "."] = None
    return list(made)
