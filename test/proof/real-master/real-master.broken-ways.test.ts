import { describe, test } from 'vitest';
import type { Kube } from '../../../src/lib/kube/client.ts';
import type { KubeObject, Selection } from '../../../src/lib/kube/types.ts';
import { gatewayRef } from '../../../src/model/gateway-api.ts';
import { refusal } from '../../fakes/kube.ts';
import { gateway as anyGateway, masterAt } from '../../support/proof/local-path.ts';
import { cluster, findBroken, leftOf, localTask, seed } from '../../support/proof/real-master.ts';

const proven = masterAt(8080, '10.0.0.1');

const nonZero = (code: number) => `resources failed with non-zero exit code:  (exit code ${code})`;

describe('a task that ends', { concurrent: true, timeout: 60_000 }, () => {
  test.for([
    // words of containerd and runc, which the master repeats (seen on a native node)
    [
      {
        exitStatus:
          'resources failed with non-zero exit code: failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "/usr/bin/env": stat /usr/bin/env: no such file or directory: unknown (exit code 128)',
      },
      /^the image of the task could not be started: .*stat \/usr\/bin\/env: no such file/,
    ],
    // recorded: nothing in the task log
    [{ exitStatus: nonZero(127) }, /lacks python3 or bash: its container ended with exit code 127/],
    [
      {
        exitStatus: 'resources failed with non-zero exit code: container determined-init-container:  (exit code 127)',
      },
      /lacks bash, tar or coreutils: its init container ended with exit code 127/,
    ],
    // words of determined's master/static/srv/ship_logs.py
    [
      {
        exitStatus: nonZero(127),
        logs: ["FileNotFoundError executing ['/run/determined/command-entrypoint.sh', 'x']"],
      },
      /cannot start its program: \['\/run\/determined\/command-entrypoint\.sh', 'x'\]/,
    ],
    [{ exitStatus: nonZero(126) }, /cannot be executed: its container ended with exit code 126/],
    [
      { exitStatus: nonZero(80), logs: ['ship_logs.py crashed!', "KeyError: 'DET_SESSION_TOKEN'"] },
      /the log shipper of the task crashed \(exit code 80\); its log ends with: KeyError/,
    ],
    [{ exitStatus: nonZero(3), logs: ['last words'] }, /^the task is STATE_TERMINATED, .*exit code 3.*last words$/],
  ] as const)('%j', async ([endsAs, cause], { expect }) => {
    const fake = cluster();
    const broken = await findBroken(fake, { endsAs });
    expect(broken).toMatchObject({ direction: 'forward', finding: { cause: expect.stringMatching(cause) } });
    expect(leftOf(fake)).toEqual([]);
  });

  test('with 80 and no word in its log, whose pod nobody has seen', async ({ expect }) => {
    const broken = await findBroken(cluster(), { endsAs: { exitStatus: nonZero(80) } }, { spec: { proven } });
    expect(broken).toMatchObject({
      direction: 'reverse',
      finding: {
        cause: 'the task could not reach the master at its DET_MASTER (no connection)',
        hint: expect.stringContaining('pods of this cluster reach it at http://10.0.0.1:8080'),
      },
    });
  });
});

