// All that is known of one event.
import { el, glyph } from "./dom.js";
import { MARKS } from "./marks.js";
import { cut, duration, grouped, line, plain, sentence, tree } from "./words.js";

/** A value's parts longer than this stand below each other. */
const LONG = 56;
/** So many effects are named. */
const EFFECTS = 40;

export function details(run, index, cones, host) {
  if (index < 0) {
    return [
      el(
        "p",
        { class: "hint" },
        "Nothing is selected. Click an event or an arrow, or press j. Press ? for all keys.",
      ),
    ];
  }
  const kind = run.kindName(index);
  const parts = [
    el("h3", {}, glyph(kind, MARKS[kind] ?? MARKS.note), sentence(run, index)),
    facts(run, index, cones, host),
  ];
  // A timer's length is told in the sentence.
  const body =
    run.message[index] >= 0 ? run.content(index) : kind === "timer-set" ? undefined : run.bodyOf(index);
  if (body !== undefined)
    parts.push(el("h4", {}, run.message[index] >= 0 ? "Message" : "Content"), shown(tree(body)));
  parts.push(...states(run, index, host));
  parts.push(...links(run, index, host));
  return parts;
}

/** A reference to an event. */
export function link(run, index, host, words) {
  const text = words ?? `#${index} ${cut(sentence(run, index), 70)}`;
  return el("button", { class: "link", type: "button", onclick: () => host.choose(index) }, text);
}

function facts(run, index, cones, host) {
  const rows = [];
  const row = (name, ...content) => rows.push(el("dt", {}, name), el("dd", {}, ...content));
  const where = run.node[index] >= 0 ? [plain(run.name(run.node[index]))] : [];
  row("event", [`#${index}`, run.kindName(index), ...where, duration(run.time[index])].join(" \u00b7 "));
  const sent = run.sender[index] >= 0 ? run.sender[index] : run.kind[index] === run.kindOf.send ? index : -1;
  if (sent >= 0) {
    row(
      "message",
      `${plain(run.messageKind(index) ?? "message")} #${run.message[index]}, ${plain(run.name(run.source(sent)))} \u2192 ${plain(run.name(run.target(sent)))}`,
    );
    if (sent !== index) row("sent", link(run, sent, host, `#${sent}`), ` at ${duration(run.time[sent])}`);
    const fates = run.fates.get(sent) ?? [];
    for (const to of fates) {
      const what = run.kind[to] === run.kindOf.receive ? "arrived" : `lost (${plain(run.reason(to) ?? "?")})`;
      const after = `after ${duration(run.time[to] - run.time[sent])}`;
      row(
        what,
        to === index ? `here, ${after}` : link(run, to, host, `#${to}`),
        to === index ? "" : ` ${after}`,
      );
    }
    if (fates.length === 0) row("fate", "still under way at the end");
  }
  if (run.position[index] >= 0) row("clocks", ...clocks(run, index, cones));
  if (cones) row("cones", ...["past", "future", "concurrent"].map((name) => coneButton(name, cones, host)));
  const said = host.alarms(index);
  if (said.length) row("violates", el("strong", { class: "bad" }, said.join("; ")));
  return el("dl", { class: "facts" }, ...rows);
}

/** The Lamport clock, then the vector clock: how many events of each node the event knows of. */
function clocks(run, index, cones) {
  const lamport = run.lamport[index]
    ? [el("span", { class: "chip lamport" }, `Lamport ${run.lamport[index]}`)]
    : [];
  const known = run.nodes.map((name, node) => [name, cones.clock[node]]).filter(([, count]) => count > 0);
  const chips = known
    .slice(0, 60)
    .map(([name, count]) => el("span", { class: "chip" }, `${plain(name)} ${count}`));
  return [...lamport, ...chips, known.length > 60 ? ` and ${known.length - 60} more` : ""];
}

function coneButton(name, cones, host) {
  const on = cones.only?.has(name) ?? false;
  const count = grouped(cones.counts[name]);
  return el(
    "button",
    {
      class: `cone ${name}`,
      type: "button",
      "aria-pressed": String(on),
      onclick: () => host.toggleCone(name),
    },
    `${name} ${count}`,
  );
}

function links(run, index, host) {
  const parts = [];
  const cause = run.cause[index];
  if (cause >= 0 && cause < run.count) parts.push(el("h4", {}, "Cause"), el("p", {}, link(run, cause, host)));
  const effects = [...new Set([...run.effects(index), ...(run.fates.get(index) ?? [])])].sort(
    (a, b) => a - b,
  );
  if (effects.length) {
    const items = effects.slice(0, EFFECTS).map((effect) => el("li", {}, link(run, effect, host)));
    parts.push(
      el("h4", {}, effects.length === 1 ? "Effect" : `${effects.length} effects`),
      el("ul", {}, ...items),
    );
    if (effects.length > EFFECTS)
      parts.push(el("p", { class: "hint" }, `and ${effects.length - EFFECTS} more`));
  }
  return parts;
}

// Values and states ----------------------------------------------------------------------------------------------------

