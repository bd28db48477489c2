"""The pages in a real browser, on a desk and a telephone, by day and by night: driven as a reader drives them."""

from __future__ import annotations

import dataclasses
from itertools import product
from pathlib import Path

import nir
import numpy as np
import pytest

from snnhw.analysis.digits import range_text
from snnhw.analysis.report.comparison import compare_reports
from snnhw.analysis.report.notebook import report_html
from snnhw.analysis.report.writing import write_comparison, write_report
from snnhw.data.inputs import load_inputs
from snnhw.passes import FLOAT, run_passes
from snnhw.simulation.engine import simulate
from snnhw.workflows.load import load_model
from snnhw.workflows.report import make_report
from tests.analysis.report_sample import sample_report
from tests.browser import Visit, driven
from tests.nets import residual_net

pytestmark = pytest.mark.very_slow
WIDTHS, SCHEMES = {1280: 900, 390: 844}, ("light", "dark")
PAGES = ("demo", "CIFAR-10", "plain LIF file", "T = 300", "comparison of four", "every section")
SCREENS = 2.4  # of 900 CSS pixels that a desk sees before anything is opened


def lif_file(path: Path) -> Path:
    """Two layers of plain LIF neurons, as another framework would write them."""
    rng = np.random.default_rng(0)

    def lif(n):
        ones = np.ones(n, np.float32)
        return nir.LIF(tau=ones * 2e-3, r=ones, v_leak=ones * 0, v_threshold=ones * 0.2, v_reset=ones * 0)

    nodes = {
        "input": nir.Input({"input": np.array([16])}),
        "hidden": nir.Affine(rng.normal(0, 1, (24, 16)).astype(np.float32), np.zeros(24, np.float32)),
        "lif1": lif(24),
        "out": nir.Affine(rng.normal(0, 1, (10, 24)).astype(np.float32), np.zeros(10, np.float32)),
        "lif2": lif(10),
        "output": nir.Output({"output": np.array([10])}),
    }
    nir.write(path, nir.NIRGraph(nodes, list(zip(list(nodes), list(nodes)[1:], strict=False))))
    return path


def page_of(model: str, folder: Path, samples: int = 2, timesteps: int | None = None) -> Path:
    """A report of a network of the zoo or a file on noise; a file needs data that say its time steps."""
    found = load_model(model)
    folder.mkdir()
    shape = (samples, *([timesteps] if timesteps else []), *found.graph.input.shape)
    np.save(folder / "noise.npy", np.random.default_rng(0).random(shape).astype(np.float32))
    return make_report(found, load_inputs(str(folder / "noise.npy")), folder)[1]


def long_page(folder: Path) -> Path:
    net = residual_net(levels=1, timesteps=300, samples=2)
    example = simulate(run_passes(net.graph, FLOAT), net.inputs[:1], raster=True)
    return write_report(sample_report(complete=False, name="long", net=net, example=example), folder)


def comparison_page(folder: Path) -> Path:
    plain = sample_report(complete=False)

    def scaled(times: int, accuracy: float):
        energy = {p: dataclasses.replace(e, terms=e.terms * times) for p, e in plain.energy.items()}
        return dataclasses.replace(plain, energy=energy, accuracy={"float": accuracy})

    names = {"small": (1, 0.97), "a_network_of_a_long_name": (1, 0.9701), "deep": (2, 0.99), "perfect": (3, 1.0)}
    return write_comparison(compare_reports({name: scaled(*point) for name, point in names.items()}), folder)


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    return {
        "demo": page_of("digits", folder / "demo"),
        "CIFAR-10": page_of("cifar10", folder / "cifar10", samples=1),
        "plain LIF file": page_of(str(lif_file(folder / "plain.nir")), folder / "file", timesteps=20),
        "T = 300": long_page(folder / "long"),
        "comparison of four": comparison_page(folder / "compare"),
        "every section": write_report(sample_report(), folder / "sections"),
    }


@pytest.fixture(scope="module")
def browser():
    with driven() as found:
        yield found


