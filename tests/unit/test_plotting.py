import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import pytest
from drawn_figures import record
from hypothesis import given
from hypothesis import strategies as st
from invented import BOUNDS, PAPER, alignments, one_cell
from matplotlib.colors import to_rgb
from matplotlib.image import imread
from PIL import Image

from gradalign.errors import InputError
from gradalign.report.colours import ON_SHADE
from gradalign.report.figures.comparison import SHADES as RATIO_SHADES
from gradalign.report.figures.figure2 import figure2, figure2_caption
from gradalign.report.figures.isosurface import camera, render, surface
from gradalign.report.figures.style import PAGE_WIDTH, SMALL, Page, applied, save, text_width, wrapped
from gradalign.report.figures.tables import SHADES, complexes_figure, table_figure
from gradalign.report.slices import central_slice, read_slices, save_slices
from gradalign.report.statistics import summarise, summarise_complexes
from gradalign.report.tables.bounds import complexes_with_bounds, with_bounds
from gradalign.report.tables.complexes import complexes_caption
from gradalign.report.tables.phantom import table_caption
from gradalign.simulation.phantom import phantom

DPI = 300


def ball(radius, edge=24, centre=(0.0, 0.0, 0.0)):
    """A ball about a point (x, y, z) from the centre voxel, its surface at density 0."""
    axis = np.arange(edge) - edge // 2
    z, y, x = np.meshgrid(axis, axis, axis, indexing="ij")
    return radius - np.sqrt((x - centre[0]) ** 2 + (y - centre[1]) ** 2 + (z - centre[2]) ** 2)


def draw_table(folder, rows=None):
    rows = summarise(alignments(), PAPER) if rows is None else rows
    rows = with_bounds(rows[rows.table == rows.table.min()], BOUNDS)
    paths = [folder / "table.svg", folder / "table.png"]
    table_figure(rows, paths, table_caption(rows))
    return paths


def draw_complexes(folder):
    about = {"groel": {"title": "GroEL (1MNF)", "point_group": "D7", "stand_in_for": "1KP8"}}
    rows = summarise_complexes({"groel": one_cell([1.0, 2.0, 4.0])}, about)
    rows = complexes_with_bounds(rows, {"groel": BOUNDS[BOUNDS.search == "full"]})
    paths = [folder / "complexes.svg", folder / "complexes.png"]
    complexes_figure(rows, paths, complexes_caption(rows))
    return paths


def draw_figure2(folder, tilts=(90, 40), snrs=(np.inf, 0.1)):
    density = phantom(16, 24)
    rng = np.random.default_rng(1)
    slices = {(tilt, snr): central_slice(phantom(16)) + rng.normal(0, 0.1, (16, 16)) for tilt in tilts for snr in snrs}
    paths = [folder / "figure2.svg", folder / "figure2.png"]
    figure2(density, slices, paths, 2.0, figure2_caption(slices, 2.0))
    return paths


@pytest.mark.parametrize("draw", [draw_table, draw_complexes, draw_figure2])
def test_figures_open_have_journal_width_and_show_something(draw, drawn):
    vector, raster = drawn(draw).paths
    picture = imread(raster)[..., :3]
    assert picture.shape[1] == pytest.approx(PAGE_WIDTH / 25.4 * DPI, abs=2)
    # neither blank nor cut off: white edges, ink within
    assert picture[0].min() == picture[-1].min() == picture[:, 0].min() == picture[:, -1].min() == 1.0
    assert (picture < 0.5).mean() > 0.005
    root = ElementTree.parse(vector).getroot()
    assert float(root.get("width").removesuffix("pt")) == pytest.approx(PAGE_WIDTH / 25.4 * 72, abs=0.1)
    assert len(root.findall(".//{http://www.w3.org/2000/svg}text")) > 5


@pytest.mark.parametrize("draw", [draw_table, draw_complexes, draw_figure2])
def test_figures_are_the_same_bytes_on_every_run(draw, drawn, tmp_path):
    first = drawn(draw).paths
    # what a user has set for other plots must not show
    with matplotlib.rc_context({"font.size": 20, "svg.hashsalt": "another"}):
        second = draw(tmp_path)
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


