// Of arcs.js: where everything stands. Each set is a line of its own level that is tied to its players: no two lines lie
// on each other, and every label is whole.

const BADGE = 25; // pixels that a badge needs
const LEAST = 18; // pixels between two lines at least
const GAP = 14; // between labels
const FAR = 28; // between labels with words left out between them
const PORT = 8; // between the ends of two lines on a label

function place(state, again) {
  const { root, stage, data } = state;
  const width = root.clientWidth;
  if (!width || (width === state.width && !again)) return;
  state.width = width;
  root.classList.toggle("narrow", width < 600);
  stage.classList.remove("down", "long");
  stage.style.removeProperty("--column");
  if (data.kind === "layers") placeInLayers(state, width);
  else if (!placeAcross(state, width)) placeDown(state, width);
  keepStop(state);
  tellTitle(state);
  keepRoom(state);
  tell(state, state.at);
}

// One of what is shown is a Tab stop.
function keepStop({ stage, players }) {
  const stop = stage.querySelector("[tabindex='0']");
  if (stop && !stop.hidden) return;
  if (stop) stop.tabIndex = -1;
  const first = players.find(({ label }) => !label.hidden);
  if (first) first.label.tabIndex = 0;
}

const endsAt = (sets, k) => sets.filter((set) => set.seats.includes(k)).length;
const deepest = (sets) => 1 + Math.max(-1, ...sets.map((set) => set.level));

// The strongest sets whose lines have room: in pixels, all levels together.
function fitting(sets, room) {
  let few = levelled(sets);
  while (few.length > 1 && deepest(few) * LEAST > room) few = levelled(few.slice(0, -1));
  return few;
}

// The players of these sets (all where there is no set), with the size of their labels; `isFar`: words of the text are left
// out before it. Of the others nothing is shown.
function measured(state, sets) {
  const seats = new Set(sets.flatMap((set) => set.seats));
  state.players.forEach(({ label, k }) => (label.hidden = sets.length > 0 && !seats.has(k)));
  state.gaps.forEach((gap) => (gap.hidden = true));
  const shown = state.players.filter(({ label }) => !label.hidden);
  const isWord = state.data.noun === "word";
  return shown.map(({ label, k, p }, j) => ({ label, k, w: label.offsetWidth, h: label.offsetHeight, isFar: isWord && j > 0 && p > shown[j - 1].p + 1 }));
}

function putGap(gap, text, x, y) {
  Object.assign(gap, { hidden: false, textContent: text });
  put(gap, x, y, true);
}

// Words side by side with arcs above them; false where they do not all have room.
function placeAcross(state, width) {
  const sets = fitting(state.sets, 480);
  const row = measured(state, sets);
  const gaps = sum(row.slice(1).map(({ isFar }) => (isFar ? FAR : GAP)));
  const least = sum(row.map(({ w }) => w));
  if (least + gaps > width) return false;
  const wished = row.map(({ w, k }) => Math.max(w, PORT * endsAt(sets, k)));
  const slots = sum(wished) + gaps <= width ? wished : row.map(({ w }) => w);
  const wider = clamp((width - sum(slots) - gaps) / Math.max(1, row.length - 1), 0, 36);
  state.along = "x";
  const step = clamp(420 / Math.max(1, deepest(sets)), LEAST, 34);
  const height = sets.length ? 26 + step * deepest(sets) : 2;
  let x = 0;
  const spots = row.map(({ label, k, w, h, isFar }, j) => {
    const gap = j ? wider + (isFar ? FAR : GAP) : 0;
    if (isFar) putGap(state.gaps[k], "…", x + gap / 2, height + h / 2);
    const at = x + gap + slots[j] / 2;
    put(label, at - w / 2, height);
    x += gap + slots[j];
    return { k, at, room: slots[j] - 8 };
  });
  size(state, width, height + Math.max(0, ...row.map(({ h }) => h)));
  drawArcs(state, sets, spots, (along, off) => [along, height - 3 - off], (level) => 12 + step * (level + 0.5));
  return true;
}

