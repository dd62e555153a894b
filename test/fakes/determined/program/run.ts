/** The life of a master, in the real one's order: configuration, database, clusters, port. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { MasterSettings } from './config/settings.ts';
import { connectDatabase } from './database/connect.ts';
import { migrate } from './database/migrate.ts';
import { ensureClusterId, ensureUsers } from './database/users.ts';
import type { Log } from './log.ts';
import { aboutRoutes } from './rest/about.ts';
import { makeListener } from './rest/serve.ts';
import { userRoutes } from './rest/users.ts';

export type RunInput = { readonly settings: MasterSettings; readonly log: Log; readonly signal: AbortSignal };

const listen = (server: Server, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const isTaken = error.code === 'EADDRINUSE';
      reject(new Error(isTaken ? `listen tcp :${port}: bind: address already in use` : error.message));
    });
    server.listen(port, () => resolve());
  });

/** Starts a master and keeps it until the signal aborts. Throws an Error with the master's last words. */
export const runMaster = async ({ settings, log, signal }: RunInput): Promise<void> => {
  const db = await connectDatabase(settings.db, log, signal);
  await migrate(db, log, settings.root);
  const clusterId = await ensureClusterId(db);
  await ensureUsers(db, settings.initialUserPassword);
  const identity = { clusterId, masterId: `stand-in-${randomUUID()}`, clusterName: settings.clusterName };
  const routes = [...aboutRoutes(identity), ...userRoutes(db)];
  const listener = makeListener({ db, log, routes });
  const { tls } = settings;
  const server = tls
    ? createTlsServer({ cert: readFileSync(tls.cert), key: readFileSync(tls.key) }, listener)
    : createServer(listener);
  await listen(server, settings.port);
  log.info(`accepting incoming connections on port ${settings.port}`);
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  server.closeAllConnections();
  server.close();
  await db.end();
};
