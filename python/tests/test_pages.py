"""The pages of the command in a real browser: they fit, they tell their values, they can be read.

Pictures go to a temporary folder, or to the one that VORTEX_PAGES names.
"""

import base64
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from conftest import SMALL, jets_of, vortex

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")

from selenium.webdriver.common.action_chains import ActionChains  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
DRIVER = shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(
    BROWSER is None or DRIVER is None, reason="no chromium or no chromedriver is installed"
)

WIDTHS = [360, 800, 1600]
THEMES = ["light", "dark"]
PAGES = ["evaluation", "evaluation_of_a_model", "bench", "bench_of_files", "inspection", "inspection_of_files", "wide", "training"]
FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
]


@pytest.fixture(scope="session")
def pages(tmp_path_factory):
    """The folder of the pages, made by the command from synthetic data."""
    folder = tmp_path_factory.mktemp("pages")

    def run(*words):
        vortex(*words, "-q", folder=folder)

    schema = {
        "stride": 14,
        "fields": [
            {"name": name, "dtype": dtype, "offset": offset}
            for name, dtype, offset in [("pt", "<f4", 0), ("eta", "<f4", 4), ("event", "<u4", 8), ("n <i>", "<i2", 12)]
        ],
    }
    jets_of(12_000).tofile(folder / "jets.bin")
    jets_of(5_000, seed=3).tofile(folder / "more.bin")
    for name in ["jets", "more"]:
        # JSON is YAML.
        (folder / f"{name}.schema.yaml").write_text(json.dumps(schema))
    (folder / "config.yaml").write_text(json.dumps(SMALL))

    run("evaluate", "--data", "jets.bin", "--part", "all", "--report", "evaluation.html")
    run("bench", "--levels", "1-5", "--runs", "2", "jets.bin", "--report", "bench.html")
    run("bench", "--levels", "1-2", "--runs", "1", "--baselines", "few", "jets.bin", "more.bin", "--report", "bench_of_files.html")
    run("train", "--config", "config.yaml", "--data", "jets.bin", "--out", "run")
    shutil.copy(folder / "run" / "report.html", folder / "training.html")
    run("evaluate", "-m", "run/model.vxm", "--data", "more.bin", "--float", "--baselines", "few", "--report", "evaluation_of_a_model.html")
    run("compress", "-2", "--block-size", "4k", "jets.bin")
    run("inspect", "jets.bin", "--report", "inspection.html")
    run("inspect", "jets.bin", "jets.bin.vxc", "run/model.vxm", "--report", "inspection_of_files.html")

    # Wide records with names that have no place to break.
    fields = [{"name": f"{'Electron_mvaFall17V2Iso' * 8}{i}", "dtype": "<f8", "offset": 8 * i} for i in range(300)]
    (folder / "wide.schema.yaml").write_text(json.dumps({"stride": 2400, "fields": fields}))
    np.random.default_rng(4).normal(size=(100, 300)).cumsum(axis=1).round(2).tofile(folder / "wide.bin")
    run("inspect", "wide.bin", "--report", "wide.html")
    return folder


@pytest.fixture(scope="session")
def pictures(tmp_path_factory):
    """Where pictures go."""
    named = os.environ.get("VORTEX_PAGES")
    folder = Path(named) if named else tmp_path_factory.mktemp("pictures")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for flag in [*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"]:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(executable_path=DRIVER))
    yield driver
    driver.quit()


def show(browser, path, width=800, theme="light", media=""):
    """Opens a page at a width in a theme."""
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False},
    )
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {"media": media, "features": [{"name": "prefers-color-scheme", "value": theme}]},
    )
    browser.get(path.as_uri())


def picture(browser, path, width):
    height = browser.execute_script("return document.documentElement.scrollHeight")
    shot = browser.execute_cdp_cmd(
        "Page.captureScreenshot",
        {"captureBeyondViewport": True, "clip": {"x": 0, "y": 0, "width": width, "height": min(height, 12_000), "scale": 1}},
    )
    path.write_bytes(base64.b64decode(shot["data"]))


#: Elements that stick out of the window, outside of boxes that scroll.
OUTSIDE = """
return [...document.body.querySelectorAll('*')].filter((e) => {
  if (e.closest('.scroll, pre, .skip, #tip')?.matches('.skip, #tip')) return false;
  if (e.parentElement.closest('.scroll, pre')) return false;
  const box = e.getBoundingClientRect();
  return box.width > 0 && box.height > 0 && (box.left < -0.5 || box.right > innerWidth + 0.5);
}).map((e) => e.outerHTML.slice(0, 200));
"""

