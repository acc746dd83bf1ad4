// What a presenter steps with: a heading, a bar of buttons, and keys; what is stepped through is drawn by the page. Where one
// is stands in the address: a step writes it there, and has the page drawn anew by the trigger `step`.
export default ({ parentElement, data, setTriggerValue }) => {
  const state = (parentElement.stepper ??= made(parentElement));
  state.send = setTriggerValue;
  const shown = JSON.stringify([data.words, data.titles]);
  if (isThere(data) && state.shown !== shown) { // else one has stepped on meanwhile
    Object.assign(state, { data, shown });
    settle(data.words);
    show(state, data.at);
    arrive(state);
    measure(state);
  }
  if (!state.listen) addEventListener("keydown", (state.listen = (event) => press(state, event)));
  return () => {
    removeEventListener("keydown", state.listen);
    state.listen = null;
  };
};

const FIELDS = "input, textarea, select, [contenteditable], [role=textbox], [role=combobox], [role=listbox], [role=slider]";
const OWN_SPACE = "button, a[href], summary, [role=button], [role=tab], [role=checkbox], [role=radio]";
const OWN_ARROWS = "[role=tab], [role=radio], [role=menu], [role=grid]";
const OPEN = "[data-testid=stPopoverBody], [data-baseweb=popover] [role=listbox], [role=dialog]";
const STEPS = { ArrowRight: 1, ArrowDown: 1, PageDown: 1, " ": 1, ArrowLeft: -1, ArrowUp: -1, PageUp: -1 };
const said = () => new URLSearchParams(location.search);

// Whether the address is what the page was drawn by, or what it has become of that.
function isThere({ given, words, names, last, titles }) {
  const now = said();
  const isNow = (all) => Object.entries(all).every(([name, value]) => now.get(name) === value);
  if (Object.keys(given).length > 0 && isNow(given)) return true;
  if (now.get(names.at) === last) now.set(names.at, titles.length);
  return isNow(words);
}

function settle(words) {
  const query = said();
  for (const [name, value] of Object.entries(words)) query.set(name, value);
  write(query);
}

function made(parent) {
  const root = element("div", "stepper");
  const state = { root, heading: element("h1"), of: element("span", "of"), position: element("div", "position") };
  state.heading.tabIndex = -1;
  state.leave = pressing("", "Leave", "Esc", () => leave(state));
  state.back = pressing("back", "‹ Back", "", () => step(state, -1));
  state.next = pressing("next", "Next ›", "", () => step(state, 1));
  const [head, bar] = [element("header"), element("nav")];
  bar.setAttribute("aria-label", "Steps");
  head.append(state.heading, state.of, state.leave);
  bar.append(state.back, state.position, state.next);
  root.append(head, bar);
  parent.append(root);
  return state;
}

function pressing(name, text, key, act) {
  const made = element("button", name, text);
  made.type = "button";
  if (key) made.append(element("kbd", "", key));
  made.addEventListener("click", act);
  return made;
}

function show(state, at) {
  const { data, heading, of, position } = state;
  const last = data.titles.length;
  state.at = at;
  heading.textContent = data.titles[at - 1];
  of.textContent = data.title;
  const run = data.runs > 1 ? `run ${data.show} of ${data.runs}` : "";
  position.replaceChildren(`${at} of ${last}`, element("span", "", run));
  state.back.disabled = at === 1 && data.show === 1;
  state.next.disabled = at === last && data.show === data.runs;
  state.next.firstChild.data = at === last && !state.next.disabled ? "Next run ›" : "Next ›";
}

// The heading has the focus, so that it is read out and Tab leads on into what is shown; who presses the buttons stays on them.
function arrive(state) {
  const { root, heading, position, next, back } = state;
  document.querySelector("[data-testid=stMain]")?.scrollTo(0, 0);
  const active = root.getRootNode().activeElement;
  const isOnBar = (active === next || active === back) && !active.disabled;
  if (!isOnBar) heading.focus({ preventScroll: true });
  const listener = document.getElementById("spexviz-status");
  if (listener) listener.textContent = `${position.innerText.replace("\n", ", ")}${isOnBar ? `: ${heading.textContent}` : ""}`;
}

// How much larger figures are drawn than on a page: their letters know nothing of the window.
function measure({ data, send }) {
  const fits = Math.min(innerWidth / 960, innerHeight / 600);
  const scale = Math.min(2, Math.max(1, Math.round(4 * fits) / 4));
  if (scale !== data.scale) send("size", { scale });
}

function step(state, by) {
  const { data } = state;
  const at = state.at + by;
  const isInside = at >= 1 && at <= data.titles.length;
  const show_ = data.show + (isInside ? 0 : by);
  if (show_ < 1 || show_ > data.runs) return;
  const query = said();
  if (!isInside) for (const name of data.of_a_run) query.delete(name);
  query.set(data.names.show, show_);
  query.set(data.names.at, isInside ? at : by > 0 ? 1 : data.last);
  write(query);
  if (isInside) {
    state.shown = null;
    show(state, at); // what belongs to it follows
  }
  state.send("step", { show: show_, at: query.get(data.names.at) });
}

function write(query) {
  history.replaceState(history.state, "", `${location.pathname}?${query.toString().replaceAll("%2C", ",")}`);
}

function leave({ data }) {
  if (history.state?.spexvizCame) return history.back();
  const base = window.__streamlit?.BACKEND_BASE_URL ?? location.origin;
  const there = new URL(data.leave.replace(/^\/+/, ""), base);
  const now = said();
  for (const name of data.kept) if (now.has(name)) there.searchParams.set(name, now.get(name));
  history.pushState(null, "", there);
  dispatchEvent(new PopStateEvent("popstate", { state: null }));
}

// ---- keys ----------------------------------------------------------------------------------------------------------

function press(state, event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  const path = event.composedPath().filter((one) => one.matches);
  const isOn = (what) => path.some((one) => one.matches(what));
  if (event.key === "Escape") return escape(state, event, isOn(FIELDS));
  const by = STEPS[event.key];
  if (!by || event.defaultPrevented || isOn(FIELDS)) return;
  if (event.key === " " && isOn(OWN_SPACE)) return;
  if (event.key.startsWith("Arrow") && isOn(OWN_ARROWS)) return;
  if (["ArrowUp", "ArrowDown"].includes(event.key) && scrolls(by)) return;
  event.preventDefault();
  step(state, by);
}

// What is open, or has the focus, is left first.
function escape(state, event, isTyping) {
  if (document.querySelector(OPEN)) return;
  if (event.defaultPrevented || isTyping) state.heading.focus({ preventScroll: true });
  else leave(state);
}

// Whether the page can still be scrolled that way.
function scrolls(by) {
  const main = document.querySelector("[data-testid=stMain]");
  if (!main) return false;
  const left = by > 0 ? main.scrollHeight - main.clientHeight - main.scrollTop : main.scrollTop;
  return left > 2;
}
