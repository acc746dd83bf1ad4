// Marker: pieces of a text, marked by hand. Data comes from spexviz/views/marker.py; user text enters through textContent only.
export default component({ update, draw });

// The text is editable for the sake of its caret and its selection only: nothing that would change it happens.
// Positions in data and reports are code points; `units[k]` is where the k-th begins in the script's own text.
function update(state, data) {
  if (state.of === data.of && data.serial < state.serial) return; // older than what is shown
  state.serial = Math.max(state.serial ?? 0, data.serial);
  const isNew = state.of !== data.of || !sameMarks(state.marks, data.marks);
  Object.assign(state, { of: data.of, marks: data.marks });
  if (isNew && state.data?.version === data.version && state.root?.isConnected) show(state);
}

const sameMarks = (a, b) => JSON.stringify(a) === JSON.stringify(b);

// ---- drawing -------------------------------------------------------------------------------------------------------

function draw(parentElement, state, data) {
  state.root?.remove();
  const root = element("div", "spexviz-marker");
  for (const [name, value] of Object.entries(data.colours)) root.style.setProperty(`--sx-${name}`, value);
  Object.assign(state, { root, data, of: data.of, points: Array.from(data.text), pending: null, caret: null });
  state.units = [0];
  for (const point of state.points) state.units.push(state.units[state.units.length - 1] + point.length);
  const hint = element("div", "hint", HINT);
  hint.id = "hint";
  const box = (state.box = element("div", "text"));
  for (const [name, value] of Object.entries(BOX)) box.setAttribute(name, value);
  box.setAttribute("aria-label", data.label);
  state.bar = element("div", "bar");
  state.mark = tool(state, "Mark the selection", () => mark(state, state.pending));
  for (const [what, label] of Object.entries(data.every)) tool(state, label, () => every(state, what));
  state.clear = tool(state, "Unmark all", () => change(state, []));
  state.chips = element("ol", "chips");
  state.said = element("div", "said");
  state.said.setAttribute("aria-live", "polite");
  root.append(hint, box, state.bar, state.chips, state.said);
  parentElement.append(root);
  show(state);
  listen(state);
}

const HINT = "Select a piece and let go: it is marked. Over marked pieces, they are joined. A tap marks a word. "
  + "By keyboard: arrow keys with Shift, then Enter; Delete unmarks.";
const BOX = {
  contenteditable: "true", role: "textbox", "aria-multiline": "true", "aria-describedby": "hint", spellcheck: "false",
  autocapitalize: "off", autocorrect: "off", inputmode: "none", tabindex: "0",
};

function tool(state, label, act) {
  const made = element("button", "", label);
  made.type = "button";
  made.addEventListener("pointerdown", (event) => event.preventDefault()); // the selection stays
  made.addEventListener("click", act);
  state.bar.append(made);
  return made;
}

// The text with its marks, and the list of these; the caret stays where it was.
function show(state) {
  const { box, data } = state;
  const had = selection(state);
  box.replaceChildren();
  let at = 0;
  state.marks.forEach(([start, stop], k) => {
    box.append(textOf(state, at, start));
    const piece = element("mark", "piece", textOf(state, start, stop));
    piece.dataset.number = k + 1;
    piece.style.setProperty("--tint", data.tints[k % data.tints.length]);
    box.append(piece);
    at = stop;
  });
  box.append(textOf(state, at, state.points.length));
  if (had) select(state, had);
  showChips(state);
  state.clear.disabled = !state.marks.length;
  state.mark.disabled = !state.pending;
}

function showChips(state) {
  const had = [...state.chips.children].findIndex((chip) => chip.contains(state.root.getRootNode().activeElement));
  state.chips.replaceChildren(...state.marks.map(([start, stop], k) => {
    const chip = element("li", "chip");
    chip.style.setProperty("--tint", state.data.tints[k % state.data.tints.length]);
    const named = short(textOf(state, start, stop));
    const gone = element("button", "gone", "×");
    gone.type = "button";
    gone.setAttribute("aria-label", `Unmark ${k + 1}: ${named}`);
    gone.addEventListener("click", () => change(state, state.marks.filter((_, j) => j !== k)));
    chip.append(element("span", "number", k + 1), element("span", "named", named), gone);
    return chip;
  }));
  if (had >= 0) state.chips.children[Math.min(had, state.marks.length - 1)]?.lastChild.focus();
}

const textOf = (state, start, stop) => state.points.slice(start, stop).join("");
const short = (text) => (text.length > 40 ? `${text.slice(0, 39).trimEnd()}…` : text).replace(/\s+/g, " ");

// ---- where the selection is ----------------------------------------------------------------------------------------

// The selected range as two ends, also within a shadow root, in each browser's way; null where it is elsewhere.
function selection(state) {
  const root = state.box.getRootNode();
  let range = null;
  if (root.getSelection) {
    const chosen = root.getSelection();
    range = chosen?.rangeCount ? chosen.getRangeAt(0) : null;
  } else {
    const chosen = document.getSelection();
    if (chosen?.getComposedRanges && root !== document) [range] = chosen.getComposedRanges({ shadowRoots: [root] });
    else range = chosen?.rangeCount ? chosen.getRangeAt(0) : null;
  }
  if (!range || !state.box.contains(range.startContainer) || !state.box.contains(range.endContainer)) return null;
  const start = pointAt(state, range.startContainer, range.startOffset, false);
  return [start, Math.max(start, pointAt(state, range.endContainer, range.endOffset, true))];
}

// The code point at a place in the box; inside of one, `up` takes its end.
function pointAt(state, node, offset, up) {
  const before = document.createRange();
  before.setStart(state.box, 0);
  before.setEnd(node, offset);
  const unit = before.toString().length;
  let low = 0;
  let high = state.points.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (state.units[middle] < unit) low = middle + 1;
    else high = middle;
  }
  return state.units[low] === unit || up ? low : Math.max(0, low - 1);
}

