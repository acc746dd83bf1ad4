// Arcs between players. Data comes from spexviz/views/arcs.py; user text enters the page through textContent only.
export default component({ draw, select, off, light, place, picture: "what acts together" });

// ---- drawing: once a version; where all of it stands is the matter of rails.js ---------------------------------------

function draw(parentElement, state, data) {
  if (state.root) state.root.remove();
  if (state.at) point(state, null); // it has gone from under the pointer
  const root = element("div", "spexviz-arcs");
  root.dataset.quality = data.quality;
  for (const [name, colour] of Object.entries(data.colours)) {
    if (typeof colour === "string") root.style.setProperty(`--sx-${name}`, colour);
  }
  Object.assign(state, { data, root, width: 0, at: null });
  state.sub = element("p", "sub");
  state.explain = termsIn(root, data.terms);
  root.append(element("h3", "title", data.title), state.sub, drawLegend(data));
  if (data.asks) root.append(state.explain(element("p", "meaning"), data.asks));
  state.stage = element("div", "stage");
  state.stage.setAttribute("role", "group");
  state.stage.setAttribute("aria-label", `${data.title}: ${data.players.length} ${data.noun}s and the sets of them. ${keysOf(state).replace("move", "move along them and across")}`);
  state.canvas = svg("svg", { class: "canvas", focusable: "false" });
  state.lines = svg("g", { class: "lines", "aria-hidden": "true" });
  state.badges = svg("g", { class: "badges" });
  state.canvas.append(state.lines, state.badges);
  state.players = data.players.map((player, k) => drawPlayer(state, player, k));
  state.gaps = data.players.map(() => element("span", "gap"));
  state.gaps.forEach((gap) => gap.setAttribute("aria-hidden", "true"));
  state.seat = new Map(data.players.map((player, k) => [player.p, k]));
  const largest = Math.max(...data.sets.map((set) => Math.abs(set.v)), 1e-12);
  state.sets = data.sets.map((set, k) => drawSet(state, set, k, largest));
  state.stage.append(...state.gaps, ...state.players.map((player) => player.label), state.canvas);
  state.read = element("div", "read");
  state.read.dataset.unseen = ""; // on paper and in a picture
  root.append(state.stage, state.read);
  parentElement.append(root);
  listen(state);
  place(state);
  if (document.fonts?.status === "loading") document.fonts.ready.then(() => root === state.root && place(state, true));
}

function drawPlayer(state, player, k) {
  const { data } = state;
  const label = element("div", "player");
  const middle = (data.colours.cells.length - 1) / 2;
  label.style.setProperty("--cell", data.colours.cells[middle + player.cell]);
  if (player.sign) label.dataset.sign = player.sign;
  const name = element("span", "name", player.t);
  if (player.full && data.kind === "row") name.title = player.full;
  label.append(name);
  button(label, k === 0, `${player.full ?? player.t}, ${data.index} ${player.said} ${data.unit}`);
  label.dataset.node = k;
  return { ...player, k, label };
}

function drawSet(state, set, k, largest) {
  const kind = ["set", set.v < 0 ? "down" : "up", isUnsure(set) && "unsure", set.c === "contradicted" && "contradicted"].filter(Boolean).join(" ");
  const line = svg("g", { class: kind, "data-set": k });
  const paths = ["halo", "hit", "ink"].map((name) => svg("path", { class: name }));
  const thick = 1.5 + (4 * Math.abs(set.v)) / largest;
  line.style.setProperty("--thick", thick.toFixed(2));
  line.append(...paths);
  const badge = svg("g", { class: kind, "data-set": k });
  const isPair = set.m.length === 2;
  badge.append(isPair ? svg("circle", { class: "mark", r: 9 }) : svg("path", { class: "mark", d: "M0,-12.5L12.5,0L0,12.5L-12.5,0Z" }));
  const glyph = svg("text", { class: "sign", "text-anchor": "middle", dy: "0.36em" });
  glyph.textContent = set.v < 0 ? "−" : set.v > 0 ? "+" : "0";
  badge.append(glyph);
  button(badge, false, describe(state.data, set));
  badge.setAttribute("focusable", "true");
  return { ...set, k, key: String(set.m), line, paths, badge, dots: [], seats: set.m.map((i) => state.seat.get(i)) };
}

