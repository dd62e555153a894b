import { mkdir } from 'node:fs/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { blockCommand, unblockCommand } from '../../src/cluster/native/block.ts';
import { listPoliciesCommand, listRoutesCommand } from '../../src/cluster/native/routes.ts';
import { listBlockNames, rememberBlock } from '../../src/instance/blocked.ts';
import { instanceDirOf } from '../../src/instance/paths.ts';
import { chooseCidr, findCidrTrouble, forgetBlocks } from '../../src/providers/native.ts';
import { fakeRunner } from '../fakes/runner.ts';
import { commandContext } from '../support/context.ts';
import { temporaryDir } from '../support/temporary-dir.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

const list = listRoutesCommand.join(' ');
const blockedBy = (dir: string, cidr: string) => ({ cidr, metric: Number(blockCommand(dir, cidr)[6]) });
const routeOf = (dir: string, cidr: string) => ({
  ...{ type: 'unreachable', dst: cidr, protocol: '214', metric: blockedBy(dir, cidr).metric, flags: [] },
});
const removalOf = (dir: string, cidr: string) => unblockCommand(blockedBy(dir, cidr)).join(' ');

/** Routes that instances keep unreachable: dev, which is there, old, which is gone, and one of another state folder. */
const makeHost = async () => {
  const stateDir = await temporaryDir();
  const [dev, old] = [instanceDirOf(stateDir, 'dev'), instanceDirOf(stateDir, 'old')];
  const theirs = instanceDirOf(await temporaryDir(), 'dev');
  await mkdir(dev, { recursive: true });
  await rememberBlock(dev, '10.210.0.0/16');
  await rememberBlock(old, '10.215.0.0/16');
  await rememberBlock(theirs, '10.216.0.0/16');
  const routes = [
    routeOf(dev, '10.210.0.0/16'),
    routeOf(old, '10.215.0.0/16'),
    routeOf(theirs, '10.216.0.0/16'),
    { dst: '10.99.0.0/16', dev: 'tun0', flags: [] },
  ];
  const removal = removalOf(old, '10.215.0.0/16');
  const { runner, calls } = fakeRunner({
    ...{ [list]: JSON.stringify(routes), [listPoliciesCommand.join(' ')]: '[]' },
    ...{ [removal]: '', [`sudo -n ${removal}`]: '' },
  });
  const context = (name: string) => ({ ...commandContext({ name, folders: { stateDir, cacheDir: '/c' } }), runner });
  return { stateDir, context, calls, removal };
};

const onLinux = test.skipIf(process.platform !== 'linux');

onLinux('only what instances of this state folder have left that are gone is taken back', async () => {
  vi.spyOn(process, 'getuid').mockReturnValue(0);
  const { stateDir, context, calls, removal } = await makeHost();
  expect(await forgetBlocks(context('any'))).toEqual(['10.215.0.0/16']);
  expect(calls).toEqual([list, list, removal]);
  expect(await listBlockNames(stateDir)).toEqual(['dev']);
  expect(await forgetBlocks(context('any'))).toEqual([]);
});

onLinux('by sudo where this is not root, as at the down of an attached cluster', async () => {
  vi.spyOn(process, 'getuid').mockReturnValue(4321);
  const { context, calls, removal } = await makeHost();
  expect(await forgetBlocks(context('any'))).toEqual(['10.215.0.0/16']);
  expect(calls).toEqual([list, list, `sudo -n ${removal}`]);
});

test('an instance gets the network again that its earlier life keeps unreachable; another one does not', async () => {
  const { context } = await makeHost();
  expect(await chooseCidr(context('old'))).toEqual({ cidr: '10.215.0.0/16', warnings: [] });
  expect(await chooseCidr(context('new'))).toEqual({ cidr: '10.211.0.0/16', warnings: [] });
});

test('where nothing may keep a network unreachable, that is said', async () => {
  const { context } = await makeHost();
  expect(await findCidrTrouble(context('dev'), '10.210.0.0/16')).toBeUndefined();
  expect(await findCidrTrouble(context('dev'), '10.99.0.0/16')).toMatch(/10\.99\.0\.0\/16/);
});
