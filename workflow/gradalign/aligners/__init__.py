"""Other people's aligners on the study's pairs."""
