// Events and values in words, and values as trees.

/** A span of virtual time, in its own unit. */
export function duration(nanoseconds, digits = 12) {
  const units = [
    [1e9, "s"],
    [1e6, "ms"],
    [1e3, "\u00b5s"],
  ];
  const [size, unit] = units.find(([size]) => Math.abs(nanoseconds) >= size) ?? [1, "ns"];
  if (nanoseconds === 0) return "0s";
  return `${Number((nanoseconds / size).toPrecision(digits))}${unit}`;
}

export const grouped = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, ",");

/** Text in which whatever does not show, or turns the direction of others, is escaped. */
export const plain = (text) =>
  text.replace(
    /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g,
    (c) => {
      const known = { "\n": "\\n", "\r": "\\r", "\t": "\\t" }[c];
      return known ?? `\\u${c.codePointAt(0).toString(16).padStart(4, "0")}`;
    },
  );

export const cut = (text, most) => (text.length <= most ? text : `${text.slice(0, most - 1)}\u2026`);

/**
 * A value as a tree, from JSON or from what Rust's `Debug` writes. A leaf has `text`; an inner node `name`, `open`,
 * `close` and `items`, each of which has a `value` and, in maps, a `key`. Text that is neither is a leaf.
 */
export function tree(text) {
  const reader = { text, at: 0, depth: 0 };
  try {
    const value = readValue(reader);
    blank(reader);
    return reader.at === text.length ? value : { text };
  } catch {
    return { text };
  }
}

const CLOSING = { "{": "}", "[": "]", "(": ")" };

function blank(reader) {
  while (/\s/.test(reader.text[reader.at] ?? "x")) reader.at++;
}

function readValue(reader) {
  blank(reader);
  const start = reader.at;
  let c = reader.text[reader.at];
  while (c !== undefined && !",:{}[]()".includes(c)) {
    if (c === '"' || c === "'") skipQuoted(reader, c);
    else reader.at++;
    c = reader.text[reader.at];
    // A path's double colon is no separator.
    if (c === ":" && reader.text[reader.at + 1] === ":") {
      reader.at += 2;
      c = reader.text[reader.at];
    }
  }
  const name = reader.text.slice(start, reader.at).trim();
  if (!(c in CLOSING)) {
    if (name === "") throw new Error("a value is missing");
    return { text: name };
  }
  if (++reader.depth > 100) throw new Error("too deep");
  reader.at++;
  const items = readItems(reader, CLOSING[c]);
  reader.depth--;
  return { name, open: c, close: CLOSING[c], items };
}

function readItems(reader, close) {
  const items = [];
  for (;;) {
    blank(reader);
    const c = reader.text[reader.at];
    if (c === close) {
      reader.at++;
      return items;
    }
    if (c === undefined) throw new Error("it breaks off");
    let value = readValue(reader);
    let key;
    blank(reader);
    if (reader.text[reader.at] === ":") {
      reader.at++;
      key = line(value).replace(/^"([A-Za-z_][\w-]*)"$/, "$1");
      value = readValue(reader);
      blank(reader);
    }
    items.push({ key, value });
    if (reader.text[reader.at] === ",") reader.at++;
  }
}

function skipQuoted(reader, quote) {
  const rest = reader.text.slice(reader.at + 1, reader.at + 4);
  // A lifetime or an apostrophe is no character.
  if (quote === "'" && !/^(\\.|.)/su.test(rest)) throw new Error("a quote stands alone");
  reader.at++;
  while (reader.text[reader.at] !== quote) {
    if (reader.text[reader.at] === undefined) throw new Error("a quote is open");
    reader.at += reader.text[reader.at] === "\\" ? 2 : 1;
  }
  reader.at++;
}

