import { join } from 'node:path';
import { UserError } from '../../lib/errors.ts';
import { findTextFile, writeFileAtomically } from '../../lib/files.ts';

/** Records the first digest seen of each URL, tag or bundle's file that no pin proves, and refuses another one. */
export type Digests = { readonly remember: (name: string, sha256: string) => Promise<void> };

const isDigests = (value: unknown): value is Record<string, string> =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.values(value).every((digest) => typeof digest === 'string');

const damaged = (path: string, cause?: unknown): UserError =>
  new UserError(`${path}, the record of digests, is damaged`, {
    id: 'artifact.digests-damaged',
    hint: `remove it: rm ${path}; digests are then recorded again`,
    cause,
  });

const parseDigests = (text: string, path: string): Record<string, string> => {
  try {
    const value: unknown = JSON.parse(text);
    if (isDigests(value)) return value;
  } catch (error) {
    throw damaged(path, error);
  }
  throw damaged(path);
};

/** The digests in the cache's `digests.json`. Only the holder of the cache's lock writes it. */
export const loadDigests = async (cacheDir: string): Promise<Digests> => {
  const path = join(cacheDir, 'digests.json');
  const known = parseDigests((await findTextFile(path)) ?? '{}', path);
  let writing = Promise.resolve();
  return {
    remember: async (name, sha256) => {
      const first = known[name];
      if (first === sha256) return;
      if (first !== undefined) {
        throw new UserError(`${name} has changed: sha256 ${sha256} is offered, ${first} was seen first`, {
          id: 'artifact.digest-changed',
          hint: `a release should not change: find out why it did before you remove its line from ${path}`,
        });
      }
      known[name] = sha256;
      writing = writing.then(() => writeFileAtomically(path, `${JSON.stringify(known, null, 1)}\n`, 0o644));
      await writing;
    },
  };
};
