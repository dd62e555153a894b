type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** An object without the properties that are undefined, for code that distinguishes them from absent ones. */
export const withoutUndefined = <T extends object>(value: T): Defined<T> =>
  Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as Defined<T>;

/** The entry of a table for a key that comes from elsewhere: `constructor` and its like are none. */
export const ownValue = <T>(table: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(table, key) ? table[key] : undefined;
