"""Lines of speech: solving, cues, words, lip contact, markers."""