function drawLegend(data) {
  const box = element("div", "legend");
  const { up, down, said } = data.legend;
  const item = (name, text) => {
    const made = element("span", "item");
    made.append(sample(name), element("span", "", text));
    box.append(made);
  };
  if (!data.sets.length) return box;
  if (said) box.append(element("span", "item", said));
  if (up && data.sets.some((set) => set.v > 0)) item("up", up);
  if (down && data.sets.some((set) => set.v < 0)) item("down", down);
  if (data.sets.some((set) => set.m.length > 2)) item("more", `three or more ${data.noun}s`);
  if (data.sets.some(isUnsure)) item("unsure", "dashed: its sign is not certain");
  if (data.sets.some((set) => set.c === "contradicted")) item("contradicted", "hollow: contradicted by the model");
  return box;
}

function sample(name) {
  const made = svg("svg", { class: `sample ${name}`, width: 24, height: 16, viewBox: "0 0 24 16", "aria-hidden": "true", focusable: "false" });
  if (name === "more") made.append(svg("path", { class: "mark", d: "M12,1L19,8L12,15L5,8Z" }));
  else if (name === "contradicted") made.append(svg("circle", { class: "mark", cx: 12, cy: 8, r: 6 }));
  else made.append(svg("path", { class: "ink", d: "M3,15Q3,3 12,3Q21,3 21,15" }));
  if (name === "up" || name === "down") {
    const glyph = svg("text", { class: "sign", x: 12, y: 13.5, "text-anchor": "middle" });
    glyph.textContent = name === "up" ? "+" : "−";
    made.append(glyph);
  }
  return made;
}

// ---- gestures ------------------------------------------------------------------------------------------------------

function listen(state) {
  const hit = (event) => (event.target.closest ? event.target.closest("[data-node],[data-set]") : null);
  gestures(state.stage, hit, {
    point: (here) => point(state, here),
    choose: (here, how) => here && act(state, membersOf(own(state, here)), how),
    clear: () => report(state, []),
    move: (here, key) => move(state, here, key),
  });
}

// Along the players or along the sets, by strength; across from a player to its strongest set, and back.
function move(state, here, key) {
  const shown = state.sets.filter((set) => set.isShown);
  const isPlayer = here.dataset.node !== undefined;
  const thing = own(state, here);
  const shownPlayers = state.players.filter((player) => !player.label.hidden);
  const row = isPlayer ? shownPlayers.map((player) => player.label) : shown.map((set) => set.badge);
  const k = row.indexOf(here);
  const isAcross = (state.along === "x" ? ["ArrowUp", "ArrowDown"] : ["ArrowLeft", "ArrowRight"]).includes(key);
  const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1, Home: -row.length, End: row.length }[key];
  if (step === undefined) return false;
  let next = row[clamp(k + step, 0, row.length - 1)];
  if (isAcross) next = isPlayer ? shown.find((set) => set.m.includes(thing.p))?.badge : state.players[thing.seats[0]].label;
  if (!next) return true;
  state.stage.querySelectorAll("[tabindex='0']").forEach((other) => (other.tabIndex = -1));
  next.setAttribute("tabindex", "0");
  next.focus();
  return true;
}

const own = (state, here) => (here.dataset.node !== undefined ? state.players[here.dataset.node] : state.sets[here.dataset.set]);
const membersOf = (thing) => thing.m ?? [thing.p];

function select(state, members) {
  const chosen = new Set(members);
  state.players.forEach((player) => pressed(player.label, chosen.has(player.p)));
  let some = false;
  for (const set of state.sets) {
    const isIt = same(set.m, members);
    const isIn = isIt || (members.length === 1 && set.m.includes(members[0]));
    some ||= isIn;
    pressed(set.badge, isIt);
    set.line.classList.toggle("selected", isIt);
    for (const part of [set.line, set.badge]) part.classList.toggle("in", isIn);
  }
  state.root.classList.toggle("choosing", some);
}

