// A score a word by several methods, and what they add up to. Data comes from spexviz/views/methods.py; user text enters the page through textContent only.
export default component({ draw, select() {}, off });

function draw(parentElement, state, data) {
  state.root?.remove();
  const root = element("div", "spexviz-methods");
  for (const [name, colour] of Object.entries(data.colours)) root.style.setProperty(`--sx-${name}`, colour);
  root.classList.toggle("several", data.columns.length > 1);
  const explain = termsIn(root, data.terms);
  const table = element("table");
  const head = element("thead");
  head.append(line("th", header("col", "word"), data.columns.map((column) => explain(element("span"), column.title))));
  const body = element("tbody");
  state.rows = data.words.map((word, i) => line("td", header("row", word), data.columns.map((column) => drawScore(column, i))));
  body.append(...state.rows);
  const foot = element("tfoot");
  state.off = header("row", "");
  state.sums = data.columns.map(() => element("b"));
  state.real = element("b");
  foot.append(line("td", state.off, state.sums));
  const measured = line("td", header("row", "measured: the model itself"), [state.real]);
  measured.className = "measured";
  measured.lastChild.colSpan = data.columns.length;
  foot.append(measured);
  if (data.worth) foot.append(line("td", explain(header("row", ""), "R², all masks"), data.columns.map((column) => element("b", "", column.r2))));
  table.append(head, body, foot);
  const about = data.about.map((text) => explain(element("p", "about"), text));
  root.append(table, element("p", "about", data.amount), ...about);
  parentElement.append(root);
  Object.assign(state, { root, data });
}

function line(tag, first, cells) {
  const made = element("tr");
  made.append(first);
  for (const inside of cells) {
    const cell = element(tag);
    if (tag === "th") cell.scope = "col";
    cell.append(inside);
    made.append(cell);
  }
  return made;
}

function header(scope, text) {
  const made = element("th", "", text);
  made.scope = scope;
  return made;
}

function drawScore(column, i) {
  const made = element("span", "score");
  const track = element("span", column.signed ? "track signed" : "track");
  track.setAttribute("aria-hidden", "true");
  const bar = element("i", column.bars[i] < 0 ? "bar down" : "bar");
  const size = Math.abs(column.bars[i]) * (column.signed ? 50 : 100);
  bar.style.width = `${size}%`;
  bar.style.left = column.signed ? `${column.bars[i] < 0 ? 50 - size : 50}%` : "0";
  track.append(bar);
  made.append(track, element("span", "number", column.shown[i]));
  return made;
}

// What is left adds up, by each method; the model was asked.
function off(state, members) {
  const { data } = state;
  const out = new Set(members);
  state.rows.forEach((row, i) => row.classList.toggle("out", out.has(i)));
  const names = members.map((i) => `“${data.words[i]}”`);
  state.off.textContent = members.length ? `predicted without ${names.join(", ")}` : "predicted for the whole text";
  data.columns.forEach((column, k) => {
    const kept = column.scores.reduce((sum, score, i) => (out.has(i) ? sum : sum + score), column.constant);
    state.sums[k].textContent = `${Math.round(100 / (1 + Math.exp(-kept)))} %`;
  });
  state.real.textContent = data.measured[members.join("-")];
}
