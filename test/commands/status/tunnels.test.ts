import { expect, test } from 'vitest';
import { judgeTunnels, lookAtTunnels } from '../../../src/commands/status/tunnels.ts';
import type { Instance } from '../../../src/instance/instance.ts';
import type { TunnelDaemonStatus, TunnelReport } from '../../../src/model/tunnel-status.ts';
import { instanceRecord } from '../../support/context.ts';

const address = { scheme: 'http', host: 'h.example', port: 8080 } as const;
const record = instanceRecord({ master: { ...address, via: 'ssh' } });
const again = 'run: taskgate up --name dev';

const tunnel = (more: Partial<TunnelReport>): TunnelReport => ({
  kind: 'ssh',
  target: 'ssh h.example',
  state: 'up',
  since: '2026-01-01T00:00:00.000Z',
  address,
  restarts: 0,
  master: { host: '127.0.0.1', port: 8080 },
  connections: 0,
  ...more,
});

const judge = (status: Partial<TunnelDaemonStatus>) =>
  judgeTunnels({ record, again, status: { instance: 'dev', uptimeMs: 1, events: [], ...status } });

test('a tunnel that is up, at the address that the configuration has, is no problem', () =>
  expect(judge({ tunnel: tunnel({}), forward: { state: 'up', listeners: [], connections: 0 } })).toEqual([]));

test('one that waits for its next start says why, and that it comes by itself', () =>
  expect(judge({ tunnel: tunnel({ state: 'backoff', detail: 'connection refused' }) })).toEqual([
    {
      id: 'tunnel.not-up',
      message: 'ssh h.example is backoff: connection refused',
      hint: `it is retried automatically; ${again}`,
    },
  ]));

test('one that only the user can mend keeps its own id and way out', () =>
  expect(
    judge({ tunnel: tunnel({ state: 'failed', errorId: 'tunnel.ssh-refused-key', hint: 'add the key' }) }),
  ).toEqual([{ id: 'tunnel.ssh-refused-key', message: 'ssh h.example is failed', hint: 'add the key' }]));

test('an address that has changed asks for another configuration and a restart of the master', () =>
  expect(judge({ tunnel: tunnel({ address: { ...address, port: 9090 } }) })).toEqual([
    {
      id: 'tunnel.moved',
      message: 'tasks dial the master at http://h.example:9090 now, its configuration has http://h.example:8080',
      hint: `${again}, then restart the master`,
    },
  ]));

test('forwards that are not up are told of', () =>
  expect(
    judge({
      tunnel: tunnel({}),
      forward: { state: 'degraded', detail: 'port 20000 is taken', listeners: [], connections: 0 },
    }),
  ).toEqual([
    {
      id: 'tunnel.forwards',
      message: 'the forwards are degraded: port 20000 is taken',
      hint: `they are retried automatically; ${again}`,
    },
  ]));

test('what was closed while the configuration goes on naming it is a problem', async () => {
  const capacity = { limit: 1, because: '' };
  const gateway = { name: 'g', namespace: 'n', portRange: { start: 1, end: 2 }, address: '127.0.0.1', capacity };
  const forwarded = { ...record, gateway, publishedAddress: '10.0.0.2' };
  const message = (problems: readonly { message: string }[]) => problems.map((problem) => problem.message);
  const closed = [
    'tasks dial the master at http://h.example:8080, and the tunnel by ssh is closed',
    'the master dials tasks on 127.0.0.1, and the forwards there are closed',
  ];
  const instance = { dir: '/nowhere', record: () => forwarded } as Instance;
  expect(message((await lookAtTunnels(instance, again)).problems)).toEqual(closed);
  const alone = { instance: 'dev', uptimeMs: 1, events: [], tunnel: tunnel({}) };
  expect(message(judgeTunnels({ record: forwarded, again, status: alone }))).toEqual(closed.slice(1));
  const direct = { ...forwarded, master: { ...address, via: 'direct' as const }, publishedAddress: gateway.address };
  expect((await lookAtTunnels({ ...instance, record: () => direct }, again)).problems).toEqual([]);
});

test('published ports need no forwards; of an older record another address means forwards', async () => {
  const portRange = { start: 20_000, end: 20_199 };
  const gateway = {
    name: 'contour',
    namespace: 'c',
    portRange,
    capacity: { limit: 200, because: '' },
    address: '127.0.0.1',
  };
  const look = (via: 'published' | 'forward' | undefined) => {
    const made = instanceRecord({ publishedAddress: '192.168.49.2', gateway: { ...gateway, ...(via && { via }) } });
    return lookAtTunnels({ record: () => made } as Instance, again);
  };
  expect((await look('published')).problems).toEqual([]);
  for (const via of ['forward', undefined] as const) {
    expect((await look(via)).problems).toMatchObject([{ id: 'tunnel.closed' }]);
  }
});
