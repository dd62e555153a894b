import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { stringify } from 'yaml';
import type { Artifacts } from '../../../../src/artifacts/artifacts.ts';
import { pins } from '../../../../src/config/versions.ts';
import { connect, type Kube } from '../../../../src/lib/kube/client.ts';
import { type Command, CommandError, execaRunner } from '../../../../src/lib/process/runner.ts';
import { envoyName } from '../../../../src/model/contour-names.ts';
import type { GatewayEndpoint } from '../../../../src/model/gateway-endpoint.ts';
import { dialHttp, untilAnswered } from '../../../../src/proof/probe/dial.ts';
import { gatewayFile, handMade, taskFile } from './by-hand-objects.ts';
import { openTerminal, type Terminal } from './terminal.ts';

const profile = 'bench-by-hand';

export type ByHandInput = {
  /** A folder of its own. */
  readonly dir: string;
  readonly artifacts: Artifacts;
  readonly signal: AbortSignal;
};

/** A Gateway as the documentation sets it up, and what that took. */
export type ByHand = {
  readonly kube: Kube;
  readonly gateway: GatewayEndpoint;
  /** From the first command to the first byte through the Gateway. */
  readonly firstByteMs: number;
  /** `minikube start` in it. */
  readonly startMs: number;
  /** `minikube image load` in it. */
  readonly imageLoadMs: number;
  readonly commands: readonly string[];
};

/** What the machine needs `minikube start` to be told; empty where Minikube is installed. */
const placeArgs = (): readonly string[] => {
  const { TASKGATE_MINIKUBE_BASE_IMAGE: baseImage, TASKGATE_MINIKUBE_START_ARGS: more = '' } = process.env;
  return [
    ...(process.getuid?.() === 0 ? ['--force'] : []),
    ...(baseImage ? [`--base-image=${baseImage}`] : []),
    ...more.split(' ').filter(Boolean),
  ];
};

const startCommand = (): Command => [
  'minikube',
  'start',
  `--profile=${profile}`,
  '--driver=docker',
  '--container-runtime=containerd',
  `--kubernetes-version=${pins.kubernetes.version}`,
  '--cpus=2',
  '--memory=4096',
  '--embed-certs',
  '--interactive=false',
  ...placeArgs(),
];

const writeObjects = async (path: string, objects: readonly object[]): Promise<string> => {
  await writeFile(path, objects.map((object) => stringify(object)).join('---\n'));
  return path;
};

const addressCommand: Command = [
  ...(['kubectl', 'get', 'service', envoyName(handMade), `--namespace=${handMade.namespace}`] as const),
  '--output=jsonpath={.status.loadBalancer.ingress[0].ip}',
];

const patienceMs = 180_000;

/** Looks at the Service as often as it takes; a user types that once more or less. */
const findAddress = async ({ env }: Terminal, signal: AbortSignal): Promise<string> => {
  const until = AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]);
  for (;;) {
    const address = await execaRunner(addressCommand, { env, signal: until }).then(
      ({ stdout }) => stdout,
      (error: unknown) => {
        if (error instanceof CommandError && error.exitCode === 1) return ''; // not there yet
        throw error;
      },
    );
    if (address !== '') return address;
    await pause(200, undefined, { signal: until });
  }
};

const awaitFirstByte = async (address: string, signal: AbortSignal): Promise<void> => {
  const target = { host: address, port: handMade.listenerPort };
  const attempts = { pauseMs: 20, until: AbortSignal.timeout(patienceMs), signal };
  const dialed = await untilAnswered(() => dialHttp(target, 250, '/hostname'), attempts);
  if (dialed.outcome !== 'answered') throw new Error(`the Gateway made by hand: ${dialed.outcome}, ${dialed.seen}`);
};

const setUp = async (terminal: Terminal, { dir, artifacts, signal }: ByHandInput) => {
  const [gatewayPath, taskPath] = [
    await writeObjects(join(dir, 'gateway.yaml'), gatewayFile),
    await writeObjects(join(dir, 'task.yaml'), taskFile),
  ];
  const beginMs = performance.now();
  const startMs = await terminal.type(startCommand());
  const imageLoadMs = await terminal.type([
    'minikube',
    'image',
    'load',
    `--profile=${profile}`,
    artifacts.images.archive,
  ]);
  await terminal.type(['kubectl', 'apply', `--filename=${artifacts.contourManifest.path}`]);
  await terminal.type(['kubectl', 'apply', `--filename=${gatewayPath}`], 60_000); // `no matches for kind`, at first
  terminal.leaveRunning(['minikube', 'tunnel', `--profile=${profile}`]);
  await terminal.type(['kubectl', 'apply', `--filename=${taskPath}`], 60_000);
  const address = await findAddress(terminal, signal);
  await awaitFirstByte(address, signal);
  const firstByteMs = performance.now() - beginMs;
  const curl = `curl http://${address}:${handMade.listenerPort}/hostname`;
  const commands = [...terminal.typed, addressCommand.join(' '), curl];
  return { address, firstByteMs, startMs, imageLoadMs, commands };
};

const endpointAt = (address: string): GatewayEndpoint => ({
  ...{ name: handMade.name, namespace: handMade.namespace, address },
  portRange: { start: handMade.listenerPort, end: handMade.listenerPort + 199 },
  capacity: { limit: 64, because: 'of the upstream CRD' },
});

/** Sets a Gateway up by hand on a Minikube of its own, gives it to `use`, and takes everything away. */
export const withGatewayByHand = async <T>(input: ByHandInput, use: (byHand: ByHand) => Promise<T>): Promise<T> => {
  const terminal = await openTerminal(input.dir, input.signal);
  try {
    const { address, ...measured } = await setUp(terminal, input);
    const kube = connect(await readFile(join(input.dir, 'kubeconfig'), 'utf8'), profile);
    return await use({ kube, gateway: endpointAt(address), ...measured });
  } finally {
    await terminal.close();
    await execaRunner(['minikube', 'delete', `--profile=${profile}`], { env: terminal.env });
  }
};