function select(state, [start, stop]) {
  const chosen = state.box.getRootNode().getSelection?.() ?? document.getSelection();
  const [from, to] = [placeOf(state, start), placeOf(state, stop)];
  if (chosen && from && to) chosen.setBaseAndExtent(...from, ...to);
}

function placeOf(state, point) {
  let left = state.units[point];
  const walker = document.createTreeWalker(state.box, NodeFilter.SHOW_TEXT);
  let node = null;
  while (walker.nextNode()) {
    node = walker.currentNode;
    if (left <= node.length) return [node, left];
    left -= node.length;
  }
  return node && [node, node.length];
}

// ---- marking -------------------------------------------------------------------------------------------------------

// What is selected becomes one piece, without the white space at its ends and in whole characters; those that it
// touches are joined into it.
function mark(state, chosen) {
  let [start, stop] = chosen ?? [0, 0];
  for (const [a, b] of state.marks) {
    if (a < stop && start < b) [start, stop] = [Math.min(a, start), Math.max(b, stop)];
  }
  const wide = wholeCharacters(state, start, stop);
  [start, stop] = trimmed(state, ...wide);
  if (start >= stop) return;
  state.pending = null;
  const others = state.marks.filter(([a, b]) => b <= start || a >= stop);
  const marks = [...others, [start, stop]].sort((one, other) => one[0] - other[0]);
  select(state, [stop, stop]);
  change(state, marks, `Marked: ${short(textOf(state, start, stop))}`);
}

function wholeCharacters(state, start, stop) {
  if (typeof Intl === "undefined" || !Intl.Segmenter) return [start, stop]; // the server does so too
  const cut = new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(state.points.join(""));
  const pointOf = (unit) => state.units.indexOf(unit);
  const first = cut.containing(state.units[start]);
  const last = cut.containing(Math.max(0, state.units[stop] - 1));
  return [first ? pointOf(first.index) : start, last ? pointOf(last.index + last.segment.length) : stop];
}

function trimmed({ points }, start, stop) {
  while (start < stop && !points[start].trim()) start += 1;
  while (stop > start && !points[stop - 1].trim()) stop -= 1;
  return [start, stop];
}

function wordAt({ points }, at) {
  let [start, stop] = [at, at];
  while (start > 0 && points[start - 1].trim()) start -= 1;
  while (stop < points.length && points[stop].trim()) stop += 1;
  return [start, stop];
}

// Seen at once, then told to the server.
function change(state, marks, said = "") {
  Object.assign(state, { marks, serial: state.serial + 1 });
  show(state);
  state.said.textContent = said;
  state.send("mark", { of: state.of, serial: state.serial, ranges: marks });
}

function every(state, what) {
  state.serial += 1;
  state.send("every", { of: state.of, serial: state.serial, what });
}

function unmark(state) {
  const [start, stop] = selection(state) ?? [0, 0];
  const touched = ([a, b]) => (start === stop ? a <= start && start <= b : a < stop && start < b);
  const left = state.marks.filter((one) => !touched(one));
  if (left.length < state.marks.length) change(state, left, "Unmarked.");
}

// ---- gestures ------------------------------------------------------------------------------------------------------

function listen(state) {
  const { box, root } = state;
  const stop = (event) => event.preventDefault();
  for (const name of ["beforeinput", "paste", "drop", "dragstart"]) box.addEventListener(name, stop);
  box.addEventListener("input", () => show(state)); // what an input method has written all the same
  box.addEventListener("keydown", (event) => onKey(state, event));
  box.addEventListener("keyup", () => look(state));
  // a finger may scroll, or hold for a menu of its own: only what became a click was a tap
  box.addEventListener("click", (event) => {
    if (event.pointerType === "touch") tapped(state, event.target.closest(".piece"));
  });
  box.addEventListener("pointerdown", ({ pointerType }) => {
    if (pointerType === "touch") return;
    const over = new AbortController(); // let go of, here or elsewhere, or scrolled away
    const up = (event) => {
      over.abort();
      if (event.type !== "pointerup") return;
      setTimeout(() => released(state)); // the selection is settled then
    };
    for (const name of ["pointerup", "pointercancel"]) document.addEventListener(name, up, { signal: over.signal });
  });
  const changed = () => {
    if (root.isConnected) look(state);
    else document.removeEventListener("selectionchange", changed);
  };
  document.addEventListener("selectionchange", changed);
}

// What could be marked now.
function look(state) {
  const chosen = selection(state);
  const isPiece = chosen && trimmed(state, ...chosen)[0] < trimmed(state, ...chosen)[1];
  if (chosen) state.pending = isPiece ? chosen : null;
  state.mark.disabled = !state.pending;
}

function released(state) {
  look(state);
  if (state.pending) mark(state, state.pending);
}

function tapped(state, piece) {
  const chosen = selection(state);
  look(state);
  if (piece) change(state, state.marks.filter((_, k) => k !== piece.dataset.number - 1), "Unmarked.");
  else if (chosen && chosen[0] === chosen[1]) mark(state, wordAt(state, chosen[0]));
}

function onKey(state, event) {
  event.stopPropagation(); // letters are no shortcuts of the page here
  if (event.ctrlKey || event.metaKey || event.altKey || event.key === "Tab") return;
  if (event.key === "Enter") {
    const chosen = selection(state);
    look(state);
    if (state.pending) mark(state, state.pending);
    else if (chosen) mark(state, wordAt(state, chosen[0]));
  } else if (event.key === "Delete" || event.key === "Backspace") unmark(state);
  else return;
  event.preventDefault();
}