@pytest.fixture
def visit(browser):
    """Open a page; at the end it has complained of nothing and asked for nothing but itself."""
    visits = []

    def opened(path: Path, width: int = 1280, scheme: str = "light", **options):
        size = {"width": width, "height": WIDTHS[width]}
        visits.append((Visit(browser, path, viewport=size, color_scheme=scheme, **options), path))
        return visits[-1][0].page

    yield opened
    for at, path in visits:
        assert at.errors == []
        assert {url for url in at.requests if not url.startswith("data:")} == {path.as_uri()}
        at.close()


def grave(page) -> list[str]:
    """Findings of axe that are serious or critical."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [f"{v['id']}: {v['nodes'][0]['html']}" for v in found if v["impact"] in ("serious", "critical")]


@pytest.mark.parametrize(("name", "width", "scheme"), list(product(PAGES, WIDTHS, SCHEMES)))
def test_a_page_is_sound_folded_and_open(pages, visit, name, width, scheme):
    page = visit(pages[name], width, scheme)
    assert pages[name].stat().st_size < 1_000_000
    assert grave(page) == []
    if page.locator("button[data-all]").count():
        page.click("button[data-all]")
        assert page.locator("details:not([open])").count() == 0
        assert grave(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@pytest.mark.parametrize("name", [name for name in PAGES if name != "comparison of four"])
def test_two_screens_are_open_on_arrival(pages, visit, name):
    page = visit(pages[name])
    assert page.evaluate("document.documentElement.scrollHeight") <= SCREENS * 900
    assert page.locator("section details[open]").count() == 0


@pytest.mark.parametrize("width", WIDTHS)
def test_the_contents_stay_in_sight_and_open_what_they_name(pages, visit, width):
    page = visit(pages["every section"], width)
    page.click("nav.toc a[href='#sources']")
    assert page.locator("#sources ol").is_visible() and page.locator("#energy figure").first.is_hidden()
    place = page.locator("nav.toc").bounding_box()
    assert place["y"] == 0 and place["height"] < 60
    assert page.locator("#sources h2").bounding_box()["y"] >= place["height"]
    assert page.locator("nav.toc a[aria-current]").get_attribute("href") in ("#sources", "#stamp")
    page.focus("nav.toc a[href='#fidelity']")
    page.keyboard.press("Enter")
    assert page.locator("#fidelity table").is_visible()
    page.focus("#energy summary >> nth=0")
    page.keyboard.press("Enter")
    assert page.locator("#energy .heat").first.is_visible()


def test_a_link_from_outside_opens_what_it_names(pages, visit):
    page = visit(pages["every section"])
    page.goto(pages["every section"].as_uri() + "#source-3")
    page.reload()
    assert page.locator("#source-3").is_visible()


@pytest.mark.parametrize("width", WIDTHS)
def test_every_chart_shows_values_on_hover(pages, visit, width):
    page = visit(pages["every section"], width)
    page.click("button[data-all]")
    shown = "wide" if width == 1280 else "narrow"
    for chart in page.locator(f"figure .{shown} svg").all():
        assert chart.locator(".v").count() > 0
        mark = chart.locator(".v").first
        mark.scroll_into_view_if_needed()
        page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        mark.hover(force=True)
        assert page.locator(".tip").is_visible()
        assert page.locator(".tip").inner_text() == mark.get_attribute("data-value") != ""
    page.mouse.move(1, 1)
    assert page.locator(".tip").is_hidden()


def test_a_touch_shows_a_value_too(pages, visit):
    page = visit(pages["every section"], 390, has_touch=True, is_mobile=True)
    page.locator("#energy > details > summary").tap()
    page.locator("#energy .narrow .v").first.tap(force=True)
    assert "J, typical" in page.locator(".tip").inner_text()


@pytest.mark.parametrize("width", WIDTHS)
def test_the_raster_of_a_long_sample_says_the_step(pages, visit, width):
    page = visit(pages["T = 300"], width)
    page.click("nav.toc a[href='#spikes']")
    strip = page.locator("img[data-steps]").first
    strip.scroll_into_view_if_needed()
    box = strip.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 4)
    assert page.locator(".tip").inner_text().startswith("step 151; ")
    ticks = page.locator(".strips .ticks span").all()
    assert [tick.inner_text() for tick in ticks] == ["1", "50", "100", "150", "200", "250", "300"]
    for tick in ticks:  # each below its step
        at = tick.bounding_box()
        step = (at["x"] + at["width"] / 2 - box["x"]) / box["width"] * 300
        assert step == pytest.approx(int(tick.inner_text()) - 0.5, abs=2)


def energies(page) -> list[str]:
    """The energies of the table of layers, as a reader sees them."""
    rows = page.locator("#layers tbody tr").all()
    return [row.locator("td:not(.off)").last.inner_text() for row in rows]


def test_the_profile_is_switched_everywhere(pages, visit, report):
    page = visit(pages["every section"])
    page.click("button[data-all]")
    first, second = report.energy.values()
    for found in (second, first):
        page.locator("#network select").select_option(found.profile.name)
        for at in ("#energy", "#layers", "#network"):
            assert page.locator(f"{at} select").input_value() == found.profile.name
        expected = [range_text(e, "J") if (e := found.layers.get(c.name)) else "" for c in report.counts.layers]
        assert energies(page) == expected
        heads = page.locator("#energy .heat caption:visible").all_inner_texts()
        assert heads == [found.profile.title]
        assert page.locator("#network figcaption").inner_text().endswith(f"{found.profile.name}.")


@pytest.mark.parametrize("width", WIDTHS)
def test_layers_are_filtered_in_every_table(pages, visit, width):
    page = visit(pages["every section"], width)
    page.click("button[data-all]")
    page.locator("#layers input[type=search]").fill("S1B0")
    names = page.locator("#layers tbody tr:visible th").all_inner_texts()
    assert len(names) == 3 and all(name.startswith("s1b0") for name in names)
    assert page.locator("#layers output").inner_text() == "3 of 7 layers"
    assert page.locator("#spikes .strips > div:visible").count() == 3
    assert page.locator("#network .wide .dim").count() == 5  # the input too
    page.locator("#energy input[type=search]").fill("")
    assert page.locator("#layers tbody tr:visible").count() == 7


@pytest.mark.parametrize("width", WIDTHS)
def test_a_layer_of_the_picture_leads_to_its_row(pages, visit, report, width):
    page = visit(pages["every section"], width)
    page.click("nav.toc a[href='#network']")
    shown = "wide" if width == 1280 else "narrow"
    page.locator(f"#network .{shown} a[data-layer=readout]").click()
    row = page.locator("#layers tr:target")
    assert row.get_attribute("data-layer") == "readout" and row.is_visible()
    top = row.bounding_box()["y"]
    assert 0 < top < WIDTHS[width]


def test_a_table_is_sorted_by_a_column(pages, visit, report):
    page = visit(pages["every section"])
    page.click("nav.toc a[href='#layers']")
    page.locator("#layers thead button", has_text="Updates").click()
    names = page.locator("#layers tbody th").all_inner_texts()
    updates = {layer.name: layer.neuron_updates for layer in report.counts.layers}
    assert [updates[name] for name in names] == sorted(updates.values(), reverse=True)


def test_links_stay_inside_the_frame_of_a_notebook(visit, report, tmp_path):
    notebook = tmp_path / "notebook.html"
    notebook.write_text(f"<!DOCTYPE html><title>notebook</title>{report_html(report)}", encoding="utf-8")
    page = visit(notebook)
    frame = page.frame_locator("iframe")
    frame.locator("nav.toc a[href='#network']").click()
    frame.locator("#network .wide a[data-layer=readout]").click()
    assert frame.locator("#layers [data-layer=readout]").is_visible() and len(page.frames) == 2
    assert page.frames[1].url == "about:srcdoc"


def test_readers_without_a_script_see_everything(pages, visit):
    page = visit(pages["every section"], java_script_enabled=False)
    for section in page.locator("section").all():
        assert section.locator("table:visible, dl:visible, figure:visible, ol:visible, ul:visible").count() > 0
    assert page.locator("#energy .heat:visible").count() == 2
    assert page.locator(".tools:visible").count() == 0


def test_print_has_everything(pages, visit):
    page = visit(pages["every section"])
    page.emulate_media(media="print")
    assert page.locator("#stamp dl").is_visible() and page.locator("#energy .heat:visible").count() == 2
    assert page.locator("nav.toc").is_hidden()
    folded = visit(pages["every section"])
    assert len(folded.pdf()) > 100_000 and folded.locator("section details[open]").count() == 0
