"""Drawing only. Reads properties and what playback has noted; computes nothing."""
