/** Tasks and their logs. */
import type { Pool } from 'pg';
import type { State, Task, TaskSpec } from '../tasks/task.ts';

type Row = {
  readonly spec: TaskSpec;
  readonly state: State;
  readonly exit_status: string;
  readonly ready: boolean;
  readonly start_time: Date;
  readonly end_time: Date | null;
};

export const insertTask = async (db: Pool, { spec, state, startTime }: Task): Promise<void> => {
  await db.query(
    'INSERT INTO tasks (task_id, kind, user_id, spec, state, start_time) VALUES ($1, $2, $3, $4, $5, $6)',
    [...[spec.id, spec.kind, spec.userId, JSON.stringify(spec), state, startTime]],
  );
};

export const saveTask = async (db: Pool, { spec, state, exitStatus, isReady, endTime }: Task): Promise<void> => {
  await db.query('UPDATE tasks SET state = $2, exit_status = $3, ready = $4, end_time = $5 WHERE task_id = $1', [
    ...[spec.id, state, exitStatus, isReady, endTime ?? null],
  ]);
};

/** All tasks that this database knows, in the order of their launch. */
export const loadTasks = async (db: Pool): Promise<readonly Task[]> => {
  const { rows } = await db.query<Row>(
    'SELECT spec, state, exit_status, ready, start_time, end_time FROM tasks ORDER BY start_time',
  );
  return rows.map((row) => ({
    ...{ spec: row.spec, state: row.state, exitStatus: row.exit_status, isReady: row.ready },
    ...{ startTime: row.start_time, endTime: row.end_time ?? undefined, nodeName: undefined },
    hasStarted: false,
    ended: new AbortController(),
  }));
};

export type LogEntry = {
  readonly log: string;
  readonly timestamp?: string;
  readonly level?: string;
  readonly source?: string;
  readonly stdtype?: string;
  readonly agent_id?: string;
  readonly container_id?: string;
  readonly rank_id?: number;
};

export const addLogs = async (db: Pool, taskId: string, entries: readonly LogEntry[]): Promise<void> => {
  for (const entry of entries) {
    const at = entry.timestamp ?? new Date().toISOString();
    await db.query('INSERT INTO task_logs (task_id, at, entry) VALUES ($1, $2, $3)', [
      ...[taskId, at, JSON.stringify(entry)],
    ]);
  }
};

export type StoredLog = { readonly id: string; readonly at: Date; readonly entry: LogEntry };

/** Entries after an id, in order. */
export const readLogs = async (db: Pool, taskId: string, after: string, limit: number): Promise<readonly StoredLog[]> =>
  (
    await db.query<StoredLog>(
      'SELECT id, at, entry FROM task_logs WHERE task_id = $1 AND id > $2 ORDER BY id LIMIT $3',
      [taskId, after, limit],
    )
  ).rows;
