import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { type Command, CommandError, execaRunner } from '../../../src/lib/process/runner.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';

const command: Command = ['minikube', 'start'];
const stderr = ['one', 'two', 'three', 'four', 'five', 'six'].join('\n');

test.each<readonly [details: ConstructorParameters<typeof CommandError>[1], message: string]>([
  [{ exitCode: 3 }, 'minikube start exited with 3'],
  [{ exitCode: 3, stderr: 'no daemon\n' }, 'minikube start exited with 3: no daemon'],
  [{ exitCode: 1, stderr }, 'minikube start exited with 1: two\nthree\nfour\nfive\nsix'],
  [{ timedOut: true, exitCode: 1 }, 'minikube start timed out'],
  [{ reason: 'spawn minikube ENOENT' }, 'minikube start spawn minikube ENOENT'],
  [{}, 'minikube start was terminated'],
])('the message of a failed command: %j', (details, message) => {
  expect(new CommandError(command, details)).toMatchObject({ message, name: 'CommandError', command });
});

describe('bytes for stdin', () => {
  const text = async function* (...parts: readonly string[]) {
    // always in the same memory
    const buffer = Buffer.alloc(100_000);
    for (const part of parts) {
      buffer.fill(part);
      yield buffer;
    }
  };

  test('all of them arrive, also where one memory is used again and again', async () => {
    const script = 'tr -d "\\n" | fold -b -w 100000 | cut -b 1,100000';
    const { stdout } = await execaRunner(['sh', '-c', script], { input: text('a', 'b', 'c') });
    expect(stdout.split('\n')).toEqual(['aa', 'bb', 'cc']);
  });

  test('where they fail, the command sees their end and ends itself, and their error is thrown', async () => {
    const dir = await temporaryDir();
    const failing = async function* () {
      yield* text('a');
      throw new Error('cut off');
    };
    const running = execaRunner(['sh', '-c', `wc -c > ${dir}/count; exit 3`], { input: failing() });
    await expect(running).rejects.toThrow('cut off');
    expect((await readFile(`${dir}/count`, 'utf8')).trim()).toBe('100000');
  });

  test('a command that reads none of them ends as it does, and no more are asked for', async () => {
    let asked = 0;
    const endless = async function* () {
      for (;;) {
        asked++;
        yield Buffer.alloc(100_000);
      }
    };
    expect(await execaRunner(['true'], { input: endless() })).toMatchObject({ exitCode: 0 });
    await expect(execaRunner(['sh', '-c', 'exit 4'], { input: endless() })).rejects.toMatchObject({ exitCode: 4 });
    expect(asked).toBeLessThan(100);
  });
});
