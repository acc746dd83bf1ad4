// Chart: what saves a figure of the page with its heading, as a picture. `data`: { of: key of what holds them, title }.
export default component({ draw });

function draw(parentElement, state, data) {
  state.root?.remove();
  state.root = pictureSaver(() => document.querySelector(`.st-key-${CSS.escape(data.of)}`), data.title);
  parentElement.append(state.root);
}
