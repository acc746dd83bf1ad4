// A table whose rows select players or open something. Data comes from spexviz/views/rows.py; user text enters through textContent only.
export default component({ first, draw, select, light, place });

function first(data) {
  return { sorted: null, sought: "", marked: new Set(data.marked) };
}

const LONG = 32; // letters from which the first cell asks for more room than its longest word

// ---- drawing -------------------------------------------------------------------------------------------------------

function draw(parentElement, state, data) {
  const before = state.root?.isConnected ? state.root : null;
  const focused = state.rows?.findIndex((row) => row.matches(":focus")) ?? -1;
  const focusedKey = focused < 0 ? null : keyOf(state.data, focused);
  const scrolled = before ? state.box.scrollTop : 0;
  Object.assign(state, { data, chosen: "", at: null });
  state.presses = (data.members.length > 0 && !data.still) || Boolean(data.listed);
  if (!before) {
    state.root = element("div", "spexviz-rows");
    state.box = element("div", "box");
    state.about = element("div", "about");
    state.about.id = "about";
    state.about.hidden = true;
    state.about.setAttribute("role", "tooltip");
    if (data.listed) state.root.append(drawSearch(state));
    const kinds = { CSV: async () => asCsv(state.data), JSON: async () => asJson(state.data) };
    state.root.append(state.box, state.about, saver("table", fileName(data.label), kinds));
    parentElement.append(state.root);
    listen(state);
  }
  const root = state.root;
  root.classList.toggle("ticked", Boolean(data.listed));
  root.classList.toggle("tall", Boolean(data.listed));
  root.classList.toggle("wide", Boolean(data.listed));
  for (const [name, colour] of Object.entries(data.colours)) root.style.setProperty(`--sx-${name}`, colour);
  drawTable(state, data);
  arrange(state);
  place(state);
  prune(state);
  state.box.scrollTop = scrolled;
  const again = focusedKey === null ? -1 : data.rows.findIndex((_, k) => keyOf(data, k) === focusedKey);
  if (again >= 0) focusOn(state, state.rows[again]);
}

// Where its columns have no room a row is a block.
function place({ root, box, data }) {
  root.classList.remove("narrow");
  const isNarrow = root.clientWidth <= (data.listed ? 900 : 640) || box.scrollWidth > box.clientWidth;
  root.classList.toggle("narrow", isNarrow);
}

// What a row is, however the rows are drawn.
const keyOf = (data, k) => data.listed?.keys[k] ?? String(data.members[k] ?? k);

function drawTable(state, data) {
  const table = element("table");
  table.setAttribute("role", state.presses ? "grid" : "table");
  if (data.listed) table.setAttribute("aria-multiselectable", "true");
  const gestures = data.listed ? "Arrow keys move, Enter opens, Space marks." : "Arrow keys move, Enter selects, Escape clears.";
  table.setAttribute("aria-label", data.label);
  if (state.presses) table.setAttribute("aria-description", gestures);
  const head = role("thead", "rowgroup");
  const titles = role("tr", "row");
  state.heads = data.columns.map((column, c) => drawHead(state, column, c));
  if (data.listed) titles.append(drawTickAll(state));
  titles.append(...state.heads);
  head.append(titles);
  state.body = role("tbody", "rowgroup");
  state.rows = data.rows.map((cells, k) => drawRow(state, cells, k));
  table.append(head, state.body);
  state.empty = element("div", "nothing");
  state.box.replaceChildren(table, state.empty);
  state.box.tabIndex = state.presses ? -1 : 0;
}

function role(tag, name) {
  const made = element(tag);
  made.setAttribute("role", name); // a row that is drawn as a block is one all the same
  return made;
}

function drawHead(state, column, c) {
  const head = role("th", "columnheader");
  head.scope = "col";
  head.className = `${column.kind}${column.help ? " helped" : ""}`;
  const press = element("button");
  press.type = "button";
  press.dataset.column = c;
  press.tabIndex = c ? -1 : 0;
  press.append(element("span", "name", column.name));
  if (column.help) press.setAttribute("aria-description", column.help);
  head.append(press);
  return head;
}

function drawRow(state, cells, k) {
  const { data } = state;
  const row = role("tr", "row");
  row.dataset.row = k;
  if (data.listed) row.append(drawTick(state, k, cells[0]));
  cells.forEach((text, c) => row.append(drawCell(data, text, k, c)));
  if (state.presses) {
    row.tabIndex = -1;
    row.setAttribute("aria-selected", "false");
  }
  return row;
}

