import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { expect, inject } from 'vitest';
import type { GatewaySpec } from '../../../src/gateway/spec.ts';
import type { Kube } from '../../../src/lib/kube/client.ts';
import type { KubeObject } from '../../../src/lib/kube/types.ts';
import { administrator, newGateway, newNamespace, untilPodsAdmitted, untilSeen } from '../api/cluster.ts';
import { temporaryDir } from '../temporary-dir.ts';
import type { Postgres } from './postgres.ts';
import { ask, masterSettings, type Running, type Settings, startMaster } from './program.ts';

export type Scene = {
  readonly kube: Kube;
  readonly namespace: string;
  readonly gateway: GatewaySpec;
  readonly manager: Settings;
};

export const managerOf = async (kubeconfig: string, namespace: string, gateway: GatewaySpec | undefined) => {
  const path = join(await temporaryDir(), 'kubeconfig');
  await writeFile(path, kubeconfig, { mode: 0o600 });
  return {
    ...{ type: 'kubernetes', cluster_name: 'default', default_namespace: namespace, max_slots_per_pod: 1 },
    ...{ slot_type: 'cpu', slot_resource_requests: { cpu: 1 }, kubeconfig_path: path },
    ...{ determined_master_scheme: 'http', determined_master_host: '127.0.0.1', determined_master_port: 8080 },
    ...(gateway && {
      internal_task_gateway: {
        ...{ gateway_name: gateway.name, gateway_namespace: gateway.namespace, gateway_ip: '127.0.0.1' },
        ...{ gateway_port_range_start: 20_000, gateway_port_range_end: 20_199 },
      },
    }),
  };
};

export const scene = async (): Promise<Scene> => {
  const kube = administrator();
  const [gateway, namespace] = [await newGateway(kube), await newNamespace(kube)];
  await untilPodsAdmitted(kube, namespace);
  return { kube, namespace, gateway, manager: await managerOf(inject('apiServer').kubeconfig, namespace, gateway) };
};

let databases = 0;
/** A database of the test's own. */
export const newDatabase = async (postgres: Postgres): Promise<Settings> => {
  const { host, port, user, password } = postgres;
  const name = `d${++databases}`;
  const client = new Client({ host, port, user, password, database: 'postgres' });
  await client.connect();
  await client.query(`CREATE DATABASE ${name}`);
  await client.end();
  return { host, port: String(port), user, password, name };
};

/** A master on a database of its own. */
export const start = async (
  postgres: Postgres,
  manager: Settings,
): Promise<{ master: Running; settings: Settings }> => {
  const settings = await masterSettings(postgres, manager, { db: await newDatabase(postgres) });
  return { master: await startMaster(settings), settings };
};

export const launch = async (master: Running, token: string, config: Settings = {}): Promise<string> => {
  const { status, body } = await ask(master, '/api/v1/commands', {
    ...{ method: 'POST', token },
    body: {
      config: {
        ...{ entrypoint: ['sleep', '60'], resources: { slots: 0 } },
        ...{ environment: { proxy_ports: [{ proxy_port: 8000 }, { proxy_port: 9000, proxy_tcp: true }] }, ...config },
      },
    },
  });
  expect(status, JSON.stringify(body)).toBe(200);
  return String((body['command'] as KubeObject & { id: string }).id);
};

export const listenersOf = async ({ kube, gateway }: Scene): Promise<readonly string[]> => {
  const metadata = { name: gateway.name, namespace: gateway.namespace };
  const live = await kube.get({ apiVersion: 'gateway.networking.k8s.io/v1', kind: 'Gateway', metadata });
  return (live as unknown as { spec: { listeners: { name: string }[] } }).spec.listeners.map(({ name }) => name);
};

export const routesOf = ({ kube, namespace }: Scene) =>
  kube.list({ apiVersion: 'gateway.networking.k8s.io/v1alpha2', kind: 'TCPRoute', namespace });
export const jobsOf = ({ kube, namespace }: Scene) => kube.list({ apiVersion: 'batch/v1', kind: 'Job', namespace });

export const untilMade = (at: Scene, routes = 2) =>
  untilSeen('the routes', async () => ((await routesOf(at)).length === routes ? true : 'not yet'));
