"""What is kept in the .blend: properties of heads, lines, clips and the making of a head."""
