import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { type Ending, judgeSuite, type Verdict } from '../../scripts/ci/judge.ts';
import { filesOf, readEvents, runStage, type Stage } from '../../scripts/ci/run-stage.ts';
import { makeSuite } from '../support/ci/suite.ts';
import { runDir, temporaryDir } from '../support/temporary-dir.ts';

const rules = { suite: 'made', least: 1, files: ['a.test.js'], allowedSkips: [] };

const runSuite = async (stage: Stage): Promise<{ readonly ending: Ending; readonly verdict: Verdict }> => {
  const files = filesOf(await temporaryDir(), stage);
  const ending = await runStage(stage, files, new AbortController().signal);
  return { ending, verdict: judgeSuite(await readEvents(files), ending, rules) };
};

/** A zombie that nobody has waited for yet has ended, too. */
const isGone = (pid: number): boolean => {
  const path = `/proc/${pid}/stat`;
  return !existsSync(path) || readFileSync(path, 'utf8').includes(') Z ');
};

/** A program that does not end by SIGTERM, starts another in a session of its own, and writes both pids to a file. */
const stubborn = (path: string): string => `
  process.on('SIGTERM', () => undefined);
  const { spawn } = require('node:child_process');
  const code = "process.on('SIGTERM', () => undefined); setInterval(() => undefined, 1000)";
  const child = spawn(process.execPath, ['-e', code], { detached: true, stdio: 'ignore' });
  require('node:fs').writeFileSync('${path}', process.pid + ' ' + child.pid);
  setInterval(() => undefined, 1000);`;

const readPids = async (path: string): Promise<readonly number[]> =>
  (await readFile(path, 'utf8')).split(' ').map(Number);

describe('what a suite of Vitest shows', () => {
  test('passed, failed, skipped and retried tests by full name; hooks that fail', async () => {
    const stage = await makeSuite({
      'a.test.js': `
        let tries = 0;
        describe('group', () => {
          test('passes', () => expect(1).toBe(1));
          test.skip('is skipped', () => undefined);
          test('is retried', { retry: 1 }, () => expect(++tries).toBe(2));
        });
        test('fails', () => expect(1).toBe(2));`,
      'b.test.js': `
        describe('hook', () => {
          beforeAll(() => { throw new Error('no cluster'); });
          test('never runs', () => undefined);
        });`,
    });
    const { verdict } = await runSuite(stage);
    expect(verdict.problems.toSorted()).toEqual([
      'b.test.js > hook: no cluster',
      'failed: a.test.js > fails',
      'skipped, and not on the list: a.test.js > group > is skipped',
      'skipped, and not on the list: b.test.js > hook > never runs',
    ]);
    expect(verdict).toMatchObject({ passed: 2, failed: 4, skipped: 2, retried: ['a.test.js > group > is retried'] });
  });

  test.each([
    [
      'a file that cannot be loaded',
      'import "./not-there.js"; test("a", () => undefined);',
      /^b\.test\.js: .*not-there/,
    ],
    ['a rejection that nothing handled', 'test("a", () => { Promise.reject(new Error("lost")); });', /all tests: lost/],
    ['a process that ends its run', 'test("a", () => process.kill(process.ppid, "SIGKILL"));', /before its report did/],
  ])('%s', async (_, text, problem) => {
    const good = 'test("good", () => undefined);';
    const { verdict } = await runSuite(await makeSuite({ 'a.test.js': good, 'b.test.js': text }));
    expect(verdict.failed).toBe(1);
    expect(verdict.problems).toEqual([expect.stringMatching(problem)]);
  });

  test('at its limit it is ended, and what was running is named', async () => {
    const text = 'test("ends", () => undefined); test("hangs", () => new Promise(() => undefined), 1e6);';
    const { ending, verdict } = await runSuite(await makeSuite({ 'a.test.js': text }, 20));
    expect(ending).toEqual({ how: 'limit', seconds: 20 });
    expect(verdict.problems).toEqual(['ended at its limit of 20 s; running: a.test.js > hangs']);
    expect(verdict).toMatchObject({ passed: 1, failed: 1 });
  });
});

