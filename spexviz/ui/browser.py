"""What the browser itself has to do: its history, its clipboard, where a page begins, what is read out.

Each is a component of ours that shows nothing, or a button. Streamlit makes a step of history of every change
of the address that the server asks for; here are those that must be none, or exactly one.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import streamlit
from streamlit.components.v2 import component

REST = 3000  # ms after which a visitor is taken to look around
UNSEEN = "unseen"  # how the keys of what shows nothing begin: the shell's style takes no room for it

# Where a screen reader listens: one for all pages, there before anything is said.
_STATUS = """
    function status() {
      const found = document.getElementById("spexviz-status");
      if (found) return found;
      const made = document.createElement("div");
      made.id = "spexviz-status";
      made.setAttribute("role", "status");
      made.style.cssText = "position:fixed;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)";
      document.body.append(made);
      return made;
    }
"""
_begin = component(
    "spexviz_begin",
    js=_STATUS
    + """
    const LINK = "[data-testid=stSidebarNavLink]";
    const FOLD = "[data-testid=stSidebarCollapseButton] button";
    const PHONE = 768; // pixels up to which the sidebar lies over the page

    export default function ({ data }) {
      status();
      if (!window.spexvizShown) {
        document.addEventListener("click", toForm, true);
        document.addEventListener("pointerdown", hold, true);
        dress();
      }
      ahead(data);
      if (window.spexvizShown === data.shown) return;
      window.spexvizShown = data.shown;
      document.querySelector("[data-testid=stMain]")?.scrollTo(0, 0);
    }

    // What opens over the page lies outside of what Streamlit tells its theme.
    function dress() {
      const app = document.querySelector("[data-testid=stApp]");
      const follow = () => (document.documentElement.style.colorScheme = getComputedStyle(app).colorScheme);
      new MutationObserver(follow).observe(app, { attributeFilter: ["class"] });
      follow();
    }

    // What draws figures is read and run while a visitor looks around: later the page would wait for it.
    function ahead({ figures, rest }) {
      if (!figures || window.spexvizAhead) return;
      window.spexvizAhead = true;
      const base = window.__streamlit?.BACKEND_BASE_URL ?? `${location.origin}/`;
      const calm = window.requestIdleCallback ?? ((then) => setTimeout(then));
      setTimeout(() => calm(() => import(new URL(figures, base)).catch(() => {})), rest);
    }

    // A press that began on a button counts wherever the button is when it ends: pressing it takes over what
    // was typed just before, and what the page then says above may move it from under the pointer.
    function hold(event) {
      const button = event.target.closest?.("[data-testid=stButton] button");
      if (!button || event.button) return;
      const ends = (up) => {
        const isStill = Math.hypot(up.clientX - event.clientX, up.clientY - event.clientY) < 8;
        const isMine = up.pointerId === event.pointerId && isStill && button.isConnected;
        if (isMine && !button.contains(up.target)) button.click();
      };
      addEventListener("pointerup", ends, { capture: true, once: true });
    }

    // The link of the page that is shown leads to its form; Streamlit would draw the run again.
    function toForm(event) {
      const link = event.target.closest?.(LINK);
      const isPlain = !event.button && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
      const hasRun = new URLSearchParams(location.search).has("run");
      if (!link || !isPlain || !hasRun || new URL(link.href).pathname !== location.pathname) return;
      event.preventDefault();
      event.stopPropagation();
      history.pushState(null, "", location.pathname);
      dispatchEvent(new PopStateEvent("popstate", { state: null }));
      if (innerWidth <= PHONE) document.querySelector(FOLD)?.click();
    }
    """,
)
_tell = component(
    "spexviz_tell",
    js=_STATUS
    + """
    export default function ({ data }) {
      const told = (window.spexvizTold ??= new Map());
      if (told.get(data.of) === data.text || (data.isEnd && !told.has(data.of))) return;
      told.set(data.of, data.text);
      status().textContent = data.text;
    }
    """,
)
_settle = component(
    "spexviz_settle",
    js="""
    export default function ({ data }) {
      const given = new URLSearchParams(location.search);
      const isThere = Object.entries(data.shown).every(([name, value]) => given.get(name) === value);
      if (!isThere) return; // the visitor has gone elsewhere
      const mine = [...Object.keys(data.shown), ...data.names];
      const others = [...given].filter(([name]) => !mine.includes(name));
      const said = [...Object.entries(data.shown), ...Object.entries(data.said)];
      const search = `?${new URLSearchParams([...said, ...others])}`;
      if (location.search !== search) history.replaceState(history.state, "", location.pathname + search);
    }
    """,
)
_visit = component(
    "spexviz_visit",
    js="""
    export default function ({ data }) {
      if (window.spexvizVisit === data.visit) return;
      window.spexvizVisit = data.visit;
      const base = window.__streamlit?.BACKEND_BASE_URL ?? location.origin;
      const there = new URL(data.to, base);
      // whoever came here by us goes back by the history (views/stepper.js)
      if (data.instead) history.replaceState(history.state, "", there);
      else history.pushState({ spexvizCame: true }, "", there);
      dispatchEvent(new PopStateEvent("popstate", { state: null }));
    }
    """,
)
_press = component(
    "spexviz_press",
    js="""
    const FIELDS = "input, textarea, select, [contenteditable], [role=textbox], [role=combobox]";
    export default function ({ parentElement, data }) {
      if (parentElement.spexvizPress) return parentElement.spexvizPress;
      const press = (event) => {
        const isHeld = event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.repeat;
        const isTyped = event.composedPath().some((one) => one.matches?.(FIELDS));
        const isIt = event.key.toLowerCase() === data.key;
        if (!isIt || isHeld || isTyped || event.defaultPrevented) return;
        document.querySelector(`.st-key-${data.button} button`)?.click();
      };
      addEventListener("keydown", press);
      return (parentElement.spexvizPress = () => {
        removeEventListener("keydown", press);
        parentElement.spexvizPress = null;
      });
    }
    """,
)
_copy = component(
    "spexviz_copy",
    css="""
    .link { display: grid; gap: 0.5rem; font-family: var(--st-font); font-size: 0.9rem; }
    .link input, .link button {
      font: inherit;
      color: var(--st-text-color);
      background: var(--st-background-color);
      border: 1px solid var(--st-border-color);
      border-radius: 6px;
      padding: 0.4rem 0.7rem;
      min-width: 0;
    }
    .link button { cursor: pointer; justify-self: start; }
    .link button:hover { border-color: var(--st-primary-color); color: var(--st-primary-color); }
    .link :focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
    .link output { min-height: 1.4em; }
    """,
    js="""
    const element = (tag, about) => Object.assign(document.createElement(tag), about);
    export default function ({ parentElement, data }) {
      const root = parentElement.querySelector(".link") ?? made(parentElement, data);
      const field = root.querySelector("input");
      const base = window.__streamlit?.BACKEND_BASE_URL ?? `${location.origin}/`;
      const shown = () => `${location.origin}${location.pathname}?${told(data.query)}`;
      const address = data.text?.replace("{base}", base) ?? shown();
      if (field.value === address) return;
      field.value = address;
      root.querySelector("output").textContent = "";
    }
    // What has been switched off since, the address of the page knows.
    function told(query) {
      const [said, now] = [new URLSearchParams(query), new URLSearchParams(location.search)];
      said.delete("off");
      if (now.has("off")) said.set("off", now.get("off"));
      return said;
    }
    function made(parent, { label, what }) {
      const root = element("div", { className: "link" });
      const button = element("button", { type: "button", textContent: label });
      const field = element("input", { type: "text", readOnly: true, ariaLabel: what });
      const said = element("output", {});
      field.addEventListener("focus", () => field.select());
      button.addEventListener("click", async () => {
        const isDone = await copied(field);
        said.textContent = isDone ? "Copied." : "This browser lets no page copy: copy what stands above.";
      });
      root.append(button, field, said);
      parent.append(root);
      return root;
    }
    async function copied(field) {
      try {
        await navigator.clipboard.writeText(field.value);
        return true;
      } catch {
        field.focus(); // selects it, for the older way, and for whoever copies by hand
        return document.execCommand("copy");
      }
    }
    """,
)


@cache
def figures_script() -> str:
    """Where this server has what draws Plotly's figures, as Streamlit names it; "" where it is not found."""
    scripts = Path(streamlit.__file__).parent / "static" / "static" / "js"
    found = sorted(scripts.glob("PlotlyChart.*.js"))
    return f"static/js/{found[0].name}" if found else ""


