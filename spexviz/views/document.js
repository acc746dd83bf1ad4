// Document: draws the components of a report in the theme of the reader, links its plots with them, readies it for paper.
// What comes before it: common.js, picture.js, saver.js.
const night = matchMedia("(prefers-color-scheme: dark)");
const PAPER = 690; // pixels across a page, between its margins
let onPaper = false;

// ---- components ----------------------------------------------------------------------------------------------------

const views = [...document.querySelectorAll("[data-view]")].map((host) => {
  const { run, css } = window.spexvizViews[host.dataset.view];
  const [light, dark] = JSON.parse(host.querySelector("script").textContent);
  const parentElement = host.attachShadow({ mode: "open" });
  parentElement.append(element("style", "", css));
  return { run, parentElement, light, dark: { ...light, ...dark } };
});

// On paper they are drawn anew, as wide as it is, and light.
function drawAll() {
  for (const { run, parentElement, light, dark } of views) {
    const data = night.matches && !onPaper ? dark : light;
    const selection = window.spexvizLinks?.get(data.run)?.select.members ?? data.selection;
    run({ parentElement, data: { ...data, selection, version: `${data.version}${onPaper}` }, setTriggerValue() {} });
  }
}

// ---- plots ---------------------------------------------------------------------------------------------------------

const tip = element("div", "tip");
tip.hidden = true;
document.body.append(tip);

for (const plot of document.querySelectorAll(".plot")) link(plot);

function link(plot) {
  const state = { still: false, switches: false, send() {} };
  const marks = [...plot.querySelectorAll(".mark")];
  const tips = new Map(marks.map((mark) => [mark, mark.querySelector("title")?.textContent]));
  for (const mark of marks) mark.querySelector("title")?.remove(); // said beside the pointer instead
  const choices = marks.filter((mark) => mark.dataset.members);
  for (const drawn of plot.querySelectorAll("svg")) {
    const own = choices.filter((mark) => mark.ownerSVGElement === drawn);
    own.forEach((mark, k) => button(mark, k === 0, tips.get(mark).replaceAll("\n", ", ")));
    if (own.length) drawn.setAttribute("role", "group");
  }
  const membersOf = (mark) => mark.dataset.members.split(",").map(Number);
  state.link = linked(plot, plot.dataset.run, {
    select: (members) => {
      for (const mark of choices) pressed(mark, mark.dataset.members === members.join());
      for (const row of plot.querySelectorAll("[data-row]")) row.classList.toggle("selected", row.dataset.row === members.join());
    },
    off() {},
  });
  gestures(plot, (event) => event.target.closest?.(".mark") ?? null, {
    point(mark) {
      tell(mark, mark && tips.get(mark));
      state.link.light(mark?.dataset.members ? { players: new Set(membersOf(mark)), sets: [membersOf(mark)] } : null);
    },
    choose: (mark, how) => mark?.dataset.members && act(state, membersOf(mark), how),
    clear: () => report(state, []),
    move: (mark, key) => move(choices.filter((one) => one.ownerSVGElement === mark.ownerSVGElement), mark, key),
  });
  state.link.given("select", window.spexvizLinks.get(plot.dataset.run).select.members);
  plot.append(pictureSaver(() => plot.closest(".panel"), plot.dataset.title));
}

function move(row, mark, key) {
  const step = { ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1, ArrowRight: 1, Home: -row.length, End: row.length }[key];
  if (step === undefined) return false;
  const next = row[Math.max(0, Math.min(row.length - 1, row.indexOf(mark) + step))];
  mark.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
  return true;
}

// What a mark is, beside it and never beyond the window.
function tell(mark, text) {
  tip.hidden = !text;
  if (!text) return;
  tip.textContent = text;
  const place = mark.getBoundingClientRect();
  const left = Math.min(innerWidth - tip.offsetWidth - 8, Math.max(8, place.left + place.width / 2 - tip.offsetWidth / 2));
  const above = place.top - tip.offsetHeight - 8;
  tip.style.transform = `translate(${left}px, ${above > 4 ? above : place.bottom + 8}px)`;
}

// ---- paper ---------------------------------------------------------------------------------------------------------

function toPaper(on) {
  if (on === onPaper) return;
  onPaper = on;
  document.body.classList.toggle("paper", on);
  document.body.style.width = on ? `${PAPER}px` : "";
  for (const fold of document.querySelectorAll("details")) {
    if (on && !fold.open) Object.assign(fold, { open: true }).dataset.folded = "";
    else if (!on && "folded" in fold.dataset) (fold.open = false), delete fold.dataset.folded;
  }
  drawAll();
}

addEventListener("beforeprint", () => toPaper(true));
addEventListener("afterprint", () => toPaper(false));
matchMedia("print").addEventListener("change", ({ matches }) => toPaper(matches));
night.addEventListener("change", drawAll);
drawAll();
