// The log: a row for each event. Only the rows in the window exist.
import { el, glyph } from "./dom.js";
import { MARKS } from "./marks.js";
import { cut, duration, particulars, plain, sentence } from "./words.js";

const ROW = 22;
const SPARE = 8;

export class Log {
  /** `runs` is one run, or two side by side; `host` is told of choices: `choose(index, side)`. */
  constructor(element, runs, host) {
    Object.assign(this, { element, runs, host, rows: null, selected: -1, alarms: new Map(), difference: -1 });
    this.spacer = el("div", { class: "spacer", role: "presentation" });
    this.window = el("div", { class: "window", role: "presentation" });
    this.spacer.append(this.window);
    element.append(this.spacer);
    element.setAttribute("role", "grid");
    element.setAttribute("aria-label", "Log of all events");
    element.addEventListener("scroll", () => this.schedule(), { passive: true });
    new ResizeObserver(() => this.schedule()).observe(element);
    this.show(null);
  }

  get total() {
    return Math.max(...this.runs.map((run) => run.count));
  }

  get count() {
    return this.rows ? this.rows.length : this.total;
  }

  /** Shows only these events; all with nothing. */
  show(rows) {
    this.rows = rows;
    this.spacer.style.height = `${this.count * ROW}px`;
    this.element.setAttribute("aria-rowcount", String(this.count));
    this.schedule();
  }

  /** The place of an event among the rows, or of the next one that is shown. */
  placeOf(index) {
    if (!this.rows) return index;
    let [low, high] = [0, this.rows.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.rows[middle] < index) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  choose(index) {
    this.selected = index;
    if (index >= 0) {
      const top = this.placeOf(index) * ROW;
      const { scrollTop, clientHeight } = this.element;
      if (top < scrollTop + ROW || top > scrollTop + clientHeight - 2 * ROW)
        this.element.scrollTop = top - clientHeight * 0.4;
    }
    this.schedule();
  }

  schedule() {
    if (this.pending) return;
    this.pending = requestAnimationFrame(() => {
      this.pending = undefined;
      this.draw();
    });
  }

  draw() {
    const { scrollTop, clientHeight } = this.element;
    const first = Math.max(0, Math.floor(scrollTop / ROW) - SPARE);
    const last = Math.min(this.count, Math.ceil((scrollTop + clientHeight) / ROW) + SPARE);
    const rows = [];
    for (let place = first; place < last; place++)
      rows.push(this.row(place, this.rows ? this.rows[place] : place));
    this.window.style.top = `${first * ROW}px`;
    this.window.replaceChildren(...rows);
  }

  row(place, index) {
    const two = this.runs.length === 2;
    const chosen = index === this.selected;
    const alarm = this.alarms.has(index);
    const name = `row${chosen ? " chosen" : ""}${alarm ? " alarm" : ""}${index === this.difference ? " difference" : ""}${two ? " two" : ""}`;
    const row = el("div", {
      class: name,
      role: "row",
      "aria-rowindex": place + 1,
      "aria-selected": String(chosen),
      onclick: (event) =>
        this.host.choose(index, Number(event.target.closest("[data-side]")?.dataset.side ?? 0)),
    });
    if (two)
      row.append(
        el("span", { class: "number", role: "gridcell" }, String(index)),
        this.half(0, index),
        this.half(1, index),
      );
    else row.append(...this.cells(this.runs[0], index));
    return row;
  }

  cells(run, index) {
    const kind = run.kindName(index);
    const node = run.node[index] >= 0 ? plain(run.name(run.node[index])) : "";
    const cell = (name, ...content) => el("span", { class: name, role: "gridcell" }, ...content);
    return [
      cell("number", String(index)),
      cell("time", duration(run.time[index], 6)),
      cell("node", cut(node, 14)),
      cell("kind", glyph(kind, MARKS[kind] ?? MARKS.note), kind),
      el(
        "span",
        { class: "text", role: "gridcell", title: sentence(run, index) },
        cut(particulars(run, index), 200),
      ),
    ];
  }

  half(side, index) {
    const run = this.runs[side];
    const there = index < run.count;
    const other = this.runs[1 - side];
    const text = there ? `${duration(run.time[index], 6)}  ${sentence(run, index)}` : "";
    const differs =
      !there ||
      index >= other.count ||
      text !== `${duration(other.time[index], 6)}  ${sentence(other, index)}`;
    const kind = there ? run.kindName(index) : undefined;
    return el(
      "span",
      { class: `half${differs ? " differs" : ""}`, role: "gridcell", "data-side": side },
      there && glyph(kind, MARKS[kind] ?? MARKS.note),
      el("span", { title: text }, cut(text, 160)),
    );
  }
}
