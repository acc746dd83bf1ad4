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
  made.named = label;
  made.tabIndex = first ? 0 : -1;
}

function pressable(text, act) {
  const made = element("button", "", text);
  made.type = "button";
  made.addEventListener("click", act);
  return made;
}

function pressed(made, on) {
  if (made.isPressed === on) return; // of many only what changes is touched
  made.isPressed = on;
  made.classList.toggle("selected", on);
  made.setAttribute("aria-pressed", on ? "true" : "false");
}

// Whether the interval of a set leaves its sign open.
const isUnsure = ({ i }) => Boolean(i) && i[0] <= 0 && i[1] >= 0;

// Switched off, which its name says too.
function struck(made, on) {
  if (Boolean(made.isStruck) === on) return;
  made.isStruck = on;
  made.classList.toggle("off", on);
  if (made.named) made.setAttribute("aria-label", on ? `${made.named}, switched off` : made.named);
}

const same = (a, b) => a.length === b.length && a.every((x, i) => x === b[i]);

// ---- what every component does ------------------------------------------------------------------------------------
//
//   component({ draw, select, off, light, place })     what a script exports
//
// Its state is kept by the place where it stands, and it is drawn anew for a new version of its data only.
// `draw(parentElement, state, data)` makes `state.root`; `select(state, members)`, `off(state, members)` and
// `light(state, lit)` follow the run's other views; `place(state)` follows its own width. `first(data)` is what a state
// begins with, `update(state, data)` takes what is new without a new version. `data.still`: nothing can be pressed;
// `data.switches`: players can be switched off; `data.press`: what a press does until that is changed. `picture`: what it
// shows, where it can be saved as a picture.
function component({ first, update, draw, select, off, light, place, picture }) {
  const states = new WeakMap();
  return ({ parentElement, data, setTriggerValue }) => {
    if (!data) return undefined;
    let state = states.get(parentElement);
    if (!state) states.set(parentElement, (state = { version: null, ...first?.(data) }));
    state.send = setTriggerValue;
    Object.assign(state, { still: Boolean(data.still), switches: Boolean(data.switches && !data.still) });
    update?.(state, data);
    const version = [data.version, state.still, state.switches].join();
    if (state.version !== version || !state.root?.isConnected) {
      state.observer?.disconnect();
      state.observer = null;
      draw(parentElement, state, data);
      if (picture && data.run && !state.still) state.root.append(pictureSaver(() => state.root, picture)); // see saver.js
      state.version = version;
    }
    if (select) {
      state.link ??= linked(parentElement, data.run, {
        select: (members) => select(state, members),
        off: (members) => (off?.(state, members), state.tools?.off(members)),
        light: light && ((lit) => light(state, lit)),
        mode: (mode) => state.tools?.mode(mode),
        answer: (text) => state.tools?.answer(text),
      }, data.press);
      state.link.given("select", data.selection || []);
      state.link.given("off", data.off ?? state.link.off);
      state.tools?.mode(state.link.mode);
      state.tools?.answer(state.link.said);
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
  if (state.still) return;
  state.link.select(members);
  state.send("select", { members });
}

// What a press on these players does, by the key that was held (`how`) or else by the mode of the run's views: "look"
// selects them alone or takes that back, "mark" adds them to those selected or takes them out, "off" switches them off
// or on again.
function act(state, members, how) {
  const { link } = state;
  const way = how ?? link.mode;
  if (state.still) return;
  if (way === "off" && state.switches) link.switch(turned(link.off, members));
  else if (way === "mark") report(state, turned(link.selected, members));
  else report(state, same(members, link.selected) ? [] : members);
}

// These added, or taken out where all of them are in.
function turned(before, members) {
  const after = new Set(before);
  const areIn = members.every((i) => after.has(i));
  for (const i of members) areIn ? after.delete(i) : after.add(i);
  return [...after].sort((a, b) => a - b);
}

// What the keys that are held with a press say of it.
const heldIn = (event) => (event.shiftKey ? "off" : event.ctrlKey || event.metaKey ? "mark" : undefined);
const KEYS = { m: "mark", o: "off", delete: "off" }; // on whatever has the focus
const keysOf = (state) => ` Arrow keys move${state.still ? "" : `, Enter selects, M marks${state.switches ? ", O switches off" : ""}, Escape clears`}.`;

// What is pointed at, pressed and walked through under a root; `hit(event)` is what lies there, or null. What comes to
// lie under a pointer that rests is not pointed at. `choose(at, how)`: see `act`.
function gestures(root, hit, { point, choose, clear, move }) {
  root.addEventListener("pointermove", (event) => point(hit(event)));
  root.addEventListener("pointerleave", () => point(null));
  root.addEventListener("focusin", (event) => point(hit(event)));
  root.addEventListener("focusout", () => point(null));
  root.addEventListener("mousedown", (event) => marksNoText(event, hit(event)));
  root.addEventListener("click", (event) => choose(hit(event), heldIn(event)));
  root.addEventListener("keydown", (event) => {
    const at = hit(event);
    if (!at || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter" || event.key === " ") choose(at, heldIn(event));
    else if (event.key.toLowerCase() in KEYS) choose(at, KEYS[event.key.toLowerCase()]);
    else if (event.key === "Escape") clear();
    else if (!move(at, event.key)) return;
    event.preventDefault();
  });
}

// A press with a key held, and one after another, mark no text.
function marksNoText(event, at) {
  if (!at || !(heldIn(event) || event.detail > 1)) return;
  event.preventDefault();
  at.focus({ preventScroll: true });
}

// ---- one selection, one set switched off, one mode and one highlight for all views of a run, at once -----------------
//
//   state.link = linked(root, data.run, { select: (members) => …, off: (members) => …, mode: …, light: (lit) => … });
//   state.link.select(members)       a click: every view of the run shows it; then tell the server
//   state.link.switch(members)       all that are switched off now; the view that asks the model tells the server
//   state.link.turn(mode)            what a press does: "look", "mark" or "off"
//   state.link.answer(text)          what the model says of what is switched off, in short; "" for nothing
//   state.link.light(lit)            a hover or a focus: { players: Set, sets: [members, …] }, or null
//   state.link.given(name, members)  what the server says is selected ("select") or switched off ("off"): shown, unless
//                                    a click has just said otherwise
//   state.link.end()                 when the view goes
//
// `selected`, `off`, `mode` and `said` say what is. `run` names the run; without one a view is linked to nothing but itself.
// The first view of a run says what a press does at first.
const HOLDS = 2000; // ms in which a click here outlives what an older answer of the server says

function linked(root, run, shows, mode = "look") {
  const links = (window.spexvizLinks ??= new Map());
  const key = run ?? root;
  const none = () => ({ members: [], at: -Infinity });
  if (!links.has(key)) links.set(key, { views: new Set(), select: none(), off: none(), mode, said: "" });
  const one = links.get(key);
  one.views.add(shows);
  const show = (name, what) => one.views.forEach((view) => view[name]?.(what));
  const take = (name, members) => {
    Object.assign(one[name], { members, at: performance.now() });
    show(name, members);
  };
  return {
    get selected() { return one.select.members; },
    get off() { return one.off.members; },
    get mode() { return one.mode; },
    get said() { return one.said; },
    select: (members) => take("select", members),
    switch: (members) => take("off", members),
    turn: (mode) => show("mode", (one.mode = mode)),
    answer: (text) => show("answer", (one.said = text)),
    light: (lit) => show("light", lit),
    given(name, members) {
      const held = one[name];
      const isNew = !same(members, held.members);
      const isOlder = isNew && performance.now() - held.at < HOLDS;
      if (!isOlder) Object.assign(held, { members, at: -Infinity });
      if (isNew && !isOlder) show(name, members);
      else shows[name](held.members);
    },
    end: () => one.views.delete(shows),
  };
}
