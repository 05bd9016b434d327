"""Neural Face: captured heads that speak. Imports nothing here: see `neural_face_addon`."""


def register() -> None:
    """Called by Blender when the extension is enabled."""
    from .neural_face_addon import registration

    registration.register()


def unregister() -> None:
    """Called by Blender when the extension is disabled."""
    from .neural_face_addon import registration

    registration.unregister()
