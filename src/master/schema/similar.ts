import { findNearest } from '../../lib/nearest.ts';

const plain = (word: string): string => word.toLowerCase().replaceAll(/[-_]/g, '');

/**
 * The known word that was probably meant: the same but for case and underscores, or two letters away at most.
 * Tested in test/master/schema/check.test.ts.
 */
export const findSimilar = (word: string, known: readonly string[]): string | undefined => {
  const best = findNearest(word, known, plain);
  return best && best.edits <= (plain(word).length < 5 ? 1 : 2) ? best.candidate : undefined;
};
