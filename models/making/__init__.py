"""Making a head: the stages from a capture to a head file, their workspace, status and pictures."""
