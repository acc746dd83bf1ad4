"""Sentences on a page: text that may hold a user's words, set as text, with a fold and a meter."""

from __future__ import annotations

from streamlit.components.v2 import component

from spexviz.views.story import Words

_CSS = """
.note {
  font-family: var(--st-font);
  color: var(--st-text-color);
  line-height: 1.45;
  overflow-wrap: anywhere;
}
.note p, .note h1, .note h2 { margin: 0; }
.note h2 { font-size: 1.3rem; font-weight: 600; line-height: 1.35; text-wrap: pretty; }
.note h3 { margin: 0; font-size: 1.15rem; font-weight: 600; line-height: 1.35; text-wrap: pretty; }
.note h4 { margin: 0; font-size: 1rem; font-weight: 600; line-height: 1.4; text-wrap: pretty; }
.headline p, .heading p { margin-top: 0.35rem; }
.heading p { font-size: 0.875rem; opacity: 0.85; }
.heading p + p { margin-top: 0.15rem; }
.note h1, .title p { font-size: 1rem; font-weight: 600; line-height: 1.45; }
.plain p, .quiet p, .strip p { font-size: 0.9rem; }
.plain p { opacity: 0.85; }
.quiet p { opacity: 0.72; font-size: 0.85rem; }
.strip {
  border-left: 4px solid var(--edge, var(--st-border-color));
  background: var(--st-secondary-background-color);
  border-radius: 6px;
  padding: 0.5rem 0.8rem;
}
.metered { display: grid; grid-template-columns: auto 1fr; gap: 0 0.8rem; align-items: center; }
.metered { grid-template-columns: auto 1fr; }
.metered details { grid-column: 1 / -1; margin-top: 0.15rem; }
.meter { display: inline-flex; gap: 3px; }
.meter i {
  width: 0.5rem;
  height: 1rem;
  border-radius: 2px;
  background: color-mix(in srgb, currentColor 18%, transparent);
}
.meter i.on { background: var(--st-primary-color); }
details { margin-top: 0.35rem; font-size: 0.9rem; }
details p + p { margin-top: 0.35rem; }
summary { cursor: pointer; width: fit-content; color: var(--st-primary-color); border-radius: 4px; }
summary:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
details[open] summary { margin-bottom: 0.3rem; }
"""
_JS = """
const STEPS = 5;
export default function ({ parentElement, data }) {
  let box = parentElement.querySelector(".note");
  if (!box) { box = document.createElement("div"); parentElement.append(box); }
  const version = JSON.stringify(data);
  if (box.dataset.version === version) return;
  box.dataset.version = version;
  const hasMeter = typeof data.level === "number";
  box.className = `note ${data.kind}${hasMeter ? " metered" : ""}`;
  if (data.kind === "strip") box.setAttribute("role", "note"); else box.removeAttribute("role");
  if (data.edge) box.style.setProperty("--edge", data.edge);
  const said = data.lines.map((line, i) => set(data.heading && i === 0 ? `h${data.heading}` : "p", line));
  if (hasMeter) said.unshift(meter(data.level));
  if (data.more.length) said.push(fold(data));
  box.replaceChildren(...said);
}
function set(tag, text) {
  const made = document.createElement(tag);
  made.textContent = text.replace(/(\\d) %/g, "$1\\u00a0%"); // a number and its sign stay on one line
  return made;
}
function meter(level) {
  const made = document.createElement("span");
  made.className = "meter";
  made.setAttribute("role", "img");
  const lit = Math.max(level > 0 ? 1 : 0, Math.round(STEPS * level));
  made.setAttribute("aria-label", `${lit} of ${STEPS}`);
  for (let i = 0; i < STEPS; i += 1) {
    const step = document.createElement("i");
    if (i < lit) step.className = "on";
    made.append(step);
  }
  return made;
}
function fold(data) {
  const made = document.createElement("details");
  made.open = data.open;
  made.append(set("summary", data.fold), ...data.more.map((line) => set("p", line)));
  return made;
}
"""
_sentences = component("spexviz_sentences", css=_CSS, js=_JS)
PROBLEM = "#c0562b"
_LEVELS = {"headline": 2, "heading": 3}  # of headings by their kind; others are none


def words(said: Words, key: str, edge: str = "", heading: int = 0) -> None:
    """Draw sentences; `edge`: the colour at the left of a strip.

    `heading`: the level of the first as a heading, 0 for that of its kind.
    """
    heading = heading or _LEVELS.get(said.kind, 0)
    _sentences(
        key=key,
        data={
            "lines": list(said.lines),
            "kind": said.kind,
            "fold": said.fold,
            "more": list(said.more),
            "open": said.is_open,
            "level": said.level,
            "edge": edge,
            "heading": heading,
        },
    )


def heading(title: str, *more: str, key: str) -> None:
    """The title of a panel, with what is to be known of it in small print, a paragraph each."""
    words(Words((title, *filter(None, more)), "heading"), key)


def note(*lines: str, kind: str = "plain", key: str, edge: str = "", level: int = 0) -> None:
    """Sentences of a kind: "headline", "title", "plain", "quiet" or "strip"; `level`: as a heading of it."""
    words(Words(lines, kind), key, edge, level)


def problem(error: Exception | str, key: str) -> None:
    """Why something cannot be done, and the remedy."""
    note(str(error), kind="strip", key=key, edge=PROBLEM)
