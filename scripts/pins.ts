import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeNetwork } from '../src/artifacts/store/network.ts';
import { digests } from '../src/config/digests.ts';
import { xdgDirs } from '../src/config/load.ts';
import { pins } from '../src/config/versions.ts';
import { execaRunner } from '../src/lib/process/runner.ts';
import { listEntries, type Sums } from './pins/entries.ts';
import { runPins } from './pins/main.ts';
import { makePublishers } from './pins/publishers.ts';
import { kindPins, rigPins } from './rig/pins.ts';

const root = join(import.meta.dirname, '..');

const sumOf = async (folder: string, module: string, version: string): Promise<Sums> => {
  const text = await readFile(join(root, 'templates/go', folder, 'go.sum'), 'utf8');
  const line = text.split('\n').find((each) => each.startsWith(`${module} ${version} `));
  return { [folder]: { name: `${module}@${version}`, sum: line?.split(' ')[2] } };
};

const sums = await Promise.all([
  sumOf('kubernetes', 'k8s.io/kubernetes', pins.kubernetes.version),
  sumOf('etcd', 'go.etcd.io/etcd/server/v3', pins.etcd.version),
  sumOf('coredns', 'github.com/coredns/coredns', pins.coredns.version),
  sumOf('contour', 'github.com/projectcontour/contour', pins.contour.version),
]);
const table = {
  pins,
  digests,
  modules: [rigPins.minikube, rigPins.crictl, kindPins.program],
  sums: Object.assign({}, ...sums) as Sums,
};
const cwd = await mkdtemp(join(tmpdir(), 'taskgate-pins-'));
try {
  const network = makeNetwork({ proxyEnv: process.env }, new AbortController().signal);
  const goModCache = join(xdgDirs(process.env).cacheDir, 'go', 'mod');
  const publishers = makePublishers({ network, runner: execaRunner, goModCache, cwd });
  const file = join(root, 'src/config/digests.ts');
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  process.exitCode = await runPins({
    ...{ args: process.argv.slice(2), file, say, publishers },
    entries: listEntries(table, publishers),
  });
} finally {
  await rm(cwd, { recursive: true, force: true });
}
