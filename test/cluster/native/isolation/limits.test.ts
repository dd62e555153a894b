import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  defaultMemoryMb,
  describeNodeUse,
  limitCgroups,
  ownMemoryOf,
  podPidsOf,
  readNodeUse,
} from '../../../../src/cluster/native/isolation/limits.ts';
import { temporaryDir } from '../../../support/temporary-dir.ts';

const limits = { memoryMb: 2048, machineMb: 8000, pids: 4000 };
const twoGibibytes = String(2 ** 31);

/** Folders with the files that a kernel has there. */
const cgroups = async (folders: Readonly<Record<string, Readonly<Record<string, string>>>>) => {
  const home = await temporaryDir();
  for (const [folder, files] of Object.entries(folders)) {
    await mkdir(join(home, folder));
    for (const [file, text] of Object.entries(files)) await writeFile(join(home, folder, file), text);
  }
  return { paths: Object.keys(folders).map((folder) => join(home, folder)), home };
};

test('a quarter for a pod, three quarters of the machine for the node', () => {
  expect(podPidsOf(limits)).toBe(1000);
  expect(defaultMemoryMb(8000)).toBe(6000);
});

test('v1: each hierarchy gets its files, none gets a file that it does not have', async () => {
  const { paths, home } = await cgroups({ memory: { 'memory.limit_in_bytes': '' }, pids: { 'pids.max': '' }, cpu: {} });
  await limitCgroups(paths, limits);
  expect(await readFile(join(home, 'memory/memory.limit_in_bytes'), 'utf8')).toBe(twoGibibytes);
  expect(await readFile(join(home, 'pids/pids.max'), 'utf8')).toBe('4000');
  await expect(readFile(join(home, 'memory/memory.max'))).rejects.toThrow('ENOENT');
  await expect(readFile(join(home, 'cpu/pids.max'))).rejects.toThrow('ENOENT');
});

test('v2: memory without swap, and processes, in the one folder', async () => {
  const { paths, home } = await cgroups({ all: { 'memory.max': '', 'memory.swap.max': '', 'pids.max': '' } });
  await limitCgroups(paths, limits);
  expect(await readFile(join(home, 'all/memory.max'), 'utf8')).toBe(twoGibibytes);
  expect(await readFile(join(home, 'all/memory.swap.max'), 'utf8')).toBe('0');
  expect(await readFile(join(home, 'all/pids.max'), 'utf8')).toBe('4000');
});

test('v1: use without the cache that the kernel takes back first', async () => {
  const { paths } = await cgroups({
    memory: {
      'memory.usage_in_bytes': `${3 * 2 ** 30}\n`,
      'memory.limit_in_bytes': `${twoGibibytes}\n`,
      'memory.stat': `inactive_file 5\ntotal_inactive_file ${2 ** 30}\n`,
    },
    pids: { 'pids.current': '170\n', 'pids.max': '4000\n' },
  });
  const use = await readNodeUse(paths);
  expect(use).toEqual({ memory: { usedBytes: 2 ** 31, limitBytes: 2 ** 31 }, pids: { used: 170, limit: 4000 } });
  expect(describeNodeUse(use)).toBe('memory 2.0 GiB of 2.0 GiB; processes and threads 170 of 4000');
});

test.each([
  ['v1', { 'memory.usage_in_bytes': '0', 'memory.limit_in_bytes': '9223372036854771712' }],
  ['v2', { 'memory.current': '0', 'memory.max': 'max' }],
])('%s: a node that another version started has no limit', async (_, files) => {
  const { paths } = await cgroups({ all: { ...files, 'pids.current': '9', 'pids.max': 'max' } });
  const use = await readNodeUse(paths);
  expect(use).toEqual({ memory: { usedBytes: 0 }, pids: { used: 9 } });
  expect(describeNodeUse(use)).toBe('memory 0.0 GiB, no limit; processes and threads 9, no limit');
});

test('where nothing can be read there is nothing to say', async () => {
  expect(describeNodeUse(await readNodeUse(['/nowhere']))).toBe('');
});

test.each([
  [1_536, 768],
  [4_096, 1_024],
  [18_000, 2_048],
])('of %i MiB the node keeps %i for its own processes', (memoryMb, own) => expect(ownMemoryOf({ memoryMb })).toBe(own));
