import { writeFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findConnectionLimit, makeSlots } from '../../../src/tunnel/relay/slots.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';

test.each([
  ['20000', 512],
  ['1424', 512],
  ['1024', 312],
  ['200', 16],
  ['unlimited', 512],
])('with %s open files: %s connections', async (files, expected) => {
  const path = join(await temporaryDir(), 'limits');
  await writeFile(path, `Max processes  5  5  processes\nMax open files            ${files}   ${files}   files\n`);
  expect(findConnectionLimit(path)).toBe(expected);
});

test('without /proc there is only the usual limit', () => {
  expect(findConnectionLimit('/no/such/limits')).toBe(512);
});

test('as many connections as the limit go to the master, and not one more', () => {
  const slots = makeSlots(2);
  const clients = Array.from({ length: 3 }, () => new Socket());
  for (const client of clients) {
    slots.take(client);
    slots.hear(client);
  }
  expect(clients.map(slots.promote)).toEqual([true, true, false]);
  expect(slots.used()).toBe(2);
  expect(clients.map(({ destroyed }) => destroyed)).toEqual([false, false, false]);
});
