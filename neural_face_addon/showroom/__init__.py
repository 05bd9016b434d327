"""Demo and pictures of the documentation: for developers, not in the zip."""
