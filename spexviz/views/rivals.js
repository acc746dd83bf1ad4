// Solvers in a list sorted by R². Data comes from spexviz/views/rivals.py; user text enters the page through textContent only.
export default component({ update, draw });

function update(state, data) {
  state.chosen = data.chosen;
  if (state.rows) mark(state);
}

function draw(parentElement, state, data) {
  const had = state.root?.getRootNode().activeElement?.dataset?.key; // a solver more does not take the focus away
  state.root?.remove();
  const root = element("div", "spexviz-rivals");
  for (const [name, value] of Object.entries(data.colours)) root.style.setProperty(`--sx-${name}`, value);
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", `${data.rows.length} solvers, the best first. Arrow keys move, Enter shows what one would have said.`);
  state.rows = data.rows.map((row, k) => drawRow(data, row, k));
  root.append(drawHead(data), ...state.rows, drawFoot(data));
  Object.assign(state, { root, data });
  parentElement.append(root);
  mark(state);
  if (had !== undefined) state.rows.find((row) => row.dataset.key === had)?.focus();
  gestures(root, (event) => event.target.closest?.("[data-key]") ?? null, {
    point() {},
    choose: (at, how) => at && !how && state.send("open", { key: at.dataset.key === state.chosen ? "" : at.dataset.key }),
    clear: () => state.send("open", { key: "" }),
    move: (at, key) => move(state, at, key),
  });
}

function drawHead(data) {
  const head = element("div", "head");
  head.setAttribute("aria-hidden", "true");
  head.append(element("span", "", "solver"), element("span", "axis", ""), element("span", "r2", "R²"), element("span", "range", data.column));
  return head;
}

function drawRow(data, row, k) {
  const made = element("div", row.own ? "solver own" : "solver");
  const title = element("span", "title", row.title);
  if (row.own && data.mark) title.append(element("span", "mark", data.mark));
  made.append(title, drawMark(data, row), element("span", "r2", row.r2), element("span", "range", row.range));
  button(made, k === 0, `${row.title}${row.own && data.mark ? `, ${data.mark}` : ""}: ${row.said}`);
  made.dataset.key = row.key;
  return made;
}

const place = (data, value) => `${(100 * (value - data.low)) / (1 - data.low)}%`;

function drawMark(data, row) {
  const axis = element("span", "axis");
  axis.setAttribute("aria-hidden", "true");
  for (const tick of data.ticks) {
    const line = element("i", tick ? "tick" : "tick zero");
    line.style.left = place(data, tick);
    axis.append(line);
  }
  if (row.at === undefined) return axis;
  const [from, to] = row.interval;
  if (to > from) {
    const range = element("i", "span");
    range.style.left = place(data, from);
    range.style.width = `calc(${place(data, to)} - ${place(data, from)})`;
    axis.append(range);
  }
  const dot = element("i", row.below ? "dot below" : "dot");
  dot.style.left = place(data, row.at);
  axis.append(dot);
  return axis;
}

function drawFoot(data) {
  const foot = element("div", "foot");
  foot.setAttribute("aria-hidden", "true");
  const axis = element("span", "axis");
  for (const tick of data.ticks) {
    const number = element("i", "number", String(tick));
    number.style.left = place(data, tick);
    axis.append(number);
  }
  foot.append(element("span"), axis, element("span"), element("span"));
  return foot;
}

function move(state, at, key) {
  const here = state.rows.indexOf(at);
  const step = { ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1, ArrowRight: 1, Home: -state.rows.length, End: state.rows.length }[key];
  if (step === undefined) return false;
  const next = state.rows[Math.max(0, Math.min(state.rows.length - 1, here + step))];
  at.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
  return true;
}

function mark(state) {
  for (const row of state.rows) pressed(row, row.dataset.key === state.chosen);
}
