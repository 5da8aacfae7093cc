// The bar between picture and panel.
import { el } from "./dom.js";

/** A bar beside the panel, by which it is made wider or narrower. */
export function splitter() {
  let share = 36;
  const set = (wanted) => {
    share = Math.max(18, Math.min(70, wanted));
    document.querySelector("main").style.gridTemplateColumns = `minmax(0, 1fr) ${share}%`;
    bar.setAttribute("aria-valuenow", String(Math.round(share)));
  };
  const drag = (event) => event.buttons && set(100 - (event.clientX / innerWidth) * 100);
  const steps = { ArrowLeft: 3, ArrowRight: -3 };
  const key = (event) => {
    if (!(event.key in steps)) return;
    event.preventDefault();
    event.stopPropagation();
    set(share + steps[event.key]);
  };
  const bar = el("div", {
    class: "splitter",
    role: "separator",
    tabindex: 0,
    "aria-orientation": "vertical",
    "aria-label": "Width of the panel",
    "aria-valuenow": share,
    onkeydown: key,
    onpointermove: drag,
    onpointerdown: (event) => bar.setPointerCapture(event.pointerId),
  });
  return bar;
}
