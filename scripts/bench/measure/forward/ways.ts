import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ForwardSpec } from '../../../../src/instance/tunnels.ts';
import type { Kube } from '../../../../src/lib/kube/client.ts';
import type { Cluster } from '../../../../src/model/cluster.ts';
import { envoyPods } from '../../../../src/model/contour-names.ts';
import type { GatewayEndpoint } from '../../../../src/model/gateway-endpoint.ts';
import { containerPort } from '../../../../src/model/task-listener.ts';
import type { ForwardStatus } from '../../../../src/model/tunnel-status.ts';

/** A process that forwards ports of this host to Envoy. */
export type Way = {
  readonly name: 'taskgate' | 'kubectl port-forward';
  /** The port of 127.0.0.1 that leads to a listener. */
  readonly localPort: (listenerPort: number) => number;
  /** The most memory that it has held so far, in bytes. */
  readonly peakBytes: () => Promise<number>;
  readonly close: () => Promise<void>;
};

export const localAddress = '127.0.0.1';

const peakOf = async ({ pid }: ChildProcess): Promise<number> => {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1_024;
};

const endOf = async (child: ChildProcess, end: () => void): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  end();
  await exited;
};

/** Reads lines until one is as wanted; what comes later is thrown away. Throws when the process ends before. */
const untilLine = (child: ChildProcess, isWanted: (line: string) => boolean): Promise<void> =>
  new Promise((resolve, reject) => {
    if (!child.stdout) throw new Error('the process has no stdout');
    createInterface(child.stdout).on('line', (line) => isWanted(line) && resolve());
    child.on('exit', (code) => reject(new Error(`it ended with ${code} before it forwarded anything`)));
  });

const follows = (line: string, ports: readonly number[]): boolean => {
  const { state, listeners } = JSON.parse(line) as ForwardStatus;
  return state === 'up' && ports.every((wanted) => listeners.some(({ port }) => port === wanted));
};

/** taskgate's, in a process of its own; resolves when it forwards these listeners. */
export const startTaskgate = async (
  cluster: Cluster,
  gateway: GatewayEndpoint,
  listenerPorts: readonly number[],
): Promise<Way> => {
  const { kubeconfigPath, kubeContext } = cluster;
  const { name, namespace, portRange } = gateway;
  const spec: ForwardSpec = {
    kubeconfigPath,
    kubeContext,
    gateway: { name, namespace },
    address: localAddress,
    portRange,
  };
  const program = join(import.meta.dirname, 'child.ts');
  const child = spawn(process.execPath, [program, JSON.stringify(spec)], { stdio: ['pipe', 'pipe', 'inherit'] });
  await untilLine(child, (line) => follows(line, listenerPorts));
  return {
    name: 'taskgate',
    localPort: (port) => port,
    peakBytes: () => peakOf(child),
    close: () => endOf(child, () => child.stdin?.end()),
  };
};

/** Beside taskgate's, which have the listeners' own ports. */
const kubectlShift = 10_000;

export type KubectlInput = { readonly kubectl: string; readonly kube: Kube; readonly cluster: Cluster };

/** kubectl's port-forward to Envoy's pod; resolves when it forwards all these listeners. It cannot be given more later. */
export const startKubectl = async (
  { kubectl, kube, cluster }: KubectlInput,
  { name, namespace }: GatewayEndpoint,
  listenerPorts: readonly number[],
): Promise<Way> => {
  const [pod] = await kube.list(envoyPods({ name, namespace }));
  const ports = listenerPorts.map((port) => `${port + kubectlShift}:${containerPort(port)}`);
  const to = ['--kubeconfig', cluster.kubeconfigPath, '--context', cluster.kubeContext, '--namespace', namespace];
  const args = [...to, 'port-forward', '--address', localAddress, `pod/${pod?.metadata.name}`, ...ports];
  const child = spawn(kubectl, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const missing = new Set(listenerPorts.map((port) => port + kubectlShift));
  await untilLine(child, (line) => {
    missing.delete(Number(/^Forwarding from [\d.]+:(\d+) /.exec(line)?.[1]));
    return missing.size === 0;
  });
  return {
    name: 'kubectl port-forward',
    localPort: (port) => port + kubectlShift,
    peakBytes: () => peakOf(child),
    close: () => endOf(child, () => child.kill()),
  };
};
