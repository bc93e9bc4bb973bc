"""What a user's mistake looks like."""


class InputError(ValueError):
    """A mistake in what the user gave: one sentence that names it and what would be right."""
