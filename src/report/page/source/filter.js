// Which events are looked for: by node, by kind, by what they say.
import { el, glyph } from "./dom.js";
import { MARKS } from "./marks.js";
import { duration, grouped, particulars, plain } from "./words.js";

/** How long one piece of a search may take, so that the page never stands still. */
const SLICE = 12;

/** What a search looks through, made when it is first needed. */
function haystack(run, texts, i) {
  texts[i] ??=
    `#${i} ${duration(run.time[i])} ${run.node[i] >= 0 ? run.name(run.node[i]) : ""} ${run.kindName(i)} ${particulars(run, i)}`.toLowerCase();
  return texts[i];
}

export class Filter {
  constructor(runs, changed) {
    Object.assign(this, { runs, changed, words: [], kindsHidden: new Set(), nodesHidden: new Set() });
    this.texts = runs.map((run) => new Array(run.count));
    this.turn = 0;
  }

  get active() {
    return this.words.length > 0 || this.kindsHidden.size > 0 || this.nodesHidden.size > 0;
  }

  /** Whether an event is one of those that are looked for. */
  takes(run, texts, i) {
    if (this.kindsHidden.has(run.kindName(i))) return false;
    if (run.node[i] >= 0 && this.nodesHidden.has(run.name(run.node[i]))) return false;
    return this.words.every((word) => haystack(run, texts, i).includes(word));
  }

  search(text) {
    this.words = text.toLowerCase().split(/\s+/).filter(Boolean);
    this.apply();
  }

  /** Goes through all events in pieces; a newer search puts an end to an older one. */
  apply() {
    const turn = ++this.turn;
    if (!this.active) return this.changed(null);
    const found = this.runs.map((run) => new Uint8Array(run.count));
    let side = 0;
    let i = 0;
    const work = () => {
      if (turn !== this.turn) return;
      const until = performance.now() + SLICE;
      for (let done = 0; side < this.runs.length; done++) {
        if (i >= this.runs[side].count) {
          side++;
          i = 0;
          continue;
        }
        if (this.takes(this.runs[side], this.texts[side], i)) found[side][i] = 1;
        i++;
        if (done % 64 === 63 && performance.now() > until) return void setTimeout(work);
      }
      this.changed(found);
    };
    work();
  }

  /** The menus of nodes and kinds. */
  menus() {
    const [run] = this.runs;
    const counts = new Map();
    for (const of of this.runs)
      for (let i = 0; i < of.count; i++) counts.set(of.kindName(i), (counts.get(of.kindName(i)) ?? 0) + 1);
    const kinds = run.kinds.filter((kind) => counts.has(kind));
    const names = [...new Set(this.runs.flatMap((of) => of.nodes))];
    const box = (set, name, ...label) => {
      const change = ({ target }) => {
        if (target.checked) set.delete(name);
        else set.add(name);
        this.apply();
      };
      return el(
        "label",
        {},
        el("input", { type: "checkbox", checked: true, "data-name": name, onchange: change }),
        ...label,
      );
    };
    const all = (set, names) => (event) => {
      const menu = event.target.closest("details");
      const every = names.every((name) => set.has(name));
      set.clear();
      if (!every) for (const name of names) set.add(name);
      for (const input of menu.querySelectorAll("input")) input.checked = every;
      this.apply();
    };
    const menu = (title, set, names, boxes) =>
      el(
        "details",
        { class: "menu" },
        el("summary", {}, title),
        el(
          "div",
          { class: "choices" },
          el("button", { type: "button", onclick: all(set, names) }, "all / none"),
          ...boxes,
        ),
      );
    return [
      menu(
        "Nodes",
        this.nodesHidden,
        names,
        names.slice(0, 200).map((name) => box(this.nodesHidden, name, plain(name))),
      ),
      menu(
        "Kinds",
        this.kindsHidden,
        kinds,
        kinds.map((kind) =>
          box(
            this.kindsHidden,
            kind,
            glyph(kind, MARKS[kind] ?? MARKS.note),
            `${kind} `,
            el("span", { class: "hint" }, grouped(counts.get(kind))),
          ),
        ),
      ),
    ];
  }
}
