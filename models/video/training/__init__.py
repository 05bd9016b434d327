"""Training of the video network; following a video imports nothing of it."""
