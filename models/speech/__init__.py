"""From words to phones, cues and animation parameters."""
