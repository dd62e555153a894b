import { access, readFile, rm } from 'node:fs/promises';
import { $, echo } from 'zx';
import { provePackage } from './package/prove.ts';

type Report = { readonly numPassedTests: number; readonly numFailedTests: number };
type Count = { readonly passed: number; readonly failed: number };

$.verbose = true;
// no terminal in CI: every child sees plain output
$.env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' };

const startedAt = Date.now();
const heading = (title: string): void =>
  echo(`\n=== ${title} (${Math.round((Date.now() - startedAt) / 1_000)} s since the start)`);

/** A stage that is no test suite counts as one test: it passes or it fails. */
const stage = async (title: string, run: () => Promise<unknown>): Promise<Count> => {
  heading(title);
  try {
    await run();
    return { passed: 1, failed: 0 };
  } catch (error) {
    echo(error instanceof Error ? error.message : String(error));
    return { passed: 0, failed: 1 };
  }
};

/** `around`: a command that runs the suite's own in a place of its own. */
const suite = async (name: 'unit' | 'process' | 'e2e' | 'minikube', around: readonly string[] = []): Promise<Count> => {
  heading(`${name} tests`);
  const path = `reports/${name}.json`;
  await rm(path, { force: true });
  const { exitCode } =
    await $`${around} npx vitest run --project ${name} --reporter=default --reporter=json --outputFile.json=${path}`.nothrow();
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return { passed: 0, failed: 1 };
  const { numPassedTests, numFailedTests } = JSON.parse(text) as Report;
  // a suite that could not be read, or an error outside all tests, fails the run but is no failed test
  const failedOutside = exitCode !== 0 && numFailedTests === 0 ? 1 : 0;
  return { passed: numPassedTests, failed: numFailedTests + failedOutside };
};

const packages = [
  ['/usr/sbin/sshd', 'openssh-server'],
  ['/usr/sbin/nft', 'nftables'],
  ['/usr/sbin/iptables', 'iptables'],
  ['/usr/bin/sudo', 'sudo'],
  ['/usr/bin/busybox', 'busybox'],
] as const;

/** Debian's own packages that suites need a real program of; a machine that has them keeps what it has. */
const installPackages = async (): Promise<void> => {
  const missing: string[] = [];
  for (const [program, name] of packages) if (!(await exists(program))) missing.push(name);
  if (missing.length === 0) return;
  await $`apt-get update -qq && apt-get install -y -qq --no-install-recommends ${missing}`;
};

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** By this program's own Node.js: the machine's may be too old. */
const rig = [process.execPath, 'scripts/rig.ts', '--'];

const counts: Count[] = [];
counts.push(await stage('packages for the suites', installPackages));
counts.push(await stage('npm run lint, npm run typecheck', () => $`npm run lint && npm run typecheck`));
counts.push(await suite('unit'));
counts.push(await stage('README: npm run dev-cluster', () => $`npm run dev-cluster`));
counts.push(await stage('README: npx taskgate status', () => $`npx taskgate status`));
counts.push(await stage('README: npm run smoke', () => $`npm run smoke`));
counts.push(await stage('README: npm run dev-cluster:down', () => $`npm run dev-cluster:down`));
counts.push(await stage('the package: installed in an empty folder, up to a proof', () => provePackage(echo)));
counts.push(await suite('process'));
counts.push(await suite('e2e'));
counts.push(await stage('the rig for real Minikube', () => $`${rig} minikube version`));
counts.push(await suite('minikube', rig));

const sum = (key: keyof Count): number => counts.reduce((total, count) => total + count[key], 0);
heading('done');
echo(`${sum('passed')} passed, ${sum('failed')} failed`);
process.exitCode = sum('failed') === 0 && sum('passed') > 0 ? 0 : 1;
