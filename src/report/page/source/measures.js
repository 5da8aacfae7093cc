// The measures that all parts of the picture share, in pixels.

/** The row of the nodes' names. */
export const HEAD = 34;
export const FOOT = 28;
/** The place left of the first column: the axis, and what happens to the network. */
export const LEFT = 92;
export const RIGHT = 64;
export const NETWORK = 76;
/** So many marks and arrows are drawn at most, about. */
export const MOST = 700;

export const round = (value) => Math.round(value * 10) / 10;
export const clamp = (value, low, high) => Math.max(low, Math.min(high, value));

/** At most so many of a list, evenly picked. */
export function some(list, most) {
  const every = Math.ceil(list.length / most);
  return every <= 1 ? list : list.filter((_, place) => place % every === 0);
}
