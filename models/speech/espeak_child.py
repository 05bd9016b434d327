"""Child process of `espeak.py`: speaks texts with the espeak-ng library and reports its events.

Run as a script, never imported: it reads an order as JSON on standard input, writes one .wav file
per text and prints the events of each text as JSON: (type, text position, sample, phoneme name).
"""

import ctypes
import ctypes.util
import json
import sys
import wave
from pathlib import Path
from typing import Any

_PHONEME, _LIST_END = 7, 0
_RETRIEVE, _PHONEME_EVENTS, _UTF8, _RATE = 1, 1, 1, 1


class _Id(ctypes.Union):
    _fields_ = [("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8)]


class _Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    ]


_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


def _child() -> None:
    """Speak the texts ordered on standard input; print each one's events as JSON."""
    order = json.load(sys.stdin)
    library = ctypes.CDLL(ctypes.util.find_library("espeak-ng"))
    hertz = library.espeak_Initialize(_RETRIEVE, 0, None, _PHONEME_EVENTS)
    events: list = []
    sound = bytearray()

    def receive(samples: Any, count: int, event: Any) -> int:
        if samples and count:
            sound.extend(ctypes.string_at(samples, 2 * count))
        index = 0
        while event[index].type != _LIST_END:
            item = event[index]
            name = item.id.string.decode("utf-8", "replace") if item.type == _PHONEME else ""
            events.append((item.type, item.text_position, item.sample, name))
            index += 1
        return 0

    keep_alive = _Callback(receive)
    library.espeak_SetSynthCallback(keep_alive)
    library.espeak_SetVoiceByName(b"en-us")
    library.espeak_SetParameter(_RATE, order["words_per_minute"], 0)
    results = []
    for index, text in enumerate(order["texts"]):
        events.clear()
        sound.clear()
        data = text.encode()
        library.espeak_Synth(data, len(data) + 1, 0, 0, 0, _UTF8, None, None)
        library.espeak_Synchronize()
        results.append(list(events))
        with wave.open(str(Path(order["folder"]) / f"{index}.wav"), "wb") as stream:
            stream.setnchannels(1)
            stream.setsampwidth(2)
            stream.setframerate(hertz)
            stream.writeframes(bytes(sound))
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    _child()
