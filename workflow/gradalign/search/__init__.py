"""From seeds to an answer: a module for each strategy, and the public functions."""
