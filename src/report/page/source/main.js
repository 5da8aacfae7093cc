// The page: puts the parts together, and keeps what is selected.
import "./style.css";
import { align } from "./align.js";
import { unpack, Run } from "./data.js";
import { details } from "./details.js";
import { Diagram } from "./diagram.js";
import { el } from "./dom.js";
import { Filter } from "./filter.js";
import { firstViolation, header, story, verdicts } from "./header.js";
import { help } from "./help.js";
import { VIEWS } from "./layout.js";
import { Log } from "./log.js";
import { opened } from "./opened.js";
import { cones } from "./order.js";
import { Player } from "./player.js";
import { saveSvg } from "./save.js";
import { splitter } from "./splitter.js";
import { plain, sentence } from "./words.js";

/** Runs of up to so many events are printed whole; of longer ones what is on the screen. */
const PAPER = 120;

class App {
  constructor(page, root) {
    this.page = page;
    this.runs = page.runs;
    this.side = 0;
    this.selected = -1;
    this.only = new Set();
    this.found = null;
    this.alarms = this.runs.map(alarms);
    this.aligned = this.runs.length === 2 ? align(this.runs) : null;
    this.filter = new Filter(this.runs, (found) => this.filtered(found));
    this.build(root);
    this.begin();
  }

  // Parts --------------------------------------------------------------------------------------------------------------

  build(root) {
    const two = this.runs.length === 2;
    this.panes = this.runs.map((run) =>
      el("div", { class: "diagram" }, two && el("p", { class: "side-name" }, plain(run.label))),
    );
    this.said = el("div", { class: "quiet", role: "status", "aria-live": "polite" });
    this.card = el("section", { class: "details", tabindex: -1, "aria-label": "Selected event" });
    this.stories = this.runs.map((run, side) => story(run, this, side)).filter(Boolean);
    this.rows = el("div", { class: `log${two ? " two" : ""}`, tabindex: 0 });
    this.note = el("p", { class: "crowd", role: "status" });
    this.player = new Player(this);
    const panel = el(
      "aside",
      {},
      ...this.stories,
      this.card,
      el("section", { class: "log-frame", "aria-label": "Log" }, this.rows),
    );
    root.replaceChildren(
      el("header", {}, ...header(this.page, this)),
      this.toolbar(),
      el(
        "main",
        { class: two ? "two" : "" },
        el("div", { class: "diagrams" }, ...this.panes, this.note, splitter()),
        panel,
      ),
      this.player.element,
      this.said,
    );
    this.help = help();
    root.append(this.help);
    this.diagrams = this.runs.map(
      (run, side) =>
        new Diagram(this.panes[side], run, {
          side,
          choose: (index) => this.choose(index, side),
          moved: () => this.follow(side),
          drawn: () => this.drawn(),
        }),
    );
    this.log = new Log(this.rows, this.runs, this.aligned, {
      choose: (row, side) => this.chooseRow(row, side),
    });
    const difference = this.page.difference?.index ?? -1;
    this.log.difference = difference < 0 ? -1 : this.rowOf(Math.min(difference, this.runs[0].count - 1), 0);
    this.diagrams.forEach((diagram, side) => {
      diagram.alarms = this.alarms[side];
      diagram.difference = difference;
      diagram.partners = this.aligned?.partner[side];
    });
    this.log.alarms = new Set(
      this.alarms.flatMap((of, side) =>
        [...of.keys()]
          .filter((index) => index < this.runs[side].count)
          .map((index) => this.rowOf(index, side)),
      ),
    );
    addEventListener("keydown", (event) => this.key(event));
    addEventListener("hashchange", () => this.fromHash());
    const short = this.runs.every((run) => run.count <= PAPER);
    addEventListener("beforeprint", () => this.diagrams.forEach((diagram) => diagram.forPaper(true, short)));
    addEventListener("afterprint", () => this.diagrams.forEach((diagram) => diagram.forPaper(false)));
    addEventListener("click", (event) => {
      for (const menu of document.querySelectorAll("details.menu[open]"))
        if (!menu.contains(event.target)) menu.open = false;
    });
  }

  drawn() {
    const crowded = this.diagrams.some((diagram) => diagram.crowded);
    const words = crowded ? "More than can be drawn: zoom in to see every event." : "";
    if (this.note.textContent !== words) this.note.textContent = words;
  }

