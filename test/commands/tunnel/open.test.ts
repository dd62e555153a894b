import { describe, expect, test } from 'vitest';
import { findMasterMove } from '../../../src/daemon/find.ts';
import { wantedTunnelOf } from '../../../src/daemon/from-settings.ts';
import { findLastAddress, isAsWanted, makeTunnelSpec, type WantedTunnels } from '../../../src/daemon/wanted.ts';
import type { InstanceRecord } from '../../../src/instance/record.ts';
import type { DriverSpec, TunnelDaemonSpec } from '../../../src/instance/tunnels.ts';
import type { TunnelDaemonStatus, TunnelReport } from '../../../src/model/tunnel-status.ts';
import { describeExposure, listExposure } from '../../../src/tunnel/exposure.ts';
import { commandContext, instanceRecord } from '../../support/context.ts';

const { config } = commandContext({ folders: { stateDir: '/state', cacheDir: '/cache' } });
const address = { scheme: 'http', host: 'jump.example', port: 4000 } as const;
const because = '';

const ssh = (more: Partial<(DriverSpec & { kind: 'ssh' })['settings']> = {}): DriverSpec => ({
  kind: 'ssh',
  settings: {
    ...{ host: 'jump', program: 'ssh', remotePort: 0, bindAddress: '0.0.0.0', hostKeyPolicy: 'accept-new' },
    ...{ serverAliveInterval: 60, serverAliveCountMax: 10, ...more },
  },
});
const ngrok = (settings = {}): DriverSpec => ({ kind: 'ngrok', settings: { program: 'ngrok', ...settings } });

const master = { host: '127.0.0.1', port: 8080 };
const wanted = (driver: DriverSpec, more = {}): WantedTunnels => ({ tunnel: { driver, master, ...more } });
const makeSpec = (what: WantedTunnels, last?: typeof address): TunnelDaemonSpec =>
  makeTunnelSpec({ dir: '/i/dev', record: () => instanceRecord() }, what, { last, now: 0 });

const statusOf = (tunnel: Partial<TunnelReport>): TunnelDaemonStatus => {
  const since = '2026-01-01T00:00:00.000Z';
  const whole = { kind: 'ssh', target: 'ssh jump', state: 'up', since, restarts: 0, master, connections: 0 } as const;
  return { instance: 'dev', uptimeMs: 1, events: [], tunnel: { ...whole, address, ...tunnel } };
};

describe('what the keeper is to keep', () => {
  const settings = { ...config, ssh: { ...config.ssh, host: 'jump' } };

  test('by way back and settings', () => {
    expect(wantedTunnelOf({ via: 'direct', because }, settings)).toBeUndefined();
    expect(wantedTunnelOf({ via: 'ssh', because }, settings)).toEqual({ driver: ssh(), master, ttlHours: 8 });
    expect(wantedTunnelOf({ via: 'ngrok', because }, settings)).toEqual({ driver: ngrok(), master, ttlHours: 8 });
  });

  test('what only a private network reaches does not close by itself', () => {
    const closed = { ...settings, ssh: { ...settings.ssh, bindAddress: '10.0.0.1' } };
    expect(wantedTunnelOf({ via: 'ssh', because }, closed)?.ttlHours).toBeUndefined();
  });

  test('a tunnel by ssh needs a host', () => {
    expect(() => wantedTunnelOf({ via: 'ssh', because }, config)).toThrow('ssh.host is not set');
  });

  test('a spec has a secret of its own, the time of its end, and the address that pods know', () => {
    const [one, other] = [makeSpec(wanted(ssh(), { ttlHours: 2 }), address), makeSpec(wanted(ssh()))];
    expect(one).toMatchObject({ instance: 'dev', folder: '/i/dev', socketPath: '/i/dev/tunnel.sock' });
    expect(one.tunnel).toMatchObject({ until: '1970-01-01T02:00:00.000Z', previous: address, driver: ssh() });
    expect(one.tunnel?.secret).not.toBe(other.tunnel?.secret);
    expect(other.tunnel).not.toHaveProperty('until');
    expect(makeSpec({})).not.toHaveProperty('tunnel');
  });

  test.each<[string, WantedTunnels, boolean]>([
    ['the same', wanted(ssh()), true],
    ['the same, for another time', wanted(ssh(), { ttlHours: 3 }), true],
    ['the same, with a setting that is not set', wanted(ssh({ configFile: undefined as never })), true],
    ['another host', wanted(ssh({ host: 'other' })), false],
    ['another kind', wanted(ngrok()), false],
    ['another port of the master', wanted(ssh(), { master: { ...master, port: 1 } }), false],
    ['none', {}, false],
  ])('a keeper is left alone where wanted is %s', (_, what, expected) => {
    expect(isAsWanted(makeSpec(wanted(ssh(), { ttlHours: 8 })), what)).toBe(expected);
  });
});

