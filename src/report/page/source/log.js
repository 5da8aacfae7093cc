// The log: a row for each event. Only the rows in the window exist.
import { el, glyph } from "./dom.js";
import { MARKS } from "./marks.js";
import { cut, duration, particulars, plain, sentence } from "./words.js";

const ROW = 22;
const SPARE = 8;

export class Log {
  /**
   * `runs` is one run, or two side by side: then a row is a pair of `aligned`, else it is an event. `host` is told of
   * choices: `choose(row, side)`.
   */
  constructor(element, runs, aligned, host) {
    Object.assign(this, {
      element,
      runs,
      aligned,
      host,
      rows: null,
      selected: -1,
      alarms: new Map(),
      difference: -1,
    });
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
    return this.aligned ? this.aligned.pairs.length : this.runs[0].count;
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
    const pair = this.aligned?.pairs[index];
    const names = ["row"];
    if (index === this.selected) names.push("chosen");
    if (this.alarms.has(index)) names.push("alarm");
    if (index === this.difference) names.push("difference");
    if (pair) names.push("two");
    const side = (event) => Number(event.target.closest("[data-side]")?.dataset.side ?? 0);
    const row = el("div", {
      class: names.join(" "),
      role: "row",
      "aria-rowindex": place + 1,
      "aria-selected": String(index === this.selected),
      onclick: (event) => this.host.choose(index, side(event)),
    });
    row.append(...(pair ? [this.half(0, pair), this.half(1, pair)] : this.cells(this.runs[0], index)));
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

  /** One run's event of a pair; marked when the other run has no such event, less when it has it at another time. */
  half(side, pair) {
    const [run, other] = [this.runs[side], this.runs[1 - side]];
    const [index, partner] = [pair[side], pair[1 - side]];
    const name = (rest) => ({ class: `half${rest}`, role: "gridcell", "data-side": side });
    if (index < 0) return el("span", name(" absent"));
    const alone = this.aligned.partner[side][index] < 0;
    const moved = !alone && run.time[index] !== other.time[partner];
    const kind = run.kindName(index);
    const time = duration(run.time[index], 6);
    const words = sentence(run, index);
    return el(
      "span",
      name(alone ? " differs" : moved ? " moved" : ""),
      el("span", { class: "number" }, String(index)),
      glyph(kind, MARKS[kind] ?? MARKS.note),
      el("span", { class: "time" }, time),
      el("span", { class: "text", title: `${time}  ${words}` }, cut(words, 160)),
    );
  }
}
