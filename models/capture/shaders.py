"""GLSL of the rasteriser (`raster.py`): drawing layers in a camera, and unwrapping to the atlas."""

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

# Adds one picture: colour × weight, weight, and how well the texel was seen. `focus` is a direction
# (xyz) from which its surroundings want to be seen, and how much they insist (w). The picture is
# read with a Catmull-Rom filter made of nine bilinear reads, which keeps edges that a bilinear
# read alone would blur.
UNWRAP_FRAGMENT = """
#version 330
uniform sampler2D picture;
uniform sampler2D depth_map;
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
layout(location = 0) out vec4 sum;
layout(location = 1) out float quality;

vec3 sharp(vec2 pixel) {
    vec2 middle = floor(pixel - 0.5) + 0.5;
    vec2 f = pixel - middle;
    vec2 w0 = f * (-0.5 + f * (1.0 - 0.5 * f));
    vec2 w1 = 1.0 + f * f * (-2.5 + 1.5 * f);
    vec2 w2 = f * (0.5 + f * (2.0 - 1.5 * f));
    vec2 w3 = f * f * (-0.5 + 0.5 * f);
    vec2 w12 = w1 + w2;
    vec2 p0 = (middle - 1.0) / size;
    vec2 p12 = (middle + w2 / w12) / size;
    vec2 p3 = (middle + 2.0) / size;
    vec3 total = texture(picture, vec2(p0.x, p0.y)).rgb * (w0.x * w0.y)
        + texture(picture, vec2(p12.x, p0.y)).rgb * (w12.x * w0.y)
        + texture(picture, vec2(p3.x, p0.y)).rgb * (w3.x * w0.y)
        + texture(picture, vec2(p0.x, p12.y)).rgb * (w0.x * w12.y)
        + texture(picture, vec2(p12.x, p12.y)).rgb * (w12.x * w12.y)
        + texture(picture, vec2(p3.x, p12.y)).rgb * (w3.x * w12.y)
        + texture(picture, vec2(p0.x, p3.y)).rgb * (w0.x * w3.y)
        + texture(picture, vec2(p12.x, p3.y)).rgb * (w12.x * w3.y)
        + texture(picture, vec2(p3.x, p3.y)).rgb * (w3.x * w3.y);
    return clamp(total, 0.0, 1.0);
}

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
    float seen = inside * visible * texture(picture, pixel / size).a;
    if (seen <= 0.0) discard;
    float liking = pow(max(dot(focus.xyz, view), 0.0), focus_power);
    float weight = seen * pow(facing, power) * (mix(1.0, liking, focus.w) + 1e-6);
    sum = vec4(sharp(pixel) * weight, weight);
    quality = seen * smoothstep(0.1, 0.45, facing) * smoothstep(0.004, 0.02, area);
}
"""
