"""`make bench-app`: how long a user waits.

The home page and a recorded run from it, first paint of a form, the prompt on the page, first colours and
result, done, cancel, a what-if (`benchmarks/what_if.py`), the other lenses, and gestures
(`benchmarks/gestures.py`): medians.

The second run of a visit, of another prompt, finds the model loaded. Every repeat has a server and a
SPEXVIZ_HOME of its own, so nothing is in the ablation cache; only the model's folder is shared. The model is
not asked for in advance: it loads while the prompt is typed, as for any user.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import signal
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import gestures, what_if
from spexviz.models import bundled
from tests.browser import harness

PROMPT = (
    "I wanted to love this film, but the plot never quite holds together, the jokes fall flat, and not even "
    "a brave lead "
    "performance could save the long, tired and predictable ending."
)
BUDGET = 512
PATIENCE = 600_000  # ms
HOME, CARD = "home first paint", "home to its whole run"
PROMPT_ON_PAGE, WARM = "press to prompt on the page", "press to first colours, model loaded"
AIMS = {
    HOME: 2.0,
    CARD: 1.0,
    "first paint": 2.0,
    PROMPT_ON_PAGE: 2.0,
    WARM: 6.0,
    "press to first result": 10.0,
    "press to done": 60.0,
    "cancel latency": 2.0,
}
# The browser's own clock: Playwright looks every half second only, and a visitor does not.
PAINTED = """window.painted = new Promise(done => new MutationObserver((_, observer) => {
  const button = [...document.querySelectorAll("button")].find(one => one.innerText.includes("Explain"));
  if (!button || !button.offsetWidth) return;
  observer.disconnect();
  requestAnimationFrame(() => setTimeout(() => done(performance.now() / 1000)));
}).observe(document, {subtree: true, childList: true, attributes: true}))"""
SETS = "() => within('.spexviz-strip .comb').some((one) => one.offsetWidth)"
LENSES = ("heads", "training")  # pages, each with the run that its form offers
AIMS |= {f"{page} page, press to figures": 90.0 for page in LENSES}
AIMS |= gestures.AIMS | what_if.AIMS


def visit(browser: Any, url: str) -> Any:
    """A page that notes by its own clock when it is painted, and how long what is pressed takes."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(PATIENCE)
    page.add_init_script(PAINTED)
    page.add_init_script(gestures.CLOCK)
    page.goto(url)
    return page


def front(browser: Any, home: Path) -> dict[str, float]:
    """Seconds to the home page of a fresh server, and from its run's card to that run; without torch."""
    server = harness.Server(harness.new_home(home)).start()
    try:
        page = visit(browser, server.url)
        out = {HOME: page.evaluate("window.painted")}
        page.locator(".token").first.wait_for()
        harness.idle(page)
        page.evaluate(f"clock('click', {SETS})")
        page.locator(".st-key-home-open button").click()
        out[CARD] = page.evaluate("timed")
        page.close()
        maps = Path(f"/proc/{server.process.pid}/maps")
        if maps.exists() and "libtorch" in maps.read_text():
            raise SystemExit("The home page and a recorded run have loaded torch: they need no model.")
        return out
    finally:
        server.stop()


def measure(browser: Any, home: Path) -> dict[str, float]:
    """Seconds of one visit to a fresh server."""
    server = harness.Server(harness.new_home(home)).start()
    try:
        page = visit(browser, f"{server.url}/explore")
        out = {"first paint": page.evaluate("window.painted")}
        harness.idle(page)
        harness.type_prompt(page, PROMPT, budget=BUDGET)
        clock = time.perf_counter()
        page.get_by_role("button", name="Explain").click()
        page.locator(".spexviz-strip .token").first.wait_for()
        out[PROMPT_ON_PAGE] = time.perf_counter() - clock
        page.locator(".spexviz-strip:not(.preview) .token").first.wait_for()
        out["press to first result"] = time.perf_counter() - clock
        page.get_by_role("tab", name="Sets as a table").wait_for()
        page.locator(".js-plotly-plot:visible").first.wait_for()
        out["press to done"] = time.perf_counter() - clock
        asking = what_if.opened(browser, page.url)
        out |= again(server, page, asking)
        out[what_if.KNOWN] = what_if.from_cache(asking)
        asking.close()
        page.close()
        return out
    finally:
        server.stop()


