/** Runs one work at a time, in the order of the requests. */
export type Queue = <T>(work: () => Promise<T>) => Promise<T>;

export const makeQueue = (): Queue => {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const result = last.then(work);
    last = result.catch(() => undefined);
    return result;
  };
};
