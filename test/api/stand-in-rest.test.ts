import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { untilSeen } from '../support/api/cluster.ts';
import { type Postgres, startPostgres } from '../support/master/postgres.ts';
import { ask, logIn, type Running } from '../support/master/program.ts';
import { launch, scene, start } from '../support/master/scene.ts';

let postgres: Postgres;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres?.[Symbol.asyncDispose]());

const open = async (): Promise<{ readonly master: Running; readonly token: string }> => {
  const { manager } = await scene();
  const { master } = await start(postgres, manager);
  return { master, token: await logIn(master) };
};

/** As determined 0.38.1 of PyPI reads them (determined/common/api/bindings.py), and as recorded. */
describe('answers of the stand-in program', () => {
  test('about itself and its users', async () => {
    const { master, token } = await open();
    const info = await ask(master, '/info');
    expect(info.body).toMatchObject({ version: '0.38.1', master_id: expect.stringMatching(/^stand-in-/) });
    expect((await ask(master, '/api/v1/master')).body).toMatchObject({
      ...{ version: '0.38.1', clusterId: info.body['cluster_id'], clusterName: '' },
      ...{ strictJobQueueControl: false, hasCustomLogo: false },
    });
    expect((await ask(master, '/api/v1/me', { token })).body).toMatchObject({
      user: { username: 'admin', admin: true },
    });
    expect(await ask(master, '/api/v1/me')).toEqual({ status: 401, body: { message: 'Unauthorized' } });
    const wrong = { method: 'POST', body: { username: 'admin', password: 'wrong' } };
    expect(await ask(master, '/api/v1/auth/login', wrong)).toEqual({
      ...{ status: 401, body: { error: { code: 16, reason: 'Unauthenticated', error: 'invalid credentials' } } },
    });
  });

  test('about pools, workspaces and refused launches', async () => {
    const { master, token } = await open();
    const { body } = await ask(master, '/api/v1/resource-pools', { token });
    expect(body).toMatchObject({
      resourcePools: [
        { name: 'default', clusterName: 'default', type: 'RESOURCE_POOL_TYPE_K8S', defaultAuxPool: true },
      ],
      pagination: { total: 1 },
    });
    expect((await ask(master, '/api/v1/workspaces', { token })).body).toMatchObject({
      workspaces: [{ id: 1, name: 'Uncategorized' }],
    });
    expect((await ask(master, '/api/v1/agents', { token })).body).toMatchObject({ agents: [] });
    const refused = async (config: unknown) =>
      (await ask(master, '/api/v1/commands', { method: 'POST', token, body: { config } })).body['error'];
    expect(await refused({ colour: 'red' })).toMatchObject({ code: 3, error: 'json: unknown field "colour"' });
    expect(await refused({ entrypoint: ['true'], resources: { slots: 0, resource_pool: 'other' } })).toMatchObject({
      ...{ code: 5, error: 'could not find resource pool other' },
    });
  });

  test('about a task: in every list, its log, its ready call, and after its end', async () => {
    const { master, token } = await open();
    const id = await launch(master, token);
    const { body } = await ask(master, '/api/v1/tasks', { token });
    expect(body).toMatchObject({
      allocationIdToSummary: {
        [`${id}.1`]: {
          ...{ taskId: id, slotsNeeded: 0, resourcePool: 'default', schedulerType: 'kubernetes' },
          proxyPorts: [
            { serviceId: `${id}:8000`, port: 8000, proxyTcp: false },
            { serviceId: `${id}:9000`, port: 9000, proxyTcp: true },
          ],
        },
      },
    });
    await ask(master, `/api/v1/allocations/${id}.1/ready`, { method: 'POST', token, body: {} });
    expect((await ask(master, `/api/v1/tasks/${id}`, { token })).body).toMatchObject({
      task: { taskId: id, taskType: 'TASK_TYPE_COMMAND', allocations: [{ allocationId: `${id}.1`, isReady: true }] },
    });
    const logs = { logs: [{ task_id: id, log: 'hello\n', timestamp: '2026-01-02T03:04:05Z', stdtype: 'stdout' }] };
    await ask(master, '/api/v1/task/logs', { method: 'POST', token, body: logs });
    await ask(master, `/api/v1/commands/${id}/kill`, { method: 'POST', token });
    const stream = await fetch(`${master.url}/api/v1/tasks/${id}/logs?follow=true`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const entries = (await stream.text())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).result);
    expect(entries.map(({ log }) => log)).toEqual(
      expect.arrayContaining(['hello\n', expect.stringMatching(/^Scheduling Command \(.+\) \(id: /)]),
    );
    expect(entries.find(({ log }) => log === 'hello\n').message).toBe('[2026-01-02T03:04:05.000Z] || hello\n');
    expect((await ask(master, '/api/v1/commands?users=admin', { token })).body).toMatchObject({
      commands: [{ id, state: 'STATE_TERMINATED', exitStatus: 'task was killed' }],
    });
  });

  test('of the proxy: 401, 303, 404', async () => {
    const { master, token } = await open();
    expect(await ask(master, '/proxy/x/')).toEqual({ status: 401, body: { message: 'Unauthorized' } });
    expect((await ask(master, '/proxy/x/', { token: 'v2.public.gone' })).status).toBe(303);
    expect(await ask(master, '/proxy/x:8000/a', { token })).toEqual({
      ...{ status: 404, body: { message: 'service not found: x:8000' } },
    });
  });

  test('of notebooks and shells: one port more each, keys, an address', async () => {
    const { master, token } = await open();
    const started = async (kind: string) => {
      const body = { config: { resources: { slots: 0 } } };
      return (await ask(master, `/api/v1/${kind}s`, { method: 'POST', token, body })).body[kind] as { id: string };
    };
    const [notebook, shell] = [await started('notebook'), await started('shell')];
    expect(notebook).toMatchObject({ serviceAddress: expect.stringMatching(`^/proxy/${notebook.id}/\\?token=`) });
    expect(shell).toMatchObject({
      privateKey: expect.stringContaining('BEGIN RSA PRIVATE KEY'),
      publicKey: expect.stringMatching(/^ssh-rsa AAAA/),
      agentUserGroup: { user: 'root' },
    });
    await untilSeen('both', async () => {
      const { body } = await ask(master, '/api/v1/tasks', { token });
      return Object.keys(body['allocationIdToSummary'] as object).length === 2 ? true : 'not yet';
    });
  });
});
