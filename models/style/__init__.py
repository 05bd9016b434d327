"""Style-aware speech: networks that animate the whole face and the head pose in a chosen style."""
