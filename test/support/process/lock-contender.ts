import { rm, writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { withLock } from '../../../src/lib/process/lock.ts';

const [, , path = ''] = process.argv;
const options = { signal: new AbortController().signal, onWait: () => undefined, pollMs: 1 };

// fails when somebody else is inside, and dies with the lock, so that the next one has to take it over
await withLock(path, options, async () => {
  await writeFile(`${path}.inside`, '', { flag: 'wx' });
  await pause(5);
  await rm(`${path}.inside`);
  process.kill(process.pid, 'SIGKILL');
});
