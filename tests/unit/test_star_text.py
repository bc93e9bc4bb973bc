"""STAR files as other programs and systems write them: read as they are meant, or one sentence with the line."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gradalign.errors import InputError
from gradalign.io.star_text import read_tables, table_text

HEAD = "data_particles\n\nloop_\n_rlnImageName #1\n_rlnNote #2\n"


def tables(path, content):
    path.write_bytes(content)
    return read_tables(path)


def rows(path, text):
    table = tables(path, (HEAD + text).encode("utf-8", "surrogateescape"))["particles"]
    return list(zip(*table.values(), strict=True))


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: text.encode("utf-16"),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: text.replace("\n", "\r").encode(),
        lambda text: text.rstrip("\n").encode(),
        lambda text: text.replace(" ", "\t").encode(),
        lambda text: ("# gemessen von Zoë\n" + text).encode("latin-1"),
        lambda text: b"\xef\xbb\xbf# one file\n\xef\xbb\xbf" + text.encode(),
        lambda text: text.replace(" 1", "\v1").replace(" 2", "\f2").encode(),
    ],
    ids=["byte-order mark", "UTF-16", "CR LF", "CR", "no last line end", "tabs", "Latin-1 comment", "joined", "feeds"],
)
def test_systems_and_editors_leave_their_marks(tmp_path, encode):
    table = tables(tmp_path / "run.star", encode(HEAD + "a.mrc 1\nb.mrc 2\n"))["particles"]
    assert table == {"rlnImageName": ["a.mrc", "b.mrc"], "rlnNote": ["1", "2"]}


def test_letters_beyond_ascii_are_read(tmp_path):
    assert rows(tmp_path / "run.star", "Röhre/µ_1.mrc Zoë\n") == [("Röhre/µ_1.mrc", "Zoë")]


def test_bytes_that_are_no_utf_8_stay_the_bytes_of_the_file_name(tmp_path):
    name = "R\udcf6hre.mrc"
    assert rows(tmp_path / "run.star", f"{name} 1\n") == [(name, "1")]
    assert name.encode("utf-8", "surrogateescape") == b"R\xf6hre.mrc"


@pytest.mark.parametrize("name", ["R\udcf6hre (1).mrc", "my 'data' \udce4.mrc", "#\udcff", "a\nb\udce4", ""])
def test_names_that_need_quotes_and_are_no_utf_8_come_back(tmp_path, name):
    text = table_text("particles", {"rlnImageName": [name, "b.mrc"]})
    assert (
        tables(tmp_path / "run.star", text.encode("utf-8", "surrogateescape"))["particles"]["rlnImageName"][0] == name
    )


@pytest.mark.parametrize(
    "value",
    ["data_1", "data_", "save_x", "loop_", "stop_", "global_", "LOOP_", "_note", "$x", "[1]", "]", "50%", "%41", "a'b"]
    + ['a"b', "a#b", "a;b", "?", ".", "{x}", "~", "\\a"],
)
def test_values_that_cif_reserves_are_values(tmp_path, value):
    assert rows(tmp_path / "run.star", f"a.mrc {value}\n") == [("a.mrc", value)]


@pytest.mark.parametrize("value", ["data_1/a.mrc", "$HOME/a.mrc", "[a].mrc", "save_1.mrc", "%20.mrc"])
def test_reserved_words_at_the_start_of_a_row_are_values(tmp_path, value):
    assert rows(tmp_path / "run.star", f"{value} 1\n") == [(value, "1")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a.mrc 1\nb.mrc\n", "line 7, 'b.mrc', has 1 values, where its table has 2 columns"),
        ("a.mrc 1 2\n", "line 6, 'a.mrc 1 2', has 3 values"),
        ("a.mrc 'x\n", "line 6 has the value 'x, whose quotation mark does not end"),
        ("a.mrc #1\n", "line 6, 'a.mrc #1', has 1 values"),
        ("a.mrc x\0y\n", "line 6 holds the control character '\\x00'"),
        ("a.mrc\u00a01\n", "has 1 values, where its table has 2 columns; its sign U+00A0 is no blank"),
        ("a.mrc 1\n" + HEAD + "b.mrc 1\n", "has the table data_particles twice, as where lists were joined"),
        ("a.mrc 1\ndata_\ndata_\n", "has the table data_ twice, as where lists were joined"),
        ("_a.mrc 1\n", "line 6, '_a.mrc 1', begins with an underscore"),
    ],
)
def test_a_broken_row_is_named_with_its_line(tmp_path, text, words):
    with pytest.raises(InputError) as caught:
        rows(tmp_path / "run.star", text)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "a.mrc 1\n#1/b.mrc 2\nc.mrc 3\n",
        "#1/a.mrc 1\nb.mrc 2\n",
        "a.mrc 1\n  #b.mrc 2\n",
    ],
)
def test_a_value_that_would_be_lost_as_a_comment_is_one_sentence(tmp_path, text):
    with pytest.raises(InputError, match=r"run.star: .*line \d+, ' *#\S+ \d', begins with '#\S+', .*put it in quotes"):
        rows(tmp_path / "run.star", text)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("my a.mrc 1\nmy b.mrc 2\n", 6),
        ("a.mrc 1 2\nb.mrc\n", 6),
        ("a.mrc 1\nb.mrc\n2\n", 7),
        ("a.mrc #1\nb.mrc #2\n", 6),
        ("a.mrc 1\n'my b.mrc' #2\nc.mrc\n", 7),
        ("a.mrc 1\n\nb.mrc\n2\n", 8),
    ],
)
def test_rows_that_make_up_for_each_others_values_are_one_sentence(tmp_path, text, line):
    """CIF counts values alone: these tables have as many as whole rows would."""
    with pytest.raises(InputError, match=rf"line {line}, .*, has \d values, where its table has 2 columns"):
        rows(tmp_path / "run.star", text)


def test_labels_may_stand_beside_the_word_that_opens_a_loop(tmp_path):
    text = "data_x # a table\nloop_ _a _b\n_c # three\n1 2 3\n4 5 6\n"
    assert tables(tmp_path / "run.star", text.encode()) == {"x": {"a": ["1", "4"], "b": ["2", "5"], "c": ["3", "6"]}}


@pytest.mark.parametrize(
    "text",
    [
        "# a.mrc 1\nb.mrc 2\n",
        "b.mrc 2 #best\n",
        "b.mrc 2\n# end\n",
        "b.mrc 2\n#removed: a.mrc 1 (dust)\n",
        "b.mrc 2\n## dust\n",
        "b.mrc 2\n\n#version 30001\n\ndata_x\n\n_rlnNote 1\n",
    ],
)
def test_comments_among_rows_are_comments(tmp_path, text):
    assert rows(tmp_path / "run.star", text) == [("b.mrc", "2")]


def test_values_in_quotes_may_begin_with_the_sign_of_a_comment(tmp_path):
    assert rows(tmp_path / "run.star", "'#1/a.mrc' \"#2\"\n") == [("#1/a.mrc", "#2")]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x1f\x8b\x08\x00" + bytes(300), "compressed by gzip, where a STAR file is needed; unpack it"),
        (b"<html><body>404</body></html>", "a web page"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a pointer of Git LFS"),
        (b"\x93NUMPY\x01\x00" + bytes(300), "a NumPy array, .*; lists of RELION, Dynamo .*, TOM and AV3 .* are read"),
        (
            b"1.0 2.0 3.0\n",
            "no readable STAR file .line 1 is '1.0 2.0 3.0', where data_ and a name begin a table; lists",
        ),
        (b'\n{"points": []}\n', "no readable STAR file .line 2 is .*, where data_ and a name begin a table"),
        (bytes(208) + b"MAP " + bytes(900), "an MRC file, .*; give the list of the subtomograms"),
    ],
)
def test_files_of_other_kinds_are_called_by_their_names(tmp_path, content, words):
    (tmp_path / "run.star").write_bytes(content)
    with pytest.raises(InputError, match=f"run.star: is {words}"):
        read_tables(tmp_path / "run.star")


VALUES = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"]), min_size=1, max_size=8)


@given(st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=4))
def test_any_texts_come_back(tmp_path_factory, pairs):
    assume(not any("'" in text and '"' in text for pair in pairs for text in pair))
    path = tmp_path_factory.mktemp("star") / "a.star"
    table = dict(zip(("one", "two"), map(list, zip(*pairs, strict=True)), strict=True))
    path.write_bytes(table_text("x", table).encode("utf-8", "surrogateescape"))
    assert read_tables(path)["x"] == table


@given(st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=4))
def test_bare_words_are_read_as_relion_splits_them(tmp_path_factory, pairs):
    """As RELION writes a loop: values by blanks, without quotes."""
    odd = ("#", ";", "'", '"', "_")
    assume(not any(pair[0].startswith(odd) or pair[1].startswith(odd[:4]) for pair in pairs))
    assume(not any(pair[0].lower() in ("loop_", "stop_", "global_") for pair in pairs))
    text = "".join(f"{first} {second}\n" for first, second in pairs)
    assert rows(tmp_path_factory.mktemp("star") / "a.star", text) == pairs
