import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { minikube } from '../../src/cluster/minikube/minikube.ts';
import type { MinikubeSpec, MinikubeTools } from '../../src/cluster/minikube/spec.ts';
import type { MinikubeResource } from '../../src/instance/record.ts';
import { CommandError, type Runner } from '../../src/lib/process/runner.ts';
import { temporaryDir } from '../support/temporary-dir.ts';

/** What minikube v1.38.1 really said (traps.txt: its traps, gathered). */
export const recording = (name: string): string =>
  readFileSync(join(import.meta.dirname, '../fixtures/minikube', `${name}.txt`), 'utf8');

/** What minikube keeps of a profile that fits {@link makeSpec}. */
export const config = {
  Driver: 'docker',
  CPUs: 2,
  Memory: 4096,
  KubernetesConfig: { KubernetesVersion: 'v1.34.4', ContainerRuntime: 'containerd', ServiceCIDR: '10.96.0.0/12' },
  Nodes: [{ IP: '192.168.49.2', Port: 8443, ControlPlane: true }],
};

export const makeSpec = (fields: Partial<MinikubeSpec> = {}): MinikubeSpec => ({
  name: 'dev',
  instanceDir: '/i/dev',
  profile: 'dev',
  profileGiven: false,
  recreate: false,
  kubernetesVersion: 'v1.34.4',
  driver: 'docker',
  cpus: 2,
  memoryMb: 4096,
  startArgs: [],
  ...fields,
});

/** Of the container that fakeMinikube makes. */
export const containerId = 'c0ffee'.repeat(10);

/** As an older taskgate journalled it. */
export const oldOurs: MinikubeResource = { kind: 'minikube-profile', profile: 'dev', driver: 'docker', owned: true };
export const ours: MinikubeResource = { ...oldOurs, containerId };

/** As `minikube profile list --output=json` prints it. */
export const listOf = ({ valid = [], invalid = [] }: { valid?: readonly string[]; invalid?: readonly string[] }) =>
  JSON.stringify({
    valid: valid.map((Name) => ({ Name, Status: 'Skipped', Config: config })),
    invalid: invalid.map((Name) => ({ Name, Status: '', Config: null })),
  });

export type Host = 'missing' | 'corrupted' | 'Running' | 'Stopped' | 'Paused' | 'none';
type Answer = { readonly exitCode?: number; readonly stdout?: string; readonly stderr?: string };
type Override = (args: readonly string[]) => Answer | undefined | Promise<Answer | undefined>;

const status = (host: Host, isConfigured: boolean): Answer => {
  if (host === 'missing' || host === 'corrupted') return { exitCode: 85, stdout: 'Profile "dev" not found.' };
  if (host === 'none') return { exitCode: 7, stdout: 'null\n' };
  const isUp = host !== 'Stopped';
  const part = isUp ? host : 'Stopped';
  return {
    exitCode: host === 'Running' ? 0 : 7,
    stdout: JSON.stringify({
      Host: isUp ? 'Running' : 'Stopped',
      Kubelet: host === 'Running' ? 'Running' : 'Stopped',
      APIServer: part,
      Kubeconfig: isConfigured ? 'Configured' : 'Misconfigured',
    }),
  };
};

const kubeconfig = `apiVersion: v1
kind: Config
clusters: [{ name: dev, cluster: { server: 'https://127.0.0.1:32771', certificate-authority-data: Q0E= } }]
users: [{ name: dev, user: { client-certificate-data: Q1JU, client-key-data: S0VZ } }]
contexts: [{ name: dev, context: { cluster: dev, user: dev } }]
`;

