"""Training of the neural face model; opening a head imports nothing of it."""
