import { describe, expect, test } from 'vitest';
import { renderYaml } from '../../src/lib/template.ts';
import { validateMasterConfig } from '../../src/master/rules/validate.ts';
import { masterConfig } from '../../src/master/write/config.ts';
import { changed, judge, sampleValues } from '../support/master/sample.ts';
import { type Changes, defaultsRows, emptyRows, gatewayRows, podRows } from '../support/master/verdicts.ts';

const rm = 'resource_manager';
const gateway = `${rm}.internal_task_gateway`;

describe.each([
  ['the gateway', gatewayRows],
  ['keys without a value', emptyRows],
  ['pod specs', podRows],
  ['defaults of tasks, pools, storage', defaultsRows],
] as const)('%s, judged as the real master does', (_, rows) => {
  const named = rows.map(([what, verdict, changes, says]) => ({ what, verdict, changes, says }));
  test.each(named)('$what: $verdict', ({ verdict, changes, says }) => {
    const problems = judge(changes);
    const worst = problems.some((line) => line.startsWith('error '))
      ? 'error'
      : problems.length > 0
        ? 'warning'
        : 'none';
    expect(worst).toBe({ refused: 'error', off: 'error', lost: 'warning', taken: 'none' }[verdict]);
    if (says) expect(problems.join('\n')).toContain(says);
  });
});

const devcluster = (changes: Changes): string =>
  renderYaml({ stages: [{ master: { name: 'master', config_file: changed(masterConfig(sampleValues), changes) } }] });

const variables = {
  [`${rm}.kubeconfig_path`]: '$CASE_HOME/.kube/config',
  [`${gateway}.gateway_ip`]: '${CASE_IP}',
  'security.initial_user_password': '$CASE_PASSWORD',
};
const exported = { CASE_HOME: '/home/me', CASE_IP: '10.0.0.7', CASE_PASSWORD: 'pw' };
const severities = (text: string, given: Readonly<Record<string, string>>): readonly string[] =>
  validateMasterConfig(text, given).map(({ severity, path }) => `${severity} ${path.split('.').at(-1)}`);

describe('variables of a devcluster file', () => {
  test('that are exported are expanded, and their values judged', () => {
    expect(severities(devcluster(variables), exported)).toEqual([]);
    expect(severities(devcluster(variables), { ...exported, CASE_IP: 'http://10.0.0.7' })).toEqual([
      'error gateway_ip',
    ]);
    expect(severities(devcluster(variables), { ...exported, CASE_HOME: 'here' })).toEqual(['warning kubeconfig_path']);
  });

  test('that are not exported are warnings, and errors where the gateway depends on them', () => {
    expect(severities(devcluster(variables), {}).toSorted()).toEqual([
      'error gateway_ip',
      'error kubeconfig_path',
      'warning initial_user_password',
    ]);
  });

  test('an expanded number is still a text to the master', () => {
    const text = devcluster({ [`${rm}.determined_master_port`]: '$CASE_PORT' });
    expect(severities(text, { CASE_PORT: '8080' })).toEqual(['error determined_master_port']);
  });
});