describe('a task that comes up elsewhere', { concurrent: true, timeout: 60_000 }, () => {
  const otherCluster = { ownPool: 'west', otherPool: 'east' };

  test('in the pool of another cluster: the one of this instance is named', async ({ expect }) => {
    const broken = await findBroken(cluster(), { otherCluster }, { spec: { ownPool: 'west' } });
    expect(broken).toMatchObject({
      evidence: 'STATE_RUNNING in resource pool east (cluster cluster-of-east), no Job here',
      finding: {
        cause:
          'the task is in another cluster: the master has placed it in resource pool east (cluster cluster-of-east), and this cluster has no Job of it',
        hint: "give --master-pool west, the pool of this instance: a task without a pool goes to the master's default one",
      },
    });
  });

  test('in one of a master that knows no pool of this instance: all of them are named', async ({ expect }) => {
    const broken = await findBroken(cluster(), { otherCluster }, { spec: { ownPool: 'default' } });
    expect(broken.finding?.hint).toBe('give --master-pool with the pool of this cluster; the master has: east, west');
  });

  const refusing = (isRefused: (selection: Selection, reads: number) => boolean, code = 403) => {
    const fake = cluster();
    let reads = 0;
    const list: Kube['list'] = async (selection) => {
      if (selection.kind === 'Job' && isRefused(selection, reads++)) throw refusal(code, 'Refused', 'jobs.batch');
      return fake.kube.list(selection);
    };
    return { ...fake, kube: { ...fake.kube, list } };
  };
  const spec = { ownPool: 'west', timeoutMs: 2_500 };

  test('is not told where the Jobs of other namespaces may not be listed', async ({ expect }) => {
    const fake = refusing(({ namespace }) => namespace === undefined);
    const broken = await findBroken(fake, { otherNamespace: 'team', staysStarting: true }, { spec });
    expect(broken.finding?.cause).not.toContain('another cluster');
  });

  test('is told though one list failed', async ({ expect }) => {
    const fake = refusing((_, reads) => reads === 0, 500);
    const broken = await findBroken(fake, { otherCluster }, { spec: { ...spec, timeoutMs: 20_000 } });
    expect(broken.finding?.cause).toMatch(/^the task is in another cluster/);
  });

  test('with the pool it is proven', async ({ expect }) => {
    const fake = cluster();
    await using task = await localTask(fake);
    const spec = { ownPool: 'west', resourcePool: 'west' };
    expect((await findBroken(fake, { otherCluster }, { spec, port: task.port })).finding).toBeUndefined();
  });

  test('in another namespace', async ({ expect }) => {
    const broken = await findBroken(cluster(), { otherNamespace: 'team' });
    expect(broken.finding).toEqual({
      cause: "the master has created the task's Job in namespace team, not in default",
      hint: expect.stringContaining('set default_namespace: default in master.yaml'),
    });
  });

  const gateways = (...names: readonly string[]) =>
    names.map((name) => ({ ...gatewayRef({ ...anyGateway, name }), spec: { listeners: [seed] } }) as KubeObject);

  test('on another Gateway', async ({ expect }) => {
    const fake = cluster({ objects: gateways('contour', 'other') });
    const otherGateway = { name: 'other', namespace: 'projectcontour' };
    const broken = await findBroken(fake, { otherGateway }, { spec: { answerTimeoutMs: 300 } });
    expect(broken.finding).toEqual({
      cause:
        'the master created no listener for the task on Gateway projectcontour/contour, but one on Gateway projectcontour/other',
      hint: 'set gateway_name: contour and gateway_namespace: projectcontour in internal_task_gateway of master.yaml, and restart the master',
    });
  });

  test.for([
    ['0.33.0', /it is version 0\.33\.0$/, /needs a master of 0\.34\.0 or later/],
    ['0.38.1', /on Gateway projectcontour\/contour$/, /an empty block disables it/],
  ] as const)('on no Gateway, by a master %s', async ([version, cause, hint], { expect }) => {
    const fake = cluster();
    await using task = await localTask(fake);
    const spec = { answerTimeoutMs: 300 };
    const broken = await findBroken(fake, { hasNoGateway: true }, { spec, port: task.port, change: { version } });
    expect(broken.finding?.cause).toMatch(cause);
    expect(broken.finding?.hint).toMatch(hint);
  });
});

describe('a pod that does not come up', { concurrent: true, timeout: 60_000 }, () => {
  test('whose namespace has a quota that is used up', async ({ expect }) => {
    const exceeded = 'exceeded quota: few, requested: pods=1, used: pods=2, limited: pods=2';
    const fake = cluster({
      react: ({ kind, metadata: { name, namespace } }, { put }) => {
        if (kind !== 'Job') return;
        const event = { apiVersion: 'v1', kind: 'Event', metadata: { name: 'quota', namespace: namespace ?? '' } };
        const message = `Error creating: pods "${name}-abcde" is forbidden: ${exceeded}`;
        put({ ...event, reason: 'FailedCreate', message, involvedObject: { kind: 'Job', name } } as KubeObject);
      },
    });
    expect(await findBroken(fake, {})).toMatchObject({
      evidence: 'its Job has no pod',
      finding: { cause: expect.stringContaining(exceeded), hint: expect.stringContaining('raise ResourceQuota few') },
    });
  });

  test('whose image the node cannot have', async ({ expect }) => {
    const state = { waiting: { reason: 'ErrImageNeverPull', message: 'Container image "a/b:1" is not present' } };
    const status = {
      ...{ phase: 'Pending', conditions: [] },
      containerStatuses: [{ name: 'determined-container', image: 'a/b:1', state }],
    };
    const fake = cluster({}, { status });
    expect((await findBroken(fake, {})).finding).toMatchObject({
      cause: 'the image of the task cannot be pulled: ErrImageNeverPull: Container image "a/b:1" is not present',
      hint: expect.stringContaining('a/b:1'),
    });
  });

  test('that no node takes', async ({ expect }) => {
    const conditions = [
      { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/1 nodes are available' },
    ];
    const fake = cluster({}, { status: { phase: 'Pending', conditions } });
    const broken = await findBroken(fake, {}, { spec: { timeoutMs: 500 } });
    expect(broken.finding?.cause).toBe('no node takes the pod of the task: Unschedulable: 0/1 nodes are available');
  });

  test('that runs, and the master does not get on: told before the deadline', async ({ expect }) => {
    const fake = cluster();
    const broken = await findBroken(fake, { staysStarting: true }, { spec: { noticeMs: 300 } });
    expect(broken).toMatchObject({
      evidence: expect.stringMatching(/^STATE_STARTING, though its pod has run for \d+ s$/),
      finding: { hint: expect.stringContaining('get on pods/log') },
    });
    expect(leftOf(fake)).toEqual([]);
  });
});