@pytest.mark.parametrize("draw", [draw_table, draw_figure2])
def test_figures_carry_no_date_and_no_version(draw, drawn):
    vector, raster = drawn(draw).paths
    assert not re.search(r"dc:date|dc:creator|matplotlib\.org|\d{4}-\d{2}-\d{2}T", vector.read_text())
    assert set(Image.open(raster).info) <= {"dpi"}


@pytest.mark.parametrize("draw", [draw_table, draw_complexes, draw_figure2])
def test_type_is_at_least_six_points_and_the_caption_gives_n(draw, drawn):
    texts = drawn(draw).texts
    assert min(size for _, size, _ in texts) >= 6
    assert "n =" in " ".join(words for words, *_ in texts)


def test_table_figure_sets_inaccurate_cells_in_bold_and_the_printed_ones_beneath(tmp_path):
    rows = summarise(pd.concat([one_cell([4.0] * 3, snr=1), one_cell([6.0] * 3, snr=0.1)]), PAPER)
    texts = record(lambda folder: draw_table(folder, rows), tmp_path).texts
    weights = {words: weight for words, _, weight in texts}
    assert weights["4 ± 0"] == "normal"
    assert weights["6 ± 0"] == "bold"
    assert weights["(2 ± 0.97)"] == "normal"
    assert weights["(49 ± 45)"] == "bold"


def test_numbers_of_many_digits_stay_in_their_cells(tmp_path):
    rows = [one_cell([0.0012, 0.00167], snr=snr, score=score) for snr in (1, 2, 3, 4) for score in ("rcs", "fcs")]
    texts = record(lambda folder: draw_table(folder, summarise(pd.concat(rows), PAPER)), tmp_path).texts
    found = [text for text in texts if text[0].startswith("0.0014 ± ")]
    assert len(found) == 8
    # eight of them stand on a page, beside the tilt range
    assert max(text_width(*text) for text in found) < (PAGE_WIDTH - 16.0) / 8


def test_bounds_stand_beneath_the_errors(drawn):
    for draw, count in ((draw_table, 96), (draw_complexes, 2)):
        assert [words for words, *_ in drawn(draw).texts].count("bound 0.12") == count


def luminance(colour):
    """Relative luminance of a colour, as the guidelines for web content define it."""
    parts = np.array(to_rgb(colour))
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]


@pytest.mark.parametrize("shades", [SHADES, RATIO_SHADES])
def test_small_words_can_be_read_on_every_shade(shades):
    grounds = [luminance(shades(share)) for share in np.linspace(0, 1, 21)]
    assert min((ground + 0.05) / (luminance(ON_SHADE) + 0.05) for ground in grounds) >= 4


def test_small_grids_can_be_drawn(tmp_path):
    rows = summarise(one_cell([1.0, 2.0], tilt_deg=65), PAPER)
    for path in (*draw_table(tmp_path, rows), *draw_figure2(tmp_path, tilts=(60,), snrs=(0.5,))):
        assert path.stat().st_size > 1000


def test_large_grids_make_the_page_wider(tmp_path):
    cells = [one_cell([1.0, 2.0], snr=snr, score=score) for snr in range(1, 8) for score in ("rcs", "fcs")]
    _, raster = draw_table(tmp_path, summarise(pd.concat(cells), PAPER))
    assert imread(raster).shape[1] > 1.4 * PAGE_WIDTH / 25.4 * DPI


def test_another_ending_is_refused(tmp_path):
    with applied():
        page = Page(50, 20)
    with pytest.raises(InputError, match=r"\.svg or \.png"):
        save(page, [tmp_path / "figure.gif"])


def test_a_figure_that_cannot_be_written_is_named(tmp_path):
    with applied(), pytest.raises(InputError, match="nowhere"):
        save(Page(50, 20), [tmp_path / "nowhere" / "figure.png"])


