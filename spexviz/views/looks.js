// Where a head looks, on the text. Data comes from spexviz/views/looks.py; user text enters through textContent only.
export default component({ draw });

function draw(parentElement, state, data) {
  if (state.root) state.root.remove();
  const root = element("div", "spexviz-looks");
  for (const [name, value] of Object.entries(data.colours)) root.style.setProperty(`--sx-${name}`, value);
  const text = element("div", "text");
  text.tabIndex = 0;
  text.setAttribute("role", "group");
  text.setAttribute("aria-label", `Where ${data.head} looks: arrow keys choose the token that looks`);
  const tokens = data.tokens.map((token) => element("span", "token", token));
  text.append(...tokens);
  const said = element("div", "said");
  said.setAttribute("role", "status");
  root.append(text, said);
  Object.assign(state, { root, data, tokens, said, pinned: tokens.length - 1, shown: -1 });
  text.addEventListener("pointermove", (event) => show(state, at(state, event.target)));
  text.addEventListener("pointerleave", () => show(state, state.pinned));
  text.addEventListener("click", (event) => pin(state, at(state, event.target)));
  text.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    pin(state, Math.min(tokens.length - 1, Math.max(0, state.pinned + step)));
  });
  show(state, state.pinned);
  parentElement.append(root);
}

function at(state, target) {
  const k = state.tokens.indexOf(target);
  return k < 0 ? state.pinned : k;
}

function pin(state, k) {
  state.pinned = k;
  show(state, k);
}

function show(state, k) {
  if (state.shown === k) return;
  state.shown = k;
  const shares = new Map(state.data.rows[k]);
  state.tokens.forEach((token, i) => {
    token.classList.toggle("from", i === k);
    token.style.setProperty("--share", `${Math.round(100 * (shares.get(i) || 0))}%`);
  });
  state.said.textContent = state.data.said[k];
}
