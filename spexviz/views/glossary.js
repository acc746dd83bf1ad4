// The glossary as a page: what is typed leaves the terms in which it stands. Data comes from spexviz/views/glossary.py.
export default component({ draw });

function draw(parentElement, state, data) {
  const sought = state.field?.value ?? "";
  state.root?.remove();
  const root = element("div", "spexviz-glossary");
  for (const [name, value] of Object.entries(data.colours)) root.style.setProperty(`--sx-${name}`, value);
  state.field = element("input");
  state.field.type = "search";
  state.field.value = sought;
  const label = element("label", "", "Find a word");
  label.append(state.field);
  state.count = element("p", "count");
  state.count.setAttribute("role", "status");
  const top = element("div", "find");
  top.append(label, state.count);
  state.groups = data.groups.map(drawGroup);
  root.append(top, ...state.groups.map((group) => group.root));
  state.field.addEventListener("input", () => find(state));
  Object.assign(state, { root });
  parentElement.append(root);
  find(state);
}

function drawGroup(group) {
  const root = element("section");
  const list = element("dl");
  const terms = group.terms.map(drawTerm);
  list.append(...terms.map((term) => term.root));
  root.append(element("h2", "", group.title), list);
  return { root, terms };
}

function drawTerm(term) {
  const root = element("div", "entry");
  const name = element("dt");
  name.append(element("span", "name", term.name));
  if (term.forms.length) name.append(element("span", "forms", `also: ${term.forms.join(", ")}`));
  const said = element("dd");
  said.append(element("p", "", term.short));
  if (term.more) said.append(element("p", "more", term.more));
  if (term.formula) said.append(element("p", "formula", term.formula));
  root.append(name, said);
  return { root, text: [term.name, ...term.forms, term.short, term.more].join(" ").toLowerCase() };
}

function find({ field, groups, count }) {
  const sought = field.value.trim().toLowerCase();
  let left = 0;
  for (const group of groups) {
    for (const term of group.terms) term.root.hidden = !term.text.includes(sought);
    const shown = group.terms.filter((term) => !term.root.hidden).length;
    group.root.hidden = shown === 0;
    left += shown;
  }
  count.textContent = left ? `${left} ${left === 1 ? "word" : "words"}` : "No such word here: try a shorter piece of it.";
}
