// Tokens: what an answer is to the model, and what to press. Data comes from spexviz/views/tokens.py; text of users and
// models enters through textContent only.
export default component({ draw });

function draw(parentElement, state, data) {
  const at = focusedIn(state.root);
  const root = element("div", "spexviz-tokens");
  for (const [name, value] of Object.entries(data.colours)) root.style.setProperty(`--sx-${name}`, value);
  const said = element("div", data.wrong ? "said wrong" : "said");
  said.setAttribute("role", "status");
  if (data.said) said.append(element("p", "", data.said));
  if (data.why) said.append(element("p", "why", data.why));
  root.append(said);
  if (data.fixes.length) root.append(row(state, data.fixes, "fix", ""));
  if (data.label) root.append(row(state, data.likely, "likely", data.likely.length ? data.label : `${data.label} …`));
  state.root?.remove();
  state.root = root;
  parentElement.append(root);
  if (at) root.querySelectorAll(`.${at.name} button`)[at.place]?.focus();
}

// A row of buttons: one Tab stop, arrow keys between.
function row(state, presses, name, label) {
  const made = element("div", `row ${name}`);
  made.setAttribute("role", "group");
  if (label) {
    made.append(element("span", "label", label));
    made.setAttribute("aria-label", label);
  }
  const buttons = presses.map((press, place) => {
    const one = element("button", press.on ? "on" : "");
    one.type = "button";
    one.tabIndex = place ? -1 : 0;
    one.append(element("span", "text", press.text));
    if (press.small) one.append(element("span", "small", press.small));
    if (name === "likely") one.setAttribute("aria-pressed", press.on ? "true" : "false");
    one.addEventListener("click", () => state.send("press", { [name]: place }));
    return one;
  });
  made.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const here = buttons.indexOf(event.target.closest("button"));
    const next = buttons[here + step];
    if (!step || here < 0 || !next) return;
    event.preventDefault();
    for (const one of buttons) one.tabIndex = one === next ? 0 : -1;
    next.focus();
  });
  made.append(...buttons);
  return made;
}

// Which button has the focus, so that a row that is drawn anew keeps it.
function focusedIn(root) {
  const focused = root?.getRootNode().activeElement;
  const group = root?.contains(focused) ? focused.closest(".row") : null;
  if (!group) return null;
  return { name: group.classList[1], place: [...group.querySelectorAll("button")].indexOf(focused) };
}
