import { CommanderError } from 'commander';
import { afterEach, expect, test, vi } from 'vitest';
import { commandLineError, explain, renderError, reportError } from '../../src/cli/report-error.ts';
import { UserError } from '../../src/lib/errors.ts';
import { Interrupted } from '../../src/lib/process/interrupted.ts';

const noAddress = new UserError('Gateway contour not ready after 120s: no address yet', {
  id: 'gateway.no-address',
  hint: 'is the tunnel running?',
  cause: new Error('inner'),
});

test('an error of the user: what was seen with its id, what to do, and no stack', () => {
  expect(renderError(noAddress)).toBe(
    'taskgate: Gateway contour not ready after 120s: no address yet [gateway.no-address]\nto fix: is the tunnel running?\n',
  );
});

test('without a hint there is no second line', () => {
  expect(renderError(new UserError('seen', { id: 'usage.x' }))).toBe('taskgate: seen [usage.x]\n');
});

test('an interruption is one line', () => {
  expect(renderError(new Interrupted('SIGINT'))).toBe('taskgate: interrupted by SIGINT\n');
});

test.each<[unknown, RegExp]>([
  [new TypeError('x is not a function'), /\nTypeError: x is not a function\n {4}at .*report-error\.test\.ts/],
  ['a text', /\na text\n$/],
])('a bug asks for a report and shows all it has: %s', (thrown, shown) => {
  expect(renderError(thrown)).toMatch(/^taskgate: this is a bug in taskgate, please report it\n/);
  expect(renderError(thrown)).toMatch(shown);
});

afterEach(() => {
  vi.restoreAllMocks();
});

const report = (thrown: unknown, isJson: boolean) => {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const exitCode = reportError(thrown, isJson);
  return { exitCode, written: write.mock.calls.map(([text]) => String(text)).join('') };
};

test('for programs an error is one line of JSON', () => {
  const { exitCode, written } = report(noAddress, true);
  expect(exitCode).toBe(6);
  expect(written.split('\n')).toHaveLength(2);
  expect(JSON.parse(written)).toEqual({
    error: { id: 'gateway.no-address', message: noAddress.message, hint: 'is the tunnel running?' },
  });
});

test('for people it is the text, with the same exit code', () => {
  expect(report(noAddress, false)).toEqual({ exitCode: 6, written: renderError(noAddress) });
});

test.each([
  ['commander.unknownOption', "error: unknown option '--frob'", "unknown option '--frob'"],
  ['commander.help', '(outputHelp)', 'no command is given'],
])('a wrong command line as an error of ours: %s', (code, said, message) => {
  expect(commandLineError(new CommanderError(1, code, said))).toMatchObject({
    id: 'usage.command-line',
    message,
    hint: expect.stringContaining('--help'),
  });
});

test('a system error is explained by the folders of the environment, a bug is left as it is', async () => {
  const env = { HOME: '/h' };
  const path = '/h/.local/state/taskgate/locks';
  const denied = Object.assign(new Error('EACCES'), { code: 'EACCES', syscall: 'mkdir', path });
  expect(await explain(denied, env)).toMatchObject({ id: 'environment.state-folder' });
  const bug = new TypeError('x is not a function');
  expect(await explain(bug, env)).toBe(bug);
});
