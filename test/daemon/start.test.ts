import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startTunnels } from '../../src/daemon/start.ts';
import { createInstance } from '../../src/instance/instance.ts';
import { temporaryDir } from '../support/temporary-dir.ts';

test.each([
  'x'.repeat(80),
  'ü'.repeat(40),
])('a folder in which no socket can be made is refused before anything starts: %s', async (folder) => {
  const instance = await createInstance(join(await temporaryDir(), folder), { name: 'dev', provider: 'attach' });
  const limits = { signal: new AbortController().signal, timeoutMs: 1_000, report: () => undefined };
  const starting = startTunnels({ instance, wanted: {}, daemonCommand: ['/nowhere/daemon'], env: {}, ...limits });
  await expect(starting).rejects.toMatchObject({
    id: 'environment.socket-path',
    message: expect.stringMatching(/tunnel\.sock has \d+ bytes, but a socket's path has at most 10[37]/),
    hint: expect.stringContaining('XDG_STATE_HOME'),
  });
  expect(await readdir(instance.dir)).toEqual(['instance.json']);
});