/** A tree on one line. */
export function line(value) {
  // Text that cannot be taken for something else needs no quotes.
  if (value.items === undefined) {
    return plain(value.text.replace(/^"(?!(?:null|true|false|[\d.]+)")(\w[\w./@-]*)"$/, "$1"));
  }
  const items = value.items.map(({ key, value }) =>
    key === undefined ? line(value) : `${key}: ${line(value)}`,
  );
  const name = value.name && value.open === "{" ? `${value.name} ` : value.name;
  return `${name}${value.open}${items.join(", ")}${value.close}`;
}

/** JSON as people read it: `deliver {from: n1, id: 1}`. */
export function value(json) {
  if (json === undefined) return "";
  const whole = tree(json);
  const only = whole.items?.length === 1 && whole.open === "{" ? whole.items[0] : undefined;
  if (only?.key === undefined) return line(whole);
  return only.value.text === "null" ? only.key : `${only.key} ${line(only.value)}`;
}

/** The same in few words, without the names of fields: `deliver n1 1`. */
export function brief(json) {
  return json === undefined ? "" : few(tree(json)).replace(/ null$/, "");
}

function few(whole) {
  if (whole.items === undefined) return line(whole);
  const all = whole.items.map(({ key, value: inner }) => {
    const words = few(inner);
    // `{leader: {leader: n1}}` says it once.
    const said = whole.items.length > 1 || key === undefined || words.startsWith(`${key} `);
    return said ? words : `${key} ${words}`;
  });
  return whole.open === "[" ? `[${all.join(" ")}]` : all.join(" ");
}

function groups(json) {
  const whole = tree(json);
  const inside = whole.items?.map((item) => item.value.items?.map(({ value: name }) => line(name)).join(" "));
  const told = whole.open === "[" && inside.every((group) => group !== undefined);
  return told ? inside.map((group) => `[${group}]`).join(" ") : value(json);
}

/** A timer, and after how long it runs out. */
function timer(run, i) {
  const items = tree(run.bodyOf(i) ?? "").items ?? [];
  const of = (name) => items.find(({ key }) => key === name)?.value;
  const runs = of("runs")?.text;
  if (of("timer") === undefined || !/^\d+$/.test(runs ?? "")) return value(run.bodyOf(i));
  return `${few(of("timer"))}, in ${duration(Number(runs))}`;
}

/** What there is to say of an event besides when, where and what. */
export function particulars(run, i) {
  const kind = run.kindName(i);
  const number = run.message[i] >= 0 ? `#${run.message[i]}` : "";
  const word = plain(run.messageKind(i) ?? "message");
  const why = run.reason(i) ? ` (${plain(run.reason(i))})` : "";
  const name = (node) => plain(run.name(node));
  switch (kind) {
    case "send":
      return `${word} ${number} \u2192 ${name(run.target(i))}${said(run, i)}`;
    case "receive":
      return `${word} ${number} \u2190 ${name(run.source(i))}${said(run, i)}`;
    case "drop":
      return `${word} ${number} from ${name(run.source(i))} to ${name(run.target(i))}${why}`;
    case "duplicate":
      return `${word} ${number} to ${name(run.target(i))}, once more`;
    case "timer-set":
      return timer(run, i);
    case "partition":
      return run.bodyOf(i) === undefined ? "" : groups(run.bodyOf(i));
    default:
      return `${value(run.bodyOf(i))}${why}`;
  }
}

function said(run, i) {
  const body = run.content(i);
  return body === undefined ? "" : `  ${line(tree(body))}`;
}

/** An event as a sentence. */
export function sentence(run, i) {
  const node = run.node[i] >= 0 ? plain(run.name(run.node[i])) : "";
  const name = (of) => plain(run.name(of));
  const kind = run.kindName(i);
  const body = value(run.bodyOf(i));
  const word = plain(run.messageKind(i) ?? "message");
  const message = run.message[i] >= 0 ? `${word} #${run.message[i]}` : word;
  const why = run.reason(i) ? ` (${plain(run.reason(i))})` : "";
  switch (kind) {
    case "request":
      return `${node} is asked: ${body}${why}`;
    case "output":
      return `${node} says: ${body}`;
    case "send":
      return `${node} sends ${message} to ${name(run.target(i))}`;
    case "receive":
      return `${node} gets ${message} from ${name(run.source(i))}`;
    case "drop":
      return `${message} from ${name(run.source(i))} to ${name(run.target(i))} is lost${why}`;
    case "duplicate":
      return `${message} to ${name(run.target(i))} is duplicated`;
    case "timer":
      return `${node}: timer ${body}`;
    case "timer-set":
      return `${node} sets a timer: ${timer(run, i)}`;
    case "save":
      return `${node} saves ${body}`;
    case "boot":
      return `${node} begins`;
    case "crash":
      return `${node} crashes`;
    case "restart":
      return `${node} restarts`;
    case "pause":
      return `${node} stands still`;
    case "resume":
      return `${node} goes on`;
    case "clock":
      return `${node}: its clock changes: ${body}`;
    case "choice":
      return `${node} draws ${body}`;
    case "partition":
      return `the network parts: ${particulars(run, i)}`;
    case "heal":
      return `healed: ${body}`;
    default:
      return `${node ? `${node}: ` : ""}${kind} ${body}`.trim();
  }
}