  toolbar() {
    this.views = el(
      "select",
      { "aria-label": "View of time", onchange: () => this.setView(this.views.value) },
      ...VIEWS.map(([value, name]) => el("option", { value }, name)),
    );
    this.search = el("input", {
      type: "search",
      placeholder: "Search events  (/)",
      "aria-label": "Search events",
      oninput: () => this.filter.search(this.search.value),
    });
    this.hits = el("span", { class: "hits", role: "status" });
    this.theme = el(
      "select",
      { "aria-label": "Colours", onchange: () => this.setTheme(this.theme.value) },
      ...[
        ["auto", "colours: as the system"],
        ["light", "light"],
        ["dark", "dark"],
        ["safe", "colour-blind, high contrast"],
      ].map(([value, name]) => el("option", { value }, name)),
    );
    const button = (words, title, act) =>
      el("button", { type: "button", title, "aria-label": title, onclick: act }, words);
    return el(
      "div",
      { class: "toolbar", role: "toolbar", "aria-label": "View" },
      this.views,
      button("\u2212", "Zoom out (-)", () => this.zoomBy(1 / 1.5)),
      button("+", "Zoom in (+)", () => this.zoomBy(1.5)),
      button("Fit", "Show the whole run (0)", () => this.fit()),
      this.search,
      this.hits,
      ...this.filter.menus(),
      this.theme,
      button("Save SVG", "Save the picture as SVG", () => saveSvg(this.diagrams[this.side], this.page.title)),
      button("Print", "Print this page", () => print()),
      button("? Keys", "Keys and marks (?)", () => this.help.showModal()),
    );
  }

  /** Shows what the address asks for, else the first violation or difference. */
  begin() {
    if (this.fromHash()) return;
    const difference = this.page.difference?.index;
    if (difference !== null && difference !== undefined) return this.choose(difference, 0, { quietly: true });
    const violation = firstViolation(this.runs[0]);
    this.choose(violation, 0, { quietly: true });
  }

  fromHash() {
    const asked = /^#(b-)?e(\d+)$/.exec(location.hash);
    if (!asked) return false;
    const side = asked[1] && this.runs.length === 2 ? 1 : 0;
    const index = Number(asked[2]);
    if (index >= this.runs[side].count) return false;
    if (index !== this.selected || side !== this.side) this.choose(index, side);
    return true;
  }

  // Selecting ----------------------------------------------------------------------------------------------------------

  choose(index, side = this.side, { quietly = false, playing = false } = {}) {
    const run = this.runs[side];
    this.selected = Math.min(index, run.count - 1);
    this.side = side;
    if (!playing) this.player.pause();
    this.show();
    this.each((diagram) => {
      if (!playing) diagram.until = -1;
      if (diagram.selected >= 0 && diagram.width) diagram.reveal(diagram.selected);
    });
    this.log.choose(this.rowOf(this.selected, side));
    this.player.show(this.selected);
    if (this.selected < 0) return;
    if (!quietly) history.replaceState(null, "", `#${side ? "b-" : ""}e${this.selected}`);
    if (!playing) this.said.textContent = `Event ${this.selected}: ${sentence(run, this.selected)}`;
  }

  show() {
    const two = this.runs.length === 2;
    const cards = [];
    this.diagrams.forEach((diagram, side) => {
      const run = this.runs[side];
      const index = this.selectedIn(side);
      diagram.selected = index;
      diagram.cones = index >= 0 ? cones(run, index) : null;
      if (diagram.cones) diagram.cones.only = this.only.size ? new Set([...this.only, "self", "none"]) : null;
      diagram.describe();
      diagram.schedule();
      const host = {
        choose: (index) => this.choose(index, side),
        toggleCone: (name) => this.toggleCone(name),
        alarms: (index) => this.alarms[side].get(index) ?? [],
      };
      const parts =
        index < 0 && this.selected >= 0
          ? [el("p", { class: "hint" }, "This run has no such event.")]
          : details(run, index, diagram.cones, host);
      cards.push(
        two
          ? el("article", {}, el("p", { class: "side-name" }, plain(run.label)), ...parts)
          : el("article", {}, ...parts),
      );
    });
    // What had the focus is gone with the old card: the new one takes it, so that keyboards stay where they are.
    const focused = this.card.contains(document.activeElement);
    this.card.replaceChildren(...cards);
    this.card.scrollTop = 0;
    if (focused) this.card.focus({ preventScroll: true });
    for (const step of document.querySelectorAll(".story li")) {
      const here = Number(step.dataset.event) === this.selected;
      step.classList.toggle("here", here);
      const frame = step.closest(".story");
      if (here) frame.scrollTop = step.offsetTop - frame.offsetTop - frame.clientHeight / 2;
    }
  }

