import { describe, expect, test } from 'vitest';
import {
  type AdmittedMaster,
  fenceCommand,
  renderFence,
  renderFenceChange,
} from '../../src/cluster/native/isolation/firewall.ts';
import type { FenceSettings } from '../../src/cluster/native/spec.ts';
import { execaRunner } from '../../src/lib/process/runner.ts';
import { findIptables } from '../support/fence/iptables.ts';
import { makeScene, type Scene } from '../support/fence/scene.ts';
import { figure } from '../support/figure.ts';

const iptables = await findIptables();
const isRoot = process.getuid?.() === 0;
const settings: FenceSettings = {
  egress: 'master',
  allowFrom: [],
  portRange: { start: 20_000, end: 20_199 },
  masterPort: 8080,
};
const noMaster: AdmittedMaster = { addresses: [], port: 0 };

const restore = async ({ nodePid }: Scene, rules: string): Promise<void> => {
  if (!iptables) throw new Error('no iptables');
  await execaRunner(fenceCommand(iptables, nodePid, []), { input: rules });
};

/** What kube-proxy has for a listener of the Gateway and for a NodePort whose endpoint is a port of this host. */
const kubeProxyRules = ({ network, addresses }: Scene): string => `*nat
-A PREROUTING -d ${network.nodeAddress} -p tcp --dport 20000 -j DNAT --to-destination ${addresses.pod}:8080
-A PREROUTING -d ${network.nodeAddress} -p tcp --dport 30000 -j MARK --set-xmark 0x4000/0x4000
-A PREROUTING -d ${network.nodeAddress} -p tcp --dport 30000 -j DNAT --to-destination ${network.hostAddress}:2222
-A POSTROUTING -m mark --mark 0x4000/0x4000 -j MASQUERADE
COMMIT
*filter
-I FORWARD -m mark --mark 0x4000/0x4000 -j ACCEPT
COMMIT
`;

const fenced = async (change: Partial<FenceSettings> = {}, master?: AdmittedMaster): Promise<Scene> => {
  const scene = await makeScene();
  const { network } = scene;
  await restore(scene, renderFence({ network, settings, master: noMaster }));
  await restore(scene, kubeProxyRules(scene));
  const admitted = master ?? { addresses: [network.hostAddress], port: 8080 };
  await restore(scene, renderFenceChange({ network, settings: { ...settings, ...change }, master: admitted }));
  return scene;
};

describe.skipIf(!isRoot || !iptables)('the fence of a native node', { timeout: 60_000 }, () => {
  test('without it, a neighbour of a host that forwards reaches all of the node, and pods all of the host', async () => {
    const scene = await makeScene();
    const { network, addresses } = scene;
    await scene.setForwarding('host', '1');
    await restore(scene, kubeProxyRules(scene));
    expect(await scene.dial('neighbour', network.nodeAddress, 20_000)).toBe('pod:8080');
    expect(await scene.dial('neighbour', network.nodeAddress, 6443)).toBe('node:6443');
    expect(await scene.dial('pod', network.hostAddress, 2222)).toBe('host:2222');
    expect(await scene.dial('pod', addresses.lan, 2222)).toBe('host:2222');
  });

  test.each(['0', '1'] as const)('ip_forward=%s: a neighbour gets nothing, this host everything', async (value) => {
    const scene = await fenced();
    const { network, addresses } = scene;
    await scene.setForwarding('host', value);
    const targets = [
      [network.nodeAddress, 20_000, 'pod:8080'],
      [addresses.pod, 8080, 'pod:8080'],
      [network.nodeAddress, 6443, 'node:6443'],
      [network.nodeAddress, 10_250, 'node:10250'],
    ] as const;
    let reached = 0;
    for (const [address, port, answer] of targets) {
      const seen = await scene.dial('neighbour', address, port);
      if (!/silent|EHOSTUNREACH|ENETUNREACH/.test(seen)) reached += 1;
      expect(await scene.dial('host', address, port), `host ${address}:${port}`).toBe(answer);
    }
    figure(`ports that a stranger's source reaches, with ip_forward ${value}`, reached);
  });

  test.each([
    '0',
    '1',
  ] as const)("ip_forward=%s: pods reach the master's port, and nothing else of the host or behind it", async (value) => {
    const scene = await fenced();
    const { network, addresses } = scene;
    await scene.setForwarding('host', value);
    expect(await scene.dial('pod', network.hostAddress, 8080)).toBe('host:8080');
    expect(await scene.dial('pod', network.nodeAddress, 6443)).toBe('node:6443');
    expect(await scene.dial('pod', network.hostAddress, 2222)).toBe('refused');
    expect(await scene.dial('pod', addresses.lan, 2222)).toBe('refused');
    expect(await scene.dial('pod', addresses.lan, 8080)).toBe('refused');
    expect(await scene.dial('pod', addresses.neighbour, 2222)).toBe('refused');
    // kube-proxy accepts what it masquerades before any rule of the same table
    expect(await scene.dial('pod', network.nodeAddress, 30_000)).toBe('silent');
  });

  test('before a master is known, pods reach none', async () => {
    const scene = await fenced({}, noMaster);
    expect(await scene.dial('pod', scene.network.hostAddress, 8080)).toBe('refused');
  });

  test('a master elsewhere is reached there, and this host no longer', async () => {
    const scene = await fenced({}, { addresses: ['192.0.2.2'], port: 2222 });
    await scene.setForwarding('host', '1');
    expect(await scene.dial('pod', scene.addresses.neighbour, 2222)).toBe('neighbour:2222');
    expect(await scene.dial('pod', scene.network.hostAddress, 8080)).toBe('refused');
  });

  test('egress host: all of this host at its end of the link; egress all: no rule', async () => {
    const scene = await fenced({ egress: 'host' });
    const { network, addresses } = scene;
    expect(await scene.dial('pod', network.hostAddress, 2222)).toBe('host:2222');
    expect(await scene.dial('pod', addresses.lan, 2222)).toBe('refused');
    await restore(scene, renderFenceChange({ network, settings: { ...settings, egress: 'all' }, master: noMaster }));
    expect(await scene.dial('pod', addresses.lan, 2222)).toBe('host:2222');
    expect(await scene.dial('pod', network.nodeAddress, 30_000)).toBe('host:2222');
  });

  test('an allowed source reaches task ports, and nothing else of the node', async () => {
    const scene = await fenced({ allowFrom: ['192.0.2.0/24'] });
    const { network, addresses } = scene;
    await scene.setForwarding('host', '1');
    expect(await scene.dial('neighbour', network.nodeAddress, 20_000)).toBe('pod:8080');
    expect(await scene.dial('neighbour', network.nodeAddress, 6443)).toBe('silent');
    expect(await scene.dial('neighbour', addresses.pod, 8080)).toBe('silent');
  });
});
