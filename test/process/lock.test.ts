import { spawn } from 'node:child_process';
import { chmod, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { withLock } from '../../src/lib/process/lock.ts';
import { execaRunner } from '../../src/lib/process/runner.ts';
import { inNamespaces, noNamespaces, openRoot, root, unprivileged } from '../support/process/user.ts';
import { temporaryDir } from '../support/temporary-dir.ts';

const options = { signal: new AbortController().signal, onWait: () => undefined, pollMs: 1 };

test('of many that find a stale lock one at a time holds it', async () => {
  for (let round = 0; round < 20; round++) {
    const path = join(await temporaryDir(), 'lock');
    await writeFile(path, '4194999 1 9c1d4a0e');
    let inside = 0;
    const work = async () => {
      inside++;
      await pause(1);
      return inside--;
    };
    const seen = await Promise.all(Array.from({ length: 12 }, () => withLock(path, options, work)));
    expect(seen).toEqual(seen.map(() => 1));
    expect(await readdir(join(path, '..'))).toEqual([]);
  }
});

/** Ends with the signal that ended the contender, or what it said. */
const contend = (path: string): Promise<string> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [
      join(import.meta.dirname, '..', 'support', 'process', 'lock-contender.ts'),
      path,
    ]);
    let said = '';
    child.stderr.on('data', (chunk) => {
      said += chunk;
    });
    child.on('close', (_, signal) => resolve(signal ?? said));
  });

test('processes that die with the lock are followed by one at a time', async () => {
  const path = join(await temporaryDir(), 'lock');
  const ends = await Promise.all(Array.from({ length: 8 }, () => contend(path)));
  expect(ends).toEqual(ends.map(() => 'SIGKILL'));
  expect(await readdir(join(path, '..'))).toEqual(['lock']);
});

/** Root holds the lock, and has a draft; then the user, who sees no processes of root, wants it. */
const inHiddenProc = (hidepid: number): string => `
mount --make-rprivate /; mount --bind '${root}' ${openRoot}; mount -o remount,hidepid=${hidepid} /proc
hold="$1 ${openRoot}/test/support/process/hold-lock.ts $2"
$hold 20000 > "$2.said" & holder=$!
for i in $(seq 100); do grep -q taken "$2.said" && break; sleep 0.1; done
cat "$2.said"; touch "$2.1.0badcafe"
${unprivileged.join(' ')} sh -c 'test ! -r /proc/1/stat && echo hidden; exec '"$hold 0"
kill $holder; ls "$2".1.*`;

test.skipIf(noNamespaces).each([1, 2])(
  `${noNamespaces}root's lock holds for a user whose /proc has hidepid=%i`,
  async (hidepid) => {
    const dir = await temporaryDir();
    await chmod(dir, 0o777);
    const command = ['--mount', '--pid', '--fork', '--kill-child=SIGKILL', '--mount-proc'];
    const script = ['sh', '-euc', inHiddenProc(hidepid), 'sh', process.execPath, join(dir, 'lock')];
    const { stdout } = await execa('unshare', [...command, ...script]);
    const [taken, hidden, second, draft] = stdout.split('\n');
    expect([taken, hidden]).toEqual([expect.stringMatching(/^taken by \d+$/), 'hidden']);
    expect(second).toBe(taken?.replace(/taken by (\d+)/, 'process $1 has it'));
    expect(draft).toBe(join(dir, 'lock.1.0badcafe'));
  },
);

test('drafts that killed processes left are removed, those of running ones stay', async () => {
  const dir = await temporaryDir();
  const path = join(dir, 'lock');
  await writeFile(`${path}.4194999.0badcafe`, '');
  await writeFile(`${path}.${process.pid}.0badcafe`, '');
  await writeFile(`${path}.other`, '');
  await withLock(path, options, async () => undefined);
  expect((await readdir(dir)).toSorted()).toEqual([`lock.${process.pid}.0badcafe`, 'lock.other']);
});

test.skipIf(noNamespaces)(
  `${noNamespaces}a full disk leaves no draft, a machine without /proc is told so`,
  async () => {
    const dir = await temporaryDir();
    const source = join(import.meta.dirname, '..', '..', 'src', 'lib', 'process', 'lock.ts');
    const code = `import { withLock } from '${source}';
    import { readdir } from 'node:fs/promises';
    const options = { signal: new AbortController().signal, onWait: () => undefined };
    const error = await withLock('${dir}/lock', options, async () => 'taken').catch((caught) => caught);
    console.log(JSON.stringify([error.code ?? error.id, await readdir('${dir}')]));`;
    const run = async (script: string): Promise<unknown> => {
      const [program = '', ...args] = [...inNamespaces(script), process.execPath, '--input-type=module', '-e', code];
      return JSON.parse((await execaRunner([program, ...args])).stdout);
    };
    const fill = `mount -t tmpfs -o size=64k none ${dir}; cat /dev/zero > ${dir}/filler || true`;
    expect(await run(fill)).toEqual(['ENOSPC', ['filler']]);
    expect(await run('mount --make-rprivate /; mount -t tmpfs none /proc')).toEqual(['environment.no-proc', []]);
  },
);
