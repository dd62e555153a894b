import { expect, test } from 'vitest';
import { parseVmArguments } from '../../scripts/vm/arguments.ts';

test('options stand before the word, what follows it belongs to the command', () => {
  expect(parseVmArguments(['--online', '--cpus', '4', 'run', '--', 'npm', 'test', '--cpus', '9'])).toEqual({
    verb: 'run',
    rest: ['npm', 'test', '--cpus', '9'],
    memoryMiB: 6144,
    cpus: 4,
    isOnline: true,
  });
});

test('without options a machine is closed, of the usual size', () => {
  expect(parseVmArguments(['scenario', 'lifecycle'])).toEqual({
    verb: 'scenario',
    rest: ['lifecycle'],
    memoryMiB: 6144,
    cpus: 2,
    isOnline: false,
  });
});

test.each([
  [['--cpus', '2'], 'none of up, ssh, test, run, scenario is given'],
  [['--memory-mib', 'lots', 'up'], '--memory-mib is lots, which is no whole number above 0'],
  [['--fast', 'up'], "Unknown option '--fast'"],
  [['run'], 'run needs a command'],
] as const)('%j is refused', (args, message) => {
  expect(() => parseVmArguments(args)).toThrow(message);
});
