// Arcs between players. Data comes from spexviz/views/arcs.py; user text enters the page through textContent only.
const states = new WeakMap();

export default function ({ parentElement, data, setTriggerValue }) {
  if (!data) return undefined;
  let state = states.get(parentElement);
  if (!state) states.set(parentElement, (state = { version: null }));
  state.send = setTriggerValue;
  if (state.version !== data.version || !state.root || !state.root.isConnected) draw(parentElement, state, data);
  state.link ??= linked(parentElement, data.run, { select: (members) => select(state, members), light: (lit) => light(state, lit) });
  state.link.given(data.selection || []);
  if (!state.observer && typeof ResizeObserver !== "undefined") {
    state.observer = new ResizeObserver(() => place(state));
    state.observer.observe(state.root);
  }
  return () => {
    if (state.observer) state.observer.disconnect();
    state.observer = null;
    state.link.end();
    state.link = null;
  };
}

// ---- drawing: once a version; where all of it stands is the matter of `place` ----------------------------------------

function draw(parentElement, state, data) {
  if (state.observer) state.observer.disconnect();
  if (state.root) state.root.remove();
  const root = element("div", "spexviz-arcs");
  root.dataset.quality = data.quality;
  for (const [name, colour] of Object.entries(data.colours)) {
    if (typeof colour === "string") root.style.setProperty(`--sx-${name}`, colour);
  }
  Object.assign(state, { version: data.version, data, root, observer: null, width: 0, at: null, chosen: [] });
  state.sub = element("p", "sub");
  root.append(element("h3", "title", data.title), state.sub, drawLegend(data));
  if (data.asks) root.append(element("p", "meaning", data.asks));
  state.stage = element("div", "stage");
  state.stage.setAttribute("role", "group");
  state.stage.setAttribute("aria-label", `${data.title}: ${data.players.length} ${data.noun}s and the sets of them. Arrow keys move along them and across, Enter selects, Escape clears.`);
  state.canvas = svg("svg", { class: "canvas", focusable: "false" });
  state.lines = svg("g", { class: "lines", "aria-hidden": "true" });
  state.badges = svg("g", { class: "badges" });
  state.canvas.append(state.lines, state.badges);
  state.players = data.players.map((player, k) => drawPlayer(state, player, k));
  state.gaps = data.players.map((player, k) => (isFar(data, k) ? gapBefore(state) : null));
  state.seat = new Map(data.players.map((player, k) => [player.p, k]));
  const largest = Math.max(...data.sets.map((set) => Math.abs(set.v)), 1e-12);
  state.sets = data.sets.map((set, k) => drawSet(state, set, k, largest));
  state.stage.append(...state.gaps.filter(Boolean), ...state.players.map((player) => player.label), state.canvas);
  state.read = element("div", "read");
  root.append(state.stage, state.read);
  parentElement.append(root);
  listen(state);
  place(state);
  document.fonts?.ready.then(() => {
    state.width = 0; // labels have another width now
    place(state);
  });
}

// Words that lie apart in the text.
const isFar = (data, k) => data.kind === "row" && data.noun === "word" && k > 0 && data.players[k].p > data.players[k - 1].p + 1;

function gapBefore() {
  const gap = element("span", "gap", "…");
  gap.setAttribute("aria-hidden", "true");
  return gap;
}

function drawPlayer(state, player, k) {
  const { data } = state;
  const label = element("div", "player");
  const middle = (data.colours.cells.length - 1) / 2;
  label.style.setProperty("--cell", data.colours.cells[middle + player.cell]);
  if (player.sign) label.dataset.sign = player.sign;
  const name = element("span", "name", player.t);
  if (player.full && data.kind === "row") name.title = player.full;
  label.append(name);
  button(label, k === 0, `${player.full ?? player.t}, ${data.index} ${player.said} ${data.unit}`);
  label.dataset.player = k;
  return { ...player, k, label };
}

