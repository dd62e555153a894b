/** The tables of the stand-in. They are its own, not the real master's: a database serves one or the other. */
import type { Pool } from 'pg';
import type { Log } from '../log.ts';

/** One entry each, never changed after it was released: what a database has run is counted. */
const migrations: readonly string[] = [
  `CREATE TABLE cluster_id (cluster_id text PRIMARY KEY);
   CREATE TABLE users (
     id serial PRIMARY KEY, username text NOT NULL UNIQUE, password_hash text NOT NULL,
     admin boolean NOT NULL, active boolean NOT NULL DEFAULT true, modified_at timestamptz NOT NULL DEFAULT now());
   CREATE TABLE user_sessions (
     token text PRIMARY KEY, user_id int NOT NULL REFERENCES users(id) ON DELETE CASCADE,
     task_id text, created_at timestamptz NOT NULL DEFAULT now());
   CREATE TABLE tasks (
     task_id text PRIMARY KEY, kind text NOT NULL, user_id int NOT NULL REFERENCES users(id), spec jsonb NOT NULL,
     state text NOT NULL, exit_status text NOT NULL DEFAULT '', ready boolean NOT NULL DEFAULT false,
     start_time timestamptz NOT NULL DEFAULT now(), end_time timestamptz);
   CREATE TABLE task_logs (
     id bigserial PRIMARY KEY, task_id text NOT NULL, at timestamptz NOT NULL, entry jsonb NOT NULL);
   CREATE INDEX task_logs_of_task ON task_logs (task_id, id);`,
];

/** Runs what the database lacks, and says what it found in the real master's words. */
export const migrate = async (pool: Pool, log: Log, root: string): Promise<void> => {
  log.info(`running DB migrations from file://${root}/static/migrations; this might take a while...`);
  await pool.query('CREATE TABLE IF NOT EXISTS stand_in_migrations (version int PRIMARY KEY)');
  const { rows } = await pool.query<{ version: number | null }>(
    'SELECT max(version) AS version FROM stand_in_migrations',
  );
  const found = rows[0]?.version ?? 0;
  log.info(found === 0 ? 'unable to find golang-migrate version' : `found golang-migrate version ${found}`);
  for (const [index, statements] of migrations.entries()) {
    if (index < found) continue;
    await pool.query(`BEGIN; ${statements} INSERT INTO stand_in_migrations VALUES (${index + 1}); COMMIT;`);
  }
  log.info('DB migrations completed');
};
