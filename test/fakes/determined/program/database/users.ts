/** Users, their passwords and sessions. */
import { createHash, randomBytes, randomUUID, scryptSync, timingSafeEqual } from 'node:crypto';
import type { Pool } from 'pg';

export type User = {
  readonly id: number;
  readonly username: string;
  readonly admin: boolean;
  readonly active: boolean;
  readonly modifiedAt: Date;
};

/** The CLI hashes before it sends (determined 0.38.1, common/api/authentication.py); what comes plain is hashed so here. */
export const hashedByClient = (password: string): string =>
  password ? createHash('sha512').update(`GubPEmmotfiK9TMD6Zdw${password}`).digest('hex') : password;

/** In place of bcrypt of cost 15, which takes a real master seconds. An empty password has no hash. */
const storedHash = (password: string): string => {
  if (!password) return '';
  const salt = randomBytes(16).toString('hex');
  return `${salt}:${scryptSync(password, salt, 32).toString('hex')}`;
};

const isSame = (stored: string, password: string): boolean => {
  if (!stored) return !password;
  const [salt = '', hash = ''] = stored.split(':');
  return timingSafeEqual(scryptSync(password, salt, 32), Buffer.from(hash, 'hex'));
};

/** The two users of a fresh database; the password of a later start changes nothing. */
export const ensureUsers = async (pool: Pool, initialPassword: string): Promise<void> => {
  const { rows } = await pool.query('SELECT 1 FROM users LIMIT 1');
  if (rows.length > 0) return;
  for (const [username, admin] of [
    ['admin', true],
    ['determined', false],
  ] as const) {
    await pool.query('INSERT INTO users (username, password_hash, admin) VALUES ($1, $2, $3)', [
      ...[username, storedHash(hashedByClient(initialPassword)), admin],
    ]);
  }
};

const columns = 'id, username, admin, active, modified_at AS "modifiedAt"';

/** The user whose name and hashed password these are. */
export const findByPassword = async (pool: Pool, username: string, hashed: string): Promise<User | undefined> => {
  const { rows } = await pool.query<User & { stored: string }>(
    `SELECT ${columns}, password_hash AS stored FROM users WHERE username = $1 AND active`,
    [username],
  );
  const [found] = rows;
  if (!found || !isSame(found.stored, hashed)) return undefined;
  const { stored: _, ...user } = found;
  return user;
};

export const listUsers = async (pool: Pool): Promise<readonly User[]> =>
  (await pool.query<User>(`SELECT ${columns} FROM users ORDER BY id`)).rows;

/** A token for a user, or for a task of theirs. */
export const openSession = async (pool: Pool, userId: number, taskId?: string): Promise<string> => {
  const token = `v2.public.stand-in-${randomUUID()}`;
  await pool.query('INSERT INTO user_sessions (token, user_id, task_id) VALUES ($1, $2, $3)', [token, userId, taskId]);
  return token;
};

export const closeSession = async (pool: Pool, token: string): Promise<void> => {
  await pool.query('DELETE FROM user_sessions WHERE token = $1', [token]);
};

export const findByToken = async (pool: Pool, token: string): Promise<User | undefined> =>
  (
    await pool.query<User>(
      `SELECT ${columns} FROM users WHERE active AND id = (SELECT user_id FROM user_sessions WHERE token = $1)`,
      [token],
    )
  ).rows[0];

/** Sets a password, hashed by the client or here. */
export const setPassword = async (pool: Pool, userId: number, hashed: string): Promise<void> => {
  await pool.query('UPDATE users SET password_hash = $2, modified_at = now() WHERE id = $1', [
    ...[userId, storedHash(hashed)],
  ]);
};

/** The id of this database's cluster, made once. */
export const ensureClusterId = async (pool: Pool): Promise<string> => {
  await pool.query('INSERT INTO cluster_id SELECT $1 WHERE NOT EXISTS (SELECT 1 FROM cluster_id)', [randomUUID()]);
  const { rows } = await pool.query<{ cluster_id: string }>('SELECT cluster_id FROM cluster_id');
  return rows[0]?.cluster_id ?? '';
};

/** The task whose own session a token is. */
export const taskOfToken = async (pool: Pool, token: string): Promise<string | undefined> =>
  (await pool.query<{ task_id: string | null }>('SELECT task_id FROM user_sessions WHERE token = $1', [token])).rows[0]
    ?.task_id ?? undefined;
