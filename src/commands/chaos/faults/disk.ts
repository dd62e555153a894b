import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { instancePaths } from '../../../instance/paths.ts';
import { UserError } from '../../../lib/errors.ts';
import { readTextFile } from '../../../lib/files.ts';
import { parseFields } from '../../../lib/json.ts';
import { type Command, CommandError, type RunResult } from '../../../lib/process/runner.ts';
import type { CommandContext } from '../../../providers/context.ts';
import { ownProgram } from '../../command.ts';
import type { Fault } from './fault.ts';
import type { ReadInstance } from './node-process.ts';
import { notInjected } from './processes.ts';

const mark = '--- the record as it is now ---';

/**
 * In mount namespaces of its own: puts a small disk in place of the instance's folder, with copies of its files on it, its
 * folders and sockets as they are and no room left; runs a command; writes the record as it is after that.
 */
const script = `
dir=$1 base=$2; shift 2
mount -t tmpfs -o size=4m,mode=0700 tmpfs "$base"
mkdir -m 700 "$base/full"
for path in "$dir"/* ; do
  copy="$base/full/\${path##*/}"
  if [ -f "$path" ]; then cp -a "$path" "$copy"
  elif [ -d "$path" ]; then mkdir "$copy"; mount --rbind "$path" "$copy"
  elif [ -S "$path" ]; then : > "$copy"; mount --bind "$path" "$copy"
  fi
done
mount --rbind "$base/full" "$dir"
head -c 8m /dev/zero > "$base/rest" 2>/dev/null || :
if "$@"; then code=0; else code=$?; fi
echo; echo '${mark}'; cat "$dir/instance.json"; exit "$code"
`;

/** Runs a command line of taskgate where the disk of the instance's folder is full. */
const onFullDisk = (dir: string, base: string, args: readonly string[]): Command => [
  ...(['unshare', '--mount', '--propagation', 'private', '/bin/sh', '-euc', script, 'full', dir, base] as const),
  ...ownProgram,
  ...args,
];

const damaged = (what: string, seen: string): UserError =>
  new UserError(`on a full disk ${what}: ${seen}`, {
    id: 'proof.not-recovered',
    hint: 'this is a bug in taskgate, please report it with the output above',
  });

/** That a command that could not write has said why, by the id of its error. */
const fullIds = ['environment.state-folder', 'environment.system', 'artifact.disk-full'];

/** The id of the error that a command with --json ended with. */
const errorIdOf = (stderr: string): string | undefined => {
  const { error } = parseFields(stderr.trim().split('\n').at(-1) ?? '') as { error?: { id?: string } };
  return error?.id;
};

/**
 * Judges how a command ended on a full disk. True where it needed to write and said that it could not; false where it needed
 * no room. Throws UserError `proof.not-recovered` for anything else, and for a record that cannot be read any more. An error
 * of the id `former`, which the same command ended with before, is no matter of the disk.
 */
export const judgeFull = (
  what: 'up' | 'status',
  { exitCode, stdout, stderr }: RunResult,
  { record, former }: { readonly record: string; readonly former?: string | undefined },
): boolean => {
  const [, left = ''] = stdout.split(`${mark}\n`);
  const [was, is] = [parseFields(record), parseFields(left)];
  if (is.instanceId !== was.instanceId || !Array.isArray(is.journal)) {
    throw damaged(`${what} has damaged the record`, left.slice(0, 200) || 'it is empty');
  }
  if (exitCode === 0) return /ENOSPC|no space|disk .*full/i.test(stderr);
  const id = errorIdOf(stderr) ?? '';
  if (fullIds.includes(id)) return true;
  // it writes nothing, and may find the cluster unwell, or a Gateway whose listeners have just changed: whether that passes is
  // looked at afterwards
  if (what === 'status' && (/^(cluster|gateway)\./.test(id) || (id !== '' && id === former))) return false;
  throw damaged(`${what} ended with ${exitCode}`, stderr.slice(-400));
};

/** `up` and `status` run while no byte can be written into the instance's folder; the node itself goes on. */
export const fillDisk = (read: ReadInstance, { config, runner }: CommandContext): Fault => ({
  inject: async () => {
    const { dir } = await read();
    const record = await readTextFile(instancePaths(dir).recordPath, 2 ** 20);
    const base = await mkdtemp(join(tmpdir(), 'taskgate-full-'));
    const run = (command: Command): Promise<RunResult> =>
      runner(command).catch((error: unknown) => {
        if (!(error instanceof CommandError) || error.exitCode === undefined) throw error;
        return { exitCode: error.exitCode, stdout: error.stdout, stderr: error.stderr };
      });
    try {
      const named = ['--name', config.name, '--json'];
      const former = errorIdOf((await run([...ownProgram, 'status', ...named])).stderr);
      const isTold = judgeFull('up', await run(onFullDisk(dir, base, ['up', ...named])), { record });
      judgeFull('status', await run(onFullDisk(dir, base, ['status', ...named])), { record, former });
      if (!isTold) throw notInjected('up wrote nothing, or did not say that it could not');
    } finally {
      await rm(base, { recursive: true, force: true });
    }
    return {
      seen: 'up and status ran on a full disk',
      isBack: async () => {
        const { instanceId } = parseFields(await readTextFile(instancePaths(dir).recordPath, 2 ** 20));
        return instanceId === parseFields(record).instanceId || 'the record is damaged';
      },
    };
  },
});
