/** How many letters must be changed, added or removed to turn one word into the other (Levenshtein). */
const distance = (one: string, other: string): number => {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...one].entries()) {
    const next = [i + 1];
    for (const [j, otherLetter] of [...other].entries()) {
      const change = (row[j] ?? 0) + (letter === otherLetter ? 0 : 1);
      next.push(Math.min(change, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
};

/** No name of anything is longer; comparing takes time in proportion. */
const longestWord = 100;

/** The candidate with the fewest edits after `simplify`; the caller decides whether they are few enough. */
export const findNearest = (
  word: string,
  candidates: readonly string[],
  simplify: (text: string) => string,
): { readonly candidate: string; readonly edits: number } | undefined =>
  candidates
    .filter(() => word.length <= longestWord)
    .map((candidate) => ({ candidate, edits: distance(simplify(word), simplify(candidate)) }))
    .toSorted((a, b) => a.edits - b.edits)[0];