function drawSet(state, set, k, largest) {
  const unsure = Boolean(set.i && set.i[0] <= 0 && set.i[1] >= 0);
  const kind = ["set", set.v < 0 ? "down" : "up", unsure && "unsure", set.c === "contradicted" && "contradicted"].filter(Boolean).join(" ");
  const line = svg("g", { class: kind, "data-set": k });
  const paths = ["halo", "hit", "ink"].map((name) => svg("path", { class: name }));
  const thick = 1.5 + (4 * Math.abs(set.v)) / largest;
  line.style.setProperty("--thick", thick.toFixed(2));
  line.append(...paths);
  const badge = svg("g", { class: kind, "data-set": k });
  const isPair = set.m.length === 2;
  badge.append(isPair ? svg("circle", { class: "mark", r: 9 }) : svg("path", { class: "mark", d: "M0,-12.5L12.5,0L0,12.5L-12.5,0Z" }));
  const glyph = svg("text", { class: "sign", "text-anchor": "middle", dy: "0.36em" });
  glyph.textContent = set.v < 0 ? "−" : set.v > 0 ? "+" : "0";
  badge.append(glyph);
  button(badge, false, describe(state.data, set));
  badge.setAttribute("focusable", "true");
  return { ...set, k, line, paths, badge, dots: [], seats: set.m.map((i) => state.seat.get(i)) };
}

function drawLegend(data) {
  const box = element("div", "legend");
  const { up, down, said } = data.legend;
  const item = (name, text) => {
    const made = element("span", "item");
    made.append(sample(name), element("span", "", text));
    box.append(made);
  };
  if (!data.sets.length) return box;
  if (said) box.append(element("span", "item", said));
  if (up && data.sets.some((set) => set.v > 0)) item("up", up);
  if (down && data.sets.some((set) => set.v < 0)) item("down", down);
  if (data.sets.some((set) => set.m.length > 2)) item("more", `three or more ${data.noun}s`);
  if (data.sets.some((set) => set.i && set.i[0] <= 0 && set.i[1] >= 0)) item("unsure", "dashed: interval crosses 0");
  if (data.sets.some((set) => set.c === "contradicted")) item("contradicted", "hollow: contradicted by the model");
  return box;
}

function sample(name) {
  const made = svg("svg", { class: `sample ${name}`, width: 24, height: 16, viewBox: "0 0 24 16", "aria-hidden": "true", focusable: "false" });
  if (name === "more") made.append(svg("path", { class: "mark", d: "M12,1L19,8L12,15L5,8Z" }));
  else if (name === "contradicted") made.append(svg("circle", { class: "mark", cx: 12, cy: 8, r: 6 }));
  else made.append(svg("path", { class: "ink", d: "M3,15Q3,3 12,3Q21,3 21,15" }));
  if (name === "up" || name === "down") {
    const glyph = svg("text", { class: "sign", x: 12, y: 13.5, "text-anchor": "middle" });
    glyph.textContent = name === "up" ? "+" : "−";
    made.append(glyph);
  }
  return made;
}

// ---- places --------------------------------------------------------------------------------------------------------

const BADGE = 25; // pixels that a badge needs
const LEAST = 18; // pixels between two lines at least
const GAP = 14; // between labels
const FAR = 28; // between labels with words left out between them
const PORT = 8; // between the ends of two lines on a label

function place(state) {
  const { root, stage, data } = state;
  const width = root.clientWidth;
  if (!width || width === state.width) return;
  state.width = width;
  root.classList.toggle("narrow", width < 600);
  stage.classList.remove("down", "long");
  stage.style.removeProperty("--column");
  if (data.kind === "layers") placeInLayers(state, width);
  else if (!placeAcross(state, width)) placeDown(state, width);
  tellTitle(state);
  keepRoom(state);
  tell(state, state.at);
}

const measured = (state) => state.players.map(({ label }) => ({ w: label.offsetWidth, h: label.offsetHeight }));
const endsAt = (sets, k) => sets.filter((set) => set.seats.includes(k)).length;
const deepest = (sets) => 1 + Math.max(-1, ...sets.map((set) => set.level));

