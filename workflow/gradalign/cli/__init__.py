"""The command ``gradalign``: what the package and the workflow do, typed in a terminal."""
