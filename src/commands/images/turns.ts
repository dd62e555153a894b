/** Runs work side by side, but one after the other what has a key in common. */
export type Turns = <T>(keys: readonly string[], work: () => Promise<T>) => Promise<T>;

/** Turns by the order of asking; work that fails lets the next begin, too. */
export const makeTurns = (): Turns => {
  const last = new Map<string, Promise<unknown>>();
  return (keys, work) => {
    const before = keys.flatMap((key) => last.get(key) ?? []);
    const turn = Promise.allSettled(before).then(work);
    for (const key of keys) last.set(key, turn);
    return turn;
  };
};