function drawCell(data, text, k, c) {
  const column = data.columns[c];
  const cell = role("td", "cell");
  const isShort = text.length <= 16;
  cell.className = c ? `${column.kind}${isShort ? " short" : ""}` : `first${text.length > LONG ? " long" : ""}`;
  if (c) cell.dataset.name = column.name;
  if (column.kind === "time") {
    const at = data.numbers[c][k];
    if (at !== null) Object.assign(cell, { textContent: ago(at), title: new Date(1000 * at).toLocaleString() });
    return cell;
  }
  const under = data.listed?.under[c]?.[k];
  const pointed = data.listed?.pointed[c]?.[k];
  cell.textContent = text;
  if (under) cell.append(element("div", "under", under));
  if (pointed) cell.title = pointed;
  return cell;
}

// ---- the order of the rows, and which of them are sought --------------------------------------------------------------

function arrange(state) {
  const { data, sorted } = state;
  const order = data.rows.map((_, k) => k);
  if (sorted && sorted.column < data.columns.length) order.sort(comparing(data, sorted));
  const sought = state.sought.toLowerCase().split(/\s+/).filter(Boolean);
  state.shown = order.filter((k) => !sought.length || sought.every((word) => wordsOf(data, k).includes(word)));
  state.body.replaceChildren(...state.shown.map((k) => state.rows[k]));
  state.heads.forEach((head, c) => head.setAttribute("aria-sort", sorted?.column === c ? sorted.way : "none"));
  state.empty.hidden = state.shown.length > 0;
  state.empty.textContent = sought.length ? `No ${data.listed.noun} has these words.` : "Nothing to show.";
  if (state.count) state.count.textContent = sought.length ? `${state.shown.length} of ${data.rows.length}` : "";
  stop(state);
}

function comparing(data, { column, way }) {
  const numbers = data.numbers[column];
  const turn = way === "descending" ? -1 : 1;
  return (a, b) => {
    if (!numbers) return turn * data.rows[a][column].localeCompare(data.rows[b][column], undefined, { numeric: true }) || a - b;
    const [one, other] = [numbers[a], numbers[b]];
    if (one === null || other === null) return (one === null) - (other === null) || a - b; // what is not known comes last
    return turn * (one - other) || a - b;
  };
}

// The first press sorts, numbers by the largest; the second the other way round; the third brings the ranks back.
function sort(state, column) {
  const ways = state.data.columns[column].kind === "text" ? ["ascending", "descending"] : ["descending", "ascending"];
  const before = state.sorted?.column === column ? ways.indexOf(state.sorted.way) : -1;
  state.sorted = before === 1 ? null : { column, way: ways[before + 1] };
  arrange(state);
}

// One row of all is a Tab stop: the selected one, or the first.
function stop(state) {
  if (!state.presses) return;
  const chosen = state.shown.find((k) => state.rows[k].classList.contains("selected"));
  const at = chosen ?? state.shown[0];
  state.rows.forEach((row, k) => (row.tabIndex = k === at ? 0 : -1));
}

// ---- gestures ------------------------------------------------------------------------------------------------------

function listen(state) {
  const { root, box } = state;
  const rowAt = (event) => event.target.closest?.("tbody tr") ?? null;
  const headAt = (event) => event.target.closest?.("[data-column]") ?? null;
  // what comes to lie under a pointer that rests is not pointed at
  box.addEventListener("pointermove", (event) => (point(state, rowAt(event)), explain(state, headAt(event))));
  box.addEventListener("pointerleave", (event) => {
    point(state, null);
    if (event.relatedTarget !== state.about) explain(state, null);
  });
  state.about.addEventListener("pointerleave", () => explain(state, null));
  box.addEventListener("focusin", (event) => (point(state, rowAt(event)), explain(state, headAt(event))));
  box.addEventListener("focusout", () => (point(state, null), explain(state, null)));
  box.addEventListener("scroll", () => explain(state, null));
  box.addEventListener("click", (event) => {
    const head = headAt(event);
    if (head) {
      sort(state, Number(head.dataset.column));
      explain(state, head); // a tap tells, too, what a column is
      return;
    }
    const row = rowAt(event);
    if (row && !event.target.closest(".tick")) press(state, Number(row.dataset.row), heldIn(event));
  });
  root.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const handled = headAt(event) ? inHead(state, headAt(event), event.key) : rowAt(event) && inBody(state, event);
    if (handled) event.preventDefault();
  });
}

