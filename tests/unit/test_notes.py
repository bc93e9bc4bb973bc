"""Numbers in the notes are those of the files that hold them."""

import runpy
from pathlib import Path

import pytest

from gradalign.errors import InputError
from gradalign.report.notes import with_tables

SCRIPT = Path(__file__).parents[2] / "workflow" / "scripts" / "write_docs.py"


def test_make_docs_would_change_no_note():
    changed = [
        path.name for path, text in runpy.run_path(SCRIPT)["notes"]() if path.read_text(encoding="utf-8") != text
    ]
    assert changed == []


def test_a_table_takes_its_place_and_the_words_around_it_stay():
    note = "before\n\n<!-- table one -->\n\n| old |\n\n<!-- end -->\n\nafter <!-- table two --> <!-- end -->\n"
    filled = with_tables(note, {"one": "| new |"})
    assert filled == note.replace("old", "new")
    assert with_tables(filled, {"one": "| new |"}) == filled


def test_a_note_without_a_place_for_a_table_is_named():
    with pytest.raises(InputError, match="no place for the table one"):
        with_tables("text", {"one": "| new |"})
