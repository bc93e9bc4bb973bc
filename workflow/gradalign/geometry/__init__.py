"""Rotations, missing wedges, membranes, spherical harmonics."""
