/** The master's connection to PostgreSQL (determined-ai/determined, master/internal/db/postgres.go and setup.go). */
import { setTimeout as pause } from 'node:timers/promises';
import { Pool } from 'pg';
import type { Database } from '../config/settings.ts';
import type { Log } from '../log.ts';

const tries = 15;
const pauseMs = 4_000;
/** As the real one, at most. */
const mostConnections = 48;

/** PostgreSQL's refusals and the system's, as Go's pgx words them. */
const wordsOf = (error: unknown, { host, port, user, name }: Database): string => {
  const { code, message, severity } = error as NodeJS.ErrnoException & { readonly severity?: string };
  const head = `failed to connect to \`host=${host} user=${user} database=${name}\``;
  if (severity) return `${head}: server error (${severity}: ${message} (SQLSTATE ${code}))`;
  if (code === 'ECONNREFUSED') return `${head}: dial error (dial tcp ${host}:${port}: connect: connection refused)`;
  if (code === 'ENOTFOUND') return `${head}: hostname resolving error (lookup ${host}: no such host)`;
  return `${head}: dial error (${message})`;
};

const connectOnce = async (database: Database): Promise<Pool> => {
  const { host, port, user, password, name } = database;
  const pool = new Pool({
    ...{ host, port: Number(port || 5432), user, password, database: name, max: mostConnections },
    application_name: 'determined-master',
  });
  try {
    await pool.query('SELECT 1');
    return pool;
  } catch (error) {
    await pool.end();
    throw error;
  }
};

/** Connects, trying for a minute as the master does. Throws an Error with the master's words. */
export const connectDatabase = async (database: Database, log: Log, signal: AbortSignal): Promise<Pool> => {
  const place = `${database.host}:${database.port}`;
  log.info(`connecting to database ${place}`);
  for (let tried = 1; ; tried++) {
    try {
      return await connectOnce(database);
    } catch (error) {
      signal.throwIfAborted();
      const words = wordsOf(error, database);
      if (tried >= tries) {
        // Go prints the inner error first, each wrapping on a line of its own
        throw new Error(
          `${words}\ncould not connect to database after ${tries} tries\nerror connecting to database: ${place}`,
        );
      }
      await pause(pauseMs, undefined, { signal });
      log.warn('failed to connect to postgres, trying again in 4s', { error: words });
    }
  }
};
