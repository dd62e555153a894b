import { expect, test } from 'vitest';
import { blockCommand, unblockCommand } from '../../../src/cluster/native/block.ts';
import { type NativeTools, native } from '../../../src/cluster/native/native.ts';
import { networkOf } from '../../../src/cluster/native/network.ts';
import { listRoutesCommand } from '../../../src/cluster/native/routes.ts';
import { rememberBlock } from '../../../src/instance/blocked.ts';
import { instanceDirOf } from '../../../src/instance/paths.ts';
import { fakeRunner } from '../../fakes/runner.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';

const cidr = '10.210.0.0/16';

/** A node that is gone, with its journal: its start failed, or was killed, after the route was made. */
const makeGone = async () => {
  const instanceDir = instanceDirOf(await temporaryDir(), 'dev');
  const metric = Number(blockCommand(instanceDir, cidr)[6]);
  const unblock = unblockCommand({ cidr, metric }).join(' ');
  const list = listRoutesCommand.join(' ');
  const route = { type: 'unreachable', dst: cidr, protocol: '214', metric, flags: [] };
  const { runner, calls } = fakeRunner({ [list]: JSON.stringify([route]), [unblock]: '' });
  const never = () => {
    throw new Error('not needed to take it away');
  };
  const tools: NativeTools = {
    ...{ runner, software: never, templatesDir: '/nowhere', supervisorCommand: ['/nowhere'], launchSupervisor: never },
    ...{ resources: () => [], journal: async () => undefined, forget: async () => undefined },
  };
  const fence = {
    egress: 'master',
    allowFrom: [],
    portRange: { start: 20000, end: 20199 },
    masterPort: 8080,
  } as const;
  const limits = { memoryMb: 1024, machineMb: 4096, pids: 100 };
  const provider = native({ name: 'dev', instanceDir, network: networkOf(cidr), fence, limits }, tools);
  return { provider, calls, instanceDir, list, unblock };
};

test('the network of a node with an empty journal is kept unreachable no longer than its instance is there', async () => {
  const { provider, calls, instanceDir, list, unblock } = await makeGone();
  await rememberBlock(instanceDir, cidr);
  await provider.delete({ keepsBlock: true });
  expect(calls).toEqual([]);
  await provider.delete();
  expect(calls).toEqual([list, unblock]);
});

test('where none was ever made unreachable nothing is looked at', async () => {
  const { provider, calls } = await makeGone();
  await provider.delete();
  expect(calls).toEqual([]);
});
