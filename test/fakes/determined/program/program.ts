/**
 * A stand-in for Determined's program `determined-master` 0.38.1, for machines that cannot have it: the same flags, file, port, log lines
 * and REST calls as recorded from the real one, a real PostgreSQL, real tasks in the cluster. It is not Determined and contains nothing
 * of it. It says so in its log and for `--version`; its master id begins with `stand-in-`.
 */
import { Panic } from './cluster/watch.ts';
import { type Loaded, loadSettings } from './config/load.ts';
import { readCommandLine, renderHelp } from './flags.ts';
import { makeLog } from './log.ts';
import { runMaster } from './run.ts';
import { ownVersion, release } from './version.ts';

const write = (text: string): void => void process.stderr.write(text);
/** Go's exit code of a panic. */
const panicked = 2;
const early = makeLog({ level: 'info', color: true }, write);

const run = async ({ settings, printable, notes }: Loaded): Promise<number> => {
  const log = makeLog(settings.log, write);
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
  for (const note of notes) log.warn(note);
  log.info(`master configuration: ${printable}`);
  log.info(`Determined master ${release} (this is a stand-in of taskgate's tests, not Determined)`);
  try {
    await runMaster({ settings, log, signal: stop.signal });
  } catch (error) {
    if (error instanceof Panic) {
      write(`panic: ${error.message}\n\ngoroutine 1 [running]:\n`);
      return panicked;
    }
    if (!stop.signal.aborted) {
      log.error(error instanceof Error ? error.message : String(error));
      return 1;
    }
  }
  return 0;
};

const main = async (args: readonly string[]): Promise<number> => {
  const asked = readCommandLine(args, process.env);
  if (asked.command === 'version') {
    process.stdout.write(`determined-master version ${ownVersion} (a stand-in of taskgate's tests, not Determined)\n`);
    return 0;
  }
  if (asked.command === 'help') {
    process.stdout.write(renderHelp());
    return 0;
  }
  if (asked.command === 'refused') {
    write(`Error: ${asked.message}\n${renderHelp()}\n`);
    return 1;
  }
  try {
    return await run(loadSettings(asked.configFile, asked.given));
  } catch (error) {
    early.error(error instanceof Error ? error.message : String(error));
    return 1;
  }
};

process.exit(await main(process.argv.slice(2)));
