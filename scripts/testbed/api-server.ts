import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ControlPlane, ensureControlPlane } from '../../src/artifacts/artifacts.ts';
import { nodeChildren } from '../../src/cluster/native/components.ts';
import { networkOf } from '../../src/cluster/native/network.ts';
import { writeNodeFiles } from '../../src/cluster/native/node-files.ts';
import { ensurePki } from '../../src/cluster/native/pki.ts';
import type { NativeSpec } from '../../src/cluster/native/spec.ts';
import { realDirs } from '../../src/config/load.ts';
import { pins } from '../../src/config/versions.ts';
import { instancePaths, nodePaths } from '../../src/instance/paths.ts';
import { messageOf } from '../../src/lib/errors.ts';
import { writeFileAtomically } from '../../src/lib/files.ts';
import { freePort } from '../../src/lib/free-port.ts';
import { connect } from '../../src/lib/kube/client.ts';
import { type Command, execaRunner } from '../../src/lib/process/runner.ts';
import { spawnTethered, type Tethered } from '../../src/lib/process/tethered.ts';
import { polling, waitUntil } from '../../src/lib/wait.ts';

const templatesDir = join(import.meta.dirname, '../../templates');

/** A control plane without a node: objects are stored, validated and admitted, and no pod ever runs. */
export type ApiServer = {
  /** Of its administrator, as text. */
  readonly kubeconfig: string;
  /** Contour's manifest, from the cache. */
  readonly manifestPath: string;
  readonly pids: () => readonly number[];
  /** Kills kube-apiserver and starts it again at the same address, on what etcd has. */
  readonly restart: () => Promise<void>;
  /** Removes from etcd what was before its present revision: older versions can no longer be watched. */
  readonly compact: () => Promise<void>;
  readonly remove: () => Promise<void>;
};

/** What `up` takes these from, too: builds or downloads only what the cache does not have. */
const findPrograms = async (): Promise<ControlPlane> =>
  ensureControlPlane({
    pins,
    cacheDir: (await realDirs(process.env)).cacheDir,
    templatesDir,
    runner: execaRunner,
    signal: new AbortController().signal,
    network: { proxyEnv: process.env },
    report: ({ name, state, detail = '' }) => {
      if (state !== 'cached') process.stderr.write(`${name}: ${state} ${detail}\n`);
    },
  });

/** The controllers without which objects behave otherwise: accounts, tokens, quotas, removal of what has no owner. */
const controllers = [
  'namespace-controller',
  'garbage-collector-controller',
  'serviceaccount-controller',
  'serviceaccount-token-controller',
  'resourcequota-controller',
  'root-ca-certificate-publisher-controller',
];

type Ports = { readonly etcd: number; readonly peer: number; readonly api: number };

/** As a native node starts it, but for what would be the same for two of them on one host. */
const onPorts = (command: Command, { etcd, peer, api }: Ports): Command => {
  const [program, ...args] = command;
  const moved = args.map((arg) => arg.replaceAll(':2379', `:${etcd}`).replaceAll(':2380', `:${peer}`));
  return [program, ...moved.map((arg) => arg.replace('--secure-port=6443', `--secure-port=${api}`))];
};

const furtherFlags: Readonly<Record<string, readonly string[]>> = {
  etcd: [],
  'kube-apiserver': ['--bind-address=127.0.0.1'],
  'kube-controller-manager': ['--secure-port=0', `--controllers=${controllers.join(',')}`],
};

/** What a node has besides; it is named in configuration files that nobody reads here. */
const noNode = { containerd: '', ctr: '', runc: '', 'iptables-restore': '', coredns: '' };

const specOf = (instanceDir: string, { binaries }: ControlPlane): NativeSpec => ({
  name: 'api',
  instanceDir,
  network: networkOf('10.210.0.0/16'),
  fence: { egress: 'all', allowFrom: [], portRange: { start: 20000, end: 20199 }, masterPort: 8080 },
  limits: { memoryMb: 1_000, machineMb: 1_000, pids: 1_000 },
  kubernetesVersion: pins.kubernetes.version,
  binaries: { ...noNode, ...binaries },
  cniPluginsDir: '',
  path: [],
  env: {},
  pauseImage: '',
});