// The strongest sets whose lines have room: in pixels, all levels together.
function fitting(sets, room) {
  let few = levelled(sets);
  while (few.length > 1 && deepest(few) * LEAST > room) few = levelled(few.slice(0, -1));
  return few;
}

// Words side by side with arcs above them; false where they do not all have room.
function placeAcross(state, width) {
  const sizes = measured(state);
  const gaps = state.gaps.map((gap, k) => (k === 0 ? 0 : gap ? FAR : GAP));
  const sets = fitting(state.sets, 480);
  const own = sizes.map(({ w }, k) => Math.max(w, PORT * endsAt(sets, k)));
  const need = sum(sizes.map(({ w }) => w)) + sum(gaps);
  if (need > width) return false;
  const wishes = sum(own) + sum(gaps);
  const slots = wishes <= width ? own : sizes.map(({ w }) => w);
  const wider = sizes.length > 1 ? Math.min(36, (width - Math.min(need, width) - (sum(slots) - sum(sizes.map(({ w }) => w)))) / (sizes.length - 1)) : 0;
  state.along = "x";
  const step = clamp(420 / Math.max(1, deepest(sets)), LEAST, 34);
  const height = sets.length ? 26 + step * deepest(sets) : 2;
  let x = 0;
  const spots = sizes.map(({ w, h }, k) => {
    if (k) x += gaps[k] + wider;
    if (state.gaps[k]) put(state.gaps[k], x - (gaps[k] + wider) / 2, height + h / 2, true);
    put(state.players[k].label, x + (slots[k] - w) / 2, height);
    const middle = x + slots[k] / 2;
    x += slots[k];
    return { at: middle, room: slots[k] - 8 };
  });
  size(state, width, height + Math.max(0, ...sizes.map(({ h }) => h)));
  drawArcs(state, sets, spots, (along, off) => [along, height - 3 - off], (level) => 12 + step * (level + 0.5));
  return true;
}

// One word under the other, arcs beside them.
function placeDown(state, width) {
  const { stage } = state;
  state.along = "y";
  stage.classList.add("down");
  stage.classList.toggle("long", state.players.some((player) => player.t.length > 28));
  const natural = 1 + Math.max(0, ...measured(state).map(({ w }) => w));
  const column = Math.ceil(Math.min(natural, Math.max(96, 0.46 * width)));
  stage.style.setProperty("--column", `${column}px`);
  const room = width - column - 34;
  const sets = fitting(state.sets, room);
  const step = clamp(room / Math.max(1, deepest(sets)), LEAST, 40);
  let y = 0;
  const spots = measured(state).map(({ w, h }, k) => {
    const tall = Math.max(h + 6, PORT * endsAt(sets, k) + 18);
    if (state.gaps[k]) {
      put(state.gaps[k], column - 16, y + 6, true);
      y += 13;
    }
    put(state.players[k].label, column - w, y + (tall - h) / 2);
    const middle = y + tall / 2;
    y += tall;
    return { at: middle, room: tall - 24 };
  });
  size(state, width, y);
  drawArcs(state, sets, spots, (along, off) => [column + 4 + off, along], (level) => 16 + step * (level + 0.5));
}

// The level of each set: above all that it lies over, so that two never share a line; short ones nearest to the words.
function levelled(sets) {
  const first = (set) => set.seats[0];
  const last = (set) => set.seats[set.seats.length - 1];
  stack(sets, (set) => [first(set), last(set)], (set) => last(set) - first(set));
  return sets;
}

function stack(sets, reach, weight) {
  const levels = [];
  for (const set of [...sets].sort((one, other) => weight(one) - weight(other) || one.k - other.k)) {
    const [low, high] = reach(set);
    set.level = 0;
    levels.forEach((taken, k) => {
      if (taken.some(([from, to]) => low < to && high > from)) set.level = k + 1;
    });
    (levels[set.level] ??= []).push([low, high]);
  }
}

function drawArcs(state, sets, spots, point, depth) {
  const middles = spots.map((spot) => spot.at);
  const rails = sets.map((set) => ({ set, off: depth(set.level), ties: set.seats.map((k) => ({ k, at: middles[k], end: 0 })) }));
  spots.forEach((spot, k) => spaced(rails, k, () => true, spot.at, spot.room));
  drawRails(state, rails, point);
}

