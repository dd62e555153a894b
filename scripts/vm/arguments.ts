import { parseArgs } from 'node:util';
import { messageOf, UserError } from '../../src/lib/errors.ts';
import { vmPins } from './pins.ts';

export const usage = `Usage: npm run vm -- up | ssh [COMMAND...] | test [FILE...] | run COMMAND... | scenario [NAME...]
       Options before the word: --memory-mib N, --cpus N, --online

Runs the native provider in a virtual machine of its own: Debian with systemd and cgroup v2 alone, a user \`dev\` with
password-less sudo, a copy of this checkout and of the cache of artifacts. The machine ends with this program.

  up        starts a machine and keeps it until Ctrl-C
  ssh       logs in to the machine that \`up\` keeps, or runs a command there
  test      runs the suite of native clusters, or some of its files, as root
  run       runs a command in the checkout's folder as \`dev\`
  scenario  runs the scenarios, or those of the given names, each in a machine of its own

The machine has no network but its sshd, unless --online is given: then it reaches what this host reaches.
Needs qemu-system-x86, qemu-utils, e2fsprogs, openssh-client; to build the disk, once, also root and Debian's apt.
`;

const verbs = ['up', 'ssh', 'test', 'run', 'scenario'] as const;
export type Verb = (typeof verbs)[number];

export type VmArguments = {
  readonly verb: Verb;
  readonly rest: readonly string[];
  readonly memoryMiB: number;
  readonly cpus: number;
  readonly isOnline: boolean;
};

const wrong = (message: string): UserError =>
  new UserError(message, { id: 'usage.command-line', hint: '`npm run vm -- --help` shows the usage' });

const parseCount = (name: string, text: string): number => {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  throw wrong(`--${name} is ${text}, which is no whole number above 0`);
};

const isVerb = (word: string | undefined): word is Verb => (verbs as readonly (string | undefined)[]).includes(word);

const parseOptions = (args: readonly string[]) => {
  const options = {
    'memory-mib': { type: 'string', default: String(vmPins.memoryMiB) },
    cpus: { type: 'string', default: String(vmPins.cpus) },
    online: { type: 'boolean', default: false },
  } as const;
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw wrong(messageOf(error));
  }
};

/** Options, then a word, then its own arguments. Throws UserError `usage.command-line`. */
export const parseVmArguments = (args: readonly string[]): VmArguments => {
  const at = args.findIndex((word) => isVerb(word));
  const verb = args[at];
  if (!isVerb(verb)) throw wrong(`none of ${verbs.join(', ')} is given`);
  const values = parseOptions(args.slice(0, at));
  const given = args.slice(at + 1);
  const rest = given[0] === '--' ? given.slice(1) : given;
  if (verb === 'run' && rest.length === 0) throw wrong('run needs a command');
  return {
    verb,
    rest,
    memoryMiB: parseCount('memory-mib', values['memory-mib']),
    cpus: parseCount('cpus', values.cpus),
    isOnline: values.online,
  };
};
