const plain = (word: string): string => word.toLowerCase().replaceAll(/[-_]/g, '');

/** How many letters must be changed, added or removed to get from one word to the other (Levenshtein). */
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

/** The known word that was probably meant: the same but for case and underscores, or two letters away at most. */
export const findSimilar = (word: string, known: readonly string[]): string | undefined => {
  const limit = plain(word).length < 5 ? 1 : 2;
  return known
    .map((candidate) => ({ candidate, away: distance(plain(word), plain(candidate)) }))
    .filter(({ away }) => away <= limit)
    .toSorted((a, b) => a.away - b.away)[0]?.candidate;
};