/** Certificates, keys and kubeconfigs, by the native provider's own way. */
const writeFiles = async (spec: NativeSpec, { api }: Ports): Promise<string> => {
  await writeNodeFiles(spec, { templatesDir, snapshotter: 'native' });
  await ensurePki(spec, execaRunner);
  const atPort = async (path: string): Promise<string> => {
    const text = (await readFile(path, 'utf8')).replace(/https:\/\/[\d.]+:6443/, `https://127.0.0.1:${api}`);
    await writeFileAtomically(path, text);
    return text;
  };
  await atPort(join(nodePaths(spec.instanceDir).kubeconfigDir, 'controller-manager.conf'));
  return atPort(instancePaths(spec.instanceDir).kubeconfigPath);
};

/** Waits until it is ready; throws with its last lines when a process ends before. */
const untilReady = async (kubeconfig: string, processes: readonly Tethered[]): Promise<void> => {
  const kube = connect(kubeconfig);
  const look = polling(async () => kube.text('/readyz').then(() => true as const, messageOf), 100);
  const ready = waitUntil('API server', look, (verdict) => verdict, { timeoutMs: 240_000, id: 'cluster.api' });
  ready.catch(() => undefined);
  const end = await Promise.race([ready, ...processes.map(({ ended }) => ended)]);
  if (typeof end === 'string') throw new Error(`the control plane ended before it was ready: ${end}`);
};

/**
 * Starts etcd, kube-apiserver and its controllers on 127.0.0.1, with the flags, certificates and rules of a native node; needs
 * no root. All of them end with this process, however that ends. `flags` are further ones of kube-apiserver.
 */
export const startApiServer = async (flags: readonly string[] = []): Promise<ApiServer> => {
  const programs = await findPrograms();
  const dir = await mkdtemp(join(tmpdir(), 'tg-api-'));
  const ports = { etcd: await freePort(), peer: await freePort(), api: await freePort() };
  const spec = specOf(dir, programs);
  const commands = new Map(nodeChildren(spec).map(({ name, command }) => [name, onPorts(command, ports)]));
  const running = new Map<string, Tethered>();
  const start = (name: string, more: readonly string[] = []): Tethered => {
    const [program = '', ...args] = [...(commands.get(name) ?? []), ...(furtherFlags[name] ?? []), ...more];
    const started = spawnTethered([program, ...args], {
      env: { ...process.env, TMPDIR: dir },
      isWorthKeeping: (line) => /^(E|F|panic|Error|\{"level":"(fatal|error))/.test(line),
      killDelayMs: 100,
    });
    running.set(name, started);
    return started;
  };
  const remove = async (): Promise<void> => {
    for (const one of [...running.values()].toReversed()) await one.kill();
    await rm(dir, { recursive: true, force: true });
  };
  try {
    const kubeconfig = await writeFiles(spec, ports);
    await untilReady(kubeconfig, [start('etcd'), start('kube-apiserver', flags)]);
    start('kube-controller-manager');
    const restart = async () => {
      await running.get('kube-apiserver')?.kill();
      await untilReady(kubeconfig, [start('kube-apiserver', flags)]);
    };
    const pids = () => [...running.values()].flatMap(({ pid }) => pid ?? []);
    const manifestPath = programs.contourManifest.path;
    return { kubeconfig, manifestPath, pids, restart, compact: () => compact(ports), remove };
  } catch (error) {
    await remove();
    throw error;
  }
};

/** By etcd's own gateway for JSON (etcd v3.6, Documentation/dev-guide/api_grpc_gateway). */
const compact = async ({ etcd }: Ports): Promise<void> => {
  const ask = async (path: string, body: unknown): Promise<unknown> => {
    const answer = await fetch(`http://127.0.0.1:${etcd}/v3/${path}`, { method: 'POST', body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`etcd answers ${path} with HTTP ${answer.status}: ${await answer.text()}`);
    return answer.json();
  };
  const { header } = (await ask('kv/range', { key: 'AA==' })) as { readonly header: { readonly revision: string } };
  await ask('kv/compaction', { revision: header.revision, physical: true });
};
