import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cgroupPaths, parseHierarchies } from '../../src/cluster/native/isolation/cgroups.ts';
import { findLeftover } from '../../src/cluster/native/leftover.ts';
import { instanceHash } from '../../src/cluster/native/link.ts';
import { findOverlayProblem } from '../../src/cluster/native/machine/snapshotter.ts';
import { tryNode } from '../../src/cluster/native/machine/trial.ts';
import { isThere } from '../../src/lib/files.ts';
import { type Command, execaRunner, type Runner } from '../../src/lib/process/runner.ts';
import { noNamespaces } from '../support/process/user.ts';
import { temporaryDir } from '../support/temporary-dir.ts';

/** Runs every command behind another one, such as with fewer rights. */
const behind =
  (prefix: readonly string[]): Runner =>
  (command, options) =>
    execaRunner([...prefix, ...command] as unknown as Command, options);

const tryIn = async (folder: string, runner: Runner, signal = new AbortController().signal) => {
  const hierarchies = parseHierarchies(await readFile('/proc/self/mountinfo', 'utf8'));
  const started = performance.now();
  const problem = await tryNode({ folder, instanceDir: folder, hierarchies, unshare: 'unshare', runner, signal });
  const paths = cgroupPaths(hierarchies, `trial-${instanceHash(folder)}`);
  const left = await Promise.all(paths.map(isThere));
  return { problem, left: paths.filter((_, index) => left[index]), tookMs: performance.now() - started };
};

const without = (capability: string) => [...['setpriv', `--bounding-set=-${capability}`, `--inh-caps=-${capability}`]];

describe.skipIf(noNamespaces)(`${noNamespaces}the trial of a node`, () => {
  test('passes where a node can run, within 2 seconds, and leaves nothing', async () => {
    const folder = await temporaryDir();
    const mounts = await readFile('/proc/self/mountinfo', 'utf8');
    const { problem, left, tookMs } = await tryIn(folder, execaRunner);
    expect({ problem, left }).toEqual({ problem: undefined, left: [] });
    expect(tookMs).toBeLessThan(2_000);
    expect(await readFile('/proc/self/mountinfo', 'utf8')).toBe(mounts);
    expect(await readdir(folder)).toEqual(['logs', 'node']);
    expect(await readdir('/sys/class/net')).not.toContain('tg-trial0');
  });

  test.each([
    ['sys_admin', 'unshare: unshare failed: Operation not permitted'],
    // a container with SYS_ADMIN only
    ['net_admin', 'RTNETLINK answers: Operation not permitted'],
  ])('without CAP_%s it says what is refused', async (capability, problem) => {
    const found = await tryIn(await temporaryDir(), behind(without(capability)));
    expect(found).toMatchObject({ problem, left: [] });
  });

  test('an interrupt ends it at once, whatever hangs in it, and nothing is left', async () => {
    const folder = await temporaryDir();
    const stop = new AbortController();
    const hanging: Runner = ([...command], options) => {
      const script = command.findLastIndex((word) => word.startsWith('set -e'));
      return execaRunner(command.with(script, 'sleep 60; true') as unknown as Command, options);
    };
    const started = performance.now();
    setTimeout(() => stop.abort(new Error('SIGINT')), 500);
    await expect(tryIn(folder, hanging, stop.signal)).rejects.toThrow('SIGINT');
    expect(performance.now() - started).toBeLessThan(4_000);
    expect(await findLeftover('dev', folder)).toEqual([]);
  });

  test('a folder with blanks and quotes in its name is none in the way', async () => {
    const folder = join(await temporaryDir(), "it's a home");
    await mkdir(folder);
    expect(await tryIn(folder, execaRunner)).toMatchObject({ problem: undefined, left: [] });
  });
});

describe.skipIf(noNamespaces)(`${noNamespaces}an overlay in the state folder`, () => {
  test('works on a file system of a disk', async () => {
    const folder = await mkdtemp('/var/tmp/tg-overlay-');
    expect(await findOverlayProblem(folder, execaRunner)).toBeUndefined();
    expect(await readdir(folder)).toEqual([]);
    await rm(folder, { recursive: true });
  });

  test('does not work on another overlay, as the home of a container is one', async () => {
    const folder = await mkdtemp('/var/tmp/tg-overlay-');
    const source = join(import.meta.dirname, '..', '..', 'src');
    const program = `
      const { findOverlayProblem } = await import('${source}/cluster/native/machine/snapshotter.ts');
      const { execaRunner } = await import('${source}/lib/process/runner.ts');
      console.log(await findOverlayProblem('home', execaRunner));`;
    const script =
      'mkdir lower upper work home && mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work overlay home && exec "$@"';
    const command: Command = ['unshare', '--mount', 'sh', '-c', script, 'home'];
    const node = [process.execPath, '--input-type=module', '--eval', program];
    const { stdout } = await execaRunner([...command, ...node], { cwd: folder });
    expect(stdout).toMatch(/wrong fs type|invalid argument/i);
    await rm(folder, { recursive: true });
  });
});
