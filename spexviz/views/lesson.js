// The panel of a lesson: what it says, what to do, questions with their explanations, and the way on. Where one is stands
// in the address: going on writes it there, and has the page drawn anew by the trigger `go`.
export default component({ update, draw });

const FIELDS = "input, textarea, select, [contenteditable], [role=textbox], [role=combobox], [role=listbox], [role=slider], [role=dialog]";

function update(state, data) {
  state.data = data;
  settle(state);
}

// The address names the place that is shown, unless the visitor has gone elsewhere meanwhile.
function settle(state) {
  const { data, words } = state;
  const now = new URLSearchParams(location.search);
  const isNow = (all) => Object.entries(all).every(([name, value]) => (now.get(name) ?? "") === value);
  const isMine = isNow(data.given) || (words && isNow(words));
  if (!isNow(data.words) && isMine) write(data, data.words);
  state.words = data.words;
}

function write(data, words) {
  const query = new URLSearchParams(location.search);
  for (const name of data.kept) query.delete(name);
  for (const [name, value] of Object.entries(words)) query.set(name, value);
  history.replaceState(history.state, "", `${location.pathname}?${query}`);
}

function draw(parentElement, state, data) {
  const focus = state.root?.contains(state.root.getRootNode().activeElement) ? nameOf(state.root.getRootNode().activeElement) : "";
  state.root?.remove();
  const root = element("section", "lesson");
  root.setAttribute("aria-label", `Lesson ${data.number}`);
  for (const [name, colour] of Object.entries(data.colours)) root.style.setProperty(`--sx-${name}`, colour);
  if (state.number !== data.number) document.querySelector("[data-testid=stMain]")?.scrollTo(0, 0);
  const isSame = state.place === data.at && state.number === data.number;
  const chosen = (isSame ? state.chosen : null) ?? data.question?.chosen ?? null;
  Object.assign(state, { root, number: data.number, place: data.at, chosen, first: isSame ? state.first : null });
  root.append(drawHead(state), drawPlaces(state));
  const body = element("div", "body");
  if (data.seen) body.append(drawSeen(data.seen));
  state.heading = element("h2", "title", data.title);
  state.heading.tabIndex = -1;
  body.append(state.heading);
  const tellTerms = termsIn(root, data.terms);
  body.append(...data.paragraphs.map((text) => tellTerms(element("p"), text)));
  if (data.question) body.append(drawQuestion(state));
  const foot = element("div", "foot");
  if (data.ask) foot.append(drawAsk(data));
  foot.append(drawWay(state));
  root.append(body, foot, element("p", "keys", "Keys: N next, B back, L to this panel" + (data.question ? ", 1 to 4 answer" : "")));
  parentElement.append(root);
  if (focus) (root.querySelector(`[data-name="${focus}"]:not(:disabled)`) ?? state.heading).focus({ preventScroll: true });
  listen(state);
  tell(state);
}

const nameOf = (made) => made.dataset?.name ?? "";

function drawHead(state) {
  const { data } = state;
  const head = element("div", "head");
  const all = press("all", "All lessons", () => open(state, 0));
  head.append(element("p", "of", `Lesson ${data.number} · ${data.lesson}`), all);
  return head;
}

// One mark a step or question: a row with one Tab stop, arrow keys between.
function drawPlaces(state) {
  const { data } = state;
  const row = element("nav", "places");
  row.setAttribute("aria-label", "Steps of this lesson");
  data.places.forEach((place, k) => {
    const at = k + 1;
    const made = press(`place-${at}`, "", () => go(state, at));
    made.className = ["place", place.done ? "done" : place.been && "been", place.asked && "asked", at === data.at && "now"].filter(Boolean).join(" ");
    made.setAttribute("aria-label", `${at} of ${data.places.length}: ${place.title}${place.done ? ", done" : ""}`);
    made.title = place.title;
    if (at === data.at) made.setAttribute("aria-current", "step");
    made.tabIndex = at === Math.min(data.at, data.places.length) ? 0 : -1;
    row.append(made);
  });
  row.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by || event.ctrlKey || event.metaKey || event.altKey) return;
    const marks = [...row.children];
    marks[marks.indexOf(event.target) + by]?.focus();
    event.preventDefault();
  });
  return row;
}

function drawSeen(text) {
  const made = element("p", "seen");
  made.append(element("span", "tick", "✓ "), text);
  return made;
}

function drawAsk(data) {
  const made = element("p", "ask");
  const isDone = data.places[data.at - 1]?.done;
  made.append(element("strong", "", isDone ? "✓ Done: " : "Your turn: "), data.ask);
  return made;
}

