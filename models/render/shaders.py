"""GLSL of the rasteriser (`raster.py`): drawing in a camera, and unwrapping to the atlas."""

CAMERA_VERTEX = """
#version 330
uniform mat4 world_to_clip;
uniform vec4 depth_row;
in vec3 in_position;
in vec2 in_uv;
in vec3 in_colour;
out vec2 uv;
out vec3 colour;
out float depth;
void main() {
    uv = vec2(in_uv.x, 1.0 - in_uv.y);
    colour = in_colour;
    depth = dot(depth_row, vec4(in_position, 1.0));
    gl_Position = world_to_clip * vec4(in_position, 1.0);
}
"""

# Textures are premultiplied; `solid` replaces the colour where its alpha is 1.
COLOUR_FRAGMENT = """
#version 330
uniform sampler2D image;
uniform vec4 solid;
in vec2 uv;
in vec3 colour;
out vec4 result;
void main() {
    vec4 texel = texture(image, uv);
    if (texel.a < 0.004) discard;
    result = vec4(mix(texel.rgb * colour, solid.rgb * texel.a, solid.a), texel.a);
}
"""

DEPTH_FRAGMENT = """
#version 330
uniform sampler2D image;
in vec2 uv;
in float depth;
out float result;
void main() {
    if (texture(image, uv).a < 0.5) discard;
    result = depth;
}
"""

UNWRAP_VERTEX = """
#version 330
in vec3 in_position;
in vec2 in_uv;
in vec3 in_normal;
in vec4 in_focus;
out vec3 position;
out vec3 normal;
out vec4 focus;
void main() {
    position = in_position;
    normal = in_normal;
    focus = in_focus;
    gl_Position = vec4(in_uv.x * 2.0 - 1.0, 1.0 - in_uv.y * 2.0, 0.0, 1.0);
}
"""

# Where each texel is in one picture (pixels, `shift` added), its weight, and how well it was seen.
# `focus` is a direction (xyz) from which its surroundings want to be seen, and how much they insist
# (w). Weights grow with the cosine to the normal and with the pixels that a texel covers.
UNWRAP_FRAGMENT = """
#version 330
uniform sampler2D trust_map;
uniform sampler2D depth_map;
uniform sampler2D shift_map;
uniform mat4 world_to_camera;
uniform mat3 intrinsics;
uniform vec3 camera_position;
uniform vec2 size;
uniform float power;
uniform float focus_power;
uniform float tolerance;
uniform float slope_tolerance;
uniform float border;
in vec3 position;
in vec3 normal;
in vec4 focus;
out vec4 result;

void main() {
    vec3 local = (world_to_camera * vec4(position, 1.0)).xyz;
    vec3 plane = intrinsics * (local / local.z);
    vec2 pixel = plane.xy;
    vec2 across = dFdx(pixel), down = dFdy(pixel);
    float area = abs(across.x * down.y - across.y * down.x);
    vec3 view = normalize(camera_position - position);
    float facing = dot(normalize(normal), view);
    vec2 inset = min(pixel, size - pixel);
    float inside = smoothstep(1.0, border, min(inset.x, inset.y));
    if (local.z <= 0.0 || facing <= 0.02 || inside <= 0.0) discard;
    float slope = sqrt(1.0 - facing * facing) / max(facing, 0.1);
    float slack = tolerance + slope_tolerance * slope * local.z / intrinsics[0][0];
    float behind = local.z - texture(depth_map, pixel / size).r;
    float visible = 1.0 - smoothstep(slack, 2.0 * slack, behind);
    float seen = inside * visible * texture(trust_map, pixel / size).r;
    if (seen <= 0.0) discard;
    float liking = pow(max(dot(focus.xyz, view), 0.0), focus_power);
    float weight = seen * pow(facing * area, 0.5 * power) * (mix(1.0, liking, focus.w) + 1e-6);
    float quality = seen * smoothstep(0.1, 0.45, facing) * smoothstep(0.004, 0.02, area);
    vec2 shifted = pixel + texture(shift_map, pixel / size).rg;
    result = vec4(shifted - 0.5, weight, quality);
}
"""
