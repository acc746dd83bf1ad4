// The four masks of two players, as a table. Data comes from spexviz/views/four.py; user text enters the page through textContent only.
export default component({ update, draw, select() {}, off });

function update(state, data) {
  state.data = data;
  if (state.turn !== data.turn) Object.assign(state, { turn: data.turn, visited: new Set(), told: false });
  for (const members of data.visited) state.visited.add(nameOf(members)); // beside what the server has not heard of
}

const nameOf = (members) => members.join("-");

function draw(parentElement, state, data) {
  state.root?.remove();
  const root = element("div", "spexviz-four");
  for (const [name, colour] of Object.entries(data.colours)) root.style.setProperty(`--sx-${name}`, colour);
  const table = element("table");
  const [both, noFirst, noSecond, none] = (state.cells = data.cells.map((cell) => drawCell(state, cell)));
  const [first, second] = data.names;
  table.append(
    row("th", element("td"), element("span", "", `with ${second}`), element("span", "", `without ${second}`)),
    row("td", header(`with ${first}`), both.root, noSecond.root),
    row("td", header(`without ${first}`), noFirst.root, none.root),
  );
  state.result = element("div", "result");
  state.result.setAttribute("role", "status");
  root.append(table, element("p", "answer", data.answer), state.result);
  parentElement.append(root);
  state.root = root;
}

function row(tag, first, ...rest) {
  const made = element("tr");
  made.append(first);
  for (const one of rest) {
    const cell = element(tag);
    if (tag === "th") cell.scope = "col";
    cell.append(one);
    made.append(cell);
  }
  return made;
}

function header(text) {
  const made = element("th", "", text);
  made.scope = "row";
  return made;
}

function drawCell(state, cell) {
  const root = element("button", "cell");
  root.type = "button";
  const [value, small] = [element("span", "value"), element("span", "small")];
  root.append(value, small);
  root.addEventListener("click", () => state.link.switch(cell.off));
  return { root, value, small, ...{ cell } };
}

// What is switched off now is a cell, or none of them.
function off(state, members) {
  state.visited.add(nameOf(members));
  const { names } = state.data;
  state.cells.forEach(({ root, value, small, cell }, k) => {
    const isKnown = state.visited.has(nameOf(cell.off));
    const isNow = same(members, cell.off);
    value.textContent = isKnown ? cell.value : "?";
    small.textContent = isKnown ? cell.small : "";
    root.classList.toggle("known", isKnown);
    pressed(root, isNow);
    const mask = [k & 1 ? "without" : "with", names[0], k & 2 ? "without" : "with", names[1]].join(" ");
    root.setAttribute("aria-label", `${mask}: ${isKnown ? cell.value : "not seen yet"}`);
  });
  const isAll = state.cells.every(({ root }) => root.classList.contains("known"));
  if (isAll && !state.told && state.data.visited.length < state.cells.length) {
    state.told = true; // the server may have heard the last of several quick presses only
    state.send("seen", { all: true });
  }
  const lines = isAll ? state.data.result : [];
  if (state.result.childElementCount !== lines.length) state.result.replaceChildren(...lines.map((line) => element("p", "", line)));
}
