// What is said of the selection. Data comes from spexviz/views/selected.py; user text enters the page through textContent only.
export default component({ update, draw, select: tell });

function update(state, data) {
  state.data = data;
}

function draw(parentElement, state) {
  state.root?.remove();
  const root = element("div", "spexviz-selected");
  for (const [name, colour] of Object.entries(state.data.colours)) root.style.setProperty(`--sx-${name}`, colour);
  state.box = saidBox(() => report(state, []));
  state.explain = termsIn(state.box, state.data.terms);
  root.append(state.box);
  parentElement.append(root);
  state.root = root;
}

// Until the server has said something of a new selection, the place is empty.
function tell(state, members) {
  const isTold = members.length > 0 && same(members, state.data.selection);
  say(state.box, isTold ? state.data.said : members.length ? "…" : state.data.hint, members.length > 0, isTold, state.explain);
}
