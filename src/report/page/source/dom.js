// Elements of the page. Text is only ever set as text, so that nothing in a trace can become markup.

/** An element with attributes (`class`, `onclick`, ...) and children, which are elements or text. */
export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== undefined && child !== null && child !== false));
  return made;
}

const NAMESPACE = "http://www.w3.org/2000/svg";

/** A mark's shape as a small picture. */
export function glyph(kind, shape) {
  const picture = document.createElementNS(NAMESPACE, "svg");
  const path = document.createElementNS(NAMESPACE, "path");
  picture.setAttribute("viewBox", "-9 -9 18 18");
  picture.setAttribute("class", "glyph");
  picture.setAttribute("aria-hidden", "true");
  path.setAttribute("d", shape);
  path.setAttribute("class", `mark k-${kind}`);
  if (kind === "request") path.setAttribute("transform", "translate(8,0)");
  picture.append(path);
  return picture;
}

/** The pictures on buttons, drawn here because fonts do not have them everywhere. */
const ICONS = {
  first: "M-5,-5V5M5,-5L-3,0L5,5Z",
  back: "M4,-5L-4,0L4,5Z",
  play: "M-4,-6L6,0L-4,6Z",
  pause: "M-4,-5H-1V5H-4ZM1,-5H4V5H1Z",
  on: "M-4,-5L4,0L-4,5Z",
  last: "M5,-5V5M-5,-5L3,0L-5,5Z",
};

/** Puts a picture on a button. */
export function icon(button, name) {
  const picture = document.createElementNS(NAMESPACE, "svg");
  const path = document.createElementNS(NAMESPACE, "path");
  picture.setAttribute("viewBox", "-8 -8 16 16");
  picture.setAttribute("class", "icon");
  picture.setAttribute("aria-hidden", "true");
  path.setAttribute("d", ICONS[name]);
  picture.append(path);
  button.replaceChildren(picture);
  return button;
}
