import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ApiServer, startApiServer } from '../../scripts/testbed/api-server.ts';
import { connect } from '../../src/lib/kube/client.ts';
import type { KubeObject } from '../../src/lib/kube/types.ts';
import { untilPodsAdmitted, untilSeen } from '../support/api/cluster.ts';
import { type Postgres, startPostgres } from '../support/master/postgres.ts';
import { makeRoot, masterSettings, type Settings, startProgram, writeMasterYaml } from '../support/master/program.ts';
import { managerOf, newDatabase, scene, start } from '../support/master/scene.ts';

let postgres: Postgres;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres?.[Symbol.asyncDispose]());

describe('what the real one does not start with, in its words', () => {
  const lastWords = async (settings: Settings): Promise<string> => {
    const program = startProgram(['--config-file', await writeMasterYaml(settings)]);
    expect(await program.ended).toContain('exited with 1');
    return program.lines.at(-1) ?? '';
  };

  test('Gateway, namespace, address, kubeconfig, root', async () => {
    const { manager } = await scene();
    const said = async (change: Settings, more: Settings = {}) =>
      lastWords(
        await masterSettings(postgres, { ...manager, ...change }, { db: await newDatabase(postgres), ...more }),
      );
    const block = (manager as { internal_task_gateway: Settings }).internal_task_gateway;
    const head = 'could not initialize resource manager(s): ';
    expect(await said({ internal_task_gateway: { ...block, gateway_name: 'absent' } })).toContain(
      `${head}listing gateway ports: getting gateway for proxy ports: gateways.gateway.networking.k8s.io \\"absent\\" not found`,
    );
    expect(await said({ default_namespace: 'absent' })).toContain(
      `${head}error verifying default namespace existence for cluster 'default': error finding namespace absent: namespaces \\"absent\\" not found`,
    );
    expect(await said({ determined_master_host: null })).toContain(
      `${head}failed to get master service: resource name may not be empty`,
    );
    expect(await said({ kubeconfig_path: '/no/such/file' })).toContain(`${head}error building kubernetes config`);
    expect(await said({}, { root: await makeRoot() })).toContain('static/migrations: no such file or directory');
  });

  test('a port that is taken', async () => {
    const { manager } = await scene();
    const { settings } = await start(postgres, manager);
    expect(await lastWords({ ...settings, db: await newDatabase(postgres) })).toContain(
      `listen tcp :${settings['port']}: bind: address already in use`,
    );
  });

  test('a wrong password of the database is tried again', async () => {
    const { manager } = await scene();
    const settings = await masterSettings({ ...postgres, password: 'wrong' }, manager);
    const program = startProgram(['--config-file', await writeMasterYaml(settings)]);
    await untilSeen('its log', async () =>
      program.lines.some((line) => line.includes('failed to connect to postgres, trying again in 4s'))
        ? true
        : 'silent',
    );
    expect(program.lines.at(-1)).toContain('password authentication failed for user');
    expect(await program.kill('SIGTERM')).toContain('exited with 0');
  });
});

test('a restart of the API server ends it by a panic, as recorded; with the flags of a native node it lives', async () => {
  const ends = async (flags: readonly string[]): Promise<{ lines: readonly string[]; end: string | undefined }> => {
    const server: ApiServer = await startApiServer(flags);
    try {
      const kube = connect(server.kubeconfig);
      await untilPodsAdmitted(kube, 'default');
      const { master } = await start(postgres, await managerOf(server.kubeconfig, 'default', undefined));
      for (const value of ['a', 'b', 'c']) {
        const metadata = { name: 'moves-on', namespace: 'default' };
        await kube.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { value } } as KubeObject);
      }
      await server.restart();
      const quiet = new Promise<undefined>((resolve) => setTimeout(resolve, 8_000, undefined));
      return { end: await Promise.race([master.ended, quiet]), lines: master.lines };
    } finally {
      await server.remove();
    }
  };
  // the last value counts: a cache, as kube-apiserver has it by itself
  const dead = await ends(['--watch-cache-sizes=pods#100,nodes#100']);
  expect(dead.end).toContain('exited with 2');
  expect(dead.lines).toContain('panic: retry watcher on preemption stopped unexpectedly');
  expect(dead.lines.join('\n')).toContain('too old resource version');
  expect((await ends([])).end).toBeUndefined();
});
