"""Materials of a head: the dynamic texture with its captured light, and cut-out hair and lashes."""

from collections.abc import Callable

import bpy
import numpy as np

IMAGE_NODE = "Head Texture"
LIGHT_NODE = "Captured Light"
CAPTURED_LIGHT = 0.8
"""Share of the texture that shines by itself; the rest answers to the scene's lights."""


def head_image(name: str, pixels: np.ndarray) -> bpy.types.Image:
    """An image with `pixels` (rows, columns, 4), packed: a reopened file shows at least these."""
    rows, columns = pixels.shape[:2]
    image = bpy.data.images.new(name, columns, rows, alpha=False)
    image.alpha_mode = "NONE"
    image.pixels.foreach_set(pixels.ravel())
    image.pack()
    return image


def part_image(name: str, png: bytes) -> bpy.types.Image:
    """A packed image of PNG bytes."""
    image = bpy.data.images.new(name, 1, 1)
    image.pack(data=png, data_len=len(png))
    image.source = "FILE"
    return image


def head_material(name: str, image: bpy.types.Image) -> bpy.types.Material:
    """The texture already carries the light of the capture; a value says how much of it to keep."""
    material, nodes, link = _new(name)
    texture = _texture(nodes, image)
    surface = _lit(nodes, link, texture)
    link(surface, nodes["Material Output"].inputs["Surface"])
    return material


def part_material(name: str, image: bpy.types.Image) -> bpy.types.Material:
    """Like the head's, cut out by the texture's alpha."""
    material, nodes, link = _new(name)
    texture = _texture(nodes, image)
    mix = nodes.new("ShaderNodeMixShader")
    link(texture.outputs["Alpha"], mix.inputs[0])
    link(nodes.new("ShaderNodeBsdfTransparent").outputs[0], mix.inputs[1])
    link(_lit(nodes, link, texture), mix.inputs[2])
    link(mix.outputs[0], nodes["Material Output"].inputs["Surface"])
    return material


def _new(name: str) -> tuple:
    material = bpy.data.materials.new(name)
    if bpy.app.version < (5, 0):
        material.use_nodes = True
    tree = material.node_tree
    tree.nodes.clear()
    output = tree.nodes.new("ShaderNodeOutputMaterial")
    output.name = "Material Output"
    return material, tree.nodes, tree.links.new


def _texture(nodes: bpy.types.Nodes, image: bpy.types.Image) -> bpy.types.Node:
    texture = nodes.new("ShaderNodeTexImage")
    texture.name = texture.label = IMAGE_NODE
    texture.image = image
    texture.extension = "EXTEND"
    nodes.active = texture  # what Solid and Workbench show
    return texture


def _lit(nodes: bpy.types.Nodes, link: Callable, texture: bpy.types.Node) -> bpy.types.NodeSocket:
    """Output socket of: texture as emission, and as a diffuse surface, mixed by a value."""
    light = nodes.new("ShaderNodeValue")
    light.name = light.label = LIGHT_NODE
    light.outputs[0].default_value = CAPTURED_LIGHT
    emission = nodes.new("ShaderNodeEmission")
    surface = nodes.new("ShaderNodeBsdfPrincipled")
    surface.inputs["Roughness"].default_value = 0.55
    surface.inputs["Specular IOR Level"].default_value = 0.2
    mix = nodes.new("ShaderNodeMixShader")
    link(texture.outputs["Color"], emission.inputs["Color"])
    link(texture.outputs["Color"], surface.inputs["Base Color"])
    link(light.outputs[0], mix.inputs[0])
    link(surface.outputs[0], mix.inputs[1])
    link(emission.outputs[0], mix.inputs[2])
    return mix.outputs[0]


def texture_node(obj: bpy.types.Object) -> bpy.types.ShaderNodeTexImage | None:
    """The node of the head's dynamic texture, unless the user has taken it out."""
    material = obj.material_slots[0].material if obj.material_slots else None
    tree = material.node_tree if material else None
    node = tree.nodes.get(IMAGE_NODE) if tree else None
    return node if node is not None and node.image is not None else None


def light_sockets(obj: bpy.types.Object) -> list[bpy.types.NodeSocket]:
    """Values of the captured light in all of the head's materials."""
    trees = [s.material.node_tree for s in obj.material_slots if s.material]
    nodes = [tree.nodes.get(LIGHT_NODE) for tree in trees if tree]
    return [node.outputs[0] for node in nodes if node]