function inHead(state, head, key) {
  const all = state.heads.map((one) => one.firstChild);
  const here = all.indexOf(head);
  if (key === "Escape") return explain(state, null), true;
  if (key === "ArrowDown" && state.presses && state.shown.length) return focusOn(state, state.rows[state.shown[0]]), true;
  const step = { ArrowLeft: -1, ArrowRight: 1 }[key];
  if (!step) return false;
  const next = all[Math.max(0, Math.min(all.length - 1, here + step))];
  all.forEach((one) => (one.tabIndex = one === next ? 0 : -1));
  next.focus();
  return true;
}

function inBody(state, event) {
  const row = event.target.closest("tbody tr");
  const k = Number(row.dataset.row);
  if (event.target.matches("input") && event.key === " ") return false;
  if (event.key === "Enter") press(state, k);
  else if (event.key === " ") state.data.listed ? mark(state, k, !state.marked.has(keyOf(state.data, k))) : press(state, k);
  else if (event.key === "Escape") clear(state);
  else return move(state, k, event.key);
  return true;
}

function move(state, k, key) {
  const here = state.shown.indexOf(k);
  const last = state.shown.length - 1;
  const to = { ArrowUp: here - 1, ArrowDown: here + 1, Home: 0, End: last, PageUp: here - 8, PageDown: here + 8 }[key];
  if (to === undefined) return false;
  focusOn(state, state.rows[state.shown[Math.max(0, Math.min(last, to))]]);
  return true;
}

function focusOn(state, row) {
  state.rows.forEach((one) => (one.tabIndex = one === row ? 0 : -1));
  row.focus({ preventScroll: true });
  reveal(state, row);
}

// Into sight within the table's own box; the page stays where it is.
function reveal(state, row) {
  const { box } = state;
  const head = box.querySelector("th");
  const covered = getComputedStyle(head).position === "sticky" ? head.offsetHeight : 0;
  const [frame, place] = [box.getBoundingClientRect(), row.getBoundingClientRect()];
  const above = place.top - (frame.top + covered);
  const below = place.bottom - (frame.top + box.clientTop + box.clientHeight);
  if (above < 0) box.scrollTop += above;
  else if (below > 0) box.scrollTop += Math.min(below, above);
}

function press(state, k, how) {
  const { data } = state;
  if (data.listed) return void state.send("open", { key: data.listed.keys[k] });
  if (!state.presses) return;
  act(state, data.members[k], how);
}

function clear(state) {
  if (state.data.listed) markAll(state, []);
  else report(state, []);
}

function select(state, members) {
  if (state.data.listed || !state.data.members.length) return;
  const before = state.chosen;
  state.chosen = members.join();
  state.rows.forEach((row, k) => chosen(row, state.chosen !== "" && state.data.members[k].join() === state.chosen));
  stop(state);
  const found = state.rows.find((row) => row.classList.contains("selected") && row.isConnected);
  if (found && before !== state.chosen) reveal(state, found);
}

function chosen(row, on) {
  row.classList.toggle("selected", on);
  row.setAttribute("aria-selected", on ? "true" : "false");
}

function light(state, lit) {
  const names = new Set(lit?.sets.map(String));
  state.rows.forEach((row, k) => row.classList.toggle("lit", names.has(String(state.data.members[k]))));
}

function point(state, row) {
  if (row === state.at || !state.presses) return;
  state.at?.classList.remove("at");
  row?.classList.add("at");
  state.at = row;
  if (!state.data.members.length) return;
  const members = row && state.data.members[row.dataset.row];
  state.link?.light(members && { players: new Set(members), sets: [members] });
}

// What a column is, under its name.
function explain(state, head) {
  const { about, root } = state;
  const said = head ? state.data.columns[head.dataset.column].help : "";
  about.hidden = !said;
  if (!said) return;
  about.textContent = said;
  const [frame, place] = [root.getBoundingClientRect(), head.getBoundingClientRect()];
  about.style.top = `${place.bottom - frame.top + 2}px`;
  about.style.left = "0";
  const most = frame.width - about.offsetWidth;
  about.style.left = `${Math.max(0, Math.min(most, place.left - frame.left))}px`;
}
