"""A source folder guessed from a sample export, every guess marked for a person to confirm."""
