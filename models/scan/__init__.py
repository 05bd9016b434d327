"""Static meshes from files: read, stood upright by the face on them, landmarked."""