def again(server: harness.Server, page: Any, asking: Any) -> dict[str, float]:
    """A second run, of another prompt: seconds to its first colours; beside it to an answer on the page that
    is `asking`; and from Cancel in the middle of it to a free worker (the worker itself notes the state).
    """
    page.get_by_role("button", name="New run").click()
    harness.type_prompt(page, f"{PROMPT} Still, some people clapped.", budget=BUDGET)
    clock = time.perf_counter()
    run_id = harness.explain(page)
    page.locator(".spexviz-strip .token[data-sign]").first.wait_for()
    colours = time.perf_counter() - clock
    harness.wait_until(
        lambda: server.run(run_id)["done"] >= 64, PATIENCE / 1000, "the second run to be under way"
    )
    answered = what_if.beside(asking)
    button = page.get_by_role("button", name="Cancel")
    clock = time.perf_counter()
    button.click()
    harness.wait_until(
        lambda: server.run(run_id)["state"] == "cancelled", PATIENCE / 1000, "the worker to be free"
    )
    return {WARM: colours, what_if.BESIDE: answered, "cancel latency": time.perf_counter() - clock}


def lenses(browser: Any, home: Path) -> dict[str, float]:
    """Seconds from the button to the figures of the other lenses' own runs, on a fresh server, the form
    complete.
    """
    server = harness.Server(harness.new_home(home)).start()
    try:
        out = {}
        for name in LENSES:
            page = visit(browser, f"{server.url}/{name}")
            page.get_by_text(re.compile("ablations for the fit")).wait_for()
            harness.idle(page)
            clock = time.perf_counter()
            page.get_by_role("button", name="Explain").click()
            page.get_by_role("tab", name="Sets as a table").wait_for()
            harness.idle(page, PATIENCE / 1000)
            out[f"{name} page, press to figures"] = time.perf_counter() - clock
            page.close()
        return out
    finally:
        server.stop()


def machine() -> str:
    """Processor, cores, threads of torch, load: what the figures depend on."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    name = next(
        (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")),
        platform.processor() or platform.machine(),
    )
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    threads = os.environ.get("SPEXVIZ_THREADS", "all")
    load = f"load {os.getloadavg()[0]:.1f} at the start"
    return f"{name}, {cores} cores (torch: {threads}), Python {platform.python_version()}, {load}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    repeats = max(1, parser.parse_args().repeats)
    # so that a stopped benchmark takes its server with it
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    bundled.fetch()
    head = machine()
    with tempfile.TemporaryDirectory(prefix="spexviz-bench-") as folder, harness.chromium() as browser:
        seen = []
        for i in range(repeats):
            homes = [Path(folder) / f"home-{i}-{kind}" for kind in ("front", "run", "lenses", "gestures")]
            times = front(browser, homes[0]) | measure(browser, homes[1]) | lenses(browser, homes[2])
            seen.append(times | gestures.gestures(browser, homes[3]))
    words = len(PROMPT.split())
    print(f"A review of {words} words, bundled model, budget {BUDGET}; medians of {repeats}. {head}.\n")
    print("| what | median, s | lowest–highest, s | aim, s | |\n|---|---:|---:|---:|---|")
    for what, aim in AIMS.items():
        times = [run[what] for run in seen]
        median = statistics.median(times)
        print(
            f"| {what} | {_short(median)} | {_short(min(times))}–{_short(max(times))} | {aim:g} | "
            f"{'met' if median <= aim else 'missed'} |"
        )


def _short(seconds: float) -> str:
    """Milliseconds matter below a second."""
    return f"{seconds:.3f}" if seconds < 1 else f"{seconds:.1f}"


if __name__ == "__main__":
    main()
