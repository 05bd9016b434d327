"""Training of the speech networks; speaking imports nothing of it."""
