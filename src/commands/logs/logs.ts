import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { instancePaths, logPathOf } from '../../instance/paths.ts';
import { hasCode, UserError } from '../../lib/errors.ts';
import { plainJson, plainLines } from '../../lib/text/plain.ts';
import { type CommandInput, print, printJson, readMade } from '../command.ts';
import { getInstance } from '../open-instance.ts';

/** Where an `up` that sudo ran was killed, its logs are still root's. */
const refuseUnreadable = (path: string, program: 'ls' | 'cat') => (error: unknown) => {
  if (!hasCode(error, 'EACCES')) throw error;
  throw new UserError(`you may not read ${path}`, {
    id: 'environment.log-unreadable',
    hint: `root may: sudo ${program} ${path}`,
    cause: error,
  });
};

const logsIn = async (dir: string): Promise<readonly string[]> => {
  const names = await readdir(dir).catch((error) => {
    if (hasCode(error, 'ENOENT')) return [];
    return refuseUnreadable(dir, 'ls')(error);
  });
  return names
    .filter((name) => name.endsWith('.log'))
    .map((name) => name.slice(0, -'.log'.length))
    .toSorted();
};

const longestLine = 65_536;
/** Longer than what a runner takes as the beginning of a command. */
const heldBack = 8;

/** Whole lines of a text that comes in parts, since what stands at the start of a line counts. An endless line is cut. */
async function* wholeLines(parts: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = '';
  for await (const part of parts) {
    const text = rest + part;
    const end = text.lastIndexOf('\n') + 1;
    const cut = end === 0 && text.length > longestLine ? text.length - heldBack : end;
    yield text.slice(0, cut);
    rest = text.slice(cut);
  }
  yield rest;
}

/** Text that need not reach stdout whole: one that fails is reported by the program as a whole. False once it is closed. */
const writeSlowly = async (part: string | Buffer): Promise<boolean> => {
  if (!process.stdout.writable) return false;
  if (!process.stdout.write(part)) await once(process.stdout, 'drain').catch(() => undefined);
  return true;
};

/** A log as one JSON document: `{ "component": ..., "path": ..., "lines": [...] }`. */
const writeJson = async (component: string, path: string): Promise<void> => {
  const head = plainJson({ component, path }).slice(0, -1);
  if (!(await writeSlowly(`${head},"lines":[`))) return;
  let before = '\n';
  for await (const line of createInterface({
    input: createReadStream(path, 'utf8'),
    crlfDelay: Number.POSITIVE_INFINITY,
  })) {
    if (!(await writeSlowly(`${before}${plainJson(line)}`))) return;
    before = ',\n';
  }
  await writeSlowly('\n]}\n');
};

/** Copies a log to stdout: as it is, or with `show` for a reader that obeys what it reads. */
const copyToStdout = async (path: string, show: ((text: string) => string) | undefined): Promise<void> => {
  const source = createReadStream(path, show && 'utf8');
  const parts: AsyncIterable<string | Buffer> = show ? wholeLines(source) : source;
  for await (const part of parts) {
    if (!(await writeSlowly(typeof part === 'string' && show ? show(part) : part))) return;
  }
};

/**
 * Prints the log of one of an instance's processes, or the names of those that have one: byte for byte into files and
 * pipes, but for terminals and the log of a GitHub job without what those would obey; with --json its lines.
 */
export const logs = async (input: CommandInput, component: string | undefined): Promise<void> => {
  const { config, context } = await readMade(input);
  const { logsDir: dir } = instancePaths((await getInstance(context)).dir);
  const known = await logsIn(dir);
  if (component === undefined) return input.flags.json ? printJson(known, 0) : print(known.join('\n'));
  if (!known.includes(component)) {
    throw new UserError(`instance ${config.name} has no log of '${component}'`, {
      id: 'usage.no-log',
      hint: known.length > 0 ? `there are: ${known.join(', ')}` : 'it has no logs yet',
    });
  }
  const path = logPathOf(dir, component);
  const isObeyed = process.stdout.isTTY || input.invocation.env['GITHUB_ACTIONS'] === 'true';
  const written = input.flags.json ? writeJson(component, path) : copyToStdout(path, isObeyed ? plainLines : undefined);
  await written.catch(refuseUnreadable(path, 'cat'));
};