// A set that has lost a member acts no more.
function off(state, members) {
  const out = new Set(members);
  state.players.forEach((player) => struck(player.label, out.has(player.p)));
  for (const set of state.sets) {
    const isOut = set.m.some((i) => out.has(i));
    for (const part of [set.line, set.badge]) part.classList.toggle("out", isOut);
  }
}

// What belongs to a player or a set is lit in every view of the run.
function point(state, here) {
  if (here === state.at) return;
  state.at = here;
  state.link.light(here && belonging(state, own(state, here)));
  tell(state, here);
}

function belonging(state, thing) {
  const sets = thing.m ? [thing.m] : state.sets.filter((set) => set.isShown && set.m.includes(thing.p)).map((set) => set.m);
  return { players: new Set([...membersOf(thing), ...sets.flat()]), sets };
}

function light(state, lit) {
  const names = new Set(lit?.sets.map(String));
  state.root.classList.toggle("lighting", Boolean(lit));
  state.players.forEach((player) => player.label.classList.toggle("lit", Boolean(lit?.players.has(player.p))));
  for (const set of state.sets) {
    const isLit = names.has(set.key);
    for (const part of [set.line, set.badge]) part.classList.toggle("lit", isLit);
  }
}

// ---- words ---------------------------------------------------------------------------------------------------------

function tellTitle(state) {
  const { data } = state;
  const shown = state.sets.filter((set) => set.isShown).length;
  if (!shown) {
    state.sub.textContent = data.none;
    return;
  }
  const strongest = shown === 1 ? "The strongest set" : `The ${shown} strongest sets`;
  const count = shown < data.total ? `${strongest} of ${data.total}` : shown === 1 ? "One set" : `All ${shown} sets`;
  const more = shown < data.total ? `; more of them ${data.more}` : "";
  state.explain(state.sub, `${count}, by ${data.index} in ${data.unit}${more}.`);
}

// The line has the height of the longest that it may say: nothing jumps.
function keepRoom(state) {
  const { read } = state;
  read.style.minHeight = "";
  const lines = [...state.players, ...state.sets].map((thing) => sentence(state, thing)).sort((a, b) => b.length - a.length);
  const heights = [hint(state), ...lines.slice(0, 3)].map((line) => {
    read.textContent = line;
    return read.offsetHeight;
  });
  read.style.minHeight = `${Math.max(...heights)}px`;
}

function hint({ data, link }) {
  const click = (link?.mode ?? data.press ?? "look") === "look" ? "; click to select" : "";
  if (data.sets.length) return `Point at ${a(data.noun)} or a set to see what belongs to it${click}.`;
  return `Point at ${a(data.noun)} to read its value${click}.`;
}

function tell(state, here) {
  state.read.textContent = here ? sentence(state, own(state, here)) : hint(state);
}

function sentence(state, thing) {
  const { data } = state;
  if (thing.m) return `\u2068${describe(data, thing)}.\u2069`;
  const name = data.kind === "layers" && thing.full ? `${thing.t} (${thing.full})` : thing.full ?? thing.t;
  const sets = state.sets.filter((set) => set.isShown && set.m.includes(thing.p)).length;
  const inSets = sets ? `; in ${sets} of the sets shown` : "";
  return `\u2068${name}\u2069: ${data.index} ${thing.said} ${data.unit}${inSets}.`;
}

function describe(data, set) {
  const unsure = isUnsure(set) ? ", sign not certain" : "";
  const interval = set.i ? `, 90 % interval ${set.range}${unsure}` : "";
  const check = set.check ? `; ${set.check.replace(/\.$/, "")}` : "";
  return `${set.t}: ${data.index} ${set.said} ${data.unit}${interval}, ${set.s} of the variance${check}`;
}

// ---- small things --------------------------------------------------------------------------------------------------

const a = (noun) => (/^[aeiou]/.test(noun) ? `an ${noun}` : `a ${noun}`);
const sum = (numbers) => numbers.reduce((total, x) => total + x, 0);
const range = (from, to) => Array.from({ length: to - from }, (_, k) => from + k);
const clamp = (x, low, high) => Math.max(low, Math.min(high, x));
const short = (x) => Math.round(10 * x) / 10;
