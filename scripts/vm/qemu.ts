import { join } from 'node:path';
import { UserError } from '../../src/lib/errors.ts';
import { isThere } from '../../src/lib/files.ts';
import { type Command, CommandError, type Runner } from '../../src/lib/process/runner.ts';
import { imageFiles } from './image.ts';

const qemu = 'qemu-system-x86_64';

export type Acceleration = {
  readonly name: string;
  readonly args: readonly string[];
  /** Some ten times slower than the machine itself. */
  readonly isSlow: boolean;
};

const tcg: Acceleration = { name: 'TCG', args: ['-accel', 'tcg,thread=multi', '-cpu', 'max'], isSlow: true };

/** The best first. */
const kvms: readonly Acceleration[] = [
  { name: 'KVM', args: ['-accel', 'kvm', '-cpu', 'host'], isSlow: false },
  // some hosts of virtual machines show IA32_ARCH_CAPABILITIES (0x10a) and refuse to set it: qemu aborts
  { name: 'KVM without arch-capabilities', args: ['-accel', 'kvm', '-cpu', 'host,-arch-capabilities'], isSlow: false },
];

const plainMachine = ['-machine', 'q35', '-nodefaults', '-no-user-config', '-display', 'none'] as const;

const bootArgs = (imageDir: string, line: string): readonly string[] => [
  ...['-kernel', join(imageDir, imageFiles.kernel), '-initrd', join(imageDir, imageFiles.initrd)],
  ...['-append', line],
];

/** Starts the kernel, which finds no disk, and ends with its first panic. */
export const trialCommand = ({ args }: Acceleration, imageDir: string): Command => [
  ...([qemu, ...plainMachine, ...args, '-m', '512', '-no-reboot', '-serial', 'stdio'] as const),
  ...bootArgs(imageDir, 'console=ttyS0 earlyprintk=serial rdinit=/none root=/none panic=-1'),
];

const trialMs = 20_000;

/**
 * Whether a kernel gets to its first words in time: a machine that has /dev/kvm may itself be a virtual one whose host
 * emulates instruction by instruction what a kernel does before it knows of that, which takes minutes.
 */
const works = async (command: Command, runner: Runner, signal: AbortSignal): Promise<boolean> => {
  let hasSpoken = false;
  const spoken = new AbortController();
  const onLine = (line: string) => {
    hasSpoken ||= line.includes('Linux version');
    if (hasSpoken) spoken.abort();
  };
  try {
    await runner(command, { timeoutMs: trialMs, signal: AbortSignal.any([signal, spoken.signal]), onLine });
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof CommandError)) throw error;
  }
  return hasSpoken;
};

const verifyQemu = async (runner: Runner, signal: AbortSignal): Promise<void> => {
  try {
    await runner([qemu, '--version'], { signal, timeoutMs: 30_000 });
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof CommandError)) throw error;
    throw new UserError(`no virtual machine can be started: ${error.message}`, {
      id: 'environment.machine',
      hint: 'install qemu (Debian: apt-get install qemu-system-x86 qemu-utils e2fsprogs)',
    });
  }
};

/** The first way to run a machine that works here. Throws UserError `environment.machine` where there is no qemu. */
export const chooseAcceleration = async (
  imageDir: string,
  runner: Runner,
  signal: AbortSignal,
): Promise<Acceleration> => {
  await verifyQemu(runner, signal);
  if (!(await isThere('/dev/kvm'))) return tcg;
  for (const kvm of kvms) if (await works(trialCommand(kvm, imageDir), runner, signal)) return kvm;
  return tcg;
};

/** A file that the machine reads as a disk of this name, `/dev/disk/by-id/virtio-NAME`. */
export type ReadOnlyDisk = { readonly name: string; readonly path: string };

export type MachineInput = {
  readonly imageDir: string;
  readonly acceleration: Acceleration;
  readonly memoryMiB: number;
  readonly cpus: number;
  /** Port of 127.0.0.1 that leads to the machine's sshd. */
  readonly sshPort: number;
  /** The line of the key that may log in. */
  readonly publicKey: string;
  /** Where the machine's console is written. */
  readonly consolePath: string;
  /** Whether the machine reaches what this host reaches; otherwise nothing but its sshd is open. */
  readonly isOnline: boolean;
  readonly disks: readonly ReadOnlyDisk[];
};

const kernelLine = ({ publicKey, acceleration }: MachineInput): string =>
  [
    'root=/dev/vda rw console=ttyS0 systemd.show_status=false',
    // it would translate its profiles for minutes
    ...(acceleration.isSlow ? ['apparmor=0'] : []),
    `taskgate.key=${publicKey.trim().split(' ').slice(0, 2).join(',')}`,
  ].join(' ');

const networkArgs = ({ sshPort, isOnline }: MachineInput): readonly string[] => [
  '-netdev',
  `user,id=net,ipv6=off,restrict=${isOnline ? 'off' : 'on'},hostfwd=tcp:127.0.0.1:${sshPort}-:22`,
  ...['-device', 'virtio-net-pci,netdev=net'],
];

const diskArgs = (name: string, drive: string): readonly string[] => [
  ...['-drive', `${drive},if=none,id=${name}`],
  ...['-device', `virtio-blk-pci,drive=${name},serial=${name}`],
];

/** A machine whose disk is the image; what it writes is in a file that has no name and ends with it. */
export const machineCommand = (input: MachineInput): Command => [
  ...([qemu, ...plainMachine, ...input.acceleration.args] as const),
  ...['-smp', String(input.cpus), '-m', String(input.memoryMiB)],
  ...bootArgs(input.imageDir, kernelLine(input)),
  '-snapshot',
  // the first is /dev/vda
  ...diskArgs('root', `file=${join(input.imageDir, imageFiles.disk)},format=qcow2,cache=unsafe`),
  ...input.disks.flatMap(({ name, path }) => diskArgs(name, `file=${path},format=raw,read-only=on,snapshot=off`)),
  ...networkArgs(input),
  ...['-device', 'virtio-rng-pci', '-serial', `file:${input.consolePath}`],
];