// The ends of the lines that meet a label on one side: those that come from the left at its left, none on another.
function spaced(rails, k, isHere, middle, room) {
  const here = rails.filter((rail) => rail.ties.some((tie) => tie.k === k && isHere(rail)));
  const side = ({ ties }) => {
    const others = ties.filter((tie) => tie.k !== k).map((tie) => tie.at);
    return others.every((other) => other > middle) ? 1 : others.every((other) => other < middle) ? -1 : 0;
  };
  const far = (rail) => Math.abs(rail.off - rail.ties.find((tie) => tie.k === k).end);
  here.sort((one, other) => side(one) - side(other) || side(one) * (far(other) - far(one)));
  const step = here.length > 1 ? Math.min(PORT + 1, room / (here.length - 1)) : 0;
  here.forEach(({ ties }, j) => (ties.find((tie) => tie.k === k).at = middle + step * (j - (here.length - 1) / 2)));
}

// A set is a line along `off` that is tied to the `end` of each of its players: a pair is an arc, more are a comb.
function drawRails(state, rails, point) {
  const upright = rails.flatMap(({ set, off, ties }) => ties.map(({ at, end }) => ({ set, at, from: Math.min(off, end), to: Math.max(off, end) })));
  const pinned = [];
  for (const { set, off, ties } of rails) {
    const own = [...ties].sort((one, other) => one.at - other.at);
    const [first, last] = [own[0], own[own.length - 1]];
    const go = (letter, ...pairs) => letter + pairs.map((pair) => point(...pair).map(short).join()).join(" ");
    const turn = (tie, beside) => Math.min(Math.abs(off - tie.end), Math.abs(beside.at - tie.at) / (own.length > 2 ? 1 : 2), 28);
    const [r, s] = [turn(first, own[1]), turn(last, own[own.length - 2])];
    const back = (tie, by) => off + Math.sign(tie.end - off) * by;
    const bow = [go("M", [first.at, first.end]), go("L", [first.at, back(first, r)]), go("Q", [first.at, off], [first.at + r, off])];
    bow.push(go("L", [last.at - s, off]), go("Q", [last.at, off], [last.at, back(last, s)]), go("L", [last.at, last.end]));
    const teeth = own.slice(1, -1).map((tie) => go("M", [tie.at, tie.end]) + go("L", [tie.at, off]));
    trace(set, [...bow, ...teeth].join(""), own.map((tie) => point(tie.at, tie.end)));
    const lines = upright.filter((line) => line.set !== set && line.from < off && line.to > off).map((line) => line.at);
    const badges = pinned.filter((other) => Math.abs(other.off - off) < BADGE).map((other) => other.at);
    const at = freest(first.at + r, last.at - s, lines, badges);
    pinned.push({ at, off });
    pin(set, point(at, off));
  }
  const drawn = new Set(rails.map((rail) => rail.set));
  for (const set of [...state.sets].reverse()) show(set, state, drawn.has(set));
}

// A place near the middle where no other line passes, and no other badge is.
function freest(low, high, lines, badges) {
  const clear = (at) => Math.min(BADGE / 2, ...lines.map((other) => Math.abs(other - at)), ...badges.map((other) => Math.abs(other - at) - BADGE / 2));
  const middle = (low + high) / 2;
  let best = middle;
  for (let off = 0; off <= (high - low) / 2; off += 3) {
    for (const at of [middle - off, middle + off]) if (clear(at) > clear(best) + 1) best = at;
    if (clear(best) >= BADGE / 2) break;
  }
  return best;
}

// ---- heads: a row a layer, the highest on top; between the rows the lines of the sets -----------------------------------

const BETWEEN = 24; // pixels between two rows where no line runs

