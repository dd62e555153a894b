import { describe, expect, test } from 'vitest';
import type { DriverSpec } from '../../src/instance/tunnels.ts';
import type { ForwardState, PrivateEnd, TunnelReport } from '../../src/model/tunnel-status.ts';
import { describeExposure, listExposure } from '../../src/tunnel/exposure.ts';
import { instanceRecord } from '../support/context.ts';
import { address, ngrokDriver, specFor, sshDriver, statusOf, wantedTunnel } from '../support/tunnels.ts';

describe('what is exposed', () => {
  const portRange = { start: 20000, end: 20199 };
  const gateway = { name: 'contour', namespace: 'c', portRange, capacity: { limit: 200, because: '' } };
  const endOf = (driver: DriverSpec, status: Partial<TunnelReport> = {}) =>
    listExposure({ record: instanceRecord(), spec: specFor(wantedTunnel(driver)), status: statusOf(status) }).map(
      describeExposure,
    );

  test('ports of the nodes that no list limits are exposed, too', () => {
    const address = '203.0.113.7';
    const record = instanceRecord({ provider: 'attach', gateway: { ...gateway, address, allowFrom: ['10.0.0.0/8'] } });
    const rows = listExposure({ record, nodePorts: [30964, 31001] });
    expect(rows.map(({ address, to }) => [address, to])).toEqual([
      [expect.stringMatching(/:20000-/), 'connections from 10.0.0.0/8'],
      ['each address of every node, ports 30964, 31001', 'anyone who reaches a node'],
    ]);
  });

  test.each([
    [[], 'nobody'],
    [['10.0.0.0/8', '192.0.2.1/32'], 'connections from 10.0.0.0/8, 192.0.2.1/32'],
  ])('to those whom the list of allowed addresses %j admits', (allowFrom, to) => {
    const record = instanceRecord({ gateway: { ...gateway, address: '10.210.255.2', allowFrom } });
    expect(listExposure({ record })).toMatchObject([{ what: 'task ports', to }]);
  });

  test('forwards of a daemon whose input is gone, or that has none, are not listed', () => {
    const record = instanceRecord({ gateway: { ...gateway, address: '10.210.255.2' } });
    const forward = { state: 'up', listeners: [], connections: 0 } as const;
    const tunnelsOnly = { instance: 'dev', uptimeMs: 1, events: [] };
    for (const status of [tunnelsOnly, { ...tunnelsOnly, forward }]) {
      expect(listExposure({ record, status })).toMatchObject([{ address: '10.210.255.2:20000-20199' }]);
    }
  });

  test('a tunnel that has no address yet, or whose daemon has lost its input, is not listed', () => {
    const record = instanceRecord();
    const opening = { ...statusOf({}), tunnel: { ...statusOf({}).tunnel, address: undefined } };
    expect(listExposure({ record, spec: specFor(wantedTunnel(sshDriver())), status: opening as never })).toEqual([]);
    expect(listExposure({ record, status: statusOf({}) })).toEqual([]);
    expect(listExposure({ record, spec: specFor({}), status: statusOf({}) })).toEqual([]);
  });

  test('of a tunnel by ngrok: the master, by its own login alone', () => {
    expect(endOf(ngrokDriver())).toEqual([
      expect.stringMatching(/^master on \S+, to the internet; protected by the master's own login$/),
    ]);
  });

  test('of a cluster whose node the host reaches', () => {
    const record = instanceRecord({
      gateway: { ...gateway, address: '10.210.255.2' },
      master: { scheme: 'http', host: '10.210.255.1', port: 8080, via: 'direct' },
    });
    expect(listExposure({ record }).map(describeExposure)).toEqual([
      'task ports on 10.210.255.2:20000-20199, to this host, by its own link to the node; protected by nothing of their own: notebooks have TLS and a token, shells keys, TensorBoards and commands nothing',
      "master on http://10.210.255.1:8080, to pods, and anyone who reaches this host there; protected by the master's own login",
    ]);
  });

  test.each([
    ['127.0.0.1', 'programs on this host'],
    ['0.0.0.0', 'anyone who reaches this host there'],
  ])('of forwards on %s', (forwardAddress, to) => {
    const record = instanceRecord({ gateway: { ...gateway, address: forwardAddress }, provider: 'minikube' });
    const forward = { kubeconfigPath: '', kubeContext: '', gateway, address: forwardAddress, portRange };
    const forwards = { state: 'up', listeners: [], connections: 0 } as const;
    const status = { instance: 'dev', uptimeMs: 1, events: [], forward: forwards };
    expect(listExposure({ record, spec: { ...specFor({}), forward }, status })).toMatchObject([
      { address: `${forwardAddress}:20000-20199`, to },
    ]);
  });

  test('of published ports: this host, and what shares the network of the node', () => {
    const record = instanceRecord({
      ...{ provider: 'minikube', publishedAddress: '192.168.49.2' },
      gateway: { ...gateway, address: '127.0.0.1', via: 'published', allowFrom: ['192.168.49.1/32'] },
      cluster: {
        ...{ name: 'dev', provider: 'minikube', kubeconfigPath: '', kubeContext: '', nodeName: '' },
        ...{ nodeAddress: '192.168.49.2', hostAddress: '192.168.49.1' },
      },
    });
    expect(listExposure({ record })).toMatchObject([
      { address: '127.0.0.1:20000-20199', to: 'programs on this host' },
      { address: '192.168.49.2:20000-20199', to: 'connections from 192.168.49.1/32' },
    ]);
  });

  test.each<[DriverSpec, string]>([
    [
      sshDriver(),
      "anyone who reaches jump, the internet unless a firewall is there; protected by the master's own login; not encrypted between tasks and jump",
    ],
    [sshDriver({ allowFrom: ['10.0.0.0/8'] }), "the master's own login, and only from 10.0.0.0/8; not encrypted"],
    [
      sshDriver({ bindAddress: '10.0.0.1' }),
      'to the network of 10.0.0.1, if its sshd does as asked: not verified yet;',
    ],
    [sshDriver({ bindAddress: '127.0.0.1' }), 'to programs on jump, if its sshd does as asked: not verified yet;'],
    [ngrokDriver(), "the internet; protected by the master's own login"],
    [ngrokDriver({ trafficPolicyFile: 'p.yml' }), 'and the traffic policy p.yml'],
    [ngrokDriver({ allowFrom: ['10.0.0.0/8', '192.0.2.1/32'] }), 'and only from 10.0.0.0/8, 192.0.2.1/32'],
  ])('of a tunnel: %j', (driver, expected) => {
    expect(endOf(driver)).toEqual([expect.stringContaining(expected)]);
  });

  test.each<[PrivateEnd, object]>([
    [
      { state: 'proven', evidence: '203.0.113.1 refuses port 4000' },
      { to: 'the network of 10.0.0.1 (proven: 203.0.113.1 refuses port 4000)', isVerified: true },
    ],
    [
      { state: 'unverified', evidence: 'no other address is known' },
      { to: 'the network of 10.0.0.1, if its sshd does as asked: no other address is known', isVerified: false },
    ],
    [
      { state: 'public', evidence: 'GatewayPorts yes' },
      {
        to: 'anyone who reaches jump, the internet unless a firewall is there (GatewayPorts yes)',
        isVerified: true,
      },
    ],
  ])('of an end that was asked for at a private address and is %j', (privateEnd, expected) => {
    const [row] = listExposure({
      record: instanceRecord(),
      spec: specFor(wantedTunnel(sshDriver({ bindAddress: '10.0.0.1' }))),
      status: statusOf({ privateEnd }),
    });
    expect(row).toMatchObject(expected);
  });

  test('of forwards that others reach: until when, and no longer', () => {
    const address = '192.0.2.1';
    const record = instanceRecord({ gateway: { ...gateway, address }, provider: 'minikube' });
    const spec = { ...specFor({}), forward: { kubeconfigPath: '', kubeContext: '', gateway, address, portRange } };
    const until = '2026-01-01T08:00:00.000Z';
    const rowsOf = (state: ForwardState) =>
      listExposure({
        ...{ record, spec },
        status: { instance: 'dev', uptimeMs: 1, events: [], forward: { state, listeners: [], connections: 0, until } },
      });
    expect(rowsOf('up')).toMatchObject([{ address: `${address}:20000-20199`, until }]);
    expect(rowsOf('ended')).toEqual([]);
    expect(rowsOf('failed')).toEqual([]);
  });

  test('until when, and no longer', () => {
    const until = '2026-01-01T08:00:00.000Z';
    expect(endOf(sshDriver(), { until })).toEqual([expect.stringMatching(new RegExp(`; until ${until}$`))]);
    expect(endOf(sshDriver(), { state: 'ended' })).toEqual([]);
    expect(endOf(sshDriver(), { state: 'failed' })).toEqual([]);
    expect(listExposure({ record: instanceRecord({ master: { ...address, via: 'ssh' } }) })).toEqual([]);
  });

  test('of an address that the user has', () => {
    const record = instanceRecord({ master: { ...address, via: 'url' } });
    expect(listExposure({ record }).map(describeExposure)).toEqual([
      "master on http://jump.example:4000, to anyone whom its owner admits; protected by the master's own login, and what its owner has set up",
    ]);
  });
});
