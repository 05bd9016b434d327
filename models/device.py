"""Where networks run: on a CUDA card where one works, else on the CPU."""

import logging

import torch

log = logging.getLogger(__name__)


def choose_device(wanted: str | None) -> str:
    """A device that works: the wanted one, else CUDA, else the CPU; says so when it is another."""
    if wanted == "cpu":
        return "cpu"
    try:
        if torch.cuda.is_available():
            torch.zeros(1, device="cuda")
            return "cuda"
        reason = "no CUDA device was found"
    except RuntimeError as error:
        reason = str(error).splitlines()[0]
    if wanted is not None:
        log.warning("The head runs on the CPU instead of %s: %s.", wanted, reason)
    return "cpu"