function placeInLayers(state, width) {
  const sizes = measured(state);
  state.along = "x";
  const layers = [...new Set(state.players.map((player) => player.layer))].sort((one, other) => other - one);
  const last = Math.max(1, ...state.players.map((player) => player.x));
  const rows = layers.flatMap((layer) => rowsOf(state, layer, sizes, width));
  const boxes = [];
  rows.forEach((row, j) =>
    spread(row, sizes, width, last).forEach((x, m) => (boxes[row[m].k] = { x, row: j, ...sizes[row[m].k], at: x + sizes[row[m].k].w / 2 })),
  );
  const rails = state.sets.map((set) => ({ set, ties: set.seats.map((k) => ({ k, at: boxes[k].at })), gap: gapOf(set, boxes) }));
  const step = clamp(420 / Math.max(1, rails.length), 20, 26);
  let y = 0;
  rows.forEach((row, j) => {
    const here = rails.filter((rail) => rail.gap === j);
    stack(here.map((rail) => Object.assign(rail.set, { rail })), ({ rail }) => reachOf(rail), ({ rail }) => weightOf(rail, boxes));
    const levels = deepest(here.map((rail) => rail.set));
    y += levels ? 22 + step * levels : j ? BETWEEN : 2;
    here.forEach((rail) => (rail.off = y - 11 - step * (rail.set.level + 0.5)));
    for (const { k } of row) {
      Object.assign(boxes[k], { y });
      put(state.players[k].label, boxes[k].x, y);
    }
    y += Math.max(...row.map(({ k }) => sizes[k].h));
  });
  size(state, width, y + 2);
  rails.forEach(({ ties, gap }) => ties.forEach((tie) => (tie.end = boxes[tie.k].row < gap ? boxes[tie.k].y + boxes[tie.k].h + 2 : boxes[tie.k].y - 2)));
  boxes.forEach(({ at, row, w }, k) => {
    spaced(rails, k, (rail) => rail.gap <= row, at, w - 12);
    spaced(rails, k, (rail) => rail.gap > row, at, w - 12);
  });
  drawRails(state, rails, (at, off) => [at, off]);
}

// Above the row where all are in one; else between the rows where its lines run behind the fewest labels.
function gapOf(set, boxes) {
  const own = set.seats.map((k) => boxes[k]);
  const [top, bottom] = [Math.min(...own.map((box) => box.row)), Math.max(...own.map((box) => box.row))];
  if (top === bottom) return top;
  const behind = (gap) =>
    sum(own.map((box) => boxes.filter((other) => (box.row < gap ? other.row > box.row && other.row < gap : other.row >= gap && other.row < box.row) && Math.abs(other.at - box.at) < other.w / 2 + 2).length));
  const gaps = range(top + 1, bottom + 1);
  const costs = gaps.map(behind);
  return gaps[costs.lastIndexOf(Math.min(...costs))];
}

function reachOf({ ties }) {
  const ats = ties.map((tie) => tie.at);
  return [Math.min(...ats) - BADGE / 2, Math.max(...ats) + BADGE / 2];
}

// Those within the lower row lie next to it.
function weightOf(rail, boxes) {
  const [low, high] = reachOf(rail);
  const isWithin = rail.ties.every((tie) => boxes[tie.k].row === rail.gap);
  return high - low + (isWithin ? 0 : 1e4);
}

function rowsOf(state, layer, sizes, width) {
  const rows = [[]];
  let used = 0;
  const here = state.players.filter((player) => player.layer === layer).sort((one, other) => one.x - other.x);
  for (const player of here) {
    if (used && used + sizes[player.k].w > width) {
      rows.push([]);
      used = 0;
    }
    rows[rows.length - 1].push(player);
    used += sizes[player.k].w + GAP;
  }
  return rows;
}

// Each head near its place in the layer, and none on another.
function spread(row, sizes, width, last) {
  const xs = [];
  row.forEach((player, m) => {
    const wish = ((width - sizes[player.k].w) * player.x) / last;
    const before = m ? xs[m - 1] + sizes[row[m - 1].k].w + GAP : 0;
    xs.push(Math.max(wish, before));
  });
  let right = width;
  for (let m = row.length - 1; m >= 0; m--) {
    xs[m] = Math.min(xs[m], right - sizes[row[m].k].w);
    right = xs[m] - GAP;
  }
  return xs;
}

