import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isThere } from '../../../src/lib/files.ts';
import { execaRunner } from '../../../src/lib/process/runner.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';

const templatesDir = join(import.meta.dirname, '..', '..', '..', 'templates', 'rig');

test('what a run leaves is removed when its command ends, however it ends', async () => {
  const dir = await temporaryDir();
  const [runDir, cgroup] = [join(dir, 'run'), join(dir, 'cgroup')];
  await mkdir(join(cgroup, 'docker', 'abc'), { recursive: true });
  await mkdir(runDir);
  await execaRunner(['sh', join(templatesDir, 'around.sh'), runDir, cgroup, '--', 'sh', '-c', 'kill -9 $$']);
  expect(await Promise.all([runDir, cgroup].map(isThere))).toEqual([false, false]);
});