  /** The row of the log that an event stands in. */
  rowOf(index, side) {
    return this.aligned && index >= 0 ? this.aligned.place[side][index] : index;
  }

  /** Chooses what stands in a row; of two runs the event of the one that was meant, or else of the other. */
  chooseRow(row, side) {
    if (!this.aligned) return this.choose(row);
    const pair = this.aligned.pairs[row];
    const there = pair[side] >= 0 ? side : 1 - side;
    this.choose(pair[there], there);
  }

  /** What is selected in a run: the event, or in the other run its partner, if it has one. */
  selectedIn(side) {
    if (side === this.side || this.selected < 0) return this.selected;
    return this.aligned.partner[this.side][this.selected];
  }

  /** The partner of an event, or the event of the other run that stands where it would. */
  opposite(index, side) {
    const { pairs, partner } = this.aligned;
    let found = partner[side][index];
    for (let row = this.rowOf(index, side); found < 0 && row >= 0; row--) found = pairs[row][1 - side];
    return Math.max(0, found);
  }

  otherSide() {
    if (!this.aligned || this.selected < 0) return;
    this.choose(this.opposite(this.selected, this.side), 1 - this.side);
  }

  /** Does something with each picture, which none of them follows. */
  each(act) {
    this.busy = true;
    this.diagrams.forEach(act);
    this.busy = false;
  }

  /** Of two runs, the one follows where the other was moved. */
  follow(side) {
    if (!this.aligned || this.busy || !this.diagrams) return;
    const [moved, other] = [this.diagrams[side], this.diagrams[1 - side]];
    const index = moved.middle();
    if (index < 0 || !other.width || !other.run.count) return;
    this.each(
      (diagram) =>
        diagram === other && other.put(this.opposite(index, side), moved.y(index), moved.transform.k),
    );
  }

  toggleCone(name) {
    if (!this.only.delete(name)) this.only.add(name);
    this.show();
  }

  /** The next event in a direction that the filter shows. */
  step(by, { playing = false } = {}) {
    const run = this.runs[this.side];
    let index = this.selected + by;
    if (this.selected < 0) index = by > 0 ? 0 : run.count - 1;
    while (this.found && index >= 0 && index < run.count && !this.found[this.side][index]) index += by;
    if (index < 0 || index >= run.count) return false;
    this.choose(index, this.side, { playing });
    return true;
  }

  /** The next event of the same node. */
  along(by) {
    const run = this.runs[this.side];
    if (this.selected < 0) return this.step(by);
    const own = run.own[run.node[this.selected]];
    if (!own) return this.step(by);
    let place = run.position[this.selected];
    if (place < 0) {
      place = own.findIndex((index) => index > this.selected);
      if (place < 0) place = own.length;
      if (by > 0) place--;
    }
    if (own[place + by] !== undefined) this.choose(own[place + by]);
  }

  related(effect) {
    const run = this.runs[this.side];
    if (this.selected < 0) return;
    const next = effect
      ? (run.effects(this.selected)[0] ?? run.fates.get(this.selected)?.[0])
      : run.cause[this.selected];
    if (next !== undefined && next >= 0) this.choose(next);
  }

  nextViolation() {
    const all = [...this.alarms[this.side].keys()]
      .filter((index) => index < this.runs[this.side].count)
      .sort((a, b) => a - b);
    if (all.length) this.choose(all.find((index) => index > this.selected) ?? all[0]);
  }

  // View ---------------------------------------------------------------------------------------------------------------

  filtered(found) {
    this.found = found;
    const { kindsHidden, nodesHidden, words } = this.filter;
    this.diagrams.forEach((diagram, side) => {
      const run = this.runs[side];
      diagram.matches = found && words.length ? found[side] : null;
      diagram.hidden = new Set([...kindsHidden].map((kind) => run.kindOf[kind]));
      diagram.nodesHidden = new Set(
        run.nodes.map((name, node) => (nodesHidden.has(name) ? node : -1)).filter((node) => node >= 0),
      );
      diagram.schedule();
    });
    let rows = null;
    if (found) {
      const taken = (row) =>
        this.aligned
          ? this.aligned.pairs[row].some((index, side) => index >= 0 && found[side][index])
          : found[0][row];
      rows = new Int32Array(this.log.total);
      let count = 0;
      for (let row = 0; row < rows.length; row++) if (taken(row)) rows[count++] = row;
      rows = rows.subarray(0, count);
    }
    this.hits.textContent = rows ? `${rows.length} of ${this.log.total}` : "";
    this.log.show(rows);
    this.log.choose(this.rowOf(this.selected, this.side));
  }

