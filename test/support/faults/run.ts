import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fakeKube } from '../../fakes/kube.ts';
import { kubeListener } from '../../fakes/kube-listener.ts';
import { playContour } from '../gateway/contour-cluster.ts';
import { arm, type Channel, counted, type Fault, failureOf, hit, wrapNode } from './inject.ts';

const systemCodes = ['ENOENT', 'EACCES', 'EROFS', 'ENOSPC', 'EMFILE', 'EIO'];
const answers = ['401', '403', '404', '409', '422', '429', '500', '503', '504', 'html', 'truncated', 'reset', 'junk'];
const ways: Readonly<Record<Channel, readonly string[]>> = {
  fs: systemCodes,
  spawn: ['ENOENT', 'EACCES', 'EMFILE', 'EAGAIN'],
  http: answers,
};

const kinds = [
  ...['Node', 'Namespace', 'Pod', 'Service', 'ServiceAccount', 'ConfigMap', 'Secret', 'Event'].map(
    (one) => `v1/${one}`,
  ),
  ...['apps/v1/Deployment', 'apps/v1/DaemonSet', 'batch/v1/Job', 'discovery.k8s.io/v1/EndpointSlice'],
  ...['ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding'].map((one) => `rbac.authorization.k8s.io/v1/${one}`),
  ...['ValidatingAdmissionPolicy', 'MutatingAdmissionPolicy', 'MutatingAdmissionPolicyBinding'].flatMap((one) =>
    ['v1', 'v1beta1'].map((version) => `admissionregistration.k8s.io/${version}/${one}`),
  ),
  ...['v1/Gateway', 'v1/GatewayClass', 'v1alpha2/TCPRoute'].map((one) => `gateway.networking.k8s.io/${one}`),
  ...['ContourDeployment', 'ContourConfiguration'].map((one) => `projectcontour.io/v1alpha1/${one}`),
  ...['apiextensions.k8s.io/v1/CustomResourceDefinition', 'networking.k8s.io/v1/NetworkPolicy'],
  ...['authorization.k8s.io/v1/SelfSubjectAccessReview', 'coordination.k8s.io/v1/Lease'],
];

const at = new Date().toISOString();
const node = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'node' },
  status: {
    conditions: [{ type: 'Ready', status: 'True', lastHeartbeatTime: at, lastTransitionTime: at }],
    addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
  },
};
const system = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-system', uid: 'uid-1' } };
const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: 'default' } };
const groups = JSON.stringify({ groups: [{ preferredVersion: { groupVersion: 'apps/v1' } }] });
const version = JSON.stringify({ major: '1', minor: '34', gitVersion: 'v1.34.4' });

/** Answers as somebody else would. */
const failRequest = (how: string, response: ServerResponse): void => {
  if (how === 'reset') return void response.socket?.destroy();
  if (how === 'html') return void response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html>');
  if (how === 'truncated') {
    response.writeHead(200, { 'content-length': '1000' }).write('{"items": [{"metadata"');
    return void setTimeout(() => response.socket?.destroy(), 1);
  }
  if (how === 'junk') return void response.end('{"items": 7, "resources": {}, "metadata": null, "status": []}');
  response.writeHead(Number(how)).end(JSON.stringify({ reason: 'Injected', message: 'injected: no' }));
};

