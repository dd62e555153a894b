import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { ImageStore, ListedImage } from '../../../src/cluster/images/store.ts';
import { loadArchive } from '../../../src/commands/images/load-archive.ts';
import { makeTurns } from '../../../src/commands/images/turns.ts';
import { dockerArchive, fileOf } from '../../support/images/archives.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';

/** A node whose loads take a moment; it tells what each saw before it, and how many there were at a time. */
const slowNode = (isOneByOne: boolean) => {
  const images: ListedImage[] = [];
  const seen: (readonly string[])[] = [];
  let [running, most] = [0, 0];
  const store: ImageStore = {
    source: 'a node',
    isOneByOne,
    list: async () => [...images],
    load: async (archive, { before }) => {
      seen.push(before.map(({ name }) => name));
      most = Math.max(most, ++running);
      await pause(50);
      running -= 1;
      for (const { names, id } of archive.images) for (const name of names) images.push({ name, id, bytes: 1 });
    },
  };
  return { store, seen, most: () => most };
};

const loadAll = async (store: ImageStore, ...names: readonly string[]) => {
  const dir = await temporaryDir();
  const inTurn = makeTurns();
  const limits = { signal: new AbortController().signal, stallMs: 1_000, report: () => undefined, inTurn };
  const files = names.map(async (name, index) => {
    const { tar } = await dockerArchive({ name, content: Buffer.alloc(100, index) });
    return fileOf(dir, `${index}.tar`, tar);
  });
  const all = await Promise.all(files);
  return Promise.all(all.map((file) => loadArchive(store, { file, ...limits })));
};

test('archives that share a name are loaded one after the other: what one undoes is not the work of another', async () => {
  const { store, seen, most } = slowNode(false);
  await loadAll(store, 'x/a:1', 'x/a:1');
  expect(most()).toBe(1);
  expect(seen).toEqual([[], ['docker.io/x/a:1']]);
});

test('others side by side', async () => {
  const { store, seen, most } = slowNode(false);
  await loadAll(store, 'x/a:1', 'x/b:1');
  expect(most()).toBe(2);
  expect(seen).toEqual([[], []]);
});

test('but one after the other where the node takes one at a time', async () => {
  const { store, most } = slowNode(true);
  await loadAll(store, 'x/a:1', 'x/b:1');
  expect(most()).toBe(1);
});