// ---- what is placed -------------------------------------------------------------------------------------------------

function put(label, x, y, isMiddle) {
  label.style.transform = `translate(${short(x)}px, ${short(y)}px)${isMiddle ? " translate(-50%, -50%)" : ""}`;
}

function size(state, width, height) {
  state.stage.style.height = `${Math.ceil(height)}px`;
  state.canvas.setAttribute("width", width);
  state.canvas.setAttribute("height", Math.ceil(height));
}

function trace(set, d, ends) {
  set.paths.forEach((path) => path.setAttribute("d", d));
  set.dots.forEach((dot) => dot.remove());
  set.dots = ends.map(([x, y]) => svg("circle", { class: "dot", cx: short(x), cy: short(y), r: 3.2 }));
  set.line.append(...set.dots);
}

const pin = (set, [x, y]) => set.badge.setAttribute("transform", `translate(${short(x)} ${short(y)})`);

// Lines: the strongest last, over the others; badges: the strongest first, as they are read.
function show(set, state, isShown) {
  set.isShown = isShown;
  if (!isShown) {
    set.line.remove();
    set.badge.remove();
  } else {
    state.lines.append(set.line);
    state.badges.prepend(set.badge);
  }
}

// ---- gestures ------------------------------------------------------------------------------------------------------

function listen(state) {
  const { stage } = state;
  const hit = (event) => (event.target.closest ? event.target.closest("[data-player],[data-set]") : null);
  // what comes to lie under a pointer that rests is not pointed at
  stage.addEventListener("pointermove", (event) => point(state, hit(event)));
  stage.addEventListener("pointerleave", () => point(state, null));
  stage.addEventListener("focusin", (event) => point(state, hit(event)));
  stage.addEventListener("focusout", () => point(state, null));
  stage.addEventListener("click", (event) => choose(state, hit(event)));
  stage.addEventListener("keydown", (event) => {
    const here = hit(event);
    if (!here || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter" || event.key === " ") choose(state, here);
    else if (event.key === "Escape") report(state, []);
    else if (!move(state, here, event.key)) return;
    event.preventDefault();
  });
}

// Along the players or along the sets, by strength; across from a player to its strongest set, and back.
function move(state, here, key) {
  const shown = state.sets.filter((set) => set.isShown);
  const isPlayer = here.dataset.player !== undefined;
  const row = isPlayer ? state.players.map((player) => player.label) : shown.map((set) => set.badge);
  const k = isPlayer ? Number(here.dataset.player) : shown.findIndex((set) => set.k === Number(here.dataset.set));
  const isAcross = (state.along === "x" ? ["ArrowUp", "ArrowDown"] : ["ArrowLeft", "ArrowRight"]).includes(key);
  const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1, Home: -row.length, End: row.length }[key];
  if (step === undefined) return false;
  let next = row[clamp(k + step, 0, row.length - 1)];
  if (isAcross && isPlayer) next = shown.find((set) => set.seats.includes(k))?.badge;
  if (isAcross && !isPlayer) next = state.players[shown[k].seats[0]].label;
  if (!next) return true;
  state.stage.querySelectorAll("[tabindex='0']").forEach((other) => (other.tabIndex = -1));
  next.setAttribute("tabindex", "0");
  next.focus();
  return true;
}

const own = (state, here) => (here.dataset.player !== undefined ? state.players[here.dataset.player] : state.sets[here.dataset.set]);
const membersOf = (thing) => thing.m ?? [thing.p];

function choose(state, here) {
  if (!here) return;
  const members = membersOf(own(state, here));
  report(state, same(members, state.chosen) ? [] : members);
}

function report(state, members) {
  state.link.select(members);
  state.send("select", { members });
}

function select(state, members) {
  state.chosen = members;
  const chosen = new Set(members);
  state.players.forEach((player) => pressed(player.label, chosen.has(player.p)));
  let some = false;
  for (const set of state.sets) {
    const isIt = same(set.m, members);
    const isIn = isIt || (members.length === 1 && set.m.includes(members[0]));
    some ||= isIn;
    pressed(set.badge, isIt);
    set.line.classList.toggle("selected", isIt);
    for (const part of [set.line, set.badge]) part.classList.toggle("in", isIn);
  }
  state.root.classList.toggle("choosing", some);
}

