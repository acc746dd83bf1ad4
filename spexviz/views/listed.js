// Of rows.js: rows that open something are sought and marked, and say when they were made.

// "today 14:32", "3 days ago", "4 Mar 2026": in the time of this browser.
function ago(seconds) {
  const then = new Date(1000 * seconds);
  const midnight = (day) => new Date(day.getFullYear(), day.getMonth(), day.getDate());
  const days = Math.round((midnight(new Date()) - midnight(then)) / 86400000);
  const clock = then.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  if (days === 0) return `today ${clock}`;
  if (days === 1) return `yesterday ${clock}`;
  if (days > 1 && days < 7) return `${days} days ago`;
  return then.toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" });
}

// ---- sought, and marked ------------------------------------------------------------------------

function drawSearch(state) {
  const find = element("div", "find");
  const input = element("input");
  Object.assign(input, { type: "search", placeholder: state.data.listed.sought, autocomplete: "off" });
  input.setAttribute("aria-label", `Search in these ${state.data.listed.noun}s`);
  input.addEventListener("input", () => {
    state.sought = input.value;
    arrange(state);
    const hidden = new Set(state.data.listed.keys);
    state.shown.forEach((k) => hidden.delete(state.data.listed.keys[k]));
    const kept = [...state.marked].filter((key) => !hidden.has(key)); // nothing is marked that is not seen
    if (kept.length < state.marked.size) markAll(state, kept);
  });
  state.count = element("span", "count");
  state.count.setAttribute("role", "status");
  find.append(input, state.count);
  return find;
}

function drawTick(state, k, name) {
  const cell = role("td", "cell");
  cell.className = "tick";
  const box = tick(`Mark ${name}`, (on) => mark(state, k, on));
  cell.append(box);
  return cell;
}

function drawTickAll(state) {
  const head = role("th", "columnheader");
  head.className = "tick";
  head.append(tick(`Mark all ${state.data.listed.noun}s that are shown`, (on) => markAll(state, on ? state.shown.map((k) => keyOf(state.data, k)) : [])));
  return head;
}

function tick(name, then) {
  const label = element("label");
  const input = element("input");
  input.type = "checkbox";
  input.setAttribute("aria-label", name);
  input.addEventListener("change", () => then(input.checked));
  label.append(input);
  return label;
}

function mark(state, k, on) {
  const keys = new Set(state.marked);
  if (on) keys.add(keyOf(state.data, k));
  else keys.delete(keyOf(state.data, k));
  markAll(state, [...keys]);
}

function markAll(state, keys) {
  state.marked = new Set(keys);
  prune(state);
  state.send("mark", { keys: [...state.marked] });
}

// What is gone is not marked any more; rows show what is.
function prune(state) {
  if (!state.data.listed) return;
  const there = new Set(state.data.listed.keys);
  state.marked = new Set([...state.marked].filter((key) => there.has(key)));
  state.rows.forEach((row, k) => {
    const on = state.marked.has(keyOf(state.data, k));
    chosen(row, on);
    row.querySelector("input").checked = on;
    row.querySelector("input").tabIndex = -1; // Space marks the row itself
  });
  const all = state.box.querySelector("th input");
  all.checked = state.marked.size > 0 && state.marked.size >= state.shown.length;
  all.indeterminate = state.marked.size > 0 && !all.checked;
}

// Where a search looks.
function wordsOf(data, k) {
  const under = Object.values(data.listed?.under ?? {}).map((column) => column[k]);
  return [...data.rows[k], ...under, data.listed?.words[k] ?? ""].join(" ").toLowerCase();
}
