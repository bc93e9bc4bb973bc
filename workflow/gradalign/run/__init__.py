"""What every job of the workflow needs: its log, its progress, the study's lock."""
