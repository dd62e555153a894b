/** Runs work when a slot is free, in the order of the requests. */
export type Slots = <T>(work: () => Promise<T>) => Promise<T>;

export const makeSlots = (count: number): Slots => {
  const queue: (() => void)[] = [];
  let free = count;
  const take = () => {
    if (free > 0) {
      free -= 1;
      return Promise.resolve();
    }
    return new Promise<void>((resolve) => queue.push(resolve));
  };
  const give = () => {
    const next = queue.shift();
    if (next) next();
    else free += 1;
  };
  return async (work) => {
    await take();
    try {
      return await work();
    } finally {
      give();
    }
  };
};
