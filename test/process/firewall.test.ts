import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Fenced, iptablesRules, nftRules } from '../../src/commands/exposure/firewall.ts';
import { type Command, execaRunner } from '../../src/lib/process/runner.ts';

/**
 * Three network namespaces: a neighbour, a host that forwards packets, and a node behind the host's veth link, as a native
 * instance is wired. The machine itself is not touched.
 */
const mark = randomBytes(3).toString('hex');
const [neighbour, host, node] = ['neighbour', 'host', 'node'].map((name) => `tgfw-${mark}-${name}`) as [
  string,
  string,
  string,
];
const link = 'tg-1a2b3c4d';
const fenced: Fenced = {
  ...{ instance: 'dev', place: 'host', link, hostAddress: '10.210.255.1', nodeAddress: '10.210.255.2' },
  ...{ portRange: { start: 20000, end: 20199 }, allowFrom: ['10.210.255.1/32'] },
};

const run = (command: Command) => execaRunner(command, { timeoutMs: 20_000 });
const inside = (namespace: string, ...command: Command) => run(['ip', 'netns', 'exec', namespace, ...command]);
const shell = (namespace: string, script: string) => inside(namespace, 'sh', '-ec', script);

/** Whether a TCP connection is accepted; a program of the namespace listens there. */
const reaches = async (namespace: string, address: string, port: number): Promise<boolean> => {
  const script = `timeout 6 bash -c 'exec 3<>/dev/tcp/${address}/${port}' && echo open || echo closed`;
  return (await shell(namespace, script)).stdout.trim() === 'open';
};

const listen = (namespace: string, port: number) =>
  shell(
    namespace,
    `${process.execPath} -e 'require("net").createServer((s) => s.end()).listen(${port}, "0.0.0.0")' >/dev/null 2>&1 & sleep 0.3; echo $!`,
  ).then(({ stdout }) => Number(stdout.trim()));

const pids: number[] = [];

beforeAll(async () => {
  for (const name of [neighbour, host, node]) await run(['ip', 'netns', 'add', name]);
  await shell(
    host,
    `ip link add lan type veth peer name eth0 netns ${neighbour}; ip link add ${link} type veth peer name eth0 netns ${node}
     ip address add 192.0.2.1/24 dev lan; ip address add 10.210.255.1/24 dev ${link}
     for one in lo lan ${link}; do ip link set $one up; done; echo 1 > /proc/sys/net/ipv4/ip_forward`,
  );
  const up = 'ip link set eth0 up; ip link set lo up';
  await shell(neighbour, `ip address add 192.0.2.9/24 dev eth0; ${up}; ip route add 10.210.0.0/16 via 192.0.2.1`);
  await shell(node, `ip address add 10.210.255.2/24 dev eth0; ${up}; ip route add default via 10.210.255.1`);
  pids.push(await listen(host, 8080), await listen(node, 20000), await listen(neighbour, 5000));
});

afterAll(async () => {
  for (const pid of pids) process.kill(pid);
  for (const name of [neighbour, host, node]) await run(['ip', 'netns', 'delete', name]);
});

const connections = [
  ['neighbour to master', neighbour, '10.210.255.1', 8080],
  ['neighbour to task port', neighbour, '10.210.255.2', 20000],
  ['pod to master', node, '10.210.255.1', 8080],
  ['host to task port', host, '10.210.255.2', 20000],
  ['host to its own master', host, '10.210.255.1', 8080],
  // answers come back by the way that is closed to what nobody asked for
  ['pod to a neighbour', node, '192.0.2.9', 5000],
] as const;

/** All at once: a closed one takes its six seconds, and an open one may take some on a busy machine. */
const seen = async () => {
  const results = connections.map(
    async ([what, from, address, port]) => [what, await reaches(from, address, port)] as const,
  );
  return Object.fromEntries(await Promise.all(results));
};

const unprotected = {
  ...{ 'neighbour to master': true, 'neighbour to task port': true },
  ...{ 'pod to master': true, 'host to task port': true, 'host to its own master': true },
  'pod to a neighbour': true,
};
const closed = { ...unprotected, 'neighbour to master': false, 'neighbour to task port': false };

describe('the printed rules', { timeout: 60_000 }, () => {
  test('without them a neighbour reaches master and task ports through a host that forwards', async () =>
    // the programs that listen take a moment to start
    expect.poll(seen, { timeout: 30_000 }).toEqual(unprotected));

  test('nft: a neighbour reaches nothing, everything else goes on, and the table takes them away', async () => {
    await shell(host, `nft -f - <<'EOF'\n${nftRules(fenced)}\nEOF`);
    expect(await seen()).toEqual(closed);
    await inside(host, 'nft', 'delete', 'table', 'inet', 'taskgate-dev');
    expect(await seen()).toEqual(unprotected);
  });

  test('iptables: the same', async () => {
    await shell(host, iptablesRules(fenced));
    expect(await seen()).toEqual(closed);
    await shell(host, 'iptables -w -F; iptables -w -X');
  });

  test.each(['nft', 'iptables'] as const)('%s on a node: task ports are closed to other sources', async (format) => {
    const onNode: Fenced = { ...fenced, place: 'node' };
    const rules = { nft: `nft -f - <<'EOF'\n${nftRules(onNode)}\nEOF`, iptables: iptablesRules(onNode) };
    await shell(node, rules[format]);
    expect(await reaches(neighbour, '10.210.255.2', 20000)).toBe(false);
    expect(await reaches(host, '10.210.255.2', 20000)).toBe(true);
    await shell(node, format === 'nft' ? 'nft flush ruleset' : 'iptables -w -t raw -F');
  });
});
