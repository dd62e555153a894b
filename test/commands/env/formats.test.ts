import { execFileSync } from 'node:child_process';
import { parseEnv } from 'node:util';
import { expect, test } from 'vitest';
import { envFormats, environmentOf, renderEnv } from '../../../src/commands/env/formats.ts';

const input = {
  name: 'dev',
  instanceDir: '/state/instances/dev',
  gateway: {
    name: 'contour',
    namespace: 'projectcontour',
    address: '10.210.255.2',
    portRange: { start: 20000, end: 20199 },
    capacity: { limit: 200, because: 'the range 20000-20199 has 200 ports' },
  },
  master: { scheme: 'http', host: '10.210.255.1', port: 8080, via: 'direct' },
} as const;
const variables = environmentOf(input);

test('names what a job needs', () => {
  expect(variables).toEqual({
    KUBECONFIG: '/state/instances/dev/kubeconfig',
    TASKGATE_NAME: 'dev',
    GATEWAY_IP: '10.210.255.2',
    GATEWAY_NAME: 'contour',
    GATEWAY_NAMESPACE: 'projectcontour',
    GATEWAY_PORT_RANGE_START: '20000',
    GATEWAY_PORT_RANGE_END: '20199',
    DET_MASTER: 'http://10.210.255.1:8080',
    MASTER_CONFIG: '/state/instances/dev/master.yaml',
    DEVCLUSTER_CONFIG: '/state/instances/dev/devcluster.yaml',
  });
});

test('an IPv6 address of the master has brackets', () => {
  const master = { ...input.master, host: '2001:db8::1' };
  expect(environmentOf({ ...input, master })['DET_MASTER']).toBe('http://[2001:db8::1]:8080');
});

test.each([
  ['bash', "export A='1'\nexport B='2'\n"],
  ['dotenv', 'A=1\nB=2\n'],
  ['github', 'A=1\nB=2\n'],
  ['json', '{\n  "A": "1",\n  "B": "2"\n}\n'],
] as const)('as %s', (format, text) => {
  expect(renderEnv({ A: '1', B: '2' }, format)).toBe(text);
});

const hard = [
  "it's",
  'a "quoted" word',
  "both ' and ' of one kind",
  'cost: $HOME and `id` and \\n',
  'a # that is no comment',
  'two\nlines',
  '  blanks around  ',
  'ünïcode',
];

test.each(hard)('bash reads %j back', (value) => {
  const script = `${renderEnv({ A: value }, 'bash')}printf %s "$A"`;
  expect(execFileSync('bash', ['-c', script], { encoding: 'utf8' })).toBe(value);
});

test.each(hard)('dotenv readers read %j back', (value) => {
  expect(parseEnv(renderEnv({ A: value, B: 'next' }, 'dotenv'))).toEqual({ A: value, B: 'next' });
});

test('a dotenv file cannot hold quotes of all kinds', () => {
  expect(() => renderEnv({ A: `'"$\`` }, 'dotenv')).toThrow(
    expect.objectContaining({ id: 'environment.dotenv', message: expect.stringContaining('the value of A') }),
  );
});

/** As the documentation of GITHUB_ENV has it. */
const parseGithub = (text: string): Readonly<Record<string, string>> => {
  const lines = text.split('\n').slice(0, -1);
  const values: Record<string, string> = {};
  while (lines.length > 0) {
    const line = lines.shift() ?? '';
    const [, name = '', delimiter] = /^(\w+)(?:<<(.+)|=.*)$/.exec(line) ?? [];
    if (delimiter === undefined) values[name] = line.slice(name.length + 1);
    else
      values[name] = lines
        .splice(0, lines.indexOf(delimiter) + 1)
        .slice(0, -1)
        .join('\n');
  }
  return values;
};

test.each([...hard, 'x\nend_of_A\ny', 'x\nend_of_A\nend_of_A_\nB=evil'])('GitHub reads %j back', (value) => {
  expect(parseGithub(renderEnv({ A: value, B: 'next' }, 'github'))).toEqual({ A: value, B: 'next' });
});

test.each(envFormats)('an empty value is an error as %s, and named', (format) => {
  expect(() => renderEnv({ A: '1', GATEWAY_IP: '', DET_MASTER: ' ' }, format)).toThrow(
    expect.objectContaining({
      id: 'environment.empty-variable',
      message: 'no value is known for GATEWAY_IP, DET_MASTER',
      hint: expect.stringContaining('taskgate up'),
    }),
  );
});
