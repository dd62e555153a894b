import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ignoreAbsence } from '../../src/lib/files.ts';
import { findProcess } from '../../src/lib/process/processes.ts';
import { makeSudoer, noSudo } from '../support/process/sudoer.ts';
import { openRepository, throughOpenRoot } from '../support/process/user.ts';

const program = join(import.meta.dirname, '..', 'support', 'process', 'sudo-run.ts');

/** A user's run on a terminal of its own, which goes on as root by sudo. */
const startRun = async (usePty: boolean) => {
  const { name, dir, remove } = await makeSudoer(usePty);
  const command = `exec '${throughOpenRoot(process.execPath)}' '${throughOpenRoot(program)}' '${dir}'`;
  const asUser = ['setpriv', `--reuid=${name}`, '--regid=65534', '--init-groups'];
  const [first = '', ...args] = [...openRepository.prefix, ...asUser, 'script', '-qfec', command, '/dev/null'];
  const env = { PATH: process.env['PATH'], HOME: dir, TERM: 'xterm', TMPDIR: process.env['TMPDIR'] };
  const terminal: ChildProcess = spawn(first, args, { stdio: ['pipe', 'ignore', 'ignore'], env, cwd: dir });
  onTestFinished(async () => {
    terminal.kill('SIGKILL');
    const root = Number(await readNote('ready'));
    if (root > 0 && (await findProcess(root))) process.kill(root, 'SIGKILL');
    await pause(200);
    await remove();
  });
  const readNote = (note: string): Promise<string | undefined> =>
    readFile(join(dir, note), 'utf8').catch(ignoreAbsence);
  const until = (note: string) => expect.poll(() => readNote(note), { timeout: 60_000, interval: 50 });
  await until('ready').toBeDefined();
  return { terminal, readNote, until };
};

describe.skipIf(noSudo)(`${noSudo}a run that sudo has made root's`, () => {
  describe.each([
    ['with use_pty', true],
    ['without use_pty', false],
  ])('%s', (_, usePty) => {
    test('one Ctrl-C lets its clean-up end: exit 130', async () => {
      const { terminal, until } = await startRun(usePty);
      terminal.stdin?.write('\x03');
      await until('cleaned').toBe('Interrupted: interrupted by SIGINT');
      await until('code').toBe('130');
    });

    test('a terminal that is closed cleans up: SIGHUP, exit 129', async () => {
      const { terminal, until } = await startRun(usePty);
      terminal.kill('SIGKILL');
      await until('cleaned').toBe('Interrupted: interrupted by SIGHUP');
    });

    test('a second Ctrl-C after more than a second ends it at once', async () => {
      const { terminal, readNote, until } = await startRun(usePty);
      terminal.stdin?.write('\x03');
      await until('begun').toBeDefined();
      await pause(1_300);
      terminal.stdin?.write('\x03');
      await pause(2_500);
      expect(await readNote('cleaned')).toBeUndefined();
    });
  });
});
