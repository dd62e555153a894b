import { describe, test } from 'vitest';
import type { MasterEndpoint } from '../../../src/model/master-endpoint.ts';
import { freePort, httpServer, masterAt } from '../../support/proof/local-path.ts';
import { cluster, findBroken, leftOf, localTask } from '../../support/proof/real-master.ts';

/** Recorded (0.38.1): told within 20 s, while the task counts as running. */
const refusedLog = ['Unable to reach the master at DET_MASTER=$DET_MASTER. The connection was refused'];
const proven = masterAt(8080, '10.0.0.1');

describe('the address of the master that tasks get', { concurrent: true, timeout: 60_000 }, () => {
  test.for([
    ['port', 18791, '10.0.0.1', 'determined_master_port: 8080'],
    ['host', 8080, '10.9.9.9', 'determined_master_host: 10.0.0.1'],
    ['both', 18791, '10.9.9.9', 'determined_master_host: 10.0.0.1, determined_master_port: 8080'],
  ] as const)('wrong %s: the log of the running task tells, master.yaml is named', async ([, port, host, keys], {
    expect,
  }) => {
    const fake = cluster({}, { detMaster: `http://${host}:${port}` });
    const master = { scheme: 'http', host, port } as const;
    const broken = await findBroken(fake, { logsWhileRunning: refusedLog }, { spec: { proven }, change: { master } });
    expect(broken).toMatchObject({
      ...{ direction: 'reverse', from: 'task', to: `DET_MASTER http://${host}:${port}` },
      evidence: `Unable to reach the master at DET_MASTER=http://${host}:${port}. The connection was refused`,
      finding: {
        cause: `the task could not reach the master at its DET_MASTER http://${host}:${port} (connection refused); pods of this cluster reach it at http://10.0.0.1:8080`,
        hint: `set ${keys} in master.yaml, in the resource manager of this cluster, and restart the master`,
      },
    });
    expect(broken.hops.map(({ finding }) => finding?.hint ?? '').join()).not.toContain('NetworkPolicy');
    expect(leftOf(fake)).toEqual([]);
  });

  const info = JSON.stringify({ cluster_id: 'c', version: '0.38.1' });
  const told = (address: MasterEndpoint) => {
    const detMaster = `http://${address.host}:${address.port}`;
    const master = { scheme: 'http', host: address.host, port: address.port } as const;
    const way = { logsWhileRunning: refusedLog };
    return findBroken(cluster({}, { detMaster }), way, { spec: { proven: address }, change: { master } });
  };

  test('the right one, which refuses pods', async ({ expect }) => {
    await using listener = await httpServer(info);
    expect((await told(masterAt(listener.port))).finding).toEqual({
      cause: `the task could not reach the master at its DET_MASTER: nothing listens on 127.0.0.1:${listener.port} for pods, although a master listens for this host`,
      hint: 'make the master listen on 0.0.0.0 or on that address, and check for a firewall that rejects',
    });
  });

  test('the right one, while the master listens on loopback alone', async ({ expect }) => {
    await using listener = await httpServer(info);
    expect((await told(masterAt(listener.port, '127.0.0.9'))).finding).toEqual({
      cause: expect.stringContaining('the master listens on loopback only (master 0.38.1 on 127.0.0.1'),
      hint: 'make it listen on 0.0.0.0 or 127.0.0.9',
    });
  });

  test('the right one, where nothing listens any more', async ({ expect }) => {
    const port = await freePort();
    expect((await told(masterAt(port))).finding).toEqual({
      cause: `the task could not reach the master at its DET_MASTER http://127.0.0.1:${port}: this host finds nothing there either, though the master answers at its URL`,
      hint: `have the master listen on port ${port} of 0.0.0.0 or 127.0.0.1, where taskgate has proven the way back to`,
    });
  });

  test('no word in the log, and no answer: the pod dials another address', async ({ expect }) => {
    const fake = cluster({}, { detMaster: 'https://10.0.0.1:8080' });
    const broken = await findBroken(fake, {}, { spec: { proven, answerTimeoutMs: 300 } });
    expect(broken).toMatchObject({
      ...{ direction: 'reverse', to: 'DET_MASTER https://10.0.0.1:8080' },
      finding: { hint: expect.stringContaining('determined_master_scheme: http') },
    });
  });

  test('a task that answers has its own way to the master', async ({ expect }) => {
    const fake = cluster({}, { detMaster: 'http://another.way:80' });
    await using task = await localTask(fake);
    expect((await findBroken(fake, {}, { spec: { proven }, port: task.port })).finding).toBeUndefined();
  });
});
