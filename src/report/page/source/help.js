// The keys and the marks.
import { el, glyph } from "./dom.js";
import { MARKS, MEANINGS } from "./marks.js";

const KEYS = [
  ["j  k", "the next event, the one before (also arrows)"],
  ["n  p", "the next event of the same node, the one before"],
  ["c  e", "the cause of the event, its first effect"],
  ["x", "the next event that shows a violation"],
  ["1  2  3", "only the past, the future, what is concurrent"],
  ["space", "play and pause"],
  ["Home  End", "the first event, the last"],
  ["t", "another view of time: rows, real time, logical time"],
  ["+  \u2212  0", "zoom in, out, the whole run"],
  ["PgUp  PgDn", "scroll; so does the wheel, which zooms with Ctrl"],
  ["/", "search; Esc ends it"],
  ["s", "the other run, where two are compared"],
  ["Esc", "show everything again"],
];

export function help() {
  const dialog = el("dialog", { class: "help", "aria-label": "Keys and marks" });
  const table = (rows) =>
    el("dl", {}, ...rows.flatMap(([name, words]) => [el("dt", {}, name), el("dd", {}, words)]));
  dialog.append(
    el("form", { method: "dialog" }, el("button", { "aria-label": "Close" }, "\u2715")),
    el(
      "div",
      { class: "columns" },
      el("section", {}, el("h2", {}, "Keys"), table(KEYS)),
      el(
        "section",
        {},
        el("h2", {}, "Marks"),
        table(MEANINGS.map(([kind, words]) => [glyph(kind, MARKS[kind]), words])),
      ),
      el(
        "section",
        {},
        el("h2", {}, "Lines"),
        table([
          [
            el("span", { class: "swatch arrow-line" }),
            "a message, from where it was sent to where it arrived",
          ],
          [el("span", { class: "swatch copy-line" }), "a copy of it that arrives too"],
          [el("span", { class: "swatch lost-line" }), "a message that was lost"],
          [el("span", { class: "swatch open-line" }), "a message still under way at the end"],
          [el("span", { class: "swatch section-line" }), "a node is in the critical section"],
          [el("span", { class: "swatch alone-line" }), "of two runs: an event that only one of them has"],
          [el("span", { class: "swatch past-line" }), "what happened before the selected event"],
          [el("span", { class: "swatch future-line" }), "what happened after it"],
        ]),
      ),
    ),
  );
  return dialog;
}