#: Texts whose contrast with what is behind them is below 4.5.
FAINT = """
const parse = (text) => {
  const parts = text.match(/[\\d.]+/g).map(Number);
  return { rgb: parts.slice(0, 3), alpha: parts.length > 3 ? parts[3] : 1 };
};
const light = ({ rgb }) => {
  const [r, g, b] = rgb.map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const behind = (e) => {
  for (; e; e = e.parentElement) {
    const colour = parse(getComputedStyle(e).backgroundColor);
    if (colour.alpha === 1) return colour;
  }
  return { rgb: [255, 255, 255] };
};
const faint = {};
let seen = 0;
for (const e of document.querySelectorAll('main *')) {
  const text = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
  if (!text || !e.getClientRects().length || e.matches('title, desc')) continue;
  seen += 1;
  const style = getComputedStyle(e);
  const a = light(parse(e instanceof SVGElement ? style.fill : style.color));
  const b = light(behind(e));
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (ratio < 4.5) faint[`${e.tagName}.${e.getAttribute('class')}`] = ratio.toFixed(2);
}
return { seen, faint };
"""


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_pages_fit_and_can_be_read(browser, pages, pictures, name, width, theme):
    path = pages / f"{name}.html"
    assert path.stat().st_size < 1_000_000
    show(browser, path, width, theme)
    picture(browser, pictures / f"{name}_{width}_{theme}.png", width)
    # What is folded away must fit too.
    for state in ["folded", "unfolded"]:
        assert browser.execute_script("return innerWidth") == width
        assert browser.execute_script("return document.scrollingElement.scrollWidth") <= width, state
        assert browser.execute_script(OUTSIDE) == [], state
        contrast = browser.execute_script(FAINT)
        assert contrast["seen"] > 30 and contrast["faint"] == {}, state
        browser.execute_script("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    assert browser.get_log("browser") == []


def shown(browser):
    """The text of the tip, or None."""
    return browser.execute_script("const tip = document.getElementById('tip'); return tip.hidden ? null : tip.textContent;")


@pytest.mark.parametrize("name, words", [("bench", ["vortex -", "ratio", "MB/s"]), ("training", ["step", "held-out"])])
def test_marks_tell_their_values_on_hover_and_on_focus(browser, pages, name, words):
    show(browser, pages / f"{name}.html")
    assert shown(browser) is None
    marks = browser.find_elements("css selector", "[data-marks] .pt.o")
    ActionChains(browser).move_to_element(marks[0]).perform()
    hovered = shown(browser)
    assert all(word in hovered for word in words), hovered
    box = browser.execute_script("return document.getElementById('tip').getBoundingClientRect().toJSON()")
    assert box["left"] >= 0 and box["right"] <= 800

    # The keyboard reaches the chart with Tab, and all its marks with arrows.
    show(browser, pages / f"{name}.html")
    focused = lambda: browser.execute_script("return document.activeElement.dataset.tip ?? null")  # noqa: E731
    for _ in range(40):
        ActionChains(browser).send_keys(Keys.TAB).perform()
        if focused():
            break
    first = focused()
    assert first and shown(browser) == first
    label = browser.execute_script("return document.activeElement.getAttribute('aria-label')")
    assert label == first.replace("\n", ", ")
    seen = {first}
    for _ in range(len(browser.find_elements("css selector", "[data-marks]:first-of-type .pt")) + 1):
        ActionChains(browser).send_keys(Keys.ARROW_RIGHT).perform()
        assert shown(browser) == focused()
        seen.add(focused())
    assert len(seen) > 1 and hovered in seen
    ActionChains(browser).send_keys(Keys.ESCAPE).perform()
    assert shown(browser) is None
    # The next Tab leaves the chart.
    chart = browser.execute_script("return document.activeElement.closest('[data-marks]').getAttribute('aria-labelledby')")
    ActionChains(browser).send_keys(Keys.TAB).perform()
    assert not browser.execute_script(
        "return document.activeElement.closest(`[aria-labelledby=${arguments[0]}]`) !== null", chart
    )


def test_every_chart_has_a_name_and_a_table(browser, pages):
    for name in PAGES:
        show(browser, pages / f"{name}.html")
        unnamed = """
        return [...document.querySelectorAll('svg')].filter((svg) => {
          if (svg.closest('[aria-hidden=true]')) return false;
          const name = document.getElementById(svg.getAttribute('aria-labelledby'));
          return !name || !name.textContent.trim();
        }).length;
        """
        assert browser.execute_script(unnamed) == 0, name
        assert browser.find_elements("css selector", "table"), name
        levels = browser.execute_script("return [...document.querySelectorAll('h1, h2, h3')].map((h) => +h.tagName[1])")
        assert levels[0] == 1 and levels.count(1) == 1 and 3 not in levels[:2], name
        ids = browser.execute_script("return [...document.querySelectorAll('[id]')].map((e) => e.id)")
        assert len(ids) == len(set(ids)), name


def test_names_from_files_stay_text(browser, pages):
    show(browser, pages / "inspection.html")
    rows = browser.find_elements("css selector", ".fields tbody th")
    assert any("n <i>" in row.text for row in rows)
    assert browser.find_elements("css selector", ".fields th i") == []


def test_nothing_comes_from_elsewhere(pages):
    for name in PAGES:
        text = (pages / f"{name}.html").read_text()
        assert "default-src 'none'" in text
        for word in ["http:", "https:", "@import", "url(", " src=", "<iframe"]:
            assert word not in text, (name, word)


@pytest.mark.parametrize("name", PAGES)
def test_pages_can_be_printed(browser, pages, pictures, name):
    show(browser, pages / f"{name}.html", theme="dark", media="print")
    # Paper is white, whatever the theme of the screen.
    assert browser.execute_script("return getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    printed = browser.execute_cdp_cmd("Page.printToPDF", {"paperWidth": 8.27, "paperHeight": 11.69, "printBackground": True})
    pdf = base64.b64decode(printed["data"])
    (pictures / f"{name}.pdf").write_bytes(pdf)
    assert pdf.startswith(b"%PDF") and len(pdf) > 10_000
