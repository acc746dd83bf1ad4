// Bins of structured masks, and their peeling round by round. Data comes from spexviz/views/bins.py.
export default component({ draw });

function draw(parentElement, state, data) {
  state.root?.remove();
  const root = element("div", "spexviz-bins");
  for (const [name, colour] of Object.entries(data.colours)) root.style.setProperty(`--sx-${name}`, colour);
  Object.assign(state, { data, at: state.at ?? 0, root });
  state.said = element("p", "said");
  state.said.setAttribute("role", "status");
  state.groups = element("div", "groups");
  state.read = element("div", "read");
  state.read.setAttribute("role", "status");
  state.found = element("p", "found");
  const bar = element("div", "bar");
  state.next = pressable("Next round", () => show(state, state.at + 1));
  state.back = pressable("From the beginning", () => show(state, 0));
  bar.append(state.next, state.back);
  root.append(state.said, state.groups, state.read, bar, state.found);
  parentElement.append(root);
  show(state, state.at);
}

function show(state, at) {
  const { rounds } = state.data;
  state.at = Math.min(at, rounds.length - 1);
  const round = rounds[state.at];
  state.said.textContent = round.said;
  state.groups.replaceChildren(...round.groups.map((bins, k) => drawGroup(state, bins, k)));
  state.read.replaceChildren();
  const isLast = state.at === rounds.length - 1;
  state.next.disabled = isLast;
  state.back.disabled = state.at === 0;
  const found = rounds.slice(0, state.at + 1).flatMap((one) => one.found);
  state.found.textContent = found.length ? `Found: ${found.join(" · ")}` : "";
  if (isLast) report_(state, "peeled");
}

function drawGroup(state, bins, k) {
  const row = element("div", "group");
  row.setAttribute("role", "group");
  row.setAttribute("aria-label", `Group ${k + 1}`);
  row.append(element("p", "name", `Group ${k + 1}`));
  bins.forEach((bin, at) => {
    const made = pressable("", () => read(state, bin, made));
    made.className = `bin ${["empty", "single"][bin.sets.length] ?? "several"}`;
    made.setAttribute("aria-label", `Bin ${at + 1}: sum ${bin.sum}; ${bin.sets.join(", ") || "nothing in it"}`);
    made.append(element("span", "sum", bin.sum), ...bin.sets.map((set) => element("span", "set", set)));
    row.append(made);
  });
  return row;
}

// The sums of a bin with each letter flipped: where only the sign turns, a set is spelt.
function read(state, bin, made) {
  for (const one of state.groups.querySelectorAll(".bin")) one.setAttribute("aria-pressed", one === made ? "true" : "false");
  const table = element("table");
  const [head, row] = [element("tr"), element("tr")];
  head.append(element("th", "", "asked with"), element("th", "", "as it is"), ...state.data.names.map((name) => element("th", "", `${name} flipped`)));
  const turned = bin.sum.replace("−", "+") === bin.sum ? bin.sum.replace("+", "−") : bin.sum.replace("−", "+");
  row.append(element("th", "", "sum"), element("td", "", bin.sum));
  for (const flip of bin.flips) row.append(element("td", flip === bin.sum || bin.sum === "0" ? "" : flip === turned ? "turned" : "other", flip));
  table.append(head, row);
  const frame = element("div", "frame");
  frame.tabIndex = 0;
  frame.setAttribute("role", "region");
  frame.setAttribute("aria-label", "How this bin is read");
  frame.append(table);
  state.read.replaceChildren(element("p", "", bin.said), ...(bin.sets.length ? [frame] : []));
  if (bin.sets.length === 1) report_(state, "single");
}

function report_(state, what) {
  if ((state.reported ??= new Set()).has(what)) return;
  state.reported.add(what);
  state.send("did", { what });
}
