"""A report as text: what is in it, and that nothing in it is more than text."""

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest

import spexviz as sv
from spexviz.views import sheet, theme
from spexviz.views.cards import Item
from spexviz.views.document import Chapter, report
from spexviz.views.energy import energy
from spexviz.views.fidelity import fidelity_curve, residuals
from spexviz.views.path import path
from spexviz.views.plot import drawn
from tests.explanations import changed
from tests.views.test_arcs import recorded

RUNS = ("prompt/never-fails", "prompt/turns", "heads/copying", "training/elevator")
EVIL = (
    "</script><script>window.evil = 1</script>",
    "<img src=x onerror='window.evil = 1'>",
    "\u202edesrever\u202c \u2067x",
    "a\x00b\x08c",
    "<!-- --><style>*{display:none}</style>",
    "javascript:alert(1) \u2028 ${window.evil} `x`",
)
PAGE = (
    "html head meta title style body header nav ol li a p h1 h2 h3 main section dl div dt dd details summary"
)
INSIDE = "span i b table tr th td footer ul pre script noscript svg g rect line text path circle"
OWN = {*PAGE.split(), *INSIDE.split()}


class Tags(HTMLParser):
    """The tags of a page, its attributes, and its scripts."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.scripts, self.text = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag == "script":
            self.scripts.append([dict(attrs).get("type", ""), ""])

    def handle_data(self, data):
        if self.cdata_elem == "script":
            self.scripts[-1][1] += data
        else:
            self.text.append(data)


def hostile():
    run = recorded("training/elevator")
    players = (*EVIL, *run.players[len(EVIL) :])
    parts = {"players": players, "before": EVIL[0], "question": EVIL[1], "unit": EVIL[4], "model": EVIL[3]}
    return changed(run, **parts)


def test_what_users_wrote_is_no_markup_anywhere():
    run = hostile()
    text = report(
        Chapter(run, EVIL[1] + EVIL[2], [Item(player) for player in run.players]), depth="researcher"
    )
    page = Tags(text)
    assert set(page.tags) - OWN - {"title"} == set()
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert not [value for name, value in page.attributes if name in ("src", "action")]
    assert all(value.startswith("#") for name, value in page.attributes if name == "href")
    assert "\x00" not in text and "\u202e" not in text
    assert "window.evil = 1" in "".join(page.text), "it is shown as it was written"


def test_only_its_own_scripts_may_run_and_it_may_ask_for_nothing():
    text = report(recorded("prompt/never-fails"))
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1]
    allowed = set(re.findall(r"'(sha256-[^']*)'", policy))
    scripts = [code for kind, code in Tags(text).scripts if not kind]
    digests = [base64.b64encode(hashlib.sha256(code.encode()).digest()).decode() for code in scripts]
    assert allowed == {f"sha256-{digest}" for digest in digests} and len(scripts) == len(set(scripts))
    assert "default-src 'none'" in policy and "unsafe-inline' " not in policy.split("style-src")[0]
    assert "http" not in policy and "connect-src" not in policy
    addresses = set(re.findall(r"https?://[^\s\"'<)]+", text))
    assert addresses == {"http://www.w3.org/2000/svg"}, "names, and nothing to ask for"


def test_it_says_what_was_asked_of_whom_and_how_it_is_cited():
    run = recorded("prompt/never-fails")
    text = report(Chapter(run, "A title", when=1_700_000_000.0), depth="analyst", order=2)
    said = " ".join(Tags(text).text)
    for part in (
        "A title",
        "SmolLM2",
        f"spexviz {sv.__version__}",
        "64 (budget 512)",
        "November 2023",
        run.spec.id,
    ):
        assert part in said, part
    for part in (
        "@software{spexviz",
        "2502.13870",
        "2505.17495",
        "no cause in the world",
        "“never” and “fails”",
    ):
        assert part in said, part
    assert "acting × never × fails" not in said and "never × fails" in text


def test_several_runs_have_a_table_of_contents_and_are_light():
    text = report(*map(recorded, RUNS))
    page = Tags(text)
    links = [value for name, value in page.attributes if name == "href"]
    assert links == [f"#run-{k + 1}" for k in range(len(RUNS))]
    assert {value for name, value in page.attributes if name == "id"} >= {
        f"run-{k + 1}" for k in range(len(RUNS))
    }
    assert len(text.encode()) < 2_000_000
    scripts = [code for kind, code in page.scripts if not kind]
    assert sum('["cards"] = {' in code for code in scripts) == 1


def test_it_is_written_whole_and_needs_a_run(tmp_path):
    run = recorded("prompt/never-fails")
    text = sv.report(run, out=tmp_path / "run.html")
    assert (tmp_path / "run.html").read_text(encoding="utf-8") == text
    with pytest.raises(ValueError, match="at least one run"):
        sv.report()
    with pytest.raises(OSError):
        sv.report(run, out=tmp_path / "none" / "run.html")


def test_both_themes_are_in_it_and_a_colour_of_each_stands_under_one_name():
    text = report(recorded("prompt/never-fails"))
    light, dark = (
        dict(re.findall(r"(--c\d+):([^;]+);", block)) for block in re.findall(r"\{(--c0:[^}]*)", text)
    )
    assert light.keys() == dark.keys() == set(re.findall(r"var\((--c\d+)\)", text))
    pairs = {(light[name], dark[name]) for name in light}
    assert {(theme.LIGHT.up, theme.DARK.up), (theme.LIGHT.ink, theme.DARK.ink)} <= pairs


@pytest.mark.parametrize("name", ["prompt/never-fails", "heads/copying"])
def test_a_light_figure_in_the_colours_of_the_dark_theme_is_the_dark_figure(name):
    run = recorded(name)
    for make in (path, fidelity_curve, residuals, energy):
        light, dark = drawn(make(run)), drawn(make(run, dark=True))
        assert sheet.COLOUR.sub(lambda found: theme.in_dark(found[0]), light) == dark


def test_a_notebook_has_the_script_of_each_view_with_it():
    for page in sv.views.show(recorded("training/elevator")).pages():
        if isinstance(page, str) and "window.spexvizViews[" in page:
            assert page.count("] = { css: ") == 1
