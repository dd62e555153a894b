import type { SshSpec } from '../../instance/tunnels.ts';
import { withoutUndefined } from '../../lib/defined.ts';
import { UserError } from '../../lib/errors.ts';
import { writeFileAtomically } from '../../lib/files.ts';
import { type Command, CommandError } from '../../lib/process/runner.ts';
import { inspectCommand, neverAsk, parseHost, type SshHost, versionCommand } from './command.ts';
import { makeConfig, parseSettings } from './config.ts';
import { sshError } from './errors.ts';
import type { SshTools } from './process.ts';

const inspectMs = 10_000;

/** The oldest OpenSSH that tells its settings (-G) and has jump hosts, and the oldest that accepts new host keys alone. */
const oldest = { any: 7.3, acceptNew: 7.6 } as const;

const old = (what: string, hint: string) => new UserError(what, { id: 'tunnel.ssh-old', hint });

/**
 * The error for a program that is no OpenSSH, or one that is too old, by what `ssh -V` prints; undefined for one that will
 * do, and for one of another maker that does not say which OpenSSH it is made of.
 */
export const findUnfitSsh = (text: string, { program, hostKeyPolicy }: SshSpec): UserError | undefined => {
  const said = text.trim().split('\n')[0] ?? '';
  if (/dropbear|plink|putty|lsh/i.test(said)) {
    const hint = 'install the OpenSSH client (Debian, Alpine: openssh-client), or name it by ssh.program';
    return old(`${program} is ${said}, but a tunnel needs OpenSSH's client`, hint);
  }
  const version = Number(/OpenSSH\D*(\d+\.\d+)/.exec(said)?.[1] ?? oldest.acceptNew);
  if (version < oldest.any) {
    return old(
      `${program} is ${said}, but a tunnel needs OpenSSH ${oldest.any} or newer`,
      'update it, or name another one by ssh.program',
    );
  }
  if (version < oldest.acceptNew && hostKeyPolicy === 'accept-new') {
    const hint =
      'connect once by hand, compare the fingerprint, and set ssh.hostKeyPolicy to yes (--ssh-host-key-policy yes)';
    return old(
      `${program} is ${said}, which cannot accept new host keys and refuse changed ones (accept-new, OpenSSH 7.6)`,
      hint,
    );
  }
  return undefined;
};

const missing = (program: string, { message }: CommandError): UserError =>
  new UserError(
    /ENOENT/.test(message) ? `The program ${program} was not found` : `${program} cannot be run: ${message}`,
    {
      id: 'tunnel.ssh-missing',
      hint: 'install the OpenSSH client (Debian, Alpine: openssh-client), or name it by ssh.program',
    },
  );

/** The line of a file at which ssh ends, if its error names one. */
const findLine = (error: unknown): number | undefined => {
  const [, line] =
    error instanceof CommandError && error.exitCode !== undefined ? (/\bline (\d+):/.exec(error.stderr) ?? []) : [];
  return line === undefined ? undefined : Number(line);
};

const linesToDrop = 8;

/** Writes the file, without lines that this ssh prints as its settings and does not take itself. */
const writeConfig = async (path: string, text: string, check: () => Promise<unknown>): Promise<readonly string[]> => {
  const lines = text.split('\n');
  const dropped: string[] = [];
  for (;;) {
    await writeFileAtomically(path, lines.join('\n'));
    try {
      await check();
      return dropped;
    } catch (error) {
      const line = findLine(error);
      if (line === undefined || dropped.length === linesToDrop) throw error;
      dropped.push(...lines.splice(line - 1, 1));
    }
  }
};

type Inspected = { readonly host: SshHost; readonly configPath: string };

/**
 * Reads the settings that the user's ssh has for the host, and writes those that a tunnel keeps to a file of its own.
 * Throws `tunnel.ssh-missing`, `tunnel.ssh-old` or `tunnel.ssh-config`. Tested in test/tunnel/ssh/ssh.test.ts, too.
 */
export const inspectSsh = async (
  spec: SshSpec,
  {
    configPath,
    tools,
    signal,
  }: { readonly configPath: string; readonly tools: SshTools; readonly signal: AbortSignal },
): Promise<Inspected> => {
  const env = withoutUndefined({ ...tools.env, ...neverAsk });
  const run = (command: Command) => tools.runner(command, { env, timeoutMs: inspectMs, signal });
  try {
    // another program of this name may not know the option, and then says what it is
    const said = await run(versionCommand(spec)).catch((error: unknown) => {
      if (error instanceof CommandError && error.exitCode !== undefined) return error;
      throw error;
    });
    const unfit = findUnfitSsh(said.stderr || said.stdout, spec);
    if (unfit) throw unfit;
    const [own, none] = await Promise.all([run(inspectCommand(spec, 'user')), run(inspectCommand(spec, 'none'))]);
    const { text, leftOut } = makeConfig(parseSettings(own.stdout), parseSettings(none.stdout), spec);
    if (leftOut.length > 0) tools.onLine?.(`not for a tunnel, left out of your settings: ${leftOut.join(', ')}`);
    const check = () => run([spec.program, '-G', '-N', '-F', configPath, '--', spec.host]);
    const dropped = await writeConfig(configPath, text, check);
    if (dropped.length > 0) tools.onLine?.(`not taken by this ssh: ${dropped.join('; ').trim()}`);
    return { host: parseHost(own.stdout), configPath };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof CommandError)) throw error;
    const { exitCode, timedOut, stderr } = error;
    if (exitCode === undefined && !timedOut) throw missing(spec.program, error);
    const how = timedOut ? `-G gave no answer in ${inspectMs / 1_000}s` : `-G exited with ${exitCode}`;
    throw sshError({ spec, host: parseHost(''), lines: stderr.split('\n'), how });
  }
};