describe('the address that pods know', () => {
  const record = (via: 'ssh' | 'ngrok' | 'direct', scheme: 'http' | 'https' = 'http'): InstanceRecord =>
    instanceRecord({ master: { ...address, scheme, via } });

  test('is what the keeper says, else what is recorded of the same kind', () => {
    const now = statusOf({ address: { ...address, port: 1 } });
    expect(findLastAddress(ssh(), record('ssh'), now)).toEqual({ ...address, port: 1 });
    expect(findLastAddress(ngrok(), record('direct'), now)).toBeUndefined();
    expect(findLastAddress(ssh(), record('ssh'))).toEqual(address);
    expect(findLastAddress(ssh(), record('direct'))).toBeUndefined();
  });

  test('has the scheme of the tunnel, not that of the master behind it', () => {
    expect(findLastAddress(ssh(), record('ssh', 'https'))?.scheme).toBe('http');
    expect(findLastAddress(ngrok({ tcpAddress: 'a:1' }), record('ngrok', 'https'))?.scheme).toBe('http');
    expect(findLastAddress(ngrok(), record('ngrok', 'https'))?.scheme).toBe('https');
  });

  test('moves with the tunnel', () => {
    const from = { ...address, via: 'ssh' } as const;
    expect(findMasterMove({ master: from }, statusOf({}), 'http')).toBeUndefined();
    expect(findMasterMove({ master: from }, { ...statusOf({}), tunnel: undefined } as never, 'http')).toBeUndefined();
    const to = { ...from, port: 5000 };
    expect(findMasterMove({ master: from }, statusOf({ address: to }), 'http')).toEqual({ from, to });
    expect(findMasterMove({}, statusOf({}), 'https')).toEqual({ to: { ...from, scheme: 'https' } });
  });
});

describe('what is exposed', () => {
  const portRange = { start: 20000, end: 20199 };
  const gateway = { name: 'contour', namespace: 'c', portRange, capacity: { limit: 200, because: '' } };
  const endOf = (driver: DriverSpec, status: Partial<TunnelReport> = {}) =>
    listExposure({ record: instanceRecord(), spec: makeSpec(wanted(driver)), status: statusOf(status) }).map(
      describeExposure,
    );

  test('of a cluster whose node the host reaches', () => {
    const record = instanceRecord({
      gateway: { ...gateway, address: '10.210.255.2' },
      master: { scheme: 'http', host: '10.210.255.1', port: 8080, via: 'direct' },
    });
    expect(listExposure({ record }).map(describeExposure)).toEqual([
      'task ports on 10.210.255.2:20000-20199, to this host, by its own link to the node; protected by nothing of their own: notebooks have TLS and a token, shells keys, TensorBoards and commands nothing',
      "master on http://10.210.255.1:8080, to pods, and whoever reaches this host there; protected by the master's own login",
    ]);
  });

  test.each([
    ['127.0.0.1', 'programs on this host'],
    ['0.0.0.0', 'whoever reaches this host there'],
  ])('of forwards on %s', (forwardAddress, to) => {
    const record = instanceRecord({ gateway: { ...gateway, address: forwardAddress }, provider: 'minikube' });
    const forward = { kubeconfigPath: '', kubeContext: '', gateway, address: forwardAddress, portRange };
    const forwards = { state: 'up', listeners: [], connections: 0 } as const;
    const status = { instance: 'dev', uptimeMs: 1, events: [], forward: forwards };
    expect(listExposure({ record, spec: { ...makeSpec({}), forward }, status })).toMatchObject([
      { address: `${forwardAddress}:20000-20199`, to },
    ]);
  });

  test.each<[DriverSpec, string]>([
    [
      ssh(),
      "whoever reaches jump, the internet unless a firewall is there; protected by the master's own login; not encrypted between tasks and jump",
    ],
    [ssh({ bindAddress: '10.0.0.1' }), 'the network of 10.0.0.1;'],
    [ssh({ bindAddress: '127.0.0.1' }), 'programs on jump;'],
    [ngrok(), "the internet; protected by the master's own login"],
    [ngrok({ trafficPolicyFile: 'p.yml' }), 'and the traffic policy p.yml'],
  ])('of a tunnel: %j', (driver, expected) => {
    expect(endOf(driver)).toEqual([expect.stringContaining(expected)]);
  });

  test('until when, and no longer', () => {
    const until = '2026-01-01T08:00:00.000Z';
    expect(endOf(ssh(), { until })).toEqual([expect.stringMatching(new RegExp(`; until ${until}$`))]);
    expect(endOf(ssh(), { state: 'ended' })).toEqual([]);
    expect(endOf(ssh(), { state: 'failed' })).toEqual([]);
    expect(listExposure({ record: instanceRecord({ master: { ...address, via: 'ssh' } }) })).toEqual([]);
  });

  test('of an address that the user has', () => {
    const record = instanceRecord({ master: { ...address, via: 'url' } });
    expect(listExposure({ record }).map(describeExposure)).toEqual([
      "master on http://jump.example:4000, to whoever its owner lets in; protected by the master's own login, and what its owner has set up",
    ]);
  });
});
