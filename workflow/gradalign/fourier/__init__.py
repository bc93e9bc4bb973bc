"""The transform of one volume: prepared, sampled over an overlap, multiplied, translated."""
