// Ranks of one task's answers: pure functions from old ranks to new ones. Rank 1 is the best, equal
// ranks are a tie, and an answer without a rank is not placed yet. Ranks count as in a race: after
// two seconds comes a fourth.

/** @typedef {Record<string, number>} Ranks rank of each placed answer */

/** Return the placed answers from the best to the worst; those of one group are tied. */
export function groupsOf(/** @type {Ranks} */ ranks, /** @type {string[]} */ ids) {
  /** @type {Map<number, string[]>} */
  const groups = new Map();
  for (const id of ids) {
    if (!ranks[id]) continue;
    groups.set(ranks[id], [...(groups.get(ranks[id]) ?? []), id]);
  }
  return [...groups.keys()].sort((a, b) => a - b).map((rank) => groups.get(rank) ?? []);
}

/** Number groups as in a race. @returns {Ranks} */
export function ranksOf(/** @type {string[][]} */ groups) {
  /** @type {Ranks} */
  const ranks = {};
  let next = 1;
  for (const group of groups) {
    for (const id of group) ranks[id] = next;
    next += group.length;
  }
  return ranks;
}

/** Return the answers that have no rank. */
export const unplaced = (/** @type {Ranks} */ ranks, /** @type {string[]} */ ids) =>
  ids.filter((id) => !ranks[id]);

/**
 * Give an answer a rank. Others keep theirs while some have none, so that numbers can be typed in
 * any order; once all are placed, the ranks are numbered anew.
 */
export function withRank(/** @type {Ranks} */ ranks, /** @type {string[]} */ ids, /** @type {string} */ id, /** @type {number} */ rank) {
  const given = { ...ranks, [id]: rank };
  return unplaced(given, ids).length ? given : ranksOf(groupsOf(given, ids));
}

/** Take an answer's rank away. */
export function without(/** @type {Ranks} */ ranks, /** @type {string} */ id) {
  const { [id]: _, ...rest } = ranks;
  return rest;
}

/**
 * Move an answer to a place between the groups of the others: before group `index`, or into it.
 * @param {Ranks} ranks
 * @param {string[]} ids
 * @param {string} id
 * @param {number} index of a group of the others; their number is the place after the last
 */
export function movedTo(ranks, ids, id, index, isTie = false) {
  const groups = groupsOf(without(ranks, id), ids);
  if (isTie && groups[index]) groups[index] = [...groups[index], id];
  else groups.splice(index, 0, [id]);
  return ranksOf(groups);
}

/** Move an answer one place up (-1) or down (1): out of its tie first, then past the next group. */
export function stepped(/** @type {Ranks} */ ranks, /** @type {string[]} */ ids, /** @type {string} */ id, /** @type {-1 | 1} */ step) {
  const groups = groupsOf(ranks, ids);
  const place = groups.findIndex((group) => group.includes(id));
  if (place < 0) return movedTo(ranks, ids, id, groups.length); // an unplaced answer comes last
  const isTied = groups[place].length > 1;
  const target = step < 0 ? (isTied ? place : place - 1) : place + 1;
  return movedTo(ranks, ids, id, Math.max(0, target));
}

/** Tie an answer with the group above it, or loosen it from a tie with the one shown above it. */
export function tied(/** @type {Ranks} */ ranks, /** @type {string[]} */ ids, /** @type {string} */ id) {
  const groups = groupsOf(ranks, ids);
  const place = groups.findIndex((group) => group.includes(id));
  if (place < 0) return groups.length ? movedTo(ranks, ids, id, groups.length - 1, true) : ranks;
  if (groups[place].indexOf(id) > 0) return movedTo(ranks, ids, id, place + 1);
  return place > 0 ? movedTo(ranks, ids, id, place - 1, true) : ranks;
}

/**
 * Return the pairs in which the higher rank has the lower rating.
 * @param {Ranks} ranks
 * @param {Record<string, number>} ratings
 * @param {string[]} ids
 * @returns {[string, string][]} the answer ranked higher, and the one rated higher
 */
export function contradictions(ranks, ratings, ids) {
  const rated = ids.filter((id) => ranks[id] && ratings[id]);
  return rated.flatMap((higher) =>
    rated
      .filter((other) => ranks[higher] < ranks[other] && ratings[higher] < ratings[other])
      .map((other) => /** @type {[string, string]} */ ([higher, other])));
}