function drawQuestion(state) {
  const { question } = state.data;
  const box = element("div", "question");
  const ask = element("p", "asked", question.ask);
  ask.id = `asked-${question.k}`;
  const list = element("div", "choices");
  list.setAttribute("role", "group");
  list.setAttribute("aria-label", question.ask);
  state.choices = question.choices.map((choice, k) => {
    const made = press(`choice-${k}`, "", () => choose(state, k));
    made.className = "choice";
    made.append(element("span", "mark", `${k + 1}`), element("span", "", choice.text));
    return made;
  });
  list.append(...state.choices);
  state.why = element("p", "why");
  state.why.setAttribute("role", "status");
  box.append(ask, list, state.why);
  explain(state);
  return box;
}

// The first choice is what counts; the others explain themselves too.
function choose(state, k) {
  const { question } = state.data;
  if (state.chosen === null) {
    state.first = { question: question.k, choice: k };
    state.send("answer", state.first);
    state.data.places[state.data.at - 1].done = true;
    state.root.querySelectorAll(".place")[state.data.at - 1].classList.add("done");
  }
  state.chosen = k;
  explain(state);
}

function explain(state) {
  const { question } = state.data;
  if (state.chosen === null) return;
  const chosen = question.choices[state.chosen];
  state.choices.forEach((made, k) => {
    const { right } = question.choices[k];
    made.classList.toggle("right", right);
    made.classList.toggle("wrong", k === state.chosen && !right);
    made.setAttribute("aria-pressed", k === state.chosen ? "true" : "false");
    made.querySelector(".mark").textContent = right ? "✓" : k === state.chosen ? "✗" : `${k + 1}`;
  });
  state.why.replaceChildren(element("strong", "", chosen.right ? "Right. " : "Not so. "), chosen.why);
}

function drawWay(state) {
  const { data } = state;
  const way = element("div", "way");
  const back = press("back", "Back", () => go(state, data.at - 1));
  back.disabled = data.at === 1;
  way.append(back);
  if (data.end) {
    if (data.end.next) way.append(press("next", `Lesson ${data.end.next}: ${data.end.title}`, () => open(state, data.end.next)));
    else way.append(press("next", "All lessons", () => open(state, 0)));
  } else {
    const isOpen = data.ask && !data.places[data.at - 1].done;
    way.append(press("next", isOpen ? "Skip" : data.at === data.places.length ? "Finish" : "Next", () => go(state, data.at + 1)));
  }
  way.lastChild.classList.add(data.ask && !data.places[data.at - 1]?.done ? "skip" : "next");
  return way;
}

function press(name, text, act) {
  const made = element("button", "", text);
  made.type = "button";
  made.dataset.name = name;
  made.addEventListener("click", act);
  return made;
}

function go(state, at) {
  const { data } = state;
  if (at < 1 || at > data.places.length + 1 || at === data.at) return;
  state.words = { ...data.words, [data.names.step]: `${at}` };
  write(data, state.words);
  document.querySelector("[data-testid=stMain]")?.scrollTo(0, 0);
  state.send("go", { at, answered: state.first }); // who goes on at once is heard for the last of both only
}

const open = (state, lesson) => state.send("open", { lesson });

// What is new is read out, unless the page has just been opened.
function tell(state) {
  const { data, told } = state;
  state.told = data.at;
  const listener = document.getElementById("spexviz-status");
  if (told === undefined || told === data.at || !listener) return;
  const action = data.ask ? `Your turn: ${data.ask}` : "";
  listener.textContent = [data.seen, `${data.at} of ${data.places.length}: ${data.title}.`, ...data.paragraphs, data.question?.ask, action].filter(Boolean).join(" ");
}

// ---- keys ----------------------------------------------------------------------------------------------------------

function listen(state) {
  if (state.listen) return;
  state.listen = (event) => {
    if (state.root.isConnected) return key(state, event);
    removeEventListener("keydown", state.listen);
    state.listen = null;
  };
  addEventListener("keydown", state.listen);
}

function key(state, event) {
  const isHeld = event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.repeat;
  const isTyped = event.composedPath().some((one) => one.matches?.(FIELDS));
  if (isHeld || isTyped || event.defaultPrevented) return;
  const { data, root } = state;
  const choice = data.question?.choices[Number(event.key) - 1] ? Number(event.key) - 1 : -1;
  if (event.key === "n") root.querySelector("[data-name=next]").click();
  else if (event.key === "b") go(state, data.at - 1);
  else if (event.key === "l") state.heading.focus();
  else if (choice >= 0) choose(state, choice);
  else return;
  event.preventDefault();
}
