"""From a recording, or from ready-made timings, to phones."""
