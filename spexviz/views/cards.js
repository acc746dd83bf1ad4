// Cards of training examples. Data comes from spexviz/views/cards.py; user text enters the page through textContent only.
export default component({ draw, select, off, light, place: measure, picture: "cards" });

// ---- drawing -------------------------------------------------------------------------------------------------------

function draw(parentElement, state, data) {
  if (state.root) state.root.remove();
  const root = element("div", data.large ? "spexviz-cards large" : "spexviz-cards");
  root.dataset.quality = data.quality;
  for (const [name, colour] of Object.entries(data.colours)) root.style.setProperty(`--sx-${name}`, colour);
  Object.assign(state, { root, at: null, shown: data.cards, tools: null });
  state.cards = data.cards.map((card) => drawCard(card, data.still));
  state.buttons = state.cards.filter((card) => card.getAttribute("role") === "button");
  if (state.buttons.length) stop(state, state.buttons[0]);
  root.append(...(data.tools ? toolbar(state, data.tools) : []), ...state.cards.map((card) => held(state, card)));
  parentElement.append(root);
  listen(state);
}

function drawCard(card, still) {
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
    box.setAttribute("aria-pressed", "false");
  }
  return box;
}

// A card, and under it a button that shows the whole of its texts, where they are longer than their lines.
function held(state, card) {
  const holder = element("div", "holder");
  const more = element("button", "more", MORE);
  more.type = "button";
  more.hidden = true;
  more.setAttribute("aria-expanded", "false");
  more.addEventListener("click", () => {
    const isWhole = card.classList.toggle("whole");
    more.textContent = isWhole ? LESS : MORE;
    more.setAttribute("aria-expanded", String(isWhole));
  });
  holder.append(card, more);
  return holder;
}

const MORE = "Show the whole text";
const LESS = "Show less";

function measure(state) {
  for (const card of state.cards) {
    const isCut = [...card.querySelectorAll(".text")].some((text) => text.scrollHeight > text.clientHeight + 1);
    card.nextSibling.hidden = !isCut && !card.classList.contains("whole");
  }
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

// ---- gestures ------------------------------------------------------------------------------------------------------

function listen(state) {
  const hit = (event) => event.target.closest?.(".card[role=button]") ?? null;
  gestures(state.root, hit, {
    point: (at) => point(state, at),
    choose: (at, how) => choose(state, at, how),
    clear: () => report(state, []),
    move: (at, key) => move(state, at, key),
  });
}

// The one card at which Tab stops.
function stop(state, card) {
  for (const one of state.buttons) one.tabIndex = one === card ? 0 : -1;
  return card;
}

function move(state, at, key) {
  const last = state.buttons.length - 1;
  const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1, Home: -last, End: last }[key];
  if (step === undefined) return false;
  const next = Math.max(0, Math.min(last, state.buttons.indexOf(at) + step));
  stop(state, state.buttons[next]).focus();
  return true;
}

const membersOf = (state, card) => state.shown[state.cards.indexOf(card)].members;

function choose(state, at, how) {
  if (!at) return;
  stop(state, at);
  act(state, membersOf(state, at), how);
}

// A card is one set, or one player of those selected.
function select(state, members) {
  const chosen = new Set(members);
  const isIn = (own) => same(own, members) || (own.length === 1 && chosen.has(own[0]));
  for (const card of state.buttons) pressed(card, members.length > 0 && isIn(membersOf(state, card)));
}

// Each example that is switched off is struck out, on every card.
function off(state, members) {
  const out = new Set(members);
  for (const card of state.buttons) {
    const own = membersOf(state, card);
    struck(card, own.every((i) => out.has(i)));
    card.querySelectorAll(".item").forEach((item, k) => item.classList.toggle("off", out.has(own[k])));
  }
}

// What belongs to a card is lit in every view of the run.
function point(state, at) {
  if (at === state.at) return;
  state.at = at;
  const members = at && membersOf(state, at);
  state.link.light(members && { players: new Set(members), sets: [members] });
}

// A card of a set that is lit, or of one player that is.
function light(state, lit) {
  const names = new Set(lit?.sets.map(String));
  for (const card of state.buttons) {
    const members = membersOf(state, card);
    const isLit = names.has(String(members)) || (members.length === 1 && lit?.players.has(members[0]));
    card.classList.toggle("lit", Boolean(isLit));
  }
}