// One word under the other, arcs beside them.
function placeDown(state, width) {
  const { stage } = state;
  state.along = "y";
  stage.classList.add("down");
  stage.classList.toggle("long", state.players.some((player) => player.t.length > 28));
  const natural = 1 + Math.max(0, ...measured(state, state.sets).map(({ w }) => w));
  const column = Math.ceil(Math.min(natural, Math.max(96, 0.46 * width)));
  stage.style.setProperty("--column", `${column}px`);
  const room = width - column - 34;
  const sets = fitting(state.sets, room);
  const step = clamp(room / Math.max(1, deepest(sets)), LEAST, 40);
  let y = 0;
  const spots = measured(state, sets).map(({ label, k, w, h, isFar }) => {
    if (isFar) putGap(state.gaps[k], "⋮", column - 16, y + 6);
    if (isFar) y += 13;
    const tall = Math.max(h + 6, PORT * endsAt(sets, k) + 18);
    put(label, column - w, y + (tall - h) / 2);
    y += tall;
    return { k, at: y - tall / 2, room: tall - 24 };
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
  const middles = new Map(spots.map((spot) => [spot.k, spot.at]));
  const rails = sets.map((set) => ({ set, off: depth(set.level), ties: set.seats.map((k) => ({ k, at: middles.get(k), end: 0 })) }));
  spots.forEach((spot) => spaced(rails, spot.k, () => true, spot.at, spot.room));
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
const ASIDE = [0, -25, 25, -50, 50, -75, 75]; // pixels by which a head may stand aside

function placeInLayers(state, width) {
  const { sets } = state;
  const sizes = [];
  for (const one of measured(state, sets)) sizes[one.k] = one;
  state.along = "x";
  const shown = state.players.filter(({ k }) => sizes[k]);
  const layers = [...new Set(shown.map((player) => player.layer))].sort((one, other) => other - one);
  const last = Math.max(1, ...shown.map((player) => player.x));
  const rows = layers.flatMap((layer) => rowsOf(shown.filter((player) => player.layer === layer), sizes, width));
  const boxes = [];
  const stand = (row, j) => {
    const others = boxes.filter((box) => box && box.row !== j);
    spread(row, sizes, width, last, others, j).forEach((x, m) => {
      const { k } = row[m];
      boxes[k] = { ...sizes[k], x, row: j, at: x + sizes[k].w / 2 };
    });
  };
  rows.forEach(stand);
  rows.forEach(stand); // again, now that all below stand too
  const rails = sets.map((set) => ({ set, ties: set.seats.map((k) => ({ k, at: boxes[k].at })), gap: gapOf(set, boxes) }));
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

function rowsOf(layer, sizes, width) {
  const rows = [[]];
  let used = 0;
  for (const player of layer.sort((one, other) => one.x - other.x)) {
    if (used && used + sizes[player.k].w > width) {
      rows.push([]);
      used = 0;
    }
    rows[rows.length - 1].push(player);
    used += sizes[player.k].w + GAP;
  }
  return rows;
}

// Each head near its place in the layer: none on another, and as few as can be under one of a row above, or above one of a
// row below: the lines of the upper would run behind the lower. `others`: the boxes of those; `j`: the row of these.
function spread(row, sizes, width, last, others, j) {
  const xs = [];
  let from = 0;
  let rest = sum(row.map(({ k }) => sizes[k].w + GAP)) - GAP;
  for (const { k, x } of row) {
    const { w } = sizes[k];
    const wish = ((width - w) * x) / last;
    const costs = ASIDE.map((aside) => {
      const there = clamp(wish + aside, from, Math.max(from, width - rest));
      const behind = others.filter((box) => Math.abs(box.at - there - w / 2) < (box.row < j ? w : box.w) / 2 + 8).length;
      return { there, cost: 60 * behind + Math.abs(there - wish) };
    });
    const { there } = costs.reduce((best, one) => (one.cost < best.cost ? one : best));
    xs.push(there);
    from = there + w + GAP;
    rest -= w + GAP;
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
    set.badge.setAttribute("tabindex", "-1");
  } else {
    state.lines.append(set.line);
    state.badges.prepend(set.badge);
  }
}
