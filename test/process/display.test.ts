import { describe, expect } from 'vitest';
import { screenOf } from '../support/process/screen.ts';
import { inNamespaces, launcher, noNamespaces, test, type User } from '../support/process/user.ts';

type Environment = Readonly<Record<string, string>>;

/** Runs an `up` that fails in its third step, in a terminal of 80 columns and 24 rows; gives all that was written there. */
const upInTerminal = async (user: User, env: Environment = {}): Promise<string> => {
  const line = `stty rows 24 cols 80; ${process.execPath} ${launcher} up --provider native --bundle /nope`;
  const prefix = [...inNamespaces(''), 'script', '--quiet', '--flush', '--return', '--command', line];
  const { stdout } = await user.start([], {
    prefix,
    program: ['/dev/null'],
    env: { TERM: 'xterm', SHELL: '/bin/sh', ...env },
  });
  return stdout.replaceAll('\r\n', '\n');
};

const upInPipe = (user: User, env: Environment = {}) =>
  user.run(['up', '--provider', 'native', '--bundle', '/nope'], { prefix: inNamespaces(''), env });

const crosses = (text: string) => text.match(/✖/g)?.length;
const esc = '\u001b';

describe.skipIf(noNamespaces)(`${noNamespaces}an up that fails in one step`, { concurrent: true }, () => {
  test('has one cross in a terminal, and leaves the cursor alone', async ({ user }) => {
    const written = await upInTerminal(user, { NO_COLOR: '1' });
    expect(written).toContain(`${esc}[?2026h`);
    expect(written).not.toContain(`${esc}[?25`);
    const screen = screenOf(written).join('\n');
    expect(crosses(screen)).toBe(1);
    expect(screen).toMatch(/^✖ Prepare programs and images/m);
    expect(screen).not.toContain('Start the cluster');
  });

  test.for([
    ['a CI job', { CI: 'true', NO_COLOR: '1' }],
    ['a terminal that knows no cursor', { TERM: 'dumb' }],
  ] as const)('moves no cursor in %s', async ([, env], { user }) => {
    const written = await upInTerminal(user, env);
    expect(written).not.toContain(esc);
    expect(crosses(written)).toBe(1);
  });

  test('has colours in a pipe only where FORCE_COLOR asks for them', async ({ user }) => {
    expect((await upInPipe(user)).stderr).not.toContain(esc);
    expect((await upInPipe(user, { FORCE_COLOR: '1' })).stderr).toContain(`${esc}[31m✖${esc}[39m`);
    expect((await upInPipe(user, { NO_COLOR: '1', FORCE_COLOR: '0' })).stderr).not.toContain(esc);
  });
});
