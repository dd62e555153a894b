import { detectPlatform } from '../../artifacts/platform.ts';
import { type ImageArchive, named, openImageArchive } from '../../cluster/images/archive.ts';
import type { ImageStore, ListedImage } from '../../cluster/images/store.ts';
import type { Report } from '../../lib/progress.ts';
import { describeBytes } from '../../lib/text/bytes.ts';
import type { Turns } from './turns.ts';

/** What was loaded of a file, or was there already. */
export type LoadedImage = {
  readonly name: string;
  /** `sha256:` and hex of its configuration. */
  readonly id: string;
  readonly outcome: 'loaded' | 'already there';
};

export type LoadInput = {
  /** The archive: of `docker save`, or an OCI layout in a tar; also packed by gzip or zstd. */
  readonly file: string;
  /** The name of its only image, in full; its own by default. */
  readonly as?: string;
  readonly signal: AbortSignal;
  /** How long nothing at all may happen. */
  readonly stallMs: number;
  readonly report: Report;
  /** Archives with a name or an id in common are loaded one after the other: each undoes its own. */
  readonly inTurn: Turns;
};

const isThere = (name: string, id: string, listed: readonly ListedImage[]): boolean =>
  listed.some((one) => one.name === name && one.id === id);

const stateOf = (bytes: number, { tar }: ImageArchive) =>
  bytes < tar.bytes
    ? { state: 'loading', detail: `${describeBytes(bytes)} of ${describeBytes(tar.bytes)}` }
    : { state: 'unpacking' };

/**
 * Loads an archive's images into an instance's node, those that it does not have under their names with the same id. Throws
 * UserError `usage.no-file`, `usage.image-name`, `artifact.image-archive`, `artifact.image-platform`, and what the store throws;
 * nothing is half done then. Tested in test/e2e/images.test.ts, too.
 */
export const loadArchive = async (store: ImageStore, input: LoadInput): Promise<readonly LoadedImage[]> => {
  const { file, as, signal, stallMs, report, inTurn } = input;
  const { arch } = await detectPlatform();
  report({ name: file, state: 'reading', phase: 'working' });
  const archive = named(await openImageArchive(file, `linux/${arch}`, signal), as);
  const wanted = archive.images.flatMap(({ names, id }) => names.map((name) => ({ name, id })));
  const load = async () => {
    const listed = await store.list({ signal, timeoutMs: stallMs });
    const isNew = wanted.some(({ name, id }) => !isThere(name, id, listed));
    const onBytes = (bytes: number) => report({ name: file, ...stateOf(bytes, archive), phase: 'working' });
    if (isNew) await store.load(archive, { signal, stallMs, onBytes, before: listed });
    report({ name: file, state: isNew ? 'loaded' : 'already there', phase: 'done' });
    return wanted.map(({ name, id }) => ({
      ...{ name, id },
      outcome: isThere(name, id, listed) ? ('already there' as const) : ('loaded' as const),
    }));
  };
  const keys = store.isOneByOne ? ['the node'] : wanted.flatMap(({ name, id }) => [name, id]);
  return inTurn([...new Set(keys)], load);
};
