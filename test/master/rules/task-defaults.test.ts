import { describe, expect, test } from 'vitest';
import { validateMasterConfig } from '../../../src/master/rules/validate.ts';
import { judge, masterText } from '../../support/master/sample.ts';

const defaults = 'task_container_defaults';
const spec = `${defaults}.gpu_pod_spec`;
const container = (fields: object, name = 'determined-container') => ({
  [spec]: { spec: { containers: [{ name, ...fields }] } },
});
const refusal = (key: string) =>
  `error ${spec}.spec.containers[0].${key}: ${key} of determined-container cannot be set in a pod spec: the master refuses it`;

describe('fields of the task’s container that the master sets', () => {
  test.each([
    ['image', 'a:1'],
    ['command', ['sh']],
    ['args', ['-c']],
    ['workingDir', '/'],
    ['ports', [{ containerPort: 80 }]],
    ['livenessProbe', { periodSeconds: 1 }],
    ['readinessProbe', { periodSeconds: 1 }],
    ['startupProbe', { periodSeconds: 1 }],
    ['lifecycle', { preStop: { exec: { command: ['a'] } } }],
  ])('%s', (key, value) => {
    expect(judge(container({ [key]: value }))).toContain(refusal(key));
    expect(judge(container({ [key]: value }, 'sidecar'))).not.toContain(refusal(key));
  });

  test.each([
    ['image', ''],
    ['command', []],
    ['livenessProbe', null],
  ])('%s without a value', (key, value) => {
    expect(judge(container({ [key]: value }))).not.toContain(refusal(key));
  });

  test('the way out is the key of the image, or none', () => {
    const hints = validateMasterConfig(masterText(container({ image: 'a:1', args: ['b'] }))).map(({ hint }) => hint);
    expect(hints.toSorted()).toEqual(['remove it', `write ${defaults}.image`]);
  });
});

const hostNetwork = `${spec}.spec.hostNetwork: host networking cannot be set in a pod spec: the master refuses it`;
test.each<[string, Readonly<Record<string, unknown>>, readonly string[]]>([
  [
    'the name of a pod',
    { [spec]: { metadata: { name: 'a' } } },
    [`error ${spec}.metadata.name: the name of a pod cannot be set: the master refuses it`],
  ],
  ['host networking', { [spec]: { spec: { hostNetwork: true } } }, [`error ${hostNetwork}`]],
  ['no host networking', { [spec]: { spec: { hostNetwork: false } } }, []],
  [
    'a relative path',
    { [`${defaults}.bind_mounts`]: [{ host_path: 'a', container_path: '/b' }] },
    [`error ${defaults}.bind_mounts[0].host_path: 'a' is not an absolute path`],
  ],
  ['shared memory of 1 byte', { [`${defaults}.shm_size_bytes`]: 1 }, []],
  [
    'shared memory of 0 bytes',
    { [`${defaults}.shm_size_bytes`]: 0 },
    [`error ${defaults}.shm_size_bytes: must be greater than 0`],
  ],
  [
    'shared memory below 0',
    { [`${defaults}.shm_size_bytes`]: -1 },
    [`error ${defaults}.shm_size_bytes: must be greater than 0`],
  ],
  ['a network mode', { [`${defaults}.network_mode`]: 'host' }, []],
  [
    'an empty network mode',
    { [`${defaults}.network_mode`]: '' },
    [`error ${defaults}.network_mode: is empty: the master refuses that`],
  ],
])('%s', (_, changes, problems) => {
  expect(judge(changes)).toEqual(problems);
});

test.each(['cpu_pod_spec', 'gpu_pod_spec', 'checkpoint_gc_pod_spec'])('each pod spec is judged: %s', (key) => {
  expect(judge({ [`${defaults}.${key}`]: { spec: { hostNetwork: true } } })).toHaveLength(1);
});
