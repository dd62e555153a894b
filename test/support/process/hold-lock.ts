import { setTimeout as pause } from 'node:timers/promises';
import { withLock } from '../../../src/lib/process/lock.ts';

const [, , path = '', ms = '0'] = process.argv;
const onWait = (pid: number): never => {
  process.stdout.write(`process ${pid} has it\n`);
  process.exit(0);
};

// says who has the lock: this process, for so many milliseconds, or another one
await withLock(path, { signal: new AbortController().signal, onWait, pollMs: 1 }, async () => {
  process.stdout.write(`taken by ${process.pid}\n`);
  await pause(Number(ms));
});
