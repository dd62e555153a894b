import { describe, expect } from 'vitest';
import { test, type User } from '../support/process/user.ts';

type Wrong = {
  readonly yaml?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  /** Parts of stderr, each of which must be there. */
  readonly says: readonly string[];
};

const range = (start: number, end: number): readonly string[] => [
  ...['--gateway-port-range-start', `${start}`],
  ...['--gateway-port-range-end', `${end}`],
];
const goodRange = 'choose a range inside 1025-24767 or 59582-65535, such as 20000-20199';

/** A command with wrong settings ends before it does anything. */
const expectWrong = async (user: User, command: readonly string[], wrong: Wrong): Promise<void> => {
  const { yaml, env = {}, args = [], says } = wrong;
  if (yaml !== undefined) await user.write('work/taskgate.yaml', yaml);
  const { exitCode, stdout, stderr } = await user.run([...command, ...args], { env });
  for (const text of says) expect(stderr).toContain(text);
  expect(stderr).toMatch(/^taskgate: .*\[usage\.config\]\nto fix: [^\n]*\n$/s);
  expect({ exitCode, stdout, left: await user.left() }).toEqual({ exitCode: 2, stdout: '', left: [] });
};

describe.concurrent('wrong settings: exit 2, the place, what was seen, and nothing touched', () => {
  test.for<[string, Wrong]>([
    [
      'a misspelt key in the file',
      {
        yaml: 'gateway:\n  portRnage:\n    start: 1\n',
        says: ["taskgate: taskgate.yaml:2:3: unknown key 'gateway.portRnage'; did you mean 'portRange'?"],
      },
    ],
    [
      'a wrong value in the file',
      {
        yaml: 'name: a\nmaster:\n  port: http\n',
        says: ['taskgate.yaml:3:3: master.port: must be a whole number, got "http"'],
      },
    ],
    [
      'an unknown variable',
      { env: { TASKGATE_NMAE: 'x' }, says: ['TASKGATE_NMAE: no such setting; did you mean TASKGATE_NAME?'] },
    ],
    [
      'a wrong variable',
      { env: { TASKGATE_MASTER_PORT: '0' }, says: ['TASKGATE_MASTER_PORT: master.port: must be at least 1', 'got 0'] },
    ],
    [
      'a wrong flag',
      { args: ['--provider', 'kind'], says: ['--provider: provider: must be auto, minikube,', 'got "kind"'] },
    ],
    [
      'all three at once',
      {
        yaml: 'nmae: x\n',
        env: { TASKGATE_MASTER_PORT: 'x' },
        args: ['--timeouts-up-seconds', '0'],
        says: ['\n  - taskgate.yaml:1:1: unknown key', '\n  - TASKGATE_MASTER_PORT: ', '\n  - --timeouts-up-seconds: '],
      },
    ],
    [
      'a reversed range in the file',
      {
        yaml: 'gateway:\n  portRange:\n    start: 20199\n    end: 20000\n',
        says: ['taskgate.yaml:2:3: gateway.portRange: start 20199 > end 20000; the master requires start < end'],
      },
    ],
    [
      'a reversed range of flags',
      {
        args: range(20199, 20000),
        says: ['--gateway-port-range-start, --gateway-port-range-end: gateway.portRange: start 20199 > end 20000'],
      },
    ],
    ['a range of one port', { args: range(20000, 20000), says: ['gateway.portRange: start 20000 = end 20000'] }],
    [
      'a range with the seed listener in it',
      {
        args: ['--gateway-seed-port', '20005'],
        says: [
          '--gateway-seed-port: gateway.seedPort: 20005 lies in the port range 20000-20199; choose a port outside',
        ],
      },
    ],
    [
      "both of Contour's clashing ranges",
      {
        args: range(57536, 59581),
        says: ['Contour binds ports 57536 and 58559 to the same container port 1024', goodRange],
      },
    ],
    [
      'one pair of clashing ports',
      { args: range(57600, 58623), says: ['Contour binds ports 57600 and 58623 to the same container port 1088'] },
    ],
    [
      'a seed listener that clashes with the range',
      {
        args: [...range(58000, 58100), '--gateway-seed-port', '59023'],
        says: ['--gateway-seed-port: gateway.seedPort: Contour binds ports 58000 and 59023'],
      },
    ],
    [
      'ports below what the master takes',
      {
        args: [...range(1024, 1030)],
        says: ['gateway.portRange: 1024-1030 is outside the ports that the master accepts, 1025-65535', goodRange],
      },
    ],
    ['ports above all ports', { args: range(65000, 65536), says: ['--gateway-port-range-end: ', 'got 65536'] }],
    ['a seed port that no master takes', { args: ['--gateway-seed-port', '80'], says: ['80 is not in 1025-65535'] }],
    ['a name with capitals', { args: ['--name', 'Dev'], says: ['--name: name: must be lower-case', 'got "Dev"'] }],
    ['a name that is a path', { args: ['--name', '../../etc'], says: ['--name: name: must be', 'got "../../etc"'] }],
    [
      'a name that is too long',
      { args: ['--name', 'a'.repeat(41)], says: ['--name: name: must have at most 40 characters'] },
    ],
    ['a file that is not there', { args: ['--config', 'no.yaml'], says: ['--config: there is no file no.yaml'] }],
    ['a folder for a file', { args: ['--config', '.'], says: ['--config: cannot read .: EISDIR'] }],
    ['broken yaml', { yaml: 'name: [1\n', says: ['taskgate: taskgate.yaml:2:1: '] }],
  ])('%s', ([, wrong], { user }) => expectWrong(user, ['config', 'show'], wrong));

  test.for(['up', 'down', 'status', 'smoke', 'env', 'logs', 'prefetch'])('taskgate %s', (command, { user }) =>
    expectWrong(user, [command], {
      yaml: 'nmae: x\n',
      says: ["taskgate.yaml:1:1: unknown key 'nmae'; did you mean 'name'?"],
    }));

  test('the flag that was given is named, where the other end of the range is the default', ({ user }) =>
    expectWrong(user, ['config', 'show'], {
      args: ['--gateway-port-range-start', '1024', '--gateway-seed-port', '30000'],
      says: ['--gateway-port-range-start: gateway.portRange: 1024-20199'],
    }));

  test('no seed port is advised that would be refused itself', async ({ user }) => {
    const { stderr } = await user.run(['config', 'show', '--gateway-port-range-start', '1025']);
    expect(stderr).toContain('19999 lies in the port range 1025-20199');
    expect(stderr).not.toContain('such as 1024');
  });
});

