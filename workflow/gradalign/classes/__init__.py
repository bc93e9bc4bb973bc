"""From particles to classes and their maps, without a reference."""