// What belongs to a player or a set is lit in every view of the run.
function point(state, here) {
  if (here === state.at) return;
  state.at = here;
  state.link.light(here && belonging(state, own(state, here)));
  tell(state, here);
}

function belonging(state, thing) {
  const sets = thing.m ? [thing.m] : state.sets.filter((set) => set.isShown && set.m.includes(thing.p)).map((set) => set.m);
  return { players: new Set([...membersOf(thing), ...sets.flat()]), sets };
}

function light(state, lit) {
  const names = new Set(lit?.sets.map(String));
  state.root.classList.toggle("lighting", Boolean(lit));
  state.players.forEach((player) => player.label.classList.toggle("lit", Boolean(lit?.players.has(player.p))));
  for (const set of state.sets) {
    const isLit = names.has(String(set.m));
    for (const part of [set.line, set.badge]) part.classList.toggle("lit", isLit);
  }
}

// ---- words ---------------------------------------------------------------------------------------------------------

function tellTitle(state) {
  const { data } = state;
  const shown = state.sets.filter((set) => set.isShown).length;
  if (!shown) {
    state.sub.textContent = data.none;
    return;
  }
  const strongest = shown === 1 ? "The strongest set" : `The ${shown} strongest sets`;
  const count = shown < data.total ? `${strongest} of ${data.total}` : shown === 1 ? "One set" : `All ${shown} sets`;
  const more = shown < data.total ? "; more of them in the table" : "";
  state.sub.textContent = `${count}, by ${data.index} in ${data.unit}${more}.`;
}

// The line has the height of the longest that it may say: nothing jumps.
function keepRoom(state) {
  const { read } = state;
  read.style.minHeight = "";
  const lines = [...state.players, ...state.sets].map((thing) => sentence(state, thing)).sort((a, b) => b.length - a.length);
  const heights = [hint(state), ...lines.slice(0, 3)].map((line) => {
    read.textContent = line;
    return read.offsetHeight;
  });
  read.style.minHeight = `${Math.max(...heights)}px`;
}

const hint = (state) => (state.data.sets.length ? `Point at ${a(state.data.noun)} or a set to see what belongs to it; click to select.` : `Point at ${a(state.data.noun)} to read its value; click to select.`);

function tell(state, here) {
  state.read.textContent = here ? sentence(state, own(state, here)) : hint(state);
}

function sentence(state, thing) {
  const { data } = state;
  if (thing.m) return `\u2068${describe(data, thing)}.\u2069`;
  const name = data.kind === "layers" && thing.full ? `${thing.t} (${thing.full})` : thing.full ?? thing.t;
  const sets = state.sets.filter((set) => set.isShown && set.m.includes(thing.p)).length;
  const inSets = sets ? `; in ${sets} of the sets shown` : "";
  return `\u2068${name}\u2069: ${data.index} ${thing.said} ${data.unit}${inSets}.`;
}

function describe(data, set) {
  const unsure = set.i && set.i[0] <= 0 && set.i[1] >= 0 ? ", sign not certain" : "";
  const interval = set.i ? `, 90 % interval ${set.range}${unsure}` : "";
  const check = set.check ? `; ${set.check.replace(/\.$/, "")}` : "";
  return `${set.t}: ${data.index} ${set.said} ${data.unit}${interval}, ${set.s} of the variance${check}`;
}

// ---- small things --------------------------------------------------------------------------------------------------

const a = (noun) => (/^[aeiou]/.test(noun) ? `an ${noun}` : `a ${noun}`);
const sum = (numbers) => numbers.reduce((total, x) => total + x, 0);
const range = (from, to) => Array.from({ length: to - from }, (_, k) => from + k);
const clamp = (x, low, high) => Math.max(low, Math.min(high, x));
const short = (x) => Math.round(10 * x) / 10;
