// Stepping and playing, both ways, with a scrubber.
import { el, icon } from "./dom.js";
import { duration } from "./words.js";

const SPEEDS = [1, 2, 5, 10, 25, 100];

export class Player {
  constructor(app) {
    this.app = app;
    this.timer = undefined;
    const button = (name, title, act) =>
      icon(el("button", { type: "button", title, "aria-label": title, onclick: act }), name);
    this.run = button("play", "Play (space)", () => this.toggle());
    this.range = el("input", {
      type: "range",
      min: 0,
      max: Math.max(0, app.runs[0].count - 1),
      value: 0,
      step: 1,
      "aria-label": "Event",
      oninput: () => this.scrub(),
    });
    this.label = el("output", {});
    this.speed = el(
      "select",
      { "aria-label": "Speed", onchange: () => this.timer && this.play() },
      ...SPEEDS.map((speed) => el("option", { value: speed, selected: speed === 2 }, `${speed}/s`)),
    );
    this.back = el("label", {}, el("input", { type: "checkbox" }), "backwards");
    this.element = el(
      "footer",
      { class: "player", role: "group", "aria-label": "Play" },
      button("first", "First event (Home)", () => app.choose(0)),
      button("back", "One event back (k)", () => this.once(-1)),
      this.run,
      button("on", "One event on (j)", () => this.once(1)),
      button("last", "Last event (End)", () => app.choose(app.runs[app.side].count - 1)),
      this.speed,
      this.back,
      this.range,
      this.label,
    );
  }

  once(by) {
    this.pause();
    this.veil(this.app.step(by, { playing: true }));
  }

  scrub() {
    this.pause();
    this.app.choose(Number(this.range.value), this.app.side, { playing: true });
    this.veil(true);
  }

  /** What has not happened yet is veiled. */
  veil(on) {
    for (const diagram of this.app.diagrams) {
      diagram.until = on && diagram.selected >= 0 ? diagram.selected : diagram.until;
      diagram.schedule();
    }
  }

  toggle() {
    if (this.timer) this.pause();
    else this.play();
  }

  play() {
    this.pause();
    const { app } = this;
    const by = this.back.firstChild.checked ? -1 : 1;
    const last = app.runs[app.side].count - 1;
    if (by > 0 && app.selected >= last) app.choose(0, app.side, { playing: true });
    icon(this.run, "pause");
    this.run.setAttribute("aria-label", "Pause (space)");
    this.veil(true);
    this.timer = setInterval(
      () => {
        if (app.step(by, { playing: true })) this.veil(true);
        else this.pause();
      },
      1000 / Number(this.speed.value),
    );
  }

  pause() {
    clearInterval(this.timer);
    this.timer = undefined;
    icon(this.run, "play");
    this.run.setAttribute("aria-label", "Play (space)");
  }

  /** Ends playing, and shows what comes later again. */
  stop() {
    this.pause();
    for (const diagram of this.app.diagrams) {
      diagram.until = -1;
      diagram.schedule();
    }
  }

  show(index) {
    const run = this.app.runs[this.app.side];
    this.range.max = String(Math.max(0, run.count - 1));
    this.range.value = String(Math.max(0, index));
    const time = index >= 0 && index < run.count ? duration(run.time[index], 6) : "\u2013";
    this.range.setAttribute("aria-valuetext", index >= 0 ? `event ${index}, ${time}` : "no event");
    this.label.textContent =
      index >= 0
        ? `event ${index} of ${run.count} \u00b7 ${time} / ${duration(run.end, 6)}`
        : `${run.count} events \u00b7 ${duration(run.end, 6)}`;
  }
}
