import { expect, test } from 'vitest';
import { chooseAcceleration, machineCommand } from '../../scripts/vm/qemu.ts';
import { isThere } from '../../src/lib/files.ts';
import { CommandError } from '../../src/lib/process/runner.ts';

const input = {
  imageDir: '/image',
  acceleration: { name: 'KVM', args: ['-accel', 'kvm', '-cpu', 'host'], isSlow: false },
  memoryMiB: 6144,
  cpus: 2,
  sshPort: 40022,
  publicKey: 'ssh-ed25519 AAAAkey taskgate-vm\n',
  consolePath: '/run/console.log',
  isOnline: false,
  disks: [{ name: 'checkout', path: '/run/checkout.tar' }],
};

test('a machine reaches nothing, is reached on 127.0.0.1 alone, and changes neither image nor copies', () => {
  const line = machineCommand(input).join(' ');
  expect(line).toContain('user,id=net,ipv6=off,restrict=on,hostfwd=tcp:127.0.0.1:40022-:22');
  expect(line).toContain('-snapshot -drive file=/image/disk.qcow2');
  expect(line).toContain('file=/run/checkout.tar,format=raw,read-only=on,snapshot=off,if=none,id=checkout');
  expect(line).toContain('-smp 2 -m 6144');
});

test('the key is one word of the kernel’s command line', () => {
  expect(machineCommand(input).join('|')).toContain('taskgate.key=ssh-ed25519,AAAAkey|');
});

test('online, it reaches what this host reaches', () => {
  expect(machineCommand({ ...input, isOnline: true }).join(' ')).toContain('restrict=off');
});

test('profiles of AppArmor are left out only where they would take minutes', () => {
  const slow = { name: 'TCG', args: [], isSlow: true };
  expect(machineCommand({ ...input, acceleration: slow }).join(' ')).toContain('apparmor=0');
  expect(machineCommand(input).join(' ')).not.toContain('apparmor=0');
});

const signal = AbortSignal.timeout(10_000);

test('a machine that has /dev/kvm, where no kernel gets to a word with it, is emulated', async () => {
  const chosen = await chooseAcceleration(
    '/image',
    async (command) => {
      if (command.includes('--version')) return { exitCode: 0, stdout: '', stderr: '' };
      throw new CommandError(command, { timedOut: true });
    },
    signal,
  );
  expect(chosen.name).toBe('TCG');
});

test('a kernel that speaks settles it', async () => {
  const chosen = await chooseAcceleration(
    '/image',
    async (_, { onLine } = {}) => {
      onLine?.('[    0.000000] Linux version 6.1.0');
      return { exitCode: 0, stdout: '', stderr: '' };
    },
    signal,
  );
  expect(chosen.name).toBe((await isThere('/dev/kvm')) ? 'KVM' : 'TCG');
});

test('without qemu the error names its packages', async () => {
  const missing = chooseAcceleration(
    '/image',
    async (command) => {
      throw new CommandError(command, { reason: 'ENOENT' });
    },
    signal,
  );
  await expect(missing).rejects.toMatchObject({
    id: 'environment.machine',
    hint: 'install qemu (Debian: apt-get install qemu-system-x86 qemu-utils e2fsprogs)',
  });
});