/** A cluster in memory, whose access reviews grant all; new for each run. */
const serveCluster = async () => {
  let serve = kubeListener(fakeKube().kube, []);
  const renew = (): void => {
    const { kube } = fakeKube({
      react: playContour,
      objects: [node, system, account],
      kinds,
      texts: { '/version': version, '/apis': groups },
    });
    const create: typeof kube.create = async (object, options) =>
      object.kind === 'SelfSubjectAccessReview'
        ? { ...object, status: { allowed: true } }
        : await kube.create(object, options);
    serve = kubeListener({ ...kube, create }, kinds);
  };
  const server = createServer((request, response) => {
    const how = failureOf('http', `${request.method} ${request.url}`);
    if (how === undefined) serve(request, response);
    else failRequest(how, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, renew, close: () => server.close() };
};

const limitMs = 20_000;
const mostOfOne = Number(process.env['FAULTS_CALLS'] ?? 30);

/** Every call where there are few, else some all over. */
const chosen = (count: number): readonly number[] =>
  count <= mostOfOne
    ? Array.from({ length: count }, (_, index) => index + 1)
    : Array.from({ length: mostOfOne }, (_, index) => 1 + Math.floor((index * count) / mostOfOne));

const dir = mkdtempSync(join(tmpdir(), 'tg-faults-'));
const [state, begun] = [join(dir, 'state'), join(dir, 'begun')];
const cluster = await serveCluster();
const kubeconfig = join(dir, 'kubeconfig');
const named = { name: 'c', cluster: { server: cluster.server }, user: {}, context: { cluster: 'c', user: 'c' } };
const file = { clusters: [named], users: [named], contexts: [named], 'current-context': 'c' };
writeFileSync(kubeconfig, JSON.stringify(file));
mkdirSync(begun, { recursive: true });
Object.assign(process.env, {
  ...{ HOME: dir, XDG_STATE_HOME: state, XDG_CACHE_HOME: join(dir, 'cache'), XDG_CONFIG_HOME: join(dir, 'config') },
  ...{ TASKGATE_TIMEOUTS_STAGE_SECONDS: '1', HTTPS_PROXY: 'http://127.0.0.1:1', KUBECONFIG: kubeconfig },
});
for (const name of Object.keys(process.env)) if (/^no_proxy$/i.test(name)) delete process.env[name];
process.chdir(dir);

// with Contour's manifest, where this machine has it, `up` comes further
const userCache = join(process.env['FAULTS_CACHE'] ?? '/nowhere', 'taskgate/items');
if (existsSync(userCache)) {
  for (const item of readdirSync(userCache).filter((one) => one.startsWith('contour-manifest'))) {
    cpSync(join(userCache, item), join(dir, 'cache/taskgate/items', item), { recursive: true });
  }
}

const { finishedInstance } = await import('../finished-instance.ts');
const attached = { context: 'c', allowContext: 'c', kubeconfigPaths: [kubeconfig] };
const instance = await finishedInstance(join(begun, 'taskgate'), 'dev', {});
const { cluster: made } = instance.record();
const here = { kubeconfigPath: join(state, 'taskgate/instances/dev/kubeconfig'), kubeContext: 'c', nodeName: 'node' };
await instance.change({
  ...{ provider: 'attach', attach: attached },
  ...(made && { cluster: { ...made, ...here, provider: 'attach' as const, nodeAddress: '127.0.0.1' } }),
});
writeFileSync(join(instance.dir, 'kubeconfig'), JSON.stringify(file));
writeFileSync(join(instance.dir, 'before.json'), JSON.stringify({ cluster: 'uid-1', crds: [], existed: [] }));

wrapNode();
const { main } = await import('../../../src/cli/main.ts');
process.setMaxListeners(0);
let uncaught: unknown;
process.on('uncaughtException', (error) => {
  uncaught = error;
});
process.on('unhandledRejection', (error) => {
  uncaught = error;
});

let said = '';
const { write } = process.stdout;
const print = (text: string): void => void write.call(process.stdout, `${text}\n`);
for (const stream of [process.stdout, process.stderr]) {
  stream.write = ((text: unknown) => {
    said += String(text);
    return true;
  }) as typeof stream.write;
}

type Outcome = { readonly code: number | 'hangs'; readonly said: string };

const runOnce = async (args: readonly string[], fault: Fault | undefined): Promise<Outcome> => {
  rmSync(state, { recursive: true, force: true });
  cpSync(begun, state, { recursive: true });
  cluster.renew();
  [said, uncaught] = ['', undefined];
  arm(fault);
  const late = new Promise<'hangs'>((resolve) => setTimeout(() => resolve('hangs'), limitMs).unref());
  const code = await Promise.race([main(args), late]);
  return { code: uncaught === undefined ? code : 70, said: uncaught instanceof Error ? (uncaught.stack ?? '') : said };
};

const attach = ['--provider', 'attach', '--context', 'c', '--allow-context', 'c'];
const commands: readonly (readonly string[])[] = [
  ['status'],
  ['status', '--json'],
  ['down'],
  ['smoke'],
  ['env'],
  ['exposure'],
  ['logs'],
  ['config', 'show'],
  ['config', 'account'],
  ['config', 'account', '--check-only', kubeconfig],
  ['tunnel', 'status'],
  [
    'tunnel',
    'up',
    '--name',
    'dev',
    '--master-reach',
    'ssh',
    '--ssh-host',
    '127.0.0.1',
    '--tunnel-allow-public',
    'true',
  ],
  ['tunnel', 'down'],
  ['up', '--name', 'dev', ...attach],
  ['up', '--name', 'new', ...attach],
];

/** Prints a line of JSON for each call that was made to fail, with its outcome. */
for (const args of commands.filter((one) => !process.argv[2] || one.join(' ').startsWith(process.argv[2]))) {
  const { code, said: words } = await runOnce(args, undefined);
  const counts = counted();
  print(JSON.stringify({ args, code, counts, ...(code === 70 && { said: words.slice(0, 2_000) }) }));
  for (const channel of ['fs', 'spawn', 'http'] as const) {
    for (const [index, nth] of chosen(counts[channel]).entries()) {
      const all = ways[channel];
      const some = process.env['FAULTS_ALL'] ? all : [0, 1].map((more) => all[(index * 2 + more) % all.length] ?? '');
      for (const how of some) {
        const outcome = await runOnce(args, { channel, nth, how });
        const isBad = outcome.code === 70 || outcome.code === 'hangs';
        const fault = { channel, nth, how, call: hit() };
        print(
          JSON.stringify({ args, fault, code: outcome.code, ...(isBad && { said: outcome.said.slice(0, 2_000) }) }),
        );
      }
    }
  }
}
cluster.close();
rmSync(dir, { recursive: true, force: true });
process.exit(0);