/** A minikube and a docker that keep one profile's state and every call; `override` answers first, where it does. */
export const fakeMinikube = (initial: Host, override: Override = () => undefined) => {
  const state = {
    host: initial,
    isConfigured: false,
    images: [] as string[],
    leftovers: [] as string[],
    // that of a profile that is there before belongs to the same home, until a test says otherwise
    containerId: ['missing', 'none', 'corrupted'].includes(initial) ? undefined : containerId,
  };
  const calls: string[] = [];
  const lists = { missing: {}, corrupted: { invalid: ['dev'] } } as const;

  const start = async (env: Readonly<Record<string, string>>): Promise<Answer> => {
    state.host = 'Running';
    state.isConfigured = true;
    state.containerId ??= containerId;
    if (env.KUBECONFIG) await writeFile(env.KUBECONFIG, kubeconfig);
    return { stdout: '{"type":"io.k8s.sigs.minikube.step","data":{"name":"Preparing Kubernetes"}}\n' };
  };
  const end = (host: Host): Answer => {
    state.host = host;
    state.isConfigured &&= host !== 'missing';
    if (host === 'missing') state.containerId = undefined;
    return {};
  };
  type Env = Readonly<Record<string, string>>;
  const answers: readonly (readonly [string, (env: Env) => Answer | Promise<Answer>])[] = [
    ['profile list', () => ({ stdout: listOf(lists[state.host as keyof typeof lists] ?? { valid: ['dev'] }) })],
    ['status', () => status(state.host, state.isConfigured)],
    ['start', start],
    ['unpause', start],
    ['update-context', start],
    ['ssh', () => ({ stdout: '192.168.49.1    host.minikube.internal\n' })],
    ['image ls', () => ({ stdout: JSON.stringify([{ repoTags: state.images }, {}]) })],
    ['image load', () => ({})],
    ['stop', () => end('Stopped')],
    ['delete', () => end('missing')],
  ];
  const answer = (line: string, env: Env): Answer | Promise<Answer> => {
    const known = answers.find(([start]) => line.startsWith(start));
    if (!known) throw new Error(`fakeMinikube was not told about: ${line}`);
    return known[1](env);
  };
  const docker = (line: string): Answer => {
    if (line.startsWith('docker version')) return { stdout: '20.10.24' };
    if (line.includes('--no-trunc')) return { stdout: state.containerId ? `${state.containerId} dev\n` : '' };
    if (/^docker (ps|volume ls|network ls)/.test(line)) {
      return { stdout: line.startsWith('docker ps') ? state.leftovers.join('\n') : '' };
    }
    throw new Error(`fakeMinikube was not told about: ${line}`);
  };
  const runner: Runner = async (command, options) => {
    const [program, ...args] = command;
    const own = args.filter((arg) => !arg.startsWith('--log_dir='));
    const line = [program, ...own].join(' ');
    calls.push(line);
    options?.signal?.throwIfAborted();
    const given = await override(program === 'docker' ? [program, ...own] : own);
    const answered = given ?? (await (program === 'docker' ? docker(line) : answer(own.join(' '), options?.env ?? {})));
    const { exitCode = 0, stdout = '', stderr = '' } = answered;
    for (const text of `${stdout}\n${stderr}`.split('\n').filter(Boolean)) options?.onLine?.(text);
    if (exitCode !== 0) throw new CommandError(command, { exitCode, stdout, stderr });
    return { exitCode, stdout, stderr };
  };
  return { runner, calls, state };
};

/** The provider's tools around a runner, with a journal that can be looked at. */
export const makeTools = (runner: Runner, journalled: readonly MinikubeResource[] = []) => {
  const journal = [...journalled];
  const tools: MinikubeTools = {
    runner,
    program: 'minikube',
    uid: 1000,
    resources: () => [...journal],
    journal: async (resource) => void journal.push(resource),
    forget: async (resource) => void journal.splice(journal.indexOf(resource), 1),
    settleMs: 5,
  };
  return { tools, journal };
};

export const limits = { signal: new AbortController().signal, timeoutMs: 5_000 };

type SetUp = {
  readonly host: Host;
  readonly spec?: Partial<MinikubeSpec>;
  readonly journalled?: readonly MinikubeResource[];
  readonly override?: Parameters<typeof fakeMinikube>[1];
};

/** The provider of one profile that is in a state, in a folder that goes with the test. */
export const setUp = async ({ host, spec = {}, journalled = [], override }: SetUp) => {
  const instanceDir = await temporaryDir();
  const fake = fakeMinikube(host, override);
  const made = makeTools(fake.runner, journalled);
  return { ...fake, ...made, instanceDir, provider: minikube(makeSpec({ instanceDir, ...spec }), made.tools) };
};

/** The calls that change something. */
export const changing = (calls: readonly string[]) =>
  calls.filter((line) => /^minikube (start|stop|delete|unpause|update-context|image load)/.test(line));
