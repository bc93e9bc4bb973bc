"""Numbers in the notes are those of the files that hold them."""

import re
import runpy
from pathlib import Path

import pytest
import yaml

from gradalign.errors import InputError
from gradalign.report.notes import with_tables

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "workflow" / "scripts" / "write_docs.py"


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


def keys(section, path=()):
    """Yield the dotted keys of a configuration."""
    for name, value in section.items():
        yield ".".join((*path, name))
        if isinstance(value, dict):
            yield from keys(value, (*path, name))


def test_names_in_the_method_are_modules_of_the_package_or_keys_of_the_configuration():
    text = (ROOT / "docs" / "method.md").read_text(encoding="utf-8")
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    package = ROOT / "workflow" / "gradalign"
    known = set(keys(config)) | {"results.md", "config.yaml"}
    dotted = set(re.findall(r"`([a-z_]+\.[a-z_.]+)`", text))
    assert len(dotted) > 20
    strange = [name for name in dotted - known if not package.joinpath(*name.split(".")).with_suffix(".py").is_file()]
    assert strange == []
