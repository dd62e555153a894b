import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findKept } from '../../src/daemon/wanted.ts';
import { instanceRecord } from '../support/context.ts';
import { temporaryDir } from '../support/temporary-dir.ts';

test('what a keeper kept counts until it is ended on purpose', async () => {
  const dir = await temporaryDir();
  const process = { pid: 1, startTicks: 1, bootId: 'another' };
  const running = instanceRecord({ journal: [{ kind: 'tunnels', process }] });
  expect(await findKept({ dir, record: () => running })).toBeUndefined();
  await writeFile(join(dir, 'tunnels.json'), JSON.stringify({ instance: 'dev' }));
  expect(await findKept({ dir, record: () => running })).toEqual({ instance: 'dev' });
  expect(await findKept({ dir, record: () => instanceRecord() })).toBeUndefined();
});
