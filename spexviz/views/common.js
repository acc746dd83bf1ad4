// What all components share; it stands before each of their scripts. User text enters the page through textContent only.
const SVG = "http://www.w3.org/2000/svg";

function element(tag, name, text) {
  const made = document.createElement(tag);
  if (name) made.className = name;
  if (text !== undefined) made.textContent = text;
  return made;
}

function svg(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

// Something to press: one Tab stop for a row of them (`first`), arrow keys between.
function button(made, first, label) {
  made.setAttribute("role", "button");
  made.setAttribute("aria-label", label);
  made.tabIndex = first ? 0 : -1;
}

function pressed(made, on) {
  made.classList.toggle("selected", on);
  made.setAttribute("aria-pressed", on ? "true" : "false");
}

// Whether the interval of a set leaves its sign open.
const isUnsure = ({ i }) => Boolean(i) && i[0] <= 0 && i[1] >= 0;

const same = (a, b) => a.length === b.length && a.every((x, i) => x === b[i]);

// ---- what every component does ------------------------------------------------------------------------------------
//
//   component({ draw, select, light, place })     what a script exports
//
// Its state is kept by the place where it stands, and it is drawn anew for a new version of its data only.
// `draw(parentElement, state, data)` makes `state.root`; `select(state, members)` and `light(state, lit)` follow the
// run's other views; `place(state)` follows its own width. `first(data)` is what a state begins with, `update(state,
// data)` takes what is new without a new version.
function component({ first, update, draw, select, light, place }) {
  const states = new WeakMap();
  return ({ parentElement, data, setTriggerValue }) => {
    if (!data) return undefined;
    let state = states.get(parentElement);
    if (!state) states.set(parentElement, (state = { version: null, ...first?.(data) }));
    state.send = setTriggerValue;
    update?.(state, data);
    if (state.version !== data.version || !state.root?.isConnected) {
      state.observer?.disconnect();
      state.observer = null;
      draw(parentElement, state, data);
      state.version = data.version;
    }
    if (select) {
      const shows = { select: (members) => select(state, members), light: light && ((lit) => light(state, lit)) };
      state.link ??= linked(parentElement, data.run, shows);
      state.link.given(data.selection || []);
    }
    if (place && !state.observer && typeof ResizeObserver !== "undefined") {
      state.observer = new ResizeObserver(() => place(state));
      state.observer.observe(state.root);
    }
    return () => {
      state.observer?.disconnect();
      state.link?.end();
      Object.assign(state, { observer: null, link: null });
    };
  };
}

// A click that selects, or takes the selection back: seen at once, then told to the server.
function report(state, members) {
  state.link.select(members);
  state.send("select", { members });
}

// What is pointed at, pressed and walked through under a root; `hit(event)` is what lies there, or null. What comes to
// lie under a pointer that rests is not pointed at.
function gestures(root, hit, { point, choose, clear, move }) {
  root.addEventListener("pointermove", (event) => point(hit(event)));
  root.addEventListener("pointerleave", () => point(null));
  root.addEventListener("focusin", (event) => point(hit(event)));
  root.addEventListener("focusout", () => point(null));
  root.addEventListener("click", (event) => choose(hit(event), event.shiftKey));
  root.addEventListener("keydown", (event) => {
    const at = hit(event);
    if (!at || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter" || event.key === " ") choose(at, event.shiftKey);
    else if (event.key === "Escape") clear();
    else if (!move(at, event.key)) return;
    event.preventDefault();
  });
}

// ---- one selection and one highlight for all views of a run, at once: the server hears of it after them -----------
//
//   state.link = linked(root, data.run, { select: (members) => …, light: (lit) => … });
//   state.link.select(members)     a click: every view of the run shows it; then tell the server
//   state.link.light(lit)          a hover or a focus: { players: Set, sets: [members, …] }, or null
//   state.link.given(members)      what the server says is selected: shown, unless a click has just said otherwise
//   state.link.end()               when the view goes
//
// `run` names the run; without one a view is linked to nothing but itself.
const HOLDS = 2000; // ms in which a click here outlives what an older answer of the server says

function linked(root, run, shows) {
  const links = (window.spexvizLinks ??= new Map());
  const key = run ?? root;
  if (!links.has(key)) links.set(key, { views: new Set(), selected: [], at: -Infinity });
  const one = links.get(key);
  one.views.add(shows);
  const show = (name, what) => one.views.forEach((view) => view[name]?.(what));
  return {
    select(members) {
      Object.assign(one, { selected: members, at: performance.now() });
      show("select", members);
    },
    light: (lit) => show("light", lit),
    given(members) {
      const isOlder = !same(members, one.selected) && performance.now() - one.at < HOLDS;
      if (!isOlder) Object.assign(one, { selected: members, at: -Infinity });
      shows.select(one.selected);
    },
    end: () => one.views.delete(shows),
  };
}
