import { writeFileSync } from 'node:fs';
import { listenForSignals } from '../../../src/cli/signals.ts';
import { passOn, sudoCommand } from '../../../src/commands/sudo.ts';
import { Interrupted } from '../../../src/lib/process/interrupted.ts';
import { runInTerminal } from '../../../src/lib/process/runner.ts';

/**
 * A program that starts itself again by sudo as `up` does, and whose clean-up as root takes a while. Writes how far it came
 * into files of the folder in its first argument.
 */
const [dir = '', inner] = process.argv.slice(2);
const note = (name: string, text: string): void => writeFileSync(`${dir}/${name}`, text);
const controller = new AbortController();
listenForSignals(controller);

const workAsRoot = (): Promise<number> =>
  new Promise((resolve) => {
    const alive = setInterval(() => undefined, 1_000);
    controller.signal.addEventListener('abort', () => {
      const { reason } = controller.signal;
      note('begun', String(reason));
      setTimeout(() => {
        note('cleaned', String(reason));
        clearInterval(alive);
        resolve(reason instanceof Interrupted ? { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 }[reason.signal] : 70);
      }, 2_500);
    });
    note('ready', String(process.pid));
  });

const again = [process.execPath, import.meta.filename, dir, 'inner'];
const code = await (inner === undefined
  ? runInTerminal(sudoCommand(process.env, again), { signal: controller.signal, terminate: passOn })
  : workAsRoot());
if (inner === undefined) note('code', String(code));
process.exit(code);
