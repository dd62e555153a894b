import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { forgetBlock, hasBlock, listBlockNames, rememberBlock } from '../../src/instance/blocked.ts';
import { instanceDirOf, statePaths } from '../../src/instance/paths.ts';
import { temporaryDir } from '../support/temporary-dir.ts';

test('blocked networks are remembered by the names of their instances, which need no folder', async () => {
  const stateDir = await temporaryDir();
  const [dev, old] = [instanceDirOf(stateDir, 'dev'), instanceDirOf(stateDir, 'old')];
  expect(await listBlockNames(stateDir)).toEqual([]);
  await forgetBlock(dev);
  await rememberBlock(old, '10.211.0.0/16');
  await rememberBlock(dev, '10.210.0.0/16');
  await writeFile(join(statePaths(stateDir).blockedDir, 'dev.1.ab.tmp'), '');
  expect(await listBlockNames(stateDir)).toEqual(['dev', 'old']);
  await forgetBlock(dev);
  expect([await hasBlock(dev), await hasBlock(old)]).toEqual([false, true]);
});
