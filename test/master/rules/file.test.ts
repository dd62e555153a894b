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
