import { expect, test } from 'vitest';
import { proxyNotes } from '../../../src/master/write/proxy-notes.ts';
import { sampleValues } from '../../support/master/sample.ts';

const { gateway, master } = sampleValues;

test('a proxy of this shell: the line that gives it to tasks, past the master, and what the master needs', () => {
  expect(
    proxyNotes({ HTTP_PROXY: 'http://proxy.example:3128', https_proxy: 'http://me:pw@p:1' }, { gateway, master }),
  ).toEqual([
    'HTTP_PROXY is set here, and tasks do not see it; if they need it, write below task_container_defaults of master.yaml: environment_variables: ["HTTP_PROXY=http://proxy.example:3128", "HTTPS_PROXY=http://***@p:1", "NO_PROXY=localhost,127.0.0.1,10.0.2.2"]; start the master with NO_PROXY=192.168.49.2',
  ]);
});

test.each([
  ['no proxy', {}, { gateway, master }],
  ['an empty one', { HTTP_PROXY: '' }, { gateway, master }],
  ['no gateway', { HTTP_PROXY: 'http://p:1' }, { master }],
])('%s: no note', (_, env, ends) => {
  expect(proxyNotes(env, ends)).toEqual([]);
});
