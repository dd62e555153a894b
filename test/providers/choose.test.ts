import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { createInstance } from '../../src/instance/instance.ts';
import { chooseProvider, verifyHere } from '../../src/providers/choose.ts';
import { commandContext } from '../support/context.ts';
import { temporaryDir } from '../support/temporary-dir.ts';

const setUp = async () => {
  const home = await temporaryDir();
  const folders = { stateDir: join(home, 'state'), cacheDir: join(home, 'cache') };
  const choose = (change: Partial<Config> = {}) => {
    const { config, ...context } = commandContext({ folders });
    return chooseProvider({ ...context, config: { ...config, ...change } });
  };
  const begin = () => createInstance(folders.stateDir, { name: 'dev', provider: 'native', cidr: '10.210.0.0/16' });
  const tunnelOnly = () => createInstance(folders.stateDir, { name: 'dev', provider: 'attach' });
  return { choose, begin, tunnelOnly };
};

test('auto stays with what the instance was made with, and asks no program', async () => {
  const { choose, begin } = await setUp();
  await begin();
  expect(await choose({ installMinikube: true })).toEqual({ provider: 'native', because: 'auto: as it was made' });
});

test('another provider than the instance was made with is refused', async () => {
  const { choose, begin } = await setUp();
  await begin();
  await expect(choose({ provider: 'minikube' })).rejects.toMatchObject({
    id: 'environment.drift',
    message: 'provider: wanted minikube, but instance dev was made with native',
    hint: expect.stringContaining('taskgate down --name dev'),
  });
});

test.each([
  'auto',
  'native',
  'minikube',
] as const)('a tunnel alone is no cluster to go on with: %s', async (provider) => {
  const { choose, tunnelOnly } = await setUp();
  await tunnelOnly();
  await expect(choose({ provider })).rejects.toMatchObject({
    id: 'environment.drift',
    message: 'instance dev has only a tunnel, to a cluster that taskgate knows nothing of',
    hint: expect.stringContaining('taskgate tunnel down --name dev'),
  });
});

test('the cluster that a tunnel alone leads from may be attached', async () => {
  const { choose, tunnelOnly } = await setUp();
  await tunnelOnly();
  expect(await choose({ provider: 'attach' })).toMatchObject({ provider: 'attach' });
});

const long = ['x'.repeat(100), 'ü'.repeat(45)];

test.each(
  long.flatMap((folder) => (['native', 'minikube', 'attach'] as const).map((provider) => [provider, folder] as const)),
)('%s: a folder in which no socket can be made is an obstacle: %s', async (provider, folder) => {
  const folders = { stateDir: join('/tmp', folder), cacheDir: '/tmp' };
  const { config, ...context } = commandContext({ folders });
  await expect(
    verifyHere({ ...context, config: { ...config, context: 'other' } }, provider, true),
  ).rejects.toMatchObject({
    id: 'environment.machine',
    message: expect.stringMatching(/\.sock has \d+ bytes, but a socket's path has at most 10[37]/),
    hint: expect.stringContaining('XDG_STATE_HOME to a shorter path'),
  });
});
