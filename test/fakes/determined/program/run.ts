/** The life of a master, in the real one's order: database, clusters, tasks of before, port. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { join } from 'node:path';
import { issueCertificate, makeAuthority } from '../../../../src/lib/certificates.ts';
import { type Cluster, openCluster, removeDoomed, watchCluster } from './cluster/manager.ts';
import type { MasterSettings } from './config/settings.ts';
import { connectDatabase } from './database/connect.ts';
import { migrate } from './database/migrate.ts';
import { loadTasks } from './database/tasks.ts';
import { ensureClusterId, ensureUsers } from './database/users.ts';
import type { Log } from './log.ts';
import { aboutRoutes } from './rest/about.ts';
import { clusterRoutes } from './rest/clusters.ts';
import { proxyRequest, proxyUpgrade } from './rest/proxy.ts';
import { makeListener } from './rest/serve.ts';
import { taskRoutes } from './rest/tasks.ts';
import { userRoutes } from './rest/users.ts';
import type { ArchiveFile } from './tasks/archives.ts';
import { makeFollower } from './tasks/follow.ts';
import { makeKeys } from './tasks/keys.ts';
import { restoreTask, type World } from './tasks/life.ts';
import type { TaskSpec } from './tasks/task.ts';

export type RunInput = { readonly settings: MasterSettings; readonly log: Log; readonly signal: AbortSignal };

const listen = (server: Server, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const isTaken = error.code === 'EADDRINUSE';
      reject(new Error(isTaken ? `listen tcp :${port}: bind: address already in use` : error.message));
    });
    server.listen(port, () => resolve());
  });

const verifyRoot = async (root: string): Promise<void> => {
  const folder = join(root, 'static/migrations');
  await stat(folder).catch(() => {
    throw new Error(
      `running migrations: error constructing Postgres migration using file://${folder}: open ${folder}: no such file or directory`,
    );
  });
};

const inPod = 'run/determined';
const certificateInPod = `${inPod}/etc/ssl/master.crt`;
const secret = 0o600;

/** Certificates of notebooks by the master's own authority, keys of shells, and the master's certificate. */
const makeExtraFiles = async ({ tls }: MasterSettings) => {
  const authority = await makeAuthority('stand-in of Determined', 30);
  const notebook = await issueCertificate(authority, { name: 'notebook', hosts: ['notebook'], days: 30 });
  const master: readonly ArchiveFile[] = tls ? [{ path: certificateInPod, content: readFileSync(tls.cert) }] : [];
  return ({ kind, keys }: TaskSpec): readonly ArchiveFile[] => {
    if (kind === 'notebook') {
      return [
        ...master,
        { path: `${inPod}/jupyter/jupyterCert.pem`, content: notebook.certificate },
        { path: `${inPod}/jupyter/jupyterKey.key`, content: notebook.key, mode: secret },
      ];
    }
    if (kind !== 'shell' || !keys) return master;
    return [
      ...master,
      { path: `${inPod}/ssh/authorized_keys`, content: keys.publicKey, mode: secret },
      { path: `${inPod}/ssh/id_rsa`, content: makeKeys().privateKey, mode: secret },
    ];
  };
};

const openClusters = async ({ managers }: MasterSettings): Promise<readonly Cluster[]> => {
  const opened: Cluster[] = [];
  for (const manager of managers) opened.push(await openCluster(manager));
  return opened;
};

/** Tasks that an earlier run has left running, and what nobody knows any more. */
const restore = async (world: World): Promise<void> => {
  const known = await loadTasks(world.db);
  const isOpen = (allocationId: string): boolean =>
    known.some(({ spec, endTime }) => !endTime && spec.allocationId === allocationId);
  for (const cluster of world.clusters) {
    for (const removed of await removeDoomed(cluster, isOpen)) world.log.info(`deleted ${removed}`);
  }
  for (const task of known) {
    if (task.endTime) world.tasks.set(task.spec.id, task);
    else await restoreTask(world, task);
  }
};

const serverOf = (world: World, identity: { readonly masterId: string }): Server => {
  const { tls, clusterName } = world.settings;
  const about = { clusterId: world.clusterId, clusterName, ...identity };
  const routes = [...aboutRoutes(about), ...userRoutes(world.db), ...taskRoutes(world), ...clusterRoutes(world)];
  const answer = makeListener({ db: world.db, log: world.log, routes });
  const proxying = { db: world.db, services: world.services, scheme: tls ? 'https' : 'http' } as const;
  const listener: typeof answer = (message, response) => {
    if (!proxyRequest(proxying, message, response)) answer(message, response);
  };
  const server = tls
    ? createTlsServer({ cert: readFileSync(tls.cert), key: readFileSync(tls.key) }, listener)
    : createServer(listener);
  return server.on('upgrade', proxyUpgrade(proxying));
};

/** Starts a master and keeps it until the signal aborts. Throws an Error with the master's last words, or a Panic. */
export const runMaster = async ({ settings, log, signal }: RunInput): Promise<void> => {
  const db = await connectDatabase(settings.db, log, signal);
  await verifyRoot(settings.root);
  await migrate(db, log, settings.root);
  const clusterId = await ensureClusterId(db);
  await ensureUsers(db, settings.initialUserPassword);
  const extraFiles = await makeExtraFiles(settings);
  const clusters = await openClusters(settings);
  const certificate = settings.tls && `/${certificateInPod}`;
  const world: World = {
    ...{ db, log, settings, clusterId, clusters, extraFiles, certificate },
    ...{ services: new Map(), tasks: new Map() },
  };
  await restore(world);
  const watching = { log, signal, ...makeFollower(world) };
  const watches = clusters.map((cluster) => watchCluster(cluster, watching));
  const ended = Promise.all(watches.map((one) => one.ended));
  await Promise.all(watches.map(({ listed }) => listed));
  const server = serverOf(world, { masterId: `stand-in-${randomUUID()}` });
  await listen(server, settings.port);
  log.info(`accepting incoming connections on port ${settings.port}`);
  const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  await Promise.race([stopped, ended]);
};
