// Tested in test/process/stack/fetched.test.ts
import { join, resolve } from 'node:path';
import { UserError } from '../../lib/errors.ts';
import type { Arch } from '../../model/pins.ts';
import type { ArtifactsInput } from '../artifacts.ts';
import type { Item } from '../item.ts';
import { makePolicy } from '../items.ts';
import { detectPlatform } from '../platform.ts';
import { findStored } from '../store/cache.ts';
import { fillCache } from '../store/ensure.ts';
import { makeTrust } from '../store/trust.ts';
import { npmSource } from './npm.ts';
import type { NpmPin } from './pins.ts';

/** The key of this machine's PostgreSQL in the cache; empty for a machine that has none. */
export const findPostgresKey = (pin: NpmPin, arch: Arch, system: string = process.platform): readonly string[] => {
  const machine = `${system}-${arch}`;
  return pin.packages[machine] ? [`postgres-${pin.version}-${machine}`] : [];
};

type Machine = { readonly arch: Arch; readonly system?: string };

/** Throws UserError `artifact.pin-missing` for a machine that npm has no PostgreSQL for. */
export const postgresItem = (
  pin: NpmPin,
  input: Pick<ArtifactsInput, 'bundle' | 'mirror' | 'bundleDigest'>,
  { arch, system = process.platform }: Machine,
): Item => {
  const machine = `${system}-${arch}`;
  const found = pin.packages[machine];
  const [key] = findPostgresKey(pin, arch, system);
  if (!found || key === undefined) {
    throw new UserError(`no PostgreSQL is pinned for ${machine}`, {
      id: 'artifact.pin-missing',
      hint: 'install a PostgreSQL server, or give --db-url',
    });
  }
  const policy = makePolicy(arch, input);
  const open = policy.unlessOffline([npmSource({ ...found, version: pin.version })]);
  return { name: 'postgres', version: pin.version, key, sources: [...policy.bundles({ key }), ...open] };
};

/** The folder of PostgreSQL's programs, fetched into the cache by npm if missing, and proven by its pin. */
export const ensurePostgres = async (pin: NpmPin, input: ArtifactsInput): Promise<string> => {
  const { arch } = input.machine ?? (await detectPlatform());
  const cacheDir = resolve(input.cacheDir);
  const item = postgresItem(pin, input, { arch });
  const trust = makeTrust(input.pins.digests, input.trustMirror);
  const found = await findStored(cacheDir, item, trust);
  if (found) input.report({ name: item.name, state: 'cached', detail: item.version });
  const { dir } = found ?? (await fillCache({ postgres: item }, { ...input, cacheDir, arch, trust })).postgres;
  return join(dir, 'bin');
};
