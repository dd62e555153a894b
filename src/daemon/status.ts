// Tested in test/properties/processes.test.ts
import { type Fields, isFields } from '../lib/json.ts';

type Kind = 'string' | 'number' | 'boolean';

/** Whether the fields are of these types; with a question mark they may be left out. */
const hasFields = (value: unknown, types: Readonly<Record<string, Kind | `${Kind}?`>>): value is Fields =>
  isFields(value) &&
  Object.entries(types).every(
    ([name, type]) => typeof value[name] === type.replace('?', '') || (type.endsWith('?') && value[name] === undefined),
  );

const isAddress = (value: unknown): boolean =>
  value === undefined || hasFields(value, { scheme: 'string', host: 'string', port: 'number' });

const isProven = (value: unknown): boolean =>
  value === undefined || hasFields(value, { at: 'string', latencyMs: 'number' });

const isTunnel = (value: unknown): boolean =>
  hasFields(value, {
    ...{ kind: 'string', target: 'string', state: 'string', since: 'string', restarts: 'number', detail: 'string?' },
    ...{ hint: 'string?', errorId: 'string?', until: 'string?', connections: 'number' },
  }) &&
  isAddress(value.address) &&
  isProven(value.proven) &&
  hasFields(value.master, { host: 'string', port: 'number', trouble: 'string?' });

const isForward = (value: unknown): boolean =>
  hasFields(value, { state: 'string', detail: 'string?', connections: 'number' }) && Array.isArray(value.listeners);

const isEvent = (value: unknown): boolean => hasFields(value, { number: 'number', at: 'string', text: 'string' });

/** Whether an answer on a tunnel daemon's socket is its status, as far as anything reads it. */
export const isTunnelDaemonStatus = ({ events, tunnel, forward }: Fields): boolean =>
  Array.isArray(events) &&
  events.every(isEvent) &&
  (tunnel === undefined || isTunnel(tunnel)) &&
  (forward === undefined || isForward(forward));
