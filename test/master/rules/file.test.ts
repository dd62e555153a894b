import { expect, test } from 'vitest';
import { additional, judge } from '../../support/master/sample.ts';

const rm = 'resource_manager';

type Row = readonly [what: string, changes: Readonly<Record<string, unknown>>, problems: readonly string[]];
const one = (changes: Readonly<Record<string, unknown>> = {}) => ({
  additional_resource_managers: [additional(changes)],
});

const fileRows: readonly Row[] = [
  ['no resource manager', { [rm]: undefined }, [`error ${rm}: is missing: the master then silently uses agents`]],
  [
    'old schema',
    { scheduler: { type: 'fair_share' } },
    ['error scheduler: belongs to the old schema and cannot be combined with resource_manager'],
  ],
  ['port 0', { port: 0 }, ['error port: 0 is not in 1-65535']],
  [
    'old schema of agents',
    { provisioner: { type: 'aws' } },
    ['error provisioner: belongs to the old schema and cannot be combined with resource_manager'],
  ],
  [
    'old schema alone',
    { [rm]: undefined, scheduler: { type: 'fair_share' } },
    [`error ${rm}: is missing: the master then silently uses agents`],
  ],
  ['port 1', { port: 1 }, []],
  ['port 65535', { port: 65_535 }, []],
  ['port 65536', { port: 65_536 }, ['error port: 65536 is not in 1-65535']],
  ['no port: the default', { port: undefined }, []],
  ['a key of 16384 bits', { 'security.ssh.rsa_key_size': 16_384 }, []],
  [
    'a key of 16385 bits',
    { 'security.ssh.rsa_key_size': 16_385 },
    ['error security.ssh.rsa_key_size: 16385 is not in 1-16384'],
  ],
  ['a key of 0 bits', { 'security.ssh.rsa_key_size': 0 }, ['error security.ssh.rsa_key_size: 0 is not in 1-16384']],
  ['db.port in quotes', { 'db.port': '5432' }, []],
  ['db.port 0 in quotes', { 'db.port': '0' }, ["error db.port: '0' is not in 1-65535"]],
  ['db.port empty', { 'db.port': '' }, ['warning db.port: is missing: the master then needs DET_DB_PORT']],
  ...['host', 'user', 'name'].map(
    (key): Row => [
      `no db.${key}`,
      { [`db.${key}`]: undefined },
      [`warning db.${key}: is missing: the master then needs DET_DB_${key.toUpperCase()}`],
    ],
  ),
  [
    'no password of the first users',
    { 'security.initial_user_password': '' },
    ['warning security.initial_user_password: is missing: the users admin and determined then have empty passwords'],
  ],
  [
    'no image',
    { 'task_container_defaults.image': undefined },
    ['warning task_container_defaults.image: is missing: tasks then use an image of many gigabytes'],
  ],
  ['log level in capitals', { 'log.level': 'INFO' }, []],
  ...['trace', 'debug', 'info', 'warn', 'warning', 'error', 'fatal', 'panic'].map(
    (level): Row => [`log level ${level}`, { 'log.level': level }, []],
  ),
  ['the other half of a certificate', { 'security.tls.key': '/x.key' }, ['error security.tls: has a key but no cert']],
  ['a whole certificate', { 'security.tls': { cert: '/x.pem', key: '/x.key' } }, []],
  ['db.port as a number', { 'db.port': 5432 }, []],
  ['db.port as a word', { 'db.port': 'pg' }, ["error db.port: 'pg' is not in 1-65535"]],
  [
    'log level',
    { 'log.level': 'loud' },
    [`error log.level: 'loud' is not one of trace, debug, info, warn, warning, error, fatal, panic`],
  ],
  ['half a certificate', { 'security.tls.cert': '/x.pem' }, ['error security.tls: has a cert but no key']],
  [
    '$ in a secret',
    { 'security.initial_user_password': 'a$bc' },
    ['warning security.initial_user_password: has a $ that looks like a variable; the master does not expand it'],
  ],
  ['$ in a hook', { 'task_container_defaults.startup_hook': 'echo $HOME' }, []],
  [
    '$ in a path',
    { 'cache.cache_dir': '${HOME}/x' },
    ["warning cache.cache_dir: ${HOME} is not expanded in '${HOME}/x'"],
  ],
  ['image for each slot type', { 'task_container_defaults.image': { cpu: 'a', cuda: 'b' } }, []],
  ['agents only', { [rm]: { type: 'agent' } }, []],
  ['agents and a cluster', { [rm]: { type: 'agent', cluster_name: 'here' }, ...one() }, []],
];

test.each([12345678, 1.5, true])('a password that is no string is not shown: %s', (password) => {
  const problems = judge({ 'security.initial_user_password': password });
  expect(problems).toEqual([expect.stringMatching(/must be a string, is a (int|float|bool)$/)]);
});

test.each(fileRows)('file: %s', (_, changes, problems) => {
  expect(judge(changes).toSorted()).toEqual([...problems].toSorted());
});
