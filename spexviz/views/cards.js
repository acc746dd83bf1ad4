// Cards of training examples. Data comes from spexviz/views/cards.py; user text enters the page through textContent only.
const states = new WeakMap();

export default function ({ parentElement, data, setTriggerValue }) {
  if (!data) return undefined;
  let state = states.get(parentElement);
  if (!state) states.set(parentElement, (state = { version: null }));
  state.send = setTriggerValue;
  if (state.version !== data.version || !state.root || !state.root.isConnected) draw(parentElement, state, data);
  state.link ??= linked(parentElement, data.run, { select: (members) => select(state, members), light: (lit) => light(state, lit) });
  state.link.given(data.selection || []);
  return () => {
    state.link.end();
    state.link = null;
  };
}

function select(state, members) {
  state.chosen = members.join();
  state.cards.forEach((card, k) => {
    if (card.getAttribute("role") === "button") pressed(card, state.chosen !== "" && state.shown[k].members.join() === state.chosen);
  });
}

function light(state, lit) {
  const names = new Set(lit?.sets.map(String));
  state.cards.forEach((card, k) => card.classList.toggle("lit", names.has(String(state.shown[k].members))));
}

function draw(parentElement, state, data) {
  if (state.root) state.root.remove();
  const root = element("div", data.large ? "spexviz-cards large" : "spexviz-cards");
  root.dataset.quality = data.quality;
  for (const [name, colour] of Object.entries(data.colours)) root.style.setProperty(`--sx-${name}`, colour);
  state.shown = data.cards;
  state.cards = data.cards.map((card) => drawCard(state, card, data.still));
  root.append(...state.cards);
  parentElement.append(root);
  state.root = root;
  state.version = data.version;
}

function drawCard(state, card, still) {
  const box = element("div", "card");
  if (card.value !== undefined) {
    const worth = element("div", "worth");
    const number = element("b", "", card.value);
    number.style.setProperty("--cell", card.cell);
    worth.append(number, element("span", "", card.what));
    box.append(worth);
  }
  for (const item of card.items) box.append(drawItem(item));
  if (card.lines.length) {
    const lines = element("div", "lines");
    for (const line of card.lines) lines.append(element("p", "", line));
    box.append(lines);
  }
  if (card.members.length && !still) {
    box.setAttribute("role", "button");
    box.tabIndex = 0;
    const choose = () => {
      const members = state.chosen === card.members.join() ? [] : card.members;
      state.link.select(members);
      state.send("select", { members });
    };
    box.addEventListener("click", choose);
    box.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      choose();
    });
  }
  return box;
}

function drawItem(item) {
  const row = element("div", "item");
  if (item.pixels) row.append(picture(item));
  const words = element("div", "words");
  words.append(element("div", "text", item.text));
  const tags = element("div", "tags");
  if (item.label) tags.append(element("span", "label", item.label));
  if (item.remark) tags.append(element("span", "remark", item.remark));
  if (tags.children.length) words.append(tags);
  row.append(words);
  return row;
}

function picture(item) {
  const side = Math.round(Math.sqrt(item.pixels.length));
  const look = { viewBox: `0 0 ${side} ${side}`, role: "img", "aria-label": item.text, "shape-rendering": "crispEdges" };
  const drawn = svg("svg", look);
  item.pixels.forEach((shade, i) => {
    if (!shade) return;
    const grey = Math.round(255 * (1 - shade));
    const place = { x: i % side, y: Math.floor(i / side), width: 1.02, height: 1.02 };
    drawn.append(svg("rect", { ...place, fill: `rgb(${grey},${grey},${grey})` }));
  });
  return drawn;
}
