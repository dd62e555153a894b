import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { linkCommands } from '../../../src/cluster/native/link.ts';
import { networkOf } from '../../../src/cluster/native/network.ts';
import { type Command, execaRunner } from '../../../src/lib/process/runner.ts';

const network = networkOf('10.210.0.0/16');
const podAddress = '10.210.0.2';
const lanAddress = '192.0.2.1';
const neighbourAddress = '192.0.2.2';

/** Servers of each namespace, on all its addresses, and what they answer. */
const servers = {
  host: [8080, 2222],
  neighbour: [2222],
  node: [6443, 10250],
  pod: [8080],
} as const;

type Place = keyof typeof servers;

const serve = `
const [name, ...ports] = process.argv.slice(1);
const { createServer } = require('node:net');
let open = ports.length;
for (const port of ports) createServer((s) => s.on('error', () => 0).end(name + ':' + port)).listen(port, '0.0.0.0', () => --open || console.log('open'));
`;

/** \`answered\`: by whom; \`refused\`: at once; \`silent\`: nothing came. */
const dial = `
const [host, port] = process.argv.slice(1);
const socket = require('node:net').connect({ host, port: Number(port) });
socket.setTimeout(400, () => { console.log('silent'); socket.destroy(); });
socket.on('error', (error) => console.log(error.code === 'ECONNREFUSED' ? 'refused' : error.code));
socket.on('data', (data) => { console.log(String(data)); socket.destroy(); });
`;

/** A host with a LAN and a neighbour on it, and a node with a pod, wired as taskgate wires it: each a network namespace. */
export const makeScene = async () => {
  const mark = randomBytes(3).toString('hex');
  const nameOf = (place: Place): string => `tgfence-${mark}-${place}`;
  const inside = (place: Place, command: Command): Command => ['ip', 'netns', 'exec', nameOf(place), ...command];
  const at = (place: Place, ...command: Command) => execaRunner(inside(place, command));
  const link = async (one: Place, other: Place, names: readonly [string, string]) => {
    await at(one, 'ip', 'link', 'add', names[0], 'type', 'veth', 'peer', 'name', names[1], 'netns', nameOf(other));
    await at(one, 'ip', 'link', 'set', names[0], 'up');
    await at(other, 'ip', 'link', 'set', names[1], 'up');
  };
  const places = Object.keys(servers) as readonly Place[];
  for (const place of places) {
    await execaRunner(['ip', 'netns', 'add', nameOf(place)]);
    onTestFinished(async () => void (await execaRunner(['ip', 'netns', 'delete', nameOf(place)])));
    await at(place, 'ip', 'link', 'set', 'lo', 'up');
  }
  /** Ends with the test, before its namespace. */
  const startIn = (place: Place, ...command: Command) => {
    const [program, ...args] = inside(place, command);
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(async () => {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    });
    return child;
  };
  const setForwarding = (place: Place, value: '0' | '1') =>
    at(place, 'sh', '-c', `echo ${value} > /proc/sys/net/ipv4/ip_forward`);

  await link('host', 'neighbour', ['lan0', 'lan0']);
  await at('host', 'ip', 'address', 'add', `${lanAddress}/24`, 'dev', 'lan0');
  await at('neighbour', 'ip', 'address', 'add', `${neighbourAddress}/24`, 'dev', 'lan0');
  await at('neighbour', 'ip', 'route', 'add', network.cidr, 'via', lanAddress);

  const holder = startIn('node', 'sh', '-c', 'echo there; exec sleep infinity');
  const pid = holder.pid ?? 0;
  // before that it may still be in the machine's own namespace
  await once(holder.stdout, 'data');
  for (const command of linkCommands('tg-fence', pid, network)) await execaRunner(inside('host', command));
  await setForwarding('node', '1');

  // as the CNI plugin ptp does it
  await link('node', 'pod', ['veth0', 'eth0']);
  await at('node', 'ip', 'address', 'add', '10.210.0.1/32', 'dev', 'veth0');
  await at('node', 'ip', 'route', 'add', podAddress, 'dev', 'veth0');
  await at('pod', 'ip', 'address', 'add', `${podAddress}/24`, 'dev', 'eth0');
  await at('pod', 'ip', 'route', 'add', 'default', 'via', '10.210.0.1');

  for (const place of places) {
    const ports = servers[place].map(String);
    const server = startIn(place, process.execPath, '-e', serve, place, ...ports);
    await once(server.stdout, 'data');
  }
  return {
    network,
    addresses: { pod: podAddress, lan: lanAddress, neighbour: neighbourAddress },
    /** The process in the node's namespace. */
    nodePid: pid,
    setForwarding,
    /** Connects from a place; gives `PLACE:PORT` of the server, `refused`, `silent` or an error code. */
    dial: async (from: Place, host: string, port: number): Promise<string> =>
      (await at(from, process.execPath, '-e', dial, host, String(port))).stdout.trim(),
  };
};

export type Scene = Awaited<ReturnType<typeof makeScene>>;