function shown(whole) {
  const text = line(whole);
  if (whole.items === undefined || text.length <= LONG) return el("pre", { class: "value" }, text);
  return el("div", { class: "value" }, ...entries(whole));
}

function entries(whole) {
  return whole.items.map(({ key, value: inner }) => {
    const text = line(inner);
    const name = key === undefined ? "" : `${key}: `;
    if (inner.items === undefined || text.length <= LONG)
      return el("div", { class: "entry" }, el("span", { class: "key" }, name), text);
    return el(
      "div",
      { class: "entry" },
      el("span", { class: "key" }, name),
      inner.name ?? "",
      el("div", { class: "inner" }, ...entries(inner)),
    );
  });
}

function states(run, index, host) {
  if (run.statesLeftOut) return [el("p", { class: "hint" }, run.statesLeftOut)];
  const around = run.statesAround(index);
  if (!around) return [];
  const head = el("h4", {}, `State of ${plain(run.name(run.node[index]))}`);
  if (around.told !== index)
    head.append(" after the step of ", link(run, around.told, host, `#${around.told}`));
  const after = tree(around.after);
  if (around.before === undefined) return [head, shown(after)];
  if (around.before === around.after) return [head, el("p", { class: "hint" }, "unchanged"), shown(after)];
  return [head, el("div", { class: "value" }, ...changes(tree(around.before), after))];
}

/** Two states as one, with what has changed marked. */
function changes(before, after) {
  if (line(before) === line(after)) return [el("div", { class: "entry" }, line(after))];
  const comparable = before.items && after.items && before.name === after.name && before.open === after.open;
  if (!comparable) return [exchanged("", before, after)];
  const keyed = (whole) => whole.items.every(({ key }) => key !== undefined);
  if (keyed(before) && keyed(after)) return changedMap(before, after);
  return inPlace(before, after) ? changedPlaces(before, after) : changedList(before, after);
}

/** Whether what stands at the same place is the same thing: in a tuple, or where most places have not changed. */
function inPlace(before, after) {
  if (before.items.length !== after.items.length) return false;
  const same = after.items.filter(
    ({ value: inner }, place) => line(inner) === line(before.items[place].value),
  );
  return after.open === "(" || 2 * same.length >= after.items.length;
}

function changedPlaces(before, after) {
  return after.items.flatMap(({ value: inner }, place) => {
    const was = before.items[place].value;
    if (line(was) === line(inner)) return [el("div", { class: "entry same" }, cut(line(inner), 4 * LONG))];
    if (!was.items || was.name !== inner.name) return [exchanged("", was, inner)];
    const nested = el("div", { class: "inner" }, ...changes(was, inner));
    return [el("div", { class: "entry" }, inner.name ?? "", nested)];
  });
}

function changedMap(before, after) {
  const rows = [];
  const old = new Map(before.items.map(({ key, value: inner }) => [key, inner]));
  for (const { key, value: inner } of after.items) {
    const was = old.get(key);
    old.delete(key);
    const name = `${key}: `;
    if (was === undefined) rows.push(added(name, inner));
    else if (line(was) === line(inner))
      rows.push(
        el("div", { class: "entry same" }, el("span", { class: "key" }, name), cut(line(inner), 4 * LONG)),
      );
    else if (
      was.items &&
      inner.items &&
      was.name === inner.name &&
      line(inner).length + line(was).length > LONG
    ) {
      rows.push(
        el(
          "div",
          { class: "entry" },
          el("span", { class: "key" }, name),
          inner.name ?? "",
          el("div", { class: "inner" }, ...changes(was, inner)),
        ),
      );
    } else rows.push(exchanged(name, was, inner));
  }
  for (const [key, was] of old) rows.push(removed(`${key}: `, was));
  return rows;
}

/** Lists and sets: what stands in both is the same, wherever it stands. */
function changedList(before, after) {
  const left = new Map();
  for (const { value: inner } of before.items) left.set(line(inner), (left.get(line(inner)) ?? 0) + 1);
  const rows = after.items.map(({ value: inner }) => {
    const text = line(inner);
    const count = left.get(text) ?? 0;
    if (count === 0) return added("", inner);
    left.set(text, count - 1);
    return el("div", { class: "entry same" }, cut(text, 4 * LONG));
  });
  for (const { value: inner } of before.items) {
    const text = line(inner);
    if ((left.get(text) ?? 0) === 0) continue;
    left.set(text, left.get(text) - 1);
    rows.push(removed("", inner));
  }
  return rows;
}

const added = (name, inner) =>
  el("div", { class: "entry changed" }, el("span", { class: "key" }, name), el("ins", {}, line(inner)));
const removed = (name, inner) =>
  el("div", { class: "entry changed" }, el("span", { class: "key" }, name), el("del", {}, line(inner)));
const exchanged = (name, was, inner) =>
  el(
    "div",
    { class: "entry changed" },
    el("span", { class: "key" }, name),
    el("del", {}, line(was)),
    " \u2192 ",
    el("ins", {}, line(inner)),
  );
