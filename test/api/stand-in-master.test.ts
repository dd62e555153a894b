import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { KubeObject } from '../../src/lib/kube/types.ts';
import { untilSeen } from '../support/api/cluster.ts';
import { type Postgres, startPostgres } from '../support/master/postgres.ts';
import { ask, logIn, startMaster } from '../support/master/program.ts';
import { jobsOf, launch, listenersOf, routesOf, scene, start, untilMade } from '../support/master/scene.ts';

let postgres: Postgres;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres?.[Symbol.asyncDispose]());

describe('the stand-in program on a real API server and a real database', () => {
  test('starts in the order of the real one, with its lines, and ends within 3 s of SIGTERM', async () => {
    const { manager } = await scene();
    const { master, settings } = await start(postgres, manager);
    const order = [
      'master configuration: ',
      'Determined master 0.38.1',
      `connecting to database ${postgres.host}:${postgres.port}`,
      'running DB migrations from file://',
      'unable to find golang-migrate version',
      'DB migrations completed',
      `accepting incoming connections on port ${settings['port']}`,
    ];
    const places = order.map((words) => master.lines.findIndex((line) => line.includes(words)));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(places[0]).toBe(0);
    expect(master.lines.join('\n')).toContain('stand-in');
    const startMs = performance.now();
    expect(await master.kill('SIGTERM')).toContain('exited with 0');
    expect(performance.now() - startMs).toBeLessThan(3_000);
  });

  test('makes what the real one makes for a command, in its shapes, and takes it away', async () => {
    const at = await scene();
    const { master } = await start(postgres, at.manager);
    const token = await logIn(master);
    const id = await launch(master, token);
    await untilMade(at);
    const [job] = await jobsOf(at);
    expect(job?.metadata).toMatchObject({
      name: expect.stringMatching(new RegExp(`^det-[0-9a-f]{8}-cmd-${id}$`)),
      labels: { determined: `${id}.1`, 'determined.ai/task_type': 'COMMAND', 'determined.ai/user': 'admin' },
    });
    expect(await listenersOf(at)).toEqual(['taskgate-seed', 'det-20000', 'det-20001']);
    const names = (await routesOf(at)).map(({ metadata }) => metadata.name);
    expect(names.toSorted()).toEqual([`${job?.metadata.name}-0`, `${job?.metadata.name}-1`]);
    const map = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: job?.metadata.name ?? '', namespace: at.namespace },
    };
    const files = (await at.kube.get(map)) as unknown as { binaryData: object };
    expect(Object.keys(files.binaryData).toSorted()).toEqual(
      ['0.tar.gz', '1.tar.gz', '2.tar.gz', 'group', 'k8_init_container_entrypoint.sh', 'passwd', 'shadow'].toSorted(),
    );
    const kill = await ask(master, `/api/v1/commands/${id}/kill`, { method: 'POST', token });
    expect(kill.body).toMatchObject({ command: { id, state: 'STATE_TERMINATED' } });
    await untilSeen('the Gateway', async () => ((await listenersOf(at)).length === 1 ? true : 'has listeners'));
    await untilSeen('the Job', async () => ((await jobsOf(at)).length === 0 ? true : 'is there'));
  });

  test('a task survives SIGKILL of the master; what is lost meanwhile ends it, in its words', async () => {
    const at = await scene();
    const { master, settings } = await start(postgres, at.manager);
    const token = await logIn(master);
    const [kept, broken] = [await launch(master, token), await launch(master, token)];
    await untilMade(at, 4);
    expect(await master.kill('SIGKILL')).toContain('SIGKILL');
    const [route] = (await routesOf(at)).filter(({ metadata }) => metadata.name.includes(broken));
    const metadata = { name: at.gateway.name, namespace: at.gateway.namespace };
    const gateway = await at.kube.get<KubeObject & { spec: { listeners: { name: string }[] } }>({
      ...{ apiVersion: 'gateway.networking.k8s.io/v1', kind: 'Gateway', metadata },
    });
    const parent = (route as unknown as { spec: { parentRefs: { sectionName: string }[] } }).spec.parentRefs[0];
    const listeners = gateway.spec.listeners.filter(({ name }) => name !== parent?.sectionName);
    await at.kube.update({ ...gateway, spec: { ...gateway.spec, listeners } });

    const again = await startMaster(settings);
    const stateOf = async (id: string) => (await ask(again, `/api/v1/commands/${id}`, { token })).body['command'];
    expect(await stateOf(kept)).toMatchObject({ id: kept, exitStatus: '' });
    expect(await stateOf(broken)).toMatchObject({
      ...{ state: 'STATE_TERMINATED' },
      exitStatus:
        'request for action on unknown resources: unable to restore allocation: reattach job: 1 error occurred: * expected 2 gateway ports got 1 (exit code -1)',
    });
    expect((await jobsOf(at)).map(({ metadata: { name } }) => name)).toEqual([expect.stringContaining(kept)]);
    expect(again.lines.join('\n')).toContain('found golang-migrate version 1');
  });

  test('another database deletes what it does not know', async () => {
    const at = await scene();
    const { master } = await start(postgres, at.manager);
    await launch(master, await logIn(master));
    await untilMade(at);
    await master.kill('SIGTERM');
    expect((await jobsOf(at)).length).toBe(1);
    await start(postgres, at.manager);
    expect(await jobsOf(at)).toEqual([]);
    expect(await routesOf(at)).toEqual([]);
  });

  test('a pod whose log cannot be read stays STARTING, and only the master tells', async () => {
    const at = await scene();
    const { master } = await start(postgres, at.manager);
    const token = await logIn(master);
    const id = await launch(master, token);
    await untilMade(at);
    const pod = {
      ...{ apiVersion: 'v1', kind: 'Pod' },
      metadata: { name: 'of-the-task', namespace: at.namespace, labels: { determined: `${id}.1` } },
      // without a node its log would be empty, and no refusal
      spec: { nodeName: 'nowhere', containers: [{ name: 'determined-container', image: 'registry.example/task:1' }] },
    };
    await at.kube.create(pod as KubeObject);
    const running = { name: 'determined-container', ready: true, restartCount: 0, image: 'i', imageID: 'i' };
    const status = { phase: 'Running', containerStatuses: [{ ...running, state: { running: {} } }] };
    await at.kube.patch(pod, { status }, { type: 'merge', subresource: 'status' });
    await untilSeen('the log of the master', async () =>
      master.lines.some((line) => line.includes('starting pod logs streamer for of-the-task')) ? true : 'silent',
    );
    const { body } = await ask(master, `/api/v1/commands/${id}`, { token });
    expect(body['command']).not.toMatchObject({ state: 'STATE_RUNNING' });
    expect((await ask(master, `/proxy/${id}:8000/x`, { token })).body).toEqual({
      message: `service not found: ${id}:8000`,
    });
  });
});
