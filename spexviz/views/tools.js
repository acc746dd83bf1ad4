// Tools: what a press does in all views of a run, for a finger and for whoever knows no keys; and the way back.
const MODES = [["look", "Look"], ["mark", "Mark"], ["off", "Switch off"]];
const isMac = /Mac|iPhone|iPad/.test(navigator.platform ?? "");

// The bar over a picture whose players can be switched off, as a list of it; an empty one for any other.
function toolbar(state, noun) {
  state.tools = null;
  if (!state.switches) return [];
  const bar = element("div", "tools");
  bar.dataset.unseen = "";
  const group = element("div", "modes");
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", `What a press on ${noun}s does`);
  const buttons = MODES.map(([mode, label]) => pressable(label, () => state.link.turn(mode)));
  group.append(...buttons);
  const help = element("p", "help");
  const undo = pressable("Switch all on again", () => state.link.switch([]));
  undo.classList.add("undo");
  bar.append(group, help, undo);
  let answer = "";
  const tell = () => {
    help.textContent = answer || helpOf(state.link.mode, noun);
    help.classList.toggle("told", answer !== "");
  };
  state.tools = {
    mode(now) {
      state.root.dataset.mode = now;
      MODES.forEach(([mode], k) => buttons[k].setAttribute("aria-pressed", String(mode === now)));
      tell();
    },
    answer: (text) => (answer = text, tell()), // beside the words: what says more of it stands under the picture
    off: (members) => undo.classList.toggle("shown", members.length > 0),
  };
  return [bar];
}

function helpOf(mode, noun) {
  if (mode === "mark") return `A press marks one ${noun} more, or one less.`;
  if (mode === "off") return `A press switches a ${noun} off, or on again.`.replace("a e", "an e");
  return `Shift-click switches a ${noun} off, ${isMac ? "⌘" : "Ctrl"}-click marks it; by keyboard O and M.`.replace("a e", "an e");
}
