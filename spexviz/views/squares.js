// Layers × heads, one square a player. Data comes from spexviz/views/squares.py; user text enters the page through textContent only.
const HEIGHT = 620; // px of all layers, where they are many

export default component({ draw, select, off, light, picture: "parts" });

// ---- drawing -------------------------------------------------------------------------------------------------------

function draw(parentElement, state, data) {
  if (state.root) state.root.remove();
  const root = element("div", "spexviz-squares");
  root.dataset.quality = data.quality;
  root.classList.toggle("still", Boolean(data.still));
  for (const name of ["ink", "muted", "grid", "surface", "accent"]) root.style.setProperty(`--sx-${name}`, data.colours[name]);
  Object.assign(state, { data, root, at: null, selected: [], tools: null });
  const frame = element("div", "frame");
  frame.append(drawBoard(state, data));
  const explain = termsIn(root, data.terms);
  root.append(drawLegend(data, explain));
  if (data.asks) root.append(explain(element("div", "asks"), data.asks));
  root.append(...toolbar(state, data.noun), frame, drawRead(state, data));
  parentElement.append(root);
  tell(state);
  listen(state);
}

function drawLegend(data, explain) {
  const box = element("div", "legend");
  const { cells } = data.colours;
  const shown = data.legend.signed ? cells : cells.slice((cells.length - 1) / 2);
  const ramp = element("span", "ramp");
  ramp.style.background = `linear-gradient(90deg, ${shown.join(",")})`;
  const scale = element("span", "item");
  scale.append(element("span", "", data.legend.low), ramp, element("span", "", data.legend.high), explain(element("b"), data.unit));
  box.append(scale, sample("dot", "in the selected set"));
  if (data.holes.length) box.append(sample("hole", `${data.noun} never switched off`));
  return box;
}

function sample(name, text) {
  const item = element("span", "item");
  item.append(element("span", name), element("span", "", text));
  return item;
}

function drawBoard(state, data) {
  const board = element("div", "board");
  const rows = data.layers.length;
  board.style.setProperty("--columns", data.columns);
  board.style.setProperty("--side", `${Math.max(21, Math.min(34, HEIGHT / rows - 3)).toFixed(1)}px`);
  board.setAttribute("role", "group");
  board.setAttribute("aria-label", `${data.squares.length} ${data.noun}s, a row a layer.${keysOf(state)}`);
  const put = (made, row, column) => {
    made.style.gridArea = `${row} / ${column}`;
    board.append(made);
  };
  const row = (y) => rows - y + 1; // under the name of the axis, the lowest layer at the bottom
  put(silent("corner", "layer"), 1, 1);
  data.layers.forEach((layer, y) => put(silent("layer", layer), row(y), 1));
  if (data.along && data.columns > 1) {
    put(silent("corner", data.along), rows + 2, 1);
    const step = data.columns > 100 ? 5 : 1; // three digits are wider than a square
    for (let x = 0; x < data.columns; x += step) put(silent("place", x), rows + 2, x + 2);
  }
  for (const [x, y] of data.holes) put(silent("hole"), row(y), x + 2);
  state.squares = [];
  for (const one of [...data.squares].sort((a, b) => b.y - a.y || a.x - b.x)) {
    const square = element("div", "square", one.sign);
    square.style.setProperty("--cell", data.colours.cells[one.cell + (data.colours.cells.length - 1) / 2]);
    square.dataset.player = one.p;
    button(square, one.rank === 1, said(data, one));
    put(square, row(one.y), one.x + 2);
    state.squares.push({ ...one, square });
  }
  return board;
}

function silent(name, text) {
  const made = element("div", name, text);
  made.setAttribute("aria-hidden", "true");
  return made;
}

// ---- the reading line ----------------------------------------------------------------------------------------------

const said = (data, one) => `${one.t}: ${one.said} ${data.unit} (${data.index}), ${one.rank} of ${data.squares.length} by size`;
const hint = (data) => `Point at a ${data.noun} to read its value${data.still ? "" : "; click to select it"}.`;

function drawRead(state, data) {
  const box = element("div", "read");
  const lines = [hint(data), ...data.squares.map((one) => `${said(data, one)}${tied(data, one)}.`)];
  const longest = lines.reduce((a, b) => (b.length > a.length ? b : a));
  state.read = element("div", "said");
  state.read.dataset.unseen = ""; // on paper and in a picture
  const room = silent("room", longest);
  box.append(room, state.read);
  return box;
}

function tied(data, one) {
  const count = setsOf(data, one.p).length;
  return count ? `, in ${count} of the ${data.sets.length} strongest sets` : "";
}

const setsOf = (data, player) => data.sets.filter((members) => members.includes(player));

// What is pointed at, else the one that is selected.
function tell(state) {
  const player = state.at ?? (state.selected.length === 1 ? state.selected[0] : null);
  const one = state.squares.find(({ p }) => p === player);
  state.read.textContent = one ? `${said(state.data, one)}${tied(state.data, one)}.` : hint(state.data);
}

// ---- gestures ------------------------------------------------------------------------------------------------------

function listen(state) {
  const hit = (event) => event.target.closest?.(".square") ?? null;
  gestures(state.root.querySelector(".board"), hit, {
    point: (at) => point(state, at),
    choose: (at, how) => choose(state, at, how),
    clear: () => report(state, []),
    move: (at, key) => move(state, at, key),
  });
}

// The next square in the row, or the nearest one of the row above or below; over places without a player.
function move(state, at, key) {
  const here = state.squares.find(({ square }) => square === at);
  const inRow = state.squares.filter(({ y }) => y === here.y); // from left to right
  const i = inRow.indexOf(here);
  const step = { ArrowUp: 1, ArrowDown: -1 }[key];
  const along = { ArrowLeft: inRow[i - 1], ArrowRight: inRow[i + 1], Home: inRow[0], End: inRow[inRow.length - 1] };
  if (step === undefined && !(key in along)) return false;
  const next = step === undefined ? along[key] : nearest(state, here, step);
  if (next) stop(state, next.square).focus();
  return true;
}

function nearest(state, here, step) {
  const row = state.squares.filter(({ y }) => y === here.y + step);
  const far = (one) => Math.abs(one.x - here.x);
  return row.length ? row.reduce((a, b) => (far(b) < far(a) ? b : a)) : null;
}

// The one square at which Tab stops.
function stop(state, square) {
  for (const one of state.squares) one.square.tabIndex = one.square === square ? 0 : -1;
  return square;
}

function choose(state, at, how) {
  if (!at) return;
  stop(state, at);
  act(state, [Number(at.dataset.player)], how);
}

function select(state, members) {
  state.selected = members;
  const chosen = new Set(members);
  for (const one of state.squares) pressed(one.square, chosen.has(one.p));
  tell(state);
}

function off(state, members) {
  const out = new Set(members);
  for (const one of state.squares) struck(one.square, out.has(one.p));
}

// What belongs to a player is lit in every view of the run.
function point(state, at) {
  const player = at ? Number(at.dataset.player) : null;
  if (player === state.at) return;
  state.at = player;
  const sets = player === null ? [] : setsOf(state.data, player);
  state.link.light(player === null ? null : { players: new Set([player, ...sets.flat()]), sets: [[player], ...sets] });
  tell(state);
}

function light(state, lit) {
  state.root.classList.toggle("lighting", Boolean(lit));
  for (const one of state.squares) one.square.classList.toggle("lit", Boolean(lit?.players.has(one.p)));
}