const runCi = (reportsDir: string, stages: readonly Stage[], seconds = 600) =>
  execa(
    process.execPath,
    [join(import.meta.dirname, '../support/process/ci-run.ts'), reportsDir, JSON.stringify(stages), String(seconds)],
    { reject: false, forceKillAfterDelay: false },
  );

const node = (key: string, code: string, limitSeconds = 60): Stage => ({
  key,
  title: `stage ${key}`,
  command: [process.execPath, '-e', code],
  limitSeconds,
});

describe('a run', () => {
  test('goes on after a stage that hangs, whose processes are gone in every session', async () => {
    const dir = await temporaryDir();
    const pids = join(dir, 'pids');
    const stages = [node('hangs', stubborn(pids), 3), node('speaks', 'console.log("the output")')];
    const { stdout, exitCode } = await runCi(dir, stages);
    expect(stdout).toMatch(/stage speaks: 1 passed[^\n]*\nthe output\n/);
    expect(stdout).toContain('stage hangs: ended at its limit of 3 s');
    expect(stdout.split('\n').at(-1)).toBe('1 passed, 1 failed');
    expect(exitCode).toBe(1);
    expect((await readPids(pids)).map(isGone)).toEqual([true, true]);
  });

  test('a stage that makes no nodes leaves those of other suites alone when it is ended', async () => {
    const dir = await temporaryDir();
    const others = await runDir('e2e');
    const folder = join(others, 'taskgate/instances/other');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'instance.json'), '{"provider":"native"}');
    const { stdout } = await runCi(dir, [node('hangs', stubborn(join(dir, 'pids')), 3)]);
    expect(stdout).toContain('stage hangs: ended at its limit of 3 s');
    expect(await readFile(join(dir, 'hangs.log'), 'utf8')).toBe('');
    await rm(others, { recursive: true });
  });

  test.each([
    'SIGTERM',
    'SIGINT',
  ] as const)('%s ends what runs, and the counts are still the last line', async (name) => {
    const dir = await temporaryDir();
    const pids = join(dir, 'pids');
    const run = runCi(dir, [node('good', ''), node('hangs', stubborn(pids)), node('later', '')]);
    await expect.poll(() => readPids(pids).catch(() => []), { timeout: 20_000 }).toHaveLength(2);
    run.kill(name);
    const { stdout, exitCode } = await run;
    expect(stdout).toMatch(/stage hangs: interrupted\n\s+stage later: not run\n/);
    expect(stdout.split('\n').at(-1)).toBe('1 passed, 2 failed');
    expect(exitCode).toBe(1);
    expect((await readPids(pids)).map(isGone)).toEqual([true, true]);
  });

  test('the limit of the whole run ends what runs, and the counts are still the last line', async () => {
    const dir = await temporaryDir();
    const pids = join(dir, 'pids');
    const { stdout, exitCode } = await runCi(
      dir,
      [node('good', ''), node('hangs', stubborn(pids)), node('later', '')],
      20,
    );
    expect(stdout).toMatch(/stage hangs: ended at the limit of the whole run of 84 min\n\s+stage later: not run\n/);
    expect(stdout.split('\n').at(-1)).toBe('1 passed, 2 failed');
    expect(exitCode).toBe(1);
    expect((await readPids(pids)).map(isGone)).toEqual([true, true]);
  });

  test('a program that is not there', async () => {
    const dir = await temporaryDir();
    const stage: Stage = { key: 'none', title: 'none', command: ['/no/such/program'], limitSeconds: 9 };
    expect((await runCi(dir, [stage])).stdout.split('\n').at(-1)).toBe('0 passed, 1 failed');
  });

  test('all good', async () => {
    const { stdout, exitCode } = await runCi(await temporaryDir(), [node('good', '')]);
    expect(stdout.split('\n').at(-1)).toBe('1 passed, 0 failed');
    expect(exitCode).toBe(0);
  });
});
