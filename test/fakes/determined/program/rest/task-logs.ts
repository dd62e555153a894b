/** A task's log as a stream of JSON lines, each an entry in `result`. */
import type { ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { Pool } from 'pg';
import { readLogs, type StoredLog } from '../database/tasks.ts';
import type { World } from '../tasks/life.ts';
import type { Task } from '../tasks/task.ts';

const batch = 1_000;
const lookMs = 200;

const messageOf = ({ at, entry }: StoredLog): string => {
  const level = entry.level?.replace('LOG_LEVEL_', '');
  const parts = [
    `[${at.toISOString()}]`,
    ...(entry.container_id ? [`[${entry.container_id.slice(0, 8)}]`] : []),
    ...(entry.rank_id === undefined ? [] : [`[rank=${entry.rank_id}]`]),
    '||',
    ...(level ? [`${level}:`] : []),
  ];
  return `${parts.join(' ')} ${entry.log}`;
};

const lineOf = ({ spec }: Task, stored: StoredLog): string => {
  const { id, at, entry } = stored;
  const result = {
    ...{ id, taskId: spec.id, allocationId: spec.allocationId, timestamp: at.toISOString() },
    ...{ level: entry.level ?? 'LOG_LEVEL_INFO', log: entry.log, message: messageOf(stored) },
    ...(entry.source && { source: entry.source }),
    ...(entry.stdtype && { stdtype: entry.stdtype }),
  };
  return `${JSON.stringify({ result })}\n`;
};

const newestFirst = (query: URLSearchParams): boolean => query.get('orderBy') === 'ORDER_BY_DESC';

const sendNewest = async (db: Pool, task: Task, limit: number, response: ServerResponse): Promise<void> => {
  const all = await readLogs(db, task.spec.id, '0', Number.MAX_SAFE_INTEGER);
  for (const stored of all.toReversed().slice(0, limit)) response.write(lineOf(task, stored));
  response.end();
};

/** Sends what there is, and with `follow` what comes until the task has ended. */
export const streamLogs = async (
  { db }: World,
  task: Task,
  query: URLSearchParams,
  response: ServerResponse,
): Promise<void> => {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.flushHeaders();
  const limit = Number(query.get('limit') ?? 0) || Number.POSITIVE_INFINITY;
  const follows = query.get('follow') === 'true';
  if (newestFirst(query)) return sendNewest(db, task, limit, response);
  let [after, sent] = ['0', 0];
  while (!response.destroyed && sent < limit) {
    const hadEnded = task.endTime !== undefined;
    const found = await readLogs(db, task.spec.id, after, Math.min(batch, limit - sent));
    for (const stored of found) response.write(lineOf(task, stored));
    after = found.at(-1)?.id ?? after;
    sent += found.length;
    if (found.length === 0 && (!follows || hadEnded)) break;
    if (found.length === 0) await pause(lookMs);
  }
  response.end();
};
