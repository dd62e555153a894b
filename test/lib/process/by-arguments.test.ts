import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { findByArguments } from '../../../src/lib/process/by-arguments.ts';

test('finds the processes with an argument, and no other', async () => {
  const mark = `mark-${process.pid}`;
  const child = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)', '--', mark]);
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  await once(child, 'spawn');
  const found = await findByArguments((args) => args.at(-1) === mark);
  expect(found).toEqual([expect.objectContaining({ pid: child.pid })]);
  expect(await findByArguments((args) => args.includes(`${mark}-other`))).toEqual([]);
});