describe.concurrent('command lines that are wrong: exit 2, nothing on stdout, nothing touched', () => {
  test.for<[readonly string[], string]>([
    [['frob'], "error: unknown command 'frob'"],
    [['statsu'], "error: unknown command 'statsu'\n(Did you mean status?)"],
    [['up', '--nmae', 'x'], "error: unknown option '--nmae'\n(Did you mean --name?)"],
    [
      ['up', '--gateway-port-range-strat', '1'],
      "'--gateway-port-range-strat'\n(Did you mean --gateway-port-range-start?)",
    ],
    [['up', '--nmae', 'x', '--json'], "unknown option '--nmae'\\n(Did you mean --name?)"],
    [['status', 'ux1'], 'but got 1: ux1.\n(An instance is named by --name: --name ux1)'],
    [['up', 'now'], "error: too many arguments for 'up'. Expected 0 arguments but got 1: now."],
    [['up', '--name'], "error: option '--name <value>' argument missing"],
    [['config', 'frob'], "error: unknown command 'frob'"],
    [['config', 'validate'], "error: missing required argument 'file'"],
    [[], 'Usage: taskgate [options] [command]'],
  ])('taskgate %j', async ([args, text], { user }) => {
    const { exitCode, stdout, stderr } = await user.run(args);
    expect(stderr).toContain(text);
    expect({ exitCode, stdout, left: await user.left() }).toEqual({ exitCode: 2, stdout: '', left: [] });
  });

  test('with --json an unknown flag is JSON on stderr too', async ({ user }) => {
    const { exitCode, stderr } = await user.run(['up', '--json', '--frob']);
    expect(exitCode).toBe(2);
    expect(JSON.parse(stderr)).toMatchObject({ error: { id: expect.stringMatching(/^usage\./) } });
  });

  test('help of a command that does not exist: exit 2', async ({ user }) => {
    expect(await user.run(['help', 'frob'])).toMatchObject({ exitCode: 2 });
  });
});
