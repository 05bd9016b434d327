"""Parts of a head file that stand on the face model: what they have in common.

A part has a name, which is its key in head.json and what its tensors' names begin with. It is read
beside the head that it belongs to, checked against it, and takes the place of one that was there.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from ..errors import HeadFileError
from .file import HeadFile

if TYPE_CHECKING:
    from .inference import Head


class HeadPart:
    """Base of all parts.

    Attributes:
        name: Key in head.json; tensors are called `NAME.….`
        misfit: Beginning of the sentence that says that a part does not fit its head.
    """

    name: ClassVar[str]
    misfit: ClassVar[str]

    def document(self) -> dict:
        """What head.json says of it."""
        raise NotImplementedError

    def tensors(self) -> dict[str, np.ndarray]:
        """Its tensors, without the part's name; `built` reverses it."""
        raise NotImplementedError

    @classmethod
    def built(cls, document: dict, tensors: Mapping[str, np.ndarray], head: "Head") -> Self:
        """Reverse `document` and `tensors` for `head`.

        Raises:
            KeyError, TypeError, ValueError, RuntimeError: They do not fit each other or the head.
        """
        raise NotImplementedError

    def stored(self, file: HeadFile) -> HeadFile:
        """The head file with this part in place of any it had."""
        tensors = {k: v for k, v in file.tensors.items() if not k.startswith(f"{self.name}.")}
        tensors |= {f"{self.name}.{name}": _packed(v) for name, v in self.tensors().items()}
        return replace(file, document=file.document | {self.name: self.document()}, tensors=tensors)

    @classmethod
    def read(cls, file: HeadFile, head: "Head") -> Self | None:
        """Rebuild from a head file's contents; None where it has no such part.

        Raises:
            HeadFileError: The part does not fit the head.
        """
        document = file.document.get(cls.name)
        if document is None:
            return None
        prefix = f"{cls.name}."
        own = {k.removeprefix(prefix): v for k, v in file.tensors.items() if k.startswith(prefix)}
        try:
            return cls.built(document, own, head)
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise HeadFileError(f"{cls.misfit}: {error}.") from error


def _packed(value: np.ndarray) -> np.ndarray:
    return value if value.dtype == np.float16 else np.asarray(value, np.float32)
