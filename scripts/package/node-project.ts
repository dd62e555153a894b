type Locked = { readonly version: string; readonly integrity: string };
type Lock = { readonly packages: Readonly<Record<string, Partial<Locked>>> };

/** What `npm ci` gets the pinned Node.js from: package.json, and the package-lock.json with its digests. */
export type NodeProject = { readonly manifest: object; readonly lock: object };

const isLock = (value: unknown): value is Lock => typeof value === 'object' && value !== null && 'packages' in value;

/** A project of its own, of the entries that the checkout's package-lock.json has. Throws if it has another version. */
export const pinnedNodeProject = (checkoutLock: unknown, version: string): NodeProject => {
  if (!isLock(checkoutLock)) throw new Error('package-lock.json has no packages');
  const isNode = ([path]: readonly [string, unknown]): boolean => /^node_modules\/node-linux-\w+$/.test(path);
  const entries = Object.entries(checkoutLock.packages).filter(isNode);
  if (entries.length === 0) throw new Error('package-lock.json has no node-linux-*');
  for (const [path, locked] of entries) {
    if (locked.version !== version)
      throw new Error(`${path} is ${locked.version} in package-lock.json, not ${version}`);
  }
  const names = entries.map(([path]) => path.replace('node_modules/', ''));
  const manifest = {
    name: 'taskgate-node',
    version,
    private: true,
    optionalDependencies: Object.fromEntries(names.map((name) => [name, version])),
  };
  return {
    manifest,
    lock: {
      ...{ name: manifest.name, version, lockfileVersion: 3, requires: true },
      packages: {
        '': manifest,
        ...Object.fromEntries(
          entries.map(([path, { dev: _, ...locked }]: [string, Partial<Locked> & { dev?: boolean }]) => [path, locked]),
        ),
      },
    },
  };
};
