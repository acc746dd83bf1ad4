// Cards of runs. Data comes from spexviz/views/shelf.py; text enters the page through textContent only.
export default component({ draw });

const METER = 5; // steps of the meter of trust

function draw(parentElement, state, data) {
  if (state.root) state.root.remove();
  const root = element("div", "spexviz-shelf");
  root.setAttribute("role", "list");
  const { cells, ...shades } = data.colours;
  for (const [name, colour] of Object.entries(shades)) root.style.setProperty(`--sx-${name}`, colour);
  state.root = root;
  root.append(...data.cards.map((card) => drawCard(state, card, `h${data.heading}`, cells)));
  parentElement.append(root);
  for (const frame of root.querySelectorAll(".picture")) paint(frame);
  document.fonts?.ready.then(() => root.isConnected && root.querySelectorAll(".picture").forEach(paint)); // widths of letters are known now
}

function drawCard(state, card, heading, cells) {
  const box = element("article", "card");
  box.dataset.key = card.key;
  box.setAttribute("role", "listitem");
  const frame = element("div", "picture");
  frame.setAttribute("aria-hidden", "true"); // the finding says it
  frame.made = card.picture && (() => pictureOf(card.picture, cells));
  box.append(frame);
  if (card.about) box.append(element("p", "about", card.about));
  box.append(element(heading, "title", card.title), element("p", "finding", steady(card.finding)), drawTrust(card));
  const foot = element("div", "foot");
  foot.append(element("p", "facts", card.facts.join("\u00a0· ")), drawButton(state, card));
  box.append(foot);
  return box;
}

// A number and its sign stay on one line, as in the sentences of a page.
const steady = (text) => text.replace(/(\d) %/g, "$1\u00a0%");

function drawTrust({ trust, level }) {
  const row = element("div", "trust");
  const meter = element("span", "meter");
  meter.setAttribute("role", "img");
  const lit = Math.max(level > 0 ? 1 : 0, Math.round(METER * level));
  meter.setAttribute("aria-label", `${lit} of ${METER}`);
  for (let i = 0; i < METER; i += 1) meter.append(element("i", i < lit ? "on" : ""));
  row.append(meter, element("p", "", steady(trust)));
  return row;
}

// The one thing to press: it lies over the whole card.
function drawButton(state, card) {
  const open = element("button", "open", "Open");
  open.type = "button";
  open.setAttribute("aria-label", `Open: ${card.title}`);
  open.addEventListener("click", () => {
    if (state.opening) return;
    state.opening = true; // a second press asks for nothing more
    setTimeout(() => (state.opening = false), 2000);
    state.send("open", { key: card.key });
  });
  return open;
}

function paint(frame) {
  if (frame.made) frame.replaceChildren(frame.made());
}