def test_failed_figures_leave_nothing_behind(tmp_path, monkeypatch):
    def fail(figure, path, **options):
        Path(path).write_bytes(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr("matplotlib.figure.Figure.savefig", fail)
    with pytest.raises(InputError, match="could not be written"):
        draw_complexes(tmp_path)
    assert list(tmp_path.iterdir()) == []


@given(st.lists(st.text("abcxyz", min_size=1, max_size=12), min_size=1, max_size=40))
def test_wrapping_keeps_the_words_and_the_width(words):
    lines = wrapped(" ".join(words), 40.0)
    assert " ".join(lines) == " ".join(words)
    assert all(text_width(line, SMALL) <= 40.0 for line in lines)


def test_central_slice_holds_beam_and_x_axis():
    volume = np.zeros((8, 8, 8))
    # z = 6, x = 1 in the central plane y = 4
    volume[6, 4, 1] = 1.0
    assert central_slice(volume)[6, 1] == 1.0


def test_surface_of_a_ball_has_its_radius_and_outward_normals():
    centre = np.array([3.0, -2.0, 1.0])
    mesh = surface(ball(6.0, centre=centre), 0.0)
    offsets = mesh.vertices - centre
    assert np.linalg.norm(offsets, axis=1) == pytest.approx(6.0, abs=0.05)
    assert np.einsum("vi,vi->v", mesh.normals, offsets / 6.0).min() > 0.99
    assert mesh.radius == pytest.approx(6.0 + np.linalg.norm(centre), abs=0.05)


def test_a_level_outside_the_density_is_refused():
    with pytest.raises(InputError, match="outside the density's range"):
        surface(ball(6.0), 100.0)


def test_camera_stands_where_it_is_told():
    assert camera(0, 0) @ [1, 0, 0] == pytest.approx([0, 0, 1])
    assert camera(90, 0) @ [0, 1, 0] == pytest.approx([0, 0, 1])
    assert camera(0, 90) @ [0, 0, 1] == pytest.approx([0, 0, 1])
    # upright, and no mirror
    assert camera(35, 0) @ [0, 0, 1] == pytest.approx([0, 1, 0])
    assert np.linalg.det(camera(35, 28)) == pytest.approx(1.0)


def test_rendered_ball_covers_its_disc_at_its_place():
    # from the front (azimuth 0): y of the object to the right, z up
    mesh = surface(ball(5.0, centre=(0.0, 4.0, 3.0)), 0.0)
    opacity = render(mesh, camera(0, 0), 24.0, 96, (1.0, 1.0, 1.0))[..., 3]
    assert opacity.sum() / 16 == pytest.approx(np.pi * 25, rel=0.02)
    rows, columns = np.indices(opacity.shape) + 0.5
    assert (columns * opacity).sum() / opacity.sum() == pytest.approx(48 + 4 * 4.0, abs=0.5)
    assert (rows * opacity).sum() / opacity.sum() == pytest.approx(48 - 4 * 3.0, abs=0.5)


def test_nearer_surface_hides_the_farther_one():
    near, far = (surface(ball(radius, centre=(x, 0, 0)), 0.0) for radius, x in ((3.0, 6.0), (5.0, -4.0)))
    both = surface(np.maximum(ball(3.0, centre=(6, 0, 0)), ball(5.0, centre=(-4, 0, 0))), 0.0)
    images = {mesh: render(shape, camera(0, 0), 24.0, 48, (1, 1, 1)) for mesh, shape in
              (("near", near), ("far", far), ("both", both))}  # fmt: skip
    centre = slice(22, 26)
    assert images["both"][centre, centre] == pytest.approx(images["near"][centre, centre], abs=0.02)
    # beyond the small ball's rim the large one shows
    rim = images["both"][24, 24 + 8]
    assert rim == pytest.approx(images["far"][24, 24 + 8], abs=0.02)


def test_light_falls_from_the_upper_left():
    picture = render(surface(ball(8.0), 0.0), camera(0, 0), 24.0, 48, (0.5, 0.5, 0.5))[..., 0]
    assert picture[16, 16] > picture[24, 24] > picture[32, 32] > 0


def test_slices_are_kept_with_their_tilt_range_and_ratio(tmp_path):
    rng = np.random.default_rng(0)
    slices = {(tilt, snr): rng.normal(size=(8, 8)).astype(np.float32) for tilt in (90.0, 62.5) for snr in (np.inf, 0.1)}
    save_slices(tmp_path / "figure2.npz", slices)
    read = read_slices(tmp_path / "figure2.npz")
    assert list(read) == list(slices)
    assert all(np.array_equal(read[key], slices[key]) for key in slices)
    (tmp_path / "figure2.npz").write_bytes(b"")
    with pytest.raises(InputError, match="figure2.npz: holds no slices"):
        read_slices(tmp_path / "figure2.npz")
