"""Columns of the study's files and the constants that tables name, a module for each file: none needs a kernel."""