  setView(view) {
    this.views.value = view;
    this.each((diagram) => diagram.setView(view));
  }

  setTheme(theme) {
    this.theme.value = theme;
    document.documentElement.dataset.theme = theme;
    for (const diagram of this.diagrams) diagram.schedule();
  }

  zoomBy(factor) {
    this.each((diagram) => diagram.zoomBy(factor));
  }

  fit() {
    this.each((diagram) => diagram.fit());
  }

  // Keys ---------------------------------------------------------------------------------------------------------------

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || this.help.open) return;
    const { target, key } = event;
    if (key === "Escape") return this.escape(target);
    if (
      /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName) &&
      target.type !== "checkbox" &&
      target.type !== "range"
    )
      return;
    if (target.type === "range" && /^(Arrow|Home|End|Page)/.test(key)) return;
    if (/^(BUTTON|SUMMARY)$/.test(target.tagName) && (key === " " || key === "Enter")) return;
    const act = this.keys()[key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  keys() {
    const views = VIEWS.map(([view]) => view);
    const page = () => this.diagrams[this.side].height * 0.8;
    const scroll = (by) => () => this.diagrams[this.side].scrollBy(by());
    return {
      j: () => this.step(1),
      ArrowDown: () => this.step(1),
      ArrowRight: () => this.step(1),
      k: () => this.step(-1),
      ArrowUp: () => this.step(-1),
      ArrowLeft: () => this.step(-1),
      n: () => this.along(1),
      p: () => this.along(-1),
      c: () => this.related(false),
      e: () => this.related(true),
      x: () => this.nextViolation(),
      Home: () => this.choose(0),
      End: () => this.choose(this.runs[this.side].count - 1),
      PageDown: scroll(page),
      PageUp: scroll(() => -page()),
      "/": () => this.search.focus(),
      " ": () => this.player.toggle(),
      "+": () => this.zoomBy(1.5),
      "=": () => this.zoomBy(1.5),
      "-": () => this.zoomBy(1 / 1.5),
      0: () => this.fit(),
      t: () => this.setView(views[(views.indexOf(this.views.value) + 1) % views.length]),
      1: () => this.toggleCone("past"),
      2: () => this.toggleCone("future"),
      3: () => this.toggleCone("concurrent"),
      s: () => this.otherSide(),
      "?": () => this.help.showModal(),
    };
  }

  escape(target) {
    if (target === this.search) {
      this.search.value = "";
      this.filter.search("");
      this.search.blur();
      return;
    }
    this.player.stop();
    this.only.clear();
    this.show();
  }
}

/** The events that show a violation, each with the properties. */
function alarms(run) {
  const alarms = new Map();
  for (const verdict of verdicts(run)) {
    if (verdict.verdict !== "violated") continue;
    for (const event of verdict.events ?? [])
      alarms.set(event, [
        ...(alarms.get(event) ?? []),
        `${plain(verdict.name)}: ${plain(verdict.because ?? "")}`,
      ]);
  }
  return alarms;
}

/** Two runs are called by their files' names, without folders where those differ. */
function shortLabels(page) {
  const short = page.runs.map((run) => run.label.replace(/^.*[/\\](?=.)/, ""));
  if (page.runs.length !== 2 || short[0] === short[1]) return;
  page.runs.forEach((run, side) => (run.label = short[side]));
  page.title = short.join(" and ");
}

async function open() {
  const root = document.getElementById("page");
  try {
    const page = await unpack(document.getElementById("data"));
    shortLabels(page);
    page.runs = page.runs.map((run) => new Run(run));
    const app = new App(page, root);
    window.synod = opened(app);
    requestAnimationFrame(() => requestAnimationFrame(() => performance.mark("synod-drawn")));
  } catch (error) {
    root.replaceChildren(
      el("p", { class: "failed", role: "alert" }, `This page cannot show its run: ${error}`),
    );
    throw error;
  }
}

open();
