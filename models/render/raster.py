"""Headless rasteriser: pictures and depths of drawables in a camera, and where texels are."""

import functools
import threading
from collections.abc import Sequence

import moderngl
import numpy as np

from ..cameras import Camera
from . import shaders
from .drawables import Drawable, Surface, UnwrapSettings, View, back_to_front, drawing_order
from .graphics import Store, create_context, read

NEAR, FAR = 0.05, 20.0
"""Metres between which geometry is drawn."""
BACKGROUND_DEPTH = 1e6
"""Metres: the depth where nothing is."""
TEXTURED = (0.0, 0.0, 0.0, 0.0)
NO_SHIFT = np.zeros((1, 1, 2), np.float32)
NOWHERE = (-9.0, -9.0, 0.0, 0.0)
BLACK, WHITE = (0.0, 0.0, 0.0, 1.0), (1.0, 1.0, 1.0, 1.0)


_local = threading.local()


def shared_rasteriser() -> "Rasteriser":
    """The rasteriser of this thread, made on first use: a graphics context belongs to one.

    Raises:
        MissingDependencyError: No OpenGL 3.3 context can be made.
    """
    if not hasattr(_local, "rasteriser"):
        _local.rasteriser = Rasteriser()
    return _local.rasteriser


class Rasteriser:
    """Draws drawables and unwraps pictures; not to be shared by threads or across a fork."""

    def __init__(self) -> None:
        self._context = create_context()
        self._colour = self._context.program(shaders.CAMERA_VERTEX, shaders.COLOUR_FRAGMENT)
        self._depth = self._context.program(shaders.CAMERA_VERTEX, shaders.DEPTH_FRAGMENT)
        self._unwrap = self._context.program(shaders.UNWRAP_VERTEX, shaders.UNWRAP_FRAGMENT)
        self._store = Store(self._context)
        self._targets: dict[tuple, moderngl.Framebuffer] = {}

    def render(
        self,
        drawables: Sequence[Drawable],
        camera: Camera,
        background: tuple[float, float, float] = (0.0, 0.0, 0.0),
        samples: int = 4,
    ) -> np.ndarray:
        """Draw `drawables` as `camera`'s pinhole sees them.

        Args:
            drawables: Opaque ones in any order; blended ones are sorted by distance.
            camera: Its distortion is not applied.
            background: sRGB 0…1.
            samples: Samples a pixel along edges; 0 for none.

        Returns:
            (H, W, 3) uint8.
        """
        shaded = [(drawable, TEXTURED) for drawable in drawing_order(drawables, camera)]
        return self._picture(shaded, camera, background, samples)

    def coverage(
        self, blockers: Sequence[Drawable], occluders: Sequence[Drawable], camera: Camera
    ) -> np.ndarray:
        """How much of each pixel `occluders` cover, where `blockers` do not hide them.

        Returns:
            (H, W) uint8, 255 where covered entirely.
        """
        names = {drawable.name for drawable in occluders}
        ordered = drawing_order([*blockers, *occluders], camera)
        shaded = [(drawable, WHITE if drawable.name in names else BLACK) for drawable in ordered]
        return self._picture(shaded, camera, (0.0, 0.0, 0.0), samples=0)[..., 0]

    def depth(self, drawables: Sequence[Drawable], camera: Camera) -> np.ndarray:
        """Depth (H, W) float32 in metres of the nearest texel with alpha of at least a half.

        `BACKGROUND_DEPTH` where there is nothing.
        """
        target = self._target("depth", camera)
        target.use()
        target.clear(red=BACKGROUND_DEPTH, depth=1.0)
        self._context.enable_only(moderngl.DEPTH_TEST)
        self._depth["depth_row"] = tuple(camera.world_to_camera[2])
        for drawable in drawables:
            self._draw(drawable, camera, self._depth)
        return read(target, 1)[..., 0]

    def unwrap(
        self, surface: Surface, view: View, size: int, settings: UnwrapSettings | None = None
    ) -> np.ndarray:
        """Where a picture shows each texel of `surface`'s atlas, and how much it is worth there.

        Returns:
            (size, size, 4) float32: column and row in the picture (0, 0 is the middle of its first
            pixel), weight, and how well the texel was seen (0…1); `NOWHERE` where it was not.
        """
        target, program = self._atlas(size), self._unwrap
        target.use()
        target.clear(*NOWHERE)
        self._context.enable_only(moderngl.NOTHING)
        for name, value in vars(settings or UnwrapSettings()).items():
            program[name] = value
        attributes = {
            "in_position": surface.vertices,
            "in_uv": surface.uvs,
            "in_normal": surface.normals,
            "in_focus": surface.focus,
        }
        array = self._store.vertex_array(program, "surface", attributes, surface.faces)
        camera, shift = view.camera, NO_SHIFT if view.shift is None else view.shift
        maps = {"trust_map": view.trust, "depth_map": view.depth, "shift_map": shift}
        for place, (name, values) in enumerate(maps.items()):
            key = "no_shift" if values is NO_SHIFT else name
            self._store.map(key, values).use(place)
            program[name] = place
        _set_matrix(program, "world_to_camera", camera.world_to_camera)
        _set_matrix(program, "intrinsics", camera.intrinsics)
        program["camera_position"] = tuple(camera.position)
        program["size"] = (camera.width, camera.height)
        array.render()
        return read(target, 4)

    def _picture(
        self,
        shaded: Sequence[tuple[Drawable, tuple]],
        camera: Camera,
        background: tuple[float, float, float],
        samples: int,
    ) -> np.ndarray:
        target = self._target("picture", camera, samples)
        target.use()
        target.clear(*background, 1.0, depth=1.0)
        self._context.enable_only(moderngl.DEPTH_TEST | moderngl.BLEND)
        self._context.blend_func = moderngl.ONE, moderngl.ONE_MINUS_SRC_ALPHA
        for drawable, solid in shaded:
            self._colour["solid"] = solid
            self._draw(drawable, camera, self._colour)
        if samples:
            resolved = self._target("picture", camera)
            self._context.copy_framebuffer(resolved, target)
            target = resolved
        return read(target, 3)

    def _draw(self, drawable: Drawable, camera: Camera, program: moderngl.Program) -> None:
        colours = _white(len(drawable.vertices)) if drawable.colours is None else drawable.colours
        attributes = {"in_position": drawable.vertices, "in_uv": drawable.uvs, "in_colour": colours}
        faces = back_to_front(drawable, camera) if drawable.blended else drawable.faces
        array = self._store.vertex_array(program, drawable.name, attributes, faces)
        opaque = drawable.texture is None or drawable.texture.shape[2] == 3
        plain = program is self._depth and opaque
        self._store.image(drawable.name, None if plain else drawable.texture).use(0)
        _set_matrix(program, "world_to_clip", _world_to_clip(camera))
        self._context.fbo.depth_mask = program is self._depth or not drawable.blended
        array.render()
        self._context.fbo.depth_mask = True

    def _target(self, kind: str, camera: Camera, samples: int = 0) -> moderngl.Framebuffer:
        key, size = (kind, camera.width, camera.height, samples), (camera.width, camera.height)
        if key not in self._targets:
            colour = (
                self._context.texture(size, 1, dtype="f4")
                if kind == "depth"
                else self._context.renderbuffer(size, 4, samples=samples)
            )
            depth = self._context.depth_renderbuffer(size, samples=samples)
            self._targets[key] = self._context.framebuffer([colour], depth)
        return self._targets[key]

    def _atlas(self, size: int) -> moderngl.Framebuffer:
        key = ("atlas", size)
        if key not in self._targets:
            self._targets[key] = self._context.framebuffer(
                [self._context.texture((size, size), 4, dtype="f4")]
            )
        return self._targets[key]


def _world_to_clip(camera: Camera) -> np.ndarray:
    """Clip space whose y points down, so that the first row read is the picture's top row."""
    (fx, skew, cx), (_, fy, cy) = camera.intrinsics[:2]
    width, height = camera.width, camera.height
    span = FAR - NEAR
    clip = np.array(
        [
            [2 * fx / width, 2 * skew / width, 2 * cx / width - 1, 0],
            [0, 2 * fy / height, 2 * cy / height - 1, 0],
            [0, 0, (FAR + NEAR) / span, -2 * FAR * NEAR / span],
            [0, 0, 1, 0],
        ]
    )
    return clip @ camera.world_to_camera


def _set_matrix(program: moderngl.Program, name: str, matrix: np.ndarray) -> None:
    program[name] = tuple(matrix.T.ravel().tolist())


@functools.lru_cache(maxsize=16)
def _white(count: int) -> np.ndarray:
    return np.ones((count, 3), np.float32)
