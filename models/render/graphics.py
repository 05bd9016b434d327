"""OpenGL housekeeping for the rasteriser: the context, and buffers and textures kept by name.

Arrays are recognised by identity: the very same array object is not sent to the driver twice. To
change a texture or a shape, pass a new array.
"""

import logging
import sys
from collections.abc import Mapping
from typing import Any

import cv2
import moderngl
import numpy as np

from ..errors import MissingDependencyError

log = logging.getLogger(__name__)

DEBIAN_PACKAGES = ("libegl1", "libgl1", "libgl1-mesa-dri")
LIBRARIES = {"backend": "egl", "libgl": "libGL.so.1", "libegl": "libEGL.so.1"}


def create_context() -> moderngl.Context:
    """A context without a window.

    Raises:
        MissingDependencyError: There is no OpenGL 3.3 driver; names the packages to install.
    """
    where: dict[str, Any] = LIBRARIES if sys.platform.startswith("linux") else {}
    try:
        context = moderngl.create_context(standalone=True, require=330, **where)
    except Exception as error:  # glcontext raises nothing narrower
        raise MissingDependencyError(
            "Rendering needs OpenGL 3.3 without a window, which could not be started "
            f"({error}). On Debian or Ubuntu: apt install {' '.join(DEBIAN_PACKAGES)}."
        ) from error
    log.info("OpenGL: %s", context.info["GL_RENDERER"])
    return context


class Store:
    """Buffers, vertex arrays and textures of one context, reused from frame to frame."""

    def __init__(self, context: moderngl.Context) -> None:
        self._context = context
        self._sources: dict[tuple, np.ndarray | None] = {}
        self._buffers: dict[tuple, moderngl.Buffer] = {}
        self._arrays: dict[tuple, tuple[list, moderngl.VertexArray]] = {}
        self._textures: dict[tuple, moderngl.Texture] = {}

    def vertex_array(
        self,
        program: moderngl.Program,
        name: str,
        attributes: Mapping[str, np.ndarray],
        faces: np.ndarray,
    ) -> moderngl.VertexArray:
        """The triangles `faces` (F, 3) with those `attributes` (V, n) that `program` uses."""
        used = {key: value for key, value in attributes.items() if key in program}
        buffers = [self._buffer((name, key), value, "f4") for key, value in used.items()]
        index = self._buffer((name, "faces"), faces, "i4")
        key, parts = (name, program.glo), [*buffers, index]
        kept, array = self._arrays.get(key, ([], None))
        if array is None or any(a is not b for a, b in zip(kept, parts, strict=True)):
            content = [
                (buffer, f"{value.shape[1]}f", attribute)
                for buffer, (attribute, value) in zip(buffers, used.items(), strict=True)
            ]
            array = self._context.vertex_array(program, content, index)
            self._arrays[key] = (parts, array)
        return array

    def image(self, name: str, image: np.ndarray | None) -> moderngl.Texture:
        """A mip-mapped, premultiplied texture of an image (H, W, 3 or 4) uint8; None is white."""
        key = ("white" if image is None else name, "image")
        if self._is_new(key, image):
            texture = self._write(key, _premultiplied(image))
            texture.build_mipmaps()
            texture.filter = moderngl.LINEAR_MIPMAP_LINEAR, moderngl.LINEAR
        return self._textures[key]

    def map(self, name: str, values: np.ndarray) -> moderngl.Texture:
        """A plain texture of (H, W[, C]) uint8 or float32, clamped at its edges."""
        texture = self._write((name, "map"), values)
        texture.filter = moderngl.LINEAR, moderngl.LINEAR
        texture.repeat_x = texture.repeat_y = False
        return texture

    def _is_new(self, key: tuple, source: np.ndarray | None) -> bool:
        if key in self._sources and self._sources[key] is source:
            return False
        self._sources[key] = source
        return True

    def _buffer(self, key: tuple, values: np.ndarray, dtype: str) -> moderngl.Buffer:
        if not self._is_new((*key, "buffer"), values):
            return self._buffers[key]
        data = np.ascontiguousarray(values, dtype)
        if key in self._buffers and self._buffers[key].size == data.nbytes:
            self._buffers[key].write(data)
        else:
            self._release(self._buffers.get(key))
            self._buffers[key] = self._context.buffer(data)
        return self._buffers[key]

    @staticmethod
    def _release(resource: moderngl.Buffer | moderngl.Texture | None) -> None:
        """Free what is replaced: the driver's memory knows no garbage collection."""
        if resource is not None:
            resource.release()

    def _write(self, key: tuple, values: np.ndarray) -> moderngl.Texture:
        values = np.ascontiguousarray(values)
        height, width = values.shape[:2]
        size, channels = (width, height), values.size // (width * height)
        old = self._textures.get(key)
        if old is not None and (old.size, old.components) == (size, channels):
            old.write(values)
            return old
        self._release(old)
        dtype = "f4" if values.dtype == np.float32 else "f1"
        self._textures[key] = self._context.texture(size, channels, values, dtype=dtype)
        return self._textures[key]


def read(framebuffer: moderngl.Framebuffer, channels: int, attachment: int = 0) -> np.ndarray:
    """Pixels (H, W, channels) of a framebuffer, uint8 or float32 as it was made."""
    floating = isinstance(framebuffer.color_attachments[attachment], moderngl.Texture)
    data = framebuffer.read(
        components=channels, attachment=attachment, dtype="f4" if floating else "f1"
    )
    kind = np.float32 if floating else np.uint8
    return np.frombuffer(data, kind).reshape(framebuffer.height, framebuffer.width, channels)


def _premultiplied(image: np.ndarray | None) -> np.ndarray:
    if image is None:
        return np.full((1, 1, 4), 255, np.uint8)
    if image.shape[2] == 3:
        return cv2.cvtColor(image, cv2.COLOR_RGB2RGBA)
    alpha = cv2.merge([image[..., 3]] * 3)
    return np.dstack([cv2.multiply(image[..., :3], alpha, scale=1 / 255), image[..., 3]])
