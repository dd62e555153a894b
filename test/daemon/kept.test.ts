import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { findKept } from '../../src/daemon/wanted.ts';
import { instanceRecord } from '../support/context.ts';

test('what a keeper kept counts until it is ended on purpose', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'tg-kept-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const process = { pid: 1, startTicks: 1, bootId: 'another' };
  const running = instanceRecord({ journal: [{ kind: 'tunnels', process }] });
  expect(await findKept({ dir, record: () => running })).toBeUndefined();
  await writeFile(join(dir, 'tunnels.json'), JSON.stringify({ instance: 'dev' }));
  expect(await findKept({ dir, record: () => running })).toEqual({ instance: 'dev' });
  expect(await findKept({ dir, record: () => instanceRecord() })).toBeUndefined();
});