def begin(shown: str) -> None:
    """A page begins: at its top, unless it shows the same as before; what is read out has its place."""
    _begin(key=f"{UNSEEN}-begin", data={"shown": shown, "figures": figures_script(), "rest": REST})


def tell(of: str, text: str, *, is_end: bool = False) -> None:
    """Have a screen reader say something of a run, once.

    `is_end`: only to those who have heard of the run before.
    """
    _tell(key=f"{UNSEEN}-tell-{of}", data={"of": of, "text": text, "isEnd": is_end})


def settle(shown: Mapping[str, str], said: Mapping[str, str], names: Sequence[str]) -> None:
    """What the address says of what is shown, without a step of history.

    `shown`: {name: value} by which the address names that; `said`: what it shall say beside them. `names`: of
    all that it might; others, such as Streamlit's `embed`, stay.
    """
    data = {"shown": dict(shown), "said": dict(said), "names": list(names)}
    _settle(key=f"{UNSEEN}-settle-{'-'.join(shown.values())}", data=data)


def visit(to: str, *, instead: bool = False) -> None:
    """Go to an address of this server, as one step of history; `instead`: of the one that is shown.

    `to`: its path and query, as `routes.address` makes them.
    """
    visit_id = secrets.token_hex(4)
    data = {"to": to.lstrip("/"), "visit": visit_id, "instead": instead}
    _visit(key=f"{UNSEEN}-visit", data=data)


def press(key: str, button: str) -> None:
    """A key that presses the button with this key of ours, unless something is being typed."""
    _press(key=f"{UNSEEN}-press-{key}", data={"key": key, "button": button})


def copy_link(query: str, key: str) -> None:
    """A button that copies the whole address, as this browser names the server; it is shown as well."""
    _copy(key=key, data={"query": query, "label": "Copy link", "what": "Address of this view"})


def copy_text(text: str, label: str, what: str, key: str) -> None:
    """The same for any text, in which {base} is where this browser finds the server; `what`: it is."""
    _copy(key=key, data={"text": text, "label": label, "what": what})
