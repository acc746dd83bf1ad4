// What was asked, and the answers. Data comes from spexviz/views/question.py; user text enters through textContent only.
export default component({ draw });

function draw(parentElement, state, data) {
  if (state.root) state.root.remove();
  const root = element("div", "spexviz-question");
  for (const [name, value] of Object.entries(data.colours)) root.style.setProperty(`--sx-${name}`, value);
  const box = element("div", "asked");
  const explain = termsIn(root, data.terms);
  box.append(drawQuestion(data, explain));
  if (data.answers.length) box.append(drawAnswers(data));
  root.append(box);
  parentElement.append(root);
  state.root = root;
  showOwn(root.querySelector(".prompt"));
}

// Of a long text of which a piece is taken apart, that piece.
function showOwn(prompt) {
  const own = prompt?.querySelector(".own");
  if (!own) return;
  const above = own.offsetTop - prompt.offsetTop;
  if (above > prompt.clientHeight / 2) prompt.scrollTop = above - prompt.clientHeight / 4;
}

function drawQuestion(data, explain) {
  const box = element("div", "question");
  if (data.label) box.append(element("div", "called", data.label));
  if (data.parts.length) {
    const prompt = element("div", "prompt");
    prompt.setAttribute("role", "group");
    prompt.setAttribute("aria-label", "What was asked");
    prompt.tabIndex = 0;
    for (const part of data.parts) {
      const piece = element(part.mark ? "mark" : "span", part.own ? "own" : "around", part.text);
      if (part.long) fold(piece, part.text);
      prompt.append(piece);
    }
    box.append(prompt);
  }
  const measured = element("div", "measured", "Measured: ");
  measured.append(explain(element("b"), data.question));
  if (data.model) measured.append(document.createTextNode(` · ${data.model}`));
  box.append(measured);
  return box;
}

// Of much that stands around the text the beginning and the end, and the whole on demand.
const ENDS = 120; // characters

function fold(piece, text) {
  const points = Array.from(text);
  const more = element("button", "more", `… show ${(points.length - 2 * ENDS).toLocaleString("en")} more characters …`);
  more.type = "button";
  more.addEventListener("click", () => {
    piece.textContent = text;
    piece.closest(".prompt").focus();
  });
  piece.replaceChildren(points.slice(0, ENDS).join(""), more, points.slice(-ENDS).join(""));
}

function drawAnswers(data) {
  const gauged = data.answers.some((answer) => answer.share !== undefined);
  const box = element("div", gauged ? "answers" : "answers plain");
  if (data.of) box.append(element("div", "of", `The model answers ${data.of}`));
  data.answers.forEach((answer, k) => {
    const row = element("div", k ? "row nothing" : "row");
    row.append(element("span", "label", answer.label));
    if (gauged) row.append(drawGauge(answer.share || 0));
    row.append(element("span", "said", answer.said));
    box.append(row);
  });
  if (data.picture) box.append(element("div", "picture", data.picture));
  return box;
}

function drawGauge(share) {
  const track = element("span", "track");
  track.setAttribute("aria-hidden", "true");
  const fill = element("div", "fill");
  fill.style.width = `${(100 * share).toFixed(1)}%`;
  track.append(fill);
  return track;
}
